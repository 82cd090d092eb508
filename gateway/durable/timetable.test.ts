import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { SMPP_SCHEDULED_OF_ESME_MAX, TIMETABLE_TAKEN_MS } from '../limits.ts';
import { sentKey, spoolKey, TIMED_KEY } from './layout.ts';
import { ReceiptSpool } from './receipt-spool.ts';
import { PLANNED_BY_APIS, type TakenText, TIMED_BY_SMPP, Timetable } from './timetable.ts';

let server: RedisServer;
let connection: RedisConnection;
let attached: string[][];
let timetable: Timetable;

beforeAll(async () => {
  server = await startRedisServer();
  connection = await openRedis(server.url);
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});
beforeEach(async () => {
  await connection.client.flushall();
  attached = [];
  timetable = new Timetable(connection, (key, value) => attached.push([key, value]), TIMED_BY_SMPP);
});

function timed(id: string, name = 'one'): { id: string; name: string; text: string } {
  return { id, name, text: `text of ${id}` };
}

/** What waits in the spool of a name. */
async function told(name: string): Promise<string[]> {
  const [found = []] = await new ReceiptSpool(connection, 'reader').read([name], 100);
  return found.map(({ receipt }) => receipt);
}

async function taken(nowMs: number, count = 100): Promise<TakenText[]> {
  return timetable.takeDue(nowMs, count);
}

test('a text waits for its time, is taken once, and by another if whoever has it does not come to an end', async () => {
  expect(await timetable.newNumber()).not.toBe(await timetable.newNumber());
  for (const [id, dueMs] of [
    ['b', 200],
    ['a', 100],
    ['c', 300],
  ] as const) {
    expect(await timetable.add([timed(id)], dueMs)).toBe(true);
  }
  expect(await taken(99)).toEqual([]);
  expect((await taken(250, 1)).map(({ id }) => id)).toEqual(['a']);
  const [second] = await taken(250);
  expect(second).toEqual({ ...timed('b'), untilMs: 250 + TIMETABLE_TAKEN_MS });
  await timetable.ended(second!, true);
  // What nobody has come to an end with goes before what is new.
  const again = await taken(300 + TIMETABLE_TAKEN_MS);
  expect(again.map(({ id }) => id)).toEqual(['a', 'c']);
  for (const text of again) await timetable.ended(text, true);
  expect(await taken(1e12)).toEqual([]);
  expect(await connection.client.keys(`${TIMED_KEY}*`)).toEqual([`${TIMED_KEY}:number`]);
});

test('what waits can be found, replaced and taken back, and what was taken cannot', async () => {
  const name = 'Zoë 1:2';
  await timetable.add([{ id: 'a', name, text: '["grüße"]' }], 100);
  await timetable.add([timed('b', name)], 200);
  await timetable.add([timed('c', 'other')], 200);
  expect(await timetable.find('a')).toEqual({ id: 'a', name, text: '["grüße"]' });
  expect((await timetable.list(name)).map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
  expect(await timetable.replace({ id: 'a', name, text: 'other' }, 150)).toBe(true);
  expect(await taken(149)).toEqual([]);
  expect((await taken(150)).map(({ text }) => text)).toEqual(['other']);
  expect(await timetable.find('a')).toBeUndefined();
  expect(await timetable.replace({ id: 'a', name, text: 'late' }, 500)).toBe(false);
  expect(await timetable.cancel({ id: 'a', name }, 'gone')).toBe(false);
  expect(await timetable.cancel({ id: 'b', name }, 'gone')).toBe(true);
  expect(await timetable.cancel({ id: 'b', name }, 'gone')).toBe(false);
  expect(await timetable.cancel({ id: 'c', name: 'other' })).toBe(true);
  expect(await told(name)).toEqual(['gone']);
  expect(await told('other')).toEqual([]);
  expect(await timetable.list(name)).toEqual([]);
});

test('of two that have one, each believing that it is its own, one tells what became of it', async () => {
  await timetable.add([timed('a')], 100);
  const [first] = await taken(100);
  const [second] = await taken(100 + TIMETABLE_TAKEN_MS);
  expect(second?.id).toBe('a');
  // The first has had it for too long.
  await timetable.ended(first!, false, 'refused late');
  expect(await told('one')).toEqual([]);
  timetable.isBeingSent('a', 'M1-7');
  const [[key, value] = ['', '']] = attached;
  expect(key).toBe(sentKey(TIMED_KEY, 'a'));
  // As if the first had sent it meanwhile: the second then has nothing to tell.
  await connection.client.set(key!, value!);
  await timetable.ended(second!, false, 'refused');
  expect(await told('one')).toEqual([]);
  expect(await timetable.sentAs('a')).toBe('M1-7');
});

test('one that is refused has a receipt, and is not sent by another afterwards', async () => {
  await timetable.add([timed('a')], 100);
  const [text] = await taken(100);
  await timetable.ended(text!, false, 'refused');
  expect(await told('one')).toEqual(['refused']);
  expect(await timetable.sentAs('a')).toBeUndefined();
  // Whoever sends it finds this in the place of its own.
  expect(await connection.client.get(sentKey(TIMED_KEY, 'a'))).toMatch(/^-+$/);
  expect(await connection.client.ttl(spoolKey('one'))).toBeGreaterThan(0);
});

test('there are only so many of a name', async () => {
  const all = Array.from({ length: SMPP_SCHEDULED_OF_ESME_MAX }, (_, place) =>
    timetable.add([timed(`m${place}`)], 100),
  );
  expect((await Promise.all(all)).every(Boolean)).toBe(true);
  expect(await timetable.add([timed('more')], 100)).toBe(false);
  expect(await timetable.add([timed('others', 'other')], 100)).toBe(true);
});

test('of a timetable that remembers, what became of a text is known, of the latest', async () => {
  const planned = new Timetable(connection, () => undefined, { ...PLANNED_BY_APIS, max: 4, ofNameMax: 3, pastMax: 2 });
  expect(await planned.add([timed('a'), timed('b'), timed('c')], 100)).toBe(true);
  expect(await planned.add([timed('d')], 100)).toBe(false);
  expect(await planned.add([timed('e', 'other'), timed('f', 'other')], 100)).toBe(false);
  expect(await planned.recall('a')).toEqual({ kind: 'there', text: 'text of a' });
  expect(await planned.recall('d')).toBeUndefined();
  // Nobody else's texts are touched.
  expect(await taken(200)).toEqual([]);
  expect(await planned.cancel(timed('a'), undefined, 'canceled')).toBe(true);
  expect(await planned.cancel(timed('a'), undefined, 'canceled')).toBe(false);
  expect(await planned.recall('a')).toEqual({ kind: 'past', text: 'canceled' });
  const [second, third] = await planned.takeDue(200, 10);
  expect(await planned.cancel(timed('b'), undefined, 'canceled')).toBe(false);
  // Sent, and not known to its end yet.
  await connection.client.set(sentKey(PLANNED_BY_APIS.key, 'b'), 'M1-7'.padEnd(20));
  expect(await planned.recall('b')).toEqual({ kind: 'sent', messageId: 'M1-7' });
  expect(await planned.ended(second!, true)).toBe(true);
  await connection.client.del(sentKey(PLANNED_BY_APIS.key, 'b'));
  expect(await planned.recall('b')).toEqual({ kind: 'sent', messageId: 'M1-7' });
  expect(await planned.ended(third!, false, undefined, 'refused')).toBe(true);
  expect(await planned.ended(third!, false, undefined, 'refused')).toBe(false);
  expect(await planned.recall('c')).toEqual({ kind: 'past', text: 'refused' });
  expect(await planned.recall('a')).toBeUndefined();
  expect(await connection.client.hlen(`${PLANNED_BY_APIS.key}:past`)).toBe(2);
});
