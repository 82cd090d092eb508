import { describe, expect, it } from 'vitest';
import { boundsOf } from './account-profiles.ts';
import { type Account, ACCOUNT_BOUND_MAX, ACCOUNT_BOUNDS, AccountTable, NO_ACCOUNT } from './account-table.ts';

const account = (id: string, own: Partial<Account> = {}): Account => ({
  id,
  isPrepaid: false,
  ...boundsOf('unlimited'),
  ...own,
});

describe('AccountTable', () => {
  it('gives each account a handle, counted from 0, and finds it by its id', () => {
    const table = new AccountTable();
    expect([table.set(account('a')), table.set(account('b'))]).toEqual([0, 1]);
    expect([table.find('a'), table.find('b'), table.find('A'), table.find('c')]).toEqual([
      0,
      1,
      NO_ACCOUNT,
      NO_ACCOUNT,
    ]);
    expect([...table].map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('keeps the handle of an account that is declared again otherwise', () => {
    const table = new AccountTable();
    table.set(account('a'));
    table.set(account('b'));
    expect(table.set(account('a', { isPrepaid: true, smsPerSecond: 5 }))).toBe(0);
    expect(table.at(0)).toMatchObject({ id: 'a', isPrepaid: true, smsPerSecond: 5 });
    expect(table.count).toBe(2);
  });

  it('keeps nothing of what it was handed but the fields of an account', () => {
    const table = new AccountTable();
    const mine = { ...account('a'), note: 'mine' };
    table.set(mine);
    mine.isPrepaid = true;
    expect(table.at(0)).toEqual(account('a'));
  });

  it.each(ACCOUNT_BOUNDS)('takes no %s that is no whole number up to its bound', (field) => {
    const table = new AccountTable();
    for (const bad of [-1, 0.5, Number.NaN, Infinity, ACCOUNT_BOUND_MAX + 1]) {
      expect(() => table.set(account('a', { [field]: bad }))).toThrow(RangeError);
    }
    expect(table.set(account('a', { [field]: ACCOUNT_BOUND_MAX }))).toBe(0);
  });

  it.each(['', '-a', 'a b', 'a/b', 'a{b}', 'a'.repeat(65)])('takes no id "%s"', (id) => {
    const table = new AccountTable();
    expect(() => table.set(account(id))).toThrow(RangeError);
    expect(table.count).toBe(0);
  });
});
