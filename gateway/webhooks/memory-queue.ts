/**
 * Posts waiting in this process: gone when it ends.
 *
 * Posts whose turn has come stand in a line; those put back are in a heap by when their turn comes, with one timer for the earliest, and
 * under what they await, by which they may be woken before.
 */
import {
  WEBHOOK_DEAD_LETTERS_MAX,
  WEBHOOK_ERROR_RETRY_MS,
  WEBHOOK_HOST_HELD_MAX,
  WEBHOOKS_AT_ONCE,
  WEBHOOKS_WAITING_MAX,
} from '../limits.ts';
import type { Clock, Timers } from '../router/index.ts';
import { type Due, DueHeap } from './due-heap.ts';
import type { WebhookPost } from './webhook-post.ts';
import type { DeadLetter, Fate, QueueCounts, Standing, Take, WebhookQueue } from './webhook-queue.ts';

interface Waiting extends Due {
  readonly post: WebhookPost;
  readonly sinceMs: number;
  attemptsMade: number;
  isUnderWay: boolean;
  awaits: string | undefined;
  /** The host among whose it is counted. */
  heldBy: string | undefined;
}

/** Posts in the order of their turns, those whose turn has come first; and what was given up, by id. */
export interface MemoryQueueState {
  readonly line: readonly Readonly<Waiting>[];
  readonly putBack: readonly Readonly<Waiting>[];
  readonly dead: ReadonlyMap<string, DeadLetter>;
  readonly turns: number;
  readonly droppedCount: number;
}

export class MemoryQueue implements WebhookQueue {
  readonly survives = false;
  droppedCount = 0;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #pending = new Map<string, Waiting>();
  /** Those before `#next` have left it. */
  #line: Waiting[] = [];
  #next = 0;
  readonly #putBack = new DueHeap<Waiting>();
  /** Those put back, by what they await. */
  readonly #awaiting = new Map<string, Set<Waiting>>();
  /** How many are held, by host. */
  readonly #held = new Map<string, number>();
  /** By id, in the order they were given up. */
  readonly #dead = new Map<string, DeadLetter>();
  #handle: ((take: Take) => Promise<Fate>) | undefined;
  #underWay = 0;
  #turns = 0;
  #timer: { readonly dueMs: number; readonly cancel: () => void } | undefined;
  #whenIdle: (() => void) | undefined;

  constructor({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = clock;
    this.#timers = timers;
  }

  get unfinishedCount(): number {
    return this.#pending.size;
  }

  get underWayCount(): number {
    return this.#line.length - this.#next + this.#underWay;
  }

  add(posts: readonly WebhookPost[]): Promise<void> {
    for (const post of posts) {
      if (this.#pending.has(post.id) || this.#dead.has(post.id)) continue;
      if (this.#pending.size >= WEBHOOKS_WAITING_MAX) this.droppedCount += 1;
      else this.#enter(post);
    }
    this.#handOut();
    return Promise.resolve();
  }

  work(handle: (take: Take) => Promise<Fate>): void {
    this.#handle = handle;
    this.#handOut();
  }

  dueIn(id: string): Promise<number | undefined> {
    const found = this.#pending.get(id);
    return Promise.resolve(found && Math.max(0, found.dueMs - this.#clock.nowMs()));
  }

  hold(host: string, id: string): Promise<boolean> {
    const waiting = this.#pending.get(id);
    if (waiting === undefined || waiting.heldBy !== undefined) return Promise.resolve(true);
    const held = this.#held.get(host) ?? 0;
    if (held >= WEBHOOK_HOST_HELD_MAX) return Promise.resolve(false);
    waiting.heldBy = host;
    this.#held.set(host, held + 1);
    return Promise.resolve(true);
  }

  wake(awaited: string, count: number): void {
    let left = count;
    for (const waiting of this.#awaiting.get(awaited) ?? []) {
      if (left === 0) break;
      left -= 1;
      this.#putBack.remove(waiting);
      this.#comes(waiting);
    }
    if (left < count) this.#handOut();
  }

  find(ids: readonly string[]): Promise<readonly Standing[]> {
    return Promise.resolve(ids.flatMap((id) => this.#standing(id) ?? []));
  }

  counts(): Promise<QueueCounts> {
    return Promise.resolve({ pending: this.#pending.size, dead: this.#dead.size });
  }

  deadLetters(from: number, count: number): Promise<readonly DeadLetter[]> {
    return Promise.resolve([...this.#dead.values()].toReversed().slice(from, from + count));
  }

  replay(ids: readonly string[]): Promise<number> {
    let count = 0;
    for (const id of ids) {
      const letter = this.#dead.get(id);
      if (letter === undefined) continue;
      this.#dead.delete(id);
      this.#enter({ ...letter.post, isRepeat: true });
      count += 1;
    }
    this.#handOut();
    return Promise.resolve(count);
  }

  drain(): Promise<void> {
    this.#handle = undefined;
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#whenIdle = resolve));
  }

  close(): Promise<void> {
    this.#handle = undefined;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  /** All posts. Of one under way nobody can tell whether it arrived: it waits again, as a repeat. */
  capture(): MemoryQueueState {
    const underWay = Array.from(this.#pending.values())
      .filter((one) => one.isUnderWay)
      .map((one) => ({ ...one, isUnderWay: false, post: { ...one.post, isRepeat: true } }));
    return {
      line: [...underWay, ...this.#line.slice(this.#next)],
      putBack: this.#putBack.sorted(),
      dead: this.#dead,
      turns: this.#turns,
      droppedCount: this.droppedCount,
    };
  }

  /** Holds the posts that another captured, and no others: what becomes of one under way is of no interest any more. */
  restore({ line, putBack, dead, turns, droppedCount }: MemoryQueueState): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pending.clear();
    this.#putBack.clear();
    this.#awaiting.clear();
    this.#held.clear();
    this.#line = line.map((one) => ({ ...one }));
    this.#next = 0;
    for (const one of putBack) this.#goesBack({ ...one });
    for (const one of [...this.#line, ...this.#putBack.sorted()]) {
      this.#pending.set(one.post.id, one);
      if (one.heldBy !== undefined) this.#held.set(one.heldBy, (this.#held.get(one.heldBy) ?? 0) + 1);
    }
    this.#dead.clear();
    for (const [id, letter] of dead) this.#dead.set(id, letter);
    this.#turns = turns;
    this.droppedCount = droppedCount;
    this.#handOut();
    this.#setTimer();
  }

  #standing(id: string): Standing | undefined {
    const letter = this.#dead.get(id);
    if (letter !== undefined) return { post: letter.post, state: 'dead', attemptsMade: letter.attempts };
    const waiting = this.#pending.get(id);
    if (waiting === undefined) return undefined;
    const { post, attemptsMade, isUnderWay, dueMs } = waiting;
    if (isUnderWay) return { post, state: 'under_way', attemptsMade };
    return { post, state: 'waiting', attemptsMade, dueInMs: Math.max(0, dueMs - this.#clock.nowMs()) };
  }

  #enter(post: WebhookPost): void {
    const nowMs = this.#clock.nowMs();
    const none = { awaits: undefined, heldBy: undefined };
    const waiting = { post, sinceMs: nowMs, attemptsMade: 0, isUnderWay: false, dueMs: nowMs, turn: 0, ...none };
    this.#pending.set(post.id, waiting);
    this.#line.push(waiting);
  }

  #handOut(): void {
    while (this.#handle !== undefined && this.#underWay < WEBHOOKS_AT_ONCE) {
      const waiting = this.#line[this.#next];
      if (waiting === undefined) break;
      this.#next += 1;
      this.#underWay += 1;
      this.#send(waiting, this.#handle);
    }
    // What has left is let go of once it is the larger part: each is moved a bounded number of times.
    if (this.#next * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#next);
      this.#next = 0;
    }
  }

  #send(waiting: Waiting, handle: (take: Take) => Promise<Fate>): void {
    const { post, attemptsMade, sinceMs } = waiting;
    const isRepeat = attemptsMade > 0 || post.isRepeat === true;
    const ageMs = this.#clock.nowMs() - sinceMs;
    waiting.isUnderWay = true;
    const end = (fate: Fate): void => {
      waiting.isUnderWay = false;
      this.#underWay -= 1;
      this.#carryOut(waiting, fate);
      this.#handOut();
      if (this.#underWay === 0) this.#whenIdle?.();
    };
    handle({ post, attemptsMade, isRepeat, ageMs }).then(end, () => end(ERROR));
  }

  #carryOut(waiting: Waiting, fate: Fate): void {
    const { post } = waiting;
    if (this.#pending.get(post.id) !== waiting) return;
    if (fate.kind === 'again' || fate.kind === 'dead') waiting.attemptsMade += 1;
    if (fate.kind === 'again' || fate.kind === 'later') {
      waiting.dueMs = this.#clock.nowMs() + fate.delayMs;
      waiting.turn = this.#turns++;
      waiting.awaits = fate.kind === 'later' ? fate.awaits : undefined;
      this.#goesBack(waiting);
      this.#setTimer();
      return;
    }
    this.#pending.delete(post.id);
    this.#letGo(waiting);
    this.wake(post.id, 1);
    if (fate.kind === 'done') return;
    const { attemptsMade: attempts } = waiting;
    this.#dead.set(post.id, { post, why: fate.why, attempts, atMs: this.#clock.nowMs() });
    const [oldest] = this.#dead.keys();
    if (this.#dead.size > WEBHOOK_DEAD_LETTERS_MAX && oldest !== undefined) this.#dead.delete(oldest);
  }

  #letGo({ heldBy }: Waiting): void {
    if (heldBy === undefined) return;
    const held = this.#held.get(heldBy) ?? 0;
    if (held > 1) this.#held.set(heldBy, held - 1);
    else this.#held.delete(heldBy);
  }

  #goesBack(waiting: Waiting): void {
    this.#putBack.push(waiting);
    const { awaits } = waiting;
    if (awaits === undefined) return;
    const others = this.#awaiting.get(awaits);
    if (others === undefined) this.#awaiting.set(awaits, new Set([waiting]));
    else others.add(waiting);
  }

  /** The turn of one has come that was put back and has left the heap. */
  #comes(waiting: Waiting): void {
    const { awaits } = waiting;
    this.#line.push(waiting);
    if (awaits === undefined) return;
    const others = this.#awaiting.get(awaits);
    others?.delete(waiting);
    if (others?.size === 0) this.#awaiting.delete(awaits);
  }

  #setTimer(): void {
    const earliest = this.#putBack.earliest;
    if (earliest === undefined || this.#handle === undefined) return;
    if (this.#timer !== undefined && this.#timer.dueMs <= earliest.dueMs) return;
    this.#timer?.cancel();
    const { dueMs } = earliest;
    const cancel = this.#timers.after(Math.max(0, dueMs - this.#clock.nowMs()), () => this.#turnsCome());
    this.#timer = { dueMs, cancel };
  }

  #turnsCome(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.nowMs();
    for (
      let first = this.#putBack.earliest;
      first !== undefined && first.dueMs <= nowMs;
      first = this.#putBack.earliest
    ) {
      this.#putBack.remove(first);
      this.#comes(first);
    }
    this.#handOut();
    this.#setTimer();
  }
}

const ERROR: Fate = { kind: 'again', delayMs: WEBHOOK_ERROR_RETRY_MS, why: { reason: 'error' } };
