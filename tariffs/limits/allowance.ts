/**
 * How much of something each of many keys may take: the one question every limit is asked.
 *
 * A limit of one gateway counts by itself (`RateBuckets`, `PacificDays`, `Levels`, `Balances`, `NumberMeters`); one that several
 * gateways share counts what this gateway holds on lease (`LeasedUnits`). The decision cannot tell them apart.
 *
 * Hot. Implementations allocate nothing, throw nothing and read no clock. Who asks comes as an object because V8 boxes a double
 * that is handed on its own to a function it does not inline; `key` and `cap` are small integers for the same reason.
 */
export interface Ask {
  /** What is to be taken: segments, messages or micro-dollars, as the limit counts. A whole number, at least 1. */
  readonly units: number;
  /** Wall clock, milliseconds since the epoch. It may be set back. */
  readonly atMs: number;
  /** Milliseconds on a clock that is never set; leases end by it. */
  readonly uptimeMs: number;
  /** NANP number of the sender, for limits counted per number. */
  readonly senderKey: number;
  /** NANP number of the destination, for limits on recipients. */
  readonly destinationKey: number;
}

/** Answer of `waitMs`: this gateway holds no lease to say yes or no by. One was asked for; it is there in a moment. */
export const NOT_LEASED = -1;

/** Answer of `waitMs`: no more keys are kept count of, and this one is new. Room comes when others have nothing that counts. */
export const TABLE_FULL = -2;

export interface Allowance {
  /** Makes keys 0 to `keyCount` - 1 usable; other keys admit nothing. May allocate. */
  ensure(keyCount: number): void;
  /**
   * How long until `ask.units` more fit under `cap`: 0 when they fit at once, else whole milliseconds, Infinity when waiting does
   * not help, NOT_LEASED or TABLE_FULL when it is not known here. Changes nothing that is counted.
   */
  waitMs(key: number, cap: number, ask: Ask): number;
  /** Takes what `waitMs` has just answered 0 for. */
  take(key: number, cap: number, ask: Ask): void;
  /** How much counts against `cap` at the time of `ask`, rounded up; for answers to people. */
  used(key: number, cap: number, ask: Ask): number;
  /** The key has become that of somebody else. Only limits that others know by name have to hear of it. */
  replaced?(key: number): void;
}
