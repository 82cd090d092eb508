import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ledger, moneyOf, openLedger, payIn, press, register, type Use, useOf } from '../scripts/fleet-load.ts';
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
  smsPerSecond: 60,
  paidDollars: 6,
  inFlightMax: 40,
  perSecond: { rate: 200, day: 450, account: 150, money: 450, 'in-flight': 150 },
};
const CALM = 0;
const FAULTY = 1;
const SETS = 2;
const START_TIMEOUT_MS = 60_000;

const CALM_SECONDS = 3;
const FAULTY_SECONDS = 7;
/** Longer than any lease lives. */
const STALL_MS = 2_700;
const CUT_MS = 1_500;
/** After this the store has been told of all that was spent, and a dead gateway's leases are over. */
const TOLD_MS = 2_500;
const TOP_UP_MICROS = 1_000_000;
/** More than any message here costs. */
const DEAREST_MICROS = 100_000;

const USED_AT_LEAST = 0.95;

/** Two seconds behind and two ahead. Numbers are registered at the first: there they are active for all at once. */
const CLOCKS_AHEAD_MS = [-2_000, 0, 2_000];

describe('three gateways that share a Redis, of which no two agree on the time', () => {
  let fleet: GatewayFleet;
  beforeAll(async () => {
    const files = filesOf(SETS, SIZES);
    fleet = await GatewayFleet.start({ gateways: 3, isShared: true, files, clocksAheadMs: CLOCKS_AHEAD_MS });
    await register(fleet, [...limitedTraffic(CALM, SIZES), ...limitedTraffic(FAULTY, SIZES)]);
  }, START_TIMEOUT_MS);
  afterAll(() => fleet?.close());

  test('take nothing beyond any limit, and nearly all there is', async () => {
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

  test('take nothing beyond any limit while one is killed and replaced, one cut off, and one held still', async () => {
    const ledgers = limitedTraffic(FAULTY, SIZES).map(openLedger);
    const money = prepaid(ledgers);
    const [killed, cut, stalled] = [SEED % 3, (SEED + 1) % 3, (SEED + 2) % 3] as const;
    await Promise.all([
      press(fleet, ledgers, { seconds: FAULTY_SECONDS, seed: SEED, moves: 4, first: SEED % 3 }),
      (async () => {
        await sleep(400);
        await Promise.all([
          fleet.kill(killed).then(() => fleet.startAnother(killed)),
          fleet.stall(stalled, STALL_MS).then(() => fleet.cut(cut, CUT_MS)),
          sleep(800).then(() => payIn(fleet, cut, money, TOP_UP_MICROS)),
        ]);
      })(),
    ]);
    expect(beyondAny(await usesOf(fleet, ledgers)), AGAIN).toEqual([]);

    await sleep(TOLD_MS);
    const { balanceMicros, unaccountedMicros } = await moneyOf(fleet, money);
    const gone = money.paidMicros - balanceMicros;
    // What the killed gateway had not told of is either spent or not, and of what it told some answers were never read.
    const unread = money.unansweredCount * DEAREST_MICROS;
    expect(gone, AGAIN).toBeGreaterThanOrEqual(money.chargedMicros);
    expect(gone - unaccountedMicros - unread, AGAIN).toBeLessThanOrEqual(money.chargedMicros);
  });
});

test(
  'gateways that do not share go beyond every limit, by the same looking',
  async () => {
    const files = filesOf(1, SIZES);
    const fleet = await GatewayFleet.start({ gateways: 2, isShared: false, files });
    try {
      const traffic = limitedTraffic(CALM, SIZES);
      await register(fleet, traffic);
      const ledgers = traffic.map(openLedger);
      await press(fleet, ledgers, { seconds: 3, seed: SEED, moves: 3, first: 0 });
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
