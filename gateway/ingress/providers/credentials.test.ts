import { describe, expect, test } from 'vitest';
import { PROVIDER_CALLERS_MAX } from '../../limits.ts';
import { type ApiAccounts, Credentials, readBasic } from './credentials.ts';

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
const ACME = { account: 'acme', api: { id: 'AC1', secret: 'one' } };
const OTHER = { account: 'other', api: { id: 'AC2', secret: 'two' } };

describe('credentials of accounts', () => {
  const credentials = new Credentials({ apis: [ACME, OTHER] }, { isLoopback: true });

  test('name their account by both halves, or by the secret alone', () => {
    expect(credentials.basic(basic('AC1:one'))).toEqual({ account: 'acme', id: 'AC1', secret: 'one' });
    expect(credentials.pair('AC2', 'two')?.account).toBe('other');
    expect(credentials.bearer('Bearer two')?.account).toBe('other');
  });

  test('let in nobody who has others', () => {
    for (const wrong of ['AC1:two', 'AC3:one', 'AC1:', ':one', 'AC1'])
      expect(credentials.basic(basic(wrong))).toBeUndefined();
    for (const wrong of [undefined, '', 'Bearer one', 'Basic ???']) expect(credentials.basic(wrong)).toBeUndefined();
    for (const wrong of [undefined, 'Bearer three', 'Bearer ', basic('AC1:one')]) {
      expect(credentials.bearer(wrong)).toBeUndefined();
    }
  });

  test('may change at any time', () => {
    const accounts: { apis: ApiAccounts['apis'] } = { apis: [ACME] };
    const changing = new Credentials(accounts, { isLoopback: false });
    expect(changing.pair('AC2', 'two')).toBeUndefined();
    accounts.apis = [OTHER];
    expect(changing.pair('AC2', 'two')?.account).toBe('other');
    expect(changing.pair('AC1', 'one')).toBeUndefined();
  });
});

describe('where no account has any', () => {
  test('anybody may come on loopback, and what is told is signed with what they came with', () => {
    const open = new Credentials({ apis: [] }, { isLoopback: true });
    expect(open.pair('AC9', 'x')).toEqual({ account: 'AC9', id: 'AC9', secret: 'x' });
    expect(open.secret('KEY0')).toMatchObject({ account: 'KEY0' });
    expect(open.cameBy('AC9')?.secret).toBe('x');
    expect(open.pair('AC9', 'y')?.secret).toBe('y');
    expect(open.cameBy('AC9')?.secret).toBe('y');
    for (const [id, secret] of [
      ['', 'x'],
      ['a b', 'x'],
      ['AC9', ''],
    ] as const)
      expect(open.pair(id, secret)).toBeUndefined();
  });

  test('a bounded number of those who came is remembered', () => {
    const open = new Credentials({ apis: [] }, { isLoopback: true });
    for (let place = 0; place <= PROVIDER_CALLERS_MAX; place += 1) open.pair(`AC${place}`, 'x');
    expect(open.cameBy('AC0')).toBeUndefined();
    expect(open.cameBy('AC1')).toBeDefined();
  });

  test('nobody may come from afar', () => {
    expect(new Credentials({ apis: [] }, { isLoopback: false }).pair('AC9', 'x')).toBeUndefined();
  });
});

test('a password may hold colons', () => {
  expect(readBasic(basic('user:a:b'))).toEqual(['user', 'a:b']);
});
