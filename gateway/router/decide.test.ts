import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { ATT_CLASSES, attClassOf, TMOBILE_TIERS, tmobileTierOf } from '../../tariffs/index.ts';
import { Binding, DecisionCode, MessageKind, Registration, Route } from './codes.ts';
import { type Core, makeRoomForLimits } from './core.ts';
import { decide } from './decide.ts';
import { Regime } from './regime-table.ts';
import { MessageSlot } from './slot.ts';
import { ALL_CARRIERS, coreUnderTest, declare, TO } from './world-under-test.ts';

const FROM = 2_122_005_555;
const NOON = Date.UTC(2024, 2, 1, 20, 0, 0);
const SEED_WORLD = Date.UTC(2024, 2, 1);
const MINUTE = 60_000;
const DAY = 86_400_000;

interface Message {
  from?: number;
  to?: number;
  units?: number;
  kind?: number;
  route?: number;
  atMs?: number;
  pricedAtMs?: number;
  draw?: number;
}

function send(core: Core, message: Message = {}, slot = new MessageSlot()): MessageSlot {
  slot.senderKey = message.from ?? FROM;
  slot.destinationKey = message.to ?? TO.att;
  slot.units = message.units ?? 1;
  slot.kind = message.kind ?? MessageKind.Sms;
  slot.route = message.route ?? Route.A2p;
  slot.atMs = message.atMs ?? NOON;
  slot.pricedAtMs = message.pricedAtMs ?? SEED_WORLD;
  slot.draw = message.draw ?? 0;
  decide(core, slot);
  return slot;
}

/** A core with `FROM` registered to a campaign of this kind. */
function registered(campaign: Parameters<typeof declare>[1] = { attClass: 'A', tmobileTier: 'TOP' }): Core {
  const core = coreUnderTest();
  core.registry.register(FROM, declare(core, campaign), NOON - 1, NOON);
  makeRoomForLimits(core);
  return core;
}

describe('the class of a sender', () => {
  it('is registered when the number is in the registry and its campaign is active at that carrier', () => {
    expect(send(registered()).registration).toBe(Registration.Registered);
  });

  it('is unregistered when the number is not in the registry', () => {
    expect(send(coreUnderTest()).registration).toBe(Registration.NotInRegistry);
  });

  it('depends on the destination: one bit per carrier', () => {
    for (let carrier = 0; carrier < CARRIERS.length; carrier += 1) {
      const core = registered({ attClass: 'A', tmobileTier: 'TOP', status: ALL_CARRIERS & ~(1 << carrier) });
      const classes = [TO.att, TO.verizon, TO.tmobile, TO.uscellular, TO.other].map(
        (to) => send(core, { to }).registration,
      );
      expect(classes).toEqual(
        CARRIERS.map((_, index) => (index === carrier ? Registration.NotActiveAtCarrier : Registration.Registered)),
      );
    }
  });

  it('is unregistered from the instant the campaign expires', () => {
    const core = registered({ attClass: 'A', tmobileTier: 'TOP', expiresAtMs: NOON });
    expect(send(core, { atMs: NOON - 1 }).registration).toBe(Registration.Registered);
    expect(send(core, { atMs: NOON }).registration).toBe(Registration.CampaignExpired);
  });

  it('is unregistered until the number is provisioned, tidied up or not', () => {
    const core = coreUnderTest();
    core.registry.register(FROM, declare(core, { attClass: 'A', tmobileTier: 'TOP' }), NOON + MINUTE, NOON);
    makeRoomForLimits(core);
    expect(send(core, { atMs: NOON + MINUTE - 1 }).registration).toBe(Registration.NotYetProvisioned);
    expect(send(core, { atMs: NOON + MINUTE }).registration).toBe(Registration.Registered);
    core.registry.settle(NOON + MINUTE);
    expect(send(core, { atMs: NOON + MINUTE }).registration).toBe(Registration.Registered);
  });

  it('goes back to unregistered when the number is taken out, and says nothing of the past', () => {
    const core = registered();
    core.registry.unregister(FROM);
    const slot = send(core);
    expect([slot.registration, slot.campaign]).toEqual([Registration.NotInRegistry, -1]);
  });
});

describe('destinations', () => {
  it.each([
    ['wireline', DecisionCode.DestinationLandline],
    ['cable', DecisionCode.DestinationLandline],
    ['unassigned', DecisionCode.DestinationUnassigned],
  ] as const)('%s is refused and costs nothing', (kind, code) => {
    const slot = send(registered(), { to: TO[kind] });
    expect([slot.code, slot.registration, slot.quote.totalMicros]).toEqual([code, Registration.NotClassed, 0]);
  });

  it('held by a platform is delivered by way of the other carriers', () => {
    expect(CARRIERS[send(registered(), { to: TO.cpaas }).carrier]?.id).toBe('other');
  });

  it('that was ported belongs to the new carrier', () => {
    const core = registered();
    core.carrierMap.setPorted(TO.wireline, 2);
    expect(send(core, { to: TO.wireline }).carrier).toBe(2);
  });
});

describe('the price in the default world', () => {
  const AGGREGATOR = 7_900;
  const DCA = 500;

  it.each([
    ['att', 2_000, 8_000],
    ['verizon', 3_000, 7_000],
    ['tmobile', 3_000, 5_000],
    ['uscellular', 5_000, 0],
    ['other', 3_500, 0],
  ] as const)('at %s: a fee of %d micro-dollars, and %d more for the unregistered', (carrier, fee, surcharge) => {
    const plain = send(registered(), { to: TO[carrier] }).quote;
    const dear = send(coreUnderTest(), { to: TO[carrier] }).quote;
    expect([plain.carrierFeeMicros, plain.surchargeMicros]).toEqual([fee, 0]);
    expect([dear.carrierFeeMicros, dear.surchargeMicros]).toEqual([fee, surcharge]);
    expect(plain.totalMicros).toBe(fee + DCA + AGGREGATOR);
    expect(dear.totalMicros).toBe(fee + surcharge + DCA + AGGREGATOR);
  });

  it('is paid per segment', () => {
    expect(send(coreUnderTest(), { units: 3 }).quote.totalMicros).toBe(3 * (10_000 + DCA + AGGREGATOR));
  });

  it('pays no carrier on the P2P route, whoever sends', () => {
    for (const core of [registered(), coreUnderTest()]) {
      const slot = send(core, { route: Route.P2p });
      expect([slot.code, slot.quote.totalMicros, slot.quote.aggregatorMicros]).toEqual([0, AGGREGATOR, AGGREGATOR]);
    }
  });

  it('is missing before the first book row, and then the message is refused', () => {
    const slot = send(coreUnderTest(), { pricedAtMs: Date.UTC(2010, 0, 1) });
    expect([slot.code, slot.quote.totalMicros]).toEqual([DecisionCode.NoTariff, 0]);
  });
});

describe('the regime', () => {
  const AFTER_BLOCK = Date.UTC(2025, 5, 1);
  const WHILE_FILTERING = Date.UTC(2024, 11, 1);

  it('is charge-more in the default world: unregistered traffic passes', () => {
    expect(send(coreUnderTest()).code).toBe(DecisionCode.Accepted);
  });

  it('blocks the unregistered from February 2025, and nobody else', () => {
    const slot = send(coreUnderTest(), { pricedAtMs: AFTER_BLOCK });
    expect([slot.code, slot.binding]).toEqual([DecisionCode.UnregisteredBlocked, Binding.CarrierRegime]);
    expect(send(registered(), { pricedAtMs: AFTER_BLOCK }).code).toBe(DecisionCode.Accepted);
  });

  it('does not see the P2P route', () => {
    expect(send(coreUnderTest(), { pricedAtMs: AFTER_BLOCK, route: Route.P2p }).code).toBe(DecisionCode.Accepted);
  });

  it('filters by the draw that came with the message', () => {
    const core = coreUnderTest();
    expect(send(core, { pricedAtMs: WHILE_FILTERING, draw: 0.499 }).code).toBe(DecisionCode.UnregisteredFiltered);
    expect(send(core, { pricedAtMs: WHILE_FILTERING, draw: 0.5 }).code).toBe(DecisionCode.Accepted);
  });

  it('can be switched for one carrier and back', () => {
    const core = coreUnderTest();
    core.regimes.override(0, Regime.Block, 0);
    expect(send(core, { to: TO.att }).code).toBe(DecisionCode.UnregisteredBlocked);
    expect(send(core, { to: TO.verizon }).code).toBe(DecisionCode.Accepted);
    core.regimes.clearOverride(0);
    expect(send(core, { to: TO.att }).code).toBe(DecisionCode.Accepted);
  });
});

describe("AT&T's segments per minute", () => {
  const TPM = ATT_CLASSES[attClassOf('T')]?.smsTpm ?? 0;

  it('refuses the first segment over, names the limit and says when it fits', () => {
    const core = registered({ attClass: 'T', tmobileTier: 'LOW' });
    for (let count = 0; count < TPM; count += 1) expect(send(core).code).toBe(DecisionCode.Accepted);
    const refused = send(core);
    expect(refused.code).toBe(DecisionCode.AttTpmExceeded);
    expect(refused.binding).toBe(Binding.AttCampaignTpm);
    expect([refused.limitUsed, refused.limitCap, refused.retryAfterMs]).toEqual([TPM, TPM, MINUTE / TPM]);
    expect(refused.quote.totalMicros).toBe(0);
    expect(send(core, { atMs: NOON + refused.retryAfterMs - 1 }).code).toBe(DecisionCode.AttTpmExceeded);
    expect(send(core, { atMs: NOON + refused.retryAfterMs }).code).toBe(DecisionCode.Accepted);
  });

  it('binds at AT&T only, and not on the P2P route', () => {
    const core = registered({ attClass: 'T', tmobileTier: 'LOW' });
    send(core, { units: TPM });
    expect(send(core, { to: TO.verizon }).code).toBe(DecisionCode.Accepted);
    expect(send(core, { route: Route.P2p }).code).toBe(DecisionCode.Accepted);
    expect(send(core).code).toBe(DecisionCode.AttTpmExceeded);
  });

  it('counts MMS apart from SMS', () => {
    const core = registered({ attClass: 'T', tmobileTier: 'LOW' });
    send(core, { units: TPM });
    expect(send(core, { kind: MessageKind.Mms }).code).toBe(DecisionCode.Accepted);
  });

  it('admits nothing for a campaign whose counters were not made room for', () => {
    const core = coreUnderTest();
    core.registry.register(FROM, declare(core, { attClass: 'A', tmobileTier: 'TOP' }), NOON, NOON);
    expect(send(core).code).toBe(DecisionCode.AttTpmExceeded);
    expect(send(core, { to: TO.tmobile }).code).toBe(DecisionCode.TmobileDailyCapExceeded);
  });
});

describe("T-Mobile's day", () => {
  const CAP = TMOBILE_TIERS[tmobileTierOf('SOLE_PROPRIETOR')]?.dailyCap ?? 0;

  it('is one per brand over all its campaigns, SMS and MMS together', () => {
    const core = coreUnderTest();
    const first = declare(core, { attClass: 'W', tmobileTier: 'SOLE_PROPRIETOR' });
    const brand = core.campaigns.brand(first);
    const second = core.campaigns.add({
      id: 'CSECOND',
      brand,
      attClass: 0,
      useCase: 'MIXED',
      status: ALL_CARRIERS,
      expiresAtMs: Infinity,
    });
    core.registry.register(FROM, first, NOON, NOON);
    core.registry.register(FROM + 1, second, NOON, NOON);
    makeRoomForLimits(core);
    send(core, { to: TO.tmobile, units: CAP - 1 });
    expect(send(core, { to: TO.tmobile, from: FROM + 1, kind: MessageKind.Mms }).code).toBe(DecisionCode.Accepted);
    const refused = send(core, { to: TO.tmobile, from: FROM + 1 });
    expect([refused.code, refused.limitUsed, refused.limitCap]).toEqual([
      DecisionCode.TmobileDailyCapExceeded,
      CAP,
      CAP,
    ]);
  });

  it.each([
    ['an ordinary day', Date.UTC(2024, 2, 1, 8), 24],
    ['the day of 23 hours', Date.UTC(2024, 2, 10, 8), 23],
    ['the day of 25 hours', Date.UTC(2024, 10, 3, 7), 25],
  ])('ends at midnight Pacific: %s', (_, startMs, hours) => {
    const core = registered({ attClass: 'W', tmobileTier: 'SOLE_PROPRIETOR' });
    core.registry.register(FROM, 0, 0, 0);
    const endMs = startMs + hours * 3_600_000;
    send(core, { to: TO.tmobile, units: CAP, atMs: startMs });
    const refused = send(core, { to: TO.tmobile, atMs: endMs - 1 });
    expect([refused.code, refused.retryAfterMs]).toEqual([DecisionCode.TmobileDailyCapExceeded, 1]);
    expect(send(core, { to: TO.tmobile, atMs: endMs }).code).toBe(DecisionCode.Accepted);
  });
});

describe('every decision', () => {
  /** Random traffic over a core with one campaign of each kind. */
  const messages = fc.array(
    fc.record({
      from: fc.constantFrom(FROM, FROM + 1, FROM + 2, FROM + 3),
      to: fc.constantFrom(...Object.values(TO)),
      units: fc.integer({ min: 1, max: 200 }),
      kind: fc.constantFrom(0, 1),
      route: fc.constantFrom(0, 1),
      draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      gapMs: fc.integer({ min: 0, max: 120_000 }),
      pricedAtMs: fc.constantFrom(SEED_WORLD, Date.UTC(2024, 11, 1), Date.UTC(2025, 5, 1), Date.UTC(2015, 0, 1)),
    }),
    { minLength: 1, maxLength: 200 },
  );

  function busyCore(): Core {
    const core = coreUnderTest();
    core.registry.register(FROM, declare(core, { attClass: 'T', tmobileTier: 'LOW' }), 0, 0);
    core.registry.register(FROM + 1, declare(core, { attClass: 'W', tmobileTier: 'SOLE_PROPRIETOR' }), 0, 0);
    core.registry.register(FROM + 2, declare(core, { attClass: 'A', tmobileTier: 'TOP', status: 0b00110 }), 0, 0);
    makeRoomForLimits(core);
    return core;
  }

  it('has postings that sum to its total, and none when refused; a binding only when refused', () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const core = busyCore();
        let atMs = NOON;
        for (const one of sent) {
          atMs += one.gapMs;
          const { quote, code, binding } = send(core, { ...one, atMs });
          const sum = quote.carrierFeeMicros + quote.surchargeMicros + quote.dcaMicros + quote.aggregatorMicros;
          expect(quote.totalMicros).toBe(sum);
          if (code !== DecisionCode.Accepted) expect(sum).toBe(0);
          if (code === DecisionCode.Accepted) expect(binding).toBe(Binding.None);
        }
      }),
    );
  });

  it('does not depend on what was left in the slot by the message before', () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const [reusing, fresh] = [busyCore(), busyCore()];
        const slot = new MessageSlot();
        let atMs = NOON;
        for (const one of sent) {
          atMs += one.gapMs;
          expect(send(reusing, { ...one, atMs }, slot)).toEqual(send(fresh, { ...one, atMs }));
        }
      }),
    );
  });

  it('keeps each brand within its Pacific day and each campaign within its bucket', () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const core = busyCore();
        const tpm = ATT_CLASSES[attClassOf('T')]?.smsTpm ?? 0;
        const cap = TMOBILE_TIERS[tmobileTierOf('LOW')]?.dailyCap ?? 0;
        let attUnits = 0;
        let dayUnits = 0;
        let atMs = NOON;
        for (const one of sent) {
          // Within one Pacific day, so that the plain sum is the day's use.
          atMs = Math.min(atMs + one.gapMs, NOON + DAY / 4);
          const isAccepted = send(core, { ...one, from: FROM, atMs }).code === DecisionCode.Accepted;
          if (!isAccepted || one.route !== Route.A2p) continue;
          if (one.to === TO.att && one.kind === MessageKind.Sms) attUnits += one.units;
          if (one.to === TO.tmobile) dayUnits += one.units;
          expect(attUnits).toBeLessThanOrEqual(tpm + (tpm * (atMs - NOON)) / MINUTE);
          expect(dayUnits).toBeLessThanOrEqual(cap);
        }
      }),
    );
  });
});
