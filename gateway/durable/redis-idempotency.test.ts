import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type CuttingProxy, startCuttingProxy } from '../../scripts/cutting-proxy.ts';
import { type RedisCluster, startRedisCluster } from '../../scripts/redis-cluster.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { systemClock } from '../control/index.ts';
import { heldOf, idempotencyKeysContract } from '../idempotency/idempotency-keys.contract.ts';
import { IDEMPOTENCY_DECIDE_MS, IDEMPOTENCY_HELD_MS } from '../limits.ts';
import { type ClaimOf, KeysUnavailable } from '../messages/index.ts';
import { RedisIdempotencyKeys } from './redis-idempotency.ts';
import { CLAIM_TOKEN_LENGTH } from './scripts.ts';

const WINDOW_MS = 60_000;
const CLAIM: ClaimOf = { account: 'acme', key: 'order 7', fingerprint: 'f'.repeat(22) };
const FIRST = { status: 202, body: '{"id":"M1"}' };

let server: RedisServer;
beforeAll(async () => (server = await startRedisServer()));
afterAll(() => server.stop());

let opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.toReversed()) await one.close();
  opened = [];
});

/** A gateway's keys, and the messages it was told to write answers with, which are written when asked to be. */
interface GatewayKeys {
  readonly keys: RedisIdempotencyKeys;
  readonly redis: RedisConnection;
  readonly attached: [keyName: string, value: string, ttlMs: number][];
  messagesKept(): Promise<void>;
  close(): Promise<void>;
}

async function gatewayOn(url: string, clock = systemClock): Promise<GatewayKeys> {
  const redis = await openRedis(url, { commandTimeoutMs: 500 });
  const attached: GatewayKeys['attached'] = [];
  const keys = new RedisIdempotencyKeys({
    client: redis.client,
    clock,
    gatewayId: randomUUID(),
    windowMs: WINDOW_MS,
    attach: (...one) => attached.push(one),
  });
  return {
    keys,
    redis,
    attached,
    async messagesKept() {
      for (const [key, value, ttlMs] of attached.splice(0)) await redis.client.set(key, value, 'PX', ttlMs);
    },
    close: () => redis.close(),
  };
}

async function gateway(url = server.url, clock = systemClock): Promise<GatewayKeys> {
  const one = await gatewayOn(url, clock);
  opened.push(one);
  return one;
}

async function keyNames({ client }: RedisConnection): Promise<string[]> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  return (await Promise.all(nodes.map((node) => node.keys('*')))).flat();
}

async function emptied({ client }: RedisConnection): Promise<void> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  await Promise.all(nodes.map((node) => node.flushall()));
}

function contractOn(url: () => string): void {
  idempotencyKeysContract(async () => {
    const [one, two] = [await gatewayOn(url()), await gatewayOn(url())];
    await emptied(one.redis);
    return {
      keys: [one.keys, two.keys],
      messagesKept: async () => void (await Promise.all([one.messagesKept(), two.messagesKept()])),
      // Redis goes by its own clock: its keys are ended as it would end them.
      async passWindow() {
        for (const name of await keyNames(one.redis)) {
          const leftMs = await one.redis.client.pttl(name);
          expect(leftMs).toBeGreaterThan(WINDOW_MS - 5_000);
          expect(leftMs).toBeLessThanOrEqual(WINDOW_MS);
          await one.redis.client.del(name);
        }
      },
      close: async () => void (await Promise.all([one.close(), two.close()])),
    };
  });
}

describe('in Redis', () => {
  contractOn(() => server.url);
});

describe('in Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => (cluster = await startRedisCluster()), 20_000);
  afterAll(() => cluster.stop());

  contractOn(() => cluster.url);
});

describe('on one Redis', () => {
  test('neither keys nor accounts can be read there, and all lies in one slot', async () => {
    const { keys, redis } = await gateway();
    await emptied(redis);
    await keys.claim([CLAIM, { ...CLAIM, key: 'order 8' }]);
    const names = await keyNames(redis);
    expect(names).toHaveLength(2);
    for (const name of names) expect(name).toMatch(/^tollgate:\{delivery\}:idem:[\w-]{22}$/);
    expect(String(await redis.client.mget(names))).not.toMatch(/acme|order/);
  });

  test('an answer to an accepted message is there with the message and not before, under the token of its claim', async () => {
    const [one, two] = [await gateway(), await gateway()];
    await emptied(one.redis);
    heldOf((await one.keys.claim([CLAIM]))[0]).taken(FIRST);
    expect(one.keys.kept()).toBeUndefined();
    expect(await two.keys.claim([CLAIM])).toEqual([{ kind: 'pending' }]);
    const [[name, value, ttlMs]] = one.attached as [GatewayKeys['attached'][number]];
    expect(ttlMs).toBe(WINDOW_MS);
    const there = await one.redis.client.get(name);
    expect(value.slice(0, CLAIM_TOKEN_LENGTH)).toBe(there?.slice(0, CLAIM_TOKEN_LENGTH));
    await one.messagesKept();
    expect(await two.keys.claim([CLAIM])).toEqual([{ kind: 'answered', answer: FIRST }]);
  });

  test('what a gateway answered is repeated by one that starts later', async () => {
    const first = await gatewayOn(server.url);
    await emptied(first.redis);
    heldOf((await first.keys.claim([CLAIM]))[0]).taken(FIRST);
    await first.messagesKept();
    await first.close();
    const { keys } = await gateway();
    expect(await keys.claim([CLAIM])).toEqual([{ kind: 'answered', answer: FIRST }]);
  });

  test('a key held by a gateway that died is free again after a while, and not before', async () => {
    const dead = await gatewayOn(server.url);
    await emptied(dead.redis);
    await dead.keys.claim([CLAIM]);
    await dead.close();
    const { keys, redis } = await gateway();
    expect(await keys.claim([CLAIM])).toEqual([{ kind: 'pending' }]);
    const [name = ''] = await keyNames(redis);
    const leftMs = await redis.client.pttl(name);
    expect(leftMs).toBeGreaterThan(IDEMPOTENCY_HELD_MS - 5_000);
    expect(leftMs).toBeLessThanOrEqual(IDEMPOTENCY_HELD_MS);
    await redis.client.pexpire(name, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    heldOf((await keys.claim([CLAIM]))[0]);
  });

  test('who held a key for too long may not decide, and what it says is not heard once another holds it', async () => {
    const time = { atMs: 0, nowMs: () => 0, monotonicNs: () => time.atMs * 1e6 };
    const [slow, quick] = [await gateway(server.url, time), await gateway()];
    await emptied(slow.redis);
    const held = heldOf((await slow.keys.claim([CLAIM]))[0]);
    time.atMs = IDEMPOTENCY_DECIDE_MS - 1;
    expect(held.isCurrent).toBe(true);
    time.atMs = IDEMPOTENCY_DECIDE_MS;
    expect(held.isCurrent).toBe(false);
    await emptied(slow.redis);
    const heldNow = heldOf((await quick.keys.claim([CLAIM]))[0]);
    held.release();
    await slow.keys.kept();
    expect(await slow.keys.claim([CLAIM])).toEqual([{ kind: 'pending' }]);
    heldNow.refused(FIRST);
    await quick.keys.kept();
    expect(await slow.keys.claim([CLAIM])).toEqual([{ kind: 'answered', answer: FIRST }]);
  });

  test('a thousand keys are claimed, and answered, in a call each', async () => {
    const { keys, redis } = await gateway();
    await emptied(redis);
    const calls = async (): Promise<number> =>
      Number(
        /cmdstat_evalsha:calls=(\d+)/.exec(
          await (redis.client as { info(of: string): Promise<string> }).info('commandstats'),
        )?.[1] ?? 0,
      );
    const claims = Array.from({ length: 1_000 }, (_, n) => ({ ...CLAIM, key: String(n) }));
    heldOf((await keys.claim([{ ...CLAIM, key: 'warm' }]))[0]).release();
    await keys.kept();
    const before = await calls();
    for (const one of await keys.claim(claims)) heldOf(one).refused(FIRST);
    await keys.kept();
    expect((await calls()) - before).toBe(2);
    expect(new Set((await keys.claim(claims)).map(({ kind }) => kind))).toEqual(new Set(['answered']));
  });
});

describe('Redis away', () => {
  let proxy: CuttingProxy;
  beforeAll(async () => (proxy = await startCuttingProxy(server.port)));
  afterAll(() => proxy.close());

  test.each(['cut', 'hang'] as const)(
    '%s: a claim fails soon, and says so; afterwards keys are claimed again',
    async (how) => {
      const { keys } = await gateway(`redis://127.0.0.1:${proxy.port}`);
      const { redis } = await gateway();
      await emptied(redis);
      proxy[how]();
      try {
        await expect(keys.claim([CLAIM])).rejects.toThrow(KeysUnavailable);
        await expect(keys.claim([CLAIM])).rejects.toThrow(/^Redis does not say which keys were used: (?!.*order 7)/);
      } finally {
        proxy.heal();
      }
      const other = { ...CLAIM, key: 'order 9' };
      for (let tries = 0; ; tries += 1) {
        try {
          heldOf((await keys.claim([other]))[0]);
          return;
        } catch (error) {
          if (!(error instanceof KeysUnavailable) || tries === 100) throw error;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    },
  );

  test('an answer that cannot be written keeps nobody waiting, and its key is held until time lets go of it', async () => {
    const { keys } = await gateway(`redis://127.0.0.1:${proxy.port}`);
    const other = await gateway();
    await emptied(other.redis);
    heldOf((await keys.claim([CLAIM]))[0]).refused(FIRST);
    proxy.cut();
    try {
      await keys.kept();
    } finally {
      proxy.heal();
    }
    expect(await other.keys.claim([CLAIM])).toEqual([{ kind: 'pending' }]);
  });
});
