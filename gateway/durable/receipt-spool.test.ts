import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { SPOOL_RECEIPTS_MAX } from '../limits.ts';
import { readerKey, spoolKey } from './layout.ts';
import { ReceiptSpool } from './receipt-spool.ts';

let server: RedisServer;
let connection: RedisConnection;

beforeAll(async () => {
  server = await startRedisServer();
  connection = await openRedis(server.url);
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});
beforeEach(() => connection.client.flushall());

function spoolOf(run: string): ReceiptSpool {
  return new ReceiptSpool(connection, run);
}

function receiptsOf(name: string, from: number, to: number): { name: string; receipt: string }[] {
  return Array.from({ length: to - from }, (_, place) => ({ name, receipt: `${name}${from + place}` }));
}

async function read(spool: ReceiptSpool, name: string, count = 1_000): Promise<{ ids: string[]; texts: string[] }> {
  const [found = []] = await spool.read([name], count);
  return { ids: found.map(({ id }) => id), texts: found.map(({ receipt }) => receipt) };
}

/** As if the gateway of this reader had not been heard of for long. */
async function die(reader: string): Promise<void> {
  expect(await connection.client.del(readerKey(reader))).toBe(1);
}

test('receipts are read once, in their order, by whoever asks for their name, and are gone when they were taken', async () => {
  const [one, other] = [spoolOf('one'), spoolOf('other')];
  await one.add([...receiptsOf('a', 0, 3), ...receiptsOf('b', 0, 1)]);
  const first = await read(one, 'a', 2);
  expect(first.texts).toEqual(['a0', 'a1']);
  const lists = await other.read(['nobody', 'a', 'b'], 10);
  expect(lists.map((list) => list.map(({ receipt }) => receipt))).toEqual([[], ['a2'], ['b0']]);
  expect((await read(one, 'a')).texts).toEqual([]);
  await one.taken('a', [...first.ids, ...(lists[1] ?? []).map(({ id }) => id)]);
  await one.taken('a', first.ids);
  expect(await connection.client.exists(spoolKey('a'))).toBe(0);
  expect(await connection.client.exists(spoolKey('b'))).toBe(1);
});

test('what a dead reader had goes to another, before what is new, and what he had told of does not', async () => {
  const [one, other] = [spoolOf('one'), spoolOf('other')];
  await one.add(receiptsOf('a', 0, 5));
  const had = await read(one, 'a');
  await one.taken('a', had.ids.slice(0, 2));
  await one.add(receiptsOf('a', 5, 6));
  // As long as he lives it is his.
  expect((await read(other, 'a')).texts).toEqual(['a5']);
  await one.add(receiptsOf('a', 6, 7));
  await die('one.1');
  expect((await read(other, 'a', 2)).texts).toEqual(['a2', 'a3']);
  expect((await read(other, 'a')).texts).toEqual(['a4', 'a6']);
});

test('what was given back goes to anybody at once', async () => {
  const [one, other] = [spoolOf('one'), spoolOf('other')];
  await one.add(receiptsOf('a', 0, 3));
  const { ids } = await read(one, 'a');
  await one.giveBack('a', ids.slice(1));
  await one.giveBack('nobody', ids);
  expect((await read(other, 'a')).texts).toEqual(['a1', 'a2']);
  await one.giveBack('a', ids.slice(0, 1));
  expect((await read(one, 'a')).texts).toEqual(['a0']);
});

test('a reader that did not hear what it was given gets it again', async () => {
  const one = spoolOf('one');
  await one.add(receiptsOf('a', 0, 2));
  const { client } = connection;
  const deaf = new ReceiptSpool(
    {
      ...connection,
      client: new Proxy(client, {
        get: (target, key) =>
          key === 'callBuffer'
            ? async (...words: Parameters<typeof client.callBuffer>) => {
                await client.callBuffer(...words);
                throw new Error('Command timed out');
              }
            : (Reflect.get(target, key) as unknown),
      }),
    },
    'one',
  );
  // The script is known by now, so that it is run and its answer is lost.
  await read(one, 'nobody');
  await expect(deaf.read(['a'], 10)).rejects.toThrow('timed out');
  const again = new ReceiptSpool(connection, 'two');
  expect((await read(again, 'a')).texts).toEqual([]);
  await die('one.1');
  expect((await read(again, 'a')).texts).toEqual(['a0', 'a1']);
});

test('a spool is bounded: the oldest go, whoever has them', async () => {
  const one = spoolOf('one');
  await one.add(receiptsOf('a', 0, 10));
  const { ids } = await read(one, 'a', 5);
  await one.add(receiptsOf('a', 10, SPOOL_RECEIPTS_MAX + 3));
  expect(one.droppedCount).toBe(3);
  expect(await connection.client.xlen(spoolKey('a'))).toBe(SPOOL_RECEIPTS_MAX);
  await die('one.1');
  expect((await read(spoolOf('other'), 'a', 7)).texts).toEqual(['a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9']);
  await one.taken('a', ids);
  expect(await connection.client.pttl(spoolKey('a'))).toBeGreaterThan(0);
});
