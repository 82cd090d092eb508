import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keepable } from './keepable.ts';

describe('a value is kept', () => {
  test('as it is where it gives nobody away', () => {
    const value = {
      regime: 'block',
      carrier: null,
      limits: [1, 2.5, true],
      at: '2024-03-01T18:00:00.000Z',
      micros: 2125550123,
    };
    expect(keepable(value)).toEqual(value);
    expect([keepable(undefined), keepable(null), keepable('block')]).toEqual([null, null, 'block']);
  });

  test('without secrets and texts, by the names of members', () => {
    const value = {
      password: 'x',
      webhookSecret: 'x',
      apiKey: 'x',
      authToken: { a: 1 },
      text: 'x',
      key: 'x',
      keyName: 'k',
    };
    expect(keepable([value, { secret: null }])).toEqual([
      {
        password: '[redacted]',
        webhookSecret: '[redacted]',
        apiKey: '[redacted]',
        authToken: '[redacted]',
        text: '[redacted]',
        key: '[redacted]',
        keyName: 'k',
      },
      { secret: null },
    ]);
  });

  test('without what lets somebody in at an address', () => {
    expect(keepable('https://anna:pw@example.com:8443/hook?token=x#y')).toBe('https://example.com:8443/hook');
    expect(keepable('http://example.com/a@b')).toBe('http://example.com/a@b');
  });

  test('as its size and digest if it is long, or bytes', () => {
    const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    const bytes = Buffer.from([1, 2, 3]);
    expect(keepable(bytes)).toEqual({ bytes: 3, sha256: sha256(bytes) });
    const long = Array.from({ length: 4_000 }, (_, at) => at);
    const text = Buffer.from(JSON.stringify(long));
    expect(keepable(long)).toEqual({ bytes: text.length, sha256: sha256(text) });
    const letters = 'x'.repeat(20_000);
    expect(keepable(letters)).toMatchObject({ bytes: 20_002 });
    expect(keepable({ letters })).toEqual({ bytes: 20_014, sha256: expect.any(String) as string });
  });

  test('where it is long, with those of its members that are single values', () => {
    const value = { inForce: 'us-10dlc', extends: null, count: 2, rows: Array.from({ length: 4_000 }, () => 12_345) };
    expect(keepable(value)).toEqual({
      inForce: 'us-10dlc',
      extends: null,
      count: 2,
      bytes: JSON.stringify(value).length,
      sha256: expect.any(String) as string,
    });
  });

  test('without whole numbers', () => {
    expect(keepable({ note: 'call +1 (212) 555-0123', to: ['+12125550123'] })).toEqual({
      note: 'call +1212•••0123',
      to: ['+1212•••0123'],
    });
  });
});
