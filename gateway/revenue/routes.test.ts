import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest, type ProblemBody } from '../gateway-under-test.ts';
import { FEE_COUNT_MAX } from '../limits.ts';
import type { MessageAnswer } from '../messages/index.ts';

interface RevenueAnswer {
  readonly startedAt: string;
  readonly from: string;
  readonly to: string;
  readonly by: readonly string[];
  readonly totalMicros: number;
  readonly total: string;
  readonly rows: readonly (Readonly<Record<string, string>> & { readonly micros: number })[];
}

const DOLLAR = 1_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await openGatewayUnderTest();
});
afterEach(() => gateway.close());

const revenue = async (query = ''): Promise<RevenueAnswer> => {
  const answer = await gateway.ask<RevenueAnswer>('GET', `/v1/revenue${query}`);
  expect(answer.status).toBe(200);
  expect(answer.body.rows.reduce((sum, { micros }) => sum + micros, 0)).toBe(answer.body.totalMicros);
  return answer.body;
};
const isoIn = (ms: number): string => new Date(gateway.time.nowMs() + ms).toISOString();
const fee = (body: object) => gateway.ask<Record<string, unknown> & ProblemBody>('POST', '/v1/fees', body);
const rowsBy = (axis: string, { rows }: RevenueAnswer): Record<string, number> =>
  Object.fromEntries(rows.map((row) => [row[axis], row.micros]));

describe('GET /v1/revenue', () => {
  let sent: MessageAnswer[];
  beforeEach(async () => {
    sent = [];
    for (const [group, truth] of [
      ['att', 'legit'],
      ['tmobile', 'spam'],
      ['tmobile', undefined],
    ] as const) {
      sent.push((await gateway.send({ to: gateway.number(group), ...(truth && { truth }) })).body);
    }
  });
  const postings = (): readonly MessageAnswer['price']['postings'][number][] =>
    sent.flatMap(({ price }) => price.postings);
  const total = (): number => postings().reduce((sum, { micros }) => sum + micros, 0);

  test('says who earned what since the start, the largest first', async () => {
    const answer = await revenue();
    expect(answer.by).toEqual(['payee', 'cause']);
    expect([answer.totalMicros, answer.total]).toEqual([total(), `$0.${String(total()).padStart(6, '0')}`]);
    const expected: Record<string, number> = {};
    for (const { payee, cause, micros } of postings()) {
      expected[`${payee} ${cause}`] = (expected[`${payee} ${cause}`] ?? 0) + micros;
    }
    expect(Object.fromEntries(answer.rows.map((row) => [`${row['payee']} ${row['cause']}`, row.micros]))).toEqual(
      expected,
    );
    expect(answer.rows.map(({ micros }) => micros)).toEqual(
      answer.rows.map(({ micros }) => micros).toSorted((a, b) => b - a),
    );
    expect(answer.from).toBe(answer.startedAt);
  });

  test('shows what the DCA and the aggregator earned from messages to each carrier', async () => {
    const { rows } = await revenue('?by=carrier,payee');
    const dca = rows.filter((row) => row['payee'] === 'dca').map((row) => [row['carrier'], row.micros]);
    expect(dca).toEqual([
      ['tmobile', 1_000],
      ['att', 500],
    ]);
  });

  test.each([
    'payee',
    'cause',
    'carrier',
    'registration',
    'truth',
    'truth,payee',
    'registration,cause,truth,carrier,payee',
  ])('by %s: the same total, each set of labels once', async (by) => {
    const { rows, totalMicros } = await revenue(`?by=${by}`);
    expect(totalMicros).toBe(total());
    const keys = rows.map((row) =>
      by
        .split(',')
        .map((axis) => row[axis])
        .join(),
    );
    expect(new Set(keys).size).toBe(rows.length);
    for (const row of rows) expect(Object.keys(row).sort()).toEqual([...by.split(','), 'micros', 'dollars'].sort());
  });

  test('between two minutes, hours or days', async () => {
    const first = total();
    const startMinute = isoIn(0).replace(/:\d\d\.\d{3}Z$/, ':00Z');
    gateway.time.advance(5 * MINUTE_MS);
    const nextMinute = isoIn(0).replace(/:\d\d\.\d{3}Z$/, ':00Z');
    sent.push((await gateway.send({ to: gateway.number('verizon') })).body);
    expect((await revenue(`?from=${startMinute}&to=${nextMinute}`)).totalMicros).toBe(first);
    expect((await revenue(`?to=${nextMinute}`)).totalMicros).toBe(first);
    expect((await revenue(`?from=${nextMinute}`)).totalMicros).toBe(total() - first);
    // The same instant in another zone; the plus comes as a space unless it is escaped.
    const zoned = `${new Date(Date.parse(nextMinute) + 2 * HOUR_MS).toISOString().slice(0, 16)}+02:00`;
    expect((await revenue(`?from=${zoned}`)).totalMicros).toBe(total() - first);
    const today = isoIn(0).slice(0, 10);
    expect((await revenue(`?from=${today}`)).totalMicros).toBe(total());
    expect((await revenue(`?from=${isoIn(DAY_MS).slice(0, 10)}`)).totalMicros).toBe(0);
    expect((await revenue(`?to=${today}`)).rows).toEqual([]);
  });
});

describe('/v1/fees', () => {
  test('GET lists what is in force at the tariff date, with grade and sources', async () => {
    const { status, body } = await gateway.ask<{ date: string; fees: Record<string, unknown>[] }>('GET', '/v1/fees');
    expect([status, body.date]).toEqual([200, '2024-03-01']);
    expect(body.fees.find((one) => one['fee'] === 'sev0-tier1')).toEqual({
      fee: 'sev0-tier1',
      title: 'Sev-0 tier 1: phishing, smishing, social engineering',
      kind: 'fine',
      per: 'violation',
      payee: 'tmobile',
      micros: 2_000 * DOLLAR,
      dollars: '$2000.000000',
      waived: false,
      from: '2024-01-01',
      until: null,
      confidence: 'A',
      sources: ['BW-SEV0', 'CTM-SEV0'],
      note: expect.stringMatching(/2024-02-15/) as string,
    });
    const ids = body.fees.map((one) => one['fee']);
    expect(ids).toEqual(expect.arrayContaining(['number-registry', 'tmobile-campaign-non-use', 'tmobile-grey-route']));
    expect(ids).not.toContain('tmobile-campaign-activation'); // Ended in 2022.
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('POST posts the amount of the book to the payee of the book, and it counts as revenue', async () => {
    const { status, body } = await fee({ fee: 'sev0-tier1', account: 'acme', count: 2, subject: 'CTOPA01' });
    expect([status, body]).toEqual([
      201,
      {
        fee: 'sev0-tier1',
        subject: 'CTOPA01',
        count: 2,
        at: isoIn(0),
        date: '2024-03-01',
        posting: { payer: 'acme', payee: 'tmobile', cause: 'sev0-tier1', micros: 4_000 * DOLLAR },
        dollars: '$4000.000000',
      },
    ]);
    await fee({ fee: 'number-registry', account: 'acme', count: 49 });
    expect((await revenue('?by=payee,cause,carrier,registration,truth')).rows).toEqual([
      {
        payee: 'tmobile',
        cause: 'sev0-tier1',
        carrier: 'tmobile',
        registration: 'not_classed',
        truth: 'unlabelled',
        micros: 4_000 * DOLLAR,
        dollars: '$4000.000000',
      },
      {
        payee: 'number-registry',
        cause: 'number-registry',
        carrier: 'none',
        registration: 'not_classed',
        truth: 'unlabelled',
        micros: 980_000,
        dollars: '$0.980000',
      },
    ]);
    expect((await gateway.ask('GET', '/metrics')).text).toContain('\ntollgate_fees_dollars_total 4000.98\n');
    expect(rowsBy('payee', await revenue('?by=payee&from=2024-03-01&to=2024-03-02'))).toEqual({
      tmobile: 4_000 * DOLLAR,
      'number-registry': 980_000,
    });
    expect((await revenue('?from=2024-03-02')).rows).toEqual([]);
  });

  test('a reference posts once, however often it is sent, and stands for nothing else', async () => {
    const body = { fee: 'tmobile-programme-evasion', account: 'acme', subject: 'CLOWT01', reference: 'case 17' };
    const first = await fee(body);
    gateway.time.advance(MINUTE_MS);
    const again = await fee({ ...body, count: 1 });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    for (const other of [{ account: 'other' }, { count: 2 }, { subject: 'CTOPA01' }, { fee: 'sev0-tier3' }]) {
      const taken = await fee({ ...body, ...other });
      expect([taken.status, taken.body.errors?.[0]?.field]).toEqual([409, 'reference']);
    }
    expect((await revenue()).totalMicros).toBe(1_000 * DOLLAR);
    await fee({ fee: body.fee, account: body.account });
    await fee({ fee: body.fee, account: body.account });
    expect((await revenue()).totalMicros).toBe(3_000 * DOLLAR);
  });

  test('names the field that is wrong, and what there is', async () => {
    const field = async (body: object): Promise<unknown> => {
      const answer = await fee(body);
      return [answer.status, answer.body.errors?.[0]?.field, answer.body.errors?.[0]?.message];
    };
    const good = { fee: 'sev0-tier2', account: 'acme' };
    expect(await field({ ...good, fee: 'sev0' })).toEqual([
      422,
      'fee',
      expect.stringMatching(/^is not in the book at 2024-03-01; there are .*sev0-tier1, sev0-tier2, /),
    ]);
    expect(await field({ ...good, fee: 'tmobile-campaign-activation' })).toEqual([422, 'fee', expect.any(String)]);
    expect(await field({ ...good, fee: 'tmobile-grey-route' })).toEqual([
      422,
      'fee',
      'is waived: tmobile-grey-route was announced and is not collected',
    ]);
    expect(await field({ ...good, fee: 'tcr-campaign-trial' })).toEqual([422, 'fee', expect.stringMatching(/free/)]);
    expect(await field({ account: 'acme' })).toEqual([400, 'fee', 'is missing; add it']);
    expect(await field({ fee: 'sev0-tier2' })).toEqual([400, 'account', 'is missing; add it']);
    for (const count of [0, -1, 1.5, '2', FEE_COUNT_MAX + 1, null]) {
      expect(await field({ ...good, count })).toEqual([400, 'count', expect.any(String)]);
    }
    expect(await field({ ...good, account: '' })).toEqual([400, 'account', expect.any(String)]);
    expect(await field({ ...good, amount: 5 })).toEqual([400, 'amount', expect.any(String)]);
    expect((await revenue()).rows).toEqual([]);
    expect(await field({ ...good, fee: 'tmobile-content-violation', count: FEE_COUNT_MAX })).toEqual([
      422,
      'count',
      expect.stringMatching(/exactly/),
    ]);
    expect((await revenue()).rows).toEqual([]);
  });
});

describe('fees of the campaign registry', () => {
  test('are revenue too, of whoever it says is paid', async () => {
    const authorization = `Basic ${Buffer.from('csp-key:csp-secret').toString('base64')}`;
    const created = await gateway.ask<{ brandId: string }>('POST', '/tcr/v2/brand/nonBlocking', BRAND, {
      authorization,
    });
    expect(created.status).toBe(200);
    const { brandId } = created.body;
    gateway.time.advance(10 * MINUTE_MS);
    const posted = await gateway.ask<{ totalMicros: number; microsByCause: Record<string, number> }>(
      'GET',
      '/v1/registry/postings',
    );
    expect(brandId).toMatch(/^B/);
    expect(posted.body.microsByCause).toEqual({ 'tcr-brand-registration': 4 * DOLLAR });
    expect(rowsBy('cause', await revenue('?by=cause'))).toEqual(posted.body.microsByCause);
    expect(rowsBy('payee', await revenue('?by=payee'))).toEqual({ tcr: 4 * DOLLAR });
  });
});

test('GET /v1/ledger: what all paid is what all received, accounts and registries among them', async () => {
  await gateway.send({ to: gateway.number('tmobile') });
  await fee({ fee: 'sev0-tier3', account: 'acme' });
  interface LedgerAnswer {
    readonly paidMicros: number;
    readonly receivedMicros: number;
    readonly parties: readonly { party: string; paidMicros: number; receivedMicros: number; balanceMicros: number }[];
  }
  const { body } = await gateway.ask<LedgerAnswer>('GET', '/v1/ledger');
  expect(body.paidMicros).toBe(body.receivedMicros);
  expect(body.paidMicros).toBe((await revenue()).totalMicros);
  expect(body.parties.map(({ party }) => party)).toEqual(['sender', 'tmobile', 'dca', 'aggregator', 'acme']);
  expect(body.parties.reduce((sum, { balanceMicros }) => sum + balanceMicros, 0)).toBe(0);
  expect(body.parties.at(-1)?.balanceMicros).toBe(-500 * DOLLAR);
});

describe('with admin credentials set', () => {
  let guarded: GatewayUnderTest;
  beforeAll(async () => {
    guarded = await openGatewayUnderTest({ adminUser: 'anna', adminPassword: 'secret' });
  });
  afterAll(() => guarded.close());

  test.each([
    ['POST', '/v1/fees', 401],
    ['GET', '/v1/ledger', 401],
    ['GET', '/v1/fees', 200],
    ['GET', '/v1/revenue', 200],
  ])('%s %s without them: %i', async (method, path, status) => {
    const body = method === 'POST' ? { fee: 'sev0-tier3', account: 'acme' } : undefined;
    expect((await guarded.ask(method, path, body)).status).toBe(status);
    expect(guarded.core.counters.chargedMicros).toBe(0);
  });
});

const BRAND = {
  entityType: 'PRIVATE_PROFIT',
  displayName: 'Example Bakery',
  companyName: 'Example Bakery LLC',
  ein: '12-3456789',
  phone: '+12025550100',
  street: '1 Main Street',
  city: 'Springfield',
  state: 'IL',
  postalCode: '62701',
  country: 'US',
  email: 'owner@example.com',
  vertical: 'RETAIL',
  brandRelationship: 'BASIC_ACCOUNT',
};
