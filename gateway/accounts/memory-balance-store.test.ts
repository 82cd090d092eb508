import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { Balances } from '../../tariffs/index.ts';
import { AccountTable, boundsOf } from '../router/index.ts';
import { MemoryBalanceStore } from './memory-balance-store.ts';

function openStore(referencesMax?: number): { store: MemoryBalanceStore; balances: Balances } {
  const accounts = new AccountTable();
  for (const id of ['a', 'b']) accounts.set({ id, isPrepaid: true, ...boundsOf(undefined) });
  const balances = new Balances();
  return { store: new MemoryBalanceStore(accounts, balances, referencesMax), balances };
}

const held = (balanceMicros: number): object => ({ balanceMicros, heldMicros: 0, unaccountedMicros: 0 });

describe('MemoryBalanceStore', () => {
  it('pays into the balance that the core decides by, each account its own', async () => {
    const { store, balances } = openStore();
    expect(await store.credit('b', 5_000_000, 'r1')).toEqual({ outcome: 'credited', money: held(5_000_000) });
    expect([balances.micros(0), balances.micros(1)]).toEqual([0, 5_000_000]);
    expect(await store.money('a')).toEqual(held(0));
    expect(await store.money('nobody')).toEqual(held(0));
  });

  it('pays once per reference and account, and says when another amount came under one', async () => {
    const { store } = openStore();
    await store.credit('a', 10, 'r');
    expect(await store.credit('a', 10, 'r')).toEqual({ outcome: 'repeated', money: held(10) });
    expect(await store.credit('a', 11, 'r')).toEqual({ outcome: 'conflict', money: held(10) });
    expect(await store.credit('b', 11, 'r')).toEqual({ outcome: 'credited', money: held(11) });
    expect(await store.credit('a', 1, 'r 2')).toEqual({ outcome: 'credited', money: held(11) });
  });

  it('takes back what is there and no more; what was refused may come again', async () => {
    const { store, balances } = openStore();
    await store.credit('a', 10, 'in');
    expect(await store.credit('a', -11, 'out')).toEqual({ outcome: 'insufficient', money: held(10) });
    expect(await store.credit('a', -10, 'out')).toEqual({ outcome: 'credited', money: held(0) });
    expect(await store.credit('a', -10, 'out')).toEqual({ outcome: 'repeated', money: held(0) });
    expect(balances.micros(0)).toBe(0);
  });

  it('refuses an account that is not there and an amount that is no whole number', async () => {
    const { store } = openStore();
    await expect(store.credit('nobody', 1, 'r')).rejects.toThrow(RangeError);
    for (const bad of [0.5, Number.NaN, Infinity, 2 ** 53]) {
      await expect(store.credit('a', bad, 'r')).rejects.toThrow(RangeError);
    }
    expect(await store.money('a')).toEqual(held(0));
  });

  it('forgets the oldest reference when it remembers as many as it may', async () => {
    const { store } = openStore(2);
    for (const reference of ['1', '2', '3']) await store.credit('a', 1, reference);
    expect((await store.credit('a', 1, '3')).outcome).toBe('repeated');
    expect((await store.credit('a', 1, '2')).outcome).toBe('repeated');
    expect((await store.credit('a', 1, '1')).outcome).toBe('credited');
  });
});

const payment = fc.record({
  account: fc.constantFrom('a', 'b'),
  micros: fc.integer({ min: -20, max: 20 }),
  reference: fc.constantFrom('1', '2', '3', '4', '5', '6'),
});

propertyTest.prop([fc.array(payment, { maxLength: 60 })])(
  'the balance is the sum of what was credited, and never below zero, whatever comes',
  async (payments) => {
    const { store } = openStore();
    const sums: Record<string, number> = { a: 0, b: 0 };
    for (const { account, micros, reference } of payments) {
      const { outcome, money } = await store.credit(account, micros, reference);
      if (outcome === 'credited') sums[account]! += micros;
      expect(money.balanceMicros).toBe(sums[account]);
      expect(money.balanceMicros).toBeGreaterThanOrEqual(0);
    }
  },
);
