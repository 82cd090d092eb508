import { afterEach, describe, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CuttingProxy } from '../../scripts/cutting-proxy.ts';
import { type MessageRecord, MessageState } from '../messages/index.ts';
import { messageCells, namedStream } from '../router/index.ts';
import {
  closeAll,
  gatewayEnd,
  type GatewayEnd,
  type GatewayOptions,
  proxyOfTest,
  redisOfTest,
  until,
  workerEnd,
} from './durable-under-test.ts';
import { queueBatch } from './delivery-job.ts';
import { openDeliveryQueue } from './index.ts';
import { holderKey, holdsKey, OPEN_MESSAGES_KEY, PREFIX, UNQUEUED_KEY, runKey, BatchClass } from './layout.ts';
import { HOLD, run as runScript, TAKE_OVER } from './scripts.ts';

afterEach(closeAll);

const ACME = { account: 'acme' };
const SLOW: GatewayOptions = { smsPerSecond: 1 };
const FAST: GatewayOptions = { smsPerSecond: 1_000 };

/** Sends messages that wait, behind one that does not. */
async function sendWaiting(gateway: GatewayEnd, count: number): Promise<string[]> {
  gateway.send('first', ACME);
  const ids = Array.from({ length: count }, (_, index) => gateway.send(`waits ${index}`, ACME));
  await gateway.intake.kept();
  expect(gateway.store.queuedCount).toBe(count);
  return ids;
}

/** Ends what Redis knows of a gateway's life, as ten seconds of silence would. */
async function presumeDead({ run }: GatewayEnd, { connection: { client } }: GatewayEnd): Promise<void> {
  const holders = await client.keys(holderKey(`${run}.*`));
  if (holders.length > 0) await client.del(holders);
}

const read = async (gateway: GatewayEnd, id: string): Promise<MessageRecord | undefined> =>
  gateway.durable.archive.read(id);

const statuses = async (gateway: GatewayEnd, ids: readonly string[]): Promise<(string | undefined)[]> =>
  Promise.all(ids.map(async (id) => (await read(gateway, id))?.status));

/** Ids by batch that holds them, each as often as it is held. */
async function idsInBatches({ connection: { client } }: GatewayEnd): Promise<string[]> {
  const ids: string[] = [];
  for (const key of await client.keys(`${PREFIX}batch:*`)) {
    const { lines = '', origin } = await client.hgetall(key);
    for (const [line] of lines.matchAll(/^\[\d+/gm))
      ids.push(`M${origin}-${Number(line.slice(1)).toString(36).toUpperCase()}`);
  }
  return ids;
}

test('a message that waits is in Redis before it is answered, and readable from anywhere', async () => {
  const { url } = await redisOfTest();
  const [one, two] = [await gatewayEnd(url, SLOW), await gatewayEnd(url)];
  const [id] = await sendWaiting(one, 1);
  expect(await read(two, id!)).toMatchObject({
    id,
    status: 'queued',
    decision: 'queued',
    text: 'waits 0',
    limit: { name: 'account_sms_rate', key: 'acme', used: 1, cap: 1 },
    expectedWaitMs: expect.any(Number),
    price: { totalMicros: 0 },
  });
  expect(await read(two, id!)).toEqual(await read(one, id!));
  const { carriers } = await workerEnd(url, 'w1');
  await until('its turn has come', () => (one.release(), one.store.queuedCount === 0));
  await until('both are taken', () => carriers.held.length === 2);
  expect(await read(two, id!)).toMatchObject({ status: 'accepted', decision: 'accepted' });
  carriers.receipts();
  carriers.ends();
  await until('its gateway has heard', () => one.store.inFlightCount === 0);
  expect(await read(two, id!)).toMatchObject({ id, status: 'delivered', handset: { outcome: 'delivered' } });
  expect(await one.connection.client.hlen(`${PREFIX}held`)).toBe(0);
  expect(one.ended.filter((ended) => ended === id)).toHaveLength(1);
});

test('what a dead gateway leaves is taken over by another: under its id, with its age, in order and before younger ones', async () => {
  const { url } = await redisOfTest();
  const one = await gatewayEnd(url, SLOW);
  const ids = await sendWaiting(one, 5);
  const before = await read(one, ids[2]!);
  const two = await gatewayEnd(url, { smsPerSecond: 5 });
  await sleep(2);
  for (let count = 0; count < 5; count += 1) two.send('at once', ACME);
  const younger = [two.send('younger', ACME), two.send('youngest', ACME)];
  await two.intake.kept();
  await one.kill();
  await sleep(300);
  expect(two.store.queuedCount).toBe(2);
  await presumeDead(one, two);
  await until('they are taken over', () => two.store.queuedCount === 7);
  expect(await statuses(two, ids)).toEqual(ids.map(() => 'queued'));
  const { carriers } = await workerEnd(url, 'w1');
  const waited = new Set([...ids, ...younger]);
  // Their ends come in whatever order workers are through with them.
  const decided = new Set<string>();
  await until('all have ended', () => {
    two.release();
    for (let at = 0; at < two.store.count; at += 1) {
      const id = two.store.idAt(at);
      if (waited.has(id) && two.store.state[at] !== MessageState.Queued) decided.add(id);
    }
    carriers.receipts();
    carriers.ends();
    return two.store.queuedCount + two.store.inFlightCount === 0;
  });
  expect([...decided]).toEqual([...ids, ...younger]);
  expect(two.ended.filter((id) => waited.has(id)).toSorted()).toEqual([...decided].toSorted());
  expect(await read(two, ids[2]!)).toMatchObject({ id: ids[2], status: 'delivered', text: 'waits 2' });
  expect((await read(two, ids[2]!))!.acceptedAt).toBe(before!.acceptedAt);
  expect(two.durable.commit.figures().takenOver).toBe(5);
});

test('more than is taken over at once, of several dead gateways, ends with two that share it', async () => {
  const { url } = await redisOfTest();
  const dead = [await gatewayEnd(url, SLOW), await gatewayEnd(url, SLOW)];
  const ids = (await Promise.all(dead.map((gateway) => sendWaiting(gateway, 600)))).flat();
  const living = [await gatewayEnd(url, FAST), await gatewayEnd(url, { ...FAST, inbox: 300 })];
  for (const gateway of dead) {
    await gateway.kill();
    await presumeDead(gateway, living[0]!);
  }
  const { carriers } = await workerEnd(url, 'w1');
  await until('nothing waits', async () => {
    for (const gateway of living) gateway.release();
    carriers.receipts();
    carriers.ends();
    return (
      (await living[0]!.connection.client.hlen(`${PREFIX}held`)) === 0 &&
      living.every(({ store }) => store.inFlightCount === 0)
    );
  });
  const waited = new Set(ids);
  const ended = living.flatMap((gateway) => gateway.ended).filter((id) => waited.has(id));
  expect(ended).toHaveLength(ids.length);
  expect(new Set(ended)).toEqual(waited);
});

test('a gateway that closes leaves what waits, and the next one has it at once', async () => {
  const { url } = await redisOfTest();
  const one = await gatewayEnd(url, SLOW);
  const ids = await sendWaiting(one, 3);
  one.intake.close();
  await one.close();
  const two = await gatewayEnd(url, FAST);
  await until('they are taken over', () => two.store.queuedCount === 3);
  two.release();
  await two.intake.kept();
  expect(await statuses(two, ids)).toEqual(['accepted', 'accepted', 'accepted']);
});

describe('a gateway that only seemed dead', () => {
  test('decides in vain what others have taken over, counts none of it, and forgets it', async () => {
    const { url } = await redisOfTest();
    const one = await gatewayEnd(url, { smsPerSecond: 10 });
    const two = await gatewayEnd(url, FAST);
    for (let count = 0; count < 10; count += 1) one.send('at once', ACME);
    const ids = [one.send('a', ACME), one.send('b', ACME), one.send('c', ACME)];
    await one.intake.kept();
    one.timers.isStill = true;
    await presumeDead(one, two);
    await until('they are taken over', () => two.store.queuedCount === 3);
    two.release();
    await two.intake.kept();
    await sleep(400);
    one.release();
    one.timers.isStill = false;
    await until('it has noticed', () => one.store.queuedCount === 0);
    expect(one.durable.commit.figures()).toMatchObject({ takenAway: 3 });
    expect([accepted(one), accepted(two)]).toEqual([10, 3]);
    expect(ids.map((id) => one.store.holds(one.store.sequenceOf(id)))).toEqual([false, false, false]);
    const { carriers } = await workerEnd(url, 'w1');
    await until('all are taken', () => carriers.held.length === 13);
    const all = await idsInBatches(two);
    expect(all.toSorted()).toEqual([...new Set(all)].toSorted());
    expect(ids.every((id) => all.includes(id))).toBe(true);
  });

  test('keeps what it decided of a batch of which some were taken over', async () => {
    const { url } = await redisOfTest();
    const one = await gatewayEnd(url, { smsPerSecond: 10 });
    for (let count = 0; count < 10; count += 1) one.send('at once', ACME);
    const ids = [one.send('a', ACME), one.send('b', ACME), one.send('c', ACME)];
    await one.intake.kept();
    const { client } = one.connection;
    const [holds] = await client.keys(holdsKey('*'));
    // As if another had it.
    await client.zrem(holds!, ids[1]!);
    await sleep(350);
    one.release();
    await one.intake.kept();
    await until('the others are kept', () => one.store.queuedCount === 0);
    expect(await statuses(one, ids)).toEqual(['accepted', 'queued', 'accepted']);
    expect(accepted(one)).toBe(12);
  });

  test('notices by itself, and takes back what nobody took over', async () => {
    const { url } = await redisOfTest();
    const one = await gatewayEnd(url, SLOW);
    const ids = await sendWaiting(one, 2);
    await presumeDead(one, one);
    await until('it takes them over', () => one.durable.commit.figures().takenOver === 2);
    expect(one.store.queuedCount).toBe(2);
    expect(await statuses(one, ids)).toEqual(ids.map(() => 'queued'));
    await until('all have had their turn', () => (one.release(), one.store.queuedCount === 0));
    expect(await statuses(one, ids)).toEqual(ids.map(() => 'accepted'));
    expect(accepted(one)).toBe(3);
  });

  test('holds a new message in a new name', async () => {
    const { url } = await redisOfTest();
    const one = await gatewayEnd(url, SLOW);
    one.timers.isStill = true;
    await sleep(150);
    await presumeDead(one, one);
    one.timers.isStill = false;
    const ids = await sendWaiting(one, 2);
    expect(await statuses(one, ids)).toEqual(['queued', 'queued']);
    expect(await one.connection.client.zcard(holdsKey(`${one.run}.2`))).toBe(2);
  });
});

describe('a message that waited and was not sent', () => {
  test('because its time was over, has ended once, for good, and its receipt is told', async () => {
    const { url } = await redisOfTest();
    const one = await gatewayEnd(url, { smsPerSecond: 10, maxWaitMs: 600 });
    for (let count = 0; count < 10; count += 1) one.send('at once', ACME);
    const ids = [one.send('a', ACME), one.send('b', ACME)];
    await one.intake.kept();
    const two = await gatewayEnd(url);
    await sleep(650);
    one.release();
    await one.intake.kept();
    for (const id of ids) {
      expect(await read(two, id)).toMatchObject({
        status: 'expired',
        decision: 'queue_expired',
        receipt: { state: 'EXPIRED' },
        handset: null,
        price: { totalMicros: 0 },
      });
    }
    expect(one.ended).toEqual(ids);
    const { posted, carriers, worker } = await workerEnd(url, 'w1');
    await until('its receipt is told', () => ids.every((id) => posted.includes(id)));
    carriers.receipts();
    carriers.ends();
    await until('all batches are at their end', () => worker.figures().finished === 2);
    expect(worker.figures().takenOver).toBe(0);
    await until('nothing is open', () => one.durable.feed.openCount === 0);
    expect((await read(two, ids[0]!))!.status).toBe('expired');
  });

  test('because it was refused when its turn came, says why', async () => {
    const { url } = await redisOfTest();
    const one = await gatewayEnd(url, SLOW);
    const [id] = await sendWaiting(one, 1);
    const two = await gatewayEnd(url, { ...FAST, isPrepaid: true });
    await one.kill();
    await presumeDead(one, two);
    await until('it is taken over', () => two.store.queuedCount === 1);
    two.release();
    await two.intake.kept();
    expect(await read(two, id!)).toMatchObject({
      status: 'rejected',
      decision: 'insufficient_balance',
      receipt: { state: 'REJECTD' },
      limit: { name: 'account_balance', key: 'acme' },
    });
    expect(two.ended).toEqual([id]);
    const stranger = await gatewayEnd(url);
    expect((await read(stranger, id!))!.status).toBe('rejected');
  });
});

test('what belongs to a message that waits is kept in the same step', async () => {
  const { url } = await redisOfTest();
  const one = await gatewayEnd(url, SLOW);
  one.send('first', ACME);
  one.send('waits', ACME);
  one.durable.commit.attach(`${PREFIX}claim`, 'answer', 60_000);
  const kept = one.intake.kept();
  expect(await one.connection.client.get(`${PREFIX}claim`)).toBeNull();
  await kept;
  expect(await one.connection.client.get(`${PREFIX}claim`)).toBe('answer');
  expect(await one.connection.client.pttl(`${PREFIX}claim`)).toBeGreaterThan(0);
});

describe('a write that comes late or twice', () => {
  test('does not hold a message again that has been decided', async () => {
    const { url } = await redisOfTest();
    const one = await gatewayEnd(url, FAST);
    const { client } = one.connection;
    await until('it has a holder', async () => (await client.exists(holderKey(`${one.run}.1`))) === 1);
    const keys = [holderKey(`${one.run}.1`), holdsKey(`${one.run}.1`), runKey(one.run, BatchClass.Late)];
    const args = [`${one.run}.1`, '\n[7]\n[8]', `M${one.run}-7 M${one.run}-8`, '7 8', '1 2'];
    expect(await runScript(client, HOLD, keys, args)).toEqual([]);
    expect(await runScript(client, HOLD, keys, args)).toEqual([]);
    expect(await client.zcard(keys[1]!)).toBe(2);
    await client.zrem(keys[1]!, `M${one.run}-7`);
    await client.hdel(`${PREFIX}held`, `M${one.run}-7`);
    await client.zadd(keys[2]!, 7, '7 batch');
    await client.zrem(keys[1]!, `M${one.run}-8`);
    expect(await runScript(client, HOLD, keys, args)).toEqual([0, 1]);
    expect(await client.zcard(keys[1]!)).toBe(0);
    await client.del(keys[0]!);
    expect(await runScript(client, HOLD, keys, args)).toBeNull();
  });

  test('takes over no more, and brings what it brought', async () => {
    const { url } = await redisOfTest();
    const one = await gatewayEnd(url, SLOW);
    await sendWaiting(one, 5);
    await one.kill();
    const two = await gatewayEnd(url);
    const { client } = two.connection;
    await until('it has a holder', async () => (await client.exists(holderKey(`${two.run}.1`))) === 1);
    two.timers.isOver = true;
    await presumeDead(one, two);
    const keys = [holderKey(`${two.run}.1`), holdsKey(`${two.run}.1`)];
    const last = Number(await client.hget(keys[0]!, 'call'));
    const take = async (call: number): Promise<number> =>
      ((await runScript(client, TAKE_OVER, keys, [`${two.run}.1`, call, 2])) as Buffer[]).length / 2;
    expect([await take(last + 1), await take(last + 1), await take(last + 2), await take(last + 1)]).toEqual([
      2, 2, 2, 0,
    ]);
    expect(await client.zcard(keys[1]!)).toBe(4);
  });
});

describe('whatever happens to gateways and their ways to Redis', () => {
  test.each(seedsToRun())(
    'each message that was acknowledged ends once (TOLLGATE_WAITING_SEED=%i npx vitest run gateway/durable/waiting-room.test.ts)',
    async (seed) => {
      const chance = namedStream(seed, 'waiting');
      const pick = (count: number): number => Math.floor(chance.next() * count);
      const server = await redisOfTest();
      // Without kills nothing that was counted is forgotten, and sums must be right too.
      const mayKill = seed % 2 === 0;
      const all: Gateway[] = [];
      const opened = async (): Promise<Gateway> => {
        const proxy = await proxyOfTest(server.port);
        const end = await gatewayEnd(`redis://127.0.0.1:${proxy.port}`, {
          smsPerSecond: 20,
          maxWaitMs: 1_500,
          inbox: 2_048,
        });
        const gateway = { end, proxy, isAlive: true };
        end.timers.every(10, () => end.release());
        all.push(gateway);
        return gateway;
      };
      const alive = (): Gateway[] => all.filter(({ isAlive }) => isAlive);
      const [onlooker, { carriers, posted }] = [
        await gatewayEnd(server.url, { hasLines: false }),
        await workerEnd(server.url, 'w1'),
      ];
      const delivering = setInterval(() => {
        carriers.receipts();
        carriers.ends();
      }, 20);
      for (let count = 0; count < 3; count += 1) await opened();
      const acknowledged = new Set<string>();
      const asked: Promise<void>[] = [];
      for (let step = 0; step < 50; step += 1) {
        const gateway = alive()[pick(alive().length)]!;
        const what = pick(10);
        if (what < 4) {
          const ids = Array.from({ length: 1 + pick(12) }, (_, index) => gateway.end.send(`${step} ${index}`, ACME));
          const kept = gateway.end.intake.kept();
          // A refusal is no message that has to end.
          const taken = ids.filter(
            (id) => gateway.end.store.state[gateway.end.store.sequenceOf(id)] !== MessageState.Rejected,
          );
          const acknowledge = (): void => taken.forEach((id) => acknowledged.add(id));
          if (kept !== undefined) asked.push(kept.then(acknowledge, () => {}));
        } else if (what === 4) {
          await presumeDead(gateway.end, onlooker);
        } else if (what === 5) {
          gateway.end.timers.isStill = !gateway.end.timers.isStill;
        } else if (what === 6) {
          gateway.proxy[pick(2) === 0 ? 'cut' : 'hang']();
        } else if (what === 7) {
          gateway.proxy.heal();
        } else if (what === 8) {
          gateway.proxy.delay(pick(2) * 40);
        } else if (mayKill) {
          gateway.isAlive = false;
          await gateway.end.kill();
          await presumeDead(gateway.end, onlooker);
          if (alive().length < 2) await opened();
        }
        await sleep(pick(60));
      }
      for (const { end, proxy } of alive()) {
        end.timers.isStill = false;
        proxy.delay(0);
        proxy.heal();
      }
      const sum = (count: (gateway: GatewayEnd) => number): number =>
        alive().reduce((total, { end }) => total + count(end), 0);
      try {
        await until('nothing waits or is in flight', async () => {
          const left = await onlooker.connection.client.hlen(`${PREFIX}held`);
          return (
            left +
              sum(
                ({ store, durable }) => store.queuedCount + store.inFlightCount + durable.commit.figures().pending,
              ) ===
            0
          );
        });
        const { client } = onlooker.connection;
        // What was killed between writing and queueing, a worker queues after ten seconds, which is long for a test.
        const queue = openDeliveryQueue(onlooker.connection);
        for (const batch of await client.zrange(UNQUEUED_KEY, '0', '-1')) await queueBatch({ client, queue }, batch);
        await until('all are at their end', async () => Number(await client.get(OPEN_MESSAGES_KEY)) === 0);
        await queue.close();
      } finally {
        clearInterval(delivering);
      }
      // What was killed may have kept a promise to nobody.
      await Promise.race([Promise.all(asked), sleep(mayKill ? 100 : 6_000)]);
      const inBatches = await idsInBatches(onlooker);
      expect(inBatches.toSorted()).toEqual([...new Set(inBatches)].toSorted());
      const final = await Promise.all(
        Array.from(acknowledged, async (id) => [id, (await read(onlooker, id))?.status] as const),
      );
      expect(final.filter(([, status]) => !FINAL.has(status ?? ''))).toEqual([]);
      expect(acknowledged.size).toBeGreaterThan(20);
      // Each was delivered, or told of as refused, once; and ended once in the gateway that decided it.
      expect(posted.toSorted()).toEqual([...new Set(posted)].toSorted());
      const ended = alive().flatMap(({ end }) => end.ended);
      expect(ended.toSorted()).toEqual([...new Set(ended)].toSorted());
      if (!mayKill) expect(sum(decided)).toBe(sum(({ ended: { length } }) => length));
    },
    30_000,
  );
});

interface Gateway {
  readonly end: GatewayEnd;
  readonly proxy: CuttingProxy;
  isAlive: boolean;
}

const FINAL = new Set(['delivered', 'rejected', 'expired']);

function seedsToRun(): number[] {
  const { TOLLGATE_WAITING_SEED: seed } = process.env;
  return seed === undefined ? [1, 2] : [Number(seed)];
}

/** Messages that a gateway counted, however they were decided. */
function decided({ core }: GatewayEnd): number {
  let count = 0;
  for (const { value } of messageCells(core.counters)) count += value;
  return count;
}

/** Messages that a gateway counted as accepted. */
function accepted({ core }: GatewayEnd): number {
  let count = 0;
  for (const { labels, value } of messageCells(core.counters)) if (labels.decision === 'accepted') count += value;
  return count;
}
