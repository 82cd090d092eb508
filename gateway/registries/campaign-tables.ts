/**
 * Keeps the campaigns and brands of the core equal to what the two registries say: the number registry's record gives
 * status and expiry, the carriers' terms from the campaign registry give class, tier and brand. Either may arrive first.
 */
import type { CampaignEntry, CampaignRecord, CarrierTerms, RegistryListener } from '../../registry-cache/index.ts';
import { type Core, makeRoomForLimits } from '../router/index.ts';

/** Of a campaign without terms. It is active nowhere, so nothing reads them. */
const NO_TERMS = { status: 0, brand: 0, attClass: 0, useCase: 'MIXED' } as const;

export interface CampaignTablesState {
  readonly withoutTerms: ReadonlyMap<number, number>;
  readonly early: ReadonlyMap<string, CarrierTerms>;
}

export class CampaignTables implements RegistryListener {
  readonly #core: Core;
  /** Status by handle, of campaigns whose terms have not come. */
  readonly #withoutTerms = new Map<number, number>();
  /** Terms by campaign id, of campaigns that have not come. */
  readonly #early = new Map<string, CarrierTerms>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** What has come by halves; what is whole is in the core's tables. */
  capture(): CampaignTablesState {
    return { withoutTerms: this.#withoutTerms, early: this.#early };
  }

  restore({ withoutTerms, early }: CampaignTablesState): void {
    this.#withoutTerms.clear();
    for (const [handle, status] of withoutTerms) this.#withoutTerms.set(handle, status);
    this.#early.clear();
    for (const [campaign, terms] of early) this.#early.set(campaign, terms);
  }

  /** Throws if a handle comes before those below it: then the store broke its promise. */
  campaignsChanged(entries: readonly CampaignEntry[]): void {
    const { campaigns } = this.#core;
    for (const { handle, record } of entries) {
      const { id, status, expiresAtMs } = record;
      if (handle > campaigns.count) throw new Error(`campaign ${id} came with handle ${handle} before those below it`);
      if (handle === campaigns.count) {
        campaigns.add({ id, expiresAtMs, ...NO_TERMS });
        this.#withoutTerms.set(handle, status);
        const terms = this.#early.get(id);
        if (terms !== undefined) this.#apply(handle, terms);
      } else if (campaigns.id(handle) !== id) {
        this.#rename(handle, record);
      } else if (this.#withoutTerms.has(handle)) {
        campaigns.update(handle, { expiresAtMs });
        this.#withoutTerms.set(handle, status);
      } else {
        campaigns.update(handle, { status, expiresAtMs });
      }
    }
    makeRoomForLimits(this.#core);
  }

  termsChanged(terms: readonly CarrierTerms[]): void {
    for (const one of terms) {
      const handle = this.#core.campaigns.find(one.campaign);
      if (handle < 0) this.#early.set(one.campaign, one);
      else this.#apply(handle, one);
    }
    makeRoomForLimits(this.#core);
  }

  /** A store that was emptied gives its handles out anew. The terms a campaign had under another handle go with it. */
  #rename(handle: number, { id, status, expiresAtMs }: CampaignRecord): void {
    const { campaigns, limits } = this.#core;
    const before = campaigns.find(id);
    const hasTerms = before >= 0 && !this.#withoutTerms.has(before);
    const terms = hasTerms ? { ...campaigns.read(before), status } : NO_TERMS;
    if (hasTerms) this.#withoutTerms.delete(handle);
    else this.#withoutTerms.set(handle, status);
    campaigns.rename(handle, id);
    for (const allowance of [...limits.campaignSms, ...limits.campaignMms]) allowance?.replaced?.(handle);
    campaigns.update(handle, { ...terms, expiresAtMs });
  }

  #apply(handle: number, { campaign, brand: id, attClass, tmobileTier, useCase }: CarrierTerms): void {
    const { brands, campaigns } = this.#core;
    const known = brands.find(id);
    const brand = known >= 0 ? known : brands.add({ id, tmobileTier });
    brands.setTmobileTier(brand, tmobileTier);
    const status = this.#withoutTerms.get(handle) ?? campaigns.status(handle);
    campaigns.update(handle, { brand, attClass, useCase, status });
    this.#withoutTerms.delete(handle);
    this.#early.delete(campaign);
  }
}
