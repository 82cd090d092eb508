import { afterEach, describe, expect, test } from 'vitest';
import { MessageState } from '../messages/index.ts';
import { closeAll, gatewayEnd, redisOfTest, until, workerEnd } from './durable-under-test.ts';

afterEach(closeAll);

const AOF = ['--appendonly', 'yes'];

test('an accepted message is in Redis before it is answered, delivered by a worker, and told to its gateway', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const id = gateway.send('Your table is ready.');
  expect(await gateway.durable.archive.read(id)).toBeUndefined();
  await gateway.intake.kept();
  expect(await gateway.durable.archive.read(id)).toMatchObject({
    id,
    status: 'accepted',
    receipt: null,
    handset: null,
  });

  const { carriers, posted, worker } = await workerEnd(url, 'w1');
  await until('it is taken', () => carriers.held.length === 1);
  carriers.receipts();
  await until('the gateway hears of the receipt', () => gateway.store.state[0] === MessageState.Sent);
  expect(posted).toEqual([id]);
  carriers.ends();
  await until('the gateway hears of the end', () => gateway.store.state[0] === MessageState.Delivered);
  await until('the batch is at its end', () => worker.figures().finished === 1);
  expect(await gateway.durable.archive.read(id)).toMatchObject({
    status: 'delivered',
    text: 'Your table is ready.',
    receipt: { state: 'ACCEPTD' },
    handset: { outcome: 'delivered' },
  });
  expect(gateway.store.inFlightCount).toBe(0);
  await until('nothing is open', () => gateway.durable.feed.openCount === 0);
});

test('any gateway reads any message, with the price and texts it was accepted with', async () => {
  const { url } = await redisOfTest();
  const [one, two] = [await gatewayEnd(url), await gatewayEnd(url)];
  const texts = ['plain', 'Grüße "aus" Köln\n[1,2,3]\\ ☀️', ''];
  const ids = texts.map((text) => one.send(text));
  await one.intake.kept();
  for (const [place, id] of ids.entries()) {
    const there = await one.durable.archive.read(id);
    expect(await two.durable.archive.read(id)).toEqual(there);
    expect(there).toMatchObject({ id, text: texts[place], carrier: 'verizon' });
    const sum = there!.price.postings.reduce((total, { micros }) => total + micros, 0);
    expect([sum, there!.price.totalMicros > 0]).toEqual([there!.price.totalMicros, true]);
  }
  expect(await two.durable.archive.read('MNOTHING-1')).toBeUndefined();
});

test('many messages, more than a batch, end once each, whichever of two workers delivers them', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const workers = [await workerEnd(url, 'w1'), await workerEnd(url, 'w2')];
  for (let count = 0; count < 3_000; count += 1) gateway.send(`message ${count}`);
  await gateway.intake.kept();
  await until('all have ended', () => {
    for (const { carriers } of workers) {
      carriers.receipts();
      carriers.ends();
    }
    return gateway.store.inFlightCount === 0;
  });
  await until(
    'all batches are at their end',
    () => workers.reduce((sum, { worker }) => sum + worker.figures().finished, 0) === 6,
  );
  expect(new Set(workers.flatMap(({ posted }) => posted)).size).toBe(3_000);
});

test('a worker that closes puts back what is not at its end, and another goes on from what was written', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const ids = [gateway.send('one'), gateway.send('two')];
  await gateway.intake.kept();
  const first = await workerEnd(url, 'w1');
  await until('it is taken', () => first.carriers.held.length === 2);
  first.carriers.receipts();
  await first.close();
  expect((await gateway.durable.archive.read(ids[0]!))!.receipt).not.toBeNull();
  const second = await workerEnd(url, 'w2');
  await until('it is taken again', () => second.carriers.held.length === 2);
  // The first may have been stopped before it told: whoever goes on tells once more.
  await until('receipts are told again', () => second.posted.length === 2);
  expect(second.worker.figures().takenOver).toBe(1);
  second.carriers.ends();
  await until('they have ended', () => gateway.store.inFlightCount === 0);
});

test('what a worker says of a batch that another one has taken is not written', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const id = gateway.send('one');
  await gateway.intake.kept();
  const { carriers, worker } = await workerEnd(url, 'w1');
  await until('it is taken', () => carriers.held.length === 1);
  const [batch] = await gateway.connection.client.keys('tollgate:{delivery}:batch:*');
  await gateway.connection.client.hset(batch!, 'owner', 'somebody else');
  carriers.receipts();
  carriers.ends();
  await until('the worker has noticed', () => worker.figures().lost === 1);
  expect((await gateway.durable.archive.read(id))!.receipt).toBeNull();
});

describe('while Redis is away', () => {
  test('messages wait to be kept, and are, once it is back', async () => {
    const server = await redisOfTest(AOF);
    const gateway = await gatewayEnd(server.url);
    const before = gateway.send('before');
    await gateway.intake.kept();
    await server.kill();
    const during = gateway.send('during');
    const kept = gateway.intake.kept()!;
    let isKept = false;
    kept.then(() => (isKept = true)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isKept).toBe(false);
    await server.restart();
    await kept;
    expect((await gateway.durable.archive.read(before))!.text).toBe('before');
    expect((await gateway.durable.archive.read(during))!.text).toBe('during');
    const { carriers } = await workerEnd(server.url, 'w1');
    await until('both are taken', () => carriers.held.length === 2);
  });

  test('what a worker has to write waits, and is written', async () => {
    const server = await redisOfTest(AOF);
    const gateway = await gatewayEnd(server.url);
    const { carriers, worker } = await workerEnd(server.url, 'w1');
    const id = gateway.send('one');
    await gateway.intake.kept();
    await until('it is taken', () => carriers.held.length === 1);
    await server.kill();
    carriers.receipts();
    carriers.ends();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await server.restart();
    await until('it is at its end', () => worker.figures().finished === 1);
    expect((await gateway.durable.archive.read(id))!.status).toBe('delivered');
    await until('the gateway has heard', () => gateway.store.inFlightCount === 0);
  });
});
