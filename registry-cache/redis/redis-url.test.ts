import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { RedisRefused } from './redis-refused.ts';
import { describeRedisUrl, parseRedisUrl } from './redis-url.ts';

const NONE = { user: undefined, password: undefined, tls: undefined };
const refusalOf = (url: string): RedisRefused => {
  try {
    parseRedisUrl(url);
  } catch (error) {
    if (error instanceof RedisRefused) return error;
    throw error;
  }
  throw new Error('it was read');
};

describe('a REDIS_URL', () => {
  it('names one server', () => {
    expect(parseRedisUrl('redis://127.0.0.1:6380')).toEqual({
      ...NONE,
      kind: 'single',
      hosts: [{ host: '127.0.0.1', port: 6380 }],
      database: 0,
    });
    expect(parseRedisUrl('redis://ann:s%40cret@redis.internal/3')).toMatchObject({
      hosts: [{ host: 'redis.internal', port: 6379 }],
      user: 'ann',
      password: 's@cret',
      database: 3,
    });
    expect(parseRedisUrl('redis://:a:b@[::1]:6379/')).toMatchObject({
      hosts: [{ host: '::1', port: 6379 }],
      user: undefined,
      password: 'a:b',
      database: 0,
    });
  });

  it('names a server with TLS', () => {
    expect(parseRedisUrl('rediss://localhost')).toMatchObject({ tls: { ca: undefined, servername: undefined } });
    expect(parseRedisUrl('rediss://localhost?ca=%2Fetc%2Fca.pem&servername=redis.internal')).toMatchObject({
      tls: { ca: '/etc/ca.pem', servername: 'redis.internal' },
    });
    expect(parseRedisUrl('rediss+cluster://a?ca=/etc/ca.pem')).toMatchObject({
      kind: 'cluster',
      tls: { ca: '/etc/ca.pem' },
    });
  });

  it('names a cluster', () => {
    expect(parseRedisUrl('redis+cluster://ann:secret@a:7000,b:7001,c')).toEqual({
      kind: 'cluster',
      hosts: [
        { host: 'a', port: 7000 },
        { host: 'b', port: 7001 },
        { host: 'c', port: 6379 },
      ],
      user: 'ann',
      password: 'secret',
      tls: undefined,
    });
  });

  it('names what sentinels watch', () => {
    expect(parseRedisUrl('redis+sentinel://a,b:26380/mymaster')).toEqual({
      ...NONE,
      kind: 'sentinel',
      hosts: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
      ],
      masterName: 'mymaster',
      database: 0,
      sentinelUser: undefined,
      sentinelPassword: undefined,
    });
    const full = 'rediss+sentinel://:secret@a/my%20master/2?sentinelUser=bob&sentinelPassword=p%26w=1&servername=x';
    expect(parseRedisUrl(full)).toMatchObject({
      password: 'secret',
      tls: { servername: 'x' },
      masterName: 'my master',
      database: 2,
      sentinelUser: 'bob',
      sentinelPassword: 'p&w=1',
    });
  });

  it.each([
    ['http://localhost', 'scheme'],
    ['localhost:6379', 'scheme'],
    ['', 'scheme'],
    ['redis+sentinels://a/m', 'scheme'],
    ['redis://localhost#1', 'scheme'],
    ['redis://', 'host 1'],
    ['redis://a:0', 'host 1'],
    ['redis://a:65536', 'host 1'],
    ['redis://a:port', 'host 1'],
    ['redis://::1:6379', 'host 1'],
    ['redis+cluster://a:1,,b:2', 'host 2'],
    ['redis://a,b', 'hosts'],
    ['redis://a/zero', 'database'],
    ['redis://a/-1', 'database'],
    ['redis://a/0/1', 'path'],
    ['redis+cluster://a/0', 'database'],
    ['redis+sentinel://a', 'master'],
    ['redis+sentinel://a//0', 'master'],
    ['redis+sentinel://a/m/x', 'database'],
    ['redis+sentinel://a/m/0/0', 'path'],
    ['redis+sentinel://a/m?sentinelUser=bob', 'sentinelUser'],
    ['redis://ann@a', 'password'],
    ['redis://ann:@a', 'password'],
    ['redis://ann:50%@a', 'password'],
    ['redis://a?ca=x', 'settings'],
    ['rediss://a?verify=no', 'settings'],
    ['rediss://a?ca=', 'ca'],
    ['rediss://a?ca=x&ca=y', 'ca'],
    ['redis://ann:se@cret@a', 'user and password'],
    ['redis://ann:se/cret@a', 'user and password'],
    ['redis://ann:se?cret@a', 'user and password'],
    ['redis://ann:se#cret@a', 'user and password'],
  ])('is refused with the part that is wrong: %s', (url, part) => {
    expect(refusalOf(url)).toMatchObject({ reason: 'bad_url' });
    expect(refusalOf(url).message).toMatch(new RegExp(`^REDIS_URL, ${part}`));
    expect(describeRedisUrl(url)).toBe('a Redis URL that cannot be read');
  });

  // Characters that no message of ours has, so that finding one means that a piece of the password got out.
  const secret = fc
    .array(fc.constantFrom('Ж', '¤', '@', '/', '?', '#', '%', ':', ',', '[', '&', '='))
    .map((text) => text.join(''));
  const leaks = (text: string): boolean => /[Ж¤]|%D0|%C2/.test(text);
  const form = fc.constantFrom(
    (password: string) => `redis://ann:${password}@localhost:6379/1`,
    // The host forgotten: what stands behind an @ would be one.
    (password: string) => `redis://ann:${password.replaceAll('@', '')}`,
    (password: string) => `redis+cluster://ann:${password}@a:1,b:2`,
    (password: string) => `rediss+sentinel://a,b/m?sentinelPassword=${password}`,
  );

  test.prop([secret, form])('never gives away its password, however it is written', (password, write) => {
    for (const url of [write(password), write(encodeURIComponent(password))]) {
      expect(leaks(describeRedisUrl(url))).toBe(false);
      try {
        parseRedisUrl(url);
      } catch (error) {
        expect(error).toBeInstanceOf(RedisRefused);
        expect(leaks(String(error))).toBe(false);
      }
    }
  });

  test.prop([fc.string({ minLength: 1, unit: 'grapheme' })])(
    'keeps any password that is written with %%',
    (password) => {
      const url = `redis://ann:${encodeURIComponent(password)}@localhost`;
      expect(parseRedisUrl(url)).toMatchObject({ user: 'ann', password });
    },
  );

  it.each([
    ['redis://ann:secret@a:6380/2', 'redis://ann@a:6380/2'],
    ['rediss://:secret@[::1]?ca=/etc/ca.pem', 'rediss://[::1]:6379'],
    ['rediss+cluster://a:1,b:2', 'rediss+cluster://a:1,b:2'],
    ['redis+sentinel://a,b/m/1?sentinelPassword=secret', 'redis+sentinel://a:26379,b:26379/m/1'],
  ])('is told without password and settings: %s', (url, told) => {
    expect(describeRedisUrl(url)).toBe(told);
  });
});
