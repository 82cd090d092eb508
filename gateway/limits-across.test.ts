import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { namedStream } from './router/index.ts';
import {
  type Ledger,
  moneyOf,
  offer,
  openLedger,
  payIn,
  press,
  register,
  type Use,
  useOf,
} from '../scripts/fleet-load.ts';
import { GatewayFleet } from '../scripts/gateway-fleet.ts';
import { filesOf, limitedTraffic, type Sizes } from '../scripts/limited-traffic.ts';

// Real gateways, each a process that reaches one real Redis by a proxy of its own, under more than they may take. What was
// accepted is known from the answers alone. Other runs of chance:
//
//   TOLLGATE_FLEET_SEED=7 npx vitest run gateway/limits-across.test.ts

const SEED = Number(process.env['TOLLGATE_FLEET_SEED'] ?? 1);
const AGAIN = `again by TOLLGATE_FLEET_SEED=${SEED} npx vitest run gateway/limits-across.test.ts`;

const SIZES: Sizes = {
  attClass: 'E',
  tier: 'SOLE_PROPRIETOR',
  smsPerSecond: 300,
  paidDollars: 6,
  inFlightMax: 40,
  perSecond: { rate: 200, day: 450, account: 400, money: 450, 'in-flight': 150 },
};
const CALM = 0;
const FAULTY = 1;
const STALLED = 2;
const SETS = 3;
const START_TIMEOUT_MS = 60_000;

const CALM_SECONDS = 3;
const FAULTY_SECONDS = 6;
/** Longer than any lease lives. */
const STALL_MS = 2_700;
const CUT_MS = 1_500;
/** By then the store has been told of all that was spent. */
const TOLD_MS = 2_500;
const TOP_UP_MICROS = 1_000_000;
/** More than any message here costs. */
const DEAREST_MICROS = 100_000;

/** Far less than there is: how near they come is a matter of how busy the machine is, and measured by the bench of this name. */
const USED_AT_LEAST = 0.6;

/** Two seconds behind and two ahead. Numbers are registered at the first: there they are active for all at once. */
const CLOCKS_AHEAD_MS = [-2_000, 0, 2_000];

describe('three gateways that share a Redis, of which no two agree on the time', () => {
  let fleet: GatewayFleet;
  beforeAll(async () => {
    const files = filesOf(SETS, SIZES);
    fleet = await GatewayFleet.start({ gateways: 3, isShared: true, files, clocksAheadMs: CLOCKS_AHEAD_MS });
    await register(
      fleet,
      [CALM, FAULTY, STALLED].flatMap((set) => limitedTraffic(set, SIZES)),
    );
  }, START_TIMEOUT_MS);
  afterAll(() => fleet?.close());

  test('take nothing beyond any limit, and most of what there is', async () => {
    const ledgers = limitedTraffic(CALM, SIZES).map(openLedger);
    await press(fleet, ledgers, { seconds: CALM_SECONDS, seed: SEED, moves: 2, first: SEED % 3 });
    const uses = await usesOf(fleet, ledgers);
    expect(beyondAny(uses), AGAIN).toEqual([]);
    for (const { name, units, allowed } of uses)
      expect(units / allowed, `${name}; ${AGAIN}`).toBeGreaterThan(USED_AT_LEAST);
    for (const { unansweredCount } of ledgers) expect(unansweredCount, AGAIN).toBe(0);

    const money = prepaid(ledgers);
    await expect
      .poll(() => moneyOf(fleet, money), { timeout: TOLD_MS, message: AGAIN })
      .toMatchObject({ balanceMicros: money.paidMicros - money.chargedMicros, unaccountedMicros: 0 });
  });

  test('take nothing beyond any limit while one is held still, one killed and replaced, and one cut off', async () => {
    const ledgers = limitedTraffic(FAULTY, SIZES).map(openLedger);
    const money = prepaid(ledgers);
    const [stalled, killed, cut] = [SEED % 3, (SEED + 1) % 3, (SEED + 2) % 3] as const;
    await Promise.all([
      press(fleet, ledgers, { seconds: FAULTY_SECONDS, seed: SEED, moves: 4, first: stalled }),
      // While there is plenty, so that the busiest holds as much as it ever does.
      sleep(150).then(() => fleet.stall(stalled, STALL_MS)),
      sleep(500).then(async () => {
        await fleet.kill(killed);
        await fleet.startAnother(killed);
      }),
      sleep(1_000).then(() => payIn(fleet, cut, money, TOP_UP_MICROS)),
      sleep(STALL_MS + 500).then(() => fleet.cut(cut, CUT_MS)),
    ]);
    expect(beyondAny(await usesOf(fleet, ledgers)), AGAIN).toEqual([]);

    // What the killed gateway had not told of is either spent or not, and of what it told some answers were never read.
    const unread = money.unansweredCount * DEAREST_MICROS;
    await vi.waitFor(
      async () => {
        const { balanceMicros, unaccountedMicros } = await moneyOf(fleet, money);
        const gone = money.paidMicros - balanceMicros;
        expect(gone, AGAIN).toBeGreaterThanOrEqual(money.chargedMicros);
        expect(gone - unaccountedMicros - unread, AGAIN).toBeLessThanOrEqual(money.chargedMicros);
      },
      { timeout: TOLD_MS, interval: 100 },
    );
  });

  test('spend nothing of a lease that ended while its gateway was held still', async () => {
    const chance = namedStream(SEED, 'limits-across');
    const traffic = limitedTraffic(STALLED, SIZES).find(({ name }) => name === "an account's second")!;
    const ledger = openLedger(traffic);
    const stalled = SEED % 3;
    // A burst while there is plenty: the gateway leases ahead, as much as it ever does.
    for (let batch = 0; batch < 3; batch += 1)
      await Promise.all([sleep(30), offer(fleet, stalled, ledger, 20, chance)]);
    const isHeldStill = fleet.stall(stalled, STALL_MS);
    // Meanwhile all of it comes anew. Then the others take it, and the one held still finds messages as it wakes.
    await sleep(STALL_MS - 20);
    const offers = [0, 1, 2].map((place) => offer(fleet, place, ledger, place === stalled ? 40 : 160, chance));
    await Promise.all([isHeldStill, ...offers]);
    expect(beyondAny([await useOf(fleet, ledger)]), AGAIN).toEqual([]);
    expect(ledger.unansweredCount).toBe(0);
  });
});

test(
  'gateways that do not share go beyond every limit, by the same looking',
  async () => {
    const fleet = await GatewayFleet.start({ gateways: 2, isShared: false, files: filesOf(1, SIZES) });
    try {
      const traffic = limitedTraffic(CALM, SIZES);
      await register(fleet, traffic);
      const ledgers = traffic.map(openLedger);
      await press(fleet, ledgers, { seconds: 2, seed: SEED, moves: 3, first: 0 });
      expect(beyondAny(await usesOf(fleet, ledgers)), AGAIN).toHaveLength(traffic.length);
    } finally {
      await fleet.close();
    }
  },
  START_TIMEOUT_MS,
);

function prepaid(ledgers: readonly Ledger[]): Ledger {
  return ledgers.find(({ traffic }) => traffic.bound.kind === 'money')!;
}

function usesOf(fleet: GatewayFleet, ledgers: readonly Ledger[]): Promise<Use[]> {
  return Promise.all(ledgers.map((ledger) => useOf(fleet, ledger)));
}

/** Limits of which more was used than there is, with how much. */
function beyondAny(uses: readonly Use[]): string[] {
  return uses.flatMap(({ name, excess, window }) => {
    const where =
      window === undefined ? '' : ` of ${Math.floor(window.allowed)} in ${window.untilMs - window.fromMs} ms`;
    return excess > 0 ? `${name}: ${excess} beyond${where}` : [];
  });
}
