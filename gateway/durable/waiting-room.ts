/**
 * Messages that wait under a limit, in Redis: written down before their senders are answered, decided by one gateway at a time, and taken
 * over by another when that one is dead.
 *
 * A gateway holds messages in the name of a holder, a key that ends by time unless it is renewed. A holder that has ended is dead for good,
 * and whoever lives may take over what it holds. That is all there is to agree on, and every script asks for it:
 *
 *   hold       only in the name of a living holder, and only what nobody holds or has decided
 *   decide     only what is held in that name, dead or not; the message is then in a batch and held no more, in the same step
 *   take over  only from a dead holder, in the name of a living one
 *
 * So a message is decided once, whoever believes to have it. A gateway that finds its holder dead lets go of all that waits there, takes
 * a new one, and gets back what nobody took over the way anybody does. To seldom decide in vain, it decides only while its own clock says
 * that the holder lives, with something to spare, and keeps few decisions under way: what a decision in vain took of limits is not
 * given back.
 */
import type { Cluster, Redis } from 'ioredis';
import type { Queue } from 'bullmq';
import {
  HELD_DECIDED_UNKEPT_MAX,
  HELD_TAKEN_OVER_AT_ONCE,
  HOLDER_ALIVE_MS,
  HOLDER_RENEW_MS,
  HOLDER_SPARE_MS,
} from '../limits.ts';
import {
  drawKeyOf,
  emptyDraft,
  type MessageStore,
  NOT_STORED,
  parseMessageId,
  refusalReceipt,
  type WaitingHere,
  type WaitingKeeper,
} from '../messages/index.ts';
import { type Clock, type Core, DecisionCode, MessageSlot, type Timers } from '../router/index.ts';
import { type DeliveryJob, queueBatch } from './delivery-job.ts';
import type { Group, Groups } from './groups.ts';
import { BATCH_CLASSES, BatchClass, batchKey, fateKey, holderKey, holdsKey, runKey, runNumber } from './layout.ts';
import { addWaitedLine, type MessageLine, readLine } from './message-lines.ts';
import { writeRefusal } from './outcome-bytes.ts';
import type { OutcomeFeed } from './outcome-feed.ts';
import { DECIDE, FATE_BYTES, HOLD, OPEN_HOLDER, run as runScript, TAKE_OVER } from './scripts.ts';

export interface WaitingRoomParts {
  readonly client: Redis | Cluster;
  readonly queue: Queue<DeliveryJob>;
  readonly core: Core;
  readonly store: MessageStore;
  readonly run: string;
  readonly groups: Groups;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly feed: OutcomeFeed;
  readonly log: { warn(fields: object, message: string): void };
}

/** In whose name messages are held. */
interface Holder {
  readonly name: string;
  /** Sets it apart from those before it, from 1 on. */
  readonly number: number;
  /** Uptime until which it lives for sure. */
  aliveUntilMs: number;
  /** Times it took over. */
  calls: number;
}

interface TakenOver {
  readonly id: string;
  readonly run: string;
  readonly sequence: number;
  readonly line: MessageLine;
}

const HOLD_GROUP = 'held';
const NS_PER_MS = 1e6;
/** A message of which it is not said yet that it is held, and one that is another's: no holder has these numbers. */
const NOBODY = 0;
const ANOTHER = -1;
/** Place of the time of acceptance in a line. */
const ACCEPTED_AT = 13;

export class WaitingRoom implements WaitingKeeper {
  /** Messages taken over from dead holders. */
  takenOver = 0;
  /** Messages that others took over from here, and had not been decided here or were so in vain. */
  takenAway = 0;
  readonly #parts: WaitingRoomParts;
  readonly #draft = emptyDraft();
  readonly #slot = new MessageSlot();
  /** By ring place: number of the holder in whose name the message waits. */
  readonly #heldBy: Int32Array;
  readonly #stops: (() => void)[] = [];
  #here: WaitingHere | undefined;
  #holder: Holder | undefined;
  #opening: Promise<Holder> | undefined;
  #holders = 0;
  #batches = 0;
  /** Messages decided and not kept. */
  #underWay = 0;
  /** Taken over, and not in the ring for want of room. */
  #unseated: TakenOver[] = [];
  #isLooking = false;
  #isClosed = false;

  constructor(parts: WaitingRoomParts) {
    this.#parts = parts;
    this.#heldBy = new Int32Array(parts.store.capacity);
  }

  serve(here: WaitingHere): void {
    this.#here = here;
    this.#stops.push(this.#parts.timers.every(HOLDER_RENEW_MS, () => this.#look()));
    this.#look();
  }

  hold(at: number, draw: number): void {
    const { core, store, groups } = this.#parts;
    this.#heldBy[at] = NOBODY;
    const group = groups.find(HOLD_GROUP) ?? groups.begin(HOLD_GROUP, (held) => this.#writeHeld(held));
    addWaitedLine(group.lines, core, store, at, { index: group.places.length, sequence: store.sequence[at]!, draw });
    groups.add(group, at);
  }

  mayDecide(at: number): boolean {
    const holder = this.#holder;
    return (
      holder !== undefined &&
      this.#heldBy[at] === holder.number &&
      this.#underWay < HELD_DECIDED_UNKEPT_MAX &&
      this.#uptimeMs() < holder.aliveUntilMs
    );
  }

  decided(at: number): void {
    const holder = this.#holder;
    if (holder === undefined || this.#heldBy[at] !== holder.number) throw new Error('decided without asking first');
    this.#underWay += 1;
    this.#gather(at, holder);
  }

  /** Lets go of what waits, so that others can take it over at once. To be called when nothing is on its way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    const holder = this.#holder;
    this.#holder = undefined;
    // Otherwise they can when it has ended by itself.
    if (holder !== undefined) await this.#parts.client.del(holderKey(holder.name)).catch(() => {});
  }

  /** Renews the holder, or makes one, and takes over what dead ones hold. */
  #look(): void {
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    const holder = this.#holder;
    const living = holder === undefined ? this.#current() : this.#renew(holder);
    living
      .then(() => this.#takeOver())
      // Redis is away; there is another time.
      .catch(() => {})
      .finally(() => (this.#isLooking = false));
  }

  /** The living holder; a new one if there is none. */
  #current(): Promise<Holder> {
    if (this.#holder !== undefined) return Promise.resolve(this.#holder);
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(): Promise<Holder> {
    this.#holders += 1;
    const number = this.#holders;
    // A name of its own for each try: whether one that was not answered made a holder does not matter.
    const name = `${this.#parts.run}.${number}`;
    const aliveUntilMs = this.#aliveUntilMs();
    await runScript(this.#parts.client, OPEN_HOLDER, [holderKey(name)], [HOLDER_ALIVE_MS]);
    if (this.#isClosed) throw new Error('closed');
    this.#holder = { name, number, aliveUntilMs, calls: 0 };
    return this.#holder;
  }

  async #renew(holder: Holder): Promise<void> {
    const aliveUntilMs = this.#aliveUntilMs();
    const isAlive = (await this.#parts.client.pexpire(holderKey(holder.name), HOLDER_ALIVE_MS)) === 1;
    if (isAlive) holder.aliveUntilMs = aliveUntilMs;
    else this.#lose(holder);
  }

  /** A holder is dead: what waits in its name is not here any more. What was decided in its name is kept yet, or not. */
  #lose(holder: Holder): void {
    if (this.#holder !== holder) return;
    this.#holder = undefined;
    this.#unseated = [];
    this.#parts.log.warn({ holder: holder.name }, 'messages that wait here are for other gateways to take over');
    this.#forgetOthers();
  }

  /** Forgets messages in lines that are held in the name of a dead holder, or by somebody else. */
  #forgetOthers(): void {
    const living = this.#holder?.number;
    this.#here?.forgetAll((at) => {
      const heldBy = this.#heldBy[at]!;
      const isOther = heldBy !== NOBODY && heldBy !== living;
      if (isOther) this.takenAway += 1;
      return isOther;
    });
  }

  async #writeHeld({ lines, places, claimKeys, claimValues }: Group): Promise<void> {
    const { client, store, run } = this.#parts;
    const ids = places.map((at) => store.idAt(at)).join(' ');
    const sequences = places.map((at) => store.sequence[at]!).join(' ');
    const times = places.map((at) => store.acceptedAtMs[at]!).join(' ');
    for (;;) {
      const holder = await this.#current();
      const keys = [holderKey(holder.name), holdsKey(holder.name), runKey(run, BatchClass.Late), ...claimKeys];
      const args = [holder.name, lines.take(), ids, sequences, times, ...claimValues];
      const others = (await runScript(client, HOLD, keys, args)) as number[] | null;
      if (others === null) {
        this.#lose(holder);
        continue;
      }
      for (const at of places) this.#heldBy[at] = holder.number;
      // Held by a try that was not answered, in the name of a holder that died since.
      for (const index of others) this.#heldBy[places[index]!] = ANOTHER;
      if (others.length > 0 || this.#holder !== holder) this.#forgetOthers();
      return;
    }
  }

  /** Adds the message at ring place `at`, which has been decided in the name of a holder, to a batch. */
  #gather(at: number, holder: Holder): void {
    const { core, store, groups } = this.#parts;
    const { run: origin, sequence } = parseMessageId(store.idAt(at))!;
    // Apart by runs: within a batch, numbers of messages must not meet.
    const name = `${holder.name} ${origin}`;
    const group = groups.find(name) ?? groups.begin(name, this.#writerOf(holder, origin));
    addWaitedLine(group.lines, core, store, at, { index: group.places.length, sequence, draw: 0 });
    groups.add(group, at);
  }

  #writerOf(holder: Holder, origin: string): (group: Group) => Promise<void> {
    const { client, queue, store, run, clock, feed } = this.#parts;
    this.#batches += 1;
    const batchClass = BATCH_CLASSES[BatchClass.Late]!;
    const batch = `${run}-${batchClass}-${this.#batches.toString(36).toUpperCase()}`;
    const atMs = clock.nowMs();
    let isSettled = false;
    return async ({ lines, places }) => {
      if (!isSettled) {
        const ids = places.map((at) => store.idAt(at));
        const starts = ids.map((id) => parseMessageId(id)!.sequence).join(' ');
        const keys = [batchKey(batch), fateKey(batch), runKey(origin, BatchClass.Late), holdsKey(holder.name)];
        const fates = this.#fatesOf(places, atMs);
        const args = [batch, lines.take(), places.length, run, origin, batchClass, starts, atMs, fates, ids.join(' ')];
        const [, ...others] = (await runScript(client, DECIDE, keys, args)) as number[];
        isSettled = true;
        if (others.length > 0) {
          this.#decidedInVain(places, new Set(others), holder);
          return;
        }
        this.#underWay -= places.length;
        for (const at of places) this.#here!.enact(at, atMs);
        feed.expect(batch, places);
        feed.kept(batch);
      }
      await queueBatch({ client, queue }, batch);
    };
  }

  /** Some of a batch were another's: these are forgotten, and the others go into a batch without them. */
  #decidedInVain(places: readonly number[], others: ReadonlySet<number>, holder: Holder): void {
    this.#underWay -= others.size;
    this.takenAway += others.size;
    this.#parts.log.warn({ messages: others.size }, 'messages that waited were decided here after others had them');
    places.forEach((at, index) => {
      if (others.has(index)) this.#here!.forget(at);
      else this.#gather(at, holder);
    });
  }

  /** What has become of messages when a batch of them begins: of those refused, all there will be. */
  #fatesOf(places: readonly number[], atMs: number): Buffer {
    const { store } = this.#parts;
    const fates = Buffer.alloc(places.length * FATE_BYTES);
    places.forEach((at, index) => {
      const code = store.code[at]!;
      if (code !== DecisionCode.Accepted) writeRefusal(fates, index, refusalReceipt(code), atMs);
    });
    return fates;
  }

  /** Takes over what dead holders hold, for as long as there is some and room for it. */
  async #takeOver(): Promise<void> {
    for (;;) {
      const holder = this.#holder;
      if (holder === undefined || this.#isClosed || !this.#seat(holder)) return;
      const keys = [holderKey(holder.name), holdsKey(holder.name)];
      const call = holder.calls + 1;
      // Not answered, the same call is made again.
      const found = (await runScript(this.#parts.client, TAKE_OVER, keys, [
        holder.name,
        call,
        HELD_TAKEN_OVER_AT_ONCE,
      ])) as Buffer[] | null;
      if (found === null) {
        this.#lose(holder);
        return;
      }
      holder.calls = call;
      if (this.#holder !== holder || found.length === 0) return;
      this.takenOver += found.length / 2;
      this.#unseated = this.#readAll(found).toSorted(byAge);
    }
  }

  #readAll(found: readonly Buffer[]): TakenOver[] {
    const read: TakenOver[] = [];
    for (let at = 0; at < found.length; at += 2) {
      const id = String(found[at]);
      const parsed = parseMessageId(id);
      try {
        if (parsed !== undefined) read.push({ id, ...parsed, line: JSON.parse(String(found[at + 1])) as MessageLine });
      } catch (error) {
        // It stays where it is held, for people to look at.
        const why = error instanceof Error ? error.message : String(error);
        this.#parts.log.warn({ message: id, why }, 'a message that waits cannot be read');
      }
    }
    return read;
  }

  /** Puts messages that were taken over in the ring, as far as there is room; whether all are. */
  #seat(holder: Holder): boolean {
    const { core } = this.#parts;
    const unseated = this.#unseated;
    let seated = 0;
    for (const { id, run, sequence, line } of unseated) {
      readLine(line, this.#draft, this.#slot, core);
      const at = this.#here!.adopt(this.#draft, this.#slot, id, drawKeyOf(runNumber(run), sequence));
      if (at === NOT_STORED) break;
      this.#heldBy[at] = holder.number;
      seated += 1;
    }
    this.#unseated = unseated.slice(seated);
    return this.#unseated.length === 0;
  }

  #aliveUntilMs(): number {
    return this.#uptimeMs() + HOLDER_ALIVE_MS - HOLDER_SPARE_MS;
  }

  #uptimeMs(): number {
    return this.#parts.clock.monotonicNs() / NS_PER_MS;
  }
}

function byAge(one: TakenOver, other: TakenOver): number {
  return one.line[ACCEPTED_AT] - other.line[ACCEPTED_AT] || one.sequence - other.sequence;
}
