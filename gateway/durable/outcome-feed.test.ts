// What a gateway hears of messages that are kept, when the quick way to it has gaps, is late, or never was.
import { afterEach, describe, expect, test } from 'vitest';
import { tell } from '../../scripts/redis-server.ts';
import { DELIVERY_OVERDUE_MS, OUTCOMES_BLOCK_MS } from '../limits.ts';
import { MessageState, ReceiptState } from '../messages/index.ts';
import {
  closeAll,
  type GatewayEnd,
  gatewayEnd,
  proxyOfTest,
  redisOfTest,
  until,
  workerEnd,
} from './durable-under-test.ts';
import { batchKey, DONE_KEY, fateKey, outcomesKey } from './layout.ts';

afterEach(closeAll);

/** Long enough for a gateway of these tests to look up some times. */
const LOOKS_MS = 400;

/** The same, and to read the stream to its end after that. */
const LOSES_MS = LOOKS_MS + 2 * OUTCOMES_BLOCK_MS;

/** Has a gateway look up all that is kept. */
async function lookUp({ clock }: GatewayEnd, waitMs = LOOKS_MS): Promise<void> {
  clock.aheadMs += DELIVERY_OVERDUE_MS;
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}

test('the ring passes over what is kept and held up, and its end is counted once it comes', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url, { inbox: 8 });
  const { carriers } = await workerEnd(url, 'w1');
  const slow = gateway.send('slow');
  await gateway.intake.kept();
  await until('it is taken', () => carriers.held.length === 1);
  const [heldUp] = carriers.held.splice(0);
  for (let count = 0; count < 20; count += 1) {
    const id = gateway.send('quick');
    await gateway.intake.kept();
    await until('it is taken', () => carriers.held.length === 1);
    carriers.receipts();
    carriers.ends();
    await until('the gateway has heard', () => gateway.ended.includes(id));
  }
  expect([gateway.store.inFlightCount, gateway.store.lingeringCount]).toEqual([1, 1]);
  carriers.held.push(heldUp!);
  carriers.receipts();
  carriers.ends();
  await until('the gateway has heard of the slow one', () => gateway.ended.includes(slow));
  await until('nothing is open', () => gateway.durable.feed.openCount === 0);
  expect([gateway.store.inFlightCount, gateway.store.lingeringCount]).toEqual([0, 0]);
  expect(gateway.ended.length).toBe(21);
  expect((await gateway.durable.archive.read(slow))!.status).toBe('delivered');
});

test('a receipt that comes long after the end is heard of, at a place that was kept for it', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url, { inbox: 4 });
  const { carriers } = await workerEnd(url, 'w1');
  const id = gateway.send('one');
  await gateway.intake.kept();
  await until('it is taken', () => carriers.held.length === 1);
  carriers.endsFirst();
  await until('the gateway has heard of the end', () => gateway.ended.includes(id));
  const [ended] = carriers.held.splice(0);
  for (let count = 0; count < 4; count += 1) {
    const other = gateway.send('other');
    await gateway.intake.kept();
    await until('it is taken', () => carriers.held.length === 1);
    carriers.receipts();
    carriers.ends();
    await until('it has ended', () => gateway.ended.includes(other));
  }
  await lookUp(gateway);
  expect([gateway.store.idAt(0), gateway.store.receipt[0]]).toEqual([id, ReceiptState.None]);
  carriers.held.push(ended!);
  carriers.receipts();
  await until('the gateway has heard of the receipt', () => gateway.store.receipt[0] === ReceiptState.Accepted);
  carriers.settle();
  await until('nothing is open', () => gateway.durable.feed.openCount === 0);
  expect(gateway.store.lingeringCount).toBe(0);
});

describe('while Redis takes no writes', () => {
  test('the gateway says so, and what it cannot keep is not lost but late', async () => {
    const server = await redisOfTest();
    const gateway = await gatewayEnd(server.url);
    const { carriers } = await workerEnd(server.url, 'w1');
    expect(gateway.durable.fault).toBeUndefined();
    await tell(server, 'CONFIG SET maxmemory 1');
    const id = gateway.send('one');
    await until('it says so', () => gateway.durable.fault === 'Redis does not take what is to be kept');
    await lookUp(gateway, LOSES_MS);
    await tell(server, 'CONFIG SET maxmemory 0');
    await until('it is taken', () => carriers.held.length === 1);
    expect([gateway.durable.feed.lostCount, gateway.ended]).toEqual([0, []]);
    carriers.receipts();
    carriers.ends();
    await until('the gateway has heard', () => gateway.ended.includes(id));
    expect([gateway.store.state[0], gateway.durable.fault]).toEqual([MessageState.Delivered, undefined]);
  });
});

test('the gateway says so when Redis evicts', async () => {
  const server = await redisOfTest();
  const { durable } = await gatewayEnd(server.url);
  await tell(server, 'CONFIG SET maxmemory-policy allkeys-lru');
  await until('it says so', () => durable.fault?.includes('allkeys-lru') === true);
  await tell(server, 'CONFIG SET maxmemory-policy noeviction');
  await until('all is well', () => durable.fault === undefined);
});

describe('a gateway that was cut off', () => {
  test('reads what it was told before it takes for lost what Redis has forgotten since', async () => {
    const { url, port } = await redisOfTest();
    const proxy = await proxyOfTest(port);
    const gateway = await gatewayEnd(`redis://127.0.0.1:${proxy.port}`);
    const id = gateway.send('one');
    await gateway.intake.kept();
    proxy.cut();
    const { client } = (await gatewayEnd(url)).connection;
    // What happens first takes a while to read.
    const stream = outcomesKey(gateway.run);
    const others = client.pipeline();
    for (let count = 0; count < 40_000; count += 1) others.xadd(stream, '*', 'b', 'another', 'e', 1);
    await others.exec();
    const { carriers, worker } = await workerEnd(url, 'w1');
    await until('it is taken', () => carriers.held.length === 1);
    carriers.receipts();
    carriers.ends();
    await until('it is at its end', () => worker.figures().finished === 1);
    const [batch] = await client.zpopmin(DONE_KEY);
    await client.del(batchKey(batch!), fateKey(batch!));
    gateway.clock.aheadMs = DELIVERY_OVERDUE_MS;
    proxy.heal();
    await until('the gateway has heard', () => gateway.ended.includes(id));
    expect([gateway.store.state[0], gateway.durable.feed.lostCount]).toEqual([MessageState.Delivered, 0]);
  });

  test('looks up what the stream does not tell of any more, although the end of the batch is in it', async () => {
    const { url, port } = await redisOfTest();
    const proxy = await proxyOfTest(port);
    const gateway = await gatewayEnd(`redis://127.0.0.1:${proxy.port}`);
    const id = gateway.send('one');
    await gateway.intake.kept();
    proxy.cut();
    const { client } = (await gatewayEnd(url)).connection;
    const { carriers, worker } = await workerEnd(url, 'w1');
    await until('it is taken', () => carriers.held.length === 1);
    carriers.endsFirst();
    const stream = outcomesKey(gateway.run);
    await until('it is told', async () => (await client.xlen(stream)) === 1);
    await client.del(stream);
    await client.xadd(stream, '*', 'b', 'another', 'e', 1);
    carriers.settle();
    await until('it is at its end', () => worker.figures().finished === 1);
    proxy.heal();
    await until('the gateway has read that', async () => (await client.xlen(stream)) === 1);
    expect(gateway.durable.feed.openCount).toBe(1);
    await lookUp(gateway);
    expect([gateway.ended, gateway.durable.feed.openCount]).toEqual([[id], 0]);
  });
});

test('what Redis lost ends as lost, once', async () => {
  const { url } = await redisOfTest();
  const gateway = await gatewayEnd(url);
  const id = gateway.send('one');
  await gateway.intake.kept();
  await gateway.connection.client.flushall();
  gateway.clock.aheadMs = DELIVERY_OVERDUE_MS;
  await until('it has ended', () => gateway.ended.includes(id));
  expect([gateway.store.state[0], gateway.durable.feed.lostCount]).toEqual([MessageState.Undelivered, 1]);
  expect([gateway.store.lingeringCount, gateway.durable.feed.openCount]).toEqual([0, 0]);
});
