/**
 * External vetting: ordered from a provider, whose report comes later (task `vet:<brand>:<vetting>`), or imported from one
 * that has it already. A standard report makes a brand VETTED_VERIFIED and gives it a score.
 */
import { refused } from './errors.ts';
import { FieldReader, type FieldTable, readFields } from './fields.ts';
import type { Brand, Party, Vetting } from './model.ts';
import { brandOf, chanceOf, drawText, dueMs, postFee, type Registry, takeName, withTasks } from './registry.ts';
import { change } from './tcr-store.ts';
import { tellVetting } from './telling.ts';
import { VETTING_CLASSES, VETTING_PROVIDERS, type VettingProvider } from './words.ts';

export const VETTING_ORDER_FIELDS = {
  evpId: { kind: 'choice', of: VETTING_PROVIDERS.map(({ evpId }) => evpId), required: true },
  vettingClass: { kind: 'choice', of: VETTING_CLASSES, required: true },
} as const satisfies FieldTable;

export const VETTING_IMPORT_FIELDS = {
  evpId: { kind: 'choice', of: VETTING_PROVIDERS.map(({ evpId }) => evpId), required: true },
  vettingId: { kind: 'text', max: 512, required: true },
  vettingToken: { kind: 'text', max: 2_000 },
} as const satisfies FieldTable;

export const CV_TOKEN_FIELDS = {
  locale: { kind: 'choice', of: ['federal', 'state', 'local', 'tribal'] },
  validUntil: { kind: 'text', max: 30 },
} as const satisfies FieldTable;

/** A reference or vetting id such as SCORE-75 or SCORE-75-anything fixes the score, and FAIL-anything fails the vetting. */
const FIXED_SCORE = /^SCORE-([0-9]{1,3})(?:$|-)/i;
const FIXED_FAILURE = /^FAIL(?:$|-)/i;
const CV_TOKEN = /^cv\|1\.0\|tcr\|10dlc\|/;

/** Whether a provider has vouched for the company. */
export function hasVetting({ vettings }: Brand): boolean {
  return vettings.some(({ vettingClass, vettingStatus }) => vettingStatus === 'ACTIVE' && vettingClass !== 'POLITICAL');
}

/** Orders a vetting. The result comes later. */
export async function orderVetting(registry: Registry, party: Party, brandId: string, body: unknown): Promise<Vetting> {
  const { evpId = '', vettingClass } = readFields(VETTING_ORDER_FIELDS, body);
  const provider = providerFor(await brandOf(registry, party, brandId), evpId);
  const wanted = provider.orders.find((one) => one === vettingClass);
  if (!provider.orderable) throw refused('notAllowed', 'evpId', `${evpId} reports can be imported, not ordered`);
  if (wanted === undefined)
    throw refused('notAllowed', 'vettingClass', `${evpId} does not offer ${vettingClass ?? ''}`);
  const count = await registry.store.nextNumber('vetting');
  const vetting: Vetting = {
    evpId,
    vettingId: drawText(chanceOf(registry, `vetting:${count}`), '0123456789abcdef', 32),
    vettingClass: wanted,
    vettingStatus: 'PENDING',
    vettingScore: null,
    reasons: [],
    createdMs: registry.clock.nowMs(),
    vettedMs: null,
  };
  const task = `vet:${brandId}:${vetting.vettingId}`;
  const atMs = dueMs(registry, task, registry.settings.delays.vetting);
  const brand = await withTasks(registry, [{ task, atMs }], () =>
    change(registry.store, 'brand', brandId, (found) => {
      if (found.isScoring) throw refused('brandPending', 'brandId');
      const isWaiting = (one: Vetting): boolean =>
        one.evpId === evpId && one.vettingClass === wanted && one.vettingStatus === 'PENDING';
      if (found.vettings.some(isWaiting)) throw refused('duplicate', 'evpId', 'A vetting of this class is under way');
      return { ...found, vettings: [...found.vettings, vetting] };
    }),
  );
  if (brand === undefined) throw refused('notFound', 'brandId', 'Brand not found');
  const fee = registry.fees.vetting(wanted, registry.tariffDateMs());
  if (!brand.mock) {
    await postFee(registry, fee, { payer: party.id, payee: evpId, subject: brandId, occasion: vetting.vettingId });
  }
  return vetting;
}

function providerFor(brand: Brand, evpId: string): VettingProvider {
  const provider = VETTING_PROVIDERS.find((one) => one.evpId === evpId);
  if (provider === undefined) throw refused('notFound', 'evpId', 'Vetting provider not found');
  if (!provider.entityTypes.includes(brand.details.entityType)) {
    throw refused('notAllowed', 'evpId', `${evpId} does not vet brands of entity type ${brand.details.entityType}`);
  }
  if (provider.onlyUs && brand.details.country !== 'US') {
    throw refused('notAllowed', 'evpId', `${evpId} vets brands of the US only`);
  }
  return provider;
}

/** The task `vet`: the provider's report arrives. */
export async function finishVetting(registry: Registry, brandId: string, vettingId: string): Promise<void> {
  let before: Brand | undefined;
  const brand = await change(registry.store, 'brand', brandId, (found) => {
    before = found;
    const waiting = found.vettings.find((one) => one.vettingId === vettingId);
    if (waiting?.vettingStatus !== 'PENDING') return undefined;
    const report = reported(registry, waiting, found.referenceId ?? '');
    const vettings = found.vettings.map((one) => (one === waiting ? report : one));
    return withVettings(found, vettings);
  });
  await registry.publisher.brandChanged(brandId);
  const vetting = brand?.vettings.find((one) => one.vettingId === vettingId);
  if (brand === undefined || vetting === undefined) return;
  const eventType = vetting.vettingStatus === 'ACTIVE' ? 'EVP_REPORT_SCORE' : 'EVP_REPORT_FAIL';
  await tellVetting(registry, eventType, before, brand, vetting);
}

function withVettings(brand: Brand, vettings: readonly Vetting[]): Brand {
  const vetted = { ...brand, vettings };
  return hasVetting(vetted) ? { ...vetted, identityStatus: 'VETTED_VERIFIED' } : vetted;
}

/** The report of a vetting: as `fixedBy` says, or drawn. */
function reported(registry: Registry, vetting: Vetting, fixedBy: string): Vetting {
  const vettedMs = registry.clock.nowMs();
  if (FIXED_FAILURE.test(fixedBy)) {
    return { ...vetting, vettingStatus: 'FAILED', reasons: ['The provider could not confirm the company.'], vettedMs };
  }
  if (vetting.vettingClass === 'POLITICAL') return { ...vetting, vettingStatus: 'ACTIVE', vettedMs };
  const fixed = FIXED_SCORE.exec(fixedBy)?.[1];
  const drawn = Math.floor(chanceOf(registry, `vetting-score:${vetting.vettingId}`).next() * 101);
  const vettingScore = fixed === undefined ? drawn : Math.min(100, Number(fixed));
  return { ...vetting, vettingStatus: 'ACTIVE', vettingScore, vettedMs };
}

/** Takes over a report that the brand already has from a provider. */
export async function importVetting(
  registry: Registry,
  party: Party,
  brandId: string,
  body: unknown,
): Promise<Vetting> {
  const { evpId = '', vettingId = '', vettingToken } = readFields(VETTING_IMPORT_FIELDS, body);
  const found = await brandOf(registry, party, brandId);
  const provider = providerFor(found, evpId);
  const reader = new FieldReader();
  if (provider.needsToken && vettingToken === undefined) reader.refuse('vettingToken', `is required by ${evpId}`);
  const isCv = evpId === 'CV';
  if (isCv && !CV_TOKEN.test(vettingId)) reader.refuse('vettingId', 'must be a Campaign Verify authorization token');
  reader.done();
  if (isCv && found.optionalAttributes['taxExemptStatus'] !== undefined) {
    throw refused('notAllowed', 'evpId', 'CV vets NON_PROFIT brands without a 501c status only');
  }
  if (!(await takeName(registry, `vetting/${evpId}/${vettingId}`, brandId))) {
    throw refused('duplicate', 'vettingId', 'This vetting is imported already');
  }
  const nowMs = registry.clock.nowMs();
  const asked: Vetting = {
    evpId,
    vettingId,
    vettingClass: provider.imports,
    vettingStatus: 'PENDING',
    vettingScore: null,
    reasons: [],
    createdMs: nowMs,
    vettedMs: null,
  };
  const vetting = reported(registry, asked, vettingId);
  const brand = await change(registry.store, 'brand', brandId, (one) => {
    const politics = isCv ? { section527: true, politicalCommitteeLocale: vettingId.split('|')[5] ?? 'federal' } : {};
    const vetted = withVettings(one, [...one.vettings, vetting]);
    return { ...vetted, optionalAttributes: { ...one.optionalAttributes, ...politics } };
  });
  if (brand === undefined) throw refused('notFound', 'brandId', 'Brand not found');
  await registry.publisher.brandChanged(brandId);
  await tellVetting(registry, 'EVP_REPORT_IMPORT', found, brand, vetting);
  return vetting;
}

/** A token such as Campaign Verify hands out, good for one import. */
export async function mockCvToken(registry: Registry, party: Party, brandId: string, form: unknown): Promise<string> {
  await brandOf(registry, party, brandId);
  const { locale = 'federal' } = readFields(CV_TOKEN_FIELDS, form ?? {});
  const count = await registry.store.nextNumber('cv-token');
  return `cv|1.0|tcr|10dlc|${drawText(chanceOf(registry, `cv-token:${count}`), '0123456789abcdef', 32)}|${locale}`;
}
