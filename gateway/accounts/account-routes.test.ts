import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Balances } from '../../tariffs/index.ts';
import { type Answer, type GatewayUnderTest, openGatewayUnderTest, type ProblemBody } from '../gateway-under-test.ts';
import { BALANCE_MICROS_MAX } from '../limits.ts';

interface Definition {
  readonly account: string;
  readonly kind: string;
  readonly limits: Readonly<Record<string, number | null>>;
}

interface Money {
  readonly balanceMicros: number;
  readonly heldMicros: number;
  readonly unaccountedMicros: number;
}

interface AccountBody extends Definition {
  readonly money: Money;
  readonly spentMicros: number;
  readonly inFlight: number;
  readonly api: object | null;
}

interface PaymentBody {
  readonly amountMicros: number;
  readonly repeated: boolean;
  readonly money: Money;
}

interface BatchBody {
  readonly accepted: number;
  readonly results: readonly { readonly decision: string; readonly totalMicros: number }[];
}

let gateway: GatewayUnderTest;
beforeAll(async () => (gateway = await openGatewayUnderTest()));
afterAll(() => gateway.close());

let accountCount = 0;
/** An account no other test has. */
async function declared(body: object, balanceMicros = 0): Promise<string> {
  const id = `acme-${(accountCount += 1)}`;
  const { status, text } = await gateway.ask('PUT', `/v1/accounts/${id}`, body);
  expect([status, text]).toEqual([201, text]);
  if (balanceMicros > 0) expect((await pay(id, { amountMicros: balanceMicros, reference: 'first' })).status).toBe(200);
  return id;
}

const show = async (id: string): Promise<AccountBody> =>
  (await gateway.ask<AccountBody>('GET', `/v1/accounts/${id}`)).body;
const pay = (id: string, body: unknown): Promise<Answer<PaymentBody & ProblemBody>> =>
  gateway.ask('POST', `/v1/accounts/${id}/top-ups`, body);
const refund = (id: string, body: unknown): Promise<Answer<PaymentBody & ProblemBody>> =>
  gateway.ask('POST', `/v1/accounts/${id}/refunds`, body);

const { publicKey: PUBLIC_KEY, privateKey: PRIVATE_KEY } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

describe('declaring accounts', () => {
  it('starts with those of the file, the declared balance paid in', async () => {
    const { body } = await gateway.ask<{ accounts: Definition[] }>('GET', '/v1/accounts');
    expect(body.accounts.slice(0, 3).map(({ account, kind }) => [account, kind])).toEqual([
      ['starter-postpaid', 'postpaid'],
      ['starter-prepaid', 'prepaid'],
      ['starter-tight', 'postpaid'],
    ]);
    expect(await show('starter-prepaid')).toMatchObject({ money: { balanceMicros: 25_000_000 }, inFlight: 0 });
  });

  it('gives one credentials for the APIs of providers, which stay until they are changed, and never shows the secret', async () => {
    const id = await declared({ kind: 'postpaid', api: { id: 'AC1', secret: 'hush' }, face: 'twilio' });
    expect(await show(id)).toMatchObject({ api: { id: 'AC1' }, face: 'twilio' });
    const put = (body: object, account = id) =>
      gateway.ask('PUT', `/v1/accounts/${account}`, { kind: 'prepaid', ...body });
    expect((await put({})).text).not.toContain('hush');
    expect(await show(id)).toMatchObject({ api: { id: 'AC1' }, face: 'twilio' });
    const other = await put({ api: { id: 'AC1', secret: 'x' } }, 'somebody-else');
    expect([other.status, other.body.errors]).toEqual([
      422,
      [{ field: 'api.id', message: 'is the id of another account; give each its own' }],
    ]);
    const pair = { id: 'AC1', secret: 'x' };
    await put({ api: { ...pair, application: { id: 'app', publicKey: PUBLIC_KEY } } });
    expect((await show(id)).api).toEqual({ id: 'AC1', application: { id: 'app', publicKey: PUBLIC_KEY } });
    const others = { id: 'AC2', secret: 'x', application: { id: 'app', publicKey: PUBLIC_KEY } };
    expect((await put({ api: others }, 'somebody-else')).body.errors?.[0]?.field).toBe('api.application.id');
    for (const [body, field] of [
      [{ api: { id: 'a b', secret: 'x' } }, 'api.id'],
      [{ api: { id: 'a', secret: '' } }, 'api.secret'],
      [{ api: { ...pair, application: { id: 'a b', publicKey: PUBLIC_KEY } } }, 'api.application.id'],
      [{ api: { ...pair, application: { id: 'app', publicKey: 'x' } } }, 'api.application.publicKey'],
      [{ api: { ...pair, application: { id: 'app', publicKey: PRIVATE_KEY } } }, 'api.application.publicKey'],
      [{ face: 'native' }, 'face'],
    ] as const) {
      const { status, body: problem } = await put(body);
      expect([status, problem.errors?.[0]?.field]).toEqual([422, field]);
    }
    await put({ api: null, face: null });
    expect(await show(id)).toMatchObject({ api: null, face: null });
  });

  it('adds one, then changes it whole; null stands for no bound', async () => {
    const id = await declared({ kind: 'postpaid', profile: 'telnyx', limits: { mmsPerSecond: 3, inFlightMax: null } });
    expect(await show(id)).toEqual({
      account: id,
      kind: 'postpaid',
      limits: {
        smsPerSecond: 50,
        mmsPerSecond: 3,
        numberSmsPerSecond: null,
        numberMmsPerSecond: null,
        inFlightMax: null,
      },
      webhook: null,
      api: null,
      face: null,
      money: { balanceMicros: 0, heldMicros: 0, unaccountedMicros: 0 },
      spentMicros: 0,
      inFlight: 0,
    });
    const changed = await gateway.ask<Definition>('PUT', `/v1/accounts/${id}`, { kind: 'prepaid' });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ kind: 'prepaid', limits: { smsPerSecond: null, mmsPerSecond: null } });
    expect((await gateway.ask('PUT', `/v1/accounts/${id}`, changed.body)).status).toBe(422);
    const { kind, limits } = changed.body;
    expect((await gateway.ask<Definition>('PUT', `/v1/accounts/${id}`, { kind, limits })).body).toEqual(changed.body);
  });

  it.each([
    ['a b', { kind: 'prepaid' }, 'id', /must be up to 64 letters/],
    ['x', {}, 'kind', /is missing; add it/],
    ['x', { kind: 'free' }, 'kind', /must be one of prepaid, postpaid/],
    ['x', { kind: 'prepaid', profile: 'telnix' }, 'profile', /must be one of unlimited, telnyx/],
    ['x', { kind: 'prepaid', limits: 'telnyx' }, 'limits', /must be object/],
    [
      'x',
      { kind: 'prepaid', limits: { smsPerSecond: 0 } },
      'limits.smsPerSecond',
      /whole number from 1 to 1000000000, or null/,
    ],
    ['x', { kind: 'prepaid', limits: { smsPerSecond: 1.5 } }, 'limits.smsPerSecond', /whole number/],
    ['x', { kind: 'prepaid', limits: { inFlightMax: '5' } }, 'limits.inFlightMax', /whole number/],
    ['x', { kind: 'prepaid', limits: { perSecond: 5 } }, 'limits.perSecond', /is not a field of this request/],
    ['x', { kind: 'prepaid', balance: 5 }, 'balance', /is not a field of this request/],
  ])('refuses %s %j', async (id, body, field, message) => {
    const refused = await gateway.ask('PUT', `/v1/accounts/${encodeURIComponent(id)}`, body);
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toEqual([{ field, message: expect.stringMatching(message) as string }]);
  });

  it.each([
    ['GET', '', undefined],
    ['POST', '/top-ups', { amount: '1.00', reference: 'r' }],
    ['POST', '/refunds', { amount: '1.00', reference: 'r' }],
  ])('answers %s /v1/accounts/nobody%s with 404 and what to do', async (method, path, body) => {
    const refused = await gateway.ask(method, `/v1/accounts/nobody${path}`, body);
    expect([refused.status, refused.body.detail]).toEqual([
      404,
      'id: there is no account nobody; declare it with PUT /v1/accounts/nobody, or see GET /v1/accounts',
    ]);
  });
});

describe('payments', () => {
  it('come as dollars or micro-dollars, exactly', async () => {
    const id = await declared({ kind: 'prepaid' });
    expect((await pay(id, { amount: '10.00', reference: 'a' })).body).toEqual({
      account: id,
      reference: 'a',
      amountMicros: 10_000_000,
      repeated: false,
      money: { balanceMicros: 10_000_000, heldMicros: 0, unaccountedMicros: 0 },
    });
    await pay(id, { amount: '0.000001', reference: 'b' });
    await pay(id, { amountMicros: 7, reference: 'c' });
    expect((await show(id)).money.balanceMicros).toBe(10_000_008);
  });

  it('count once per reference, however often they are sent; another amount under it is refused', async () => {
    const id = await declared({ kind: 'prepaid' });
    const all = await Promise.all(Array.from({ length: 8 }, () => pay(id, { amount: '1.5', reference: 'r' })));
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(all.filter(({ body }) => !body.repeated)).toHaveLength(1);
    expect((await pay(id, { amountMicros: 1_500_000, reference: 'r' })).body.repeated).toBe(true);
    const other = await pay(id, { amount: '1.6', reference: 'r' });
    expect([other.status, other.body.errors?.[0]?.field]).toEqual([409, 'reference']);
    expect((await show(id)).money.balanceMicros).toBe(1_500_000);
  });

  it('are given back under references of their own, never below zero', async () => {
    const id = await declared({ kind: 'prepaid' });
    await pay(id, { amount: '2.00', reference: 'r' });
    const tooMuch = await refund(id, { amount: '2.000001', reference: 'r' });
    expect([tooMuch.status, tooMuch.body.detail]).toEqual([
      409,
      'amount: is more than can be given back of the $2.000000 there are; refund less',
    ]);
    expect((await refund(id, { amount: '0.50', reference: 'r' })).body).toMatchObject({
      amountMicros: -500_000,
      repeated: false,
      money: { balanceMicros: 1_500_000 },
    });
    expect((await refund(id, { amount: '0.50', reference: 'r' })).body.repeated).toBe(true);
    expect((await refund(id, { amountMicros: 1_500_000, reference: 's' })).body.money.balanceMicros).toBe(0);
  });

  const dollars = /must be dollars as text, above 0 .* at most 1000000, with at most six decimals, such as "10.00"/;
  const micros = /must be a whole number of micro-dollars from 1 to 1000000000000/;
  it.each([
    ['{"amount":"-5","reference":"r"}', 'amount', dollars],
    ['{"amount":"0","reference":"r"}', 'amount', dollars],
    ['{"amount":"abc","reference":"r"}', 'amount', dollars],
    ['{"amount":"NaN","reference":"r"}', 'amount', dollars],
    ['{"amount":"1e3","reference":"r"}', 'amount', dollars],
    ['{"amount":"","reference":"r"}', 'amount', dollars],
    ['{"amount":"1.0000001","reference":"r"}', 'amount', dollars],
    ['{"amount":"1000000.01","reference":"r"}', 'amount', dollars],
    ['{"amount":"99999999999999999999","reference":"r"}', 'amount', dollars],
    ['{"amount":10.00,"reference":"r"}', 'amount', dollars],
    ['{"amount":null,"reference":"r"}', 'amount', dollars],
    ['{"amountMicros":-1,"reference":"r"}', 'amountMicros', micros],
    ['{"amountMicros":0,"reference":"r"}', 'amountMicros', micros],
    ['{"amountMicros":0.5,"reference":"r"}', 'amountMicros', micros],
    ['{"amountMicros":1e400,"reference":"r"}', 'amountMicros', micros],
    ['{"amountMicros":1000000000001,"reference":"r"}', 'amountMicros', micros],
    ['{"amountMicros":"7","reference":"r"}', 'amountMicros', micros],
    [
      '{"amount":"1","amountMicros":1000000,"reference":"r"}',
      'amountMicros',
      /given beside amount; leave one of them out/,
    ],
    ['{"reference":"r"}', 'amount', /is missing; give it in dollars, or amountMicros/],
    ['{"amount":"1"}', 'reference', /is missing; add it/],
    ['{"amount":"1","reference":""}', 'reference', /must be text of 1 to 128 printable/],
    ['{"amount":"1","reference":7}', 'reference', /must be text of 1 to 128 printable/],
    ['{"amount":"1","reference":"r","currency":"EUR"}', 'currency', /is not a field of this request/],
  ])('refuses %s', async (body, field, message) => {
    for (const path of ['top-ups', 'refunds']) {
      const refused = await gateway.ask('POST', `/v1/accounts/starter-prepaid/${path}`, body);
      expect([path, refused.status]).toEqual([path, 422]);
      expect(refused.body.errors).toEqual([{ field, message: expect.stringMatching(message) as string }]);
    }
    expect((await show('starter-prepaid')).money.balanceMicros).toBe(25_000_000);
  });

  it('stop where an account holds a billion dollars', async () => {
    const id = await declared({ kind: 'prepaid' });
    // As by a thousand payments.
    (gateway.core.limits.accountBalance as Balances).credit(gateway.core.accounts.find(id), BALANCE_MICROS_MAX);
    const refused = await pay(id, { amountMicros: 1, reference: 'more' });
    expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([422, 'amountMicros']);
    expect((await show(id)).money.balanceMicros).toBe(BALANCE_MICROS_MAX);
  });
});

describe('prepaid', () => {
  const PRICE = 2_000 + 8_000 + 8_400; // unregistered to AT&T

  test('a message that the balance does not cover is refused with what is wanted and what is left', async () => {
    const id = await declared({ kind: 'prepaid' }, 2 * PRICE + 5);
    for (let n = 0; n < 2; n += 1) expect((await gateway.send({ account: id })).status).toBe(202);
    const refused = await gateway.send({ account: id });
    expect(refused.status).toBe(402);
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(refused.body).toMatchObject({
      status: 'rejected',
      decision: 'insufficient_balance',
      price: { totalMicros: 0, postings: [] },
      limit: { name: 'account_balance', scope: 'account', key: id, used: PRICE, cap: 5 },
    });
    await pay(id, { amountMicros: PRICE - 5, reference: 'more' });
    expect((await gateway.send({ account: id })).status).toBe(202);
    expect(await show(id)).toMatchObject({ money: { balanceMicros: 0 }, spentMicros: 3 * PRICE, inFlight: 3 });
    gateway.time.advance(120_000);
    expect(await show(id)).toMatchObject({ money: { balanceMicros: 0 }, spentMicros: 3 * PRICE, inFlight: 0 });
  });

  test('batches at once, with payments and refunds in between, never spend more than was paid in', async () => {
    const first = 40 * PRICE;
    const id = await declared({ kind: 'prepaid' }, first);
    const batch = Array.from({ length: 60 }, (_, n) => ({
      from: gateway.number('cpaas', 500 + n),
      to: gateway.number((['att', 'tmobile', 'verizon'] as const)[n % 3]!, n),
      text: 'x'.repeat(n % 4 === 0 ? 400 : 20),
      account: id,
    }));
    const asked = Array.from({ length: 6 }, async (_, n) => {
      const moved =
        n % 3 === 2
          ? refund(id, { amountMicros: 3 * PRICE, reference: `${n}` })
          : pay(id, { amountMicros: 5 * PRICE, reference: `${n}` });
      const sent = gateway.ask<BatchBody>('POST', '/v1/messages/batch', batch);
      return { sent: (await sent).body, moved: await moved };
    });
    const done = await Promise.all(asked);
    const movedMicros = done.reduce((sum, { moved }) => sum + (moved.status === 200 ? moved.body.amountMicros : 0), 0);
    const chargedMicros = done.flatMap(({ sent }) => sent.results).reduce((sum, one) => sum + one.totalMicros, 0);
    const { money, spentMicros } = await show(id);
    expect(chargedMicros).toBe(spentMicros);
    expect(money.balanceMicros).toBe(first + movedMicros - chargedMicros);
    expect(money.balanceMicros).toBeGreaterThanOrEqual(0);
    const refusedCount = done
      .flatMap(({ sent }) => sent.results)
      .filter(({ decision }) => decision === 'insufficient_balance').length;
    expect(refusedCount).toBeGreaterThan(0);
  });

  test('in a batch every message that is covered is accepted, in order, up to the first that is not', async () => {
    const id = await declared({ kind: 'prepaid' }, 3 * PRICE + 1);
    const messages = Array.from({ length: 6 }, (_, n) => ({
      from: gateway.number('cpaas', 700 + n),
      to: gateway.number('att', n),
      text: 'hi',
      account: id,
    }));
    const { body } = await gateway.ask<BatchBody>('POST', '/v1/messages/batch', messages);
    expect(body.results.map(({ decision }) => decision)).toEqual([
      ...Array.from({ length: 3 }, () => 'accepted'),
      ...Array.from({ length: 3 }, () => 'insufficient_balance'),
    ]);
  });

  test('made postpaid, an account keeps its balance untouched; made prepaid again, it draws on it again', async () => {
    const id = await declared({ kind: 'prepaid' }, PRICE);
    await gateway.ask('PUT', `/v1/accounts/${id}`, { kind: 'postpaid' });
    for (let n = 0; n < 3; n += 1) expect((await gateway.send({ account: id })).status).toBe(202);
    expect(await show(id)).toMatchObject({ money: { balanceMicros: PRICE }, spentMicros: 3 * PRICE });
    await gateway.ask('PUT', `/v1/accounts/${id}`, { kind: 'prepaid' });
    expect((await gateway.send({ account: id })).status).toBe(202);
    expect((await gateway.send({ account: id })).status).toBe(402);
    expect(await show(id)).toMatchObject({ money: { balanceMicros: 0 }, spentMicros: 4 * PRICE });
  });
});

describe('limits', () => {
  test('segments a second over all numbers of the account', async () => {
    const id = await declared({ kind: 'postpaid', limits: { smsPerSecond: 2 } });
    for (let n = 0; n < 2; n += 1)
      expect((await gateway.send({ account: id, from: gateway.number('cpaas', 800 + n) })).status).toBe(202);
    const refused = await gateway.send({ account: id });
    expect([refused.status, refused.body.decision]).toEqual([429, 'account_rate_exceeded']);
    expect(refused.body.limit).toEqual({ name: 'account_sms_rate', scope: 'account', key: id, used: 2, cap: 2 });
    expect(refused.body.retryAfterMs).toBe(500);
    gateway.time.advance(500);
    expect((await gateway.send({ account: id })).status).toBe(202);
  });

  test('messages in flight, given back as they end, also when the bound was set while they were under way', async () => {
    const id = await declared({ kind: 'postpaid' });
    await gateway.send({ account: id });
    await gateway.ask('PUT', `/v1/accounts/${id}`, { kind: 'postpaid', limits: { inFlightMax: 2 } });
    for (let n = 0; n < 2; n += 1) expect((await gateway.send({ account: id })).status).toBe(202);
    const refused = await gateway.send({ account: id });
    expect([refused.status, refused.body.decision]).toEqual([429, 'account_in_flight_exceeded']);
    expect(refused.body.limit).toEqual({ name: 'account_in_flight', scope: 'account', key: id, used: 2, cap: 2 });
    expect((await show(id)).inFlight).toBe(3);
    gateway.time.advance(120_000);
    expect((await show(id)).inFlight).toBe(0);
    for (let n = 0; n < 2; n += 1) expect((await gateway.send({ account: id })).status).toBe(202);
    expect((await gateway.send({ account: id })).status).toBe(429);
  });

  test('a number of an account has a rate of its own', async () => {
    const id = await declared({ kind: 'postpaid', profile: 'twilio-long-code' });
    const [from, other] = [gateway.number('cpaas', 900), gateway.number('cpaas', 901)];
    expect((await gateway.send({ account: id, from })).status).toBe(202);
    const refused = await gateway.send({ account: id, from });
    expect([refused.status, refused.body.limit]).toEqual([
      429,
      { name: 'account_number_rate', scope: 'number', key: from, used: 1, cap: 1 },
    ]);
    expect((await gateway.send({ account: id, from: other })).status).toBe(202);
  });

  test('an account that nobody declared is not limited and not charged in advance', async () => {
    for (let n = 0; n < 100; n += 1)
      expect((await gateway.send({ account: 'undeclared', from: gateway.number('cpaas', 1_000 + n) })).status).toBe(
        202,
      );
  });
});

test('where the operator set credentials, every route asks for them', async () => {
  const guarded = await openGatewayUnderTest({ adminUser: 'ann', adminPassword: 'secret' });
  const payment = { amount: '1', reference: 'r' };
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['GET', '/starter-prepaid', undefined],
    ['PUT', '/starter-prepaid', { kind: 'postpaid' }],
    ['POST', '/starter-prepaid/top-ups', payment],
    ['POST', '/starter-prepaid/refunds', payment],
  ] as const) {
    expect([method, path, (await guarded.ask(method, `/v1/accounts${path}`, body)).status]).toEqual([
      method,
      path,
      401,
    ]);
  }
  const authorization = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
  expect((await guarded.ask('GET', '/v1/accounts', undefined, { authorization })).status).toBe(200);
  await guarded.close();
});
