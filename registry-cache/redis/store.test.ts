import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startRedisServer, type RedisServer } from '../../scripts/redis-server.ts';
import { NO_CAMPAIGN, NumberRegistry } from '../number-registry.ts';
import { ANY_NNID, StoreUnavailable, type NumberChange } from '../registry-store.ts';
import { openRedis, type RedisConnection } from './connection.ts';
import { campaignsOf, forEachChange, OSR_KEYS, packKeys, shardKeys, TCR_KEYS, termsOf } from './layout.ts';
import { campaign, dumpRedis, emptyRedis, intercepting, key, set } from './redis-under-test.ts';
import { APPLY } from './scripts.ts';
import { RedisRegistryStore, type RedisStoreOptions } from './store.ts';

const NOW = 1_700_000_000_000;
const LATER = NOW + 60_000;
const DONE = { done: true, previous: undefined };
const OVER_LIMIT = { done: false, refusal: 'number_limit' };

let server: RedisServer;
let redis: RedisConnection;

beforeAll(async () => {
  server = await startRedisServer();
});
beforeEach(async () => {
  redis = await openRedis(server.url);
  await emptyRedis(redis);
});
afterEach(() => redis.close());
afterAll(() => server.stop());

/** A store with four campaigns, of handles 0 to 3, and three NNIDs. */
async function openStore(options: RedisStoreOptions = {}, on = redis): Promise<RedisRegistryStore> {
  const store = await RedisRegistryStore.open(on, options);
  await store.publishCampaigns([0, 1, 2, 3].map((n) => campaign(`C00000${n}`)));
  await store.nnidRows(['100001', '100002', '100003']);
  return store;
}

async function outcomes(store: RedisRegistryStore, changes: readonly NumberChange[]) {
  return (await store.apply(changes, NOW)).outcomes;
}

describe('a call', () => {
  test('changes all of a shard or nothing, whichever of its keys is out of order', async () => {
    const store = await openStore({ shards: 1, history: true });
    await store.apply([set(1, 0), set(2, 0, { activeAtMs: LATER }), set(3, 0), { ...failed(4), nnid: 1 }], NOW);
    const keys = shardKeys(0);
    const changes = [set(1, 1, { nnid: 1 }), set(5, 1, { activeAtMs: LATER }), removal(3), failed(6), removal(2)];
    for (const broken of Object.values<string>({ ...keys })) {
      await redis.client.rename(broken, 'tollgate:{r0}:aside');
      await redis.client.lpush(broken, 'a list, which none of them is');
      const before = await redis.client.dumpBuffer(broken);
      const others = Object.values<string>({ ...keys }).filter((each) => each !== broken);
      const dumps = () => Promise.all(others.map((each) => redis.client.dumpBuffer(each)));
      const untouched = await dumps();
      await expect(store.apply(changes, NOW), broken).rejects.toThrow(/WRONGTYPE/);
      expect(await dumps(), broken).toEqual(untouched);
      expect(await redis.client.dumpBuffer(broken)).toEqual(before);
      await redis.client.rename('tollgate:{r0}:aside', broken);
    }
    expect((await outcomes(store, changes)).every((outcome) => outcome.done)).toBe(true);
  });

  test('is refused whole by a Redis whose memory is full, and says so', async () => {
    const store = await openStore({ shards: 1 });
    await store.apply([set(1, 0), set(2, 0)], NOW);
    const before = await dumpRedis(redis);
    await redis.client.config('SET', 'maxmemory', '1');
    try {
      await expect(store.apply([set(1, 1), set(3, 0), removal(2)], NOW)).rejects.toThrow(StoreUnavailable);
      await expect(store.apply([set(1, 1)], NOW)).rejects.toThrow(/memory of Redis is full.*maxmemory/);
      await expect(store.publishCampaigns([campaign('CNEW001')])).rejects.toThrow(/memory of Redis is full/);
      expect(await dumpRedis(redis)).toEqual(before);
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
    }
    expect(await outcomes(store, [set(3, 0)])).toEqual([DONE]);
  });

  test('finds a Redis that has forgotten the scripts', async () => {
    const store = await openStore();
    await redis.client.script('FLUSH');
    expect(await outcomes(store, [set(1, 0, { numberLimit: 1 })])).toEqual([DONE]);
    await redis.client.script('FLUSH');
    expect(await store.read([key(1)])).toHaveLength(1);
  });

  test('is refused while Redis is away', async () => {
    const own = await startRedisServer();
    const connection = await openRedis(own.url);
    const store = await openStore({}, connection);
    const calls = Promise.allSettled(Array.from({ length: 20 }, (_, n) => store.apply([set(n, 0)], NOW)));
    await own.stop();
    for (const result of await calls) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(StoreUnavailable);
    }
    const away: readonly (() => Promise<unknown>)[] = [
      () => store.apply([set(1, 0)], NOW),
      () => store.apply([set(1, 0, { numberLimit: 1 })], NOW),
      () => store.read([key(1)]),
      () => store.notice(key(1), 0, NOW),
      () => store.notices(0, 1, NOW),
      () => store.scan()[Symbol.asyncIterator]().next(),
      () => store.publishCampaigns([campaign('CNEW001')]),
      () => store.campaign('C000001'),
      () => store.campaigns(),
      () => store.publishTerms([terms]),
      () => store.nnidRows(['100001']),
      () => store.nnids(),
      () => store.history(key(1)),
      () => store.stats(),
      () => store.settle(NOW),
      () => RedisRegistryStore.open(connection),
    ];
    for (const call of away) await expect(call(), String(call)).rejects.toThrow(StoreUnavailable);
    await connection.close();
  });
});

describe('the feed', () => {
  test('has one entry for what one script changed, counted without gaps, and none for what changed nothing', async () => {
    const store = await openStore({ shards: 1 });
    const first = await store.apply([set(1, 2), set(2, 3, { activeAtMs: LATER }), removal(1), failed(3)], NOW);
    const second = await store.apply([removal(9), failed(4)], NOW);
    const third = await store.apply([set(1, 1)], NOW);
    expect([first, second, third].map(({ position }) => position)).toEqual([[1], [1], [2]]);
    const entries = await redis.client.xrangeBuffer(shardKeys(0).feed, '-', '+');
    expect(entries.map(([, fields]) => [fields[0], fields[1], fields[2]].map(String))).toEqual([
      ['n', '1', 'd'],
      ['n', '2', 'd'],
    ]);
    expect(entries.map(([, fields]) => changesOf(fields[3]!))).toEqual([
      [
        [key(1), 2, 0],
        [key(2), 3, LATER],
        [key(1), NO_CAMPAIGN, 0],
      ],
      [[key(1), 1, 0]],
    ]);
    expect(await redis.client.hmget(shardKeys(0).meta, 'seq', 'count')).toEqual(['2', '2']);
  });

  test('tells campaigns and terms apart, each with all there is to know', async () => {
    const store = await openStore();
    await store.publishTerms([terms]);
    const campaigns = await redis.client.xrangeBuffer(OSR_KEYS.feed, '-', '+');
    expect(campaigns.map(([, fields]) => campaignsOf(fields))).toEqual([await store.campaigns()]);
    const told = await redis.client.xrangeBuffer(TCR_KEYS.feed, '-', '+');
    expect(told.map(([, fields]) => [String(fields[1]), termsOf(fields)])).toEqual([['1', [terms]]]);
    expect(await store.reader.readTerms()).toEqual([terms]);
  });

  test('keeps entries for their time and no longer, by writing and by settling', async () => {
    const store = await openStore({ shards: 1, retentionMs: 80 });
    await store.apply([set(1, 0)], NOW);
    await store.apply([set(2, 0)], NOW);
    expect(await redis.client.xlen(shardKeys(0).feed)).toBe(2);
    await sleep(100);
    await store.apply([set(3, 0)], NOW);
    expect(await redis.client.xlen(shardKeys(0).feed)).toBe(1);
    await sleep(100);
    await store.settle(NOW);
    for (const { feed } of [shardKeys(0), OSR_KEYS, TCR_KEYS]) expect(await redis.client.xlen(feed)).toBe(0);
    expect((await store.apply([set(4, 0)], NOW)).position).toEqual([4]);
  });
});

describe('blindness', () => {
  test('nothing of a removed number remains once the feed is trimmed, in no key and in no file', async () => {
    const store = await openStore({ retentionMs: 50 });
    const all = [11, 12, 13, 14, 15, 16];
    await store.apply([set(11, 0), set(12, 0, { activeAtMs: LATER }), set(13, 0, { numberLimit: 5 }), failed(14)], NOW);
    await store.apply(
      [
        set(11, 1, { nnid: 1 }),
        { ...failed(12), nnid: 2 },
        set(15, 0, { activeAtMs: LATER }),
        set(16, 0, { activeAtMs: LATER + 1 }),
      ],
      NOW,
    );
    await store.settle(LATER);
    await store.apply([set(99, 0)], NOW);
    expect(await tracesOf(all)).not.toEqual([]);
    await store.apply(all.map(removal), NOW);
    expect(await tracesOf(all), 'the feed names removed numbers for a while').not.toEqual([]);
    await sleep(70);
    await store.settle(NOW);
    expect(await tracesOf(all)).toEqual([]);
    expect(await tracesOf([99])).not.toEqual([]);

    await redis.client.config('SET', 'rdbcompression', 'no');
    await redis.client.save();
    const [, folder] = await redis.client.config('GET', 'dir');
    const file = await readFile(`${folder}/dump.rdb`);
    expect(all.filter((n) => formsOf(n).some((form) => file.includes(form)))).toEqual([]);
    expect(formsOf(99).some((form) => file.includes(form))).toBe(true);
  });

  test('no brand is on the side of numbers, and no number or NNID on the side of carriers', async () => {
    const store = await openStore({ history: true });
    await store.publishTerms([terms]);
    await store.apply([set(11, 1), failed(12)], NOW);
    const dump = await dumpRedis(redis);
    const withBrand = [...dump].filter(([, content]) => content.includes(terms.brand)).map(([name]) => name);
    expect(withBrand).toEqual([TCR_KEYS.feed, TCR_KEYS.terms]);
    for (const [name, content] of dump) {
      if (!name.startsWith('tollgate:{tcr}:')) continue;
      expect([...formsOf(11), ...formsOf(12), Buffer.from('100001')].some((form) => content.includes(form))).toBe(
        false,
      );
    }
  });

  test('every key is of one slot with the others of its group', async () => {
    await (await openStore({ history: true })).apply([set(11, 1), failed(12), set(13, 1, { activeAtMs: LATER })], NOW);
    for (const name of await redis.client.keys('*')) expect(name).toMatch(/^tollgate:\{(r[0-3]|osr|tcr)\}:[a-z-]+$/);
  });

  /** Keys that name one of these numbers, in digits or packed. */
  async function tracesOf(numbers: readonly number[]): Promise<string[]> {
    const forms = numbers.flatMap(formsOf);
    const dump = await dumpRedis(redis);
    return [...dump]
      .filter(([name, content]) => forms.some((form) => content.includes(form) || name.includes(form.toString())))
      .map(([name]) => name);
  }

  /** Four of the five bytes will do, and are in every packed form there is. */
  function formsOf(n: number): Buffer[] {
    return [Buffer.from(String(key(n))), packKeys([key(n)]).subarray(1)];
  }
});

describe('a campaign’s lock', () => {
  test('of a gateway that died is broken, and the limit still counts what it wrote', async () => {
    const store = await openStore();
    await store.apply([set(1, 0, { numberLimit: 2 })], NOW);
    await redis.client.hset(OSR_KEYS.locks, '0', 'a gateway that is no more');
    const [first, second] = await outcomes(store, [set(2, 0, { numberLimit: 2 }), set(3, 0, { numberLimit: 2 })]);
    expect([first, second].filter((outcome) => outcome!.done)).toHaveLength(1);
    expect(await redis.client.exists(OSR_KEYS.locks)).toBe(0);
  });

  test('does not stop changes that need none, nor those of other campaigns', async () => {
    const store = await openStore();
    await redis.client.hset(OSR_KEYS.locks, '0', 'a gateway that is slow');
    const waiting = outcomes(store, [set(1, 0, { numberLimit: 1 })]);
    expect(await outcomes(store, [set(2, 0), set(3, 1, { numberLimit: 1 })])).toEqual([DONE, DONE]);
    await redis.client.hdel(OSR_KEYS.locks, '0');
    expect(await waiting).toEqual([OVER_LIMIT]);
  });

  test('broken under a gateway that was only slow makes it begin anew', async () => {
    let reach = () => {};
    let release = () => {};
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    const onRun = async (send: () => Promise<unknown>) => {
      reach();
      await released;
      return send();
    };
    const slow = await openStore({}, intercepting(redis, APPLY, onRun));
    const quick = await openStore();
    const late = outcomes(slow, [set(5, 0, { numberLimit: 1 }), set(1, 1, { numberLimit: 1 }), set(1, 2), set(9, 3)]);
    await reached;
    expect(await outcomes(quick, [set(2, 0, { numberLimit: 1 })])).toEqual([DONE]);
    release();
    // The change that followed on the same number waited for the one that had to be done again.
    const moved = { done: true, previous: { key: key(1), campaign: 1, nnid: 0, activeAtMs: 0 } };
    expect(await late).toEqual([OVER_LIMIT, DONE, moved, DONE]);
    const records = await quick.read([key(5), key(1), key(2), key(9)]);
    expect(records.map((record) => record?.campaign)).toEqual([undefined, 2, 0, 3]);
    expect(await redis.client.exists(OSR_KEYS.locks)).toBe(0);
  });
});

describe('a call that failed', () => {
  test('and reaches Redis late adds no number past the limit', async () => {
    const late: (() => Promise<unknown>)[] = [];
    const onRun = (send: () => Promise<unknown>) => {
      late.push(send);
      return Promise.reject(new Error('Command timed out'));
    };
    const unlucky = await openStore({}, intercepting(redis, APPLY, onRun));
    const other = await openStore();
    await expect(unlucky.apply([set(1, 0, { numberLimit: 1 })], NOW)).rejects.toThrow(StoreUnavailable);
    expect(await outcomes(other, [set(2, 0, { numberLimit: 1 })])).toEqual([DONE]);
    await Promise.all(late.map((send) => send()));
    expect((await other.read([key(1), key(2)])).map((record) => record?.campaign)).toEqual([undefined, 0]);
    expect(await redis.client.exists(OSR_KEYS.locks)).toBe(0);
  });
});

describe('a registry', () => {
  test('keeps the shards it began with', async () => {
    const three = await openStore({ shards: 3 });
    const asked = await openStore({ shards: 8 });
    expect([(await three.stats()).shards, (await asked.stats()).shards]).toEqual([3, 3]);
    await three.apply(
      Array.from({ length: 50 }, (_, n) => set(n, 0)),
      NOW,
    );
    expect((await asked.read([key(0), key(49)])).every((record) => record !== undefined)).toBe(true);
    await expect(RedisRegistryStore.open(redis, { shards: 0 })).rejects.toThrow(RangeError);
    await expect(RedisRegistryStore.open(redis, { shards: 257 })).rejects.toThrow(RangeError);
  });

  test('of another format, or with history where there is to be none, is refused', async () => {
    await openStore();
    await expect(RedisRegistryStore.open(redis, { history: true })).rejects.toThrow(/begun without history/);
    await redis.client.hset(OSR_KEYS.meta, 'format', '2');
    await expect(RedisRegistryStore.open(redis)).rejects.toThrow(/has format 2 and this release reads 1/);
    await emptyRedis(redis);
    await openStore({ history: true });
    await expect(RedisRegistryStore.open(redis)).rejects.toThrow(/begun with history/);
  });

  test('that was emptied begins anew under another epoch, and its old handles are refused', async () => {
    const store = await openStore();
    await store.apply([set(1, 3)], NOW);
    const epoch = await redis.client.hget(shardKeys(0).meta, 'epoch');
    await emptyRedis(redis);
    expect(await store.read([key(1)])).toEqual([undefined]);
    await expect(store.apply([set(1, 3)], NOW)).rejects.toThrow(/campaign 3 was not given out/);
    expect(await store.publishCampaigns([campaign('CNEW001')])).toEqual([0]);
    expect(await store.nnidRows(['100009'])).toEqual([0]);
    expect(await outcomes(store, [set(1, 0, { numberLimit: 1 })])).toEqual([DONE]);
    const next = await redis.client.hget(shardKeys(0).meta, 'epoch');
    expect(next).toMatch(/^[0-9a-f]{16}$/);
    expect(next).not.toBe(epoch);
  });
});

describe('200,000 numbers', () => {
  test('are all kept while buckets split, take at most 16 bytes each, and are read into a view', async () => {
    const store = await openStore({ retentionMs: 1 });
    const count = 200_000;
    const numberOf = (n: number) => 2_010_000_000 + Math.floor(n / 40) * 130_000 + (n % 40);
    const before = await usedMemory();
    for (let from = 0; from < count; from += 10_000) {
      const changes = Array.from({ length: 10_000 }, (_, i): NumberChange => {
        const n = from + i;
        const activeAtMs = n % 1000 === 0 ? LATER : 0;
        return { kind: 'set', key: numberOf(n), campaign: n % 4, nnid: n % 3, activeAtMs, numberLimit: Infinity };
      });
      await store.apply(changes, NOW);
    }
    await store.settle(NOW);
    expect(((await usedMemory()) - before) / count).toBeLessThan(16);
    expect(await store.stats()).toMatchObject({ numbers: count, pending: 200 });

    const view = new NumberRegistry({ capacity: await store.reader.count() });
    let read = 0;
    await Promise.all([0, 1, 2, 3].map((shard) => store.reader.readShard(shard, view, NOW, (more) => (read += more))));
    expect([view.count, view.pendingCount, read]).toEqual([count, 200, count]);
    for (let n = 0; n < count; n++) {
      if (view.find(numberOf(n), LATER) !== n % 4) throw new Error(`number ${n} is not what it was set to`);
    }
    const some = Array.from({ length: 400 }, (_, n) => n * 499);
    expect(await store.read(some.map(numberOf))).toEqual(
      some.map((n) => ({ key: numberOf(n), campaign: n % 4, nnid: n % 3, activeAtMs: n % 1000 === 0 ? LATER : 0 })),
    );
  });

  async function usedMemory(): Promise<number> {
    return Number(
      /used_memory:(\d+)/.exec(await (redis.client as { info(section: string): Promise<string> }).info('memory'))![1],
    );
  }
});

describe('reading', () => {
  test('misses no number that is left alone while every slice it reads makes buckets split', async () => {
    const store = await openStore({ shards: 1 });
    const still = Array.from({ length: 20_000 }, (_, n) => set(n, 0));
    for (const half of [still.slice(0, 10_000), still.slice(10_000)]) await store.apply(half, NOW);
    const buckets = Number(await redis.client.hget(shardKeys(0).meta, 'buckets'));
    const seen = new Set<number>();
    let grown = 100_000;
    for await (const records of store.scan()) {
      for (const record of records) seen.add(record.key);
      if (grown < 130_000)
        await store.apply(
          Array.from({ length: 5_000 }, (_, n) => set(grown + n, 1)),
          NOW,
        );
      grown += 5_000;
    }
    expect(still.filter((change) => !seen.has(change.key))).toEqual([]);
    expect(Number(await redis.client.hget(shardKeys(0).meta, 'buckets'))).toBeGreaterThan(2 * buckets);
  });

  test('ends although numbers come faster than they are read', async () => {
    const store = await openStore({ shards: 1 });
    await store.apply(
      Array.from({ length: 2_000 }, (_, n) => set(n, 0)),
      NOW,
    );
    let batches = 0;
    for await (const _ of store.scan()) {
      batches++;
      await store.apply(
        Array.from({ length: 200 }, (_, n) => set(10_000 + 200 * batches + n, 1)),
        NOW,
      );
      if (batches > 100) break;
    }
    expect(batches).toBeLessThan(100);
  });
});

const terms = { campaign: 'C000001', brand: 'BSECRET', attClass: 3, tmobileTier: 2, useCase: 'MIXED' };

function removal(n: number): NumberChange {
  return { kind: 'remove', key: key(n), nnid: ANY_NNID };
}

function failed(n: number) {
  return { kind: 'fail', key: key(n), campaign: 0, nnid: 0, reason: 'CAMPAIGN_EXPIRED' } satisfies NumberChange;
}

function changesOf(packed: Buffer): number[][] {
  const changes: number[][] = [];
  forEachChange(packed, (...change) => changes.push(change));
  return changes;
}
