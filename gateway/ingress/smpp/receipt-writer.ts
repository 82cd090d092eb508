/** What became of messages that came by SMPP -> receipts, for those who asked for them. */
import { DELIVERY_ERRORS, DeliveryError, MessageState, type MessageStore, ReceiptState } from '../../messages/index.ts';
import { CARRIER_LABELS, decisionAt, DecisionCode } from '../../router/index.ts';
import { MessageStateValue, type ReceiptFormat } from '../../smpp/index.ts';
import type { Esmes } from './esmes.ts';
import type { MessageNames } from './message-names.ts';
import type { PostOffice } from './post-office.ts';
import { Receipt, type Subject, type Told } from './receipt.ts';
import type { ScheduledMessage } from './scheduled.ts';
import { wantsFinal, wantsIntermediate } from './submit-facts.ts';
import type { Submitted } from './submitted.ts';

/** What a carrier calls spam, and a number it blocks (Apeiron, SMS error codes). */
const ATT_SPAM = 104;
const ATT = CARRIER_LABELS.indexOf('att');
/** For errors that the list has no number for: of time passed, SMPP's own, as of anything else. */
const ERROR_EXPIRED = 20;
const ERROR_SYSTEM = 8;

/** `MessageStateValue` by `ReceiptState`. */
const STATES = Uint8Array.of(
  MessageStateValue.Enroute,
  MessageStateValue.Accepted,
  MessageStateValue.Undeliverable,
  MessageStateValue.Rejected,
  MessageStateValue.Expired,
  MessageStateValue.Delivered,
);

/** What a carrier has said of a message so far, as `query_sm` tells it: what the phone got is in nobody's receipt. */
export interface ToldState {
  /** `MessageStateValue`. */
  readonly state: number;
  readonly error: number;
  /** Undefined if it has said nothing. */
  readonly doneMs: number | undefined;
}

export interface ReceiptWriterParts {
  readonly store: MessageStore;
  readonly submitted: Submitted;
  readonly names: MessageNames;
  readonly esmes: Esmes;
  readonly postOffice: PostOffice;
  readonly format: ReceiptFormat;
  /** The machine's time, in which receipts wait. */
  readonly machineNowMs: () => number;
}

export class ReceiptWriter {
  readonly #parts: ReceiptWriterParts;

  constructor(parts: ReceiptWriterParts) {
    this.#parts = parts;
  }

  /** A receipt was recorded for the message at ring place `at`, which may be of any edge. */
  receiptArrived(at: number): void {
    const { store, submitted } = this.#parts;
    if (!submitted.has(at)) return;
    const state = STATES[store.receipt[at]!]!;
    if (!wantsFinal(submitted.factsAt(at), state)) return;
    const doneMs = store.receiptAtMs[at]!;
    this.#post(submitted.ownerAt(at), this.#subjectAt(at), {
      state,
      error: this.#errorAt(at),
      doneMs,
      isIntermediate: false,
    });
  }

  /** The message at ring place `at`, which was taken, has to wait. */
  waits(at: number, nowMs: number): void {
    const { submitted } = this.#parts;
    if (!wantsIntermediate(submitted.factsAt(at))) return;
    this.#post(submitted.ownerAt(at), this.#subjectAt(at), enroute(nowMs));
  }

  /** A message is scheduled. */
  isScheduled(message: ScheduledMessage, nowMs: number): void {
    if (wantsIntermediate(message.facts)) this.#post(message.owner, this.#subjectOf(message), enroute(nowMs));
  }

  /** A scheduled message has come to an end without being taken: `MessageStateValue`. */
  hasEnded(message: ScheduledMessage, state: number, error: number, nowMs: number): void {
    if (!wantsFinal(message.facts, state)) return;
    this.#post(message.owner, this.#subjectOf(message), { state, error, doneMs: nowMs, isIntermediate: false });
  }

  /** What is told of the message at ring place `at`. */
  stateAt(at: number): ToldState {
    const { store } = this.#parts;
    const receipt = store.receipt[at]!;
    if (receipt === ReceiptState.None) return { state: MessageStateValue.Enroute, error: 0, doneMs: undefined };
    return { state: STATES[receipt]!, error: this.#errorAt(at), doneMs: store.receiptAtMs[at]! };
  }

  #post(owner: number, subject: Subject, told: Told): void {
    const { esmes, postOffice, format, machineNowMs } = this.#parts;
    postOffice.add(esmes.at(owner), new Receipt(subject, told, format, machineNowMs()));
  }

  #subjectAt(at: number): Subject {
    const { store, submitted, names } = this.#parts;
    return {
      id: submitted.otherIdAt(at) ?? names.inReceipt(at),
      senderKey: store.senderKey[at]!,
      destinationKey: store.destinationKey[at]!,
      text: store.texts[at] ?? '',
      submittedMs: store.acceptedAtMs[at]!,
      facts: submitted.factsAt(at),
      reference: submitted.referenceAt(at),
    };
  }

  #subjectOf(message: ScheduledMessage): Subject {
    const { senderKey, destinationKey, text } = message.draft;
    const { submittedMs, facts, reference } = message;
    const id = this.#parts.names.toReceipt(message.id);
    return { id, senderKey, destinationKey, text, submittedMs, facts, reference };
  }

  #errorAt(at: number): number {
    const { store } = this.#parts;
    const receipt = store.receipt[at]!;
    if (receipt === ReceiptState.Accepted || receipt === ReceiptState.Delivered) return 0;
    const code = store.code[at]!;
    if (store.state[at] === MessageState.Queued || code !== DecisionCode.Accepted) return decisionAt(code).receiptError;
    const error = store.error[at]!;
    if (error === DeliveryError.ValidityExpired) return ERROR_EXPIRED;
    const isSpam = error === DeliveryError.SpamFilter || error === DeliveryError.NumberBlocked;
    if (isSpam && store.carrier[at] === ATT) return ATT_SPAM;
    return DELIVERY_ERRORS[error]?.sinchSmpp ?? ERROR_SYSTEM;
  }
}

function enroute(nowMs: number): Told {
  return { state: MessageStateValue.Enroute, error: 0, doneMs: nowMs, isIntermediate: true };
}
