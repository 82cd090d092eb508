/**
 * What became of a message, as 16 bytes: short enough that thousands are written in one step.
 *
 *   0 receipt   1 outcome   2 error   3 unused   4-9 time of the receipt   10-15 time of the outcome, ms since the epoch
 *
 * A patch is a row of changes: the message's index in its batch, 2 bytes, and its fate.
 */
import { DeliveryError, type MessageStore } from '../messages/index.ts';
import { HandsetOutcome } from '../router/index.ts';
import { FATE_BYTES } from './scripts.ts';

export const PATCH_ENTRY_BYTES = FATE_BYTES + 2;
const TIME_BYTES = 6;

export interface Fate {
  /** `ReceiptState`. */
  readonly receipt: number;
  /** `HandsetOutcome`. */
  readonly outcome: number;
  /** `DeliveryError`. */
  readonly error: number;
  readonly receiptAtMs: number;
  readonly handsetAtMs: number;
}

/** Writes one change: of the message at ring place `at`, which is at `index` of its batch. */
export function writePatchEntry(patch: Buffer, offset: number, index: number, store: MessageStore, at: number): void {
  patch.writeUInt16BE(index, offset);
  const from = offset + 2;
  patch[from] = store.receipt[at]!;
  patch[from + 1] = store.outcome[at]!;
  patch[from + 2] = store.error[at]!;
  patch[from + 3] = 0;
  patch.writeUIntBE(store.receiptAtMs[at]!, from + 4, TIME_BYTES);
  patch.writeUIntBE(store.handsetAtMs[at]!, from + 4 + TIME_BYTES, TIME_BYTES);
}

/** Writes the whole fate of a message that was refused after it waited: a receipt that says so. */
export function writeRefusal(fates: Buffer, index: number, receipt: number, atMs: number): void {
  const from = index * FATE_BYTES;
  fates[from] = receipt;
  fates.writeUIntBE(atMs, from + 4, TIME_BYTES);
}

/** The fate of a message that is not taken since its key of idempotency is another's by now: nothing is told of it. */
export function supersededFate(atMs: number): Buffer {
  const fate = Buffer.alloc(FATE_BYTES);
  fate[1] = HandsetOutcome.Undelivered;
  fate[2] = DeliveryError.Superseded;
  fate.writeUIntBE(atMs, 4 + TIME_BYTES, TIME_BYTES);
  return fate;
}

export function readFate(bytes: Buffer, from: number): Fate {
  return {
    receipt: bytes[from]!,
    outcome: bytes[from + 1]!,
    error: bytes[from + 2]!,
    receiptAtMs: bytes.readUIntBE(from + 4, TIME_BYTES),
    handsetAtMs: bytes.readUIntBE(from + 4 + TIME_BYTES, TIME_BYTES),
  };
}
