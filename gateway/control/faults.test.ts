import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCuttingProxy } from '../../scripts/cutting-proxy.ts';
import { type RedisServer, startRedisServer, tell } from '../../scripts/redis-server.ts';
import { openRedis } from '../../registry-cache/redis/index.ts';
import { CARRIERS } from '../../registry-cache/index.ts';
import { FAULTS_MAX } from '../limits.ts';
import { Route } from '../router/index.ts';
import { createLog } from '../telemetry/index.ts';
import { type ControlsUnderTest, openControls, START_MS } from './controls-under-test.ts';
import { openFaults } from './open-faults.ts';

interface FaultBody {
  readonly fault: { readonly id: string };
  readonly setAt: string;
  readonly inForce: boolean;
  readonly changesAt: string | null;
  readonly applied: number;
}
interface FaultsBody {
  readonly faults: readonly FaultBody[];
}

const ATT = CARRIERS.findIndex(({ id }) => id === 'att');
/** In force from the start. */
const OUTAGE = { id: 'down', scope: { carrier: 'att' }, outage: true };

const listOf = async (controls: ControlsUnderTest): Promise<readonly FaultBody[]> =>
  (await controls.ask<FaultsBody>('GET', '/v1/faults')).body.faults;

/** Sends one message; undefined if the connection was cut. */
const send = (controls: ControlsUnderTest, account?: string) =>
  controls.ask('POST', '/v1/messages', { text: 'hi', account }).catch(() => undefined);

describe('faults of one process', () => {
  let controls: ControlsUnderTest;
  beforeEach(async () => {
    controls = await openControls();
  });
  afterEach(() => controls.close());

  test('are set as a whole, one by one, and taken away', async () => {
    const whole = await controls.ask<FaultsBody>('PUT', '/v1/faults', { faults: [OUTAGE] });
    expect([whole.status, whole.body.faults]).toEqual([
      200,
      [{ fault: OUTAGE, setAt: '2024-03-01T18:00:00.000Z', inForce: true, changesAt: null, applied: 0 }],
    ]);
    const slow = { throttle: { messagesPerSecond: 5 } };
    expect((await controls.ask('PUT', '/v1/faults/slow', slow)).status).toBe(201);
    expect((await controls.ask('PUT', '/v1/faults/slow', slow)).status).toBe(200);
    expect((await listOf(controls)).map(({ fault }) => fault.id)).toEqual(['down', 'slow']);
    expect((await controls.ask('DELETE', '/v1/faults/down')).status).toBe(204);
    const gone = await controls.ask('DELETE', '/v1/faults/down');
    expect([gone.status, gone.body.detail]).toEqual([404, 'id: names no fault; there are slow']);
    expect((await controls.ask('DELETE', '/v1/faults')).status).toBe(204);
    expect(await listOf(controls)).toEqual([]);
    expect(controls.faults.book.isAny).toBe(false);
  });

  test('follow their timeline and tell of it', async () => {
    const faults = [
      { ...OUTAGE, id: 'later', afterMs: 1_000, forMs: 500 },
      { ...OUTAGE, id: 'moments', from: '2024-03-01T10:00:02-08:00', until: '2024-03-01T18:00:03Z' },
      { ...OUTAGE, id: 'again', forMs: 100, everyMs: 1_000 },
    ];
    await controls.ask('PUT', '/v1/faults', { faults });
    const stateAt = async (ms: number): Promise<(string | boolean | null)[][]> => {
      await controls.clock.moveTo(START_MS + ms);
      return (await listOf(controls)).map(({ inForce, changesAt }) => [inForce, changesAt?.slice(17, 23) ?? null]);
    };
    expect(await stateAt(0)).toEqual([
      [false, '01.000'],
      [false, '02.000'],
      [true, '00.100'],
    ]);
    expect(await stateAt(1_050)).toEqual([
      [true, '01.500'],
      [false, '02.000'],
      [true, '01.100'],
    ]);
    expect(await stateAt(2_500)).toEqual([
      [false, null],
      [true, '03.000'],
      [false, '03.000'],
    ]);
    expect(await stateAt(3_500)).toEqual([
      [false, null],
      [false, null],
      [false, '04.000'],
    ]);
  });

  test('tell how often they were applied', async () => {
    await controls.ask('PUT', '/v1/faults', { faults: [OUTAGE] });
    const { book } = controls.faults;
    book.effects(ATT, Route.A2p, undefined, START_MS);
    book.applied('outage', ATT);
    book.applied('outage', ATT);
    expect((await listOf(controls))[0]?.applied).toBe(2);
    expect((await listOf(controls))[0]?.applied).toBe(2);
    expect(controls.faults.figures().applied).toContainEqual({ kind: 'outage', carrier: 'att', count: 2 });
    expect(controls.faults.figures().inForce).toContainEqual({ kind: 'outage', count: 1 });
    await controls.clock.moveTo(START_MS + 1);
    await controls.ask('PUT', '/v1/faults', { faults: [OUTAGE] });
    expect((await listOf(controls))[0]?.applied).toBe(0);
  });

  test('begin anew when they are set again at the same moment: what was applied, and chance by its seed', async () => {
    const { book } = controls.faults;
    await controls.ask('PUT', '/v1/faults/x', { outage: true });
    book.effects(ATT, Route.A2p, undefined, START_MS);
    book.applied('outage', ATT);
    await controls.ask('PUT', '/v1/faults/x', { errors: { code: 'spam_filter', rate: 1 } });
    expect((await listOf(controls))[0]?.applied).toBe(0);

    const cutsBy = async (seed: number): Promise<(string | undefined)[]> => {
      await controls.ask('PUT', '/v1/faults/x', { disconnect: { rate: 0.5 }, seed });
      return Array.from({ length: 20 }, () => book.connectionEffects(undefined, START_MS).cut);
    };
    const cuts = await cutsBy(1);
    expect(await cutsBy(2)).not.toEqual(cuts);
    expect(await cutsBy(1)).toEqual(cuts);
  });

  const sent = 40;
  test('cut connections before a message is taken, or when it was and only the answer is missing', async () => {
    await controls.ask('PUT', '/v1/faults/cut', { disconnect: { rate: 0.5 } });
    const answers = [];
    for (let count = 0; count < sent; count += 1) answers.push(await send(controls));
    const answered = answers.filter((answer) => answer?.status === 202).length;
    const cut = answers.filter((answer) => answer === undefined).length;
    expect(answered + cut).toBe(sent);
    const takenAndCut = controls.taken.length - answered;
    expect(takenAndCut).toBeGreaterThan(3);
    expect(cut - takenAndCut).toBeGreaterThan(3);
    expect((await listOf(controls))[0]?.applied).toBe(cut);
    expect(controls.faults.figures().applied).toContainEqual({ kind: 'disconnect', carrier: 'none', count: cut });
  });

  test('cut those of one account, and never those of the controls', async () => {
    await controls.ask('PUT', '/v1/faults/cut', { scope: { account: 'clinic' }, disconnect: { rate: 1 } });
    expect(await send(controls, 'clinic')).toBeUndefined();
    expect((await send(controls, 'shop'))?.status).toBe(202);
    expect((await send(controls))?.status).toBe(202);
    expect((await controls.ask('DELETE', '/v1/faults/cut')).status).toBe(204);
    expect((await send(controls, 'clinic'))?.status).toBe(202);
  });

  test('hold answers back, by the time of the gateway', async () => {
    await controls.ask('PUT', '/v1/faults/slow', { slow: { delayMs: 1_000 } });
    let status: number | undefined;
    const sending = send(controls).then((answer) => (status = answer?.status));
    while (controls.taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await controls.clock.moveTo(START_MS + 999);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(status).toBeUndefined();
    await controls.clock.moveTo(START_MS + 1_000);
    await sending;
    expect(status).toBe(202);
  });

  test('are part of a state: what is set, how often it was applied, and what chance is next', async () => {
    await controls.ask('PUT', '/v1/faults/cut', { disconnect: { rate: 0.5 } });
    const { book, state } = controls.faults;
    const cuts = (): (string | undefined)[] =>
      Array.from({ length: 20 }, () => book.connectionEffects(undefined, START_MS).cut);
    cuts();
    const applied = async (): Promise<number | undefined> => (await listOf(controls))[0]?.applied;
    const captured = structuredClone(state?.capture());
    const [appliedThen, next] = [await applied(), cuts()];
    await controls.ask('PUT', '/v1/faults', { faults: [OUTAGE] });
    state?.restore(captured);
    expect(await applied()).toBe(appliedThen);
    expect(cuts()).toEqual(next);
    expect(await applied()).toBe((appliedThen ?? 0) + next.filter((cut) => cut !== undefined).length);
    expect(book.isAny).toBe(false);
  });

  test.each([
    [{}, 'id', /does nothing; give it exactly one of outage, errors, throttle/],
    [{ outage: true, slow: { delayMs: 1 } }, 'slow', /does outage and slow; give it exactly one/],
    [{ outage: false }, 'outage', /must be true/],
    [{ outage: true, form: 5 }, 'form', /is not a field of this request/],
    [{ errors: { code: 'spam', rate: 0.1 } }, 'errors.code', /must be one of unknown_subscriber, absent_subscriber, /],
    [{ errors: { code: 'none', rate: 0.1 } }, 'errors.code', /must be one of unknown_subscriber, /],
    [{ errors: { code: 'spam_filter', rate: 1.1 } }, 'errors.rate', /must be a share from 0 to 1/],
    [{ errors: { code: 'spam_filter', rate: -0.1 } }, 'errors.rate', /must be a share from 0 to 1/],
    [{ errors: { code: 'spam_filter', rate: '5%' } }, 'errors.rate', /must be a share from 0 to 1/],
    [{ errors: { rate: 1 } }, 'errors.code', /is missing; add it/],
    [{ throttle: { messagesPerSecond: 0 } }, 'throttle.messagesPerSecond', /must be above 0.*set an outage/],
    [{ latency: { medianMs: -5, sigma: 1, capMs: 10 } }, 'latency.medianMs', /whole number of milliseconds from 1/],
    [{ latency: { medianMs: 50, sigma: 1, capMs: 10 } }, 'latency.capMs', /is below the median of 50/],
    [{ latency: { medianMs: 50, sigma: 9, capMs: 100 } }, 'latency.sigma', /from 0 to 4/],
    [{ receipts: {} }, 'receipts', /must have lossRate, duplicateRate or delayMs/],
    [{ receipts: { lossRate: 2 } }, 'receipts.lossRate', /share from 0 to 1/],
    [{ receipts: { delayMs: -1 } }, 'receipts.delayMs', /whole number of milliseconds from 0/],
    [{ slow: { delayMs: 300_001 } }, 'slow.delayMs', /for slow to 300000/],
    [{ outage: true, scope: { carrier: 'att&t' } }, 'scope.carrier', /must be one of att, /],
    [{ outage: true, scope: { carrier: 'ATT' } }, 'scope.carrier', /must be one of/],
    [{ outage: true, scope: { route: 'toll' } }, 'scope.route', /must be one of a2p, p2p/],
    [{ outage: true, scope: { account: '' } }, 'scope.account', /text of 1 to 64 characters/],
    [{ outage: true, scope: { number: '1' } }, 'scope.number', /is not a field/],
    [{ disconnect: { rate: 1 }, scope: { carrier: 'att' } }, 'scope.carrier', /a connection has no carrier/],
    [{ slow: { delayMs: 1 }, scope: { route: 'p2p' } }, 'scope.route', /a connection has no route/],
    [{ outage: true, seed: 5 }, 'seed', /is for disconnect/],
    [{ outage: true, from: 'noon' }, 'from', /a moment with its offset/],
    [{ outage: true, from: '2024-03-01T18:00:00' }, 'from', /a moment with its offset/],
    [{ outage: true, until: '2024-02-31T18:00:00Z', from: '2024-03-03T00:00:00Z' }, 'until', /not after its beginning/],
    [{ outage: true, until: '2024-03-01T18:00:00Z' }, 'until', /not after its beginning at 2024-03-01T18:00:00.000Z/],
    [{ outage: true, from: '2024-03-01T19:00:00Z', afterMs: 5 }, 'afterMs', /leave one of them out/],
    [{ outage: true, until: '2024-03-01T19:00:00Z', forMs: 5 }, 'forMs', /leave one of them out, or add everyMs/],
    [{ outage: true, everyMs: 5 }, 'forMs', /is missing/],
    [{ outage: true, everyMs: 5, forMs: 5 }, 'everyMs', /must be more than the 5 ms/],
    [{ outage: true, afterMs: -1 }, 'afterMs', /whole number of milliseconds from 0/],
    [{ outage: true, forMs: 0 }, 'forMs', /whole number of milliseconds from 1/],
  ])('%j is refused, alone and in a list, and changes nothing', async (settings, field, message) => {
    await controls.ask('PUT', '/v1/faults', { faults: [OUTAGE] });
    const one = await controls.ask('PUT', '/v1/faults/bad', settings);
    expect([one.status, one.body.errors?.[0]?.field]).toEqual([422, field]);
    expect(one.body.errors?.[0]?.message).toMatch(message);
    const list = await controls.ask('PUT', '/v1/faults', {
      faults: [
        { ...OUTAGE, id: 'x' },
        { id: 'bad', ...settings },
      ],
    });
    expect([list.status, list.body.errors?.[0]?.field]).toEqual([422, `faults.1.${field}`]);
    expect((await listOf(controls)).map(({ fault }) => fault.id)).toEqual(['down']);
  });

  test('have ids of their own, and there is an end to them', async () => {
    const twice = await controls.ask('PUT', '/v1/faults', { faults: [OUTAGE, OUTAGE] });
    expect([twice.status, twice.body.detail]).toEqual([
      422,
      'faults.1.id: is also that of faults.0; give each its own',
    ]);
    const badId = await controls.ask('PUT', '/v1/faults/a%20b', { outage: true });
    expect([badId.status, badId.body.errors?.[0]?.field]).toEqual([422, 'id']);
    const many = Array.from({ length: FAULTS_MAX }, (_, place) => ({ ...OUTAGE, id: `f${place}` }));
    const tooMany = await controls.ask('PUT', '/v1/faults', { faults: [...many, OUTAGE] });
    expect([tooMany.status, tooMany.body.detail]).toEqual([422, 'faults: must be a list of at most 100 faults']);
    expect((await controls.ask('PUT', '/v1/faults', { faults: many })).status).toBe(200);
    const oneMore = await controls.ask('PUT', '/v1/faults/more', { outage: true });
    expect([oneMore.status, oneMore.body.detail]).toEqual([
      422,
      'id: there are 100 faults, which is the most; take one away first',
    ]);
    expect((await controls.ask('PUT', '/v1/faults/f7', { outage: true })).status).toBe(200);
  });
});

describe('faults in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  const closers: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  });

  async function gateway(url = server.url): Promise<ControlsUnderTest> {
    const connection = await openRedis(url, { commandTimeoutMs: 300 });
    closers.push(() => connection.close());
    const controls = await openControls(connection);
    closers.push(() => controls.close());
    return controls;
  }

  async function within(ms: number, isSo: () => boolean): Promise<void> {
    const startNs = process.hrtime.bigint();
    while (!isSo()) {
      if (Number(process.hrtime.bigint() - startNs) / 1e6 > ms) throw new Error(`not within ${ms} ms`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  test('reach every gateway and worker within a quarter of a second, and are counted over all', async () => {
    const one = await gateway();
    const other = await gateway();
    const connection = await openRedis(server.url);
    closers.push(() => connection.close());
    const { clock } = one;
    const worker = await openFaults({ connection, clock, timers: clock, log: createLog('silent'), seed: 1 });
    closers.push(() => worker.close());

    expect((await one.ask('PUT', '/v1/faults', { faults: [OUTAGE] })).status).toBe(200);
    expect(one.faults.book.isAny).toBe(true);
    await within(250, () => other.faults.book.isAny && worker.book.isAny);

    worker.book.effects(ATT, Route.A2p, undefined, clock.nowMs());
    for (let count = 0; count < 3; count += 1) worker.book.applied('outage', ATT);
    for (let tries = 0; (await listOf(other))[0]?.applied !== 3; tries += 1) {
      expect(tries).toBeLessThan(100);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await other.ask('DELETE', '/v1/faults');
    await within(250, () => !one.faults.book.isAny && !worker.book.isAny);
    // No count is left of a fault that is gone.
    expect(await tell(server, 'HLEN tollgate:{delivery}:faults:applied')).toBe(':0');
  });

  test('set by two gateways at once are all there', async () => {
    const gateways = await Promise.all([gateway(), gateway()]);
    await gateways[0]?.ask('DELETE', '/v1/faults');
    const ids = Array.from({ length: 20 }, (_, place) => `f${place}`);
    const statuses = await Promise.all(
      ids.map(
        async (id, place) => (await gateways[place % 2]?.ask('PUT', `/v1/faults/${id}`, { outage: true }))?.status,
      ),
    );
    expect(statuses).toEqual(ids.map(() => 201));
    const there = (await listOf(gateways[0])).map(({ fault }) => fault.id);
    expect(there.toSorted()).toEqual(ids.toSorted());
  });

  test('stay in force while Redis is away, cannot be set then, and follow when it is back', async () => {
    const proxy = await startCuttingProxy(server.port);
    closers.push(() => proxy.close());
    const here = await gateway(`redis://127.0.0.1:${proxy.port}`);
    const there = await gateway();
    await there.ask('PUT', '/v1/faults', { faults: [OUTAGE] });
    await within(250, () => here.faults.book.isAny);
    proxy.cut();
    const refused = await here.ask('DELETE', '/v1/faults');
    expect([refused.status, refused.body.detail]).toEqual([
      503,
      expect.stringMatching(/^the store of faults does not answer/),
    ]);
    expect(here.faults.book.isAny).toBe(true);
    await there.ask('DELETE', '/v1/faults');
    proxy.heal();
    await within(3_000, () => !here.faults.book.isAny);
  });

  test('come with time that cannot be stopped, and with the reason', async () => {
    const controls = await gateway();
    const { status, body } = await controls.ask('POST', '/v1/clock', { freeze: true });
    expect([status, body.detail]).toEqual([409, 'Redis has the time']);
    expect((await controls.ask<{ state: string }>('GET', '/v1/clock')).body.state).toBe('real');
  });
});
