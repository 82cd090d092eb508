/**
 * Messages that go to Redis many at a time, while their senders wait.
 *
 * Messages gather in a group of each name until two milliseconds have passed or it is full. A group is written again, as it is, for as
 * long as Redis does not say that it is there, since an answer that was lost says nothing; so whatever writes it must be able to do so
 * twice. Whoever waits is told after a while that it is not known (`NotKept`).
 */
import {
  DELIVERY_BATCH_MESSAGES,
  DELIVERY_GATHER_MS,
  DELIVERY_KEEP_LATE_MS,
  DELIVERY_KEEP_RETRY_MS,
  DELIVERY_KEEP_TIMEOUT_MS,
} from '../limits.ts';
import { NotKept, TextBytes } from '../messages/index.ts';
import type { Timers } from '../router/index.ts';

/** About as long as the line of a message. */
const LINE_BYTES = 320;
const SPARE_BUFFERS = 16;

export interface Group {
  readonly name: string;
  readonly lines: TextBytes;
  /** Ring places of its messages, in the order of their lines. */
  readonly places: number[];
  /** What is set in the same step: keys, and for each a value, a time to live in ms, and the index of the message it goes with. */
  readonly claimKeys: string[];
  readonly claimValues: (string | number)[];
}

/** Brings a group to Redis; rejects if it cannot be said whether it is there. */
export type WriteGroup = (group: Group) => Promise<void>;

interface Pending extends Group {
  readonly write: WriteGroup;
  readonly kept: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface GroupsParts {
  readonly timers: Timers;
  readonly log: { warn(fields: object, message: string): void };
}

export class Groups {
  /** Messages that Redis has not acknowledged. */
  pendingMessages = 0;
  /** Writes that had to be repeated. */
  retries = 0;
  readonly #parts: GroupsParts;
  readonly #gathering = new Map<string, Pending>();
  /** Of groups on their way: resolves when one has arrived, or is given up. */
  readonly #underWay = new Set<Promise<void>>();
  /** Of these, the groups that Redis has not taken for longer than it should. */
  readonly #late = new Set<Group>();
  readonly #buffers: TextBytes[] = [];
  /** Groups begun since the timer last sent what gathered: whatever was given in this turn is in one of these. */
  #recent: Pending[] = [];
  /** Of the recent ones; undefined when they have changed. */
  #recentKept: Promise<void> | undefined;
  /** The group that took the message given last. */
  #latest: Group | undefined;
  #stopTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: GroupsParts) {
    this.#parts = parts;
  }

  /** Whether Redis leaves a group unacknowledged for longer than it should: it is away, or takes no writes. */
  get isLate(): boolean {
    return this.#late.size > 0;
  }

  /** The group of this name that gathers and has room. */
  find(name: string): Group | undefined {
    const group = this.#gathering.get(name);
    if (group === undefined || group.places.length < DELIVERY_BATCH_MESSAGES) return group;
    // Sent when the next one needs room and not as soon as it is full, so that what belongs to its last message can join it.
    this.#send(group);
    return undefined;
  }

  /** A new group of this name. */
  begin(name: string, write: WriteGroup): Group {
    let resolve = (): void => {};
    let reject: (error: Error) => void = resolve;
    const kept = new Promise<void>((done, failed) => {
      resolve = done;
      reject = failed;
    });
    // Whoever does not wait is not to fail for it.
    kept.catch(() => {});
    const lines = this.#buffers.pop() ?? new TextBytes(DELIVERY_BATCH_MESSAGES * LINE_BYTES);
    const group = { name, lines, places: [], claimKeys: [], claimValues: [], write, kept, resolve, reject };
    this.#gathering.set(name, group);
    this.#recent.push(group);
    this.#recentKept = undefined;
    this.#stopTimer ??= this.#parts.timers.after(DELIVERY_GATHER_MS, () => this.#flush());
    return group;
  }

  /** Adds the message at ring place `at`, whose line has been added. */
  add(group: Group, at: number): void {
    group.places.push(at);
    this.pendingMessages += 1;
    this.#latest = group;
  }

  /**
   * Resolves once all that was given in this turn is kept; undefined if nothing was. What was given before and is late does not count:
   * those who wait for it have been told, or will be.
   */
  kept(): Promise<void> | undefined {
    if (this.#recent.length === 0) return undefined;
    this.#recentKept ??= Promise.all(this.#recent.map(({ kept }) => kept)).then(() => undefined);
    this.#recentKept.catch(() => {});
    return this.#recentKept;
  }

  /** Has a value set under a key in the same step in which the message given last is kept. */
  attach(key: string, value: string, ttlMs: number): void {
    const { claimKeys, claimValues, places } = this.#latest!;
    claimKeys.push(key);
    claimValues.push(value, ttlMs, places.length - 1);
  }

  /** Sends what gathers, and resolves once nothing is on its way, or after `graceMs`; writes nothing afterwards. */
  async close(graceMs: number): Promise<void> {
    let isOver = false;
    const grace = new Promise<void>((resolve) => this.#parts.timers.after(graceMs, resolve)).then(() => {
      isOver = true;
    });
    // What arrives can bring new groups to gather.
    for (this.#flush(); this.#underWay.size > 0 && !isOver; this.#flush())
      await Promise.race([grace, ...this.#underWay]);
    this.#isClosed = true;
  }

  #flush(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#recent = [];
    this.#recentKept = undefined;
    for (const group of this.#gathering.values()) this.#send(group);
  }

  #send(group: Pending): void {
    this.#gathering.delete(group.name);
    const arrived = this.#keep(group).finally(() => this.#underWay.delete(arrived));
    this.#underWay.add(arrived);
  }

  /** Writes a group, again and again until it is said to be there. Never rejects. */
  async #keep(group: Pending): Promise<void> {
    const { timers, log } = this.#parts;
    const stopLate = timers.after(DELIVERY_KEEP_LATE_MS, () => this.#late.add(group));
    const giveUp = timers.after(DELIVERY_KEEP_TIMEOUT_MS, () => {
      group.reject(new NotKept('Redis has not said in time whether the message was kept'));
    });
    let isKept = false;
    for (let tries = 0; !isKept && !this.#isClosed; tries += 1) {
      try {
        await group.write(group);
        isKept = true;
      } catch (error) {
        this.retries += 1;
        const why = error instanceof Error ? error.message : String(error);
        if (tries === 0) log.warn({ group: group.name, why }, 'messages could not be kept; trying again');
        await new Promise<void>((resolve) => timers.after(DELIVERY_KEEP_RETRY_MS, resolve));
      }
    }
    giveUp();
    stopLate();
    this.#late.delete(group);
    if (!isKept) {
      group.reject(new NotKept('the gateway closed before Redis said whether the message was kept'));
      return;
    }
    this.pendingMessages -= group.places.length;
    if (this.#buffers.length < SPARE_BUFFERS) {
      group.lines.clear();
      this.#buffers.push(group.lines);
    }
    group.resolve();
  }
}
