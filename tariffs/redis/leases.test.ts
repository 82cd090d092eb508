import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRedisServer, type RedisServer } from '../../scripts/redis-server.ts';
import { NOT_LEASED } from '../limits/allowance.ts';
import { LeaseKind } from '../limits/leased-units.ts';
import { pacificDayAt } from '../limits/pacific-day.ts';
import { Admitted, FLIGHT_MS_MAX, GatewayUnderTest, type Quota, Redises } from './gateways-under-test.ts';
import { quotaKey } from './layout.ts';
import { RedisBalances } from './redis-balances.ts';
import { CREDIT, LOOK_AT_MONEY } from './scripts.ts';

/** Three seconds before a midnight in Los Angeles. */
const START_MS = Date.UTC(2024, 2, 6, 8) - 3_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

let server: RedisServer;
let redis: Redises;
beforeAll(async () => {
  server = await startRedisServer();
  redis = new Redises(server.port, START_MS);
});
afterAll(async () => {
  redis.client.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.client.flushall();
  redis.nowMs = START_MS;
});

function quota(kind: number, cap: number, windowMs = 1): Quota {
  return { kind, cap, windowMs, key: quotaKey({ kind, limit: `test-${windowMs}`, id: 'one' }) };
}

const MONEY = quota(LeaseKind.Money, 0);

async function credit(micros: number, reference: string): Promise<string> {
  const [outcome] = (await redis.run(CREDIT, [MONEY.key, `${MONEY.key}:${reference}`], [micros])) as string[];
  return outcome ?? '';
}

async function money(): Promise<{ free: number; held: number; lost: number }> {
  const [free, held, lost] = ((await redis.run(LOOK_AT_MONEY, [MONEY.key], [])) as string[]).map(Number);
  return { free: free!, held: held!, lost: lost! };
}

function gatewaysOn(quotas: readonly Quota[], count: number): GatewayUnderTest[] {
  return Array.from(
    { length: count },
    (_, index) =>
      new GatewayUnderTest({
        redis,
        quotas,
        name: `g${index}`,
        // Up to two seconds off either way, up since different times.
        skewMs: [2_000, -2_000, 700, -1_300][index % 4]!,
        upSinceMs: START_MS - 1_000 - index * 123_457,
        gateways: count,
      }),
  );
}

describe('leases under any order of calls, answers, losses and crashes', () => {
  const QUOTAS = [
    quota(LeaseKind.Rate, 15, MINUTE_MS),
    quota(LeaseKind.Rate, 800, SECOND_MS),
    quota(LeaseKind.Day, 400),
    quota(LeaseKind.Level, 6),
    MONEY,
  ];
  /** Units of a message, so that some messages use a limit up. */
  const FACTORS = [1, 20, 5, 0, 1];
  const GATEWAYS = 3;
  const LEVEL_AT = 3;
  const MONEY_AT = 4;

  const gateway = fc.nat(GATEWAYS - 1);
  const step = fc.oneof(
    {
      weight: 16,
      arbitrary: fc.record({
        do: fc.constantFrom('send' as const, 'message' as const),
        gateway,
        at: fc.nat(QUOTAS.length - 1),
        units: fc.integer({ min: 1, max: 9 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('exchange' as const), gateway }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('call' as const, 'reach' as const, 'hear' as const, 'lose' as const),
        gateway,
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('late' as const), gateway, which: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'shut down' as const), gateway }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.oneof(fc.nat(60), fc.nat(60), fc.nat(2_500), fc.nat(9_000)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('credit' as const), micros: fc.integer({ min: 1, max: 60 }) }),
    },
  );

  it('never admit more than there is', async () => {
    let admittedUnits = 0;
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 100, maxLength: 250, size: 'max' }),
      async (steps) => {
        await redis.client.flushall();
        redis.nowMs = START_MS;
        const gateways = gatewaysOn(QUOTAS, GATEWAYS);
        const admitted = QUOTAS.map((one) => new Admitted(one));
        const flights: { gateway: GatewayUnderTest; leased: GatewayUnderTest['leased']; endsAtMs: number }[] = [];
        let crashes = 0;
        const landDue = (): void => {
          for (const flight of flights.splice(0)) {
            if (flight.endsAtMs > redis.nowMs) flights.push(flight);
            else if (flight.gateway.leased === flight.leased) flight.leased[LEVEL_AT]!.giveBack(0, 1);
          }
        };
        for (const [index, one] of steps.entries()) {
          if (one.do === 'wait') {
            redis.nowMs += one.ms;
            landDue();
            continue;
          }
          if (one.do === 'credit') {
            expect(await credit(one.micros, String(index))).toBe('credited');
            expect(await credit(one.micros, String(index))).toBe('repeated');
            admitted[MONEY_AT]!.creditedMicros += one.micros;
            continue;
          }
          const at = gateways[one.gateway]!;
          if (one.do === 'send' || one.do === 'message') {
            const units = Math.max(1, one.units * FACTORS[one.at]!);
            let waitMs = at.send(one.at, units);
            if (waitMs === NOT_LEASED && one.do === 'message') {
              await at.exchange();
              waitMs = at.send(one.at, units);
            }
            if (waitMs !== 0) continue;
            if (one.at === LEVEL_AT) {
              const endsAtMs = redis.nowMs + ((7_919 * (index + 1)) % FLIGHT_MS_MAX);
              const flight = { gateway: at, leased: at.leased, endsAtMs };
              flights.push(flight);
              admitted[LEVEL_AT]!.begin(redis.nowMs, flight);
            } else {
              admitted[one.at]!.take(units, redis.nowMs);
            }
          } else if (one.do === 'exchange') await at.exchange();
          else if (one.do === 'call') at.call();
          else if (one.do === 'reach') await at.reach();
          else if (one.do === 'hear') at.hear();
          else if (one.do === 'lose') at.lose();
          else if (one.do === 'late') await at.reachLate(one.which);
          else if (one.do === 'crash') {
            at.start();
            crashes += 1;
          } else {
            // What is in flight ends first.
            for (const flight of flights) if (flight.leased === at.leased) flight.endsAtMs = redis.nowMs;
            landDue();
            await at.shutDown();
          }
        }
        for (const one of gateways) await one.shutDown();
        const { free, held, lost } = await money();
        const { total, creditedMicros } = admitted[MONEY_AT]!;
        if (crashes === 0) expect(free).toBe(creditedMicros - total);
        expect(free + held + lost).toBeLessThanOrEqual(creditedMicros);
        expect(free + held + lost + total).toBeGreaterThanOrEqual(creditedMicros);
        admittedUnits += admitted.reduce((sum, one) => sum + one.total, 0);
      },
    );
    const seed = Number(process.env['TOLLGATE_MODEL_SEED'] ?? 20_261_123);
    const numRuns = Number(process.env['TOLLGATE_MODEL_RUNS'] ?? 150);
    try {
      await fc.assert(property, { numRuns, seed, endOnFailure: true });
    } catch (error) {
      const again = `TOLLGATE_MODEL_SEED=${seed} TOLLGATE_MODEL_RUNS=${numRuns} npx vitest run tariffs/redis/leases.test.ts`;
      throw new Error(`${(error as Error).message}\nTo play this run again: ${again}`, { cause: error });
    }
    // Enough to have met every limit in most runs.
    expect(admittedUnits).toBeGreaterThan(100 * numRuns);
  });
});

describe('the clock of Redis', () => {
  it('alone says when a day is over, whatever the gateways believe', async () => {
    const DAY = quota(LeaseKind.Day, 1_000);
    const gateways = gatewaysOn([DAY], 4);
    const { endMs } = pacificDayAt(START_MS);
    const admitted = new Admitted(DAY);
    const takenLate: number[] = [];
    for (; redis.nowMs < endMs + 3_000; redis.nowMs += 7) {
      for (const one of gateways) {
        // The first answer comes only when some have long been wrong about the date.
        if (redis.nowMs < endMs - 600 && one !== gateways[1]) continue;
        for (let message = 0; message < 3; message += 1) {
          let waitMs = one.send(0, 1);
          if (waitMs === NOT_LEASED) {
            await one.exchange();
            waitMs = one.send(0, 1);
          }
          if (waitMs === 0) {
            admitted.take(1, redis.nowMs);
            if (redis.nowMs >= endMs - 40) takenLate.push(redis.nowMs - endMs);
          }
        }
        await one.exchange();
      }
      if (redis.nowMs < endMs) expect(admitted.usedOn(redis.nowMs)).toBeLessThanOrEqual(1_000);
    }
    // Both days were used, and between them hardly any time was lost.
    expect(admitted.usedOn(endMs - 1)).toBe(1_000);
    expect(admitted.usedOn(endMs)).toBe(1_000);
    expect(Math.min(...takenLate.filter((ms) => ms >= 0))).toBeLessThan(30);
  });

  it('when set back, gives no unit twice', async () => {
    const quotas = [quota(LeaseKind.Rate, 60, MINUTE_MS), quota(LeaseKind.Day, 100)];
    const [one] = gatewaysOn(quotas, 1);
    redis.nowMs = pacificDayAt(START_MS).endMs + 1_000;
    let units = [0, 0];
    const takeAll = async (): Promise<void> => {
      for (let message = 0; message < 200; message += 1) {
        for (const at of [0, 1]) {
          if (one!.send(at, 1) !== 0) await one!.exchange();
          else units[at]! += 1;
        }
      }
    };
    await takeAll();
    expect(units).toEqual([60, 100]);
    // Back over midnight, on a gateway that has no memory.
    redis.nowMs -= 5_000;
    one!.start();
    await takeAll();
    expect(units).toEqual([60, 100]);
    redis.nowMs += 8_000;
    await one!.exchange();
    units = [0, 0];
    await takeAll();
    expect(units).toEqual([3, 0]);
  });
});

describe('a day of which the last units are held by another gateway', () => {
  const DAY = quota(LeaseKind.Day, 20);

  it('is used up only when they were spent', async () => {
    redis.nowMs = START_MS + 10_000;
    const [one, two] = gatewaysOn([DAY], 2);
    const { endMs } = pacificDayAt(redis.nowMs);
    one!.send(0, 20);
    await one!.exchange();
    const askTwo = async (): Promise<number> => {
      two!.send(0, 1);
      await two!.exchange();
      redis.nowMs += 50;
      return two!.send(0, 1);
    };
    expect(await askTwo()).toBe(NOT_LEASED);
    expect(one!.send(0, 15)).toBe(0);
    redis.nowMs += 300;
    await one!.exchange();
    expect(await askTwo()).toBe(NOT_LEASED);
    expect(one!.send(0, 5)).toBe(0);
    redis.nowMs += 300;
    await one!.exchange();
    await two!.exchange();
    expect(two!.send(0, 1)).toBe(endMs - redis.nowMs);
  });

  it('is used up when the other has not been heard of for minutes', async () => {
    redis.nowMs = START_MS + 10_000;
    const [one, two] = gatewaysOn([DAY], 2);
    one!.send(0, 20);
    await one!.exchange();
    redis.nowMs += 120_000;
    two!.send(0, 1);
    await two!.exchange();
    expect(two!.send(0, 1)).toBe(pacificDayAt(redis.nowMs).endMs - redis.nowMs);
    // What it held it may still spend or give back.
    await one!.exchange();
    expect(two!.send(0, 1)).toBeGreaterThan(0);
  });
});

describe('a gateway that ends', () => {
  const RATE = quota(LeaseKind.Rate, 1_000, MINUTE_MS);

  it('by a crash costs what it held for as long as that takes to refill, and no more', async () => {
    const [one, ...others] = gatewaysOn([RATE], 5);
    one!.send(0, 1);
    await one!.exchange();
    expect(one!.send(0, 1)).toBe(0);
    expect(one!.send(0, 9)).toBe(0);
    one!.start();
    const room = async (): Promise<number> => {
      const other = others.pop()!;
      other.send(0, 1);
      await other.exchange();
      const used = other.leased[0]!.used(0, 1_000, other.ask(1));
      await other.shutDown();
      return 1_000 - used;
    };
    // Eleven were leased: for the message, and a hundredth of the limit.
    expect(await room()).toBe(989);
    redis.nowMs += 1_999;
    expect(await room()).toBe(989);
    redis.nowMs += 1 + 330;
    expect(await room()).toBe(994);
    redis.nowMs += 330;
    expect(await room()).toBe(1_000);
  });

  it('in order gives everything back, of every kind', async () => {
    const quotas = [RATE, quota(LeaseKind.Day, 1_000), quota(LeaseKind.Level, 500), MONEY];
    await credit(1_000_000, 'first');
    const [one, two] = gatewaysOn(quotas, 2);
    const units = [3, 5, 1, 7_000];
    for (const [at, many] of units.entries()) one!.send(at, many);
    await one!.exchange();
    for (const [at, many] of units.entries()) expect(one!.send(at, many)).toBe(0);
    one!.leased[2]!.giveBack(0, 1);
    await one!.shutDown();
    for (const [at, many] of units.entries()) two!.send(at, many);
    await two!.exchange();
    const used = quotas.map(({ cap }, at) => two!.leased[at]!.used(0, cap, two!.ask(1)));
    expect(used).toEqual([3, 5, 0, 993_000]);
  });
});

describe('a Redis that was emptied', () => {
  it('is told what was spent of nothing, and is drawn from anew', async () => {
    const RATE = quota(LeaseKind.Rate, 100, MINUTE_MS);
    const [one] = gatewaysOn([RATE], 1);
    one!.send(0, 1);
    await one!.exchange();
    expect(one!.send(0, 1)).toBe(0);
    await redis.client.flushall();
    one!.send(0, 50);
    await one!.exchange();
    expect(one!.send(0, 50)).toBe(NOT_LEASED);
    await one!.exchange();
    expect(one!.send(0, 50)).toBe(0);
  });
});

describe('money', () => {
  it('of a crashed gateway is unaccounted for, of one that was only away it comes back', async () => {
    await credit(10_000, 'first');
    const [one] = gatewaysOn([MONEY], 1);
    one!.send(0, 4_000);
    await one!.exchange();
    expect(await money()).toEqual({ free: 5_000, held: 5_000, lost: 0 });
    redis.nowMs += 5_000;
    expect(await money()).toEqual({ free: 5_000, held: 0, lost: 5_000 });
    expect(one!.send(0, 4_000)).toBe(0);
    await one!.exchange();
    expect(await money()).toEqual({ free: 5_000, held: 1_000, lost: 0 });
    one!.start();
    redis.nowMs += 3 * 3_600_000;
    one!.send(0, 1_000);
    await one!.exchange();
    const after = await money();
    expect([after.free + after.held, after.lost]).toEqual([5_000, 1_000]);
  });

  it('is paid in once for each reference, and taken back only as far as it is there', async () => {
    const balances = new RedisBalances(redis.connection, 'balance');
    expect(await balances.money('acme')).toEqual({ balanceMicros: 0, heldMicros: 0, unaccountedMicros: 0 });
    const outcomes = [];
    for (const [micros, reference] of [
      [500, 'a'],
      [500, 'a'],
      [400, 'a'],
      [-600, 'b'],
      [-200, 'b'],
    ] as const) {
      outcomes.push((await balances.credit('acme', micros, reference)).outcome);
    }
    expect(outcomes).toEqual(['credited', 'repeated', 'conflict', 'insufficient', 'credited']);
    expect((await balances.money('acme')).balanceMicros).toBe(300);
    // Neither the account nor the reference of one may be taken for those of another.
    await balances.credit('a:b', 1, 'c');
    expect((await balances.credit('a', 1, 'b:c')).outcome).toBe('credited');
    const huge = 4_503_599_627_370_497;
    await balances.credit('rich', huge, 'a');
    expect((await balances.money('rich')).balanceMicros).toBe(huge);
  });
});
