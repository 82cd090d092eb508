/**
 * Changes on their way from the streams to a view and a listener.
 *
 * They are applied in slices of some thousand to a turn of the event loop, so that messages are decided in between, and wait here
 * while a file is written or everything is read anew. What the listener is told waits as well in the second case, to be
 * told when the view is replaced: of another store, handles may mean other campaigns.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NumberRegistry } from '../number-registry.ts';
import type { CampaignEntry, CarrierTerms, RegistryListener } from '../registry-store.ts';
import type { FollowedStream } from './feed-stream.ts';
import { campaignsOf, forEachChange, termsOf } from './layout.ts';
import type { RegistryReader } from './reader.ts';

export interface QueuedEntry {
  readonly stream: FollowedStream;
  readonly sequence: number;
  readonly id: string;
  readonly fields: readonly Buffer[];
}

export interface ChangeQueueOptions {
  readonly reader: RegistryReader;
  readonly registry: NumberRegistry;
  readonly listener: RegistryListener;
  readonly clock: { nowMs(): number };
  readonly timers: { after(delayMs: number, run: () => void): () => void };
  readonly campaigns: FollowedStream;
  readonly terms: FollowedStream;
  readonly onLag?: (lagMs: number, changes: number) => void;
  /** Called when something was applied, and when nothing is any more. */
  readonly onApplied: () => void;
  readonly onUnreadable: () => void;
}

/** Changes applied before other work gets a turn: some 2 ms on a large view. */
const SLICE_CHANGES = 2_000;
/** Bytes of entries waiting above which no more are to be read; they wait in Redis instead, until they are trimmed there. */
const BYTES_MAX = 256 * 2 ** 20;
/** Reads of all campaigns after which one that a number names counts as lost. */
const VAIN_READS_MAX = 5;
const RETRY_MS = 200;

/** `applyEntry`: it names a campaign that nobody told us of yet. */
const UNKNOWN_CAMPAIGN = -1;

export class ChangeQueue {
  /** Where changes go: the view, or a registry that is about to become it. */
  target: NumberRegistry;
  /** By handle. */
  readonly campaignIds: string[] = [];
  private readonly options: ChangeQueueOptions;
  private entries: QueuedEntry[] = [];
  private bytes = 0;
  private held = true;
  private applying = false;
  private isClosed = false;
  private untold:
    | { readonly campaigns: Map<number, CampaignEntry>; readonly terms: Map<string, CarrierTerms> }
    | undefined;
  /** Reads of campaigns in vain for the entry that is next. */
  private vainReads = 0;
  /** Handles of campaigns that numbers name and the store has lost. Their numbers count as not registered. */
  private readonly lostCampaigns = new Set<number>();

  constructor(options: ChangeQueueOptions) {
    this.options = options;
    this.target = options.registry;
  }

  get isHeld(): boolean {
    return this.held;
  }

  get isApplying(): boolean {
    return this.applying;
  }

  get isFull(): boolean {
    return this.bytes > BYTES_MAX;
  }

  push(entry: QueuedEntry): void {
    this.entries.push(entry);
    this.bytes += bytesOf(entry);
    this.apply();
  }

  /** Applies nothing more once `isApplying` is false. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.apply();
  }

  /** Forgets what waits, and holds what comes. */
  clear(): void {
    this.entries = [];
    this.bytes = 0;
    this.vainReads = 0;
    this.held = true;
  }

  close(): void {
    this.isClosed = true;
  }

  /** Starts from all campaigns and terms there are. The listener is told of nothing until `tell`. */
  beginAnew(campaigns: readonly CampaignEntry[], terms: readonly CarrierTerms[]): void {
    this.campaignIds.length = 0;
    this.lostCampaigns.clear();
    this.untold = { campaigns: new Map(), terms: new Map() };
    this.takeCampaigns(campaigns);
    this.takeTerms(terms);
  }

  tell(): void {
    const { untold } = this;
    this.untold = undefined;
    if (untold === undefined) return;
    if (untold.campaigns.size > 0) this.takeCampaigns([...untold.campaigns.values()]);
    if (untold.terms.size > 0) this.takeTerms([...untold.terms.values()]);
  }

  private takeCampaigns(entries: readonly CampaignEntry[]): void {
    for (const { handle, record } of entries) this.campaignIds[handle] = record.id;
    if (this.untold === undefined) this.options.listener.campaignsChanged(entries);
    else for (const entry of entries) this.untold.campaigns.set(entry.handle, entry);
  }

  private takeTerms(terms: readonly CarrierTerms[]): void {
    if (this.untold === undefined) this.options.listener.termsChanged(terms);
    else for (const each of terms) this.untold.terms.set(each.campaign, each);
  }

  private apply(): void {
    if (this.applying) return;
    this.applying = true;
    this.applySlices().catch(() => this.options.onUnreadable());
  }

  private async applySlices(): Promise<void> {
    try {
      // Not in the turn of who pushed or released: more is likely to come in it.
      await nextTurn();
      while (!this.held && !this.isClosed && this.entries.length > 0) {
        if (!this.applySlice()) await this.readUnknownCampaigns();
        this.options.onApplied();
        await nextTurn();
      }
    } finally {
      this.applying = false;
      this.options.onApplied();
    }
  }

  /** False when what is next needs campaigns that have not been read. */
  private applySlice(): boolean {
    const nowMs = this.options.clock.nowMs();
    let taken = 0;
    let changeCount = 0;
    let isKnown = true;
    while (taken < this.entries.length && changeCount < SLICE_CHANGES) {
      const entry = this.entries[taken]!;
      const changes = this.applyEntry(entry, nowMs);
      isKnown = changes !== UNKNOWN_CAMPAIGN;
      if (!isKnown) break;
      this.vainReads = 0;
      taken++;
      changeCount += changes;
      this.bytes -= bytesOf(entry);
      const lagMs = entry.stream.advance(entry, nowMs);
      if (changes > 0) this.options.onLag?.(lagMs, changes);
    }
    this.entries.splice(0, taken);
    return isKnown;
  }

  /** How many numbers it changed, or UNKNOWN_CAMPAIGN if it has to be applied again, once that has been read. */
  private applyEntry({ stream, fields }: QueuedEntry, nowMs: number): number {
    if (stream === this.options.campaigns) {
      this.takeCampaigns(campaignsOf(fields));
      return 0;
    }
    if (stream === this.options.terms) {
      this.takeTerms(termsOf(fields));
      return 0;
    }
    const { target } = this;
    const lost = this.lostCampaigns;
    const isPatient = this.vainReads < VAIN_READS_MAX;
    const campaignCount = this.campaignIds.length;
    let changes = 0;
    forEachChange(fields[3]!, (key, campaign, activeAtMs) => {
      const isUnknown = campaign >= campaignCount;
      if (isUnknown && !isPatient) lost.add(campaign);
      if (isUnknown && !lost.has(campaign)) changes = -Infinity;
      else if (isUnknown || campaign < 0) target.unregister(key);
      else target.register(key, campaign, activeAtMs, nowMs);
      changes++;
    });
    return changes < 0 ? UNKNOWN_CAMPAIGN : changes;
  }

  /** A number's campaign is in another stream, which may be on another server, and read later. */
  private async readUnknownCampaigns(): Promise<void> {
    const [next] = this.entries;
    if (this.vainReads > 0) await this.pause();
    try {
      const campaigns = await this.options.reader.readCampaigns();
      if (this.entries[0] !== next) return;
      this.vainReads++;
      this.takeCampaigns(campaigns);
    } catch {
      await this.pause();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => void this.options.timers.after(RETRY_MS, resolve));
  }
}

function bytesOf({ fields }: QueuedEntry): number {
  return fields.reduce((sum, field) => sum + field.length, 0);
}
