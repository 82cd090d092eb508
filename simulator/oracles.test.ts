/**
 * What is known about spam and prices without running anything: published theory, and arithmetic. A model that breaks one of these would be wrong
 * whatever its figures look like.
 */
import { describe, expect, it } from 'vitest';
import { meansOf, runLab } from './lab-under-test.ts';

/** Few good senders, since these tests look at spam. */
const QUIET = { brandCount: 2, messagesPerDayLarge: 10, messagesPerDayMiddle: 10 };
/** Spammers rent and burn numbers, and have no other way. */
const ONE_WAY = {
  ...QUIET,
  rentShare: 0,
  greyShare: 0,
  simFarmShare: 0,
  dcaCare: 1,
  dcaCareSpread: 0,
  reviewWaitHours: 1e6,
};
/** Nobody is blocked, traced or fooled about what he pays. */
const UNTOUCHED = { complaintShareSpam: 0, spoofedShare: 0, numberPrice: 0 };

describe('prices and filters (Eaton, MacDonald and Meriluoto 2013)', () => {
  // Ten times as much is earned by a response, so that a message costs next to nothing against it.
  const cheap = { ...ONE_WAY, ...UNTOUCHED, responseValue: 5_000, spammerBudget: 5_000, copiesMax: 8 };
  const filter = { analyticsSpamShare: 0.6, analyticsEvasion: 0 };
  const price = { surchargeFactor: 10, priceFactor: 10 };
  const means = new Map<string, ReturnType<typeof meansOf>>();
  const found = (policy: string): ReturnType<typeof meansOf> => {
    const known =
      means.get(policy) ?? meansOf({ policy, set: { ...cheap, ...filter, ...price }, days: 6, scale: 0.5 }, 2);
    means.set(policy, known);
    return known;
  };

  it('a filter alone makes spammers send more', () => {
    expect(found('anti-fraud').spamSent).toBeGreaterThan(1.1 * found('toll').spamSent);
  });

  it('a price and a filter together let less land than either alone', () => {
    const both = found('price+anti-fraud').spamLanded;
    expect(both).toBeLessThan(0.9 * found('price').spamLanded);
    expect(both).toBeLessThan(0.9 * found('anti-fraud').spamLanded);
  });

  it('the higher the price, the less spam is sent', () => {
    const sent = [0, 1, 3, 9].map(
      (surchargeFactor) => meansOf({ policy: 'price', set: { ...ONE_WAY, surchargeFactor }, days: 8 }, 2).spamSent,
    );
    expect(sent).toEqual(sent.toSorted((a, b) => b - a));
    expect(sent[3]).toBeLessThan(0.6 * sent[0]!);
  });
});

describe('blocking numbers', () => {
  const busy = {
    ...ONE_WAY,
    spoofedShare: 0,
    complaintsToTrace: 1e6,
    complaintShareSpam: 0.05,
    messagesPerNumberDay: 1_000,
  };
  const landed = (numberPrice: number, complaintsToBlock: number): number =>
    meansOf({ set: { ...busy, numberPrice, complaintsToBlock }, days: 8 }, 2).spamLanded;

  it('changes next to nothing where numbers cost nothing: whack-a-mole', () => {
    const ratio = landed(0, 3) / landed(0, 1e6);
    expect(ratio).toBeGreaterThan(0.97);
    expect(ratio).toBeLessThan(1.03);
  });

  it('does where they are dear', () => {
    expect(landed(10, 3)).toBeLessThan(0.8 * landed(10, 1e6));
  });
});

describe('identity checks', () => {
  it('move spam to the P2P route rather than remove it, where that is open to all and costs as much', () => {
    const set = {
      ...QUIET,
      ...UNTOUCHED,
      priceFactor: 0,
      surchargeFactor: 0,
      dcaMargin: 0,
      filterSpamShareP2p: 0.32,
      greyShare: 1,
      rentShare: 0,
      simFarmShare: 0,
      kycCatchShare: 1,
      kycGraceDays: 0,
    };
    const before = meansOf({ policy: 'price', set, days: 12, scale: 0.6 }, 3);
    const after = meansOf({ policy: 'price+kyc', set, days: 12, scale: 0.6 }, 3);
    expect(before.spamLandedP2p).toBeLessThan(0.8 * before.spamLanded);
    expect(after.spamLandedP2p).toBeGreaterThan(0.99 * after.spamLanded);
    expect(after.spamLanded).toBeGreaterThan(0.8 * before.spamLanded);
  });
});

describe('a world with one spammer', () => {
  it('sends what the closed form says, and as much lands', () => {
    const set = {
      ...ONE_WAY,
      ...UNTOUCHED,
      spammerCount: 1,
      spammerList: 2_000,
      spammerListSpread: 0,
      spammerWorthSpread: 0,
      spammerExplores: 0,
      spammerBudget: 1e6,
      segmentsMean: 1,
      copiesMax: 4,
      responseValue: 800,
    };
    const { measures } = runLab({ set, days: 40 });
    // Market shares of late 2025 but for 5 %, and what March 2024 cost: carrier, DCA and aggregator.
    const large = 0.95 / (0.3605 + 0.3457 + 0.2938);
    const carriers = [
      { share: 0.2938 * large, price: 10_000, filtered: 0.3 },
      { share: 0.3605 * large, price: 10_000, filtered: 0.35 },
      { share: 0.3457 * large, price: 8_000, filtered: 0.25 },
      { share: 0.01, price: 5_000, filtered: 0.15 },
      { share: 0.04, price: 3_500, filtered: 0.1 },
    ];
    const mean = (of: (carrier: (typeof carriers)[number]) => number): number =>
      carriers.reduce((sum, carrier) => sum + carrier.share * of(carrier), 0);
    const reached = 0.98 * 0.95;
    const landedShare = mean(({ filtered }) => 1 - filtered) * reached;
    const cost = (mean(({ price }) => price) + 500 + 7_900) * 0.95;
    const worth = (0.9 * 0.0001 * 800e6 * 2) / (1 - Math.exp(-2));
    // copy j goes to the part of the list with worth * e^(-2 x) * p * (1 - p)^(j - 1) > cost
    const parts = [1, 2, 3, 4].map((copy) =>
      Math.max(0, Math.min(1, Math.log((worth * landedShare * (1 - landedShare) ** (copy - 1)) / cost) / 2)),
    );
    const expected = 40 * 2_000 * parts.reduce((sum, part) => sum + part, 0);
    expect(parts[1]).toBeGreaterThan(0);
    expect(measures.spamSent / expected).toBeGreaterThan(0.97);
    expect(measures.spamSent / expected).toBeLessThan(1.03);
    expect(measures.spamLanded / measures.spamSent).toBeCloseTo(landedShare, 2);
  });
});

describe('money', () => {
  it('is what the messages cost by the published prices, carrier by carrier', () => {
    const { flows, money } = runLab({ set: { segmentsMean: 1, simFarmShare: 0 }, days: 6 });
    const charged = (carrier: string, registration: string): number =>
      flows.reduce(
        (sum, flow) =>
          flow.carrier === carrier &&
          flow.route === 'a2p' &&
          flow.registration === registration &&
          flow.outcome !== 'limited'
            ? sum + flow.messages
            : sum,
        0,
      );
    const received = (payee: string, cause: string): number =>
      money.reduce((sum, flow) => (flow.payee === payee && flow.cause === cause ? sum + flow.micros : sum), 0);
    for (const [carrier, registered, unregistered] of [
      ['att', 2_000, 10_000],
      ['verizon', 3_000, 10_000],
    ] as const) {
      const [ofRegistered, ofUnregistered] = [charged(carrier, 'registered'), charged(carrier, 'unregistered')];
      expect(received(carrier, 'carrier_fee')).toBe((ofRegistered + ofUnregistered) * registered);
      expect(received(carrier, 'unregistered_surcharge')).toBe(ofUnregistered * (unregistered - registered));
    }
    const onBusinessRoute = flows.filter(
      ({ route, carrier, outcome }) => route === 'a2p' && carrier !== 'none' && outcome !== 'limited',
    );
    const messages = onBusinessRoute.reduce((sum, flow) => sum + flow.messages, 0);
    expect(received('dca', 'dca_margin')).toBe(messages * 500);
  });

  it('under the toll: on every day spam lands and pays a surcharge', () => {
    const { daily } = runLab({ set: QUIET, days: 10 });
    expect(Math.min(...daily.spamLanded)).toBeGreaterThan(0);
    expect(Math.min(...daily.surchargeFromSpam)).toBeGreaterThan(0);
  });
});

describe('traces', () => {
  const set = {
    ...QUIET,
    dcaCooperationSpread: 0,
    complaintShareSpam: 0.05,
    complaintsToTrace: 1,
    spammerBudget: 5_000,
  };

  it('succeed as often as DCAs cooperate, where the registry knows the present only', () => {
    for (const dcaCooperation of [0.2, 0.6]) {
      const { traces, traceSuccessShare } = meansOf({ set: { ...set, dcaCooperation }, days: 10 }, 3);
      const deviation = Math.sqrt((dcaCooperation * (1 - dcaCooperation)) / (3 * traces));
      expect(Math.abs(traceSuccessShare - dcaCooperation)).toBeLessThan(4 * deviation);
      expect(traces).toBeGreaterThan(100);
    }
  });

  it('nearly always succeed where the loop is closed, and in hours instead of days', () => {
    const open = meansOf({ set, days: 10 }, 3);
    const closed = meansOf({ policy: 'closed-loop', set, days: 10 }, 3);
    expect(closed.traceSuccessShare).toBeGreaterThan(0.95);
    expect(closed.traceHours).toBeLessThan(open.traceHours / 10);
  });
});
