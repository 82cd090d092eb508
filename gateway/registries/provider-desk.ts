/**
 * The registries as a provider's customer meets them: brands and campaigns that the provider registers for him, and numbers put on them.
 *
 * The provider is the first service provider there is, and all its campaigns go to the first DCA. Customers are told apart by a tag on
 * their brands, and see nothing of each other. Numbers may be put on a campaign before the DCA and the carriers have taken it: the order is
 * made again until they have, which is the provider's work in life, too.
 */
import type { Clock, Stateful } from '../router/index.ts';
import type { Dca } from './nnsr/dcas.ts';
import type { NumberService } from './nnsr/number-service.ts';
import { expireCampaign } from './tcr/billing.ts';
import { createBrand, deleteBrand, updateBrand } from './tcr/brands.ts';
import { qualifyUsecase, submitCampaign, updateCampaign, type UsecaseMetadata } from './tcr/campaigns.ts';
import { enumOperations } from './tcr/enum-api.ts';
import { type ApiError, Refused } from './tcr/errors.ts';
import type { Brand, Campaign, Party } from './tcr/model.ts';
import { mnoMetadata, type MnoMetadataMap } from './tcr/qualify.ts';
import { noCampaign, type Registry } from './tcr/registry.ts';
import { shareCampaign } from './tcr/sharing.ts';

/** What came of an order: what was asked for, or everything that is wrong with it. */
export type Ordered<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly errors: readonly ApiError[] };

export interface ProviderDeskParts {
  readonly registry: Registry;
  readonly numbers: NumberService;
  readonly dca: Dca | undefined;
  readonly clock: Clock;
  /** Where orders wait that all gateways know of; undefined if they wait in this process. */
  readonly sharedOrders: SharedOrders | undefined;
}

/**
 * Orders that wait, in a record that gateways share: a campaign by number. All reject with StoreUnavailable when it does not answer.
 */
export interface SharedOrders {
  /** Hears of all that changes, whoever did. */
  whenChanged: (change: { readonly field: string; readonly text: string | undefined }) => void;
  /** False if another gateway has changed it first, in a way that `whenChanged` has heard of by then. */
  change(changes: readonly { readonly field: string; readonly text: string | undefined }[]): Promise<boolean>;
  /** Hears of all that was changed before. */
  refresh(): Promise<void>;
  /** Whether it is this gateway that makes orders again; for a while no other does. */
  isMine(): Promise<boolean>;
}

/** Reasons for which a number may go on the campaign later. */
const WAITS_FOR = ['CAMPAIGN_PENDING_ACCEPTANCE', 'CAMPAIGN_MNO_REVIEW', 'MNO_SHARING_ERROR'];
/** How often orders that wait are made again, and how many at once. */
const AGAIN_MS = 1_000;
const WAITING_AT_ONCE = 1_000;
const WAITING_MAX = 100_000;

export class ProviderDesk implements Stateful {
  readonly #parts: ProviderDeskParts;
  /** Campaign by number, of orders that wait. */
  readonly #waiting = new Map<number, string>();
  #nextLookMs = 0;

  constructor(parts: ProviderDeskParts) {
    this.#parts = parts;
    if (parts.sharedOrders === undefined) return;
    parts.sharedOrders.whenChanged = ({ field, text }) => {
      if (text === undefined) this.#waiting.delete(Number(field));
      else this.#waiting.set(Number(field), text);
    };
  }

  /** @param body fields of a brand as the campaign registry names them */
  registerBrand(customer: string, body: Readonly<Record<string, unknown>>): Promise<Ordered<Brand>> {
    return this.#ordered((csp) => createBrand(this.#parts.registry, csp, { ...body, tag: [tagOf(customer)] }));
  }

  async brand(customer: string, brandId: string): Promise<Brand | undefined> {
    const brand = (await this.#parts.registry.store.get('brand', brandId))?.value;
    return brand?.tags[0] === tagOf(customer) && brand.status === 'ACTIVE' ? brand : undefined;
  }

  /** The oldest first. */
  async brands(customer: string): Promise<readonly Brand[]> {
    const all = await this.#parts.registry.store.list('brand');
    return all
      .filter(({ tags, status }) => tags[0] === tagOf(customer) && status === 'ACTIVE')
      .toSorted((one, other) => one.createdMs - other.createdMs);
  }

  /** What carriers would give a brand's campaign of a use case; undefined for a brand he has not. */
  async terms(customer: string, brandId: string, usecase: string): Promise<MnoMetadataMap | undefined> {
    const brand = await this.brand(customer, brandId);
    return brand && mnoMetadata({ brand, usecase }, this.#parts.registry.tariffDateMs());
  }

  qualify(customer: string, brandId: string, usecase: string): Promise<Ordered<UsecaseMetadata>> {
    return this.#ofBrand(customer, brandId, (csp) => qualifyUsecase(this.#parts.registry, csp, brandId, usecase));
  }

  /** @param body all fields that may be changed; those left out keep what they say */
  changeBrand(customer: string, brandId: string, body: Readonly<Record<string, unknown>>): Promise<Ordered<Brand>> {
    return this.#ofBrand(customer, brandId, (csp, { details }) =>
      updateBrand(this.#parts.registry, csp, brandId, { ...details, ...body }),
    );
  }

  /** The brand as it was. */
  deleteBrand(customer: string, brandId: string): Promise<Ordered<Brand>> {
    return this.#ofBrand(customer, brandId, async (csp, brand) => {
      await deleteBrand(this.#parts.registry, csp, brandId);
      return brand;
    });
  }

  async changeCampaign(
    customer: string,
    campaignId: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<Ordered<Campaign>> {
    if ((await this.campaign(customer, campaignId)) === undefined) {
      return refusal(404, 'campaignId', 'Campaign not found');
    }
    return this.#ordered((csp) => updateCampaign(this.#parts.registry, csp, campaignId, body));
  }

  /** A list of the registry's words by its name there; undefined if it has none of that name. */
  enumeration(name: string): unknown {
    const { registry } = this.#parts;
    const [party] = registry.parties.values();
    const operation = enumOperations(registry).find(({ url }) => url === `/enum/${name}`);
    return party && operation?.run({ party, params: {}, query: {}, body: undefined });
  }

  /** Submits a campaign and shares it with the DCA. @param body fields as the campaign registry names them, `brandId` among them */
  async submitCampaign(customer: string, body: Readonly<Record<string, unknown>>): Promise<Ordered<Campaign>> {
    const { registry, dca } = this.#parts;
    const { brandId } = body;
    const brand = typeof brandId === 'string' ? await this.brand(customer, brandId) : undefined;
    if (brand === undefined) return refusal(404, 'brandId', 'Brand not found');
    return this.#ordered(async (csp) => {
      const { campaignId } = await submitCampaign(registry, csp, body);
      // Mock campaigns are shared with nobody.
      if (dca !== undefined && !brand.mock) await shareCampaign(registry, csp, campaignId, dca.id);
      const submitted = await registry.store.get('campaign', campaignId);
      if (submitted === undefined) throw noCampaign();
      return submitted.value;
    });
  }

  async campaign(customer: string, campaignId: string): Promise<Campaign | undefined> {
    const campaign = (await this.#parts.registry.store.get('campaign', campaignId))?.value;
    const brand = campaign && (await this.brand(customer, campaign.brandId));
    return brand === undefined ? undefined : campaign;
  }

  /** The oldest first. */
  async campaigns(customer: string): Promise<readonly Campaign[]> {
    const [brands, all] = await Promise.all([this.brands(customer), this.#parts.registry.store.list('campaign')]);
    const own = new Set(brands.map(({ brandId }) => brandId));
    return all.filter(({ brandId }) => own.has(brandId)).toSorted((one, other) => one.createdMs - other.createdMs);
  }

  /** Ends a campaign. */
  async endCampaign(campaignId: string): Promise<void> {
    for (const [number, campaign] of this.#waiting) if (campaign === campaignId) await this.#drop(number, campaignId);
    await expireCampaign(this.#parts.registry, campaignId);
  }

  /** Puts a number on a campaign, now or once the campaign may have it; why it will never be there, or undefined. */
  async assign(campaignId: string, number: number): Promise<string | undefined> {
    await this.#drop(number);
    const [reason] = await this.#provision([[number, campaignId]]);
    if (reason === undefined || !WAITS_FOR.includes(reason)) return reason;
    if (this.#waiting.size >= WAITING_MAX) return reason;
    await this.#keep(number, campaignId);
    return undefined;
  }

  /** Takes a number off its campaign. */
  async unassign(number: number): Promise<void> {
    await this.#drop(number);
    const { dca, numbers } = this.#parts;
    if (dca === undefined) return;
    await numbers.execute(dca, [{ kind: 'remove', key: number, campaignId: '', nnid: undefined }]);
  }

  /** The campaign a number is on, or waits for; undefined for none of this provider's. */
  async campaignOfNumber(
    number: number,
  ): Promise<{ readonly campaignId: string; readonly isWaiting: boolean } | undefined> {
    const waitsFor = this.#waiting.get(number);
    if (waitsFor !== undefined) return { campaignId: waitsFor, isWaiting: true };
    const { dca, numbers } = this.#parts;
    const found = dca && (await numbers.find(dca, number));
    if (found?.campaignId == null || (found.state !== 'active' && found.state !== 'pending')) return undefined;
    return { campaignId: found.campaignId, isWaiting: found.state === 'pending' };
  }

  /** Makes orders again that wait. To be called every moment. */
  async settle(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    if (this.#waiting.size === 0 || nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + AGAIN_MS;
    const { sharedOrders } = this.#parts;
    if (sharedOrders !== undefined) {
      if (!(await sharedOrders.isMine())) return;
      // A number that was taken back must not be ordered again.
      await sharedOrders.refresh();
    }
    const orders = [...this.#waiting].slice(0, WAITING_AT_ONCE);
    const reasons = await this.#provision(orders);
    for (const [index, [number, campaignId]] of orders.entries()) {
      const reason = reasons[index];
      if (this.#waiting.get(number) !== campaignId) continue;
      if (reason === undefined || !WAITS_FOR.includes(reason)) {
        await this.#drop(number, campaignId);
      } else {
        // Behind the others, so that all have their turn.
        this.#waiting.delete(number);
        this.#waiting.set(number, campaignId);
      }
    }
  }

  capture(): ReadonlyMap<number, string> {
    return this.#waiting;
  }

  restore(waiting: ReadonlyMap<number, string>): void {
    this.#waiting.clear();
    for (const [number, campaignId] of waiting) this.#waiting.set(number, campaignId);
    this.#nextLookMs = 0;
  }

  async #keep(number: number, campaignId: string): Promise<void> {
    const { sharedOrders } = this.#parts;
    if (sharedOrders === undefined) {
      this.#waiting.set(number, campaignId);
      return;
    }
    while (!(await sharedOrders.change([{ field: String(number), text: campaignId }])));
  }

  /** Has an order wait no more, if there is one: for this campaign, if one is given. */
  async #drop(number: number, campaignId?: string): Promise<void> {
    const { sharedOrders } = this.#parts;
    const waits = (): boolean => {
      const found = this.#waiting.get(number);
      return found !== undefined && (campaignId === undefined || found === campaignId);
    };
    while (waits()) {
      if (sharedOrders === undefined) this.#waiting.delete(number);
      else await sharedOrders.change([{ field: String(number), text: undefined }]);
    }
  }

  /** Why each was not provisioned; undefined for those that were. */
  async #provision(
    orders: readonly (readonly [number: number, campaignId: string])[],
  ): Promise<(string | undefined)[]> {
    const { dca, numbers } = this.#parts;
    if (dca === undefined) return orders.map(() => 'MNO_SHARING_ERROR');
    const results = await numbers.execute(
      dca,
      orders.map(([key, campaignId]) => ({ kind: 'provision', key, campaignId, nnid: undefined })),
      0,
    );
    return results.map((result) => (result.kind === 'failed' ? result.reason : undefined));
  }

  async #ofBrand<T>(
    customer: string,
    brandId: string,
    order: (csp: Party, brand: Brand) => Promise<T>,
  ): Promise<Ordered<T>> {
    const brand = await this.brand(customer, brandId);
    if (brand === undefined) return refusal(404, 'brandId', 'Brand not found');
    return this.#ordered((csp) => order(csp, brand));
  }

  async #ordered<T>(order: (csp: Party) => Promise<T>): Promise<Ordered<T>> {
    const csp = [...this.#parts.registry.parties.values()].find(({ kind }) => kind === 'csp');
    if (csp === undefined) return refusal(503, null, 'No service provider is declared (--parties)');
    try {
      return { ok: true, value: await order(csp) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { ok: false, status: error.status, errors: error.errors };
    }
  }
}

/** Tags are kept in small letters. */
function tagOf(customer: string): string {
  return `customer:${customer}`.toLowerCase();
}

function refusal(status: number, field: string | null, description: string): Ordered<never> {
  return { ok: false, status, errors: [{ code: status, field, description }] };
}
