/**
 * Campaigns: what a brand qualifies for, submitting one, changing it.
 *
 * A campaign is taken if at least one MNO's requirements are met, and submitted to those MNOs only.
 */
import { bill } from './billing.ts';
import { TAGS_MAX } from './brands.ts';
import { apiError, ERROR_CODES, Refused, refused } from './errors.ts';
import { addMonths, firstMonths } from './fees.ts';
import { FieldReader, type FieldTable } from './fields.ts';
import {
  type Brand,
  type Campaign,
  CAMPAIGN_FLAGS,
  type CampaignDetails,
  type CampaignFlag,
  type Party,
} from './model.ts';
import { mnoMetadata, type MnoMetadataMap, qualifies, unmet } from './qualify.ts';
import {
  brandOf,
  campaignOf,
  newId,
  postFee,
  type Registry,
  requireActive,
  requireCsp,
  takeReference,
  withTasks,
} from './registry.ts';
import { change } from './tcr-store.ts';
import { tellCampaign, tellOperation } from './telling.ts';
import { MNOS, USE_CASE_LIST, type UseCase, useCaseOf, VERTICALS } from './words.ts';

const SAMPLE = { kind: 'text', max: 1_024 } as const;
const MESSAGE = { kind: 'text', max: 1_024 } as const;
const KEYWORDS = { kind: 'text', max: 255, about: 'Parted by commas.' } as const;

const DETAIL_FIELDS = {
  sample1: SAMPLE,
  sample2: SAMPLE,
  sample3: SAMPLE,
  sample4: SAMPLE,
  sample5: SAMPLE,
  messageFlow: { kind: 'text', max: 2_048 },
  helpMessage: MESSAGE,
  optinMessage: MESSAGE,
  optoutMessage: MESSAGE,
  optinKeywords: KEYWORDS,
  optoutKeywords: KEYWORDS,
  helpKeywords: KEYWORDS,
} as const satisfies FieldTable;
const DESCRIPTION = { kind: 'text', max: 4_096 } as const;

const flagFields = Object.fromEntries(CAMPAIGN_FLAGS.map((flag) => [flag, { kind: 'flag' }])) as Record<
  CampaignFlag,
  { kind: 'flag' }
>;

export const NEW_CAMPAIGN_FIELDS = {
  brandId: { kind: 'text', max: 7, required: true },
  usecase: { kind: 'choice', of: USE_CASE_LIST.map(({ code }) => code), required: true },
  description: { ...DESCRIPTION, required: true },
  ...DETAIL_FIELDS,
  ...flagFields,
  vertical: { kind: 'choice', of: VERTICALS },
  subUsecases: { kind: 'texts', max: 5 },
  resellerId: { kind: 'text', max: 7 },
  mnoIds: { kind: 'numbers', max: 20, about: 'All MNOs if left out.' },
  referenceId: { kind: 'text', max: 50, about: "The caller's own; once only." },
  autoRenewal: { kind: 'flag', about: 'True if left out.' },
  tag: { kind: 'texts', max: TAGS_MAX },
} as const satisfies FieldTable;

export const CAMPAIGN_UPDATE_FIELDS = {
  description: DESCRIPTION,
  ...DETAIL_FIELDS,
  resellerId: { kind: 'text', max: 7, about: 'Once only.' },
  autoRenewal: { kind: 'flag' },
} as const satisfies FieldTable;

/** What a use case costs and asks, for one brand. Fees in dollars, as the real service has them. */
export interface UsecaseMetadata {
  readonly usecase: string;
  readonly monthlyFee: number;
  readonly quarterlyFee: number;
  readonly annualFee: number;
  readonly minSubUsecases: number;
  readonly maxSubUsecases: number;
  readonly mnoMetadata: MnoMetadataMap;
}

const MICROS_PER_DOLLAR = 1_000_000;
const SAMPLE_FIELD = /^sample[1-5]$/;

export async function qualifyBrand(registry: Registry, party: Party, brandId: string): Promise<UsecaseMetadata[]> {
  const brand = await scoredBrandOf(registry, party, brandId);
  return USE_CASE_LIST.map((usecase) => usecaseMetadata(registry, brand, usecase));
}

export async function qualifyUsecase(
  registry: Registry,
  party: Party,
  brandId: string,
  code: string,
): Promise<UsecaseMetadata> {
  const usecase = useCaseOf(code);
  const brand = await scoredBrandOf(registry, party, brandId);
  if (usecase === undefined) throw refused('notFound', 'usecase', 'Use case not found');
  return usecaseMetadata(registry, brand, usecase);
}

async function scoredBrandOf(registry: Registry, party: Party, brandId: string): Promise<Brand> {
  const brand = await brandOf(registry, party, brandId);
  if (brand.isScoring) throw refused('brandPending', 'brandId');
  return brand;
}

/** Dollars a month. */
export function monthlyFeeOf(registry: Registry, usecase: string): number {
  return (registry.fees.monthly(usecase, registry.tariffDateMs())?.amountMicros ?? 0) / MICROS_PER_DOLLAR;
}

function usecaseMetadata(registry: Registry, brand: Brand, usecase: UseCase): UsecaseMetadata {
  const monthlyFee = monthlyFeeOf(registry, usecase.code);
  return {
    usecase: usecase.code,
    monthlyFee,
    quarterlyFee: monthlyFee * 3,
    annualFee: monthlyFee * 12,
    minSubUsecases: usecase.minSubUsecases,
    maxSubUsecases: usecase.maxSubUsecases,
    mnoMetadata: mnoMetadata({ brand, usecase: usecase.code }, registry.tariffDateMs()),
  };
}

/** `mnoMetadata` of a campaign as it stands: what a change of the brand's score gave or took is in it. */
export async function campaignMetadata(registry: Registry, campaign: Campaign): Promise<MnoMetadataMap> {
  const found = await registry.store.get('brand', campaign.brandId);
  if (found === undefined) return {};
  const asked = {
    brand: found.value,
    usecase: campaign.usecase,
    numberPool: campaign.flags.numberPool,
    classOverride: campaign.classOverride,
  };
  const all = mnoMetadata(asked, registry.tariffDateMs());
  return Object.fromEntries(
    campaign.operations.flatMap(({ mnoId }) => {
      const terms = all[mnoId];
      return terms === undefined ? [] : [[String(mnoId), terms]];
    }),
  );
}

export interface Submitted {
  readonly campaignId: string;
  readonly mnoMetadata: MnoMetadataMap;
}

export async function submitCampaign(registry: Registry, party: Party, body: unknown): Promise<Submitted> {
  requireCsp(party);
  const { store, clock, settings } = registry;
  const read = readNewCampaign(body);
  const brand = await scoredBrandOf(registry, party, read.brandId);
  if (read.resellerId !== undefined) await requireReseller(registry, party, read.resellerId);
  if (!qualifies(brand, read.usecase)) {
    throw refused('campaignRejected', 'usecase', 'Brand does not qualify for submitted campaign use-case');
  }
  const terms = mnoMetadata(
    { brand, usecase: read.usecase, numberPool: read.flags.numberPool },
    registry.tariffDateMs(),
  );
  const metadata = judged(terms, read);
  const taking = MNOS.filter((mno) => metadata[mno.id]?.qualify === true).map(({ id }) => id);
  const giveBack = await takeReference(registry, party.id, 'campaign', read.referenceId);

  const campaignId = await newId(registry, 'C');
  const limit = brand.details.entityType === 'SOLE_PROPRIETOR' ? 1 : settings.campaignsPerBrand;
  const counted = await change(store, 'brand', brand.brandId, (found) => {
    if (found.status === 'DELETED') throw refused('notFound', 'brandId', 'Brand not found');
    if (found.activeCampaigns.length >= limit) {
      throw refused('tooManyCampaigns', 'brandId', `A brand of this kind may have ${limit} active campaigns`);
    }
    return { ...found, activeCampaigns: [...found.activeCampaigns, { campaignId, usecase: read.usecase }] };
  }).catch(async (error: unknown) => {
    await giveBack();
    throw error;
  });
  if (counted === undefined) throw refused('notFound', 'brandId', 'Brand not found');

  const nowMs = clock.nowMs();
  const months = firstMonths(read.usecase);
  const campaign: Campaign = {
    campaignId,
    cspId: party.id,
    brandId: brand.brandId,
    usecase: read.usecase,
    subUsecases: read.subUsecases,
    vertical: read.vertical ?? brand.details.vertical ?? null,
    resellerId: read.resellerId ?? null,
    referenceId: read.referenceId ?? null,
    tags: read.tags,
    details: read.details,
    flags: read.flags,
    mock: brand.mock,
    status: 'ACTIVE',
    autoRenewal: read.autoRenewal,
    createdMs: nowMs,
    billedMs: brand.mock ? null : nowMs,
    paidUntilMs: brand.mock ? null : addMonths(nowMs, months),
    expiredMs: null,
    // Nobody looks at a mock campaign, so it is approved where nobody needs to.
    operations: taking.map((mnoId) => ({
      mnoId,
      status: brand.mock && metadata[mnoId]?.mnoReview === false ? 'APPROVED' : 'REVIEW',
    })),
    chain: [],
  };
  const tasks = campaign.paidUntilMs === null ? [] : [{ task: `renew:${campaignId}`, atMs: campaign.paidUntilMs }];
  await withTasks(registry, tasks, () => registry.publisher.addCampaign(campaign));
  await registry.publisher.brandChanged(brand.brandId);
  await tellCampaign(registry, 'CAMPAIGN_ADD', campaign, 'is provisioned in the registry');
  if (!campaign.mock) {
    const atMs = registry.tariffDateMs();
    await bill(registry, campaign, registry.fees.monthly(campaign.usecase, atMs), months);
    if (campaign.flags.numberPool) {
      const fee = registry.fees.at('number-pool-request', atMs);
      await postFee(registry, fee, { payer: party.id, subject: campaignId, occasion: 1 });
    }
  }
  for (const mnoId of taking.filter((id) => metadata[id]?.mnoReview === true)) {
    await tellOperation(registry, 'MNO_CAMPAIGN_OPERATION_REVIEW', campaign, mnoId);
  }
  return { campaignId, mnoMetadata: metadata };
}

interface NewCampaign {
  readonly brandId: string;
  readonly usecase: string;
  readonly details: CampaignDetails;
  readonly flags: Readonly<Record<CampaignFlag, boolean>>;
  readonly subUsecases: readonly string[];
  readonly vertical: string | undefined;
  readonly resellerId: string | undefined;
  readonly referenceId: string | undefined;
  readonly tags: readonly string[];
  readonly autoRenewal: boolean;
  /** None: all. */
  readonly mnoIds: readonly number[];
}

function readNewCampaign(body: unknown): NewCampaign {
  const reader = new FieldReader();
  const read = reader.read(NEW_CAMPAIGN_FIELDS, body);
  const { brandId = '', usecase = '', subUsecases = [], mnoIds = [], tag = [], autoRenewal = true } = read;
  const { vertical, resellerId, referenceId, description = '' } = read;
  const wanted = useCaseOf(usecase);
  if (wanted !== undefined) checkSubUsecases(reader, wanted, subUsecases);
  if (mnoIds.some((id) => MNOS.every((mno) => mno.id !== id))) {
    reader.refuse('mnoIds', `must be of ${MNOS.map(({ id }) => id).join(', ')}`);
  }
  reader.done();
  const flags = Object.fromEntries(CAMPAIGN_FLAGS.map((flag) => [flag, read[flag] ?? false])) as NewCampaign['flags'];
  const tags = tag.map((one) => one.toLowerCase());
  const details = { description, ...detailsOf(read) };
  return {
    brandId,
    usecase,
    details,
    flags,
    subUsecases,
    vertical,
    resellerId,
    referenceId,
    tags,
    autoRenewal,
    mnoIds,
  };
}

function detailsOf(read: Readonly<Record<string, unknown>>): Omit<CampaignDetails, 'description'> {
  return Object.fromEntries(
    Object.keys(DETAIL_FIELDS).flatMap((field) => (read[field] === undefined ? [] : [[field, read[field]]])),
  );
}

function checkSubUsecases(reader: FieldReader, usecase: UseCase, subUsecases: readonly string[]): void {
  const { code, minSubUsecases, maxSubUsecases } = usecase;
  const count = subUsecases.length;
  if (count < minSubUsecases || count > maxSubUsecases) {
    reader.refuse('subUsecases', `must be ${minSubUsecases} to ${maxSubUsecases} for ${code}`);
  }
  const wrong = subUsecases.filter((sub) => useCaseOf(sub)?.isSubUsecase !== true);
  if (wrong.length > 0) reader.refuse('subUsecases', `may not hold ${wrong.join(', ')}`);
}

/**
 * Which MNOs take the campaign: those it was meant for whose requirements it meets. Throws when there is none, naming what
 * is missing.
 */
function judged(terms: MnoMetadataMap, read: NewCampaign): MnoMetadataMap {
  const asked = MNOS.filter((mno) => read.mnoIds.length === 0 || read.mnoIds.includes(mno.id));
  const entries = asked.flatMap((mno) => {
    const one = terms[mno.id];
    return one === undefined ? [] : [{ mno, terms: one, lacks: unmet(one, read) }];
  });
  if (entries.every(({ lacks }) => lacks.length > 0)) {
    const byField = new Map(entries.flatMap(({ lacks }) => lacks).map((lack) => [lack.field, lack.needs]));
    const errors = [...byField].map(([field, needs]) =>
      apiError(SAMPLE_FIELD.test(field) ? 'invalid' : 'campaignRejected', field, needs),
    );
    throw new Refused(ERROR_CODES.campaignRejected.status, errors);
  }
  return Object.fromEntries(
    entries.map(({ mno, terms: one, lacks }) => [mno.id, { ...one, qualify: lacks.length === 0 }]),
  );
}

async function requireReseller(registry: Registry, party: Party, resellerId: string): Promise<void> {
  const found = await registry.store.get('reseller', resellerId);
  if (found?.value.cspId !== party.id) throw refused('notFound', 'resellerId', 'Reseller not found');
}

export async function updateCampaign(
  registry: Registry,
  party: Party,
  campaignId: string,
  body: unknown,
): Promise<Campaign> {
  const reader = new FieldReader();
  const read = reader.read(CAMPAIGN_UPDATE_FIELDS, body);
  reader.done();
  const before = await campaignOf(registry, party, campaignId);
  if (read.resellerId !== undefined) await requireReseller(registry, party, read.resellerId);
  const changed = await registry.publisher.changeCampaign(campaignId, (found) => {
    requireActive(found);
    if (read.resellerId !== undefined && found.resellerId !== null && found.resellerId !== read.resellerId) {
      throw refused('notAllowed', 'resellerId', 'resellerId may be set once');
    }
    const description = read.description ?? found.details.description;
    return {
      ...found,
      details: { ...found.details, ...detailsOf(read), description },
      resellerId: read.resellerId ?? found.resellerId,
      autoRenewal: read.autoRenewal ?? found.autoRenewal,
    };
  });
  const campaign = changed ?? before;
  await tellCampaign(registry, 'CAMPAIGN_UPDATE', campaign, 'is updated');
  return campaign;
}
