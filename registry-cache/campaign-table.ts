/**
 * Brands and campaigns: what the campaign registry knows. It knows no phone number.
 *
 * Both are columns under dense integer handles, counted from 0 and never reused, so that a decision reads two or three
 * array cells and other tables (limits, counters) can be plain arrays by the same handle. Ids are text for the edges:
 * an array for the way out, a Map for the way in. The number registry holds campaign handles only; a brand is reached
 * from a campaign here, never from a number there.
 */
import { HANDLE_MAX } from './number-index.ts';

/**
 * Use cases a campaign can have, as the campaign registry spells them.
 * The spelling of the two UCAAS cases is not published; it is Tollgate's.
 */
export const USE_CASES = [
  '2FA',
  'ACCOUNT_NOTIFICATION',
  'CUSTOMER_CARE',
  'DELIVERY_NOTIFICATION',
  'FRAUD_ALERT',
  'HIGHER_EDUCATION',
  'MARKETING',
  'MIXED',
  'POLLING_VOTING',
  'PUBLIC_SERVICE_ANNOUNCEMENT',
  'SECURITY_ALERT',
  'M2M',
  'LOW_VOLUME',
  'K12_EDUCATION',
  'POLITICAL',
  'PROXY',
  'SOCIAL',
  'SWEEPSTAKE',
  'CARRIER_EXEMPT',
  'UCAAS_HIGH',
  'UCAAS_LOW',
  'CHARITY',
  'EMERGENCY',
  'AGENTS_FRANCHISES',
  'SOLE_PROPRIETOR',
  'TRIAL',
] as const;

export interface Brand {
  readonly id: string;
  /** Index whose meaning the caller owns; 0 to 255. */
  readonly tmobileTier: number;
}

export interface Campaign {
  readonly id: string;
  /** Handle of its brand. */
  readonly brand: number;
  /** Bit i set: active at CARRIERS[i]. */
  readonly status: number;
  /** Index whose meaning the caller owns; 0 to 255. */
  readonly attClass: number;
  /** One of USE_CASES. */
  readonly useCase: string;
  /** From this moment on the campaign is over: milliseconds since the epoch, Infinity for never. */
  readonly expiresAtMs: number;
}

/** Columns by handle. */
export interface BrandTableState {
  readonly ids: readonly string[];
  readonly tmobileTiers: Uint8Array;
}

/** Columns by handle. */
export interface CampaignTableState {
  readonly ids: readonly string[];
  readonly brands: Uint32Array;
  readonly statuses: Uint32Array;
  readonly attClasses: Uint8Array;
  readonly useCases: Uint8Array;
  readonly expiries: Float64Array;
}

/** What `find` answers for an id it does not know. */
const NOT_FOUND = -1;

const FIRST_CAPACITY = 64;
const BYTE_MAX = 255;

export class BrandTable {
  private readonly ids: string[] = [];
  private readonly handles = new Map<string, number>();
  private tmobileTiers = new Uint8Array(FIRST_CAPACITY);

  get count(): number {
    return this.ids.length;
  }

  /** Adds a brand; its handle. Throws if the id is taken, RangeError if the tier does not fit a byte. */
  add(brand: Brand): number {
    requireNew(this.handles, brand.id);
    requireByte('tmobileTier', brand.tmobileTier);
    const handle = this.count;
    if (handle === this.tmobileTiers.length) this.tmobileTiers = grown(this.tmobileTiers, Uint8Array);
    this.handles.set(brand.id, handle);
    this.ids.push(brand.id);
    this.tmobileTiers[handle] = brand.tmobileTier;
    return handle;
  }

  /** Moves a brand to another T-Mobile tier, as after vetting. Throws RangeError for an unknown handle. */
  setTmobileTier(handle: number, tmobileTier: number): void {
    requireHandle(handle, this.count);
    requireByte('tmobileTier', tmobileTier);
    this.tmobileTiers[handle] = tmobileTier;
  }

  /** Handle of a brand id, or -1. */
  find(id: string): number {
    return this.handles.get(id) ?? NOT_FOUND;
  }

  id(handle: number): string {
    requireHandle(handle, this.count);
    return this.ids[handle]!;
  }

  /** Hot, hence unchecked: the handle must come from a campaign. */
  tmobileTier(handle: number): number {
    return this.tmobileTiers[handle]!;
  }

  /** All brands, as `restore` takes them. */
  capture(): BrandTableState {
    return { ids: this.ids, tmobileTiers: this.tmobileTiers.subarray(0, this.count) };
  }

  /** Holds the brands that another captured, and no others. */
  restore({ ids, tmobileTiers }: BrandTableState): void {
    this.ids.length = 0;
    this.handles.clear();
    ids.forEach((id, handle) => this.add({ id, tmobileTier: tmobileTiers[handle]! }));
  }
}

/** The accessors below `find` are hot, hence unchecked but for `id`: a handle must come from here or from the number registry. */
export class CampaignTable {
  private readonly ids: string[] = [];
  private readonly handles = new Map<string, number>();
  private brands = new Uint32Array(FIRST_CAPACITY);
  private statuses = new Uint32Array(FIRST_CAPACITY);
  private attClasses = new Uint8Array(FIRST_CAPACITY);
  private useCases = new Uint8Array(FIRST_CAPACITY);
  private expiries = new Float64Array(FIRST_CAPACITY);

  get count(): number {
    return this.ids.length;
  }

  /**
   * Adds a campaign; its handle.
   * Throws if the id is taken or the use case unknown; RangeError if a number is out of range or there are 4,194,304.
   */
  add(campaign: Campaign): number {
    requireNew(this.handles, campaign.id);
    const handle = this.count;
    if (handle > HANDLE_MAX) throw new RangeError(`no more than ${HANDLE_MAX + 1} campaigns fit a number index`);
    checkCampaign(campaign);
    if (handle === this.brands.length) this.grow();
    this.handles.set(campaign.id, handle);
    this.ids.push(campaign.id);
    this.write(handle, campaign);
    return handle;
  }

  /** Changes what is given and keeps the rest. Throws as `add` does, and RangeError for an unknown handle. */
  update(handle: number, change: Partial<Omit<Campaign, 'id'>>): void {
    const changed = { ...this.read(handle), ...change };
    checkCampaign(changed);
    this.write(handle, changed);
  }

  /**
   * Gives the row of a handle another id, as when the store that gives out handles was emptied and began again. The row
   * that had the id so far is not found by it any more. Throws RangeError for an unknown handle.
   */
  rename(handle: number, id: string): void {
    const old = this.id(handle);
    if (this.handles.get(old) === handle) this.handles.delete(old);
    this.ids[handle] = id;
    this.handles.set(id, handle);
  }

  /** Handle of a campaign id, or -1. */
  find(id: string): number {
    return this.handles.get(id) ?? NOT_FOUND;
  }

  /** A campaign as it was added. Throws RangeError for an unknown handle. Allocates. */
  read(handle: number): Campaign {
    return {
      id: this.id(handle),
      brand: this.brand(handle),
      status: this.status(handle),
      attClass: this.attClass(handle),
      useCase: USE_CASES[this.useCases[handle]!]!,
      expiresAtMs: this.expiresAtMs(handle),
    };
  }

  id(handle: number): string {
    requireHandle(handle, this.count);
    return this.ids[handle]!;
  }

  brand(handle: number): number {
    return this.brands[handle]!;
  }

  status(handle: number): number {
    return this.statuses[handle]!;
  }

  attClass(handle: number): number {
    return this.attClasses[handle]!;
  }

  /** Index into USE_CASES. */
  useCase(handle: number): number {
    return this.useCases[handle]!;
  }

  expiresAtMs(handle: number): number {
    return this.expiries[handle]!;
  }

  /** All campaigns, as `restore` takes them. */
  capture(): CampaignTableState {
    const { count } = this;
    return {
      ids: this.ids,
      brands: this.brands.subarray(0, count),
      statuses: this.statuses.subarray(0, count),
      attClasses: this.attClasses.subarray(0, count),
      useCases: this.useCases.subarray(0, count),
      expiries: this.expiries.subarray(0, count),
    };
  }

  /** Holds the campaigns that another captured, and no others. */
  restore({ ids, brands, statuses, attClasses, useCases, expiries }: CampaignTableState): void {
    this.ids.length = 0;
    this.handles.clear();
    ids.forEach((id, handle) =>
      this.add({
        id,
        brand: brands[handle]!,
        status: statuses[handle]!,
        attClass: attClasses[handle]!,
        useCase: USE_CASES[useCases[handle]!]!,
        expiresAtMs: expiries[handle]!,
      }),
    );
  }

  private write(handle: number, campaign: Campaign): void {
    this.brands[handle] = campaign.brand;
    this.statuses[handle] = campaign.status;
    this.attClasses[handle] = campaign.attClass;
    this.useCases[handle] = useCaseIndex(campaign.useCase);
    this.expiries[handle] = campaign.expiresAtMs;
  }

  private grow(): void {
    this.brands = grown(this.brands, Uint32Array);
    this.statuses = grown(this.statuses, Uint32Array);
    this.attClasses = grown(this.attClasses, Uint8Array);
    this.useCases = grown(this.useCases, Uint8Array);
    this.expiries = grown(this.expiries, Float64Array);
  }
}

function useCaseIndex(useCase: string): number {
  return (USE_CASES as readonly string[]).indexOf(useCase);
}

function checkCampaign(campaign: Campaign): void {
  if (!(Number.isInteger(campaign.brand) && campaign.brand >= 0 && campaign.brand <= HANDLE_MAX)) {
    throw new RangeError(`brand ${campaign.brand} of campaign ${campaign.id} is not a brand's handle`);
  }
  if (!(Number.isInteger(campaign.status) && campaign.status >= 0 && campaign.status <= 0xffffffff)) {
    throw new RangeError(`status ${campaign.status} of campaign ${campaign.id} is not a bitmask of 32 bits`);
  }
  requireByte('attClass', campaign.attClass);
  if (useCaseIndex(campaign.useCase) < 0) {
    throw new Error(
      `use case ${campaign.useCase} of campaign ${campaign.id} is unknown; use one of ${USE_CASES.join(', ')}`,
    );
  }
  if (Number.isNaN(campaign.expiresAtMs)) throw new RangeError(`campaign ${campaign.id} expires at no moment in time`);
}

function requireNew(handles: ReadonlyMap<string, number>, id: string): void {
  if (handles.has(id)) throw new Error(`${id} exists already; an id is given once`);
}

function requireHandle(handle: number, count: number): void {
  if (!(Number.isInteger(handle) && handle >= 0 && handle < count)) {
    throw new RangeError(`${handle} is not a handle; there are ${count}`);
  }
}

function requireByte(field: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= BYTE_MAX)) {
    throw new RangeError(`${field} ${value} is not a whole number from 0 to ${BYTE_MAX}`);
  }
}

/** A column twice as long, with what was in it. */
function grown<Column extends { readonly length: number; set(from: Column): void }>(
  column: Column,
  create: new (length: number) => Column,
): Column {
  const larger = new create(column.length * 2);
  larger.set(column);
  return larger;
}
