/** A comparison that is made up, but whose figures fit each other: money adds up to revenue, routes to spam landed, shares to 1. */
import { namedStream } from '../../gateway/router/index.ts';
import { MEASURE_IDS, type MeasureId, SERIES_IDS, type SeriesId } from '../measures.ts';
import type {
  Assumption,
  Comparison,
  Estimate,
  Flow,
  MoneyFlow,
  PolicyFindings,
  Sensitivity,
  TornadoBar,
} from '../results.ts';
import { estimateDifference, estimateOf } from '../statistics/estimate.ts';

const DAYS = 30;
const SPAM_SENT = 52_000;
const LEGIT_SENT = 640_000;
const CARRIERS = [
  { id: 'att', share: 0.3, fee: 3_000, surcharge: 7_000 },
  { id: 'verizon', share: 0.34, fee: 3_100, surcharge: 6_900 },
  { id: 'tmobile', share: 0.3, fee: 3_000, surcharge: 7_000 },
  { id: 'uscellular', share: 0.02, fee: 5_000, surcharge: 0 },
  { id: 'other', share: 0.04, fee: 0, surcharge: 0 },
];

/** What a policy of the made-up world does. */
export interface MadeUp {
  readonly policy: string;
  readonly title: string;
  readonly sentence: string;
  /** Of spam sent. */
  readonly landedShare: number;
  /** Of spam landed: on the way without toll, and from registered numbers. */
  readonly p2pShare: number;
  readonly registeredShare: number;
  /** What spammers send, 1 is as under the toll. */
  readonly activity: number;
  readonly legitStoppedShare: number;
  /** Micro-dollars a year and brand beyond what the toll costs, over all messages. */
  readonly extraMicros: number;
}

export const MADE_UP: readonly MadeUp[] = [
  {
    policy: 'toll',
    title: 'Toll',
    sentence: 'Unregistered traffic is delivered and pays a surcharge.',
    landedShare: 0.66,
    p2pShare: 0.09,
    registeredShare: 0.18,
    activity: 1,
    legitStoppedShare: 0.004,
    extraMicros: 0,
  },
  {
    policy: 'block-unregistered',
    title: 'Block unregistered',
    sentence: 'Carriers refuse all traffic from numbers without a campaign.',
    landedShare: 0.5,
    p2pShare: 0.52,
    registeredShare: 0.48,
    activity: 0.82,
    legitStoppedShare: 0.031,
    extraMicros: 900,
  },
  {
    policy: 'closed-loop',
    title: 'Closed loop',
    sentence: 'The registry keeps history, complaints are traced to the brand, and the brand is revoked.',
    landedShare: 0.6,
    p2pShare: 0.2,
    registeredShare: 0.05,
    activity: 0.7,
    legitStoppedShare: 0.005,
    extraMicros: 250,
  },
  {
    policy: 'kyc',
    title: 'Identity checks by carriers',
    sentence: 'Carriers check the identity of every brand before its first message.',
    landedShare: 0.62,
    p2pShare: 0.24,
    registeredShare: 0.04,
    activity: 0.72,
    legitStoppedShare: 0.013,
    extraMicros: 2_100,
  },
  {
    policy: 'anti-fraud',
    title: 'Analytics filter',
    sentence: 'Carriers filter by what the traffic looks like, with the errors any filter makes.',
    landedShare: 0.47,
    p2pShare: 0.1,
    registeredShare: 0.19,
    activity: 1.42,
    legitStoppedShare: 0.021,
    extraMicros: 300,
  },
  {
    policy: 'bypass-closed',
    title: 'Bypass closed',
    sentence: 'Business traffic on the person-to-person route pays or is blocked.',
    landedShare: 0.65,
    p2pShare: 0.005,
    registeredShare: 0.2,
    activity: 0.97,
    legitStoppedShare: 0.006,
    extraMicros: 20,
  },
  {
    policy: 'block-unregistered+closed-loop+bypass-closed',
    title: 'Block unregistered + Closed loop + Bypass closed',
    sentence:
      'Carriers refuse all traffic from numbers without a campaign. The registry keeps history, complaints are traced to the brand, and the brand is revoked. Business traffic on the person-to-person route pays or is blocked.',
    landedShare: 0.31,
    p2pShare: 0.02,
    registeredShare: 0.98,
    activity: 0.34,
    legitStoppedShare: 0.036,
    extraMicros: 1_150,
  },
];

interface OneRun {
  readonly measures: Record<MeasureId, number>;
  readonly daily: Record<SeriesId, number[]>;
  readonly money: readonly MoneyFlow[];
  readonly flows: readonly Flow[];
}

function runOf(made: MadeUp, seed: number, replication: number, days: number): OneRun {
  // Named by replication and not by policy: common draws.
  const chance = namedStream(seed, `made-up ${replication}`);
  const vary = (spread: number): number => 1 + spread * (chance.next() + chance.next() - 1);
  const own = namedStream(seed, `made-up ${made.policy} ${replication}`);
  const varyOwn = (spread: number): number => 1 + spread * (own.next() + own.next() - 1);
  const period = days / DAYS;
  const spamSent = Math.round(SPAM_SENT * made.activity * vary(0.2) * varyOwn(0.03) * period);
  const legitSent = Math.round(LEGIT_SENT * vary(0.05) * period);
  const flows: Flow[] = [];
  const money = new Map<string, { -readonly [Field in keyof MoneyFlow]: MoneyFlow[Field] }>();
  const pay = (payer: string, payee: string, cause: string, truth: 'spam' | 'legit', micros: number): void => {
    const whole = Math.round(micros);
    if (whole <= 0) return;
    const key = [payer, payee, cause, truth].join();
    const known = money.get(key) ?? { payer, payee, cause, truth, micros: 0 };
    known.micros += whole;
    money.set(key, known);
  };
  for (const { id: carrier, share, fee, surcharge } of CARRIERS) {
    const landed = Math.round(spamSent * share * made.landedShare);
    const p2p = Math.round(landed * made.p2pShare);
    const registered = Math.min(landed - p2p, Math.round(landed * made.registeredShare));
    const unregistered = landed - p2p - registered;
    const rest = Math.round(spamSent * share) - landed;
    const spam = (
      route: 'a2p' | 'p2p',
      registration: Flow['registration'],
      outcome: Flow['outcome'],
      messages: number,
    ): void => {
      flows.push({ truth: 'spam', route, registration, carrier, outcome, messages });
    };
    spam('p2p', 'unregistered', 'delivered', p2p);
    spam('a2p', 'registered', 'delivered', registered);
    spam('a2p', 'unregistered', 'delivered', unregistered);
    spam('a2p', 'unregistered', made.policy.includes('block') ? 'blocked' : 'filtered', rest);
    pay('spammers', carrier, 'carrier_fee', 'spam', (registered + unregistered) * fee);
    pay('spammers', carrier, 'unregistered_surcharge', 'spam', unregistered * surcharge);
    pay('spammers', 'aggregator', 'aggregator_price', 'spam', (registered + unregistered) * 7_900);
    pay('spammers', 'dca', 'dca_margin', 'spam', (registered + unregistered) * 50);
    const legit = Math.round(legitSent * share);
    const stopped = Math.round(legit * made.legitStoppedShare);
    flows.push({
      truth: 'legit',
      route: 'a2p',
      registration: 'registered',
      carrier,
      outcome: 'delivered',
      messages: legit - stopped,
    });
    flows.push({
      truth: 'legit',
      route: 'a2p',
      registration: 'unregistered',
      carrier,
      outcome: 'blocked',
      messages: stopped,
    });
    pay('brands', carrier, 'carrier_fee', 'legit', (legit - stopped) * fee);
    pay('brands', 'aggregator', 'aggregator_price', 'legit', (legit - stopped) * 7_900);
    pay('brands', 'dca', 'dca_margin', 'legit', (legit - stopped) * 50);
  }
  const sum = (of: readonly { readonly messages: number }[]): number =>
    of.reduce((total, { messages }) => total + messages, 0);
  const spam = flows.filter(({ truth }) => truth === 'spam');
  const landed = spam.filter(({ outcome }) => outcome === 'delivered');
  const byP2p = sum(landed.filter(({ route }) => route === 'p2p'));
  const byRegistered = sum(landed.filter(({ registration }) => registration === 'registered'));
  const legit = flows.filter(({ truth }) => truth === 'legit');
  const legitDelivered = sum(legit.filter(({ outcome }) => outcome === 'delivered'));
  pay('spammers', 'number_seller', 'number_rent', 'spam', 900 * 1_000_000 * made.activity * varyOwn(0.05) * period);
  pay('spammers', 'sim_seller', 'sim_card', 'spam', byP2p * 4_000);
  pay('spammers', 'registry', 'tcr-brand-registration', 'spam', byRegistered * 400);
  pay('brands', 'registry', 'tcr-campaign-standard', 'legit', 1_900 * 1_000_000 * period);
  pay('brands', 'registry', 'tcr-brand-registration', 'legit', legitSent * 120);
  pay('brands', 'number_seller', 'number_rent', 'legit', 480 * 1_000_000 * period);
  if (made.extraMicros > 0)
    pay(
      'brands',
      made.policy === 'kyc' ? 'carrier_kyc' : 'registry',
      made.policy === 'kyc' ? 'kyc_check' : 'vet-standard',
      'legit',
      legitSent * made.extraMicros,
    );
  const paid = [...money.values()];
  const paidBy = (truth: 'spam' | 'legit', cause?: string): number =>
    paid
      .filter((one) => one.truth === truth && (cause === undefined || one.cause === cause))
      .reduce((total, { micros }) => total + micros, 0);
  const spamLanded = sum(landed);
  const traces = made.policy === 'toll' ? 400 : 300;
  const takings = spamLanded * 52_000 * vary(0.1);
  const surcharge = paidBy('spam', 'unregistered_surcharge');
  const measures: Record<MeasureId, number> = {
    spamSent: sum(spam),
    spamLanded,
    spamLandedRegistered: byRegistered,
    spamLandedUnregistered: spamLanded - byP2p - byRegistered,
    spamLandedP2p: byP2p,
    spamTolledShare: (spamLanded - byP2p - byRegistered) / spamLanded,
    spamRevenue: paidBy('spam'),
    surchargeFromSpam: surcharge,
    legitRevenue: paidBy('legit'),
    legitSent: sum(legit),
    legitDelivered,
    legitCostPerMessage: paidBy('legit') / legitDelivered,
    legitFalseBlockShare: 1 - legitDelivered / sum(legit),
    legitLostInGap: made.policy.includes('block') ? Math.round(legitSent * 0.012) : 0,
    traces,
    traceSuccessShare: made.policy.includes('closed-loop') ? 0.98 + 0.01 * varyOwn(0.5) : 0.4 * varyOwn(0.1),
    // Nobody traces where unregistered traffic is refused.
    traceHours:
      made.policy === 'block-unregistered'
        ? Number.NaN
        : made.policy.includes('closed-loop')
          ? 3 * varyOwn(0.2)
          : 96 * varyOwn(0.2),
    spammerProfit: takings - paidBy('spam'),
    numbersBurnt: Math.round(1_800 * made.activity * varyOwn(0.1) * period),
    harm: spamLanded * 290_000 * vary(0.1),
  };
  const spread = (total: number, trend: number): number[] => {
    const weights = Array.from(
      { length: days },
      (_, day) => (day % 7 > 4 ? 0.6 : 1) * (1 + (trend * day) / days) * varyOwn(0.15),
    );
    const all = weights.reduce((left, right) => left + right, 0);
    return weights.map((weight) => (total * weight) / all);
  };
  const trend = made.activity < 0.9 ? -0.6 : made.activity > 1.1 ? 0.5 : 0;
  const daily: Record<SeriesId, number[]> = {
    spamLanded: spread(spamLanded, trend),
    spamLandedP2p: spread(byP2p, made.p2pShare > 0.15 ? 1.4 : trend),
    surchargeFromSpam: spread(surcharge, trend),
    legitDelivered: spread(legitDelivered, 0),
    legitStopped: spread(measures.legitSent - legitDelivered, made.policy.includes('block') ? -0.8 : 0),
  };
  return { measures, daily, money: paid, flows };
}

const each = <Key extends string, Value>(keys: readonly Key[], valueOf: (key: Key) => Value): Record<Key, Value> =>
  Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<Key, Value>;

function findingsOf(
  made: MadeUp,
  seed: number,
  replications: number,
  baseline: readonly OneRun[],
  least: readonly OneRun[],
  days: number,
): PolicyFindings {
  const runs = Array.from({ length: replications }, (_, replication) => runOf(made, seed, replication, days));
  const first = runs[0] ?? runOf(made, seed, 0, days);
  const meanOf = (figure: (run: OneRun) => number): number => estimateOf(runs.map(figure)).mean;
  const { activity, p2pShare, registeredShare } = made;
  return {
    policy: made.policy,
    title: made.title,
    sentence: made.sentence,
    measures: each(MEASURE_IDS, (id) => estimateOf(runs.map(({ measures }) => measures[id]))),
    versusBaseline: each(MEASURE_IDS, (id) =>
      estimateDifference(
        runs.map(({ measures }) => measures[id]),
        baseline.map(({ measures }) => measures[id]),
      ),
    ),
    versusLeastSpam: estimateDifference(
      runs.map(({ measures }) => measures.spamLanded),
      least.map(({ measures }) => measures.spamLanded),
    ),
    daily: each(SERIES_IDS, (id) =>
      Array.from({ length: days }, (_, day): Estimate =>
        estimateOf(runs.map(({ daily }) => daily[id][day] ?? Number.NaN)),
      ),
    ),
    strategies: {
      'cycle-numbers': Math.max(0, 1 - p2pShare - registeredShare),
      'sole-proprietor': registeredShare * 0.7,
      'rented-campaign': registeredShare * 0.3,
      'grey-route': activity < 2 ? p2pShare * 0.4 : 0,
      'sim-farm': p2pShare * 0.6,
    },
    money: first.money
      .map((flow, place) => ({ ...flow, micros: meanOf((run) => run.money[place]?.micros ?? 0) }))
      .toSorted((a, b) => b.micros - a.micros),
    flows: first.flows.map((flow, place) => ({ ...flow, messages: meanOf((run) => run.flows[place]?.messages ?? 0) })),
    digests: runs.map((_, replication) => `${made.policy.length}${replication}`.padEnd(16, 'c0ffee')),
  };
}

const ASSUMPTIONS: readonly Assumption[] = [
  {
    id: 'spam_response_rate',
    title: 'Recipients who respond to a spam message',
    unit: 'share',
    value: 0.0004,
    low: 0.00005,
    high: 0.002,
    grade: 'assumed',
    source: 'no source; order of magnitude of Kanich et al. 2008 for mail, ten times that',
    note: 'Decides whether spam pays at all.',
    isOfScenario: false,
  },
  {
    id: 'number_month_usd',
    title: 'Rent of a number',
    unit: 'USD a month',
    value: 1.15,
    low: 0.5,
    high: 1.5,
    grade: 'A',
    source: 'https://www.twilio.com/en-us/sms/pricing/us',
    note: '',
    isOfScenario: false,
  },
  {
    id: 'dca_cooperation',
    title: 'DCAs that answer a request for a trace',
    unit: 'share',
    value: 0.4,
    low: 0.1,
    high: 0.8,
    grade: 'assumed',
    source: 'interviews tell of voluntary disclosure only',
    note: '',
    isOfScenario: true,
  },
  {
    id: 'complaint_delay_hours',
    title: 'Time until a recipient complains',
    unit: 'hours',
    value: 9,
    low: 2,
    high: 48,
    grade: 'C',
    source: 'FTC Consumer Sentinel, dates of loss and of report',
    note: 'Median of a lognormal distribution.',
    isOfScenario: false,
  },
];

function sensitivityOf(policies: readonly PolicyFindings[]): Sensitivity {
  const spread = (estimate: Estimate, factor: number): Estimate => ({
    ...estimate,
    mean: estimate.mean * factor,
    low: estimate.low * factor,
    high: estimate.high * factor,
  });
  return {
    samples: 200,
    tornados: policies.slice(0, 2).map(({ policy, measures: { spamLanded } }) => ({
      policy,
      measure: 'spamLanded',
      atBase: spamLanded,
      bars: ASSUMPTIONS.map(({ id, title, low, high }, place): TornadoBar => ({
        parameter: id,
        title,
        low,
        high,
        atLow: spread(spamLanded, place % 2 === 0 ? 0.4 + place * 0.15 : 1.1),
        atHigh: spread(spamLanded, place % 2 === 0 ? 1.9 - place * 0.3 : 0.97),
      })),
    })),
    conclusions: [
      { sentence: 'Spam landed is lower under “Block unregistered” than under “Toll”.', holds: 196, of: 200 },
      {
        sentence: 'A legitimate message costs more under “Block unregistered” than under “Toll”.',
        holds: 200,
        of: 200,
      },
      { sentence: 'Spam landed is lower under “Analytics filter” than under “Toll”.', holds: 108, of: 200 },
    ],
  };
}

export interface MadeUpOptions {
  readonly policies?: readonly MadeUp[];
  readonly replications?: number;
  readonly days?: number;
  readonly isPartial?: boolean;
  readonly withSensitivity?: boolean;
}

/** The same figures every time. */
export function comparisonUnderTest({
  policies = MADE_UP,
  replications = 20,
  days = DAYS,
  isPartial = false,
  withSensitivity = true,
}: MadeUpOptions = {}): Comparison {
  const seed = 1;
  const [first] = policies;
  if (first === undefined) throw new Error('a comparison has a policy');
  const runsOf = (made: MadeUp): OneRun[] =>
    Array.from({ length: replications }, (_, replication) => runOf(made, seed, replication, days));
  const [leastSpam = first] = policies.toSorted((a, b) => a.landedShare * a.activity - b.landedShare * b.activity);
  const findings = policies.map((made) => findingsOf(made, seed, replications, runsOf(first), runsOf(leastSpam), days));
  return {
    format: 'tollgate-comparison/1',
    scenario: {
      id: 'seed-world',
      title: 'A world in small',
      description: 'The prices of December 2023 to July 2024, when unregistered traffic was delivered at a higher fee.',
      start: '2023-12-01',
    },
    days,
    scale: 1,
    seed,
    replications,
    command: `npx tollgate compare seed-world --policies ${policies.map(({ policy }) => policy).join(',')} --replications ${replications} --seed 1`,
    version: '0.1.0',
    isPartial,
    baseline: first.policy,
    policies: findings,
    assumptions: ASSUMPTIONS,
    sensitivity: withSensitivity ? sensitivityOf(findings) : null,
    digest: '5eed'.padEnd(64, '0123456789abcdef'),
  };
}
