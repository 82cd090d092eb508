import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostSender } from './post-sender.ts';
import { type Resolved, webhookGuard } from './webhook-guard.ts';

// What is refused by default is in ingress/http/bad-input.test.ts; here is what an operator can change, and what nobody can.

describe('a host the operator named', () => {
  const { refusal } = webhookGuard(['Hooks.Example.com', '10.0.0.7', '[fd00::7]']);

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

  test('still gets no credentials, no port 0 and nothing but http', () => {
    expect(refusal('https://anna:secret@hooks.example.com/')).toBe('must not carry credentials');
    expect(refusal('http://localhost:0/')).toBe(
      'names port 0, on which nobody can listen; give the port of the receiver',
    );
    expect(refusal('gopher://hooks.example.com/')).toBe('must begin with http:// or https://');
  });
});

describe('what is never called, not even when an operator names it', () => {
  test.each([
    ['metadata', '169.254.169.254', 'http://169.254.169.254/latest/meta-data'],
    ['as one number', '169.254.169.254', 'http://2852039166/'],
    ['in hexadecimal', '169.254.169.254', 'http://0xA9.0xFE.0xA9.0xFE/'],
    ['in octal', '169.254.169.254', 'http://0251.0376.0251.0376/'],
    ['mapped into IPv6', '[::ffff:a9fe:a9fe]', 'http://[::ffff:169.254.169.254]/'],
    ['translated into IPv6', '[64:ff9b::a9fe:a9fe]', 'http://[64:ff9b::a9fe:a9fe]/'],
    ['through 6to4', '[2002:a9fe:a9fe::]', 'http://[2002:a9fe:a9fe::]/'],
    ['metadata of AWS over IPv6', '[fd00:ec2::254]', 'http://[fd00:ec2::254]/'],
    ['metadata of Alibaba', '100.100.100.200', 'http://100.100.100.200/'],
    ['metadata of Azure', '168.63.129.16', 'http://168.63.129.16/metadata/instance'],
    ['translated without state', '[::ffff:0:a9fe:a9fe]', 'http://[::ffff:0:169.254.169.254]/'],
    ['link-local', '[fe80::1]', 'http://[fe80::1]/'],
    ['any address of this machine', '0.0.0.0', 'http://0/'],
    ['any address of this machine, IPv6', '[::]', 'http://[::]/'],
    ['multicast', '224.0.0.1', 'http://224.0.0.1/'],
    ['broadcast', '255.255.255.255', 'http://255.255.255.255/'],
  ])('%s', (_name, host, url) => {
    expect(webhookGuard([host]).refusal(url)).toBe(`names the host ${host}, which is never called; give another`);
  });
});

describe('where a name leads', () => {
  let hits = 0;
  const receiver = createServer((_request, response) => {
    hits += 1;
    response.end();
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    ({ port } = receiver.address() as AddressInfo);
  });
  afterAll(() => {
    receiver.closeAllConnections();
    receiver.close();
  });

  const v4 = (address: string): Resolved => ({ address, family: 4 });
  const v6 = (address: string): Resolved => ({ address, family: 6 });

  /** What becomes of posts to names by what they resolve to, one answer for each time they are asked for. */
  async function sentTo(name: string, answers: readonly Resolved[][], allowed = [name], posts = 1): Promise<string[]> {
    let asked = 0;
    const guard = webhookGuard(allowed, (hostname) => {
      expect(hostname).toBe(name);
      return Promise.resolve(answers[Math.min(asked++, answers.length - 1)] ?? []);
    });
    const sender = new PostSender(guard, 500);
    const results: string[] = [];
    for (let post = 0; post < posts; post += 1) {
      results.push((await sender.send(`http://${name}:${port}/`, {}, '{}')).result);
      // A connection is free again a turn after its answer.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await sender.close();
    return [...results, `asked ${asked}`];
  }

  test.each([
    ['metadata', [v4('169.254.169.254')]],
    ['metadata, mapped', [v6('::ffff:169.254.169.254')]],
    ['a private network', [v4('10.0.0.7')]],
    ['a private network, mapped', [v6('::ffff:10.0.0.7')]],
    ['loopback', [v4('127.0.0.1')]],
    ['loopback, IPv6', [v6('::1')]],
    ['loopback, mapped', [v6('::ffff:127.0.0.1')]],
    ['a private network, translated', [v6('::ffff:0:10.0.0.7')]],
    ['metadata of Azure', [v4('168.63.129.16')]],
    ['a private network, IPv6', [v6('fd12::1')]],
    ['any address of this machine', [v4('0.0.0.0')]],
    ['a good address and a bad one', [v4('127.0.0.1'), v4('169.254.169.254')]],
  ])('to %s: nothing is sent', async (_where, answer) => {
    const before = hits;
    expect(await sentTo('hooks.example.com', [answer])).toEqual(['forbidden', 'asked 1']);
    expect(hits).toBe(before);
  });

  test('to an address the operator named, too: it is sent', async () => {
    const allowed = ['hooks.example.com', '127.0.0.1'];
    expect(await sentTo('hooks.example.com', [[v4('127.0.0.1')]], allowed)).toEqual(['ok', 'asked 1']);
    expect(await sentTo('hooks.example.com', [[v4('127.0.0.2')]], allowed)).toEqual(['forbidden', 'asked 1']);
  });

  test('for localhost: it is sent, whatever else was named', async () => {
    expect(await sentTo('localhost', [[v4('127.0.0.1')]], ['hooks.example.com'])).toEqual(['ok', 'asked 1']);
  });

  test('for a name without a dot, which no public server answers: private is well, metadata is not', async () => {
    expect(await sentTo('receiver', [[v4('127.0.0.1')]])).toEqual(['ok', 'asked 1']);
    expect(await sentTo('receiver', [[v4('127.99.0.1')]])).toEqual([
      expect.stringMatching(/ok|unreachable/),
      'asked 1',
    ]);
    expect(await sentTo('receiver', [[v4('169.254.169.254')]])).toEqual(['forbidden', 'asked 1']);
  });

  test('is asked once for a connection, and a name that answers otherwise next time changes nothing', async () => {
    const rebound = [[v4('127.0.0.1')], [v4('169.254.169.254')]];
    const allowed = ['hooks.example.com', '127.0.0.1'];
    expect(await sentTo('hooks.example.com', rebound, allowed, 3)).toEqual(['ok', 'ok', 'ok', 'asked 1']);
  });

  test('to nowhere: it is unreachable', async () => {
    expect(await sentTo('hooks.example.com', [[]])).toEqual(['unreachable', 'asked 1']);
  });
});
