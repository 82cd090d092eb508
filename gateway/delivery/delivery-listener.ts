/**
 * Who is told of what becomes of messages at their carriers, as it happens and after the store has it.
 *
 * A message ends once; its receipt may come before, come after, or never come. When nothing is to come any more it is settled, which is
 * told once for each time it was dispatched: then whoever keeps it may let it go.
 */
export interface DeliveryListener {
  /** A carrier took the message at ring place `at`, or refused it for good: it left our hands. */
  taken?(at: number, nowMs: number): void;
  /**
   * A receipt came back for the message at ring place `at`.
   * @param copy 0 for the receipt, from 1 on for the same one come again
   */
  receiptArrived(at: number, copy: number, nowMs: number): void;
  /** The phone got the message at ring place `at`, or will not: it has come to its end. */
  ended(at: number, nowMs: number): void;
  /** The message at ring place `at` has ended, and no receipt of it is on its way. The last that is heard of it. */
  settled(at: number, nowMs: number): void;
}
