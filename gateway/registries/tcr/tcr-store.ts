/**
 * Where the campaign registry keeps what it knows, as a port: in this process or in Redis, then shared by several gateways.
 *
 * Entities by kind and id, each with a version, so that two gateways never lose each other's update; a queue of things to
 * do at a time, each given to one gateway; and counters. Lists are whole: the API pages and filters them afterwards.
 */
import { StoreUnavailable } from '../../../registry-cache/index.ts';
import type { Brand, Campaign, FeePosting, Reseller, Subscription } from './model.ts';

export interface Entities {
  brand: Brand;
  campaign: Campaign;
  reseller: Reseller;
  subscription: Subscription;
  posting: FeePosting;
  /** A name that is taken: an id, a caller's reference, a token. */
  name: { readonly takenBy: string };
}
export type Kind = keyof Entities;

export interface Versioned<T> {
  readonly value: T;
  /** Counted from 1. */
  readonly version: number;
}

/** Something to do that was given to one gateway until `untilMs`; given to another after that, unless finished. */
export interface Claim {
  readonly task: string;
  readonly untilMs: number;
}

/** How long a gateway has for what it claimed. */
export const CLAIM_MS = 30_000;

/** All methods reject with `TcrStoreUnavailable` when the store cannot be asked; doing the same again is then safe. */
export interface TcrStore {
  get<K extends Kind>(kind: K, id: string): Promise<Versioned<Entities[K]> | undefined>;

  /** Writes if nobody has written since `version` was read; 0 for what must be new. False, and nothing written, otherwise. */
  put<K extends Kind>(kind: K, id: string, value: Entities[K], version: number): Promise<boolean>;

  delete(kind: Kind, id: string): Promise<void>;

  /** All of a kind, in no order. */
  list<K extends Kind>(kind: K): Promise<readonly Entities[K][]>;

  /** 1, 2, 3, … for each counter, each number once. */
  nextNumber(counter: string): Promise<number>;

  /** Puts a task in the queue, or moves it to another time. */
  schedule(task: string, atMs: number): Promise<void>;

  /** Claims up to `limit` tasks whose time has come, earliest first. */
  takeDue(nowMs: number, limit: number): Promise<readonly Claim[]>;

  /** Removes a task that was done, unless it was scheduled anew meanwhile. */
  finish(claim: Claim): Promise<void>;
}

/** The store cannot be reached or does not answer. */
export class TcrStoreUnavailable extends StoreUnavailable {
  constructor(options: ErrorOptions) {
    super('the store of the campaign registry does not answer', options);
    this.name = 'TcrStoreUnavailable';
  }
}

/**
 * Applies `edit` to an entity until no other writer comes between; what it became, or undefined when there is none or `edit`
 * returned undefined to leave it alone. `edit` may throw, and is called anew with the newer value after a lost race.
 */
export async function change<K extends Kind>(
  store: TcrStore,
  kind: K,
  id: string,
  edit: (value: Entities[K]) => Entities[K] | undefined,
): Promise<Entities[K] | undefined> {
  for (;;) {
    const found = await store.get(kind, id);
    if (found === undefined) return undefined;
    const edited = edit(found.value);
    if (edited === undefined) return undefined;
    if (await store.put(kind, id, edited, found.version)) return edited;
  }
}
