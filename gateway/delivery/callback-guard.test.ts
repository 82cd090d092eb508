import { describe, expect, test } from 'vitest';
import { callbackGuard } from './callback-guard.ts';

// What is refused by default is in ingress/http/bad-input.test.ts; here is what an operator can change.

describe('a host the operator named', () => {
  const refusal = callbackGuard(['Hooks.Example.com', '10.0.0.7', '[fd00::7]']);

  test.each([
    'http://hooks.example.com/receipts',
    'https://HOOKS.example.com:8443/',
    'http://10.0.0.7/',
    'http://0x0a000007/',
    'http://[fd00::7]/',
    'http://[FD00:0:0::7]:80/',
    'http://localhost/',
  ])('may be called: %s', (url) => {
    expect(refusal(url)).toBeUndefined();
  });

  test.each([
    'http://example.com/',
    'http://evil.hooks.example.com/',
    'http://hooks.example.com.evil.net/',
    'http://hooks.example.com@evil.net/',
    'http://evil.net/?hooks.example.com',
    'http://evil.net#hooks.example.com',
    'http://10.0.0.70/',
    'http://[fd00::8]/',
  ])('opens the door to no other: %s', (url) => {
    expect(refusal(url)).toMatch(/not allowed|credentials/);
  });

  test('still gets no credentials and nothing but http', () => {
    expect(refusal('https://anna:secret@hooks.example.com/')).toBe('must not carry credentials');
    expect(refusal('gopher://hooks.example.com/')).toBe('must begin with http:// or https://');
  });
});
