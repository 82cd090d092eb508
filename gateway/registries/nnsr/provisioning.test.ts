import { afterEach, describe, expect, test } from 'vitest';
import { namedStream } from '../../router/index.ts';
import { PROVISIONING_DELAY_MAX_MS } from './limits.ts';
import { type NnsrUnderTest, NORTH, openNnsrUnderTest } from './nnsr-under-test.ts';
import { drawProvisioning, type DelayDistribution } from './provisioning.ts';

const PATH = '/v1/registry/provisioning';

function draws(delay: DelayDistribution, count = 20_000, failureProbability = 0): (number | undefined)[] {
  const chance = namedStream(7, 'provisioning');
  return Array.from({ length: count }, () => drawProvisioning({ delay, failureProbability }, chance));
}

const quantile = (values: readonly (number | undefined)[], share: number): number =>
  values.map((value) => value ?? NaN).toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;

describe('a delay', () => {
  test('of kind none or fixed is always the same', () => {
    expect(new Set(draws({ kind: 'none' }, 100))).toEqual(new Set([0]));
    expect(new Set(draws({ kind: 'fixed', ms: 1_500 }, 100))).toEqual(new Set([1_500]));
  });

  test('of kind uniform lies between its ends, half of it below the middle', () => {
    const drawn = draws({ kind: 'uniform', minMs: 1_000, maxMs: 3_000 });
    expect(quantile(drawn, 0)).toBeGreaterThanOrEqual(1_000);
    expect(quantile(drawn, 0.9999)).toBeLessThanOrEqual(3_000);
    expect(Math.abs(quantile(drawn, 0.5) - 2_000)).toBeLessThan(50);
  });

  test('of kind lognormal has its median, and the quantile one spread above at a factor of e', () => {
    const drawn = draws({ kind: 'lognormal', medianMs: 60_000, spread: 1 });
    expect(quantile(drawn, 0.5) / 60_000).toBeCloseTo(1, 1);
    expect(Math.log(quantile(drawn, 0.8413) / 60_000)).toBeCloseTo(1, 1);
    expect(Math.max(...drawn.map((ms) => ms ?? 0))).toBeLessThanOrEqual(PROVISIONING_DELAY_MAX_MS);
  });

  test('fails as often as it is set to', () => {
    const failed = draws({ kind: 'none' }, 20_000, 0.2).filter((ms) => ms === undefined).length;
    expect(failed / 20_000).toBeCloseTo(0.2, 2);
    expect(draws({ kind: 'none' }, 100, 1)).toEqual(Array(100).fill(undefined));
  });
});

describe('the setting', () => {
  let nnsr: NnsrUnderTest;
  afterEach(() => nnsr.close());

  test('is read and replaced by the operator, and holds from the next order on', async () => {
    nnsr = await openNnsrUnderTest();
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toEqual({ delay: { kind: 'none' }, failureProbability: 0 });
    const setting = { delay: { kind: 'fixed', ms: 5_000 }, failureProbability: 0 };
    expect((await nnsr.ask(NORTH, 'PUT', PATH, setting)).body).toEqual(setting);
    expect((await nnsr.ask(NORTH, 'GET', PATH)).body).toEqual(setting);
    const put = await nnsr.ask(NORTH, 'PUT', '/nnsr/v1/numbers/2125550123', { campaignId: 'CNORTH1' });
    expect(put.body).toMatchObject({ state: 'pending' });
    await nnsr.ask(NORTH, 'PUT', PATH, { delay: { kind: 'none' }, failureProbability: 1 });
    const failed = await nnsr.ask(NORTH, 'PUT', '/nnsr/v1/numbers/2125550124', { campaignId: 'CNORTH1' });
    expect(failed.body).toMatchObject({ status: 422, reason: 'NUMBER_PROVISIONING_FAILED' });
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/numbers/2125550124')).body).toMatchObject({ state: 'failed' });
  });

  test('is nobody else’s', async () => {
    nnsr = await openNnsrUnderTest();
    for (const method of ['GET', 'PUT'] as const) {
      const answer = await nnsr.app.inject({ method, url: PATH, ...(method === 'PUT' && { payload: {} }) });
      expect(answer.statusCode).toBe(401);
    }
  });

  test.each([
    [{ delay: { kind: 'fixed' }, failureProbability: 0 }, 422, 'delay.ms'],
    [{ delay: { kind: 'none', ms: 5 }, failureProbability: 0 }, 422, 'delay.ms'],
    [{ delay: { kind: 'fixed', ms: -1 }, failureProbability: 0 }, 422, 'delay.ms'],
    [{ delay: { kind: 'fixed', ms: 1e12 }, failureProbability: 0 }, 422, 'delay.ms'],
    [{ delay: { kind: 'uniform', minMs: 5, maxMs: 4 }, failureProbability: 0 }, 422, 'delay.minMs'],
    [{ delay: { kind: 'lognormal', medianMs: 5, spread: 4 }, failureProbability: 0 }, 422, 'delay.spread'],
    [{ delay: { kind: 'gamma' }, failureProbability: 0 }, 400, 'delay.kind'],
    [{ delay: { kind: 'none' }, failureProbability: 1.5 }, 400, 'failureProbability'],
    [{ delay: { kind: 'none' } }, 400, 'failureProbability'],
  ])('%j is refused', async (setting, status, field) => {
    nnsr = await openNnsrUnderTest();
    const answer = await nnsr.ask(NORTH, 'PUT', PATH, setting);
    expect(answer.status).toBe(status);
    expect(answer.body['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ field })]));
  });
});
