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

  constructor(options: PacerOptions) {
    this.#options = options;
    options.target.onRoom = () => this.#send();
  }

  /** Sends until `endMs` on the clock, which begins at 0. */
  start(): void {
    this.#send();
  }

  /** Sends no more. What was due by then, and had no room, counts as not sent in time. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#timer);
    const { due, tally, nowMs, endMs } = this.#options;
    if (due === undefined) return;
    const untilMs = Math.min(nowMs(), endMs);
    for (; due.nextMs < untilMs; due.advance()) tally.unsent(due.nextMs, untilMs);
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
    const { target, tally, nowMs, endMs } = this.#options;
    for (let atMs = nowMs(); atMs < endMs && target.hasRoom; atMs = nowMs()) {
      tally.sent(atMs, 0);
      target.send(atMs);
    }
  }

  #sendDue(due: DueTimes): void {
    const { target, tally, nowMs, endMs } = this.#options;
    let atMs = nowMs();
    while (due.nextMs <= atMs && due.nextMs < endMs && target.hasRoom) {
      const lateMs = atMs - due.nextMs;
      const isLate = this.#isHeldUp || lateMs > STEP_MS;
      const dueMs = isLate ? due.nextMs : atMs;
      tally.sent(dueMs, lateMs);
      target.send(dueMs);
      due.advance();
      atMs = nowMs();
    }
    this.#isHeldUp = due.nextMs <= atMs;
    // With nothing due the timer wakes it, without room the target does.
    clearTimeout(this.#timer);
    if (!this.#isHeldUp && due.nextMs < endMs) {
      this.#timer = setTimeout(() => this.#send(), Math.max(1, due.nextMs - atMs));
    }
  }
}
