/**
 * Hands campaign records and carrier terms out, and sees to it that the last state of each arrives.
 *
 * Before a campaign changes, a task is put in the queue that publishes it a little later; when the change was published at
 * once, the task is removed. So a process that dies in between, or a receiver that cannot be reached, leaves work for
 * whoever looks into the queue next, and nothing is lost.
 */
import type { CampaignRecord, CarrierTerms } from '../../../registry-cache/index.ts';
import type { Clock } from '../../router/index.ts';
import type { Campaign, Party } from './model.ts';
import { campaignRecord, carrierTerms } from './record.ts';
import { change, type TcrStore } from './tcr-store.ts';

/** The only ways out, besides webhooks. Both may reject; then the same is handed over again later. */
export interface Receivers {
  publishCampaigns(records: readonly CampaignRecord[]): Promise<unknown>;
  publishTerms(terms: readonly CarrierTerms[]): Promise<unknown>;
}

const SECOND_TRY_MS = 5_000;

export class Publisher {
  readonly #store: TcrStore;
  readonly #clock: Clock;
  readonly #parties: ReadonlyMap<string, Party>;
  readonly #receivers: Receivers;

  constructor(parts: { store: TcrStore; clock: Clock; parties: ReadonlyMap<string, Party>; receivers: Receivers }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#parties = parts.parties;
    this.#receivers = parts.receivers;
  }

  /** Changes a campaign and publishes it. What it became, or undefined when `edit` left it alone. */
  async changeCampaign(
    campaignId: string,
    edit: (campaign: Campaign) => Campaign | undefined,
  ): Promise<Campaign | undefined> {
    let changed: Campaign | undefined;
    await this.#published(`publish:${campaignId}`, async () => {
      changed = await change(this.#store, 'campaign', campaignId, edit);
      return () => this.publishCampaign(campaignId);
    });
    return changed;
  }

  /** Writes a new campaign and publishes it. */
  async addCampaign(campaign: Campaign): Promise<void> {
    await this.#published(`publish:${campaign.campaignId}`, async () => {
      await this.#store.put('campaign', campaign.campaignId, campaign, 0);
      return () => this.publishCampaign(campaign.campaignId);
    });
  }

  /** Publishes the terms of all active campaigns of a brand, since its score or its campaigns changed. */
  async brandChanged(brandId: string): Promise<void> {
    await this.#published(`terms:${brandId}`, () => Promise.resolve(() => this.publishTermsOf(brandId)));
  }

  /** Publishes a campaign as it is, and again if it changed meanwhile, so that the last thing said is true. */
  async publishCampaign(campaignId: string): Promise<void> {
    for (;;) {
      const found = await this.#store.get('campaign', campaignId);
      if (found === undefined || found.value.mock) return;
      const brand = await this.#store.get('brand', found.value.brandId);
      await this.#receivers.publishCampaigns([campaignRecord(found.value, this.#parties)]);
      if (brand !== undefined) await this.#receivers.publishTerms([carrierTerms(brand.value, found.value)]);
      if ((await this.#store.get('campaign', campaignId))?.version === found.version) return;
    }
  }

  async publishTermsOf(brandId: string): Promise<void> {
    for (;;) {
      const found = await this.#store.get('brand', brandId);
      if (found === undefined || found.value.mock) return;
      const terms: CarrierTerms[] = [];
      for (const { campaignId } of found.value.activeCampaigns) {
        const campaign = await this.#store.get('campaign', campaignId);
        if (campaign !== undefined) terms.push(carrierTerms(found.value, campaign.value));
      }
      if (terms.length > 0) await this.#receivers.publishTerms(terms);
      if ((await this.#store.get('brand', brandId))?.version === found.version) return;
    }
  }

  /** Publishes every campaign, for receivers that may have lost what they were told. */
  async publishAll(): Promise<void> {
    for (const { campaignId } of await this.#store.list('campaign')) await this.publishCampaign(campaignId);
  }

  async #published(task: string, write: () => Promise<() => Promise<void>>): Promise<void> {
    const untilMs = this.#clock.nowMs() + SECOND_TRY_MS;
    await this.#store.schedule(task, untilMs);
    const publish = await write();
    try {
      await publish();
    } catch {
      return; // The task is in the queue and tries again.
    }
    await this.#store.finish({ task, untilMs });
  }
}
