import { describe, expect, it } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { normalOf } from '../engine/normal.ts';
import { parametersUnderTest } from '../lab-under-test.ts';
import { rulesOfTheSeed } from '../policies/index.ts';
import { FilterClass, newFilters, setFilters } from './filters.ts';

const STEPS = 16_384;
const scores = Array.from({ length: STEPS }, (_, step) => normalOf((step * 2 ** 18) | 0));
const ATT = 0;

/** Shares that a filter class drops at AT&T. */
function dropped(filters: ReturnType<typeof newFilters>, filterClass: number): { good: number; spam: number } {
  const threshold = filters.thresholds[filterClass * CARRIERS.length + ATT]!;
  const share = (shift: number): number => scores.filter((score) => score + shift > threshold).length / STEPS;
  return { good: share(0), spam: share(filters.separation[ATT]!) };
}

describe('filters', () => {
  const parameters = parametersUnderTest();

  it('drop the shares that are given, by class of the sender', () => {
    const filters = newFilters();
    setFilters(filters, parameters, rulesOfTheSeed(), 0);
    const unregistered = dropped(filters, FilterClass.Unregistered);
    expect(unregistered.spam).toBeCloseTo(parameters['filterSpamShareAtt']!, 3);
    expect(unregistered.good).toBeCloseTo(parameters['filterFalseShare']!, 3);
    const registered = dropped(filters, FilterClass.Registered);
    expect(registered.spam).toBeCloseTo(parameters['filterSpamShareRegistered']!, 3);
    expect(registered.good).toBeLessThan(unregistered.good);
    expect(dropped(filters, FilterClass.P2p).spam).toBeCloseTo(parameters['filterSpamShareP2p']!, 3);
  });

  it('with analytics are one point of an ROC curve for all classes, and lose as spammers adapt', () => {
    const filters = newFilters();
    const rules = { ...rulesOfTheSeed(), hasAnalytics: true };
    // So that what there was before stops less in every class.
    const own = { ...parameters, filterSpamShareP2p: 0.3 };
    setFilters(filters, own, rules, 0);
    for (const filterClass of Object.values(FilterClass)) {
      const { good, spam } = dropped(filters, filterClass);
      expect(spam).toBeCloseTo(parameters['analyticsSpamShare']!, 3);
      expect(good).toBeCloseTo(parameters['analyticsFalseShare']!, 3);
    }
    setFilters(filters, own, rules, 2);
    const later = dropped(filters, FilterClass.Unregistered);
    expect(later.spam).toBeLessThan(parameters['analyticsSpamShare']! - 0.1);
    expect(later.good).toBeCloseTo(parameters['analyticsFalseShare']!, 3);
  });

  it('with analytics never stop less than without them, however well spammers adapt', () => {
    const [without, filters] = [newFilters(), newFilters()];
    for (const analyticsFalseShare of [0.0005, 0.003, 0.02]) {
      const own = { ...parameters, analyticsFalseShare };
      setFilters(without, own, rulesOfTheSeed(), 0);
      setFilters(filters, own, { ...rulesOfTheSeed(), hasAnalytics: true }, 60);
      for (const filterClass of Object.values(FilterClass)) {
        const [before, after] = [dropped(without, filterClass), dropped(filters, filterClass)];
        expect(after.spam).toBeGreaterThanOrEqual(before.spam);
        expect(after.good).toBeGreaterThanOrEqual(before.good);
      }
    }
  });

  it('of a carrier that left are better by what is assumed, and no others', () => {
    const filters = newFilters();
    setFilters(filters, parameters, { ...rulesOfTheSeed(), exitedCarrier: ATT }, 0);
    const expected = parameters['filterSpamShareAtt']! + parameters['exitFilterGain']!;
    expect(dropped(filters, FilterClass.Unregistered).spam).toBeCloseTo(expected, 3);
  });

  it('that drop nothing or everything are possible', () => {
    const filters = newFilters();
    setFilters(filters, { ...parameters, filterSpamShareAtt: 0, filterSpamShareRegistered: 0 }, rulesOfTheSeed(), 0);
    expect(dropped(filters, FilterClass.Unregistered).spam).toBe(0);
    expect([...filters.thresholds, ...filters.separation].every(Number.isFinite)).toBe(true);
  });
});
