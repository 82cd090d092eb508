import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { RECORD_CHANGES_REMEMBERED } from '../limits.ts';
import { namedStream } from '../router/index.ts';
import { type FieldChange, RecordUnavailable, SharedRecord } from './shared-record.ts';

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

/** A gateway's copy of a record. */
class Side {
  readonly record: SharedRecord;
  readonly texts = new Map<string, string>();

  constructor(gatewayId: string) {
    this.record = new SharedRecord(connection, 'pools', gatewayId);
    this.record.whenChanged = ({ field, text }) => {
      if (text === undefined) this.texts.delete(field);
      else this.texts.set(field, text);
    };
  }

  async set(changes: Readonly<Record<string, string | undefined>>): Promise<boolean> {
    return this.record.change(Object.entries(changes).map(([field, text]): FieldChange => ({ field, text })));
  }

  has(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.texts);
  }
}

test('a field that was changed at one gateway is changed at the others, all of a change or none', async () => {
  const [one, other] = [new Side('1'), new Side('2')];
  expect(await one.set({ a: '1', b: '2' })).toBe(true);
  expect(one.has()).toEqual({ a: '1', b: '2' });
  // The other has not heard of it: what it wants is not done, and then it has.
  expect(await other.set({ b: '3', c: '4' })).toBe(false);
  expect(other.has()).toEqual({ a: '1', b: '2' });
  expect(await other.set({ b: '3', c: '4', a: undefined })).toBe(true);
  await one.record.refresh();
  expect(one.has()).toEqual({ b: '3', c: '4' });
  const late = new Side('3');
  await late.record.refresh();
  expect(late.has()).toEqual({ b: '3', c: '4' });
});

test('counters that all gateways raise at once lose nothing', async () => {
  const sides = ['1', '2', '3'].map((id) => new Side(id));
  const stream = namedStream(5, 'counters of a test');
  const raise = async (side: Side): Promise<void> => {
    const field = `count ${Math.floor(stream.next() * 3)}`;
    while (!(await side.set({ [field]: String(Number(side.texts.get(field) ?? 0) + 1) })));
  };
  await Promise.all(Array.from({ length: 150 }, (_, place) => raise(sides[place % sides.length]!)));
  for (const side of sides) {
    await side.record.refresh();
    expect([...side.texts.values()].reduce((sum, text) => sum + Number(text), 0)).toBe(150);
  }
});

test('a gateway that missed more changes than are remembered, or a Redis that was emptied, reads everything', async () => {
  const [one, other] = [new Side('1'), new Side('2')];
  await one.set({ a: '1', b: '2' });
  await other.record.refresh();
  await one.set({ a: undefined });
  for (let at = 0; at < RECORD_CHANGES_REMEMBERED; at += 100) {
    await one.set(Object.fromEntries(Array.from({ length: 100 }, (_, place) => [`f${at + place}`, 'x'])));
  }
  expect(await connection.client.llen('tollgate:{delivery}:pools:latest')).toBe(RECORD_CHANGES_REMEMBERED);
  await other.record.refresh();
  expect(other.has()).toEqual(one.has());
  await connection.client.flushall();
  await other.record.refresh();
  expect(other.has()).toEqual({});
  expect(await one.set({ c: '1' })).toBe(true);
  expect(one.has()).toEqual({ c: '1' });
});

test('an errand is one gateway’s, and what Redis does not answer is not taken for done', async () => {
  const [one, other] = [new Side('1'), new Side('2')];
  expect([await one.record.isMine(), await other.record.isMine(), await one.record.isMine()]).toEqual([
    true,
    false,
    true,
  ]);
  await server.kill();
  await expect(one.set({ a: '1' })).rejects.toThrow(RecordUnavailable);
  expect(one.has()).toEqual({});
  await server.restart();
});
