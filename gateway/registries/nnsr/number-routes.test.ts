import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CAMPAIGNS, type NnsrUnderTest, NORTH, openNnsrUnderTest, SOUTH, START_MS } from './nnsr-under-test.ts';

const NUMBER = '+12125550123';
const PATH = `/nnsr/v1/numbers/${NUMBER}`;

let nnsr: NnsrUnderTest;
beforeEach(async () => {
  nnsr = await openNnsrUnderTest();
});
afterEach(() => nnsr.close());

const numberAt = (index: number): string => `+1212555${String(index).padStart(4, '0')}`;

describe('who asks', () => {
  test.each([
    ['nobody', undefined],
    ['a wrong secret', `Basic ${Buffer.from('north-key:south-secret').toString('base64')}`],
    ['another scheme', 'Bearer north-key'],
    ['a key alone', `Basic ${Buffer.from('north-key').toString('base64')}`],
  ])('%s is refused on every route', async (_who, authorization) => {
    const routes = [
      ['PUT', PATH],
      ['GET', PATH],
      ['DELETE', PATH],
      ['GET', '/nnsr/v1/notices'],
      ['GET', '/nnsr/v1/nnids'],
      ['GET', '/nnsr/v1/campaigns/CNORTH1'],
      ['POST', '/nnsr/v1/bulk'],
      ['GET', '/nnsr/v1/bulk/J1'],
      ['GET', '/nnsr/v1/bulk/J1/errors'],
    ] as const;
    for (const [method, url] of routes) {
      const answer = await nnsr.app.inject({
        method,
        url,
        headers: authorization === undefined ? {} : { authorization },
      });
      expect([method, url, answer.statusCode]).toEqual([method, url, 401]);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
      expect(answer.json()).toMatchObject({ type: 'urn:tollgate:problem:unauthorized' });
    }
  });
});

describe('a number', () => {
  test('is active at once without a delay, with a bit for each carrier', async () => {
    const put = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CTMOBIL' });
    expect(put.status).toBe(200);
    expect(put.body).toMatchObject({
      number: NUMBER,
      state: 'active',
      campaignId: 'CTMOBIL',
      nnid: '104801',
      status: 0b00100,
      activeAt: new Date(START_MS).toISOString(),
    });
    const got = await nnsr.ask<{ mnos: object[] }>(NORTH, 'GET', PATH);
    expect(got.body).toMatchObject({ state: 'active', campaignId: 'CTMOBIL', nnid: '104801' });
    expect(got.body.mnos).toContainEqual({
      mno: 'tmobile',
      name: 'T-Mobile',
      mnoId: 10035,
      osrBitmaskIndex: 2,
      active: true,
    });
    expect(got.body.mnos.filter((mno) => (mno as { active: boolean }).active)).toHaveLength(1);
  });

  test.each(['2125550123', '12125550123', '+12125550123', '%2B12125550123'])('may be written %s', async (spelling) => {
    const put = await nnsr.ask(NORTH, 'PUT', `/nnsr/v1/numbers/${spelling}`, { campaignId: 'CNORTH1' });
    expect(put.body).toMatchObject({ number: NUMBER });
  });

  test.each([
    ['442071234567', 'country code|in front'],
    ['+442071234567', 'country code 1'],
    ['8005550123', 'toll-free'],
    ['212555012', 'in front'],
    ['2121110123', 'exchange'],
    ['hello', 'in front'],
  ])('that is none of the plan, such as %s, is refused by its fault', async (spelling, words) => {
    const put = await nnsr.ask(NORTH, 'PUT', `/nnsr/v1/numbers/${spelling}`, { campaignId: 'CNORTH1' });
    expect(put.status).toBe(422);
    expect(put.body).toMatchObject({ errors: [{ field: 'number', message: expect.stringMatching(words) as string }] });
  });

  test('is pending until its moment', async () => {
    await nnsr.close();
    nnsr = await openNnsrUnderTest({ delay: { kind: 'fixed', ms: 60_000 }, failureProbability: 0 });
    const put = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' });
    expect([put.status, put.body['state']]).toEqual([202, 'pending']);
    nnsr.time.advance(59_999);
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toMatchObject({ state: 'pending' });
    nnsr.time.advance(1);
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toMatchObject({
      state: 'active',
      activeAt: new Date(START_MS + 60_000).toISOString(),
    });
  });

  test('ordered again as it is waits no longer and stays active; moved, it waits again', async () => {
    await nnsr.close();
    nnsr = await openNnsrUnderTest({ delay: { kind: 'fixed', ms: 60_000 }, failureProbability: 0 });
    const first = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' });
    nnsr.time.advance(1_000);
    const meanwhile = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' });
    expect(meanwhile.body).toEqual(first.body);
    nnsr.time.advance(59_000);
    const again = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' });
    expect([again.status, again.body['state'], again.body['replaced']]).toEqual([200, 'active', undefined]);
    const moved = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH2' });
    expect([moved.status, moved.body['state']]).toEqual([202, 'pending']);
    expect(moved.body['replaced']).toEqual({ nnid: '104801', campaignId: 'CNORTH1' });
  });

  test('may be set by any NNID of the DCA, and removed whichever it was', async () => {
    const put = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1', nnid: '104802' });
    expect(put.body).toMatchObject({ nnid: '104802' });
    expect((await nnsr.ask(NORTH, 'DELETE', PATH)).status).toBe(204);
    expect((await nnsr.ask(NORTH, 'GET', PATH)).status).toBe(404);
    expect((await nnsr.ask(NORTH, 'DELETE', PATH)).status).toBe(404);
  });

  test('of another DCA cannot be removed', async () => {
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' });
    const removed = await nnsr.ask(SOUTH, 'DELETE', PATH);
    expect(removed.status).toBe(403);
    expect(removed.body).toMatchObject({
      errors: [{ field: 'number', message: expect.stringContaining('another DCA') as string }],
    });
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toMatchObject({ state: 'active' });
  });

  test('needs a body that says which campaign, and nothing else', async () => {
    const put = await nnsr.ask(NORTH, 'PUT', PATH, { campaign: 'CNORTH1' });
    expect(put.status).toBe(400);
    expect(put.body['errors']).toEqual(
      expect.arrayContaining([
        { field: 'campaignId', message: 'is missing; add it' },
        expect.objectContaining({ field: 'campaign' }),
      ]),
    );
  });
});

describe('an order that fails', () => {
  test.each([
    ['CNOTHER', 'CAMPAIGN_NOT_AVAILABLE'],
    ['not an id', 'CAMPAIGN_NOT_AVAILABLE'],
    ['CSOUTH1', 'CAMPAIGN_NOT_AVAILABLE'],
    ['CDECLIN', 'CAMPAIGN_NOT_AVAILABLE'],
    ['CNSHARE', 'MNO_SHARING_ERROR'],
    ['CPENDNG', 'CAMPAIGN_PENDING_ACCEPTANCE'],
    ['CEXPIR1', 'CAMPAIGN_EXPIRED'],
    ['CEXPIR2', 'CAMPAIGN_EXPIRED'],
    ['CREJECT', 'CAMPAIGN_MNO_REJECTED'],
    ['CSUSPND', 'CAMPAIGN_MNO_SUSPENDED'],
    ['CREVIEW', 'CAMPAIGN_MNO_REVIEW'],
  ])('for campaign %s says %s, and GET and the notices say it too', async (campaignId, reason) => {
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' });
    const put = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId });
    expect(put.status).toBe(422);
    expect(put.body).toMatchObject({
      type: 'urn:tollgate:problem:provisioning-failed',
      reason,
      errors: [{ field: 'campaignId' }],
    });
    expect((await nnsr.store.read([2125550123]))[0]?.campaign).toBe(0);
    const got = await nnsr.ask(NORTH, 'GET', PATH);
    const notices = await nnsr.ask<{ notices: object[] }>(NORTH, 'GET', '/nnsr/v1/notices');
    const isKnown = CAMPAIGNS.some(({ id }) => id === campaignId);
    const named = { campaignId: isKnown ? campaignId : null, nnid: '104801' };
    expect(got.body).toMatchObject({
      state: 'failed',
      reason,
      ...named,
      at: new Date(START_MS).toISOString(),
      registered: { campaignId: 'CNORTH1', nnid: '104801' },
    });
    expect(notices.body.notices).toEqual([
      { kind: 'failed', number: NUMBER, ...named, reason, at: new Date(START_MS).toISOString() },
    ]);
  });

  test('of a number that was nowhere leaves it nowhere', async () => {
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CEXPIR1' });
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toMatchObject({ state: 'failed', registered: null });
    expect((await nnsr.ask(SOUTH, 'GET', PATH)).status).toBe(404);
    expect(nnsr.registry.count).toBe(0);
  });

  test.each(['104901', '999999', '1048', 'mine'])('by NNID %s, which is not its own, says so', async (nnid) => {
    const put = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1', nnid });
    expect(put.body).toMatchObject({ reason: 'INVALID_NNID', errors: [{ field: 'nnid' }] });
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toMatchObject({ state: 'failed', reason: 'INVALID_NNID' });
  });

  test('is over once the next one succeeds, by whichever NNID', async () => {
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' });
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CEXPIR1', nnid: '104802' });
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toMatchObject({ state: 'failed', reason: 'CAMPAIGN_EXPIRED' });
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH2', nnid: '104802' });
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toMatchObject({ state: 'active', nnid: '104802' });
  });

  test('for the 50th number of a campaign without a pool leaves the 49 as they are', async () => {
    for (let index = 0; index < 49; index += 1) {
      const put = await nnsr.ask(NORTH, 'PUT', `/nnsr/v1/numbers/${numberAt(index)}`, { campaignId: 'CPOOL49' });
      expect(put.status).toBe(200);
    }
    const put = await nnsr.ask(NORTH, 'PUT', `/nnsr/v1/numbers/${numberAt(49)}`, { campaignId: 'CPOOL49' });
    expect(put.body).toMatchObject({ status: 422, reason: 'EXCEEDED_10DLC_LIMIT' });
    expect((await nnsr.ask(NORTH, 'GET', `/nnsr/v1/numbers/${numberAt(49)}`)).body).toMatchObject({
      state: 'failed',
      reason: 'EXCEEDED_10DLC_LIMIT',
      registered: null,
    });
    const again = await nnsr.ask(NORTH, 'PUT', `/nnsr/v1/numbers/${numberAt(7)}`, { campaignId: 'CPOOL49' });
    expect(again.status).toBe(200);
    await nnsr.ask(NORTH, 'DELETE', `/nnsr/v1/numbers/${numberAt(0)}`);
    const after = await nnsr.ask(NORTH, 'PUT', `/nnsr/v1/numbers/${numberAt(49)}`, { campaignId: 'CPOOL49' });
    expect(after.status).toBe(200);
  });

  test('for the second number of a sole proprietor says so', async () => {
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CSOLE01' });
    const second = await nnsr.ask(NORTH, 'PUT', `/nnsr/v1/numbers/${numberAt(1)}`, { campaignId: 'CSOLE01' });
    expect(second.body).toMatchObject({ reason: 'EXCEEDED_10DLC_LIMIT' });
  });
});

describe('two DCAs that want the same number', () => {
  test('are both told: the last to write has it, with what it replaced; the first sees it taken over', async () => {
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' });
    nnsr.time.advance(1_000);
    const won = await nnsr.ask(SOUTH, 'PUT', PATH, { campaignId: 'CSOUTH1' });
    expect(won.status).toBe(200);
    expect(won.body).toMatchObject({ nnid: '104901', replaced: { nnid: '104801', campaignId: 'CNORTH1' } });
    const lost = await nnsr.ask(NORTH, 'GET', PATH);
    expect(lost.body).toMatchObject({
      state: 'taken_over',
      campaignId: 'CNORTH1',
      nnid: '104801',
      at: new Date(START_MS + 1_000).toISOString(),
      registered: { campaignId: 'CSOUTH1', nnid: '104901' },
    });
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/notices')).body).toMatchObject({
      notices: [{ kind: 'taken_over', number: NUMBER, nnid: '104801', campaignId: 'CNORTH1', reason: null }],
    });
    expect((await nnsr.ask(SOUTH, 'GET', '/nnsr/v1/notices')).body).toEqual({ notices: [] });
  });

  test('at once end with one of them holding it and the other told', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        turn % 2 === 0
          ? nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1' })
          : nnsr.ask(SOUTH, 'PUT', PATH, { campaignId: 'CSOUTH1' }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const states = [
      (await nnsr.ask(NORTH, 'GET', PATH)).body['state'],
      (await nnsr.ask(SOUTH, 'GET', PATH)).body['state'],
    ];
    expect(states.map(String).toSorted()).toEqual(['active', 'taken_over']);
    expect(nnsr.registry.count).toBe(1);
  });

  test('do not meet when one DCA moves a number between its own NNIDs', async () => {
    await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1', nnid: '104801' });
    const moved = await nnsr.ask(NORTH, 'PUT', PATH, { campaignId: 'CNORTH1', nnid: '104802' });
    expect(moved.body).toMatchObject({ replaced: { nnid: '104801', campaignId: 'CNORTH1' } });
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toMatchObject({ state: 'active', nnid: '104802' });
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/notices')).body).toEqual({ notices: [] });
  });
});

describe('what is published', () => {
  test('a campaign is its id and a status of bits', async () => {
    const { body } = await nnsr.ask(SOUTH, 'GET', '/nnsr/v1/campaigns/CTMOBIL');
    expect(Object.keys(body).sort()).toEqual(['campaign_id', 'mnos', 'status']);
    expect(body).toMatchObject({ campaign_id: 'CTMOBIL', status: 4 });
    expect((body['mnos'] as { osrBitmaskIndex: number }[]).map((mno) => mno.osrBitmaskIndex)).toEqual([0, 1, 2, 3, 4]);
    expect((await nnsr.ask(SOUTH, 'GET', '/nnsr/v1/campaigns/CEXPIR2')).body).toMatchObject({ status: 0 });
    expect((await nnsr.ask(SOUTH, 'GET', '/nnsr/v1/campaigns/CNOTHER')).status).toBe(404);
  });

  test('NNIDs are listed with their holders', async () => {
    const { body } = await nnsr.ask(SOUTH, 'GET', '/nnsr/v1/nnids');
    expect(body['nnids']).toEqual([
      { nnid: '104801', dca: 'NORTH', name: 'North Aggregation', own: false },
      { nnid: '104802', dca: 'NORTH', name: 'North Aggregation', own: false },
      { nnid: '104901', dca: 'SOUTH', name: 'South Aggregation', own: true },
    ]);
  });

  test('notices come newest first and not more than asked for', async () => {
    for (let index = 0; index < 5; index += 1) {
      nnsr.time.advance(1_000);
      await nnsr.ask(NORTH, 'PUT', `/nnsr/v1/numbers/${numberAt(index)}`, {
        campaignId: 'CEXPIR1',
        nnid: index % 2 === 0 ? '104801' : '104802',
      });
    }
    const { body } = await nnsr.ask<{ notices: { number: string }[] }>(NORTH, 'GET', '/nnsr/v1/notices?limit=3');
    expect(body.notices.map(({ number }) => number)).toEqual([numberAt(4), numberAt(3), numberAt(2)]);
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/notices?limit=1001')).status).toBe(400);
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/notices?limit=all')).status).toBe(400);
  });
});

test('a store that is away is a 503 to be tried again, and changes nothing', async () => {
  nnsr.storeLastsFor(0);
  for (const [method, body] of [['PUT', { campaignId: 'CNORTH1' }], ['GET'], ['DELETE']] as const) {
    const answer = await nnsr.ask(NORTH, method, PATH, body);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.body).toMatchObject({ type: 'urn:tollgate:problem:registry-unavailable' });
  }
  nnsr.storeLastsFor(Infinity);
  expect(nnsr.registry.count).toBe(0);
});
