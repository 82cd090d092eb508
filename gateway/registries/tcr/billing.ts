/**
 * What a campaign costs while it lasts: a quarter in advance, then month by month (task `renew:<id>`), until it is ended or
 * not renewed.
 */
import type { Fee } from '../../../tariffs/index.ts';
import { addMonths } from './fees.ts';
import type { Campaign } from './model.ts';
import { postFee, type Registry } from './registry.ts';
import { change } from './tcr-store.ts';
import { tellCampaign } from './telling.ts';

/** Ends a campaign for good; one that is over stays so. */
export async function expireCampaign(registry: Registry, campaignId: string): Promise<Campaign | undefined> {
  const nowMs = registry.clock.nowMs();
  const campaign = await registry.publisher.changeCampaign(campaignId, (found) =>
    found.status === 'EXPIRED' ? undefined : { ...found, status: 'EXPIRED', expiredMs: nowMs },
  );
  if (campaign === undefined) return undefined;
  await change(registry.store, 'brand', campaign.brandId, (brand) => ({
    ...brand,
    activeCampaigns: brand.activeCampaigns.filter((one) => one.campaignId !== campaignId),
  }));
  await registry.publisher.brandChanged(campaign.brandId);
  await tellCampaign(registry, 'CAMPAIGN_EXPIRED', campaign, 'is deactivated');
  return campaign;
}

/** The task `renew`: what was paid is used up. */
export async function renewCampaign(registry: Registry, campaignId: string): Promise<void> {
  const found = await registry.store.get('campaign', campaignId);
  const nowMs = registry.clock.nowMs();
  if (found === undefined || found.value.status === 'EXPIRED') return;
  const { paidUntilMs, autoRenewal } = found.value;
  if (paidUntilMs === null || paidUntilMs > nowMs) return;
  if (!autoRenewal) {
    await expireCampaign(registry, campaignId);
    return;
  }
  const nextMs = addMonths(paidUntilMs, 1);
  await registry.store.schedule(`renew:${campaignId}`, nextMs);
  const fee = registry.fees.monthly(found.value.usecase, registry.tariffDateMs());
  const billed = { ...found.value, billedMs: paidUntilMs };
  await bill(registry, billed, fee, 1);
  await registry.publisher.changeCampaign(campaignId, (campaign) =>
    campaign.paidUntilMs === paidUntilMs ? { ...campaign, billedMs: paidUntilMs, paidUntilMs: nextMs } : undefined,
  );
}

/** Posts so many months and tells of it. */
export async function bill(
  registry: Registry,
  campaign: Campaign,
  fee: Fee | undefined,
  months: number,
): Promise<void> {
  const occasion = campaign.billedMs ?? campaign.createdMs;
  await postFee(registry, fee, { payer: campaign.cspId, subject: campaign.campaignId, occasion, times: months });
  await tellCampaign(
    registry,
    'CAMPAIGN_BILLED',
    campaign,
    `is billed for ${months} ${months === 1 ? 'month' : 'months'}`,
  );
}
