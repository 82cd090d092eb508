/**
 * The number registry: which campaign a number is registered to, now. No brand, no past.
 *
 * A registration takes time to reach the carriers. Until it does the number is pending, and pending numbers are kept
 * apart, in a small index with columns, because nearly all numbers are active nearly always: a message from an active
 * number pays for one lookup only, and so does every message while nothing is pending. A number is in one of the two
 * places or in neither. Time is handed in; nothing here reads a clock.
 */
import { HANDLE_MAX, NumberIndex } from './number-index.ts';

/** `find`: the number is not in the registry. */
export const NO_CAMPAIGN = -1;
/** `find`: the number is registered, but that has not reached the carriers yet. */
export const STILL_PENDING = -2;

export interface PendingNumber {
  readonly campaign: number;
  readonly activeAtMs: number;
}

const FIRST_PENDING = 1024;

/** Pending numbers are columns, a cell each. */
export interface NumberRegistryState {
  readonly active: Uint8Array;
  readonly pendingKeys: Float64Array;
  readonly pendingCampaigns: Uint32Array;
  readonly pendingActiveAtMs: Float64Array;
}

export class NumberRegistry {
  private readonly active: NumberIndex;
  /** Pending number -> its row in the columns below, which are full from 0 to `pendingCount`. */
  private readonly pendingRows = NumberIndex.withCapacity(FIRST_PENDING);
  private pendingKeys = new Float64Array(FIRST_PENDING);
  private pendingCampaigns = new Uint32Array(FIRST_PENDING);
  private pendingActiveAtMs = new Float64Array(FIRST_PENDING);
  /** No pending number is due before this. May be early after a removal, never late. */
  private nextDueMs = Infinity;

  private changes = 0;

  /**
   * `capacity` is how many active numbers to make room for at once; more than that still fit. With `shared` their index
   * lies in a SharedArrayBuffer, for `NumberIndexReader`s in other threads, who see active numbers only.
   */
  constructor(options: { readonly capacity?: number; readonly shared?: boolean } = {}) {
    this.active = NumberIndex.withCapacity(options.capacity ?? 0, { shared: options.shared ?? false });
  }

  /** The active numbers, to share or to save. Read only: a write to it would go past the pending ones. */
  get index(): NumberIndex {
    return this.active;
  }

  /** Differs from what it was whenever anything may have been written since. */
  get changeCount(): number {
    return this.changes;
  }

  /** Numbers registered, pending ones included. */
  get count(): number {
    return this.active.size + this.pendingRows.size;
  }

  get pendingCount(): number {
    return this.pendingRows.size;
  }

  /**
   * Registers a number to a campaign from `activeAtMs` on, at once if that is not after `nowMs`.
   * What it was registered to before is gone from now on, pending or not.
   * Throws RangeError for a key, campaign handle or time out of range; the registry is then unchanged.
   */
  register(key: number, campaign: number, activeAtMs: number, nowMs: number): void {
    if (Number.isNaN(activeAtMs) || Number.isNaN(nowMs)) throw new RangeError('a registration needs a moment in time');
    this.changes++;
    if (activeAtMs <= nowMs) {
      this.active.set(key, campaign);
      this.dropPending(key);
      return;
    }
    if (!(Number.isInteger(campaign) && campaign >= 0 && campaign <= HANDLE_MAX)) {
      throw new RangeError(`${campaign} is not the handle of a campaign`);
    }
    const known = this.pendingRows.get(key);
    const row = known >= 0 ? known : this.addPending(key);
    this.pendingCampaigns[row] = campaign;
    this.pendingActiveAtMs[row] = activeAtMs;
    this.nextDueMs = Math.min(this.nextDueMs, activeAtMs);
    this.active.delete(key);
  }

  /** Takes a number out. True if it was in; nothing tells afterwards that it was. */
  unregister(key: number): boolean {
    this.changes++;
    const wasActive = this.active.delete(key);
    const wasPending = this.dropPending(key);
    return wasActive || wasPending;
  }

  /**
   * Campaign handle of a number at a moment, NO_CAMPAIGN, or STILL_PENDING. A pending number that is due counts as active,
   * settled or not. Throws RangeError for a key out of range. Allocates nothing.
   */
  find(key: number, atMs: number): number {
    const campaign = this.active.get(key);
    if (campaign >= 0 || this.pendingRows.size === 0) return campaign;
    const row = this.pendingRows.get(key);
    if (row < 0) return NO_CAMPAIGN;
    return this.pendingActiveAtMs[row]! <= atMs ? this.pendingCampaigns[row]! : STILL_PENDING;
  }

  /** What a pending number is waiting for, or undefined if it is not pending. For people: allocates. */
  pending(key: number): PendingNumber | undefined {
    const row = this.pendingRows.get(key);
    if (row < 0) return undefined;
    return { campaign: this.pendingCampaigns[row]!, activeAtMs: this.pendingActiveAtMs[row]! };
  }

  /**
   * Makes the pending numbers that are due by `nowMs` active; how many they were. Changes no answer of `find` at `nowMs`
   * or later. Cost: nothing until one is due, then all pending numbers are walked.
   */
  settle(nowMs: number): number {
    if (nowMs < this.nextDueMs) return 0;
    this.changes++;
    let settledCount = 0;
    let nextDueMs = Infinity;
    for (let row = this.pendingRows.size - 1; row >= 0; row--) {
      const activeAtMs = this.pendingActiveAtMs[row]!;
      if (activeAtMs > nowMs) {
        nextDueMs = Math.min(nextDueMs, activeAtMs);
        continue;
      }
      const key = this.pendingKeys[row]!;
      this.active.set(key, this.pendingCampaigns[row]!);
      this.dropPending(key);
      settledCount++;
    }
    this.nextDueMs = nextDueMs;
    return settledCount;
  }

  /** Makes room for `count` active numbers in all, at once; for before a bulk load. Does not shrink. */
  reserve(count: number): void {
    this.changes++;
    this.active.reserve(count);
  }

  /** Calls `visit` once for every active number, in an order that means nothing. `visit` must not change the registry. */
  forEachActive(visit: (key: number, campaign: number) => void): void {
    this.active.forEach(visit);
  }

  /** The same for every pending number, those that are due but not settled included. */
  forEachPending(visit: (key: number, campaign: number, activeAtMs: number) => void): void {
    for (let row = 0; row < this.pendingRows.size; row++) {
      visit(this.pendingKeys[row]!, this.pendingCampaigns[row]!, this.pendingActiveAtMs[row]!);
    }
  }

  /**
   * Takes over everything `other` holds and forgets what it held itself. `other` must not be used afterwards. Throws if
   * one of them is shared and the other is not. Cost: no number is copied, but the memory of the old ones is wiped.
   */
  adopt(other: NumberRegistry): void {
    this.active.adopt(other.active);
    this.pendingRows.adopt(other.pendingRows);
    this.pendingKeys.fill(0);
    this.pendingCampaigns.fill(0);
    this.pendingActiveAtMs.fill(0);
    this.pendingKeys = other.pendingKeys;
    this.pendingCampaigns = other.pendingCampaigns;
    this.pendingActiveAtMs = other.pendingActiveAtMs;
    this.nextDueMs = other.nextDueMs;
    this.changes++;
  }

  /** Everything it holds, as `restore` takes it. */
  capture(): NumberRegistryState {
    const { pendingCount } = this;
    return {
      active: this.active.capture(),
      pendingKeys: this.pendingKeys.subarray(0, pendingCount),
      pendingCampaigns: this.pendingCampaigns.subarray(0, pendingCount),
      pendingActiveAtMs: this.pendingActiveAtMs.subarray(0, pendingCount),
    };
  }

  /** Holds what another captured, and no longer what it held itself. Throws SnapshotRefused for bytes that nobody captured. */
  restore({ active, pendingKeys, pendingCampaigns, pendingActiveAtMs }: NumberRegistryState): void {
    const restored = new NumberRegistry({ shared: this.active.buffer instanceof SharedArrayBuffer });
    restored.active.restoreFrom(active);
    pendingKeys.forEach((key, row) =>
      restored.register(key, pendingCampaigns[row]!, pendingActiveAtMs[row]!, -Infinity),
    );
    this.adopt(restored);
  }

  private addPending(key: number): number {
    const row = this.pendingRows.size;
    this.pendingRows.set(key, row);
    if (row === this.pendingKeys.length) this.growPending();
    this.pendingKeys[row] = key;
    return row;
  }

  /** Removes a pending number; the last row takes its place. */
  private dropPending(key: number): boolean {
    if (this.pendingRows.size === 0) return false;
    const row = this.pendingRows.get(key);
    if (row < 0) return false;
    const last = this.pendingRows.size - 1;
    if (row !== last) {
      const moved = this.pendingKeys[last]!;
      this.pendingKeys[row] = moved;
      this.pendingCampaigns[row] = this.pendingCampaigns[last]!;
      this.pendingActiveAtMs[row] = this.pendingActiveAtMs[last]!;
      this.pendingRows.set(moved, row);
    }
    this.pendingKeys[last] = 0;
    this.pendingCampaigns[last] = 0;
    this.pendingActiveAtMs[last] = 0;
    this.pendingRows.delete(key);
    return true;
  }

  private growPending(): void {
    const length = this.pendingKeys.length * 2;
    const keys = new Float64Array(length);
    const campaigns = new Uint32Array(length);
    const activeAtMs = new Float64Array(length);
    keys.set(this.pendingKeys);
    campaigns.set(this.pendingCampaigns);
    activeAtMs.set(this.pendingActiveAtMs);
    this.pendingKeys.fill(0);
    this.pendingCampaigns.fill(0);
    this.pendingActiveAtMs.fill(0);
    this.pendingKeys = keys;
    this.pendingCampaigns = campaigns;
    this.pendingActiveAtMs = activeAtMs;
  }
}
