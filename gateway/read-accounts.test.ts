import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatBookError } from '../tariffs/index.ts';
import { type DeclaredAccount, readAccounts } from './read-accounts.ts';
import { ACCOUNT_PROFILES, AccountTable } from './router/index.ts';

function accountsOf(text: string): readonly DeclaredAccount[] {
  const read = readAccounts(text, 'a.yaml');
  if (!read.ok) throw new Error(read.errors.map((error) => formatBookError(error)).join('\n'));
  return read.accounts;
}

function errorsOf(text: string): string[] {
  const read = readAccounts(text, 'a.yaml');
  return read.ok ? [] : read.errors.map((error) => formatBookError(error));
}

const { publicKey: PUBLIC_KEY } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const one = (fields: string): string => `accounts: [{ id: acme, kind: prepaid, ${fields} }]`;

describe('readAccounts', () => {
  it('reads the accounts that ship: a postpaid one, a prepaid one with money, one with tight rates', () => {
    const accounts = accountsOf(readFileSync(new URL('starter-accounts.yaml', import.meta.url), 'utf8'));
    expect(accounts.map(({ account, balanceMicros }) => [account.id, account.isPrepaid, balanceMicros])).toEqual([
      ['starter-postpaid', false, 0],
      ['starter-prepaid', true, 25_000_000],
      ['starter-tight', false, 0],
    ]);
    expect(accounts[0]?.account).toMatchObject({ smsPerSecond: 50, mmsPerSecond: 15, inFlightMax: 0 });
    expect(accounts[2]?.account).toMatchObject({ smsPerSecond: 5, numberSmsPerSecond: 1, inFlightMax: 20 });
  });

  it('takes a balance to the micro-dollar from its digits', () => {
    expect(accountsOf(one('balance: 0.1'))[0]?.balanceMicros).toBe(100_000);
    expect(accountsOf(one('balance: "12.345678"'))[0]?.balanceMicros).toBe(12_345_678);
    expect(accountsOf(one('balance: 1000000'))[0]?.balanceMicros).toBe(1_000_000_000_000);
  });

  it('lets an account have its own bounds in place of those of its profile, or none', () => {
    const [declared] = accountsOf(
      one('profile: telnyx, limits: { smsPerSecond: 7, mmsPerSecond: none, inFlightMax: 9 }'),
    );
    expect(declared?.account).toMatchObject({
      smsPerSecond: 7,
      mmsPerSecond: 0,
      numberSmsPerSecond: 0,
      inFlightMax: 9,
    });
  });

  it('lets an account bind over SMPP, by its system_id', () => {
    expect(accountsOf(one('smpp: { systemId: acme1, password: s3cr3t }'))[0]?.smpp).toEqual({
      systemId: 'acme1',
      password: 's3cr3t',
      binds: 10,
      window: 1_000,
      addresses: [],
    });
    const own = 'binds: 2, window: 50, addresses: [10.0.0.7, 192.168.0.0/16, "2001:db8::/32"]';
    expect(accountsOf(one(`smpp: { systemId: acme1, password: 12345678, ${own} }`))[0]?.smpp).toMatchObject({
      password: '12345678',
      binds: 2,
      window: 50,
      addresses: ['10.0.0.7', '192.168.0.0/16', '2001:db8::/32'],
    });
    expect(accountsOf(one('profile: telnyx'))[0]?.smpp).toBeUndefined();
  });

  it('reads by what an account uses the APIs of providers, and shows no secret', () => {
    expect(accountsOf(one('api: { id: AC1, secret: hush }, face: twilio'))[0]).toMatchObject({
      api: { id: 'AC1', secret: 'hush' },
      face: 'twilio',
    });
    const key = JSON.stringify(PUBLIC_KEY);
    expect(
      accountsOf(one(`api: { id: AC1, secret: hush, application: { id: app, publicKey: ${key} } }`))[0]?.api,
    ).toEqual({ id: 'AC1', secret: 'hush', application: { id: 'app', publicKey: PUBLIC_KEY } });
    const errors = errorsOf(one('api: { id: AC1, secret: "hu sh" }')).join('\n');
    expect(errors).toContain('secret must be 1 to 128 printable ASCII characters');
    expect(errors).not.toContain('hu sh');
  });

  it('never shows the password of a bind', () => {
    const errors = errorsOf(one('smpp: { systemId: acme1, password: much-too-long }')).join('\n');
    expect(errors).toContain('password must be 1 to 8 printable ASCII characters, as SMPP has room for');
    expect(errors).not.toContain('much-too-long');
  });

  it.each(Object.keys(ACCOUNT_PROFILES))('knows a profile %s that the table of accounts takes', (profile) => {
    const [declared] = accountsOf(one(`profile: ${profile}`));
    expect(new AccountTable().set(declared!.account)).toBe(0);
  });

  it.each([
    ['{}', 'a.yaml:1:1 the accounts file has no "accounts": add it'],
    ['accounts: [{ kind: prepaid }]', 'a.yaml:1:12 an account has no "id": add it'],
    ['accounts: [{ id: acme }]', 'a.yaml:1:12 an account has no "kind": add it'],
    ['accounts: [{ id: acme, kind: free }]', 'a.yaml:1:30 unknown kind "free": use one of prepaid, postpaid'],
    ['accounts: [{ id: "a b", kind: prepaid }]', 'a.yaml:1:18 id "a b" must be up to 64 letters, digits'],
    ['accounts: [{ id: ../x, kind: prepaid }]', 'id "../x" must be up to 64 letters'],
    [
      'accounts: [{ id: a, kind: prepaid }, { id: a, kind: prepaid }]',
      'a.yaml:1:44 a second a: accounts are declared once',
    ],
    [
      'accounts: [{ id: a, kind: postpaid, balance: 5 }]',
      'a.yaml:1:46 a balance belongs to a prepaid account: remove it',
    ],
    [one('balance: -5'), 'a.yaml:1:48 balance: -5 is negative: amounts are zero or more'],
    [one('balance: 1e3'), 'balance: "1e3" is not a plain amount in dollars'],
    [one('balance: 0.0000001'), 'has 7 decimals: at most 6 are kept'],
    [one('balance: 1000000.01'), 'balance is more than can be paid in at once: give at most 1000000'],
    [one('balance: .nan'), 'is not a plain amount in dollars'],
    [one('profile: telnix'), 'a.yaml:1:48 unknown profile "telnix": use one of unlimited, telnyx'],
    [one('limits: telnyx'), 'limits "telnyx" must be a map of "key: value" lines'],
    [one('limits: { perSecond: 5 }'), 'unknown key "perSecond" in limits: use one of smsPerSecond'],
    [one('limits: { smsPerSecond: 0 }'), 'smsPerSecond "0" must be a whole number from 1 to 1000000000, or none'],
    [one('limits: { smsPerSecond: 1.5 }'), 'smsPerSecond "1.5" must be a whole number'],
    [one('limits: { inFlightMax: 1000000001 }'), 'inFlightMax "1000000001" must be a whole number'],
    [one('limits: { inFlightMax: }'), 'inFlightMax must be a single value'],
    [one('smpp: { systemId: acme1 }'), 'smpp has no "password": add it'],
    [
      one('smpp: { systemId: a-system-id-too-long, password: x }'),
      'systemId must be 1 to 15 printable ASCII characters',
    ],
    [one('smpp: { systemId: a, password: x, binds: 0 }'), 'binds "0" must be a whole number from 1 to 10000'],
    [
      one('smpp: { systemId: a, password: x, window: 1000000 }'),
      'window "1000000" must be a whole number from 1 to 100000',
    ],
    [
      one('smpp: { systemId: a, password: x, addresses: [] }'),
      'addresses must be 1 to 100; leave them out to allow all',
    ],
    [
      one('smpp: { systemId: a, password: x, addresses: [10.0.0.0/33] }'),
      '"10.0.0.0/33" must be an address or a block',
    ],
    [one('smpp: { systemId: a, password: x, addresses: [localhost] }'), '"localhost" must be an address or a block'],
    [one('smpp: { systemId: a, password: x, port: 1 }'), 'unknown key "port" in smpp'],
    [
      'accounts: [{ id: a, kind: prepaid, smpp: { systemId: s, password: x } }, { id: b, kind: prepaid, smpp: { systemId: s, password: y } }]',
      'a second systemId s: each is of one account',
    ],
    [one('api: { id: AC1 }'), 'api has no "secret": add it'],
    [one('api: { id: "a:b", secret: x }'), 'id "a:b" of an api must be 1 to 128 letters'],
    [
      one('api: { id: a, secret: x, application: { id: b, publicKey: c } }'),
      'publicKey must be an RSA public key in PEM',
    ],
    [one('api: { id: a, secret: x, application: { id: b } }'), 'application has no "publicKey": add it'],
    [one('face: acme'), 'unknown face "acme": use one of twilio'],
    [
      'accounts: [{ id: a, kind: prepaid, api: { id: s, secret: x } }, { id: b, kind: prepaid, api: { id: s, secret: y } }]',
      'a second api with the id s: each is of one account',
    ],
    ['accounts: {', 'not valid YAML'],
  ])('refuses %s', (text, message) => {
    expect(errorsOf(text).join('\n')).toContain(message);
  });

  it('reports every mistake of a file, in the order they stand', () => {
    const errors = errorsOf('accounts:\n  - { id: a, kind: x }\n  - { id: b, kind: prepaid, balance: many }\n');
    expect(errors.map((error) => error.split(' ')[0])).toEqual(['a.yaml:2:20', 'a.yaml:3:38']);
  });
});
