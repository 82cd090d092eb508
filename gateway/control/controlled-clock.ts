/**
 * The time of one process: the machine's, until somebody stops it and moves it by hand.
 *
 * Everything takes time and timers from here, so limits, carriers, provisioning, reviews, retries and waits stop and move alike. While time is
 * frozen a timer runs only as time is moved past its moment: timers run in order of their moments, each at its own, and nothing is
 * skipped, the carriers' tick of 10 ms included. What a timer sets off may be asynchronous; so that it happens at about its time and not
 * at the end of the way, the event loop takes a turn behind every timer set with `after` and every CLOCK_TURN_MS of time.
 *
 * Time never goes back. It runs on from where it stands, so behind a freeze it is off the machine's by a fixed difference.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CLOCK_TURN_MS } from '../limits.ts';
import type { Clock, Stateful, Timers } from '../router/index.ts';
import { systemClock, systemTimers } from './system-clock.ts';
import { type HeapTimer, TimerHeap } from './timer-heap.ts';

const NS_PER_MS = 1e6;

interface Waiting extends HeapTimer {
  /** Undefined for a timer that runs once. */
  readonly periodMs: number | undefined;
  readonly run: () => void;
  /** Calls off the machine's timer that stands for it, while time is real. */
  callOff: (() => void) | undefined;
}

/** A clock as it is saved with the state of its gateway. */
interface ClockState {
  readonly isFrozen: boolean;
  readonly nowMs: number;
  readonly monotonicNs: number;
  readonly aheadMs: number;
}

export class ControlledClock implements Clock, Timers, Stateful {
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** All timers that wait. */
  readonly #waiting = new Set<Waiting>();
  /** The same while time is frozen, and empty while it is real. */
  readonly #heap = new TimerHeap<Waiting>();
  #isFrozen = false;
  #isMoving = false;
  /** What the machine's clock is short of this one while time is real. */
  #aheadMs = 0;
  #aheadNs = 0;
  /** Where time stands while it is frozen. */
  #frozenMs = 0;
  #frozenNs = 0;
  #order = 0;

  /** @param options.clock the real time, and `timers` that go by it: the machine's if left out */
  constructor({ clock = systemClock, timers = systemTimers }: { clock?: Clock; timers?: Timers } = {}) {
    this.#clock = clock;
    this.#timers = timers;
  }

  nowMs(): number {
    return this.#isFrozen ? this.#frozenMs : this.#clock.nowMs() + this.#aheadMs;
  }

  monotonicNs(): number {
    return this.#isFrozen ? this.#frozenNs : this.#clock.monotonicNs() + this.#aheadNs;
  }

  every(periodMs: number, run: () => void): () => void {
    return this.#wait(periodMs, Math.max(1, periodMs), run);
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#wait(delayMs, undefined, run);
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Timers of the machine, for what people watch while time stands. */
  get machineTimers(): Timers {
    return this.#timers;
  }

  /** Whether it is on its way to a later moment. */
  get isMoving(): boolean {
    return this.#isMoving;
  }

  /** How far it is ahead of the machine's clock, negative if behind. */
  get aheadMs(): number {
    return this.nowMs() - this.#clock.nowMs();
  }

  /**
   * Stops time, with every timer that waits. Does nothing to time that stands already.
   * @param atMs where it stands then, for a clock that nobody has read yet; the present if left out
   */
  freeze(atMs = this.nowMs()): void {
    if (this.#isFrozen) return;
    // Whole numbers, so that the sum of many steps is exact.
    this.#frozenNs = Math.round(this.monotonicNs());
    this.#frozenMs = atMs;
    this.#isFrozen = true;
    for (const timer of this.#waiting) {
      timer.callOff?.();
      timer.callOff = undefined;
      if (timer.periodMs !== undefined) timer.dueMs = nextMultiple(atMs, timer.periodMs);
      this.#heap.add(timer);
    }
  }

  /** Lets time pass by itself again, from where it stands. A move under way ends there. */
  resume(): void {
    if (!this.#isFrozen) return;
    this.#aheadMs = this.#frozenMs - this.#clock.nowMs();
    this.#aheadNs = this.#frozenNs - this.#clock.monotonicNs();
    this.#isFrozen = false;
    for (const timer of this.#waiting) {
      this.#heap.remove(timer);
      this.#arm(timer, Math.max(0, timer.dueMs - this.#frozenMs));
    }
  }

  /**
   * Moves frozen time on to `untilMs` and runs what falls due on the way; resolves when that has run. What a timer throws ends the move at
   * that moment and is thrown here.
   *
   * Cost: about two seconds for a day of a gateway at rest (9 million runs of timers), a minute for a month.
   * @param pause asked at every turn of the event loop; time stands until what it answers with is resolved
   * @throws RangeError if time is not frozen, is being moved, or is later already
   */
  async moveTo(untilMs: number, pause?: () => Promise<void> | undefined): Promise<void> {
    if (!this.#isFrozen) throw new RangeError('time is not frozen');
    if (this.#isMoving) throw new RangeError('time is being moved already');
    if (untilMs < this.#frozenMs) throw new RangeError('time does not go back');
    this.#isMoving = true;
    try {
      await this.#move(untilMs, pause);
    } finally {
      this.#isMoving = false;
    }
  }

  capture(): ClockState {
    const { isFrozen, aheadMs } = this;
    return { isFrozen, nowMs: this.nowMs(), monotonicNs: this.monotonicNs(), aheadMs };
  }

  /**
   * Time that stood stands there again. Time that passed by itself goes on as far off the machine's as it was, and has passed since; both are
   * the only ways for it to go back. Timers that wait are the process's own, and have as long to wait as before; but where time stands,
   * those that repeat run at its multiples, as ever.
   */
  restore(state: unknown): void {
    const { isFrozen, nowMs, monotonicNs, aheadMs } = readState(state);
    const waits = Array.from(this.#waiting, (timer) => [timer, timer.dueMs - this.nowMs()] as const);
    this.#isFrozen = false;
    for (const [timer] of waits) {
      timer.callOff?.();
      this.#heap.remove(timer);
    }
    const restoredMs = isFrozen ? nowMs : Math.max(nowMs, this.#clock.nowMs() + aheadMs);
    const restoredNs = monotonicNs + (restoredMs - nowMs) * NS_PER_MS;
    this.#aheadMs = restoredMs - this.#clock.nowMs();
    this.#aheadNs = restoredNs - this.#clock.monotonicNs();
    for (const [timer, waitMs] of waits) {
      timer.dueMs = restoredMs + waitMs;
      this.#arm(timer, Math.max(0, waitMs));
    }
    if (isFrozen) this.freeze(restoredMs);
  }

  async #move(untilMs: number, pause?: () => Promise<void> | undefined): Promise<void> {
    while (this.#isFrozen) {
      this.#runUntilTurn(untilMs);
      await nextTurn();
      const paused = pause?.();
      if (paused !== undefined) await paused;
      const next = this.#heap.first;
      if (next === undefined || next.dueMs > untilMs) break;
    }
    if (this.#isFrozen) this.#standAt(untilMs);
  }

  /** Runs timers due by `untilMs`, until it is time for a turn of the event loop. */
  #runUntilTurn(untilMs: number): void {
    const firstMs = this.#heap.first?.dueMs ?? untilMs;
    const turnMs = Math.min(untilMs, Math.max(firstMs, this.#frozenMs + CLOCK_TURN_MS));
    let hasRunOne = false;
    for (let next = this.#heap.first; next !== undefined && this.#isFrozen; next = this.#heap.first) {
      const isLater = next.dueMs > this.#frozenMs;
      if (isLater && hasRunOne) return;
      if (next.dueMs > turnMs) break;
      if (isLater) this.#standAt(next.dueMs);
      hasRunOne ||= next.periodMs === undefined;
      this.#run(next);
    }
    if (this.#isFrozen) this.#standAt(turnMs);
  }

  #standAt(atMs: number): void {
    this.#frozenNs += Math.round((atMs - this.#frozenMs) * NS_PER_MS);
    this.#frozenMs = atMs;
  }

  #run(timer: Waiting): void {
    if (timer.periodMs === undefined) {
      this.#heap.remove(timer);
      this.#waiting.delete(timer);
    } else {
      timer.dueMs += timer.periodMs;
      this.#heap.moved(timer);
    }
    timer.run();
  }

  #wait(delayMs: number, periodMs: number | undefined, run: () => void): () => void {
    this.#order += 1;
    // The clock counts whole milliseconds, and time that is moved stops at the moments of timers.
    const nowMs = this.nowMs();
    const isInStep = this.#isFrozen && periodMs !== undefined;
    const dueMs = isInStep ? nextMultiple(nowMs, periodMs) : nowMs + Math.ceil(delayMs);
    const timer: Waiting = { dueMs, order: this.#order, place: -1, periodMs, run, callOff: undefined };
    this.#waiting.add(timer);
    if (this.#isFrozen) this.#heap.add(timer);
    else this.#arm(timer, delayMs);
    return () => {
      this.#waiting.delete(timer);
      this.#heap.remove(timer);
      timer.callOff?.();
    };
  }

  /** Has the machine run a timer after `delayMs` and, if it repeats, from then on. */
  #arm(timer: Waiting, delayMs: number): void {
    const { periodMs, run } = timer;
    if (periodMs === undefined) {
      timer.callOff = this.#timers.after(delayMs, () => {
        this.#waiting.delete(timer);
        run();
      });
      return;
    }
    const runAgain = (): void => {
      timer.dueMs = this.nowMs() + periodMs;
      run();
    };
    if (delayMs === periodMs) {
      timer.callOff = this.#timers.every(periodMs, runAgain);
      return;
    }
    timer.callOff = this.#timers.after(delayMs, () => {
      timer.callOff = this.#timers.every(periodMs, runAgain);
      runAgain();
    });
  }
}

/**
 * The first multiple of a period after a moment. While time stands, that is when timers that repeat run: at the same moments whenever
 * time was stopped, and in every process.
 */
function nextMultiple(atMs: number, periodMs: number): number {
  return (Math.floor(atMs / periodMs) + 1) * periodMs;
}

function readState(state: unknown): ClockState {
  const { isFrozen, nowMs, monotonicNs, aheadMs } = (state ?? {}) as Partial<ClockState>;
  const isWhole = [nowMs, monotonicNs, aheadMs].every((number) => Number.isFinite(number));
  if (typeof isFrozen !== 'boolean' || !isWhole) throw new TypeError('no state of a clock');
  return state as ClockState;
}
