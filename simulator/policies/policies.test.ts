import { describe, expect, it } from 'vitest';
import { parametersUnderTest } from '../lab-under-test.ts';
import { POLICIES, rulesOfTheSeed } from './index.ts';

describe('policies', () => {
  it('have different ids, and contradict policies that there are', () => {
    const ids = POLICIES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, contradicts } of POLICIES) {
      for (const other of Object.keys(contradicts)) {
        expect(ids).toContain(other);
        expect(other).not.toBe(id);
      }
    }
  });

  it.each(POLICIES.map((policy) => [policy.id, policy] as const))(
    '%s changes a rule, unless it is the status quo',
    (id, policy) => {
      const rules = rulesOfTheSeed();
      policy.apply(rules, parametersUnderTest());
      if (id === 'toll') expect(rules).toEqual(rulesOfTheSeed());
      else expect(rules).not.toEqual(rulesOfTheSeed());
    },
  );
});
