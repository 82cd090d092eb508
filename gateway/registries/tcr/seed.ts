/**
 * Brands and campaigns of a file, put into the registry as if they had gone their whole way: owned by a service provider,
 * accepted by a DCA, with exactly the classes, tiers and carriers that the file gives them. Once there, they can be read
 * and changed like any other.
 */
import { ATT_CLASSES, TMOBILE_TIERS } from '../../../tariffs/index.ts';
import { type Brand, type Campaign, CAMPAIGN_FLAGS, type CampaignFlag } from './model.ts';
import { attClassFor, tmobileTierFor } from './qualify.ts';
import { operationAt } from './record.ts';
import { type Registry, takeName } from './registry.ts';
import { MNOS, OTHER_CARRIER, type OperationStatus } from './words.ts';

export interface SeedBrand {
  readonly id: string;
  readonly name: string;
  /** Index into TMOBILE_TIERS. */
  readonly tmobileTier: number;
}

export interface SeedCampaign {
  readonly id: string;
  /** Id of its brand. */
  readonly brand: string;
  /** Index into ATT_CLASSES. */
  readonly attClass: number;
  readonly useCase: string;
  /** Bit i set: active at CARRIERS[i]. */
  readonly status: number;
  /** Milliseconds since the epoch; Infinity for never. */
  readonly expiresAtMs: number;
}

export interface Seeding {
  readonly brands: readonly SeedBrand[];
  readonly campaigns: readonly SeedCampaign[];
  /** Who owns them. */
  readonly cspId: string;
  /** Who accepted them. */
  readonly dcaId: string;
}

/** Adds what is not there yet and leaves what is. Publishes every campaign of the file, as it is. */
export async function seedRegistry(registry: Registry, { brands, campaigns, cspId, dcaId }: Seeding): Promise<void> {
  const nowMs = registry.clock.nowMs();
  for (const spec of brands) {
    await takeName(registry, `id/${spec.id}`, cspId);
    const own = campaigns.filter(({ brand, expiresAtMs }) => brand === spec.id && expiresAtMs > nowMs);
    await registry.store.put('brand', spec.id, seedBrand(spec, own, cspId, nowMs), 0);
  }
  for (const spec of campaigns) {
    await takeName(registry, `id/${spec.id}`, cspId);
    const brand = (await registry.store.get('brand', spec.brand))?.value;
    if (brand === undefined)
      throw new RangeError(`campaign ${spec.id} names the brand ${spec.brand}, which is not there`);
    const there = await registry.store.get('campaign', spec.id);
    const campaign = there?.value ?? seedCampaign(spec, brand, cspId, dcaId, nowMs);
    if (campaign.paidUntilMs !== null) await registry.store.schedule(`renew:${spec.id}`, campaign.paidUntilMs);
    await registry.publisher.addCampaign(campaign);
  }
}

function seedBrand(spec: SeedBrand, own: readonly SeedCampaign[], cspId: string, nowMs: number): Brand {
  const tier = TMOBILE_TIERS[spec.tmobileTier]?.name;
  if (tier === undefined) throw new RangeError(`brand ${spec.id}: no T-Mobile tier ${spec.tmobileTier}`);
  const isSole = tier === 'SOLE_PROPRIETOR';
  const brand: Brand = {
    brandId: spec.id,
    cspId,
    details: {
      entityType: isSole ? 'SOLE_PROPRIETOR' : 'PRIVATE_PROFIT',
      displayName: spec.name,
      country: 'US',
      ...(!isSole && { companyName: spec.name }),
    },
    referenceId: null,
    tags: [],
    mock: false,
    status: 'ACTIVE',
    identityStatus: isSole ? 'SELF_DECLARED' : 'VERIFIED',
    optionalAttributes: {},
    feedback: [],
    vettings: [],
    isScoring: false,
    submissions: 1,
    createdMs: nowMs,
    relationshipMs: nowMs,
    activeCampaigns: own.map(({ id, useCase }) => ({ campaignId: id, usecase: useCase })),
  };
  // A tier that follows anyway is left to follow, and so moves when the brand is vetted.
  const follows = tmobileTierFor(brand) === tier && own.every(({ useCase }) => useCase !== 'LOW_VOLUME');
  return follows ? brand : { ...brand, tierOverride: tier };
}

function seedCampaign(spec: SeedCampaign, brand: Brand, cspId: string, dcaId: string, nowMs: number): Campaign {
  const letter = ATT_CLASSES[spec.attClass]?.letter;
  if (letter === undefined) throw new RangeError(`campaign ${spec.id}: no AT&T class ${spec.attClass}`);
  const isOver = spec.expiresAtMs <= nowMs;
  const operationOf = (carrier: number): OperationStatus =>
    (spec.status & (1 << carrier)) === 0 ? 'SUSPENDED' : 'APPROVED';
  const link = { downstreamCnpId: cspId, upstreamCnpId: dcaId, explanation: null, sharedMs: nowMs, statusMs: nowMs };
  const campaign: Campaign = {
    campaignId: spec.id,
    cspId,
    brandId: spec.brand,
    usecase: spec.useCase,
    subUsecases: [],
    vertical: null,
    resellerId: null,
    referenceId: null,
    tags: [],
    details: { description: `Campaign of the use case ${spec.useCase}` },
    flags: Object.fromEntries(CAMPAIGN_FLAGS.map((flag) => [flag, false])) as Record<CampaignFlag, boolean>,
    mock: false,
    status: isOver ? 'EXPIRED' : 'ACTIVE',
    autoRenewal: spec.expiresAtMs === Infinity,
    createdMs: nowMs,
    billedMs: null,
    paidUntilMs: isOver || spec.expiresAtMs === Infinity ? null : spec.expiresAtMs,
    expiredMs: isOver ? spec.expiresAtMs : null,
    operations: MNOS.map(({ id, carrier }) => ({ mnoId: id, status: operationOf(carrier) })),
    chain: [{ ...link, sharingStatus: 'ACCEPTED' }],
    ...(attClassFor(brand, spec.useCase) !== letter && { classOverride: letter }),
  };
  const other = operationOf(OTHER_CARRIER);
  return operationAt(campaign, OTHER_CARRIER) === other ? campaign : { ...campaign, otherOperation: other };
}
