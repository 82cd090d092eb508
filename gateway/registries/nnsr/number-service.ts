/**
 * The number registry as a DCA meets it: orders that provision, move or remove numbers, and what has become of them.
 *
 * One order or ten thousand take the same way, so a line of a file and a request are judged alike. What is known before
 * anything is written (whose campaign, how it stands, whose NNID) is checked here; what two gateways could break between
 * them (the number limit, who wrote last) is the store's. An order that failed leaves a notice and the number as it was.
 * Nothing is kept here: the store has the current view, and no more.
 */
import {
  type CampaignEntry,
  CARRIERS,
  type ChangeOutcome,
  type FailureReason,
  type FeedPosition,
  formatNumber,
  NO_CAMPAIGN,
  type Notice,
  type NumberChange,
  type NumberRecord,
  type RegistryStore,
  StoreUnavailable,
} from '../../../registry-cache/index.ts';
import type { Clock, Rng } from '../../router/index.ts';
import type { Dca } from './dcas.ts';
import { whyUnavailable } from './order-check.ts';
import { drawProvisioning, type ProvisioningSetting } from './provisioning.ts';

export interface NumberServiceOptions {
  readonly store: RegistryStore;
  readonly clock: Clock;
  /** Draws delays and failures, in the order of the orders. */
  readonly chance: Rng;
  readonly provisioning: ProvisioningSetting;
  /** Resolves once this process's own view has seen all changes up to a position, or with false if that takes too long. */
  readonly reached: (position: FeedPosition) => Promise<boolean>;
  /** Id of a campaign by handle, from this process's own view; undefined for one it has not seen. */
  readonly campaignId: (handle: number) => string | undefined;
}

export interface Order {
  readonly kind: 'provision' | 'remove';
  readonly key: number;
  /** Empty for a removal. */
  readonly campaignId: string;
  /** The DCA's first if undefined. */
  readonly nnid: string | undefined;
}

/** What a number was registered to until an order replaced it. */
export interface Replaced {
  readonly nnid: string;
  readonly campaignId: string;
}

export type OrderResult =
  | {
      readonly kind: 'provisioned';
      readonly registered: Registered;
      readonly replaced: Replaced | undefined;
      /** Whether another DCA had the number. */
      readonly isTakeover: boolean;
    }
  | { readonly kind: 'removed' }
  | { readonly kind: 'failed'; readonly reason: FailureReason }
  | { readonly kind: 'refused'; readonly refusal: 'not_registered' | 'other_nnid' };

/** A number's registration with the names behind its handle and row. */
export interface Registered {
  readonly record: NumberRecord;
  readonly entry: CampaignEntry;
  readonly nnid: string;
}

export interface MnoStatus {
  readonly mno: string;
  readonly name: string;
  readonly mnoId: number | null;
  readonly osrBitmaskIndex: number;
  readonly active: boolean;
}

/** The campaign as published: no brand, and of each carrier one bit. */
export interface CampaignAnswer {
  readonly campaign_id: string;
  readonly status: number;
  readonly mnos: readonly MnoStatus[];
}

export interface Registration {
  /** Null for an order whose campaign the registry does not know. */
  readonly campaignId: string | null;
  readonly nnid: string;
  /** Null for one active for longer than the registry remembers. */
  readonly activeAt: string | null;
}

/** A number as one DCA sees it. Campaign, NNID and carriers are those of that DCA's order if it has a notice about it. */
export interface NumberAnswer extends Registration {
  readonly number: string;
  readonly state: 'pending' | 'active' | 'failed' | 'taken_over';
  readonly status: number;
  readonly mnos: readonly MnoStatus[];
  /** Of a failure. */
  readonly reason?: FailureReason;
  /** When it failed or was taken over. */
  readonly at?: string;
  /** What the number is registered to all the same; null for nothing. Only if failed or taken over. */
  readonly registered?: Registration | null;
}

export interface NoticeAnswer {
  readonly kind: Notice['kind'];
  readonly number: string;
  readonly nnid: string;
  readonly campaignId: string | null;
  readonly reason: FailureReason | null;
  readonly at: string;
}

/** What is to be done about one order. */
interface Plan {
  readonly change: NumberChange | undefined;
  /** What comes of it if the change is done, or there is none. */
  readonly result: OrderResult | undefined;
}

const CAMPAIGN_ID = /^C[A-Z0-9]{6}$/;

/** All methods reject with StoreUnavailable when the store cannot be asked; the same call may then be made again. */
export class NumberService {
  provisioning: ProvisioningSetting;
  readonly #options: NumberServiceOptions;

  constructor(options: NumberServiceOptions) {
    this.#options = options;
    this.provisioning = options.provisioning;
  }

  /** How orders are provisioned; the numbers are the store's. */
  capture(): ProvisioningSetting {
    return this.provisioning;
  }

  restore(provisioning: ProvisioningSetting): void {
    this.provisioning = provisioning;
  }

  /** The DCA's NNIDs by row of the store. */
  async rowsOf(dca: Dca): Promise<ReadonlyMap<number, string>> {
    const rows = await this.#options.store.nnidRows(dca.nnids);
    return new Map(rows.map((row, index) => [row, dca.nnids[index] ?? '']));
  }

  /**
   * Carries out orders, at most CHANGES_MAX and of a number only one, and resolves when this process's own view has them.
   * Results by index. Given again, orders end in the same registrations: one that a number already has leaves it as it is.
   * Of those that fail, the first `noticesMax` leave a notice.
   */
  async execute(dca: Dca, orders: readonly Order[], noticesMax = Infinity): Promise<readonly OrderResult[]> {
    const { clock, store, reached } = this.#options;
    const nowMs = clock.nowMs();
    const [own, records, campaigns] = await Promise.all([
      this.rowsOf(dca),
      store.read(orders.map((order) => order.key)),
      this.#campaigns(orders),
    ]);
    const plans = orders.map((order, index) =>
      this.#plan({ dca, order, own, entry: campaigns.get(order.campaignId), record: records[index], nowMs }),
    );
    let noticesLeft = noticesMax;
    const isWanted = ({ kind }: NumberChange): boolean => kind !== 'fail' || --noticesLeft >= 0;
    const first = await this.#apply(plans, isWanted, nowMs);
    // The store alone knows that a campaign is full. What it refused for that becomes a failure of its own.
    const overfull = plans.map(({ change }, index): Plan => {
      const outcome = first.outcomes[index];
      if (change?.kind !== 'set' || outcome === undefined || outcome.done) return NOTHING;
      const { key, campaign, nnid } = change;
      return { change: { kind: 'fail', key, campaign, nnid, reason: 'EXCEEDED_10DLC_LIMIT' }, result: undefined };
    });
    const second = await this.#apply(overfull, isWanted, nowMs);
    await reached(second.position ?? first.position ?? []);
    const names = await this.#foreignNnids(own, first.outcomes);
    return plans.map((plan, index) => this.#result(plan, first.outcomes[index], own, names));
  }

  /** A number as the DCA sees it, or undefined if it is not registered and the DCA has no notice about it. */
  async find(dca: Dca, key: number): Promise<NumberAnswer | undefined> {
    const { clock, store } = this.#options;
    const nowMs = clock.nowMs();
    const [own, [record], names] = await Promise.all([this.rowsOf(dca), store.read([key]), store.nnids()]);
    const rows = record !== undefined && own.has(record.nnid) ? [record.nnid] : [...own.keys()];
    const found = await Promise.all(rows.map((row) => store.notice(key, row, nowMs)));
    const [notice] = latest(found.filter((one) => one !== undefined));
    const registered = record && (await this.#registered(record, names));
    if (notice === undefined) return registered && describeNumber(registered, nowMs);
    const { campaign, nnid, kind, reason, atMs } = notice;
    const asked =
      campaign === NO_CAMPAIGN
        ? unknownCampaign(key, nameOf(names, nnid))
        : describeNumber(await this.#registered({ key, campaign, nnid, activeAtMs: 0 }, names), nowMs);
    return {
      ...asked,
      state: kind,
      ...(reason !== undefined && { reason }),
      at: new Date(atMs).toISOString(),
      registered: registered === undefined ? null : describeRegistration(registered),
    };
  }

  /** What the DCA must be told, newest first. */
  async notices(dca: Dca, limit: number): Promise<readonly NoticeAnswer[]> {
    const { clock, store } = this.#options;
    const nowMs = clock.nowMs();
    const own = await this.rowsOf(dca);
    const lists = await Promise.all([...own.keys()].map((row) => store.notices(row, limit, nowMs)));
    const found = latest(lists.flat()).slice(0, limit);
    const records = await store.read(found.map((notice) => notice.key));
    // A number that went from one NNID of this DCA to another was taken by nobody.
    const isNews = ({ kind }: Notice, index: number): boolean =>
      kind === 'failed' || !own.has(records[index]?.nnid ?? -1);
    return found.filter(isNews).map((notice) => ({
      kind: notice.kind,
      number: formatNumber(notice.key),
      nnid: own.get(notice.nnid) ?? '',
      campaignId: notice.campaign === NO_CAMPAIGN ? null : this.#campaignId(notice.campaign),
      reason: notice.reason ?? null,
      at: new Date(notice.atMs).toISOString(),
    }));
  }

  async campaign(id: string): Promise<CampaignAnswer | undefined> {
    const entry = await this.#campaign(id);
    return entry && { campaign_id: id, ...carrierStatus(entry, this.#options.clock.nowMs()) };
  }

  #plan({ dca, order, own, entry, record, nowMs }: OrderFacts): Plan {
    const { key } = order;
    const holder = record !== undefined && own.has(record.nnid) ? record.nnid : undefined;
    const asked = order.nnid ?? dca.nnids[0];
    const [row] = [...own].find(([, nnid]) => nnid === asked) ?? [];
    const [firstRow = 0] = own.keys();
    if (order.kind === 'remove') {
      if (row === undefined) return { change: undefined, result: { kind: 'failed', reason: 'INVALID_NNID' } };
      if (record !== undefined && holder === undefined) return { change: undefined, result: OTHER_NNID };
      return { change: { kind: 'remove', key, nnid: holder ?? row }, result: REMOVED };
    }
    const fail = (reason: FailureReason): Plan => ({
      // Filed where GET looks first.
      change: { kind: 'fail', key, campaign: entry?.handle ?? NO_CAMPAIGN, nnid: holder ?? row ?? firstRow, reason },
      result: { kind: 'failed', reason },
    });
    if (row === undefined) return fail('INVALID_NNID');
    const reason = whyUnavailable(entry, dca.id, nowMs);
    if (reason !== undefined || entry === undefined) return fail(reason ?? 'CAMPAIGN_NOT_AVAILABLE');
    const campaign = entry.handle;
    const isSame = record?.campaign === campaign && record.nnid === row;
    const delayMs = isSame ? 0 : drawProvisioning(this.provisioning, this.#options.chance);
    if (delayMs === undefined) return fail('NUMBER_PROVISIONING_FAILED');
    const activeAtMs = isSame ? record.activeAtMs : nowMs + delayMs;
    const registration: NumberRecord = { key, campaign, nnid: row, activeAtMs };
    const registered = { record: registration, entry, nnid: own.get(row) ?? '' };
    return {
      change: { kind: 'set', ...registration, numberLimit: entry.record.numberLimit },
      result: { kind: 'provisioned', registered, replaced: undefined, isTakeover: false },
    };
  }

  /** Outcomes by index of the plan; none for a plan without a change, or with one that is not wanted. */
  async #apply(
    plans: readonly Plan[],
    isWanted: (change: NumberChange) => boolean,
    nowMs: number,
  ): Promise<{ outcomes: readonly (ChangeOutcome | undefined)[]; position: FeedPosition | undefined }> {
    const wanted = plans.map(({ change }) => (change !== undefined && isWanted(change) ? change : undefined));
    const changes = wanted.filter((change) => change !== undefined);
    if (changes.length === 0) return { outcomes: [], position: undefined };
    const { outcomes, position } = await this.#options.store.apply(changes, nowMs);
    let at = 0;
    return { outcomes: wanted.map((change) => change && outcomes[at++]), position };
  }

  #result(
    { change, result }: Plan,
    outcome: ChangeOutcome | undefined,
    own: ReadonlyMap<number, string>,
    names: readonly string[],
  ): OrderResult {
    if (outcome !== undefined && !outcome.done) {
      if (outcome.refusal === 'number_limit') return { kind: 'failed', reason: 'EXCEEDED_10DLC_LIMIT' };
      return { kind: 'refused', refusal: outcome.refusal };
    }
    if (result === undefined) throw new Error('an order was planned without a result');
    const previous = outcome?.previous;
    if (change?.kind !== 'set' || result.kind !== 'provisioned' || previous === undefined) return result;
    const { campaign, nnid } = previous;
    if (campaign === change.campaign && nnid === change.nnid) return result;
    const replaced = { nnid: own.get(nnid) ?? nameOf(names, nnid), campaignId: this.#campaignId(campaign) };
    return { ...result, replaced, isTakeover: !own.has(nnid) };
  }

  /** All NNIDs by row, if one of another DCA was replaced. */
  #foreignNnids(
    own: ReadonlyMap<number, string>,
    outcomes: readonly (ChangeOutcome | undefined)[],
  ): Promise<readonly string[]> {
    const isForeign = (outcome: ChangeOutcome | undefined): boolean =>
      outcome?.done === true && outcome.previous !== undefined && !own.has(outcome.previous.nnid);
    return outcomes.some(isForeign) ? this.#options.store.nnids() : Promise.resolve([]);
  }

  async #campaigns(orders: readonly Order[]): Promise<ReadonlyMap<string, CampaignEntry | undefined>> {
    const ids = [...new Set(orders.map((order) => order.campaignId))];
    const entries = await Promise.all(ids.map((id) => this.#campaign(id)));
    return new Map(ids.map((id, index) => [id, entries[index]]));
  }

  #campaign(id: string): Promise<CampaignEntry | undefined> {
    return CAMPAIGN_ID.test(id) ? this.#options.store.campaign(id) : Promise.resolve(undefined);
  }

  async #registered(record: NumberRecord, names: readonly string[]): Promise<Registered> {
    const entry = await this.#campaign(this.#campaignId(record.campaign));
    if (entry === undefined) throw new StoreUnavailable('the registry does not hold the campaign of a number');
    return { record, entry, nnid: nameOf(names, record.nnid) };
  }

  #campaignId(handle: number): string {
    const id = this.#options.campaignId(handle);
    if (id === undefined) throw new StoreUnavailable("this gateway's view has not caught up with the registry");
    return id;
  }
}

interface OrderFacts {
  readonly dca: Dca;
  readonly order: Order;
  readonly own: ReadonlyMap<number, string>;
  readonly entry: CampaignEntry | undefined;
  /** What the number is registered to. */
  readonly record: NumberRecord | undefined;
  readonly nowMs: number;
}

const NOTHING: Plan = { change: undefined, result: undefined };
const REMOVED: OrderResult = { kind: 'removed' };
const OTHER_NNID: OrderResult = { kind: 'refused', refusal: 'other_nnid' };

/** A registered number whose order met no failure, as pending or active. */
export function describeNumber(registered: Registered, nowMs: number): NumberAnswer {
  const { record, entry } = registered;
  return {
    number: formatNumber(record.key),
    state: record.activeAtMs > nowMs ? 'pending' : 'active',
    ...describeRegistration(registered),
    ...carrierStatus(entry, nowMs),
  };
}

function unknownCampaign(key: number, nnid: string): Omit<NumberAnswer, 'state'> {
  return { number: formatNumber(key), campaignId: null, nnid, activeAt: null, ...carrierBits(0) };
}

function describeRegistration({ record, entry, nnid }: Registered): Registration {
  const activeAt = record.activeAtMs === 0 ? null : new Date(record.activeAtMs).toISOString();
  return { campaignId: entry.record.id, nnid, activeAt };
}

/** The campaign's bit at each carrier; none once it has expired. */
function carrierStatus({ record }: CampaignEntry, nowMs: number): Pick<CampaignAnswer, 'status' | 'mnos'> {
  return carrierBits(record.expiresAtMs > nowMs ? record.status : 0);
}

function carrierBits(status: number): Pick<CampaignAnswer, 'status' | 'mnos'> {
  const mnos = CARRIERS.map(({ id, displayName, mnoId }, bit) => ({
    mno: id,
    name: displayName,
    mnoId,
    osrBitmaskIndex: bit,
    active: (status & (1 << bit)) !== 0,
  }));
  return { status, mnos };
}

function latest(notices: readonly Notice[]): readonly Notice[] {
  return notices.toSorted((a, b) => b.atMs - a.atMs);
}

function nameOf(names: readonly string[], row: number): string {
  const name = names[row];
  if (name === undefined) throw new StoreUnavailable('the registry does not know the NNID of a number');
  return name;
}
