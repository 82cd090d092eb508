/**
 * Sends requests at their times, or as fast as there is room.
 *
 * Open loop: a request that cannot be sent when it is due, because the target has left no room, is sent as soon as there is some, and its
 * time still counts from when it was due: so a stall shows in every request that it kept waiting, not only in those that met it
 * (coordinated omission). Timers wake in steps of a millisecond, and those that fell due in the last steps leave together, as if due then;
 * when the sender itself was held up for longer than that, their own times count.
 */
import type { DueTimes } from './due-times.ts';
import type { Tally } from './tally.ts';
import type { Target } from './target.ts';

/** Two steps of a timer. */
const STEP_MS = 2;

export interface PacerOptions {
  /** Undefined to send whenever there is room. */
  readonly due: DueTimes | undefined;
  readonly target: Target;
  readonly tally: Tally;
  readonly nowMs: () => number;
  /** When no more is sent. */
  readonly endMs: number;
}

export class Pacer {
  readonly #options: PacerOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Whether what is due has had to wait for the target. */
  #isHeldUp = false;
  #isEnded = false;
  #isSending = false;
  #endMs: number;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#endMs = options.endMs;
    options.target.onRoom = () => this.#send();
  }

  /** Sends until `endMs` on the clock, which begins at 0. */
  start(): void {
    this.#send();
  }

  /** Whether all that was due by the end has been sent. */
  get hasSentAll(): boolean {
    const { due } = this.#options;
    return due === undefined || due.nextMs >= this.#endMs;
  }

  /** Nothing falls due from `endMs` on; what was due before is still sent. */
  endSoon(endMs: number): void {
    this.#endMs = endMs;
    this.#send();
  }

  /** Sends no more. What was due and had no room counts as not sent in time. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    const { due, tally, nowMs } = this.#options;
    const atMs = nowMs();
    for (; due !== undefined && due.nextMs < this.#endMs; due.advance()) tally.unsent(due.nextMs, atMs);
  }

  #send(): void {
    // A target without patience may have room again before this one is through.
    if (this.#isEnded || this.#isSending) return;
    this.#isSending = true;
    if (this.#options.due === undefined) this.#fill();
    else this.#sendDue(this.#options.due);
    this.#options.target.flush();
    this.#isSending = false;
  }

  #fill(): void {
    const { target, tally, nowMs } = this.#options;
    for (let atMs = nowMs(); atMs < this.#endMs && target.hasRoom; atMs = nowMs()) {
      tally.sent(atMs, atMs, 0);
      target.send(atMs);
    }
  }

  #sendDue(due: DueTimes): void {
    const { target, tally, nowMs } = this.#options;
    let atMs = nowMs();
    while (due.nextMs <= atMs && due.nextMs < this.#endMs && target.hasRoom) {
      const lateMs = atMs - due.nextMs;
      // At the ends of the stretch that counts a timer's step must not decide what is of it: the same seed counts as many.
      const isOwn = this.#isHeldUp || lateMs > STEP_MS || tally.counts(atMs) !== tally.counts(due.nextMs);
      const dueMs = isOwn ? due.nextMs : atMs;
      tally.sent(dueMs, atMs, this.#isHeldUp ? 0 : lateMs);
      target.send(dueMs);
      due.advance();
      atMs = nowMs();
    }
    this.#isHeldUp = due.nextMs <= atMs;
    // With nothing due the timer wakes it, without room the target does.
    clearTimeout(this.#timer);
    if (!this.#isHeldUp && due.nextMs < this.#endMs) {
      this.#timer = setTimeout(() => this.#send(), Math.max(1, due.nextMs - atMs));
    }
  }
}
