/**
 * The three things the outside world gives: time, timers and chance.
 * Nothing in the product reaches for them on its own; the composition root passes in the real ones, tests and the
 * simulator pass in ones they steer.
 */

export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** A counter that only grows, in nanoseconds, for measuring how long something took. */
  monotonicNs(): number;
}

export interface Timers {
  /** Calls `run` about every `periodMs` until the returned function is called. Never keeps the process alive alone. */
  every(periodMs: number, run: () => void): () => void;
  /** Calls `run` once after `delayMs` unless the returned function is called first. */
  after(delayMs: number, run: () => void): () => void;
}

/** One named stream of chance. */
export interface Rng {
  /** The next number, 0 inclusive to 1 exclusive. */
  next(): number;
}
