/**
 * What ESMEs ask for beside submit_sm, and seldom: submit_multi, data_sm, query_sm, cancel_sm, replace_sm.
 *
 * What carries a message is brought into the form of a submit_sm, and goes its way. Messages that have been taken are at their carriers;
 * only those that wait for their time can still be taken back or replaced.
 */
import { type MessageStore, NOT_STORED } from '../../messages/index.ts';
import type { Clock } from '../../router/index.ts';
import {
  Command,
  type Destination,
  formatTime,
  MessageStateValue,
  type Pdu,
  PduWriter,
  Status,
  SubmitSm,
  type Unsuccess,
  writePdu,
} from '../../smpp/index.ts';
import type { Esme } from './esmes.ts';
import type { MessageNames } from './message-names.ts';
import { isSpelled, spelled } from './numbers.ts';
import type { ReadMessage } from './read-submit.ts';
import type { Schedule, ScheduledMessage } from './schedule.ts';
import type { Session } from './session.ts';
import { type ToldState, toldAt } from './told.ts';
import { destinationNpi, destinationSpelling, destinationTon, sourceNpi, sourceTon } from './submit-facts.ts';
import type { OneId, Outcome, Submissions } from './submissions.ts';
import type { Submitted } from './submitted.ts';

/** Messages that any gateway has taken. */
export interface Archive {
  /** Hands the message of an id to `read`, at a ring place of a store; undefined if there is none. Rejects if it cannot be asked. */
  show<T>(id: string, read: (store: MessageStore, at: number) => T): Promise<T | undefined>;
}

export interface RequestParts {
  readonly store: MessageStore;
  readonly submitted: Submitted;
  readonly schedule: Schedule;
  readonly names: MessageNames;
  readonly submissions: Submissions;
  readonly clock: Clock;
  /** Where messages are kept outside of this process, if they are. */
  readonly archive?: Archive | undefined;
  /** What sessions write to. */
  readonly out: PduWriter;
}

const OCTET_MAX = 255;

export class Requests {
  readonly #parts: RequestParts;
  readonly #scratch = new PduWriter();
  readonly #submit = new SubmitSm();

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** Answers one of them, now or later. */
  request(session: Session, pdu: Pdu): void {
    switch (pdu.commandId) {
      case Command.DataSm:
        this.#dataSm(session, pdu);
        return;
      case Command.SubmitMulti:
        this.#submitMulti(session, pdu);
        return;
      case Command.QuerySm:
        this.#querySm(session, pdu);
        return;
      case Command.CancelSm:
        this.#answerStatus(session, pdu, Command.CancelSmResp, this.#cancelSm(session.esme!, pdu));
        return;
      case Command.ReplaceSm:
        this.#answerStatus(session, pdu, Command.ReplaceSmResp, this.#replaceSm(session, pdu));
        return;
      default:
        throw new RangeError(`command ${pdu.commandId} is no request of an ESME`);
    }
  }

  #dataSm(session: Session, pdu: Pdu): void {
    const { out, submissions } = this.#parts;
    const { destAddrTon: ton = 0, destAddrNpi: npi = 0, destinationAddr: address = '' } = pdu.fields;
    const message = this.#read(session, pdu, { ton, npi, address });
    if (typeof message === 'number') out.header(Command.DataSmResp, message, pdu.sequence);
    else submissions.answerLater(session, submissions.take(session, message), Command.DataSmResp, pdu.sequence);
  }

  #submitMulti(session: Session, pdu: Pdu): void {
    const { out, submissions } = this.#parts;
    const { sequence } = pdu;
    const { destAddresses = [] } = pdu.fields;
    // Nobody has set up distribution lists.
    if (destAddresses.some((one) => 'list' in one)) {
      out.header(Command.SubmitMultiResp, Status.InvalidDistributionList, sequence);
      return;
    }
    const messages = destAddresses.map((one) => this.#read(session, pdu, one));
    const one: OneId = { id: undefined };
    const outcome = Promise.all(
      messages.map((message): Promise<Outcome> =>
        typeof message === 'number'
          ? Promise.resolve({ status: message, sequence: NOT_STORED })
          : submissions.take(session, message, one),
      ),
    );
    submissions.answerWhen(session, { outcome, response: Command.SubmitMultiResp, sequence }, (writer, outcomes) =>
      this.#answerMulti(writer, sequence, destAddresses, outcomes, one),
    );
  }

  #answerMulti(
    writer: PduWriter,
    sequence: number,
    destinations: readonly Destination[],
    outcomes: readonly Outcome[],
    { id: messageId = '' }: OneId,
  ): void {
    const isAnyTaken = outcomes.some(({ status }) => status === Status.Ok);
    const unsuccessSmes: Unsuccess[] = [];
    destinations.forEach((to, index) => {
      const { status } = outcomes[index]!;
      if (status !== Status.Ok && !('list' in to)) unsuccessSmes.push({ ...to, status });
    });
    const status = isAnyTaken ? Status.Ok : (unsuccessSmes[0]?.status ?? Status.SubmitFailed);
    writePdu(writer, { command: 'SubmitMultiResp', sequence, status, fields: { messageId, unsuccessSmes } });
  }

  #querySm(session: Session, pdu: Pdu): void {
    const { out, store, names, submissions } = this.#parts;
    const { messageId = '' } = pdu.fields;
    const at = this.#placeOf(session.esme!, messageId);
    if (at >= 0) {
      answerQuery(out, pdu, { senderKey: store.senderKey[at]!, told: toldAt(store, at) });
      return;
    }
    const outcome = names.isScheduled(messageId)
      ? this.#askSchedule(session.esme!, messageId)
      : this.#askArchive(session.esme!, messageId);
    const response = Command.QuerySmResp;
    submissions.answerWhen(session, { outcome, response, sequence: pdu.sequence }, (writer, found) => {
      if (found === undefined) writer.header(response, Status.InvalidMessageId, pdu.sequence);
      else answerQuery(writer, pdu, found);
    });
  }

  async #askSchedule(esme: Esme, id: string): Promise<Found | undefined> {
    const [message] = await this.#parts.schedule.named(esme, id);
    if (message !== undefined) return { senderKey: message.draft.senderKey, told: NOTHING_TOLD };
    return this.#askArchive(esme, id);
  }

  /** Of a message that another gateway may have taken, for an ESME of the same account. */
  async #askArchive({ account }: Esme, id: string): Promise<Found | undefined> {
    return this.#parts.archive?.show(id, (store, at) =>
      store.accounts[at] === account ? { senderKey: store.senderKey[at]!, told: toldAt(store, at) } : undefined,
    );
  }

  #answerStatus(session: Session, { sequence }: Pdu, response: number, outcome: Promise<number>): void {
    this.#parts.submissions.answerWhen(session, { outcome, response, sequence }, (writer, status) =>
      writer.header(response, status, sequence),
    );
  }

  /** Takes back what is named so, or all that wait between two numbers. */
  async #cancelSm(esme: Esme, { fields }: Pdu): Promise<number> {
    const { schedule, clock } = this.#parts;
    const { messageId = '', serviceType = '', sourceAddr = '', destinationAddr = '' } = fields;
    const isNamed = messageId !== '';
    const candidates = await (isNamed ? schedule.named(esme, messageId) : schedule.of(esme));
    if (isNamed && candidates.length === 0) return this.#isNotWaiting(esme, messageId, Status.CancelFailed);
    const meant = candidates.filter(
      ({ draft, serviceType: ofMessage }) =>
        isSpelled(sourceAddr, draft.senderKey) &&
        (isNamed || isSpelled(destinationAddr, draft.destinationKey)) &&
        (isNamed || serviceType === '' || serviceType === ofMessage),
    );
    const ending = { state: MessageStateValue.Deleted, error: 0, atMs: clock.nowMs() };
    const cancelled = await Promise.all(meant.map((message) => schedule.cancel(message, ending)));
    return cancelled.includes(true) ? Status.Ok : Status.CancelFailed;
  }

  async #replaceSm(session: Session, pdu: Pdu): Promise<number> {
    const { schedule } = this.#parts;
    const esme = session.esme!;
    const { messageId = '', sourceAddr = '' } = pdu.fields;
    const named = await schedule.named(esme, messageId);
    if (named.length === 0) return this.#isNotWaiting(esme, messageId, Status.ReplaceFailed);
    if (named.some(({ draft }) => !isSpelled(sourceAddr, draft.senderKey))) return Status.ReplaceFailed;
    const replacements: ScheduledMessage[] = [];
    for (const message of named) {
      const replacement = this.#replacement(session, pdu, message);
      if (typeof replacement === 'number') return replacement;
      replacements.push(replacement);
    }
    const replaced = await Promise.all(replacements.map((message) => schedule.replace(message)));
    return replaced.includes(true) ? Status.Ok : Status.ReplaceFailed;
  }

  /** A scheduled message as a replace_sm wants it, or what is wrong with that. What replace_sm cannot say stays as it was submitted. */
  #replacement(session: Session, pdu: Pdu, message: ScheduledMessage): ScheduledMessage | number {
    const { draft, facts, submittedMs } = message;
    const { scheduleDeliveryTime, validityPeriod } = pdu.fields;
    const fields = {
      ...pdu.fields,
      sourceAddrTon: sourceTon(facts),
      sourceAddrNpi: sourceNpi(facts),
      dataCoding: message.dataCoding,
      serviceType: message.serviceType,
    };
    const address = spelled(draft.destinationKey, destinationSpelling(facts));
    const to = { ton: destinationTon(facts), npi: destinationNpi(facts), address };
    const read = this.#read(session, { ...pdu, fields }, to);
    if (typeof read === 'number') return read;
    const dueMs = scheduleDeliveryTime === '' ? message.dueMs : Math.max(read.scheduledMs || 0, submittedMs);
    const validUntilMs = validityPeriod === '' ? draft.validUntilMs : read.draft.validUntilMs;
    if (!(validUntilMs > dueMs)) return Status.InvalidExpiry;
    return { ...message, draft: { ...read.draft, validUntilMs }, facts: read.facts, dueMs };
  }

  /** Reads the message in a PDU as a submit_sm to one destination, or says what is wrong with it. */
  #read(session: Session, { fields, parameters }: Pdu, to: Destination): ReadMessage | number {
    if ('list' in to) return Status.InvalidDistributionList;
    const scratch = this.#scratch;
    scratch.clear();
    try {
      const { destAddresses: _, ...others } = fields;
      const own = { ...others, destAddrTon: to.ton, destAddrNpi: to.npi, destinationAddr: to.address };
      writePdu(scratch, { command: 'SubmitSm', sequence: 0, fields: own, parameters });
    } catch (error) {
      // Addresses of a data_sm may be longer than a number is.
      if (!(error instanceof RangeError)) throw error;
      return (fields.sourceAddr ?? '').length > 20 ? Status.InvalidSourceAddress : Status.InvalidDestinationAddress;
    }
    const status = this.#submit.read(scratch.bytes, 0, scratch.size);
    return status === Status.Ok ? this.#parts.submissions.read(session, this.#submit) : status;
  }

  /** What is said of a message that is not scheduled, or not any more. */
  #isNotWaiting(esme: Esme, id: string, ifTaken: number): number {
    return this.#placeOf(esme, id) >= 0 ? ifTaken : Status.InvalidMessageId;
  }

  /** Ring place of a message of an ESME; -1 if there is none any more. */
  #placeOf({ handle }: Esme, id: string): number {
    const { names, submitted } = this.#parts;
    const at = names.isScheduled(id) ? submitted.placeNamed(names.toReceipt(id)) : names.placeOf(id);
    return at >= 0 && submitted.has(at) && submitted.ownerAt(at) === handle ? at : -1;
  }
}

interface Found {
  readonly senderKey: number;
  readonly told: ToldState;
}

const NOTHING_TOLD: ToldState = { state: MessageStateValue.Enroute, error: 0, doneMs: undefined };

/** Answers query_sm about a message that was found. */
function answerQuery(to: PduWriter, pdu: Pdu, { senderKey, told: { state, error, doneMs } }: Found): void {
  const { messageId = '', sourceAddr = '' } = pdu.fields;
  if (!isSpelled(sourceAddr, senderKey)) {
    to.header(Command.QuerySmResp, Status.QueryFailed, pdu.sequence);
    return;
  }
  const fields = {
    messageId,
    finalDate: doneMs === undefined ? '' : formatTime(doneMs),
    messageState: state,
    errorCode: Math.min(error, OCTET_MAX),
  };
  writePdu(to, { command: 'QuerySmResp', sequence: pdu.sequence, fields });
}
