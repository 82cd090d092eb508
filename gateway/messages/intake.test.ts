import { describe, expect, it } from 'vitest';
import { ALL_CARRIERS, coreUnderTest, declare, TO } from '../router/world-under-test.ts';
import { BINDINGS, DECISIONS, makeRoomForLimits } from '../router/index.ts';
import { NOT_LEASED } from '../../tariffs/index.ts';
import { AWAITS_LEASE, Intake, NOT_STORED } from './intake.ts';
import { NO_SEQUENCE } from './latency-histogram.ts';
import { emptyDraft } from './message-draft.ts';
import { MessageStore } from './message-store.ts';
import { messageAnswer } from './message-view.ts';

const NOON = Date.UTC(2024, 2, 1, 20);

function open(refusesWhenStale: boolean) {
  const core = coreUnderTest();
  core.registry.register(
    2_125_550_123,
    declare(core, { attClass: 'A', tmobileTier: 'TOP', status: ALL_CARRIERS }),
    0,
    0,
  );
  makeRoomForLimits(core);
  const store = new MessageStore(8, 'TEST');
  const view = { age: 0, ageMs: () => view.age, staleMs: 5_000, refusesWhenStale };
  const intake = new Intake({
    core,
    store,
    view,
    dispatcher: { dispatch: () => {} },
    chance: { next: () => 0.5 },
    clock: { nowMs: () => NOON, monotonicNs: () => 0 },
    tariffDateMs: NOON,
  });
  const draft = Object.assign(emptyDraft(), { senderKey: 2_125_550_123, destinationKey: TO.att, units: 1, text: 'hi' });
  return { core, store, view, intake, draft };
}

describe('a view of the registry older than allowed', () => {
  it('still decides, and the answer says so, when it is set to serve', () => {
    const { core, store, view, intake, draft } = open(false);
    view.age = 4_999;
    expect(messageAnswer(core, store, intake.submit(draft)).registryView).toBeUndefined();
    view.age = 5_000;
    const answer = messageAnswer(core, store, intake.submit(draft));
    expect(answer).toMatchObject({ decision: 'accepted', registration: 'registered', registryView: 'stale' });
    view.age = 0;
    expect(messageAnswer(core, store, intake.submit(draft)).registryView).toBeUndefined();
    expect(intake.staleCount).toBe(1);
  });

  it('refuses the message with its age and when to try again, and charges nothing, when it is set to refuse', () => {
    const { core, store, view, intake, draft } = open(true);
    view.age = 7_000;
    expect(intake.submit(draft)).toBe(NOT_STORED);
    const { slot } = intake;
    expect(DECISIONS[slot.code]).toMatchObject({ name: 'registry_stale', http: 503, retryable: true });
    expect(BINDINGS[slot.binding]?.name).toBe('registry_age_ms');
    expect([slot.limitUsed, slot.limitCap, slot.quote.totalMicros]).toEqual([7_000, 5_000, 0]);
    expect(slot.retryAfterMs).toBeGreaterThan(0);
    expect([store.count, core.counters.chargedMicros, intake.staleCount]).toEqual([0, 0, 0]);
    view.age = 0;
    expect(intake.submit(draft)).toBe(0);
  });
});

describe('what is remembered of a decision that took its time', () => {
  // The clock stands still, so all are in the first bucket.
  const named = ({ decisionTimes: { sequences, lastNs, atMs } }: Intake): number[] => [
    sequences[0]!,
    lastNs[0]!,
    atMs[0]!,
  ];

  it('is the message that was stored last, accepted or refused', () => {
    const { store, intake, draft } = open(false);
    expect(named(intake)[0]).toBe(NO_SEQUENCE);
    intake.submit(draft);
    expect(named(intake)).toEqual([0, 0, NOON]);
    const refused = intake.submit({ ...draft, destinationKey: TO.wireline });
    expect(store.holds(refused)).toBe(true);
    expect(named(intake)[0]).toBe(refused);
  });

  it('is no message that has to ask for a lease: the next one may be stored under its number', () => {
    const { core, intake, draft } = open(false);
    const all = Object.values(core.limits as unknown as Record<string, object | null | (object | null)[]>).flat();
    for (const limit of all) if (limit !== null) Object.assign(limit, { waitMs: () => NOT_LEASED });
    expect(intake.submit(draft)).toBe(AWAITS_LEASE);
    expect(named(intake)[0]).toBe(NO_SEQUENCE);
    expect(intake.decisionTimes.count).toBe(1);
  });

  it('is forgotten with the messages when a state is restored', () => {
    const { intake, draft } = open(false);
    intake.submit(draft);
    intake.restore(intake.capture());
    expect(named(intake)[0]).toBe(NO_SEQUENCE);
  });
});
