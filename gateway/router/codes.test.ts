import { describe, expect, it } from 'vitest';
import {
  Binding,
  BINDINGS,
  bindingAt,
  decisionAt,
  DecisionCode,
  DECISIONS,
  nameAt,
  Registration,
  REGISTRATION_LABELS,
  registrationLabelIndex,
  REGISTRATION_REASONS,
} from './codes.ts';

describe('the decision table', () => {
  it('has one row per code, in the order of the codes', () => {
    expect(Object.values(DecisionCode)).toEqual(DECISIONS.map((_, code) => code));
  });

  it('gives every decision its own name', () => {
    expect(new Set(DECISIONS.map((decision) => decision.name)).size).toBe(DECISIONS.length);
  });

  it('tells success alike on every edge: 2xx, command_status 0, and never retryable', () => {
    for (const { http, smpp, retryable } of DECISIONS) {
      expect(http < 300).toBe(smpp === 0);
      if (http < 300) expect(retryable).toBe(false);
    }
  });

  it('says 429 or 503 exactly where sending again can help', () => {
    for (const { http, retryable } of DECISIONS) expect(http === 429 || http === 503).toBe(retryable);
  });
});

describe('registrations and bindings', () => {
  it('have one name per value', () => {
    expect(Object.values(Registration)).toEqual(REGISTRATION_REASONS.map((_, index) => index));
    expect(Object.values(Binding)).toEqual(BINDINGS.map((_, index) => index));
  });

  it('label every reason but one as unregistered', () => {
    const labels = REGISTRATION_REASONS.map((_, reason) => REGISTRATION_LABELS[registrationLabelIndex(reason)]);
    expect(labels.filter((label) => label === 'unregistered')).toHaveLength(4);
    expect(labels[Registration.Registered]).toBe('registered');
    expect(labels[Registration.NotClassed]).toBe('not_classed');
  });

  it('throw for a code that no table knows', () => {
    expect(() => nameAt(['a'], 1)).toThrow(RangeError);
    expect(() => decisionAt(99)).toThrow(RangeError);
    expect(() => bindingAt(99)).toThrow(RangeError);
  });
});
