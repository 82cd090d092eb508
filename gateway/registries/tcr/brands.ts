/**
 * Brands: registering, checking who they are, changing, deleting.
 *
 * A check takes time. Registering writes the brand and leaves a task (`score:<id>`); whichever gateway does the task writes
 * the result and tells the webhook. Until then the brand has no campaigns. Mock brands leave a task that ends
 * them (`mock:<id>`).
 */
import { refused } from './errors.ts';
import { FieldReader, type FieldTable } from './fields.ts';
import { addMonths } from './fees.ts';
import { checkIdentity, plainEin } from './identity.ts';
import type { Brand, BrandDetails, Party } from './model.ts';
import { brandOf, dueMs, newId, postFee, type Registry, requireCsp, takeReference, withTasks } from './registry.ts';
import { change } from './tcr-store.ts';
import { tellBrand, tellIdentity } from './telling.ts';
import { hasVetting } from './vettings.ts';
import { ALT_BUSINESS_ID_TYPES, BRAND_RELATIONSHIPS, ENTITY_TYPES, STOCK_EXCHANGES, VERTICALS } from './words.ts';

const COUNTRY = { kind: 'text', max: 2, pattern: /^[A-Z]{2}$/, shape: 'two capital letters such as US' } as const;
export const PHONE = {
  kind: 'text',
  max: 20,
  pattern: /^\+[1-9][0-9]{6,14}$/,
  shape: 'in E.164 form such as +12025550100',
  about: 'How to reach support. Sends and receives no messages.',
} as const;
export const EMAIL = { kind: 'text', max: 100, pattern: /^\S+@\S+\.\S+$/, shape: 'an e-mail address' } as const;
export const TAGS_MAX = 10;

/** What may be changed later. */
export const BRAND_FIELDS = {
  entityType: { kind: 'choice', of: ENTITY_TYPES, required: true },
  displayName: { kind: 'text', max: 255, required: true },
  country: { ...COUNTRY, required: true },
  email: { ...EMAIL, required: true },
  phone: PHONE,
  firstName: { kind: 'text', max: 100 },
  lastName: { kind: 'text', max: 100 },
  companyName: { kind: 'text', max: 255, about: 'Legal name.' },
  ein: { kind: 'text', max: 21, about: 'Tax id; nine digits in the US.' },
  einIssuingCountry: COUNTRY,
  street: { kind: 'text', max: 100 },
  city: { kind: 'text', max: 100 },
  state: { kind: 'text', max: 20 },
  postalCode: { kind: 'text', max: 10 },
  stockSymbol: { kind: 'text', max: 10 },
  stockExchange: { kind: 'choice', of: STOCK_EXCHANGES },
  ipAddress: { kind: 'text', max: 50 },
  website: { kind: 'text', max: 100 },
  brandRelationship: { kind: 'choice', of: BRAND_RELATIONSHIPS },
  vertical: { kind: 'choice', of: VERTICALS },
  altBusinessId: { kind: 'text', max: 50 },
  altBusinessIdType: { kind: 'choice', of: ALT_BUSINESS_ID_TYPES },
} as const satisfies FieldTable;

export const NEW_BRAND_FIELDS = {
  ...BRAND_FIELDS,
  phone: { ...PHONE, required: true },
  referenceId: { kind: 'text', max: 50, about: "The caller's own; once only." },
  mock: { kind: 'flag', about: 'A brand to test with: free of charge, private, deleted after 30 days.' },
  tag: { kind: 'texts', max: TAGS_MAX },
} as const satisfies FieldTable;

const MOCK_LIFE_MS = 30 * 24 * 3_600_000;
/** A relationship may be changed once in so many months. */
const RELATIONSHIP_MONTHS = 3;

/** Registers a brand; it is being scored when this returns. */
export async function createBrand(registry: Registry, party: Party, body: unknown): Promise<Brand> {
  requireCsp(party);
  const { clock, settings, store } = registry;
  const reader = new FieldReader();
  const { referenceId, mock = false, tag = [], ...details } = reader.read(NEW_BRAND_FIELDS, body);
  requireForEntity(reader, details);
  if (details.entityType === 'SOLE_PROPRIETOR' && referenceId === undefined) {
    reader.refuse('referenceId', 'is required of a SOLE_PROPRIETOR');
  }
  reader.done();
  const complete = details as BrandDetails;
  if (settings.blockedCountries.includes(complete.country)) throw refused('countryBlocked', 'country');
  if (complete.entityType === 'SOLE_PROPRIETOR' && !settings.soleProprietor) {
    throw refused('soleProprietorOff', 'entityType');
  }
  if ((await store.nextNumber(`brands:${party.id}`)) > settings.brandsPerCsp) throw refused('tooManyBrands', null);
  await takeReference(registry, party.id, 'brand', referenceId);
  const nowMs = clock.nowMs();
  const brand: Brand = {
    brandId: await newId(registry, 'B'),
    cspId: party.id,
    details: complete,
    referenceId: referenceId ?? null,
    tags: tag.map((one) => one.toLowerCase()),
    mock,
    status: 'ACTIVE',
    identityStatus: complete.entityType === 'SOLE_PROPRIETOR' ? 'SELF_DECLARED' : 'UNVERIFIED',
    optionalAttributes: {},
    feedback: [],
    vettings: [],
    isScoring: true,
    submissions: 1,
    createdMs: nowMs,
    relationshipMs: nowMs,
    activeCampaigns: [],
  };
  const tasks = [{ task: `score:${brand.brandId}`, atMs: scoredAtMs(registry, brand) }];
  if (mock) tasks.push({ task: `mock:${brand.brandId}`, atMs: nowMs + MOCK_LIFE_MS });
  await withTasks(registry, tasks, () => store.put('brand', brand.brandId, brand, 0));
  await postSubmission(registry, brand);
  await tellBrand(registry, 'BRAND_ADD', brand, 'is added');
  return brand;
}

/** What is required depends on the kind of entity; the rest is required of all. */
function requireForEntity(reader: FieldReader, details: Partial<BrandDetails>): void {
  const { entityType, ein, country } = details;
  if (entityType === undefined) return;
  const isSole = entityType === 'SOLE_PROPRIETOR';
  const isPublic = entityType === 'PUBLIC_PROFIT';
  const required: (keyof BrandDetails)[] = isSole
    ? ['firstName', 'lastName']
    : [
        'companyName',
        'ein',
        'brandRelationship',
        'vertical',
        ...(isPublic ? (['stockSymbol', 'stockExchange'] as const) : []),
      ];
  for (const field of required) {
    if (details[field] === undefined) reader.refuse(field, `is required of a ${entityType}`);
  }
  const issuer = details.einIssuingCountry ?? country;
  if (!isSole && ein !== undefined && issuer === 'US' && !/^[0-9]{9}$/.test(plainEin(ein))) {
    reader.refuse('ein', 'must have nine digits');
  }
  if (entityType === 'GOVERNMENT' && country !== undefined && country !== 'US') {
    reader.refuse('entityType', 'GOVERNMENT is for US entities; use PRIVATE_PROFIT for others');
  }
  if (country === 'US' && details.state !== undefined && !/^[A-Z]{2}$/.test(details.state)) {
    reader.refuse('state', 'must be two capital letters');
  }
}

function scoredAtMs(registry: Registry, brand: Brand): number {
  return dueMs(registry, `score:${brand.brandId}:${brand.submissions}`, registry.settings.delays.scoring);
}

async function postSubmission(registry: Registry, brand: Brand): Promise<void> {
  if (brand.mock) return;
  const fee = registry.fees.at('tcr-brand-registration', registry.tariffDateMs());
  await postFee(registry, fee, { payer: brand.cspId, subject: brand.brandId, occasion: brand.submissions });
}

/** The task `score`: finds out who the brand is. */
export async function scoreBrand(registry: Registry, brandId: string): Promise<void> {
  let before: Brand | undefined;
  const brand = await change(registry.store, 'brand', brandId, (found) => {
    before = found;
    if (!found.isScoring || found.status === 'DELETED') return undefined;
    const identity = checkIdentity(found.details, registry.settings.legalNames);
    const politics = pick(found.optionalAttributes, ['section527', 'politicalCommitteeLocale']);
    return {
      ...found,
      isScoring: false,
      feedback: identity.feedback,
      optionalAttributes: { ...politics, ...identity.attributes },
      identityStatus: hasVetting(found) ? 'VETTED_VERIFIED' : identity.status,
    };
  });
  await registry.publisher.brandChanged(brandId);
  if (brand === undefined) return;
  await tellBrand(registry, 'BRAND_SCORE_UPDATE', brand, 'is scored');
  await tellIdentity(registry, before, brand);
}

function pick(attributes: Brand['optionalAttributes'], names: readonly string[]): Brand['optionalAttributes'] {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => names.includes(name)));
}

/** Has a brand checked anew, as after a correction; it is being scored when this returns. */
export async function revetBrand(registry: Registry, party: Party, brandId: string): Promise<Brand> {
  const before = await brandOf(registry, party, brandId);
  if (before.isScoring) throw refused('brandPending', 'brandId');
  const again = { ...before, submissions: before.submissions + 1 };
  const brand = await withTasks(registry, [{ task: `score:${brandId}`, atMs: scoredAtMs(registry, again) }], () =>
    change(registry.store, 'brand', brandId, (found) => {
      if (found.isScoring) throw refused('brandPending', 'brandId');
      return { ...found, isScoring: true, submissions: found.submissions + 1 };
    }),
  );
  if (brand === undefined) throw refused('notFound', 'brandId', 'Brand not found');
  await postSubmission(registry, brand);
  await tellBrand(registry, 'BRAND_REVET', brand, 'is vetted again');
  return brand;
}

export async function updateBrand(registry: Registry, party: Party, brandId: string, body: unknown): Promise<Brand> {
  await brandOf(registry, party, brandId);
  const reader = new FieldReader();
  const read = reader.read(BRAND_FIELDS, body);
  requireForEntity(reader, read);
  reader.done();
  const nowMs = registry.clock.nowMs();
  const brand = await change(registry.store, 'brand', brandId, (found) => {
    const details = { ...found.details, ...(read as BrandDetails) };
    const identity = ['ein', 'einIssuingCountry', 'entityType'] as const;
    const moved = identity.find((field) => details[field] !== found.details[field]);
    if (moved !== undefined && found.vettings.length > 0) {
      throw refused('notAllowed', moved, `${moved} may not be changed after an external vetting`);
    }
    const isNewRelationship = details.brandRelationship !== found.details.brandRelationship;
    if (isNewRelationship && nowMs < addMonths(found.relationshipMs, RELATIONSHIP_MONTHS)) {
      throw refused('notAllowed', 'brandRelationship', 'brandRelationship may be changed once in 3 months');
    }
    return { ...found, details, relationshipMs: isNewRelationship ? nowMs : found.relationshipMs };
  });
  if (brand === undefined) throw refused('notFound', 'brandId', 'Brand not found');
  await tellBrand(registry, 'BRAND_UPDATE', brand, 'is updated');
  return brand;
}

/** Deletes a brand without active campaigns, for good. */
export async function deleteBrand(registry: Registry, party: Party, brandId: string): Promise<void> {
  await brandOf(registry, party, brandId);
  const brand = await change(registry.store, 'brand', brandId, (found) => {
    if (found.activeCampaigns.length > 0) {
      throw refused('notAllowed', 'brandId', 'Brand has active campaigns; deactivate them first');
    }
    return { ...found, status: 'DELETED', isScoring: false };
  });
  if (brand !== undefined) await tellBrand(registry, 'BRAND_DELETE', brand, 'is deleted');
}

/** The task `mock`: the brand's thirty days are over. Its campaigns must be over before. */
export async function endMockBrand(registry: Registry, brandId: string): Promise<void> {
  const brand = await change(registry.store, 'brand', brandId, (found) =>
    found.status === 'DELETED' ? undefined : { ...found, status: 'DELETED', isScoring: false, activeCampaigns: [] },
  );
  if (brand !== undefined) await tellBrand(registry, 'BRAND_DELETE', brand, 'is deleted');
}
