import { describe, expect, it, test } from 'vitest';
import type { Fee } from '../../../tariffs/index.ts';
import { addMonths, Fees } from './fees.ts';
import { DAY_MS, openTcrUnderTest, type TcrUnderTest } from './tcr-under-test.ts';

const DOLLAR = 1_000_000;

async function sums(tcr: TcrUnderTest): Promise<Record<string, number>> {
  const byCause: Record<string, number> = {};
  for (const { cause, micros } of await tcr.service.postings()) byCause[cause] = (byCause[cause] ?? 0) + micros;
  return byCause;
}

/** One brand's whole way, on a tariff date. */
async function life(tariffDateMs: number): Promise<TcrUnderTest> {
  const tcr = await openTcrUnderTest({ tariffDateMs: () => tariffDateMs });
  const csp = tcr.as('csp');
  const brandId = await tcr.vettedBrand(80);
  await csp.put(`/brand/${brandId}/revet`);
  await tcr.pass(120_000);
  const careId = await tcr.campaign(brandId, { numberPool: true });
  await tcr.campaign(brandId, { usecase: 'LOW_VOLUME', subUsecases: ['2FA'] });
  await csp.put(`/campaign/${careId}/sharing/SOUTH`);
  await tcr.as('south').ask('DELETE', `/partnerCampaign/${careId}/sharing`);
  await csp.put(`/campaign/${careId}/sharing/NORTH`);
  await tcr.as('north').put(`/partnerCampaign/${careId}/sharing/NORTH`);
  await tcr.pass(5 * DAY_MS);
  // Five months on: the first three are paid, then one is due at the end of the third, the fourth and the fifth.
  for (let month = 0; month < 5; month += 1) await tcr.pass(31 * DAY_MS);
  return tcr;
}

test('every fee of a campaign and its brand is posted once, at the prices of 2024', async () => {
  const tcr = await life(Date.UTC(2024, 2, 1));
  expect(await sums(tcr)).toEqual({
    'tcr-brand-registration': 2 * 4 * DOLLAR,
    'vet-standard': 40 * DOLLAR,
    'number-pool-request': 50 * DOLLAR,
    'dca-campaign-review': 2 * 15 * DOLLAR,
    'tcr-campaign-standard': (3 + 3) * 10 * DOLLAR,
    'tcr-campaign-low-volume': (3 + 3) * 1.5 * DOLLAR,
  });
  const postings = await tcr.service.postings();
  expect(postings.every(({ micros, payer }) => Number.isSafeInteger(micros) && payer === 'SDEMO01')).toBe(true);
  expect(new Set(postings.map(({ cause, payee }) => `${cause} to ${payee}`))).toEqual(
    new Set([
      'tcr-brand-registration to tcr',
      'vet-standard to AEGIS',
      'number-pool-request to tmobile',
      'dca-campaign-review to SOUTH',
      'dca-campaign-review to NORTH',
      'tcr-campaign-standard to tcr',
      'tcr-campaign-low-volume to tcr',
    ]),
  );
  await tcr.close();
});

test('and at the prices of another date', async () => {
  const after = await life(Date.UTC(2025, 7, 1));
  expect(await sums(after)).toMatchObject({ 'tcr-brand-registration': 2 * 4.5 * DOLLAR, 'vet-standard': 41 * DOLLAR });
  await after.close();
  // T-Mobile charged for a campaign between March and October 2022, and a DCA's look was free before 2023.
  const before = await life(Date.UTC(2022, 5, 1));
  const then = await sums(before);
  expect(then).toMatchObject({ 'tmobile-campaign-activation': 50 * DOLLAR });
  expect(then).not.toHaveProperty('dca-campaign-review');
  await before.close();
});

test('nothing is posted twice for one thing, however often the work is done', async () => {
  const tcr = await openTcrUnderTest();
  const campaignId = await tcr.campaign(await tcr.brand());
  await tcr.pass(93 * DAY_MS);
  const before = await tcr.service.postings();
  for (let again = 0; again < 3; again += 1) {
    await tcr.store.schedule(`renew:${campaignId}`, 0);
    await tcr.service.settle();
  }
  expect(await tcr.service.postings()).toEqual(before);
  await tcr.close();
});

describe('a fee of the book', () => {
  const fee = (own: Partial<Fee>): Fee => ({
    id: 'x',
    title: 'X',
    kind: 'one-time',
    per: 'brand',
    payee: 'tcr',
    amountMicros: 1,
    from: null,
    fromMs: -Infinity,
    until: null,
    untilMs: Infinity,
    waived: false,
    appliesTo: [],
    book: 'b',
    line: 1,
    confidence: 'A',
    sources: [],
    note: null,
    ...own,
  });
  const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);

  it('holds from its first day until the day before its last', () => {
    const fees = new Fees(() => [
      fee({ amountMicros: 1, until: '2025-08-01', untilMs: day('2025-08-01') }),
      fee({ amountMicros: 2, from: '2025-08-01', fromMs: day('2025-08-01'), untilMs: day('2026-01-01') }),
    ]);
    const at = (text: string): number | undefined => fees.at('x', day(text))?.amountMicros;
    expect([at('2025-07-31'), at('2025-08-01'), at('2025-12-31'), at('2026-01-01')]).toEqual([1, 2, 2, undefined]);
  });

  it('that was waived is none', () => {
    expect(new Fees(() => [fee({ waived: true })]).at('x', 0)).toBeUndefined();
  });

  it('of a campaign goes by its use case', async () => {
    const tcr = await openTcrUnderTest();
    const brandId = await tcr.brand();
    const all = await tcr.as('csp').get<{ usecase: string; monthlyFee: number }[]>(`/campaignBuilder/brand/${brandId}`);
    const special = {
      LOW_VOLUME: 1.5,
      UCAAS_LOW: 1.5,
      CHARITY: 3,
      EMERGENCY: 5,
      AGENTS_FRANCHISES: 30,
      SOLE_PROPRIETOR: 2,
      TRIAL: 0,
    };
    for (const { usecase, monthlyFee } of all) {
      expect([usecase, monthlyFee]).toEqual([usecase, (special as Record<string, number>)[usecase] ?? 10]);
    }
    await tcr.close();
  });
});

test('a month later is the same day, or the last there is', () => {
  const later = (text: string, months: number): string =>
    new Date(addMonths(Date.parse(`${text}T12:00:00Z`), months)).toISOString().slice(0, 10);
  expect(later('2024-01-31', 1)).toBe('2024-02-29');
  expect(later('2023-11-30', 3)).toBe('2024-02-29');
  expect(later('2024-03-15', 3)).toBe('2024-06-15');
  expect(later('2024-12-01', 1)).toBe('2025-01-01');
});
