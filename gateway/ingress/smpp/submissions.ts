/**
 * Messages from ESMEs on their way into the gateway, and their answers.
 *
 * submit_sm is decided on the spot and its answer written at once, without an object: a read of sixty-four kilobytes is some five hundred
 * of them. Where messages are kept outside of this process, answers to those that were taken are held back until what was submitted in
 * the same read is kept, and go out together. What has to wait for anything else is answered by itself, whenever that is.
 */
import { AWAITS_LEASE, emptyDraft, type Intake, type MessageStore } from '../../messages/index.ts';
import { type Clock, decisionAt, DecisionCode, DECISIONS } from '../../router/index.ts';
import { Command, Frame, Framer, MessageStateValue, PduWriter, Status, type SubmitSm } from '../../smpp/index.ts';
import { type LeaseDraws, onceLeased } from '../http/await-lease.ts';
import type { Esme, Esmes } from './esmes.ts';
import type { MessageNames } from './message-names.ts';
import { type ReadMessage, SubmitReader } from './read-submit.ts';
import type { ReceiptWriter } from './receipt-writer.ts';
import type { ScheduledMessage, ScheduledMessages } from './scheduled.ts';
import type { Session } from './session.ts';
import { receiptFor } from './spool.ts';
import { factsOf, wantsReceipt } from './submit-facts.ts';
import type { Submitted } from './submitted.ts';

export interface SubmissionParts {
  readonly intake: Intake;
  readonly store: MessageStore;
  readonly leases: LeaseDraws;
  readonly clock: Clock;
  readonly submitted: Submitted;
  readonly scheduled: ScheduledMessages;
  readonly names: MessageNames;
  readonly receipts: ReceiptWriter;
  readonly esmes: Esmes;
  /** Whether what is accepted is kept outside of this process. */
  readonly isDurable: boolean;
  /** What sessions write to. */
  readonly out: PduWriter;
  /** Sends what was written for a session, and bytes behind it, if the session is still there. */
  readonly send: (session: Session, bytes?: Buffer) => void;
}

/** What a message came to. */
export interface Outcome {
  /** `Status`. */
  readonly status: number;
  /** Of the store; -1 if it is not there. */
  readonly sequence: number;
  /** The id it is answered with, if it was taken. */
  readonly id?: string;
}

/** Messages that an answer names with one id: the first that was taken. */
export interface OneId {
  id: string | undefined;
}

interface Decided extends Outcome {
  readonly code: number;
}

/** By decision code. */
const STATUSES = Uint32Array.from(DECISIONS, ({ smpp }) => smpp);
const NOT_TAKEN = -1;

export class Submissions {
  readonly #parts: SubmissionParts;
  readonly #draft = emptyDraft();
  readonly #reader = new SubmitReader();
  /** Answers to messages that were taken and are not known to be kept. */
  readonly #held = new PduWriter();
  #heldCount = 0;
  #count = 0;

  constructor(parts: SubmissionParts) {
    this.#parts = parts;
  }

  /** submit_sm that were read and well formed. */
  get count(): number {
    return this.#count;
  }

  /** Answers a submit_sm, now or later. */
  submit(session: Session, submit: SubmitSm, sequence: number): void {
    const { intake, out, submitted, names, isDurable } = this.#parts;
    const reader = this.#reader;
    this.#count += 1;
    const status = this.#read(session, submit);
    if (status !== Status.Ok) {
      out.header(Command.SubmitSmResp, status, sequence);
      return;
    }
    if (!Number.isNaN(reader.scheduledMs) || submit.replaceIfPresent === 1) {
      this.answerLater(session, this.take(session, this.#asRead(submit)), Command.SubmitSmResp, sequence);
      return;
    }
    const facts = factsOf(submit, reader.sourceSpelling, reader.destinationSpelling);
    if (isDurable) this.#draft.receiptFor = this.#receiptFor(session.esme!, facts, submit.userMessageReference);
    const stored = intake.submit(this.#draft);
    const { code } = intake.slot;
    if (stored === AWAITS_LEASE) {
      const message = this.#asRead(submit);
      message.draft.draw = intake.slot.draw;
      this.answerLater(session, this.#decide(message, session.esme!), Command.SubmitSmResp, sequence);
      return;
    }
    if (code !== DecisionCode.Accepted && code !== DecisionCode.Queued) {
      out.header(Command.SubmitSmResp, STATUSES[code]!, sequence);
      return;
    }
    submitted.note(stored, session.esme!.handle, facts, submit.userMessageReference);
    if (code === DecisionCode.Queued) this.#waits(stored);
    let to = out;
    if (isDurable) {
      to = this.#held;
      this.#heldCount += 1;
      session.unanswered += 1;
    }
    to.begin(Command.SubmitSmResp, Status.Ok, sequence);
    names.write(to, stored);
    to.end();
  }

  /** To be called when what was read of a session is worked off. */
  endTurn(session: Session): void {
    if (this.#heldCount === 0) return;
    const answers = this.#held.take();
    const count = this.#heldCount;
    this.#heldCount = 0;
    const kept = this.#parts.intake.kept() ?? Promise.resolve();
    kept.then(
      () => this.#answer(session, answers, count),
      // They may have been kept: whoever sends again may send twice, and who does not, not at all.
      () => this.#answer(session, refusals(answers), count),
    );
  }

  /** Reads a message for later, or says what is wrong with it. */
  read(session: Session, submit: SubmitSm): ReadMessage | number {
    const status = this.#read(session, submit);
    return status === Status.Ok ? this.#asRead(submit) : status;
  }

  /**
   * Takes a message that was read, at once or on its schedule; the latter only where nothing is promised to survive this process.
   * @param one if its answer names several messages
   */
  take(session: Session, message: ReadMessage, one?: OneId): Promise<Outcome> {
    const { scheduled, names, receipts, clock, isDurable } = this.#parts;
    const esme = session.esme!;
    const owner = esme.handle;
    // It would be answered for and lie in this process alone.
    if (isDurable && !Number.isNaN(message.scheduledMs)) {
      return Promise.resolve({ status: Status.InvalidSchedule, sequence: NOT_TAKEN });
    }
    const replaced = message.replaces ? scheduled.findLike(owner, message.draft, message.serviceType) : undefined;
    if (replaced !== undefined) scheduled.remove(replaced.id);
    if (Number.isNaN(message.scheduledMs)) return this.#decide(message, esme, one);
    if (scheduled.isFull) return Promise.resolve({ status: Status.MessageQueueFull, sequence: NOT_TAKEN });
    const nowMs = clock.nowMs();
    const id = names.ofScheduled(scheduled.nextNumber);
    const waiting = { ...message, id, owner, dueMs: message.scheduledMs, submittedMs: nowMs };
    scheduled.add(waiting);
    receipts.isScheduled(waiting, nowMs);
    if (one !== undefined) one.id ??= id;
    return Promise.resolve({ status: Status.Ok, sequence: NOT_TAKEN, id });
  }

  /** Answers a request with the id of its message once that is known. */
  answerLater(session: Session, outcome: Promise<Outcome>, response: number, sequence: number): void {
    this.answerWith(session, (writer) =>
      outcome.then(({ status, id }) => {
        writer.begin(response, status, sequence);
        if (status === Status.Ok) writer.text(id ?? '');
        writer.end();
      }),
    ).catch(() => this.#answerOne(session, response, sequence));
  }

  /** Answers a request with what `write` has written once it is done. */
  async answerWith(session: Session, write: (writer: PduWriter) => Promise<void>): Promise<void> {
    session.unanswered += 1;
    const writer = new PduWriter();
    await write(writer);
    this.#answer(session, writer.take(), 1);
  }

  /** Submits messages whose time has come. */
  advance(nowMs: number): void {
    const { scheduled } = this.#parts;
    for (let due = scheduled.takeDue(nowMs); due !== undefined; due = scheduled.takeDue(nowMs)) {
      this.#submitScheduled(due).catch(() => undefined);
    }
  }

  async #submitScheduled(due: ScheduledMessage): Promise<void> {
    const { esmes, receipts, clock } = this.#parts;
    const { code } = await this.#decide(due, esmes.at(due.owner), { id: due.id });
    if (STATUSES[code] !== Status.Ok)
      receipts.hasEnded(due, MessageStateValue.Rejected, decisionAt(code).receiptError, clock.nowMs());
  }

  #read(session: Session, submit: SubmitSm): number {
    this.#draft.account = session.esme!.account;
    return this.#reader.read(submit, this.#draft, this.#parts.clock.nowMs());
  }

  #asRead(submit: SubmitSm): ReadMessage {
    const { sourceSpelling, destinationSpelling, scheduledMs } = this.#reader;
    const { bytes, serviceTypeAt, serviceTypeLength } = submit;
    return {
      draft: { ...this.#draft },
      facts: factsOf(submit, sourceSpelling, destinationSpelling),
      reference: submit.userMessageReference,
      serviceType: bytes.toString('latin1', serviceTypeAt, serviceTypeAt + serviceTypeLength),
      dataCoding: submit.dataCoding,
      scheduledMs,
      replaces: submit.replaceIfPresent === 1,
    };
  }

  /**
   * Decides a message, waiting for leases of shared limits as long as it takes, and then until it is kept. Notes one that was taken: it
   * is also when it cannot be said whether it was kept.
   * @param one has the id that its answer and receipts call it by, if there is one; else it is given one
   */
  async #decide(message: ReadMessage, esme: Esme, one?: OneId): Promise<Decided> {
    const { intake, leases, submitted, names, isDurable } = this.#parts;
    const { draft, facts, reference } = message;
    let kept: Promise<void> | undefined;
    const attempt = (mayAwaitLease: boolean): Decided | undefined => {
      const otherId = one?.id === undefined ? undefined : names.toReceipt(one.id);
      if (isDurable) draft.receiptFor = this.#receiptFor(esme, facts, reference, otherId);
      const sequence = intake.submit(draft, mayAwaitLease);
      const { code, draw } = intake.slot;
      if (sequence === AWAITS_LEASE) {
        draft.draw = draw;
        return undefined;
      }
      const status = STATUSES[code]!;
      if (status !== Status.Ok) return { status, sequence, code };
      submitted.note(sequence, esme.handle, facts, reference);
      if (otherId !== undefined) submitted.nameOtherwise(sequence, otherId);
      if (code === DecisionCode.Queued) this.#waits(sequence);
      kept = intake.kept();
      const id = names.inAnswer(sequence);
      if (one !== undefined) one.id ??= id;
      return { status, sequence, code, id };
    };
    const decided = attempt(true) ?? (await onceLeased(leases, attempt));
    try {
      await kept;
      return decided;
    } catch {
      return { ...decided, status: Status.SystemError };
    }
  }

  /** What goes with a message for its receipt; undefined if none is wanted. */
  #receiptFor({ systemId }: Esme, facts: number, reference: number, otherId?: string): string | undefined {
    return wantsReceipt(facts) ? receiptFor(systemId, facts, reference, otherId) : undefined;
  }

  #waits(sequence: number): void {
    const { receipts, store, clock } = this.#parts;
    receipts.waits(sequence % store.capacity, clock.nowMs());
  }

  #answerOne(session: Session, response: number, sequence: number): void {
    const writer = new PduWriter();
    writer.header(response, Status.SystemError, sequence);
    this.#answer(session, writer.take(), 1);
  }

  /** Sends answers to `count` requests that were under way. */
  #answer(session: Session, answers: Buffer, count: number): void {
    const { send } = this.#parts;
    send(session, answers);
    session.answered(count);
    send(session);
  }
}

/** The same answers, each with the status of a failure of ours. */
function refusals(answers: Buffer): Buffer {
  const writer = new PduWriter();
  const framer = new Framer();
  framer.push(answers);
  while (framer.next() === Frame.Pdu) {
    const { bytes, start } = framer;
    writer.header(bytes.readUInt32BE(start + 4), Status.SystemError, bytes.readUInt32BE(start + 12));
  }
  return writer.take();
}
