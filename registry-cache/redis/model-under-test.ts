// A plain object model of the registry, and what the model test asks of stores and views: that a store answers as the model
// does, and that a view never shows what a number has not been, and never goes back to what it was before.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { NO_CAMPAIGN, STILL_PENDING, type NumberRegistry } from '../number-registry.ts';
import {
  ANY_NNID,
  type CampaignEntry,
  type CampaignRecord,
  type CarrierTerms,
  type ChangeOutcome,
  type FeedPosition,
  type NumberChange,
  type NumberRecord,
  type RegistryListener,
  type RegistryStore,
} from '../registry-store.ts';

/** What a number was registered to from one change of the model to the next. */
type Version = NumberRecord | undefined;

export interface ModelState {
  readonly numbers: ReadonlyMap<number, NumberRecord>;
  readonly campaigns: ReadonlyMap<string, CampaignRecord>;
  readonly terms: ReadonlyMap<string, CarrierTerms>;
}

const EMPTY: ModelState = { numbers: new Map(), campaigns: new Map(), terms: new Map() };

export class RegistryModel implements ModelState {
  readonly numbers = new Map<number, NumberRecord>();
  readonly campaigns = new Map<string, CampaignRecord>();
  readonly terms = new Map<string, CarrierTerms>();
  /** All that each number has been, oldest first. */
  private readonly versions = new Map<number, Version[]>();

  /** What will become of a change. The model has it done from then on. */
  apply(change: NumberChange): ChangeOutcome {
    const previous = this.numbers.get(change.key);
    if (change.kind === 'fail') return { done: true, previous };
    if (change.kind === 'remove') {
      if (previous === undefined) return { done: false, refusal: 'not_registered' };
      if (change.nnid !== ANY_NNID && change.nnid !== previous.nnid) return { done: false, refusal: 'other_nnid' };
      this.numbers.delete(change.key);
      this.versionsOf(change.key).push(undefined);
      return { done: true, previous };
    }
    const { key, campaign, nnid, activeAtMs } = change;
    const held = [...this.numbers.values()].filter((each) => each.campaign === campaign && each.key !== key).length;
    if (previous?.campaign !== campaign && held >= change.numberLimit) return { done: false, refusal: 'number_limit' };
    const record = { key, campaign, nnid, activeAtMs };
    this.numbers.set(key, record);
    this.versionsOf(key).push(record);
    return { done: true, previous };
  }

  /** All there is, to go back to. */
  state(): ModelState {
    return { numbers: new Map(this.numbers), campaigns: new Map(this.campaigns), terms: new Map(this.terms) };
  }

  /** The store is as it was, or empty. */
  become(state: ModelState): void {
    for (const key of new Set([...this.numbers.keys(), ...state.numbers.keys()])) {
      if (this.numbers.get(key) !== state.numbers.get(key)) this.versionsOf(key).push(state.numbers.get(key));
    }
    for (const part of ['numbers', 'campaigns', 'terms'] as const) {
      const kept = this[part] as Map<unknown, unknown>;
      kept.clear();
      for (const [key, value] of state[part]) kept.set(key, value);
    }
  }

  versionsOf(key: number): Version[] {
    let versions = this.versions.get(key);
    if (versions === undefined) this.versions.set(key, (versions = [undefined]));
    return versions;
  }
}

/** What `find` is to say of a number at a moment. */
export function answerOf(version: Version, nowMs: number): number {
  if (version === undefined) return NO_CAMPAIGN;
  return version.activeAtMs > nowMs ? STILL_PENDING : version.campaign;
}

/** Watches the view of one process. */
export class Watcher implements RegistryListener {
  private readonly model: RegistryModel;
  private readonly registry: NumberRegistry;
  /** Index of the oldest version the view can be showing, by number. */
  private readonly seen = new Map<number, number>();
  private readonly campaigns: CampaignEntry[] = [];
  private readonly terms = new Map<string, CarrierTerms>();

  constructor(model: RegistryModel, registry: NumberRegistry) {
    this.model = model;
    this.registry = registry;
  }

  campaignsChanged(entries: readonly CampaignEntry[]): void {
    for (const entry of entries) {
      if (entry.handle > this.campaigns.length) throw new Error(`handle ${entry.handle} came before the one below it`);
      this.campaigns[entry.handle] = entry;
    }
  }

  termsChanged(terms: readonly CarrierTerms[]): void {
    for (const each of terms) this.terms.set(each.campaign, each);
  }

  /** Throws if a number shows what it never was, or what it no longer was when the view was last looked at. */
  check(keys: readonly number[], nowMs: number): void {
    for (const key of keys) {
      const found = this.registry.find(key, nowMs);
      const versions = this.model.versionsOf(key);
      const from = this.seen.get(key) ?? 0;
      const at = versions.findIndex((version, index) => index >= from && answerOf(version, nowMs) === found);
      if (at < 0) {
        const known = versions.map((version) => answerOf(version, nowMs)).join(', ');
        throw new Error(`${key} shows ${found}, but was ${known}, and had come as far as the one at ${from}`);
      }
      if (found >= this.campaigns.length) throw new Error(`${key} shows campaign ${found}, of which nobody told`);
      this.seen.set(key, at);
    }
  }

  /** How the view differs from the model; nothing when it is level. */
  differences(keys: readonly number[], nowMs: number): string[] {
    const different: string[] = [];
    for (const key of keys) {
      const found = this.registry.find(key, nowMs);
      const wanted = answerOf(this.model.numbers.get(key), nowMs);
      if (found !== wanted) different.push(`${key} shows ${found} and is ${wanted}`);
    }
    if (this.registry.count !== this.model.numbers.size) {
      different.push(`the view has ${this.registry.count} numbers of ${this.model.numbers.size}`);
    }
    for (const record of this.model.campaigns.values()) {
      const told = this.campaigns.find((entry) => entry.record.id === record.id)?.record;
      if (!isDeepStrictEqual(told, record)) different.push(`campaign ${record.id} is another`);
    }
    for (const terms of this.model.terms.values()) {
      if (!isDeepStrictEqual(this.terms.get(terms.campaign), terms))
        different.push(`terms of ${terms.campaign} are other`);
    }
    return different;
  }
}

/** Whole numbers below a bound, the same for the same seed. */
export function seeded(seed: number): (bound: number) => number {
  let state = seed | 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** What a run plays on. */
export interface World {
  /** Several on one truth. */
  readonly stores: readonly RegistryStore[];
  /** Those there are at the moment. */
  views(): readonly View[];
  /** What may go wrong here, and how often: one is drawn with a probability of its weight in 100 per step. */
  readonly faults: readonly Fault[];
  /** Ends whatever is wrong. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

export interface View {
  readonly registry: NumberRegistry;
  readonly watcher: Watcher;
  settle(nowMs: number): void;
  /** Whether it can be expected to reach a position soon, and then does. Absent where a view is the truth itself. */
  reached?(position: FeedPosition): Promise<boolean>;
}

export interface Fault {
  readonly name: string;
  readonly weight: number;
  strike(random: (bound: number) => number): Promise<void>;
  /** What it does to the truth: nothing, unless it empties it, keeps it as it is for later, or brings back what was kept last. */
  readonly truth?: 'empties' | 'keeps' | 'brings back';
}

/** The time of a run, which passes only when the run says so. */
export interface RunClock {
  nowMs: number;
}

const KEYS = Array.from({ length: 12 }, (_, i) => 2_125_550_100 + i * 1_001);
const NNIDS = ['100001', '100002'];
const STEPS_MIN = 8;
const STEPS_MORE = 25;
const LEVEL_WITHIN_MS = 15_000;

/** Plays one run; throws when the store or a view is not as the model. */
export async function play(
  seed: number,
  open: (model: RegistryModel, clock: RunClock, seed: number) => Promise<World>,
): Promise<void> {
  const random = seeded(seed);
  const clock: RunClock = { nowMs: 1_700_000_000_000 };
  const model = new RegistryModel();
  const world = await open(model, clock, seed);
  const told: string[] = [];
  const run = new Run(model, clock, world, random, told);
  try {
    await run.begin();
    const steps = STEPS_MIN + random(STEPS_MORE);
    for (let step = 0; step < steps; step++) await run.step();
    await run.end();
  } catch (error) {
    throw new Error(`${(error as Error).message}\nafter: ${told.join('; ')}`, { cause: error });
  } finally {
    await world.close();
  }
}

class Run {
  private readonly model: RegistryModel;
  private readonly clock: RunClock;
  private readonly world: World;
  private readonly random: (bound: number) => number;
  private readonly told: string[];
  private rows: readonly number[] = [];
  /** By id. */
  private handles = new Map<string, number>();
  private kept: { readonly state: ModelState; readonly handles: ReadonlyMap<string, number> } | undefined;

  constructor(model: RegistryModel, clock: RunClock, world: World, random: (bound: number) => number, told: string[]) {
    this.model = model;
    this.clock = clock;
    this.world = world;
    this.random = random;
    this.told = told;
  }

  async begin(): Promise<void> {
    this.handles.clear();
    this.rows = await this.store.nnidRows(NNIDS);
    await this.publish();
  }

  async step(): Promise<void> {
    const fault = this.drawFault();
    if (fault !== undefined) {
      this.told.push(fault.name);
      if (fault.truth === 'keeps') this.kept = { state: this.model.state(), handles: new Map(this.handles) };
      const after = fault.truth === 'brings back' ? this.kept : undefined;
      const isLost = fault.truth === 'empties' || (fault.truth === 'brings back' && after === undefined);
      if (isLost || after !== undefined) this.model.become(after?.state ?? EMPTY);
      await fault.strike(this.random);
      if (after !== undefined) this.handles = new Map(after.handles);
      if (isLost) await this.begin();
    } else {
      await this.command();
    }
    this.check();
  }

  async end(): Promise<void> {
    this.told.push('end');
    await this.world.mend();
    for (const view of this.world.views()) {
      const { watcher } = view;
      for (let waitedMs = 0; watcher.differences(KEYS, this.clock.nowMs).length > 0; waitedMs += 2) {
        watcher.check(KEYS, this.clock.nowMs);
        if (waitedMs > LEVEL_WITHIN_MS) {
          throw new Error(`does not become level: ${watcher.differences(KEYS, this.clock.nowMs).join(', ')}`);
        }
        await sleep(2);
      }
    }
    for (const store of this.world.stores) {
      const records = await store.read(KEYS);
      records.forEach((record, i) => this.expectSame(`read of ${KEYS[i]}`, record, this.model.numbers.get(KEYS[i]!)));
      const scanned = new Map<number, NumberRecord>();
      for await (const batch of store.scan()) for (const record of batch) scanned.set(record.key, record);
      for (const key of KEYS) this.expectSame(`scan of ${key}`, scanned.get(key), this.model.numbers.get(key));
      expect(scanned.size).toBe(this.model.numbers.size);
      const entries = await store.campaigns();
      expect(entries.map(({ record }) => record)).toEqual(
        [...this.handles].sort(([, a], [, b]) => a - b).map(([id]) => this.model.campaigns.get(id)),
      );
    }
  }

  private get store(): RegistryStore {
    return this.world.stores[this.random(this.world.stores.length)]!;
  }

  private drawFault(): Fault | undefined {
    let drawn = this.random(100);
    return this.world.faults.find((fault) => (drawn -= fault.weight) < 0);
  }

  private async command(): Promise<void> {
    const drawn = this.random(20);
    if (drawn < 14) {
      await this.apply(Array.from({ length: this.random(3) === 0 ? 1 + this.random(8) : 1 }, () => this.change()));
    } else if (drawn < 16) {
      this.told.push('publish');
      await this.publish();
    } else if (drawn < 18) {
      this.clock.nowMs += this.random(400);
      this.told.push(`time ${this.clock.nowMs % 100_000}`);
    } else {
      this.told.push('settle');
      await this.store.settle(this.clock.nowMs);
      for (const view of this.world.views()) view.settle(this.clock.nowMs);
    }
  }

  private async apply(changes: readonly NumberChange[]): Promise<void> {
    this.told.push(changes.map((change) => `${change.kind} ${change.key % 100_000}`).join(' + '));
    // Changes of different numbers may be done in any order, so of a batch only limits that cannot matter are foretold.
    const wanted = changes.map((change) => this.model.apply(change));
    const { outcomes, position } = await this.store.apply(changes, this.clock.nowMs);
    wanted.forEach((each, i) => {
      const found = outcomes[i]!;
      if (!each.done || !found.done) return expect(found).toEqual(each);
      this.expectSame(`what ${changes[i]!.key} was before`, found.previous, each.previous);
    });
    const view = this.world.views()[this.random(this.world.views().length)];
    if (this.random(4) > 0 || view?.reached === undefined || !(await view.reached(position))) return;
    this.told.push('reached');
    for (const { key } of changes) {
      const found = view.registry.find(key, this.clock.nowMs);
      if (found !== answerOf(this.model.numbers.get(key), this.clock.nowMs)) {
        throw new Error(`${key} shows ${found} in a view that has reached the change of it`);
      }
    }
  }

  private change(): NumberChange {
    const key = this.pick(KEYS);
    const nnid = this.pick(this.rows);
    const drawn = this.random(10);
    if (drawn < 3) return { kind: 'remove', key, nnid: this.random(3) === 0 ? ANY_NNID : nnid };
    const campaign = this.pick([...this.handles.values()]);
    if (drawn === 3) return { kind: 'fail', key, campaign, nnid, reason: 'CAMPAIGN_EXPIRED' };
    const activeAtMs = this.random(3) === 0 ? this.clock.nowMs + this.random(500) : this.random(2) * this.clock.nowMs;
    return { kind: 'set', key, campaign, nnid, activeAtMs, numberLimit: Infinity };
  }

  private async publish(): Promise<void> {
    const records = Array.from({ length: 1 + this.random(3) }, (): CampaignRecord => {
      const expiresAtMs = this.random(2) === 0 ? Infinity : this.clock.nowMs + this.random(1_000_000);
      return {
        id: `C${this.random(8)}`,
        status: this.random(64),
        operations: Array.from({ length: 6 }, () => 'approved' as const),
        standing: 'available',
        dca: undefined,
        numberLimit: 49,
        expiresAtMs,
      };
    });
    const handles = await this.store.publishCampaigns(records);
    records.forEach((record, i) => {
      expect(handles[i]).toBe(this.handles.get(record.id) ?? this.handles.size);
      this.handles.set(record.id, handles[i]!);
      this.model.campaigns.set(record.id, record);
    });
    const terms = records.map(({ id }): CarrierTerms => ({
      campaign: id,
      brand: 'B1',
      attClass: this.random(10),
      tmobileTier: 1,
      useCase: '2FA',
    }));
    await this.store.publishTerms(terms);
    for (const each of terms) this.model.terms.set(each.campaign, each);
  }

  private check(): void {
    for (const { watcher } of this.world.views()) watcher.check(KEYS, this.clock.nowMs);
  }

  /** A moment that has passed may be forgotten by a store. */
  private expectSame(what: string, found: NumberRecord | undefined, wanted: NumberRecord | undefined): void {
    const plain = (record: NumberRecord | undefined) =>
      record && { ...record, activeAtMs: record.activeAtMs > this.clock.nowMs ? record.activeAtMs : 0 };
    expect(plain(found), what).toEqual(plain(wanted));
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[this.random(items.length)]!;
  }
}
