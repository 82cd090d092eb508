/** What is told of brands and campaigns, and to whom: the events of the webhooks with their words. */
import type { Brand, Campaign, Vetting } from './model.ts';
import type { Registry } from './registry.ts';
import type { EventType } from './words.ts';

export async function tellBrand(registry: Registry, eventType: EventType, brand: Brand, what: string): Promise<void> {
  const description = `Brand ${brand.brandId} (${brand.details.displayName}) ${what}`;
  await registry.events.tell(eventType, [brand.cspId], { brand, description });
}

/** Tells of a new identity status, if it is new. */
export async function tellIdentity(registry: Registry, before: Brand | undefined, brand: Brand): Promise<void> {
  if (before?.identityStatus === brand.identityStatus) return;
  await tellBrand(registry, 'BRAND_IDENTITY_STATUS_UPDATE', brand, `is ${brand.identityStatus}`);
}

export async function tellVetting(
  registry: Registry,
  eventType: EventType,
  before: Brand | undefined,
  brand: Brand,
  { evpId, vettingId }: Vetting,
): Promise<void> {
  const description = `Vetting ${vettingId} of brand ${brand.brandId} by ${evpId}`;
  await registry.events.tell(eventType, [brand.cspId], { brand, vetting: { evpId, vettingId }, description });
  await tellBrand(registry, 'BRAND_IDENTITY_VET_UPDATE', brand, 'has a new vetting');
  await tellIdentity(registry, before, brand);
}

/** Tells the owner, or those named instead. */
export async function tellCampaign(
  registry: Registry,
  eventType: EventType,
  campaign: Campaign,
  what: string,
  partyIds: readonly string[] = [campaign.cspId],
): Promise<void> {
  const brand = (await registry.store.get('brand', campaign.brandId))?.value;
  const name = brand === undefined ? '' : ` (${brand.details.displayName})`;
  const description = `Campaign ${campaign.campaignId} for brand ${campaign.brandId}${name} ${what}`;
  await registry.events.tell(eventType, partyIds, { brand, campaign, description });
}

/** Tells the owner what an MNO did. */
export async function tellOperation(
  registry: Registry,
  eventType: EventType,
  campaign: Campaign,
  mnoId: number,
  note?: string,
): Promise<void> {
  const brand = (await registry.store.get('brand', campaign.brandId))?.value;
  const description = note ?? `Campaign ${campaign.campaignId} at MNO ${mnoId}`;
  await registry.events.tell(eventType, [campaign.cspId], { brand, campaign, mnoId, description });
}
