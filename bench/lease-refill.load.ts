/**
 * How many leases on shared limits does one Redis give in a second, and how fast are messages taken out of one?
 *
 * Leases are drawn as the gateway draws them: one call a shard at a time, all shards at once, each call reporting what was
 * spent and asking for more. Beside it what one would do without leases: an INCRBY for every message, in pipelines. A draw serves as
 * many messages as it leases, so the ratio of the two says how few that may be before leasing is dearer.
 *
 * Taking is the hot path, in this process alone; beside it the same taking from a limit that nobody shares.
 */
import { Redis } from 'ioredis';
import { openRedis, type RedisConnection } from '../registry-cache/redis/index.ts';
import { type Allowance, LeaseKind, LeaseRequest, LeasedUnits, RateBuckets } from '../tariffs/index.ts';
import {
  leaseLine,
  LeaseSession,
  makeCall,
  quotaKey,
  type QuotaLine,
  SHARDS,
  shardOfQuota,
} from '../tariffs/redis/index.ts';
import { startRedisServer } from '../scripts/redis-server.ts';
import {
  allocatedBytesPerOp,
  type BenchSettings,
  type Figure,
  figureOf,
  interleave,
  type Loop,
  loopSide,
  type Series,
} from './harness.ts';

const BENCH = 'lease-refill';
const KEYS_PER_CALL = [1, 10, 100] as const;
const MINUTE_MS = 60_000;
const MS_PER_SECOND = 1_000;
/** Never used up. */
const CAP = 1_000_000_000;
const UNITS_PER_LEASE = 10;
const PIPELINE = 100;
const CAMPAIGNS = 4_096;

export async function run({ isTiny }: BenchSettings): Promise<Figure[]> {
  const server = await startRedisServer();
  const leasing = await openRedis(server.url);
  const plain = new Redis({ port: server.port, host: server.host });
  try {
    return [...(await drawFigures(leasing, plain, isTiny)), await takeFigure(isTiny)];
  } finally {
    plain.disconnect();
    await leasing.close();
    await server.stop();
  }
}

async function drawFigures(leasing: RedisConnection, plain: Redis, isTiny: boolean): Promise<Figure[]> {
  const seconds = isTiny ? 0.02 : 1;
  const rounds = isTiny ? 1 : 5;
  const figures: Figure[] = [];
  for (const keys of KEYS_PER_CALL) {
    const drawer = drawerOf(leasing, keys);
    const [subject, baseline] = (await interleave(
      [
        { name: 'leases', unit: 'draws/s', measure: () => perSecond(seconds, drawer) },
        {
          name: 'INCRBY for each message, in pipelines',
          unit: 'messages/s',
          measure: () => perSecond(seconds, incrementerOf(plain, keys * SHARDS)),
        },
      ],
      rounds,
      isTiny ? 0 : 1,
    )) as [Series, Series];
    figures.push(
      figureOf({
        bench: BENCH,
        figure: keys === 1 ? 'leases drawn, 1 key a call' : `leases drawn, ${keys} keys a call`,
        params: { keysPerCall: keys, shards: SHARDS, seconds, rounds },
        subject,
        baseline,
      }),
    );
  }
  return figures;
}

/** Draws again and again until told to stop; how many leases it drew. */
type Work = (isOver: () => boolean) => Promise<number>;

function drawerOf(connection: RedisConnection, keysPerCall: number): Work {
  const shards = Array.from({ length: SHARDS }, (_, shard) => ({
    session: new LeaseSession(`bench-${keysPerCall}`, shard),
    lines: linesOf(shard, keysPerCall),
  }));
  return async (isOver) => {
    let drawn = 0;
    await Promise.all(
      shards.map(async ({ session, lines }) => {
        while (!isOver()) {
          const answer = await makeCall(connection, session.next(lines, 1));
          if (answer === 'reset') throw new Error('the session of a shard was forgotten');
          drawn += answer.quotas.length;
        }
      }),
    );
    return drawn;
  };
}

/** As many quotas of one shard, each told of a lease that was spent and asked for another. */
function linesOf(shard: number, count: number): QuotaLine[] {
  const request = Object.assign(new LeaseRequest(), {
    cap: CAP,
    spent: UNITS_PER_LEASE,
    need: 1,
    waiting: 1,
    want: UNITS_PER_LEASE,
  });
  const line = leaseLine(LeaseKind.Rate, request, MINUTE_MS);
  const lines: QuotaLine[] = [];
  for (let n = 0; lines.length < count; n += 1) {
    const name = { kind: LeaseKind.Rate, limit: 'att-sms', id: `C${String(n).padStart(6, '0')}` };
    if (shardOfQuota(name) === shard) lines.push({ key: quotaKey(name), line });
  }
  return lines;
}

function incrementerOf(plain: Redis, keys: number): Work {
  return async (isOver) => {
    let counted = 0;
    await Promise.all(
      Array.from({ length: SHARDS }, async () => {
        while (!isOver()) {
          const pipeline = plain.pipeline();
          for (let at = 0; at < PIPELINE; at += 1) pipeline.incrby(`plain:${(counted + at) % keys}`, 1);
          await pipeline.exec();
          counted += PIPELINE;
        }
      }),
    );
    return counted;
  };
}

async function perSecond(seconds: number, work: Work): Promise<number> {
  const startMs = performance.now();
  const done = await work(() => performance.now() - startMs >= seconds * MS_PER_SECOND);
  return (done * MS_PER_SECOND) / (performance.now() - startMs);
}

/** Asks and takes, as a decision does, of one campaign after another. */
async function takeFigure(isTiny: boolean): Promise<Figure> {
  const unit = 'messages/s';
  const loops = isTiny ? 16_384 : 16_777_216;
  const rounds = isTiny ? 2 : 9;
  const leased = new LeasedUnits({
    kind: LeaseKind.Rate,
    windowMs: MINUTE_MS,
    awayFraction: 0,
    away: new Uint8Array(SHARDS),
  });
  leased.ensure(CAMPAIGNS);
  for (let key = 0; key < CAMPAIGNS; key += 1) leased.settle(key, { units: CAP, room: CAP, waitMs: 0 }, 0, Infinity);
  const buckets = new RateBuckets(MINUTE_MS, CAMPAIGNS);
  const takeLeased = takeLoop(leased);
  const [subject, baseline] = (await interleave(
    [loopSide('lease', unit, loops, takeLeased), loopSide('own bucket', unit, loops, takeLoop(buckets))],
    rounds,
  )) as [Series, Series];
  return figureOf({
    bench: BENCH,
    figure: 'asked and taken',
    params: { campaigns: CAMPAIGNS, rounds },
    subject,
    baseline,
    allocatedBytesPerOp: await allocatedBytesPerOp(takeLeased, { isTiny }),
    target: [{ measure: 'allocatedBytesPerOp', atMost: 0 }],
  });
}

function takeLoop(allowance: Allowance): Loop {
  const ask = { units: 1, atMs: 1.5, uptimeMs: 1.5, senderKey: 0.5, destinationKey: 0.5 };
  return (count) => {
    let sum = 0;
    for (let i = 0; i < count; i += 1) {
      const key = (i * 7) & (CAMPAIGNS - 1);
      ask.atMs += 0.01;
      ask.uptimeMs += 0.01;
      if (allowance.waitMs(key, CAP, ask) === 0) {
        allowance.take(key, CAP, ask);
        sum += 1;
      }
    }
    return sum;
  };
}
