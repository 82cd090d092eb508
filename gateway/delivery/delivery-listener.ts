/** Who is told of what becomes of messages at their carriers, as it happens and after the store has it. */
export interface DeliveryListener {
  /**
   * A receipt came back for the message at ring place `at`.
   * @param copy 0 for the receipt, from 1 on for the same one come again
   */
  receiptArrived(at: number, copy: number, nowMs: number): void;
  /** The phone got the message at ring place `at`, or will not: it has come to its end. */
  ended(at: number, nowMs: number): void;
}
