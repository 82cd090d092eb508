/**
 * Messages from ESMEs on their way into the gateway, and their answers.
 *
 * submit_sm is decided on the spot and its answer written at once, without an object: a read of sixty-four kilobytes is some five hundred
 * of them. Where messages are kept outside of this process, answers to those that were taken are held back until what was submitted in
 * the same read is kept, and go out together. What has to wait for anything else is answered by itself, whenever that is.
 */
import { AWAITS_LEASE, emptyDraft, type Intake, type MessageStore, NOT_STORED } from '../../messages/index.ts';
import { type Clock, decisionAt, DecisionCode, DECISIONS } from '../../router/index.ts';
import { Command, Frame, Framer, MessageStateValue, PduWriter, Status, type SubmitSm } from '../../smpp/index.ts';
import { type LeaseDraws, onceLeased } from '../http/await-lease.ts';
import type { Esme, Esmes } from './esmes.ts';
import type { MessageNames } from './message-names.ts';
import { type ReadMessage, SubmitReader } from './read-submit.ts';
import type { ReceiptWriter } from './receipt-writer.ts';
import type { Schedule, ScheduledMessage } from './schedule.ts';
import type { Session } from './session.ts';
import { receiptFor } from './spool.ts';
import { factsOf, wantsReceipt } from './submit-facts.ts';
import type { Submitted } from './submitted.ts';

export interface SubmissionParts {
  readonly intake: Pick<Intake, 'slot' | 'submit' | 'kept'>;
  readonly store: MessageStore;
  readonly leases: LeaseDraws;
  readonly clock: Clock;
  readonly submitted: Submitted;
  readonly schedule: Schedule;
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

/** What is known of a message that was not read of a session just now. */
interface Named {
  /** What it and others are called in one answer. */
  readonly one?: OneId | undefined;
  /** Its schedule, by which it is due. */
  readonly due?: ScheduledMessage;
}

/** By decision code. */
const STATUSES = Uint32Array.from(DECISIONS, ({ smpp }) => smpp);

export class Submissions {
  readonly #parts: SubmissionParts;
  readonly #draft = emptyDraft();
  readonly #reader = new SubmitReader();
  /** Answers to messages that were taken and are not known to be kept. */
  readonly #held = new PduWriter();
  #heldCount = 0;
  /** For answers that come later. */
  readonly #later = new PduWriter();
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
   * Takes a message that was read, at once or on its schedule. Never rejects.
   * @param one if its answer names several messages
   */
  async take(session: Session, message: ReadMessage, one?: OneId): Promise<Outcome> {
    const esme = session.esme!;
    const take = (): Promise<Outcome> =>
      Number.isNaN(message.scheduledMs) ? this.#decide(message, esme, { one }) : this.#schedule(message, esme, one);
    try {
      return await (message.replaces ? this.#inPlace(message, esme, take) : take());
    } catch {
      return { status: Status.SystemError, sequence: NOT_STORED };
    }
  }

  /** Answers a request with the id of its message once that is known. */
  answerLater(session: Session, outcome: Promise<Outcome>, response: number, sequence: number): void {
    this.answerWhen(session, { outcome, response, sequence }, (writer, { status, id }) => {
      writer.begin(response, status, sequence);
      if (status === Status.Ok) writer.text(id ?? '');
      writer.end();
    });
  }

  /** Answers a request with what `write` makes of what it comes to, or with our failure if it comes to nothing. */
  answerWhen<T>(
    session: Session,
    request: { readonly outcome: Promise<T>; readonly response: number; readonly sequence: number },
    write: (writer: PduWriter, outcome: T) => void,
  ): void {
    const writer = this.#later;
    session.unanswered += 1;
    request.outcome.then(
      (outcome) => {
        write(writer, outcome);
        this.#answer(session, writer.take(), 1);
      },
      () => {
        writer.header(request.response, Status.SystemError, request.sequence);
        this.#answer(session, writer.take(), 1);
      },
    );
  }

  /** Submits a scheduled message whose time has come. Rejects if whoever keeps it does not answer: its time is to come again. */
  async submitDue(due: ScheduledMessage): Promise<void> {
    const { esmes, schedule, clock } = this.#parts;
    const atMs = clock.nowMs();
    if (atMs >= due.draft.validUntilMs) {
      const error = decisionAt(DecisionCode.QueueExpired).receiptError;
      await schedule.ended(due, { state: MessageStateValue.Expired, error, atMs });
      return;
    }
    const one = { id: due.knownAs };
    const { code, status, sequence } = await this.#decide(due, esmes.at(due.owner), { one, due });
    if (sequence === NOT_STORED) schedule.putOff(due, clock.nowMs());
    else if (status === Status.Ok) await schedule.ended(due);
    else if (STATUSES[code] !== Status.Ok) {
      const error = decisionAt(code).receiptError;
      await schedule.ended(due, { state: MessageStateValue.Rejected, error, atMs });
    }
  }

  async #schedule(message: ReadMessage, esme: Esme, one: OneId | undefined): Promise<Outcome> {
    const { schedule, receipts, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const id = await schedule.newId();
    const waiting: ScheduledMessage = {
      ...message,
      id,
      knownAs: one?.id ?? id,
      isOfSeveral: one !== undefined,
      owner: esme.handle,
      dueMs: message.scheduledMs,
      submittedMs: nowMs,
    };
    if (one !== undefined) one.id ??= id;
    if (!(await schedule.add(waiting))) return { status: Status.MessageQueueFull, sequence: NOT_STORED };
    receipts.isScheduled(waiting, nowMs);
    return { status: Status.Ok, sequence: NOT_STORED, id: waiting.knownAs };
  }

  /** Takes a message in the place of a scheduled one like it: of the same ESME, numbers and service_type. */
  async #inPlace(message: ReadMessage, esme: Esme, take: () => Promise<Outcome>): Promise<Outcome> {
    const { schedule } = this.#parts;
    const { draft, serviceType } = message;
    const replaced = (await schedule.of(esme)).find(
      (other) =>
        other.draft.senderKey === draft.senderKey &&
        other.draft.destinationKey === draft.destinationKey &&
        other.serviceType === serviceType,
    );
    const outcome = await take();
    if (replaced !== undefined && outcome.status === Status.Ok) await schedule.cancel(replaced);
    return outcome;
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
   * @param named.one has the id that its answer and receipts call it by, if there is one; else it is given one
   */
  async #decide(message: ReadMessage, esme: Esme, { one, due }: Named = {}): Promise<Decided> {
    const { intake, store, leases, schedule, submitted, names, isDurable } = this.#parts;
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
      if (due !== undefined) schedule.isBeingSent(due, store.idOf(sequence));
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
