import type { onRequestHookHandler } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { CampaignRecord } from '../../../registry-cache/index.ts';
import { DAY_MS, openTcrUnderTest, type TcrUnderTest } from './tcr-under-test.ts';

let tcr: TcrUnderTest;
let campaignId: string;
beforeEach(async () => {
  tcr = await openTcrUnderTest();
  campaignId = await tcr.campaign(await tcr.brand());
});
afterEach(() => tcr.close());

async function ask(
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await tcr.app.inject({ method, url: `/v1/registry${path}`, ...(body && { payload: body }) });
  return { status: response.statusCode, body: JSON.parse(response.body) as Record<string, unknown> };
}
const act = (body: object): Promise<{ status: number; body: Record<string, unknown> }> =>
  ask('POST', `/campaigns/${campaignId}/operations`, body);

async function approved(): Promise<void> {
  await tcr.as('csp').put(`/campaign/${campaignId}/sharing/NORTH`);
  await act({ action: 'accept' });
  await tcr.pass(5 * DAY_MS);
}

test('an operator makes a campaign go its way at once, and stops it at one carrier or at all', async () => {
  await tcr.as('csp').put(`/campaign/${campaignId}/sharing/NORTH`);
  expect((await act({ action: 'accept' })).body).toMatchObject({ standing: 'available', dca: 'NORTH' });
  expect((await act({ action: 'approve' })).body).toEqual({
    id: campaignId,
    standing: 'available',
    dca: 'NORTH',
    operations: {
      att: 'approved',
      verizon: 'approved',
      tmobile: 'approved',
      uscellular: 'approved',
      other: 'approved',
    },
    numberLimit: 49,
    expiresAt: null,
  });
  expect((await act({ action: 'suspend', carrier: 'tmobile', note: 'Spam.' })).body).toMatchObject({
    operations: { att: 'approved', tmobile: 'suspended' },
  });
  expect(tcr.records.get(campaignId)).toMatchObject({ status: 0b11011 } satisfies Partial<CampaignRecord>);
  await act({ action: 'unsuspend', carrier: 'tmobile' });
  await act({ action: 'reject', carrier: 'att' });
  await act({ action: 'review', carrier: 'other' });
  expect(tcr.records.get(campaignId)?.operations).toEqual(['rejected', 'approved', 'approved', 'approved', 'review']);
  await act({ action: 'complain', carrier: 'att' });
  await act({ action: 'suspend' });
  expect(tcr.records.get(campaignId)?.status).toBe(0);
  expect((await act({ action: 'expire' })).body).toMatchObject({
    standing: 'expired',
    expiresAt: '2024-03-01T18:02:00.000Z',
  });
  expect((await ask('GET', `/campaigns/${campaignId}/operations`)).body).toMatchObject({ standing: 'expired' });
});

describe('unsuspended at all carriers', () => {
  beforeEach(async () => {
    await approved();
    await act({ action: 'approve' });
  });

  test('is a campaign that was suspended at one, and no other carrier says anything', async () => {
    await act({ action: 'suspend', carrier: 'verizon' });
    await act({ action: 'reject', carrier: 'att' });
    const { status, body } = await act({ action: 'unsuspend' });
    expect([status, body['operations']]).toEqual([
      200,
      { att: 'rejected', verizon: 'approved', tmobile: 'approved', uscellular: 'approved', other: 'approved' },
    ]);
  });

  test('is a campaign that was suspended at all', async () => {
    await act({ action: 'suspend' });
    const { status, body } = await act({ action: 'unsuspend' });
    expect([status, new Set(Object.values(body['operations'] as object))]).toEqual([200, new Set(['approved'])]);
  });

  test('is one that is suspended nowhere not', async () => {
    const { status, body } = await act({ action: 'unsuspend' });
    expect([status, body['errors']]).toEqual([
      409,
      [{ field: 'carrier', message: 'Campaign is not suspended at any carrier' }],
    ]);
  });
});

test('carriers that follow the others are unsuspended with them', async () => {
  await approved();
  const others = ['att', 'verizon', 'tmobile', 'uscellular'];
  for (const carrier of others) await act({ action: 'suspend', carrier });
  expect((await act({ action: 'review', carrier: 'att' })).body).toMatchObject({ operations: { other: 'review' } });
  await act({ action: 'suspend', carrier: 'att' });
  expect((await act({ action: 'unsuspend' })).body).toMatchObject({
    operations: { att: 'approved', other: 'approved' },
  });
});

test('a DCA is made to decline', async () => {
  await tcr.as('csp').put(`/campaign/${campaignId}/sharing/NORTH`);
  expect((await act({ action: 'decline', note: 'No.' })).body).toMatchObject({ standing: 'declined', dca: null });
  expect(await tcr.as('csp').get(`/campaign/${campaignId}/sharing`)).toMatchObject({
    sharedByMe: { explanation: 'No.' },
  });
});

describe('what cannot be done is a problem', () => {
  it.each([
    [{ action: 'accept' }, 409, 'campaignId'],
    [{ action: 'unsuspend', carrier: 'att' }, 409, 'carrier'],
    [{ action: 'dance' }, 400, 'action'],
    [{ action: 'approve', carrier: 'sprint' }, 400, 'carrier'],
    [{ carrier: 'att' }, 400, 'action'],
    [{ action: 'approve', reason: 'none' }, 400, 'reason'],
  ])('%j', async (body, status, field) => {
    const answer = await act(body);
    expect([answer.status, answer.body['errors']]).toMatchObject([status, [{ field }]]);
  });

  it('for an unknown campaign, and for one that is over', async () => {
    expect(await ask('GET', '/campaigns/CNOBODY/operations')).toMatchObject({ status: 404 });
    expect(await ask('POST', '/campaigns/CNOBODY/operations', { action: 'approve' })).toMatchObject({ status: 404 });
    await act({ action: 'expire' });
    expect(await act({ action: 'approve' })).toMatchObject({ status: 409 });
    expect(await act({ action: 'expire' })).toMatchObject({ status: 200 });
  });

  it('for a partner on the way, who accepts by sharing', async () => {
    await tcr.as('csp').put(`/campaign/${campaignId}/sharing/RELAY`);
    expect(await act({ action: 'accept' })).toMatchObject({ status: 409 });
  });
});

test('only the admin gets at it, where there is one', async () => {
  const requireAdmin: onRequestHookHandler = (_request, reply) => {
    reply.code(401).send({ wrong: true });
  };
  const guarded = await openTcrUnderTest({ requireAdmin });
  for (const [method, url] of [
    ['GET', '/v1/registry/campaigns/C000001/operations'],
    ['POST', '/v1/registry/campaigns/C000001/operations'],
    ['GET', '/v1/registry/postings'],
  ] as const) {
    expect([url, (await guarded.app.inject({ method, url })).statusCode]).toEqual([url, 401]);
  }
  await guarded.close();
});

test('fees are read with their sum, all or those of one payer, the newest first to stay', async () => {
  const all = (await ask('GET', '/postings')).body;
  expect(all).toEqual({
    totalMicros: 34_000_000,
    microsByCause: { 'tcr-brand-registration': 4_000_000, 'tcr-campaign-standard': 30_000_000 },
    postings: [
      {
        at: '2024-03-01T18:00:00.000Z',
        payer: 'SDEMO01',
        payee: 'tcr',
        cause: 'tcr-brand-registration',
        micros: 4_000_000,
        subject: expect.stringMatching(/^B/) as string,
      },
      {
        at: '2024-03-01T18:02:00.000Z',
        payer: 'SDEMO01',
        payee: 'tcr',
        cause: 'tcr-campaign-standard',
        micros: 30_000_000,
        subject: campaignId,
      },
    ],
  });
  expect((await ask('GET', '/postings?limit=1')).body).toMatchObject({
    totalMicros: 34_000_000,
    postings: [{ cause: 'tcr-campaign-standard' }],
  });
  expect((await ask('GET', '/postings?payer=SOTHER1')).body).toEqual({
    totalMicros: 0,
    microsByCause: {},
    postings: [],
  });
  expect((await ask('GET', '/postings?limit=1001')).status).toBe(400);
});

describe('how many numbers a campaign may hold', () => {
  it('is 49, and any with a number pool once T-Mobile has approved it', async () => {
    campaignId = await tcr.campaign(await tcr.brand(), { numberPool: true });
    expect(tcr.records.get(campaignId)?.numberLimit).toBe(49);
    await approved();
    expect(tcr.records.get(campaignId)?.numberLimit).toBe(Infinity);
    await act({ action: 'suspend', carrier: 'tmobile' });
    expect(tcr.records.get(campaignId)?.numberLimit).toBe(49);
  });

  it('is 5,000 of agents and franchises', async () => {
    campaignId = await tcr.campaign(await tcr.brand(), { usecase: 'AGENTS_FRANCHISES' });
    expect(tcr.records.get(campaignId)?.numberLimit).toBe(5_000);
  });
});

describe('a receiver that cannot be reached', () => {
  it('gets the last state when it is back, and nobody else notices', async () => {
    let isAway = true;
    const got: CampaignRecord[] = [];
    const away = await openTcrUnderTest({
      receivers: {
        publishCampaigns: (records) => {
          if (isAway) return Promise.reject(new Error('away'));
          got.push(...records);
          return Promise.resolve();
        },
        publishTerms: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve()),
      },
      log: { error: () => undefined },
    });
    const id = await away.campaign(await away.brand());
    await away.as('csp').put(`/campaign/${id}/sharing/NORTH`);
    await away.service.answerSharing(id, 'accept');
    await away.pass(10_000);
    expect(got).toEqual([]);
    isAway = false;
    await away.pass(60_000);
    expect(got.at(-1)).toMatchObject({ id, standing: 'available', dca: 'NORTH' });
    const count = got.length;
    await away.pass(60_000);
    expect(got).toHaveLength(count);
    await away.close();
  });

  it('can be told everything again', async () => {
    await approved();
    const before = tcr.records.get(campaignId);
    tcr.records.clear();
    await tcr.service.publishAll();
    expect(tcr.records.get(campaignId)).toEqual(before);
  });
});
