/**
 * The messages the gateway still holds, in flight or finished: one bounded ring of columns.
 *
 * A message's sequence number grows from message to message and never repeats; its place in the ring is the sequence modulo
 * the capacity. So the ring is the pool of messages in flight and the inbox people read at once: a new message takes
 * the place of the oldest, and if the oldest is still in flight the ring is full and the new one is turned away.
 * Nothing an answer has accepted is ever overwritten.
 *
 * A message that waits under a limit may stay for hours and must not stop the ring, nor must one that is tried again during an outage,
 * whose receipt is late, or that Redis keeps. Its place is passed over, and so is the sequence number that would have fallen there: no
 * message ever has it.
 *
 * Columns because a message costs some two hundred bytes here, and no object for the collector to walk. Texts are the
 * caller's strings, kept by reference.
 */
import {
  clearResult,
  type Counters,
  DecisionCode,
  HandsetOutcome,
  HANDSET_OUTCOMES,
  registrationLabelIndex,
  type MessageSlot,
} from '../router/index.ts';
import type { MessageDraft } from './message-draft.ts';
import { drawKeyOf } from './message-ids.ts';
import { TextColumn, type TextColumnState } from './text-column.ts';

/** What the receipt said. On 10DLC a carrier's receipt comes before its spam filter. */
export const ReceiptState = { None: 0, Accepted: 1, Undelivered: 2, Rejected: 3, Expired: 4, Delivered: 5 } as const;
/** The states as a receipt spells them (SMPP 3.4, appendix B). */
export const RECEIPT_STATES: readonly (string | null)[] = [null, 'ACCEPTD', 'UNDELIV', 'REJECTD', 'EXPIRED', 'DELIVRD'];

/** Where a message is in its life. Delivered to Expired are final; a queued one goes on to Accepted, Rejected or Expired. */
export const MessageState = {
  Accepted: 0,
  Sent: 1,
  Delivered: 2,
  Filtered: 3,
  Undelivered: 4,
  Rejected: 5,
  Expired: 6,
  Queued: 7,
} as const;
export const MESSAGE_STATES: readonly string[] = [
  'accepted',
  'sent',
  'delivered',
  'filtered',
  'undelivered',
  'rejected',
  'expired',
  'queued',
];

/** The receipt of a message that waited and then was not sent. */
export function refusalReceipt(code: number): number {
  return code === DecisionCode.QueueExpired ? ReceiptState.Expired : ReceiptState.Rejected;
}

/** What the texts of a message take: most say something of an ordinary length, and have little beside it. */
const TEXT_BYTES = 256;

type ColumnOfStrings = (string | readonly string[] | undefined)[];

/** The columns by name, as far as they are used, and what is kept beside them. */
export interface MessageStoreState {
  readonly nextSequence: number;
  readonly inFlightCount: number;
  readonly queuedCount: number;
  readonly idPrefix: string;
  readonly firstDrawKey: number;
  readonly ids: readonly (string | undefined)[];
  readonly numbers: ReadonlyMap<string, Float64Array>;
  readonly strings: ReadonlyMap<string, ColumnOfStrings>;
  readonly texts: TextColumnState;
}

function isFinal(state: number): boolean {
  return state >= MessageState.Delivered && state <= MessageState.Expired;
}

export class MessageStore {
  readonly capacity: number;
  /** Sequence number of the next message. */
  nextSequence = 0;
  /** Accepted and not yet in a final state. */
  inFlightCount = 0;
  /** Waiting for room under a limit. */
  queuedCount = 0;
  /** Places that `lingers` marks. */
  lingeringCount = 0;

  readonly state: Uint8Array;
  readonly code: Uint8Array;
  readonly registration: Uint8Array;
  readonly carrier: Uint8Array;
  readonly kind: Uint8Array;
  readonly route: Uint8Array;
  readonly truth: Uint8Array;
  readonly binding: Uint8Array;
  readonly receipt: Uint8Array;
  /** What the phone got, as an index into HANDSET_OUTCOMES; pending until the message ends. */
  readonly outcome: Uint8Array;
  readonly isUcs2: Uint8Array;
  /** Whether a stale view of the registry decided it. */
  readonly isStale: Uint8Array;
  /** Place in `Core.books` of the book that priced it. */
  readonly book: Uint8Array;
  readonly holdsInFlight: Uint8Array;
  /** Whether it had to wait under a limit. */
  readonly wasQueued: Uint8Array;
  /** What went wrong on the way, as an index into DELIVERY_ERRORS. */
  readonly error: Uint8Array;
  /** Whether it may stay long after its turn: it is tried again and again, has ended and its receipt has not come, or Redis keeps it. */
  readonly lingers: Uint8Array;
  /** `Face`: the API it came by. */
  readonly face: Uint8Array;
  /** Sequence number of the message here. */
  readonly sequence: Float64Array;
  /** What its fate is drawn by: alike wherever and however often it is delivered, and no other message's. */
  readonly drawKey: Float64Array;
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
  /** Until when it may be delivered; Infinity for as long as routes try. */
  readonly validUntilMs: Float64Array;
  readonly texts: TextColumn;
  readonly accounts: (string | undefined)[] = [];
  readonly references: (string | undefined)[] = [];
  readonly callbackUrls: (string | undefined)[] = [];
  /** As of `MessageDraft.receiptFor`. */
  readonly receiptsFor: (string | undefined)[] = [];
  /** As of `MessageDraft.faceNotes`. */
  readonly faceNotes: (string | undefined)[] = [];
  readonly media: (readonly string[] | undefined)[] = [];

  /** Told of each message that has come to its end, at its place in the ring: also of those refused at once. */
  whenFinal: (at: number) => void = () => undefined;

  #idPrefix: string;
  #firstDrawKey: number;
  /** By ring place: the id of a message that another run accepted. */
  readonly #ids: (string | undefined)[] = [];

  /**
   * @param capacity messages held at once, at least 1
   * @param runTag a few letters or digits that set this run's ids apart from those of earlier runs
   * @param runNumber below 2^16, sets its draws apart from those of other runs; 0 if none but this is to be told apart
   */
  constructor(capacity: number, runTag: string, runNumber = 0) {
    this.capacity = capacity;
    this.#idPrefix = `M${runTag}-`;
    this.#firstDrawKey = drawKeyOf(runNumber, 0);
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
    this.wasQueued = new Uint8Array(capacity);
    this.error = new Uint8Array(capacity);
    this.lingers = new Uint8Array(capacity);
    this.face = new Uint8Array(capacity);
    this.sequence = new Float64Array(capacity);
    this.drawKey = new Float64Array(capacity);
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
    this.validUntilMs = new Float64Array(capacity);
    this.texts = new TextColumn(capacity);
  }

  /** Messages held: in flight or finished and not yet overwritten. */
  get count(): number {
    return Math.min(this.nextSequence, this.capacity);
  }

  /** Sequence number of the oldest message held but for those whose places have been passed over. */
  get oldestSequence(): number {
    return Math.max(0, this.nextSequence - this.capacity);
  }

  /** Sequence numbers of messages held whose places have been passed over, in order. Cost: one pass over the ring. */
  passedOver(): number[] {
    const { oldestSequence } = this;
    const older: number[] = [];
    if (oldestSequence === 0) return older;
    for (const sequence of this.sequence) if (sequence < oldestSequence) older.push(sequence);
    return older.sort((one, other) => one - other);
  }

  /**
   * Whether the next place in the ring is free: its last holder, if any, is in a final state and does not linger. Passes over places
   * whose messages have waited under a limit and are not at their end, and over those that linger while these are not half of all:
   * each once a round.
   */
  hasRoom(): boolean {
    if (this.nextSequence < this.capacity) return true;
    for (let looked = 0; looked < this.capacity; looked += 1) {
      const at = this.nextSequence % this.capacity;
      const lingers = this.lingers[at] === 1;
      if (!lingers && isFinal(this.state[at]!)) return true;
      if (lingers ? this.lingeringCount * 2 > this.capacity : this.wasQueued[at] === 0) return false;
      this.nextSequence += 1;
    }
    return false;
  }

  /**
   * Writes a decided message at the next place and returns its sequence number. The caller has checked `hasRoom`.
   * Allocates nothing but growth of the string columns up to the capacity.
   */
  add(draft: Readonly<MessageDraft>, slot: Readonly<MessageSlot>): number {
    const sequence = this.nextSequence;
    this.addAt(sequence % this.capacity, draft, slot);
    return sequence;
  }

  /**
   * The same, at a place of the caller's choice: for a store whose messages are not read back by number, and whose places are handed
   * out by whoever fills it.
   */
  addAt(at: number, draft: Readonly<MessageDraft>, slot: Readonly<MessageSlot>): void {
    const sequence = this.nextSequence;
    this.nextSequence = sequence + 1;
    this.sequence[at] = sequence;
    this.drawKey[at] = this.#firstDrawKey + sequence;
    this.error[at] = 0;
    if (this.#ids.length > 0) this.#ids[at] = undefined;
    this.kind[at] = slot.kind;
    this.route[at] = slot.route;
    this.truth[at] = draft.truth;
    this.receipt[at] = ReceiptState.None;
    this.outcome[at] = HandsetOutcome.Pending;
    this.isUcs2[at] = draft.isUcs2 ? 1 : 0;
    this.wasQueued[at] = slot.code === DecisionCode.Queued ? 1 : 0;
    this.account[at] = slot.account;
    this.pricedAtMs[at] = slot.pricedAtMs;
    this.units[at] = slot.units;
    this.senderKey[at] = slot.senderKey;
    this.destinationKey[at] = slot.destinationKey;
    this.acceptedAtMs[at] = slot.atMs;
    this.receiptAtMs[at] = 0;
    this.handsetAtMs[at] = 0;
    this.validUntilMs[at] = draft.validUntilMs;
    this.texts.set(at, draft.text);
    this.accounts[at] = draft.account;
    this.references[at] = draft.reference;
    this.callbackUrls[at] = draft.callbackUrl;
    this.receiptsFor[at] = draft.receiptFor;
    this.face[at] = draft.face;
    this.faceNotes[at] = draft.faceNotes;
    this.media[at] = draft.media;
    this.#decided(at, slot);
  }

  /**
   * Writes what has been decided anew about the queued message at ring place `at`: accepted, or still to wait.
   * @throws Error if it is not queued
   */
  recordDecision(at: number, slot: Readonly<MessageSlot>): void {
    this.#leaveQueue(at);
    this.#decided(at, slot);
  }

  /**
   * Ends the queued message at ring place `at`, refused or out of time, with a receipt that says so.
   * @throws Error if it is not queued
   */
  recordRefusal(at: number, slot: Readonly<MessageSlot>, atMs: number): void {
    this.#leaveQueue(at);
    this.#note(at, slot);
    this.#receiveRefusal(at, atMs);
    this.#enter(at);
  }

  /**
   * Writes what has been decided about the queued message at ring place `at`, which stays queued until `enact`: for a decision that
   * has to be kept elsewhere first.
   */
  noteDecision(at: number, slot: Readonly<MessageSlot>): void {
    this.#note(at, slot);
  }

  /**
   * Has a decision that was noted take effect; a refusal comes with a receipt that says so.
   * @throws Error if the message is not queued
   */
  enact(at: number, atMs: number): void {
    this.#leaveQueue(at);
    if (this.code[at] !== DecisionCode.Accepted) this.#receiveRefusal(at, atMs);
    this.#enter(at);
  }

  /**
   * Lets go of the queued message at ring place `at`, which is another gateway's: it has no end here, and nobody is told.
   * @throws Error if it is not queued
   */
  forget(at: number): void {
    this.#leaveQueue(at);
    this.state[at] = MessageState.Expired;
    this.sequence[at] = Number.NaN;
  }

  #receiveRefusal(at: number, atMs: number): void {
    this.receipt[at] = refusalReceipt(this.code[at]!);
    this.receiptAtMs[at] = atMs;
  }

  /** Fills a slot with what the queued message at ring place `at` was sent with and what is known of it so far. */
  readQueued(at: number, slot: MessageSlot): void {
    clearResult(slot);
    slot.senderKey = this.senderKey[at]!;
    slot.destinationKey = this.destinationKey[at]!;
    slot.units = this.units[at]!;
    slot.kind = this.kind[at]!;
    slot.route = this.route[at]!;
    slot.account = this.account[at]!;
    slot.pricedAtMs = this.pricedAtMs[at]!;
    slot.code = this.code[at]!;
    slot.registration = this.registration[at]!;
    slot.carrier = this.carrier[at]!;
    slot.campaign = this.campaign[at]!;
    slot.book = this.book[at]!;
    slot.isStale = this.isStale[at] === 1;
    slot.binding = this.binding[at]!;
    slot.limitUsed = this.limitUsed[at]!;
    slot.limitCap = this.limitCap[at]!;
    const { quote } = slot;
    quote.row = this.tariffRow[at]!;
    quote.carrierFeeMicros = this.carrierFeeMicros[at]!;
    quote.surchargeMicros = this.surchargeMicros[at]!;
    quote.dcaMicros = this.dcaMicros[at]!;
    quote.aggregatorMicros = this.aggregatorMicros[at]!;
    quote.totalMicros = quote.carrierFeeMicros + quote.surchargeMicros + quote.dcaMicros + quote.aggregatorMicros;
  }

  #leaveQueue(at: number): void {
    if (this.state[at] !== MessageState.Queued) throw new Error(`message at ring place ${at} is not queued`);
    this.queuedCount -= 1;
  }

  #decided(at: number, slot: Readonly<MessageSlot>): void {
    this.#note(at, slot);
    this.#enter(at);
  }

  #note(at: number, slot: Readonly<MessageSlot>): void {
    const { quote } = slot;
    this.code[at] = slot.code;
    this.registration[at] = slot.registration;
    this.carrier[at] = slot.carrier;
    this.binding[at] = slot.binding;
    this.isStale[at] = slot.isStale ? 1 : 0;
    this.book[at] = slot.book;
    this.holdsInFlight[at] = slot.holdsInFlight ? 1 : 0;
    this.campaign[at] = slot.campaign;
    this.tariffRow[at] = quote.row;
    this.carrierFeeMicros[at] = quote.carrierFeeMicros;
    this.surchargeMicros[at] = quote.surchargeMicros;
    this.dcaMicros[at] = quote.dcaMicros;
    this.aggregatorMicros[at] = quote.aggregatorMicros;
    this.limitUsed[at] = slot.limitUsed;
    this.limitCap[at] = slot.limitCap;
    this.retryAfterMs[at] = slot.retryAfterMs;
  }

  /** Brings the message at ring place `at` into the state its decision puts it in. */
  #enter(at: number): void {
    const code = this.code[at]!;
    if (code === DecisionCode.Accepted) {
      this.state[at] = MessageState.Accepted;
      this.inFlightCount += 1;
    } else if (code === DecisionCode.Queued) {
      this.state[at] = MessageState.Queued;
      this.queuedCount += 1;
    } else {
      this.state[at] = code === DecisionCode.QueueExpired ? MessageState.Expired : MessageState.Rejected;
      this.whenFinal(at);
    }
  }

  /** Registered or not, as an index into REGISTRATION_LABELS. */
  classAt(at: number): number {
    return registrationLabelIndex(this.registration[at]!);
  }

  /** Records the receipt of the message at ring place `at`, which may have ended before. */
  recordReceipt(at: number, receipt: number, atMs: number): void {
    this.receipt[at] = receipt;
    this.receiptAtMs[at] = atMs;
    if (this.state[at] === MessageState.Accepted) this.state[at] = MessageState.Sent;
  }

  /** Marks the message at ring place `at` as one that lingers, or as one that does not. */
  setLingering(at: number, lingers: boolean): void {
    const mark = lingers ? 1 : 0;
    this.lingeringCount += mark - this.lingers[at]!;
    this.lingers[at] = mark;
  }

  /**
   * Ends the message at ring place `at`.
   * @throws Error if it has ended before, or waits: a message ends once.
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

  /** Counts what the phone got of the message at ring place `at`, which has ended. */
  countEnd(at: number, counters: Counters): void {
    counters.countHandset(this.carrier[at]!, this.classAt(at), this.outcome[at]!, this.truth[at]!);
  }

  /** Makes the message at ring place `at` the one that another run accepted under `id`. */
  adopt(at: number, id: string, drawKey: number): void {
    this.#ids[at] = id;
    this.drawKey[at] = drawKey;
  }

  /** What ids of this run begin with: that of another run once its state was restored. */
  get idPrefix(): string {
    return this.#idPrefix;
  }

  /** The id of a message of this run, held or not. */
  idOf(sequence: number): string {
    return this.#idPrefix + sequence.toString(36).toUpperCase();
  }

  /** The id of the message at ring place `at`, which must be taken. */
  idAt(at: number): string {
    return this.#ids[at] ?? this.idOf(this.sequence[at]!);
  }

  /** The same, if another run accepted it. */
  adoptedIdAt(at: number): string | undefined {
    return this.#ids[at];
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
    return this.sequence[at]!;
  }

  /** About what the messages held take, with their texts. */
  get sizeBytes(): number {
    let placeBytes = TEXT_BYTES;
    for (const [, column] of this.#columns()) if (!Array.isArray(column)) placeBytes += column.BYTES_PER_ELEMENT;
    return this.count * placeBytes;
  }

  /** All messages held, and what the ids and draws of later ones go on from. */
  capture(): MessageStoreState {
    const { nextSequence, inFlightCount, queuedCount, count } = this;
    const numbers = new Map<string, Float64Array>();
    const strings = new Map<string, ColumnOfStrings>();
    for (const [name, column] of this.#columns()) {
      if (Array.isArray(column)) strings.set(name, column);
      else numbers.set(name, column.subarray(0, count));
    }
    const [idPrefix, firstDrawKey, ids] = [this.#idPrefix, this.#firstDrawKey, this.#ids];
    const texts = this.texts.capture(count);
    return { nextSequence, inFlightCount, queuedCount, idPrefix, firstDrawKey, ids, numbers, strings, texts };
  }

  /** Holds what another of the same capacity captured, and no longer what it held itself. Nobody is told of anything. */
  restore(state: MessageStoreState): void {
    const { count } = this;
    for (const [name, column] of this.#columns()) {
      if (Array.isArray(column)) {
        replaceAll(column, state.strings.get(name) ?? []);
        continue;
      }
      const cells = state.numbers.get(name);
      column.fill(0, cells?.length ?? 0, count);
      if (cells !== undefined) column.set(cells);
    }
    this.texts.restore(state.texts);
    replaceAll(this.#ids, state.ids);
    this.nextSequence = state.nextSequence;
    this.inFlightCount = state.inFlightCount;
    this.queuedCount = state.queuedCount;
    this.lingeringCount = this.lingers.reduce((count, mark) => count + mark, 0);
    this.#idPrefix = state.idPrefix;
    this.#firstDrawKey = state.firstDrawKey;
  }

  /** Every column there is, so that none is forgotten when one is added. */
  #columns(): [name: string, column: Float64Array | ColumnOfStrings][] {
    return Object.entries(this).filter(([, value]) => ArrayBuffer.isView(value) || Array.isArray(value));
  }

  /** Whether the message with this sequence number is still held. */
  holds(sequence: number): boolean {
    return sequence < this.nextSequence && this.sequence[sequence % this.capacity] === sequence;
  }
}

function replaceAll<T>(column: T[], cells: readonly T[]): void {
  column.length = 0;
  for (let at = 0; at < cells.length; at += 1) column[at] = cells[at]!;
}

const FINAL_STATE: readonly number[] = [
  MessageState.Accepted,
  MessageState.Delivered,
  MessageState.Filtered,
  MessageState.Undelivered,
];
