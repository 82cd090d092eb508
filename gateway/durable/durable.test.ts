import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../control/index.ts';
import { BATCH_PARK_MS, DELIVERY_BATCH_MESSAGES } from '../limits.ts';
import { MessageState, NotKept } from '../messages/index.ts';
import { closeAll, gatewayEnd, redisOfTest, until, workerEnd } from './durable-under-test.ts';
import { OPEN_MESSAGES_KEY, UNQUEUED_KEY } from './layout.ts';
import { openDeliveryQueue } from './open-durable.ts';
import { CLAIM_TOKEN_LENGTH } from './scripts.ts';

afterEach(closeAll);

const AOF = ['--appendonly', 'yes'];

test('an accepted message is in Redis before it is answered, delivered by a worker, and told to its gateway', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const id = gateway.send('Your table is ready.');
  const kept = gateway.intake.kept();
  expect(await gateway.durable.archive.read(id)).toBeUndefined();
  await kept;
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
  await until('its receipt is told', () => posted.length > 0);
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

describe('a batch of which nothing is to come for a while', () => {
  test('is put back, leaves its places to others, and is taken again when something is', async () => {
    const { url } = await redisOfTest();
    const gateway = await gatewayEnd(url);
    const { carriers, worker, posted } = await workerEnd(url, 'w1', 500);
    const openMessages = async (): Promise<number> => Number(await gateway.connection.client.get(OPEN_MESSAGES_KEY));
    gateway.send('ends');
    gateway.send('waits');
    await gateway.intake.kept();
    await until('both are taken', () => carriers.held.length === 2);
    carriers.receipts();
    carriers.ends(1);
    carriers.nextAllMs = systemClock.nowMs() + BATCH_PARK_MS + 400;
    await until('it is put back', () => worker.figures().parked === 1);
    expect(carriers.held).toEqual([]);
    expect(await openMessages()).toBe(1);
    carriers.nextAllMs = 0;
    for (let count = 0; count < 500; count += 1) gateway.send('fills the worker');
    await gateway.intake.kept();
    await until('all places are free for others', () => carriers.held.length === 500);
    carriers.receipts();
    carriers.ends();
    await until('it is taken again, without what has ended', () => carriers.held.length === 1);
    carriers.ends();
    await until('all are at their end', () => gateway.store.inFlightCount === 0);
    await until('nothing is open', async () => (await openMessages()) === 0);
    // Nobody was told twice.
    expect(posted).toHaveLength(502);
    expect(worker.figures().takenOver).toBe(0);
  });

  test.each([
    ['was put back, which the worker did not hear', true],
    ['nobody has, though it is not over', false],
  ])('that %s is taken again', async (_, isToldOf) => {
    const { url } = await redisOfTest();
    const gateway = await gatewayEnd(url);
    const { client } = gateway.connection;
    const { carriers, worker } = await workerEnd(url, 'w1');
    gateway.send('one');
    await gateway.intake.kept();
    await until('it is taken', () => carriers.held.length === 1);
    const [batch = ''] = await client.keys('tollgate:{delivery}:batch:*');
    const owner = (await client.hget(batch, 'owner')) ?? '';
    await client.hdel(batch, 'owner');
    if (isToldOf) await client.hset(batch, 'told', owner);
    carriers.nextAllMs = systemClock.nowMs() + BATCH_PARK_MS + 400;
    await until('the worker lets go of it', () => worker.figures().parked + worker.figures().lost === 1);
    expect(worker.figures()).toMatchObject(isToldOf ? { parked: 1, lost: 0 } : { parked: 0, lost: 1 });
    carriers.nextAllMs = 0;
    await until('it is taken again', () => carriers.held.length === 1);
    carriers.receipts();
    carriers.ends();
    await until('it has ended', () => gateway.store.inFlightCount === 0);
  });

  test('stays with its worker as long as Redis cannot be told', async () => {
    const server = await redisOfTest();
    const gateway = await gatewayEnd(server.url);
    const { carriers, worker } = await workerEnd(server.url, 'w1');
    gateway.send('one');
    await gateway.intake.kept();
    await until('it is taken', () => carriers.held.length === 1);
    await server.pause();
    carriers.nextAllMs = systemClock.nowMs() + 60_000;
    await until('it could not be put back', () => worker.figures().errors > 0);
    carriers.nextAllMs = 0;
    expect(carriers.held).toHaveLength(1);
    await server.resume();
    carriers.receipts();
    carriers.ends();
    await until('it has ended', () => gateway.store.inFlightCount === 0);
  });
});

test('a batch whose end cannot be written ends later, and nothing of it is told, or frees a place, twice', async () => {
  const server = await redisOfTest();
  const gateway = await gatewayEnd(server.url);
  const end = await workerEnd(server.url, 'w1', 500);
  const { carriers, worker, posted } = end;
  gateway.send('one');
  await gateway.intake.kept();
  await until('it is taken', () => carriers.held.length === 1);
  end.whenTold = () => server.pause();
  carriers.receipts();
  carriers.ends();
  await until('its end could not be written', () => worker.figures().errors > 0);
  end.whenTold = () => Promise.resolve();
  await server.resume();
  await until('it is', () => worker.figures().finished === 1);
  expect(posted).toHaveLength(1);
  for (let count = 0; count < 500; count += 1) gateway.send('fills the worker');
  await gateway.intake.kept();
  await until('they are taken', () => carriers.held.length === 500);
  expect(new Set(carriers.held).size).toBe(500);
});

test('as many batches are in hand as their messages have places, however small they are', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const { carriers } = await workerEnd(url, 'w1', 8 * DELIVERY_BATCH_MESSAGES);
  for (let count = 0; count < 40; count += 1) {
    gateway.send('alone');
    await gateway.intake.kept();
  }
  await until('all are in hand', () => carriers.held.length === 40);
});

test('a batch that was kept and not queued is queued by a worker', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const { client } = gateway.connection;
  gateway.send('forgotten');
  await gateway.intake.kept();
  const [batch] = (await client.keys('tollgate:{delivery}:batch:*')).map((key) => key.split(':').at(-1)!);
  const queue = openDeliveryQueue(gateway.connection);
  await queue.remove(batch!);
  await queue.close();
  // As if its gateway had been killed between the one and the other; before it, others that are gone.
  await client.zadd(UNQUEUED_KEY, 2, batch!, 1, 'gone-plain-0', 1, 'gone-plain-1');
  const { carriers } = await workerEnd(url, 'w1');
  await until('it is taken', () => carriers.held.length === 1);
  await until('all are known to be queued', async () => (await client.zcard(UNQUEUED_KEY)) === 0);
});

describe("a message whose key of idempotency is another's by the time it is kept", () => {
  const KEY = 'tollgate:{delivery}:idem:k';
  const OURS = 'a'.repeat(CLAIM_TOKEN_LENGTH);
  const THEIRS = 'b'.repeat(CLAIM_TOKEN_LENGTH);

  test('is not delivered, and those beside it are', async () => {
    const { url } = await redisOfTest();
    const gateway = await gatewayEnd(url);
    await gateway.connection.client.set(KEY, `${THEIRS}a`);
    const before = gateway.send('before');
    const late = gateway.send('late');
    gateway.durable.commit.attach(KEY, `${OURS}a`, 60_000);
    const own = gateway.send('own');
    gateway.durable.commit.attach(`${KEY}2`, `${OURS}a`, 60_000);
    await gateway.intake.kept();
    expect(await gateway.connection.client.mget(KEY, `${KEY}2`)).toEqual([`${THEIRS}a`, `${OURS}a`]);
    const { carriers, posted, worker } = await workerEnd(url, 'w1');
    await until('the others are taken', () => carriers.held.length === 2);
    carriers.receipts();
    carriers.ends();
    await until('the batch is at its end', () => worker.figures().finished === 1);
    await until('the gateway has heard', () => gateway.store.inFlightCount === 0);
    expect(posted.toSorted()).toEqual([before, own].toSorted());
    expect(await gateway.durable.archive.read(late)).toMatchObject({
      status: 'undelivered',
      receipt: null,
      handset: { outcome: 'undelivered' },
      error: { name: 'superseded' },
    });
    expect(gateway.ended.toSorted()).toEqual([before, late, own].toSorted());
  });

  test('does not wait under a limit either', async () => {
    const { url } = await redisOfTest();
    const gateway = await gatewayEnd(url, { smsPerSecond: 1 });
    const { client } = gateway.connection;
    await client.set(KEY, `${THEIRS}a`);
    const account = { account: 'acme', senderKey: 2_125_550_001 };
    gateway.send('goes', account);
    gateway.send('waits', account);
    const late = gateway.send('late', account);
    gateway.durable.commit.attach(KEY, `${OURS}a`, 60_000);
    await gateway.intake.kept();
    expect(gateway.store.queuedCount).toBe(1);
    expect(await client.hlen('tollgate:{delivery}:held')).toBe(1);
    expect(await client.hexists('tollgate:{delivery}:held', late)).toBe(0);
    expect(await client.get(KEY)).toBe(`${THEIRS}a`);
  });
});

test('a batch that is late fails nobody who comes after it', async () => {
  const server = await redisOfTest();
  const gateway = await gatewayEnd(server.url);
  await server.pause();
  gateway.send('late');
  await expect(gateway.intake.kept()).rejects.toThrow(NotKept);
  // Not there yet when the next one is taken.
  const id = gateway.send('younger');
  const younger = gateway.intake.kept();
  await server.resume();
  await younger;
  expect((await gateway.durable.archive.read(id))!.text).toBe('younger');
});

test('a batch that cannot be read is a dead letter, and is tried again when asked', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const id = gateway.send('one');
  await gateway.intake.kept();
  const { client } = gateway.connection;
  const [batch] = await client.keys('tollgate:{delivery}:batch:*');
  const lines = await client.hget(batch!, 'lines');
  await client.hset(batch!, 'lines', '\n[what');
  const { carriers } = await workerEnd(url, 'w1');
  const { dead } = gateway.durable;
  await until('it is given up', async () => (await dead.list(0, 10)).length === 1);
  await dead.refresh();
  expect(dead.count).toBe(1);
  const [letter] = await dead.list(0, 10);
  expect(letter).toMatchObject({
    batch: batch!.split(':').at(-1),
    why: expect.stringContaining('cannot be read') as string,
  });
  await client.hset(batch!, 'lines', lines!);
  expect(await dead.replay(['not there', letter!.batch])).toBe(1);
  await until('it is taken', () => carriers.held.length === 1);
  carriers.receipts();
  carriers.ends();
  await until('it has ended', () => gateway.ended.includes(id));
  expect(await dead.replay('all')).toBe(0);
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
