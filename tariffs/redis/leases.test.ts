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
    quota(LeaseKind.Rate, 40, SECOND_MS),
    quota(LeaseKind.Day, 300),
    quota(LeaseKind.Level, 6),
    MONEY,
  ];
  const GATEWAYS = 3;
  const LEVEL_AT = 3;
  const MONEY_AT = 4;

  const gateway = fc.nat(GATEWAYS - 1);
  const step = fc.oneof(
    { weight: 16, arbitrary: fc.record({ do: fc.constantFrom('send' as const, 'message' as const), gateway, at: fc.nat(QUOTAS.length - 1), units: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('exchange' as const), gateway }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('call' as const, 'reach' as const, 'hear' as const, 'lose' as const), gateway }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('late' as const), gateway, which: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'shut down' as const), gateway }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.nat(60), fc.nat(60), fc.nat(2_500), fc.nat(9_000)) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('credit' as const), micros: fc.integer({ min: 1, max: 60 }) }) },
  );

  it('never admit more than there is', async () => {
    let admittedUnits = 0;
    const property = fc.asyncProperty(fc.array(step, { minLength: 100, maxLength: 250, size: 'max' }), async (steps) => {
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
          const units = one.at === LEVEL_AT ? 1 : one.units;
          let waitMs = at.send(one.at, units);
          if (waitMs === NOT_LEASED && one.do === 'message') {
            await at.exchange();
            waitMs = at.send(one.at, units);
          }
          if (waitMs !== 0) continue;
          if (one.at === LEVEL_AT) {
            const endsAtMs = redis.nowMs + (units * 7_919 * (index + 1)) % FLIGHT_MS_MAX;
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
    });
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
