/**
 * The campaign registry as one object: what the routes, an operator and the composition root ask of it, and the work
 * that falls due by itself.
 *
 * Due work lies in the store's queue and is claimed, so any number of gateways may look for it; each task does nothing if
 * what it is about has moved on, so one that is done twice by accident does no harm.
 */
import type { Timers } from '../../router/index.ts';
import { expireCampaign, renewCampaign } from './billing.ts';
import { endMockBrand, scoreBrand } from './brands.ts';
import { Refused, refused } from './errors.ts';
import type { Brand, Campaign, FeePosting, SharingLink } from './model.ts';
import { type CarrierAction, finishReview, operate } from './carrier-operations.ts';
import { noCampaign, type Registry } from './registry.ts';
import { acceptSharing, declineSharing, finishDcaReview } from './sharing.ts';
import { seedRegistry, type Seeding } from './seed.ts';
import { finishVetting } from './vettings.ts';

/** How often due work is looked for. */
const TICK_MS = 200;
/** How often a caller who waits for a brand's score looks again. */
const SCORE_POLL_MS = 250;
const TASKS_AT_ONCE = 100;

export interface ServiceParts {
  readonly registry: Registry;
  readonly timers: Timers;
  /** Told of work that failed; it is tried again. */
  readonly onFailure: (error: unknown, task: string) => void;
}

/** A brand and the service provider it came by. */
interface CampaignOwner {
  readonly brand: { readonly id: string; readonly name: string };
  readonly csp: { readonly id: string; readonly name: string };
}

export class TcrService {
  readonly #registry: Registry;
  readonly #timers: Timers;
  readonly #onFailure: ServiceParts['onFailure'];
  readonly #stopTicking: () => void;
  readonly #waiting = new Set<() => void>();
  #settling: Promise<void> = Promise.resolve();
  #isSettling = false;
  #isClosed = false;

  constructor({ registry, timers, onFailure }: ServiceParts) {
    this.#registry = registry;
    this.#timers = timers;
    this.#onFailure = onFailure;
    this.#stopTicking = timers.every(TICK_MS, () => this.#tick());
  }

  /** Does everything that is due. Rejects if the store cannot be asked; work that fails is left in the queue. */
  async settle(): Promise<void> {
    for (;;) {
      const claims = await this.#registry.store.takeDue(this.#registry.clock.nowMs(), TASKS_AT_ONCE);
      if (claims.length === 0) return;
      for (const claim of claims) {
        try {
          await this.#run(claim.task);
        } catch (error) {
          // Refused: what the task was about has moved on. Anything else is tried again when the claim runs out.
          if (!(error instanceof Refused)) {
            this.#onFailure(error, claim.task);
            continue;
          }
        }
        await this.#registry.store.finish(claim);
      }
    }
  }

  /** Waits until a brand is scored. Rejects with `Refused` (591) when the registry closes first. */
  async scored(brandId: string): Promise<Brand> {
    for (;;) {
      await this.settle();
      const found = await this.#registry.store.get('brand', brandId);
      if (found === undefined || this.#isClosed) throw refused('temporary', 'brandId');
      if (!found.value.isScoring) return found.value;
      await this.#wait(SCORE_POLL_MS);
    }
  }

  /** Adds brands and campaigns of a file, once; see `seedRegistry`. */
  seed(seeding: Seeding): Promise<void> {
    return seedRegistry(this.#registry, seeding);
  }

  /** Hands out every campaign again, for a number registry that may have missed some. */
  publishAll(): Promise<void> {
    return this.#registry.publisher.publishAll();
  }

  /** Whose a campaign is, or undefined if the registry has no such campaign. */
  async ownerOf(campaignId: string): Promise<CampaignOwner | undefined> {
    const { store, parties } = this.#registry;
    const campaign = (await store.get('campaign', campaignId))?.value;
    const brand = campaign && (await store.get('brand', campaign.brandId))?.value;
    if (brand === undefined) return undefined;
    return {
      brand: { id: brand.brandId, name: brand.details.companyName ?? brand.details.displayName },
      csp: { id: brand.cspId, name: parties.get(brand.cspId)?.name ?? '' },
    };
  }

  async campaign(campaignId: string): Promise<Campaign> {
    const found = await this.#registry.store.get('campaign', campaignId);
    if (found === undefined) throw noCampaign();
    return found.value;
  }

  /** Makes a carrier approve, reject, suspend … a campaign. */
  operate(campaignId: string, carrier: string, action: CarrierAction, note?: string): Promise<Campaign> {
    return operate(this.#registry, campaignId, carrier, action, note);
  }

  /** Ends a campaign, as when it is not paid for. */
  async expire(campaignId: string): Promise<Campaign> {
    return (await expireCampaign(this.#registry, campaignId)) ?? this.campaign(campaignId);
  }

  /** Makes the DCA that a campaign waits for accept or decline it. */
  async answerSharing(campaignId: string, answer: 'accept' | 'decline', note?: string): Promise<SharingLink> {
    const upstream = (await this.campaign(campaignId)).chain.at(-1)?.upstreamCnpId;
    if (upstream === undefined) throw refused('notAllowed', 'campaignId', 'Campaign is shared with nobody');
    if (answer === 'decline') return declineSharing(this.#registry, upstream, campaignId, note);
    if (this.#registry.parties.get(upstream)?.kind !== 'dca') {
      throw refused('notAllowed', 'campaignId', `${upstream} is no DCA and accepts by sharing the campaign further up`);
    }
    return acceptSharing(this.#registry, campaignId, upstream);
  }

  /** All fees that fell due, oldest first. */
  async postings(): Promise<readonly FeePosting[]> {
    const all = await this.#registry.store.list('posting');
    return all.toSorted((a, b) => a.atMs - b.atMs || (`${a.cause}${a.subject}` < `${b.cause}${b.subject}` ? -1 : 1));
  }

  /** Stops looking for due work and lets what is under way end. What is left stays in the store. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTicking();
    for (const wake of this.#waiting) wake();
    await this.#settling;
  }

  #run(task: string): Promise<void> {
    const [kind, id = '', rest = ''] = task.split(':');
    switch (kind) {
      case 'score':
        return scoreBrand(this.#registry, id);
      case 'vet':
        return finishVetting(this.#registry, id, rest);
      case 'mock':
        return this.#endMock(id);
      case 'renew':
        return renewCampaign(this.#registry, id);
      case 'dca':
        return finishDcaReview(this.#registry, id, rest);
      case 'mno':
        return finishReview(this.#registry, id, Number(rest));
      case 'publish':
        return this.#registry.publisher.publishCampaign(id);
      case 'terms':
        return this.#registry.publisher.publishTermsOf(id);
      default:
        return Promise.reject(new RangeError(`no task ${task}`));
    }
  }

  async #endMock(brandId: string): Promise<void> {
    const brand = await this.#registry.store.get('brand', brandId);
    for (const { campaignId } of brand?.value.activeCampaigns ?? []) await expireCampaign(this.#registry, campaignId);
    await endMockBrand(this.#registry, brandId);
  }

  #tick(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    this.#settling = this.settle()
      .catch((error: unknown) => this.#onFailure(error, 'settle'))
      .finally(() => (this.#isSettling = false));
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = this.#timers.after(ms, wake);
      this.#waiting.add(wake);
    });
  }
}
