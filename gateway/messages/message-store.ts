/**
 * The messages the gateway still holds, in flight or finished: one bounded ring of columns.
 *
 * A message's sequence number grows by one per message and never repeats; its place in the ring is the sequence modulo
 * the capacity. So the ring is the pool of messages in flight and the inbox people read at once: a new message takes
 * the place of the oldest, and if the oldest is still in flight the ring is full and the new one is turned away.
 * Nothing an answer has accepted is ever overwritten.
 *
 * Columns because a message costs some eighty bytes here, and no object for the collector to walk. Texts are the
 * caller's strings, kept by reference.
 */
import {
  DecisionCode,
  HandsetOutcome,
  HANDSET_OUTCOMES,
  registrationLabelIndex,
  type MessageSlot,
} from '../router/index.ts';
import type { MessageDraft } from './message-draft.ts';

/** What the receipt said. On 10DLC a carrier's receipt comes before its spam filter. */
export const ReceiptState = { None: 0, Accepted: 1, Undelivered: 2 } as const;
/** The states as a receipt spells them (SMPP 3.4, appendix B). */
export const RECEIPT_STATES: readonly (string | null)[] = [null, 'ACCEPTD', 'UNDELIV'];

/** Where a message is in its life. The last four are final. */
export const MessageState = { Accepted: 0, Sent: 1, Delivered: 2, Filtered: 3, Undelivered: 4, Rejected: 5 } as const;
export const MESSAGE_STATES: readonly string[] = [
  'accepted',
  'sent',
  'delivered',
  'filtered',
  'undelivered',
  'rejected',
];

export class MessageStore {
  readonly capacity: number;
  /** Sequence number of the next message. */
  nextSequence = 0;
  /** Accepted and not yet in a final state. */
  inFlightCount = 0;

  readonly state: Uint8Array;
  readonly code: Uint8Array;
  readonly registration: Uint8Array;
  readonly carrier: Uint8Array;
  readonly kind: Uint8Array;
  readonly route: Uint8Array;
  readonly truth: Uint8Array;
  readonly binding: Uint8Array;
  readonly receipt: Uint8Array;
  /** What the phone will get or got; decided when the carrier takes the message, visible when it happens. */
  readonly outcome: Uint8Array;
  readonly isUcs2: Uint8Array;
  /** Whether a stale view of the registry decided it. */
  readonly isStale: Uint8Array;
  /** Place in `Core.books` of the book that priced it. */
  readonly book: Uint8Array;
  readonly holdsInFlight: Uint8Array;
  /** Account handle, or NO_ACCOUNT; the name it came with is in `accounts`. */
  readonly account: Int32Array;
  readonly pricedAtMs: Float64Array;
  readonly units: Uint16Array;
  readonly campaign: Int32Array;
  readonly tariffRow: Int32Array;
  readonly carrierFeeMicros: Uint32Array;
  readonly surchargeMicros: Uint32Array;
  readonly dcaMicros: Uint32Array;
  readonly aggregatorMicros: Uint32Array;
  readonly limitUsed: Float64Array;
  readonly limitCap: Float64Array;
  readonly retryAfterMs: Float64Array;
  readonly senderKey: Float64Array;
  readonly destinationKey: Float64Array;
  readonly acceptedAtMs: Float64Array;
  readonly receiptAtMs: Float64Array;
  readonly handsetAtMs: Float64Array;
  readonly texts: string[] = [];
  readonly accounts: (string | undefined)[] = [];
  readonly references: (string | undefined)[] = [];
  readonly callbackUrls: (string | undefined)[] = [];
  readonly media: (readonly string[] | undefined)[] = [];

  /** Told of each message that has come to its end, at its place in the ring: also of those refused at once. */
  whenFinal: (at: number) => void = () => undefined;

  readonly #idPrefix: string;

  /**
   * @param capacity messages held at once, at least 1
   * @param runTag a few letters or digits that set this run's ids apart from those of earlier runs
   */
  constructor(capacity: number, runTag: string) {
    this.capacity = capacity;
    this.#idPrefix = `M${runTag}-`;
    this.state = new Uint8Array(capacity);
    this.code = new Uint8Array(capacity);
    this.registration = new Uint8Array(capacity);
    this.carrier = new Uint8Array(capacity);
    this.kind = new Uint8Array(capacity);
    this.route = new Uint8Array(capacity);
    this.truth = new Uint8Array(capacity);
    this.binding = new Uint8Array(capacity);
    this.receipt = new Uint8Array(capacity);
    this.outcome = new Uint8Array(capacity);
    this.isUcs2 = new Uint8Array(capacity);
    this.isStale = new Uint8Array(capacity);
    this.book = new Uint8Array(capacity);
    this.holdsInFlight = new Uint8Array(capacity);
    this.account = new Int32Array(capacity);
    this.pricedAtMs = new Float64Array(capacity);
    this.units = new Uint16Array(capacity);
    this.campaign = new Int32Array(capacity);
    this.tariffRow = new Int32Array(capacity);
    this.carrierFeeMicros = new Uint32Array(capacity);
    this.surchargeMicros = new Uint32Array(capacity);
    this.dcaMicros = new Uint32Array(capacity);
    this.aggregatorMicros = new Uint32Array(capacity);
    this.limitUsed = new Float64Array(capacity);
    this.limitCap = new Float64Array(capacity);
    this.retryAfterMs = new Float64Array(capacity);
    this.senderKey = new Float64Array(capacity);
    this.destinationKey = new Float64Array(capacity);
    this.acceptedAtMs = new Float64Array(capacity);
    this.receiptAtMs = new Float64Array(capacity);
    this.handsetAtMs = new Float64Array(capacity);
  }

  /** Messages held: in flight or finished and not yet overwritten. */
  get count(): number {
    return Math.min(this.nextSequence, this.capacity);
  }

  /** Sequence number of the oldest message held. */
  get oldestSequence(): number {
    return Math.max(0, this.nextSequence - this.capacity);
  }

  /** Whether the next place in the ring is free: its last holder, if any, is in a final state. */
  hasRoom(): boolean {
    if (this.nextSequence < this.capacity) return true;
    return this.state[this.nextSequence % this.capacity]! >= MessageState.Delivered;
  }

  /**
   * Writes a decided message at the next place and returns its sequence number. The caller has checked `hasRoom`.
   * Allocates nothing but growth of the string columns up to the capacity.
   */
  add(draft: Readonly<MessageDraft>, slot: Readonly<MessageSlot>): number {
    const sequence = this.nextSequence;
    const at = sequence % this.capacity;
    const isAccepted = slot.code === DecisionCode.Accepted;
    const quote = slot.quote;
    this.nextSequence = sequence + 1;
    this.state[at] = isAccepted ? MessageState.Accepted : MessageState.Rejected;
    this.code[at] = slot.code;
    this.registration[at] = slot.registration;
    this.carrier[at] = slot.carrier;
    this.kind[at] = slot.kind;
    this.route[at] = slot.route;
    this.truth[at] = draft.truth;
    this.binding[at] = slot.binding;
    this.receipt[at] = ReceiptState.None;
    this.outcome[at] = HandsetOutcome.Pending;
    this.isUcs2[at] = draft.isUcs2 ? 1 : 0;
    this.isStale[at] = slot.isStale ? 1 : 0;
    this.book[at] = slot.book;
    this.holdsInFlight[at] = slot.holdsInFlight ? 1 : 0;
    this.account[at] = slot.account;
    this.pricedAtMs[at] = slot.pricedAtMs;
    this.units[at] = slot.units;
    this.campaign[at] = slot.campaign;
    this.tariffRow[at] = quote.row;
    this.carrierFeeMicros[at] = quote.carrierFeeMicros;
    this.surchargeMicros[at] = quote.surchargeMicros;
    this.dcaMicros[at] = quote.dcaMicros;
    this.aggregatorMicros[at] = quote.aggregatorMicros;
    this.limitUsed[at] = slot.limitUsed;
    this.limitCap[at] = slot.limitCap;
    this.retryAfterMs[at] = slot.retryAfterMs;
    this.senderKey[at] = slot.senderKey;
    this.destinationKey[at] = slot.destinationKey;
    this.acceptedAtMs[at] = slot.atMs;
    this.receiptAtMs[at] = 0;
    this.handsetAtMs[at] = 0;
    this.texts[at] = draft.text;
    this.accounts[at] = draft.account;
    this.references[at] = draft.reference;
    this.callbackUrls[at] = draft.callbackUrl;
    this.media[at] = draft.media;
    if (isAccepted) this.inFlightCount += 1;
    else this.whenFinal(at);
    return sequence;
  }

  /** Registered or not, as an index into REGISTRATION_LABELS. */
  classAt(at: number): number {
    return registrationLabelIndex(this.registration[at]!);
  }

  /** Records the receipt of the message at ring place `at`. */
  recordReceipt(at: number, receipt: number, atMs: number): void {
    this.receipt[at] = receipt;
    this.receiptAtMs[at] = atMs;
    this.state[at] = MessageState.Sent;
  }

  /**
   * Ends the message at ring place `at`.
   * @throws Error if it has ended before: a message ends once.
   */
  recordHandset(at: number, outcome: number, atMs: number): void {
    if (this.state[at]! >= MessageState.Delivered) {
      throw new Error(`message at ring place ${at} ended twice (${HANDSET_OUTCOMES[outcome]})`);
    }
    this.outcome[at] = outcome;
    this.handsetAtMs[at] = atMs;
    this.state[at] = FINAL_STATE[outcome]!;
    this.inFlightCount -= 1;
    this.whenFinal(at);
  }

  idOf(sequence: number): string {
    return this.#idPrefix + sequence.toString(36).toUpperCase();
  }

  /** The sequence number of an id of this run, held or not; -1 for anything else. */
  sequenceOf(id: string): number {
    if (!id.startsWith(this.#idPrefix)) return -1;
    const digits = id.slice(this.#idPrefix.length);
    if (!/^[0-9A-Z]{1,10}$/.test(digits)) return -1;
    const sequence = Number.parseInt(digits, 36);
    return this.idOf(sequence) === id ? sequence : -1;
  }

  /** The sequence number of the message at ring place `at`, which must be taken. */
  sequenceAt(at: number): number {
    const latest = this.nextSequence - 1;
    const lag = (latest - at) % this.capacity;
    return latest - lag;
  }

  /** Whether the message with this sequence number is still held. */
  holds(sequence: number): boolean {
    return sequence >= this.oldestSequence && sequence < this.nextSequence;
  }
}

const FINAL_STATE: readonly number[] = [
  MessageState.Accepted,
  MessageState.Delivered,
  MessageState.Filtered,
  MessageState.Undelivered,
];
