/** What became of messages that came by SMPP -> receipts, for those who asked for them. */
import type { MessageStore } from '../../messages/index.ts';
import { MessageStateValue, type ReceiptFormat } from '../../smpp/index.ts';
import type { Esmes } from './esmes.ts';
import type { MessageNames } from './message-names.ts';
import type { PostOffice } from './post-office.ts';
import { Receipt, type Subject, type Told } from './receipt.ts';
import type { ScheduledMessage } from './scheduled.ts';
import { wantsFinal, wantsIntermediate } from './submit-facts.ts';
import type { Submitted } from './submitted.ts';
import { toldAt } from './told.ts';

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
    const { state, error, doneMs } = toldAt(store, at);
    if (doneMs === undefined || !wantsFinal(submitted.factsAt(at), state)) return;
    this.#post(submitted.ownerAt(at), this.#subjectAt(at), { state, error, doneMs, isIntermediate: false });
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
}

function enroute(nowMs: number): Told {
  return { state: MessageStateValue.Enroute, error: 0, doneMs: nowMs, isIntermediate: true };
}
