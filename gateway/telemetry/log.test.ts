import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { describe, expect, test } from 'vitest';
import { openGatewayUnderTest } from '../gateway-under-test.ts';
import { createLog } from './log.ts';
import { logRequests } from './request-log.ts';

/** A stream that keeps what is written to it. */
function memory() {
  const lines: string[] = [];
  return { lines, write: (line: string) => void lines.push(line) };
}

const NUMBER = '+12125550123';
const TEXT = 'The eagle lands at noon';

describe('a line', () => {
  test('has a phone number in an address masked, escaped or not, and the rest left', () => {
    const stream = memory();
    const log = createLog('debug', stream);
    for (const number of [NUMBER, encodeURIComponent(NUMBER), '12125550123', '2125550123', '%202125550123']) {
      log.info({ req: { method: 'GET', url: `/v1/lookup/${number}?limit=100` } }, 'asked');
    }
    const all = stream.lines.join('');
    expect(all).not.toMatch(/2125550123|5550123|21255501/);
    expect(all).toContain('/v1/lookup/+1212•••0123?limit=100');
  });

  test('has texts, passwords and credentials taken out', () => {
    const stream = memory();
    const log = createLog('debug', stream);
    const all = (): string => stream.lines.join('');
    log.info({ text: TEXT, password: 'hunter2' }, 'top');
    log.info({ message: { text: TEXT }, options: { password: 'hunter2' } }, 'below');
    log.info({ req: { method: 'GET', url: '/', headers: { authorization: 'Basic c2VjcmV0' } } }, 'request');
    log.info({ token: 'hunter2', a: [{ b: { webhookSecret: 'hunter2', text: TEXT } }] }, 'deep');
    log.info({ a: { b: { c: { d: { e: { f: { g: TEXT } } } } } } }, 'deeper than is looked into');
    log.error({ url: 'redis://default:hunter2@127.0.0.1:6379/0' }, 'at rediss://:hunter2@[::1]:6379');
    expect(all()).not.toMatch(/eagle|hunter2|c2VjcmV0/);
    expect(all()).toContain('redis://127.0.0.1:6379/0');
    expect(stream.lines).toHaveLength(6);
  });

  test('has numbers masked in words and errors, which lose what their maker hung on to them', () => {
    const stream = memory();
    const log = createLog('debug', stream);
    const error = Object.assign(new TypeError(`no block has ${NUMBER}`), {
      code: 'E_BLOCK',
      command: { name: 'hset', args: [TEXT] },
      cause: TEXT,
    });
    log.error(
      { err: error, why: error, from: NUMBER, at: '2024-03-01T18:00:00.000Z', bytes: 2_125_550_123 },
      `of ${NUMBER}`,
    );
    const [line = ''] = stream.lines;
    expect(line).not.toMatch(/\+12125550123|eagle/);
    const told = { type: 'TypeError', message: 'no block has +1212•••0123', code: 'E_BLOCK' };
    expect(JSON.parse(line)).toMatchObject({
      err: { ...told, stack: expect.stringContaining('log.test.ts') as string },
      why: told,
      from: '+1212•••0123',
      at: '2024-03-01T18:00:00.000Z',
      bytes: 2_125_550_123,
      msg: 'of +1212•••0123',
    });
  });

  test('is one JSON object with level, time and message, and names no machine', () => {
    const stream = memory();
    createLog('info', stream).warn({ carrier: 'att' }, 'switched');
    expect(JSON.parse(stream.lines.join(''))).toEqual({
      level: 40,
      time: expect.any(Number) as number,
      carrier: 'att',
      msg: 'switched',
    });
  });

  test('below the level is not written', () => {
    const stream = memory();
    const log = createLog('warn', stream);
    log.info('quiet');
    log.error('loud');
    expect(stream.lines).toHaveLength(1);
  });
});

test('traffic of every kind leaves no number, text or secret in the log, at debug level too', async () => {
  const stream = memory();
  const gateway = await openGatewayUnderTest(
    { logLevel: 'debug', adminUser: 'anna', adminPassword: 'hunter2' },
    stream,
  );
  const admin = { authorization: `Basic ${Buffer.from('anna:hunter2').toString('base64')}` };
  const wrong = { authorization: `Basic ${Buffer.from('anna:hunter3').toString('base64')}` };
  const message = { from: NUMBER, to: gateway.number('att'), text: TEXT };
  try {
    const { id } = (await gateway.ask<{ id: string }>('POST', '/v1/messages', message)).body;
    await gateway.ask('POST', '/v1/messages', { ...message, to: '+19115550123' });
    await gateway.ask('POST', '/v1/messages', { ...message, nonsense: 1 });
    await gateway.ask('POST', '/v1/messages', JSON.stringify(message).slice(0, -1));
    await gateway.ask('POST', '/v1/messages', { ...message, callbackUrl: 'http://127.0.0.1:1/x' });
    await gateway.ask('POST', '/v1/messages/batch', [message, { ...message, text: 5 }]);
    await gateway.ask('POST', '/v1/messages/batch', JSON.stringify([message]).slice(0, -1));
    await gateway.ask('GET', `/v1/lookup/${NUMBER}`);
    await gateway.ask('GET', `/v1/lookup/${NUMBER}%zz`);
    await gateway.ask('GET', `/nowhere/${NUMBER}`);
    await gateway.ask('PUT', `/v1/numbers/${NUMBER}`, { campaign: 'CTOPA01' }, admin);
    await gateway.ask('DELETE', `/v1/numbers/${NUMBER}`, undefined, wrong);
    await gateway.ask('GET', `/v1/messages?from=${NUMBER}`, undefined, admin);
    await gateway.ask('GET', `/v1/messages/${id}`, undefined, admin);
    await gateway.ask('PUT', '/v1/regime', { regime: 'block', carrier: 'att' }, admin);
    gateway.time.advance(20_000);
  } finally {
    await gateway.close();
  }
  const all = stream.lines.join('');
  expect(all).toContain('regime switched');
  for (const secret of ['2125550123', message.to.slice(2), '9115550123', 'eagle', 'hunter', 'authorization']) {
    expect(stream.lines.filter((line) => line.includes(secret))).toEqual([]);
  }
});

describe('at level debug', () => {
  test('each request has a line, which names its route and no address; at info it has none', async () => {
    for (const level of ['debug', 'info']) {
      const stream = memory();
      const gateway = await openGatewayUnderTest({ logLevel: level }, stream);
      try {
        await gateway.ask('GET', `/v1/lookup/${NUMBER}`);
        await gateway.ask('GET', `/nowhere/${NUMBER}`);
      } finally {
        await gateway.close();
      }
      const told = stream.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const ms = expect.any(Number) as number;
      const line = { level: 20, msg: 'request', method: 'GET', ms };
      expect(told.filter(({ msg }) => msg === 'request')).toMatchObject(
        level === 'info'
          ? []
          : [
              { ...line, route: '/v1/lookup/:number', status: 200 },
              { ...line, route: 'none', status: 404 },
            ],
      );
    }
  });

  test('the line of a request in which one message was decided has its id, by whatever API, and that of several has none', async () => {
    const stream = memory();
    const gateway = await openGatewayUnderTest({ logLevel: 'debug' }, stream);
    const to = gateway.number('att');
    const message = { from: gateway.number('cpaas'), to, text: TEXT };
    let id = '';
    try {
      ({ id } = (await gateway.send()).body);
      await gateway.send({ to: '+12015550123', truth: 'spam' });
      await gateway.send({ idempotencyKey: 'a' });
      await gateway.send({ idempotencyKey: 'a' });
      await gateway.ask('POST', '/v1/messages', { ...message, nonsense: 1 });
      await gateway.ask('POST', '/v1/messages/batch', [message]);
      await gateway.ask('POST', '/v1/messages/batch', [message, message]);
      const sms = new URLSearchParams({
        api_key: 'acme',
        api_secret: 'secret',
        from: '12125550123',
        to: to.slice(1),
        text: TEXT,
      });
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      await gateway.ask('POST', '/vonage/sms/json', sms.toString(), form);
      await gateway.ask('GET', `/v1/messages/${id}`);
    } finally {
      await gateway.close();
    }
    const told = stream.lines.map((line) => JSON.parse(line) as { msg: string; route: string; message?: string });
    const { store } = gateway;
    const of = (sequence: number): string => store.idOf(sequence);
    expect(id).toBe(of(0));
    expect(told.filter(({ msg }) => msg === 'request').map(({ route, message: one }) => [route, one])).toEqual([
      ['/v1/messages', of(0)],
      ['/v1/messages', of(1)],
      ['/v1/messages', of(2)],
      // The answer of the first, again.
      ['/v1/messages', undefined],
      ['/v1/messages', undefined],
      ['/v1/messages/batch', of(3)],
      ['/v1/messages/batch', undefined],
      ['/vonage/sms/json', of(6)],
      ['/v1/messages/:id', undefined],
    ]);
  });

  test('a route that is asked all the time has a few lines a second, and none is forgotten', async () => {
    const stream = memory();
    const log: FastifyBaseLogger = createLog('debug', stream);
    const app = Fastify({
      loggerInstance: log,
      logController: new LogController({ disableRequestLogging: true }),
    });
    let nowNs = 5;
    logRequests(app, { monotonicNs: () => nowNs });
    app.get('/often', () => 'x');
    app.get('/seldom', () => 'x');
    for (let asked = 0; asked < 25; asked += 1) await app.inject('/often');
    await app.inject('/seldom');
    nowNs += 1e9;
    await app.inject('/often');
    await app.close();
    const told = stream.lines.map((line) => JSON.parse(line) as { route: string; unsaid?: number });
    expect(told.map(({ route, unsaid }) => [route, unsaid])).toEqual([
      ...Array.from({ length: 10 }, () => ['/often', undefined]),
      ['/seldom', undefined],
      ['/often', 15],
    ]);
  });
});

test('when the gateway itself fails, the log says why and the answer does not', async () => {
  const stream = memory();
  const gateway = await openGatewayUnderTest({ logLevel: 'error' }, stream);
  try {
    // A registry that breaks, as a bug would make it.
    gateway.core.registry.find = () => {
      throw new Error('broken on purpose');
    };
    const answer = await gateway.ask('GET', `/v1/lookup/${NUMBER}`);
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      type: 'urn:tollgate:problem:internal',
      title: 'Internal error',
      status: 500,
      detail: 'the gateway failed to answer; its log says why',
    });
    expect(stream.lines).toEqual([expect.stringContaining('broken on purpose')]);
    expect(stream.lines[0]).not.toContain('2125550123');
    expect((await gateway.ask('GET', '/healthz')).status).toBe(200);
  } finally {
    await gateway.close();
  }
});
