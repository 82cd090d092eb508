import { describe, expect, test } from 'vitest';
import { openGatewayUnderTest } from '../gateway-under-test.ts';
import { createLog } from './log.ts';

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
    for (const number of [NUMBER, encodeURIComponent(NUMBER), '12125550123', '2125550123']) {
      log.info({ req: { method: 'GET', url: `/v1/lookup/${number}?limit=100` } }, 'asked');
    }
    const all = stream.lines.join('');
    expect(all).not.toMatch(/2125550123|5550123|21255501/);
    expect(all).toContain('/v1/lookup/+1212*****23?limit=100');
  });

  test('has texts, passwords and credentials taken out', () => {
    const stream = memory();
    const log = createLog('debug', stream);
    log.info({ text: TEXT, password: 'hunter2' }, 'top');
    log.info({ message: { text: TEXT }, options: { password: 'hunter2' } }, 'below');
    log.info({ req: { method: 'GET', url: '/', headers: { authorization: 'Basic c2VjcmV0' } } }, 'request');
    const all = stream.lines.join('');
    expect(all).not.toMatch(/eagle|hunter2|c2VjcmV0/);
    expect(stream.lines).toHaveLength(3);
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
