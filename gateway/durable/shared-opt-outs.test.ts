import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { OPT_INS_REMEMBERED_MAX, OPT_OUTS_READ_MAX } from '../limits.ts';
import { MessageSlot, namedStream, OPT_OUTS_MAX, OptOuts } from '../router/index.ts';
import { OPT_OUT_KEYS } from './layout.ts';
import { type OptOutPair, OptOutsUnavailable, SharedOptOuts } from './shared-opt-outs.ts';

let server: RedisServer;
let connection: RedisConnection;
beforeAll(async () => {
  server = await startRedisServer();
  connection = await openRedis(server.url, { commandTimeoutMs: 2_000 });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});
beforeEach(() => connection.client.flushall());

/** A gateway's table and what keeps it level. */
class Side {
  readonly table = new OptOuts();
  readonly shared: SharedOptOuts;

  constructor(to = connection) {
    this.shared = new SharedOptOuts(to, this.table);
  }

  async change(pairs: readonly OptOutPair[], isOut: boolean): Promise<void> {
    await this.shared.write(pairs, isOut, () => {
      for (const pair of pairs) {
        if (isOut) this.table.add(...pair);
        else this.table.remove(...pair);
      }
    });
  }

  has([senderKey, handsetKey]: OptOutPair): boolean {
    return this.table.has(Object.assign(new MessageSlot(), { senderKey, destinationKey: handsetKey }));
  }

  pairs(): string[] {
    const flat = this.table.capture();
    return Array.from({ length: flat.length / 2 }, (_, at) => `${flat[2 * at]} ${flat[2 * at + 1]}`).toSorted();
  }
}

const FILLED_AT_ONCE = 65_536;
const PAIR: OptOutPair = [2_125_550_100, 3_105_550_123];
const pairOf = (place: number): OptOutPair => [2_125_550_100 + (place % 7), 3_100_000_000 + place];

test('who opts out at one gateway is out at the others, and at one that starts later, until back in', async () => {
  const [one, other] = [new Side(), new Side()];
  await other.shared.refresh();
  await one.change([PAIR, pairOf(1)], true);
  expect([one.has(PAIR), other.has(PAIR)]).toEqual([true, false]);
  await other.shared.refresh();
  expect(other.pairs()).toEqual(one.pairs());
  const late = new Side();
  await late.shared.refresh();
  expect(late.pairs()).toEqual(one.pairs());
  await other.change([PAIR], false);
  for (const side of [one, late]) {
    await side.shared.refresh();
    expect([side.has(PAIR), side.has(pairOf(1)), side.table.count]).toEqual([false, true, 1]);
  }
});

test('tables are level after any changes at any of them, whoever reads when', async () => {
  const stream = namedStream(7, 'opt-outs of a test');
  const below = (count: number): number => Math.floor(stream.next() * count);
  const sides = [new Side(), new Side(), new Side()];
  const truth = new Set<string>();
  for (let step = 0; step < 1_500; step += 1) {
    const side = sides[below(3)]!;
    if (below(4) === 0) await side.shared.refresh();
    const pairs = Array.from({ length: 1 + below(3) }, () => pairOf(below(40)));
    const isOut = below(2) === 0;
    await side.change(pairs, isOut);
    for (const pair of pairs) {
      if (isOut) truth.add(pair.join(' '));
      else truth.delete(pair.join(' '));
    }
  }
  for (const side of sides) {
    await side.shared.refresh();
    expect(side.pairs()).toEqual([...truth].toSorted());
  }
});

test('what is more than a page is read in pages, and changes meanwhile are not missed', async () => {
  const [one, other] = [new Side(), new Side()];
  const count = 2 * OPT_OUTS_READ_MAX + 500;
  await one.change(
    Array.from({ length: count }, (_, place) => pairOf(place)),
    true,
  );
  // Between pages: one that was read is back in, and one is new.
  const reading = other.shared.refresh();
  await one.change([pairOf(0)], false);
  await one.change([PAIR], true);
  await reading;
  await other.shared.refresh();
  expect(other.table.count).toBe(count);
  expect([other.has(pairOf(0)), other.has(PAIR)]).toEqual([false, true]);
});

test('a gateway that missed more opt-ins than are remembered reads everything anew', async () => {
  const [one, other] = [new Side(), new Side()];
  await one.change([PAIR, pairOf(1)], true);
  await other.shared.refresh();
  await one.change([PAIR], false);
  // As if so many others had followed that this one is forgotten.
  const [, ended = '', state = ''] = OPT_OUT_KEYS;
  const many = Array.from({ length: OPT_INS_REMEMBERED_MAX }, (_, place) => pairOf(place + 10));
  for (let at = 0; at < many.length; at += 10_000) {
    const words = many.slice(at, at + 10_000).flatMap((pair, place) => [at + place + 10, pair.join(' ')]);
    await connection.client.zadd(ended, ...words);
  }
  await connection.client.hset(state, 'changes', OPT_INS_REMEMBERED_MAX + 10);
  await one.change([pairOf(1)], false);
  expect(await connection.client.zscore(ended, PAIR.join(' '))).toBeNull();
  expect(await connection.client.zcard(ended)).toBe(OPT_INS_REMEMBERED_MAX);
  await other.shared.refresh();
  expect(other.pairs()).toEqual([]);
});

test('a Redis that was emptied empties the tables, and fills them anew', async () => {
  const side = new Side();
  await side.change([PAIR], true);
  await side.shared.refresh();
  await connection.client.flushall();
  await side.shared.refresh();
  expect(side.table.count).toBe(0);
  const other = new Side();
  for (let place = 0; place < 5; place += 1) await other.change([pairOf(place)], true);
  await side.shared.refresh();
  expect(side.pairs()).toEqual(other.pairs());
});

test('there are only so many, and one that is out again takes no room', async () => {
  const side = new Side();
  await side.change([PAIR], true);
  const [out = ''] = OPT_OUT_KEYS;
  // As if all the others were there. A script for all of them would have Redis answer nobody for too long.
  const fill = `for place = ARGV[1], ARGV[2] do redis.call('ZADD', KEYS[1], 0, place) end`;
  for (let first = 2; first <= OPT_OUTS_MAX; first += FILLED_AT_ONCE) {
    await connection.client.eval(fill, 1, out, first, Math.min(first + FILLED_AT_ONCE - 1, OPT_OUTS_MAX));
  }
  expect(await connection.client.zcard(out)).toBe(OPT_OUTS_MAX);
  await side.change([pairOf(1)], true);
  await side.change([PAIR], true);
  expect(await connection.client.zcard(out)).toBe(OPT_OUTS_MAX);
  expect(await connection.client.zscore(out, pairOf(1).join(' '))).toBeNull();
});

test('what Redis did not answer is not taken for done, and what it acknowledged is there after it was killed', async () => {
  const persistent = await startRedisServer(['--appendonly', 'yes', '--appendfsync', 'always']);
  const own = await openRedis(persistent.url, { commandTimeoutMs: 500 });
  const [one, other] = [new Side(own), new Side(own)];
  await one.change([PAIR], true);
  await persistent.kill();
  let isWritten = false;
  await expect(one.shared.write([pairOf(1)], true, () => (isWritten = true))).rejects.toThrow(OptOutsUnavailable);
  expect([isWritten, one.has(PAIR)]).toEqual([false, true]);
  await persistent.restart();
  const isHeard = async (): Promise<boolean> => {
    await other.shared.refresh().catch(() => undefined);
    return other.has(PAIR);
  };
  await expect.poll(isHeard).toBe(true);
  await own.close();
  await persistent.stop();
});
