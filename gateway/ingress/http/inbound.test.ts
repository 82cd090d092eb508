import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest, type ProblemBody } from '../../gateway-under-test.ts';
import type { MessageAnswer } from '../../messages/index.ts';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterAll(() => gateway.close());

const OURS = '+12125550100';
const inbound = (own: object = {}) =>
  gateway.ask<MessageAnswer & ProblemBody>('POST', '/v1/inbound', {
    from: gateway.number('tmobile'),
    to: OURS,
    text: 'YES',
    ...own,
  });

describe('POST /v1/inbound', () => {
  test('answers with class, carrier of the handset, price and postings', async () => {
    const before = gateway.core.counters.chargedMicros;
    const { status, body } = await inbound({ account: 'acme' });
    expect([status, body]).toEqual([
      202,
      {
        decision: 'accepted',
        registration: 'unregistered',
        reason: 'not_in_registry',
        carrier: 'tmobile',
        segments: 1,
        encoding: 'gsm-7',
        price: { totalMicros: expect.any(Number) as number, postings: expect.any(Array) as [] },
      },
    ]);
    const { postings, totalMicros } = body.price;
    expect(postings.map(({ payer, payee, cause }) => `${payer} ${payee} ${cause}`)).toEqual(
      expect.arrayContaining(['acme tmobile carrier_fee', 'acme aggregator aggregator_price']),
    );
    expect(postings.reduce((sum, { micros }) => sum + micros, 0)).toBe(totalMicros);
    expect(gateway.core.counters.chargedMicros - before).toBe(totalMicros);
  });

  test('costs what the rating says of a message in', async () => {
    const text = 'ü'.repeat(100) + '☀️';
    const rated = await gateway.ask<{ price: { totalMicros: number } }>('POST', '/v1/rate', {
      carrier: 'tmobile',
      registered: false,
      direction: 'in',
      text,
    });
    const { body } = await inbound({ text });
    expect([body.segments, body.encoding]).toEqual([2, 'ucs-2']);
    expect(body.price.totalMicros).toBe(rated.body.price.totalMicros);
  });

  test('pays no carrier on the P2P route, and may come to a toll-free number', async () => {
    const p2p = await inbound({ route: 'p2p' });
    expect(p2p.body.price.postings.map(({ payee, payer }) => [payer, payee])).toEqual([['sender', 'aggregator']]);
    expect((await inbound({ to: '+18005550100' })).status).toBe(202);
  });

  test('is counted by carrier, and is no message of the inbox', async () => {
    const counted = async (): Promise<number> => {
      const { text } = await gateway.ask('GET', '/metrics');
      return Number(/^tollgate_inbound_messages_total\{carrier="verizon"\} (\d+)$/m.exec(text)?.[1]);
    };
    const [before, held] = [await counted(), gateway.store.count];
    await inbound({ from: gateway.number('verizon') });
    expect([await counted(), gateway.store.count]).toEqual([before + 1, held]);
  });

  test('names the field that is wrong, and charges nothing', async () => {
    const before = gateway.core.counters.chargedMicros;
    const wrong = async (own: object): Promise<unknown> => {
      const { status, body } = await inbound(own);
      return [status, body.errors?.map(({ field, message }) => `${field}: ${message}`)];
    };
    expect(await wrong({ from: gateway.number('landline') })).toEqual([
      422,
      ['from: is a landline; give the number of a handset'],
    ]);
    expect(await wrong({ from: gateway.number('nobody') })).toEqual([
      422,
      ['from: lies in a block that nobody holds; give the number of a handset'],
    ]);
    expect(await wrong({ from: '+18005550100' })).toEqual([422, [expect.stringMatching(/^from: is toll-free/)]]);
    expect(await wrong({ to: '2125550100' })).toEqual([422, [expect.stringMatching(/^to: has no \+ in front/)]]);
    expect(await wrong({ to: gateway.number('tmobile') })).toEqual([
      422,
      [expect.stringMatching(/^to: is the handset/)],
    ]);
    expect(await wrong({ text: '' })).toEqual([422, ['text: is empty; write something or add media']]);
    expect(await wrong({ text: 'a'.repeat(1_601) })).toEqual([422, ['text: has 1601 characters; 1600 is the most']]);
    expect(await wrong({ text: '\ud83d' })).toEqual([422, [expect.stringMatching(/^text: holds half/)]]);
    expect(await wrong({ text: undefined })).toEqual([422, ['text: is empty; write something or add media']]);
    expect(await wrong({ route: 'a3p' })).toEqual([400, ['route: must be one of a2p, p2p']]);
    expect(await wrong({ truth: 'spam' })).toEqual([400, [expect.stringMatching(/^truth: is not a field/)]]);
    expect(gateway.core.counters.chargedMicros).toBe(before);
  });
});

describe('the id of a message whose account is told of it', () => {
  interface Arrived {
    readonly id: string;
  }
  const told = async (by: GatewayUnderTest): Promise<string> => {
    const message = { from: by.number('tmobile'), to: OURS, text: 'Hello', account: 'told' };
    return (await by.ask<Arrived>('POST', '/v1/inbound', message)).body.id;
  };
  const toldFace = (by: GatewayUnderTest) =>
    by.ask('PUT', '/v1/accounts/told', {
      kind: 'postpaid',
      api: { id: 'told', secret: 'secret-of-told' },
      face: 'sinch',
    });

  test('is new after a restore, and the same again after a reset', async () => {
    const other = await openGatewayUnderTest();
    await toldFace(other);
    const first = [await told(other), await told(other)];
    expect(new Set(first).size).toBe(2);
    const snapshot = await (await fetch(`${other.url}/v1/snapshot`)).arrayBuffer();
    const next = await told(other);

    const fresh = await openGatewayUnderTest();
    const restored = await fetch(`${fresh.url}/v1/snapshot`, {
      method: 'PUT',
      body: snapshot,
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(restored.status).toBe(200);
    expect(first).not.toContain(next);
    expect(await told(fresh)).toBe(next);

    expect(await other.ask('POST', '/v1/reset')).toMatchObject({ status: 200 });
    await toldFace(other);
    expect([await told(other), await told(other)]).toEqual(first);
    for (const one of [other, fresh]) await one.close();
  });
});
