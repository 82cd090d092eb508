/**
 * What can be wrong with a carrier on purpose: the port through which faults set by an operator reach the simulated carriers.
 */

/** A way in which messages fail. */
export interface ErrorShare {
  /** `DeliveryError`. */
  readonly code: number;
  /** Share of all messages, above 0. */
  readonly share: number;
}

/** All faults in force for one message at one moment, added up. */
export interface FaultEffects {
  /** The carrier takes nothing until then; 0 if there is no outage, Infinity if its end is not known. */
  readonly outageUntilMs: number;
  /** How messages fail; together 1 at most, and as a rule none. One draw decides: it falls into the first share, the next, or none. */
  readonly errors: readonly ErrorShare[];
  /** Messages a second that the carrier takes; Infinity if it does not throttle. */
  readonly messagesPerSecond: number;
  /** In place of the carrier's own time to the receipt, lognormal; NaN leaves it as it is. */
  readonly latencyMedianMs: number;
  readonly latencySigma: number;
  readonly latencyCapMs: number;
  /** Shares of receipts that never come, or come twice. */
  readonly receiptLossRate: number;
  readonly receiptDuplicateRate: number;
  /** Added to the time of the receipt, which may then come after what it tells of. */
  readonly receiptDelayMs: number;
}

export type FaultKind =
  | 'outage'
  | 'error'
  | 'throttle'
  | 'latency'
  | 'receipt_loss'
  | 'receipt_duplicate'
  | 'receipt_delay';

export interface CarrierFaults {
  /** Whether any fault is set at all: a carrier asks no further if not. */
  readonly isAny: boolean;
  /**
   * What is in force at a moment. The object is the port's own and alike for all messages it holds for: read it at once, keep nothing.
   * @param carrier index into CARRIERS
   * @param route `Route`
   */
  effects(carrier: number, route: number, account: string | undefined, atMs: number): Readonly<FaultEffects>;
  /** Told of each message whose fate a fault changed, before the effects for another one are asked for. */
  applied(kind: FaultKind, carrier: number): void;
}
