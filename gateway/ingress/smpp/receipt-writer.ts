/** What became of messages that came by SMPP -> receipts, for those who asked for them. */
import { SMPP_NOTICES_WAITING_MAX } from '../../limits.ts';
import type { MessageStore } from '../../messages/index.ts';
import { MessageStateValue, type ReceiptFormat } from '../../smpp/index.ts';
import type { Esmes } from './esmes.ts';
import type { MessageNames } from './message-names.ts';
import type { PostOffice } from './post-office.ts';
import { Receipt, type Subject, type Told } from './receipt.ts';
import type { Ending, ScheduledMessage } from './schedule.ts';
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
    if (wantsIntermediate(submitted.factsAt(at))) this.#notify(submitted.ownerAt(at), this.#subjectAt(at), nowMs);
  }

  /** A message is scheduled. */
  isScheduled(message: ScheduledMessage, nowMs: number): void {
    if (wantsIntermediate(message.facts)) this.#notify(message.owner, this.#subjectOf(message), nowMs);
  }

  /** A scheduled message has come to an end without being taken. */
  hasEnded(message: ScheduledMessage, { state, error, atMs }: Ending): void {
    if (!wantsFinal(message.facts, state)) return;
    this.#post(message.owner, this.#subjectOf(message), { state, error, doneMs: atMs, isIntermediate: false });
  }

  /** A courtesy, and not for an ESME that leaves it lying. */
  #notify(owner: number, subject: Subject, nowMs: number): void {
    if (this.#parts.esmes.at(owner).mailbox.count >= SMPP_NOTICES_WAITING_MAX) return;
    this.#post(owner, subject, { state: MessageStateValue.Enroute, error: 0, doneMs: nowMs, isIntermediate: true });
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
      text: store.texts.get(at),
      submittedMs: store.acceptedAtMs[at]!,
      facts: submitted.factsAt(at),
      reference: submitted.referenceAt(at),
    };
  }

  #subjectOf(message: ScheduledMessage): Subject {
    const { senderKey, destinationKey, text } = message.draft;
    const { submittedMs, facts, reference } = message;
    const id = this.#parts.names.toReceipt(message.knownAs);
    return { id, senderKey, destinationKey, text, submittedMs, facts, reference };
  }
}
