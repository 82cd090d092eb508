import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { namedStream } from '../gateway/router/index.ts';
import { listUnderTest, runLab } from './lab-under-test.ts';
import { MEASURE_IDS } from './measures.ts';
import { POLICIES } from './policies/index.ts';
import type { Flow, RunOutcome } from './results.ts';
import { STRATEGIES } from './world/strategies.ts';

/** Large companies send less here, since most of a run's time goes into their messages. */
const LIGHT = { messagesPerDayMiddle: 100, messagesPerDayLarge: 500 };
const SHORT = { days: 4, scale: 0.3, set: LIGHT };
const messages = ({ flows }: RunOutcome, holds: (flow: Flow) => boolean): number =>
  flows.reduce((sum, flow) => (holds(flow) ? sum + flow.messages : sum), 0);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('a run', () => {
  it('is the same to the byte for the same request, and another for another seed or replication', () => {
    const one = runLab(SHORT);
    expect(JSON.stringify(runLab(SHORT))).toBe(JSON.stringify(one));
    expect(one.digest).toMatch(/^[0-9a-f]{32}$/);
    expect(runLab({ ...SHORT, seed: 2 }).digest).not.toBe(one.digest);
    expect(runLab({ ...SHORT, replication: 1 }).digest).not.toBe(one.digest);
  });

  it('gives all policies the same draws: good senders send the same messages whatever is done about spam', () => {
    const sent = ['toll', 'closed-loop', 'anti-fraud', 'bypass-closed'].map(
      (policy) => runLab({ ...SHORT, policy }).measures.legitSent,
    );
    expect(new Set(sent).size).toBe(1);
  });

  it('is that of the toll up to the day on which a policy begins', () => {
    const toll = runLab({ ...SHORT, days: 6 });
    const late = runLab({ ...SHORT, days: 6, policy: 'anti-fraud@3' });
    expect(late.daily.spamLanded.slice(0, 3)).toEqual(toll.daily.spamLanded.slice(0, 3));
    expect(late.daily.spamLanded[3]).toBeLessThan(0.6 * toll.daily.spamLanded[3]!);
  });

  it('counts the same in flows, measures, days and money', () => {
    const run = runLab({ ...SHORT, days: 8 });
    const { measures, daily, money, strategies } = run;
    const landed = (flow: Flow): boolean => flow.truth === 'spam' && flow.outcome === 'delivered';
    expect(messages(run, landed)).toBe(measures.spamLanded);
    expect(sum(daily.spamLanded)).toBe(measures.spamLanded);
    expect(sum(daily.spamLandedP2p)).toBe(measures.spamLandedP2p);
    expect(sum(daily.legitDelivered)).toBe(measures.legitDelivered);
    expect(sum(daily.surchargeFromSpam)).toBe(measures.surchargeFromSpam);
    expect(measures.spamLandedRegistered + measures.spamLandedUnregistered + measures.spamLandedP2p).toBe(
      measures.spamLanded,
    );
    expect(messages(run, ({ truth }) => truth === 'legit')).toBe(measures.legitSent);
    expect(sum(money.filter(({ payer }) => payer === 'brands').map(({ micros }) => micros))).toBe(
      measures.legitRevenue,
    );
    expect(money.every(({ micros }) => Number.isSafeInteger(micros) && micros > 0)).toBe(true);
    expect(Object.keys(strategies)).toEqual([...STRATEGIES]);
    expect(sum(Object.values(strategies))).toBeCloseTo(1, 10);
    expect(Object.keys(measures)).toEqual([...MEASURE_IDS]);
  });

  it('ends where it is told to, and says how far it came', () => {
    const days: number[] = [];
    const run = runLab({ ...SHORT, days: 30 }, (day) => {
      days.push(day);
      return day < 2;
    });
    expect(days).toEqual([1, 2]);
    expect(run.days).toBe(2);
    expect(run.daily.spamLanded).toHaveLength(2);
  });

  it('has more of everything at a larger scale', () => {
    const [small, large] = [0.5, 2].map((scale) => runLab({ ...SHORT, days: 3, scale }).measures.legitSent) as [
      number,
      number,
    ];
    expect(large / small).toBeGreaterThan(2.5);
    expect(large / small).toBeLessThan(6);
  });

  it('follows the events of its scenario', () => {
    const quiet = runLab(SHORT);
    const surge = runLab({ ...SHORT, scenario: { events: [{ day: 2, title: '', set: { responseValue: 5_000 } }] } });
    expect(surge.daily.spamLanded.slice(0, 2)).toEqual(quiet.daily.spamLanded.slice(0, 2));
    expect(surge.daily.spamLanded[3]).toBeGreaterThan(1.5 * quiet.daily.spamLanded[3]!);
  });

  it('by date has the prices and the regimes of the day', () => {
    const scenario = { prices: 'by-date', regimes: 'by-date', startMs: Date.UTC(2025, 0, 30, 8) } as const;
    const run = runLab({ ...SHORT, days: 8, scenario });
    // From 2025-02-03 on the large carriers refuse what is not registered; before that they filtered half of it.
    const [before, after] = [run.daily.surchargeFromSpam.slice(0, 3), run.daily.surchargeFromSpam.slice(5)];
    expect(Math.min(...before)).toBeGreaterThan(0);
    expect(sum(after)).toBeLessThan(0.05 * sum(before));
    expect(run.measures.legitLostInGap).toBeGreaterThan(0);
    const grace = runLab({ ...SHORT, scenario: { ...scenario, startMs: Date.UTC(2021, 5, 1, 7) } });
    expect(grace.measures.spamLandedUnregistered).toBeGreaterThan(0);
    expect(grace.measures.surchargeFromSpam).toBe(0);
  });
});

describe.each(POLICIES.map(({ id }) => [id]))('under %s', (policy) => {
  it('a run keeps its books, whatever the seed', () => {
    for (const seed of [1, 2]) {
      const { measures, flows } = runLab({ ...SHORT, policy, days: 6, scale: 0.2, seed });
      expect(measures.legitDelivered).toBeGreaterThan(0);
      expect(flows.every(({ messages: count }) => Number.isSafeInteger(count) && count > 0)).toBe(true);
    }
  });
});

describe('with any parameters between their bounds, under any policies that go together', () => {
  test.prop([fc.integer({ min: 0, max: 1e9 })], { numRuns: 12 })('a run keeps its books', (seed) => {
    const chance = namedStream(seed, 'any run');
    const set = Object.fromEntries(
      listUnderTest().map(({ id, low, high }) => [id, low + chance.next() * (high - low)]),
    );
    const chosen = POLICIES.filter(() => chance.next() < 0.3);
    const policy = chosen
      .filter((one) => !chosen.some((other) => one.id in other.contradicts || other.id in one.contradicts))
      .map(({ id }) => `${id}@${Math.floor(chance.next() * 4)}`)
      .join('+');
    const isByDate = chance.next() < 0.5;
    const startMs = Date.UTC(2021, Math.floor(chance.next() * 65), 1, 8);
    const scenario = isByDate ? ({ prices: 'by-date', regimes: 'by-date', startMs } as const) : {};
    const { measures } = runLab({ policy: policy === '' ? 'toll' : policy, set, scenario, seed, days: 8, scale: 0.1 });
    for (const [id, value] of Object.entries(measures)) {
      if (id !== 'spammerProfit' && !Number.isNaN(value)) expect(value).toBeGreaterThanOrEqual(0);
    }
    expect(measures.legitDelivered).toBeLessThanOrEqual(measures.legitSent);
    expect(measures.spamLanded).toBeLessThanOrEqual(measures.spamSent);
  });
});

describe('spammers in a run', () => {
  // Spam hardly pays here, and hopes are high: money is lost while they find out.
  const poor = { spammerBudget: 10, spammerHope: 0.95, responseShare: 0.00004, brandCount: 2 };

  it('send next to nothing where it does not pay, and lose no more than they have', () => {
    const paying = runLab({ set: { brandCount: 2 }, days: 8 }).measures;
    const hopeless = runLab({ set: { ...poor, responseShare: 0.000002, newcomerDays: 1_000 }, days: 8 }).measures;
    expect(hopeless.spamSent).toBeLessThan(0.05 * paying.spamSent);
    expect(hopeless.spammerProfit).toBeLessThan(0);
    expect(hopeless.spammerProfit).toBeGreaterThanOrEqual(-24 * 10e6);
  });

  it('who have lost all are followed by newcomers', () => {
    const [soon, never] = [3, 1_000].map(
      (newcomerDays) => runLab({ set: { ...poor, newcomerDays }, days: 16 }).measures.spamSent,
    ) as [number, number];
    expect(soon).toBeGreaterThan(1.1 * never);
  });

  it('slow down when messages get dearer, before they stop', () => {
    const set = {
      ...LIGHT,
      surchargeFactor: 3,
      rentShare: 0,
      greyShare: 0,
      simFarmShare: 0,
      dcaCare: 1,
      dcaCareSpread: 0,
    };
    const [before, after] = ['toll', 'price'].map((policy) => runLab({ policy, set, days: 8 }).measures.spamSent) as [
      number,
      number,
    ];
    expect(after).toBeLessThan(0.9 * before);
    expect(after).toBeGreaterThan(0.2 * before);
  });
});

describe('policies in a run', () => {
  const run = (policy: string, set: Readonly<Record<string, number>> = {}, days = 8): RunOutcome =>
    runLab({ policy, days, scale: 0.4, set: { ...LIGHT, ...set } });

  it('block-unregistered lets no unregistered message land on the business route', () => {
    const { measures } = run('block-unregistered');
    expect(measures.spamLandedUnregistered).toBe(0);
    expect(measures.surchargeFromSpam).toBe(0);
    expect(measures.legitLostInGap).toBeGreaterThan(0);
  });

  it('block-unregistered announced in time loses fewer good messages', () => {
    const soon = run('block-unregistered', { registrationNoticeDays: 0, registrationLateShare: 0 });
    const inTime = run('block-unregistered', { registrationNoticeDays: 90, registrationLateShare: 0 });
    expect(inTime.measures.legitLostInGap).toBeLessThan(0.5 * soon.measures.legitLostInGap);
  });

  it('block-unregistered is answered by brands that came since it was announced, as by others', () => {
    const share = {
      unregisteredShareSole: 1,
      unregisteredShareSmall: 1,
      unregisteredShareMiddle: 1,
      unregisteredShareLarge: 1,
    };
    const desk = { reviewStaff: 1_000, reviewHours: 0.1, reviewWaitHours: 0.1 };
    const atOnce = { registrationNoticeDays: 1, registrationLateShare: 0, giveUpShare: 0, registrationUrge: 0 };
    // Before the block begins every second brand has left, and another has come.
    const { measures } = run('block-unregistered@8', { ...share, ...desk, ...atOnce, brandChurn: 2 }, 16);
    expect(measures.legitFalseBlockShare).toBeLessThan(0.06);
  });

  it('one-time fees are written off once', () => {
    const [soon, later] = [0.05, 0.1].map((amortisationMonths) => run('toll', { amortisationMonths }).measures);
    expect(later!.legitCostPerMessage / soon!.legitCostPerMessage).toBeCloseTo(1, 2);
  });

  it('more reviewers shorten the gap', () => {
    const late = { registrationLateShare: 1, giveUpShare: 0, reviewHours: 6 };
    const few = run('block-unregistered', { ...late, reviewStaff: 1 });
    const many = run('block-unregistered', { ...late, reviewStaff: 20 });
    expect(many.measures.legitLostInGap).toBeLessThan(few.measures.legitLostInGap);
  });

  it('bypass-closed turns P2P spam into spam that pays', () => {
    const [toll, closed] = [
      run('toll').measures,
      run('bypass-closed', { bypassSeenShareGrey: 1, bypassSeenShareSim: 1 }).measures,
    ];
    expect(toll.spamLandedP2p).toBeGreaterThan(0);
    expect(closed.spamLandedP2p).toBe(0);
    expect(closed.spamTolledShare).toBeGreaterThan(toll.spamTolledShare);
  });

  it('closed-loop and bypass-closed and block-unregistered together do better than any of them', () => {
    const together = run('block-unregistered+closed-loop+bypass-closed').measures.spamLanded;
    for (const one of ['block-unregistered', 'closed-loop', 'bypass-closed']) {
      expect(together).toBeLessThan(0.7 * run(one).measures.spamLanded);
    }
  });

  it('only spam that landed at a carrier with a surcharge counts as tolled', () => {
    const outcome = run('carrier-exit', { exitedCarrier: 2 });
    const { money, measures } = outcome;
    const charging = new Set(money.flatMap(({ payee, cause }) => (cause === 'unregistered_surcharge' ? payee : [])));
    const tolled = messages(
      outcome,
      (flow) =>
        flow.truth === 'spam' &&
        flow.outcome === 'delivered' &&
        flow.route === 'a2p' &&
        flow.registration === 'unregistered' &&
        charging.has(flow.carrier),
    );
    expect(charging).toEqual(new Set(['att', 'verizon']));
    expect(tolled).toBeGreaterThan(0);
    expect(tolled).toBeLessThan(measures.spamLandedUnregistered);
    expect(measures.spamTolledShare).toBe(tolled / measures.spamLanded);
  });

  it('carrier-exit: the one that left earns no surcharge, and nobody is registered there', () => {
    const { flows, money } = run('carrier-exit', { exitedCarrier: 2 });
    const atTmobile = flows.filter(({ carrier, route }) => carrier === 'tmobile' && route === 'a2p');
    expect(atTmobile.length).toBeGreaterThan(0);
    expect(atTmobile.every(({ registration }) => registration === 'unregistered')).toBe(true);
    expect(money.filter(({ payee, cause }) => payee === 'tmobile' && cause === 'unregistered_surcharge')).toEqual([]);
  });

  it('parallel-registry, split, costs good senders more; competing, lets more throw-away brands in', () => {
    const one = run('toll', {}, 16).measures;
    const split = run('parallel-registry', {}, 16).measures;
    expect(split.legitRevenue).toBeGreaterThan(one.legitRevenue);
    const competing = run('parallel-registry', { registriesCompete: 1, secondRegistryCareFactor: 0 }, 16).measures;
    expect(competing.spamLandedRegistered).toBeGreaterThan(one.spamLandedRegistered);
    expect(competing.legitRevenue).toBeLessThan(one.legitRevenue);
  });

  it('invalid-number-block stops what comes from numbers nobody holds, on both routes', () => {
    const set = { spoofedShare: 1, rentShare: 0, simFarmShare: 0, dcaCare: 1, dcaCareSpread: 0, reviewWaitHours: 1e6 };
    expect(run('toll', set).measures.spamLanded).toBeGreaterThan(0);
    expect(run('invalid-number-block', set).measures.spamLanded).toBe(0);
  });

  it('kyc costs good senders checks, and stops some of them by mistake', () => {
    const { measures, money } = run('kyc', { kycFalseRejectShare: 0.3, kycGraceDays: 2 });
    expect(money.some(({ payer, payee }) => payer === 'brands' && payee === 'carrier_kyc')).toBe(true);
    expect(measures.legitFalseBlockShare).toBeGreaterThan(run('toll').measures.legitFalseBlockShare + 0.01);
  });

  it('fines are paid by senders that are found, or else by their DCAs', () => {
    const set = { complaintsToSuspend: 2, finePaidShare: 0.5, spammerBudget: 20_000, complaintShareSpam: 0.05 };
    const { money } = run('fines', set, 16);
    const payers = new Set(money.filter(({ cause }) => cause === 'fine').map(({ payer }) => payer));
    expect(payers).toEqual(new Set(['spammers', 'dca']));
    expect(run('toll', set).money.some(({ cause }) => cause === 'fine')).toBe(false);
  });

  it('price: dearer messages bring less spam and cost good senders more', () => {
    const [toll, dear] = [run('toll').measures, run('price', { priceFactor: 3, surchargeFactor: 6 }).measures];
    expect(dear.spamSent).toBeLessThan(toll.spamSent);
    expect(dear.legitCostPerMessage).toBeGreaterThan(1.2 * toll.legitCostPerMessage);
  });
});
