/**
 * What ESMEs ask for beside submit_sm, and seldom: submit_multi, data_sm, query_sm, cancel_sm, replace_sm.
 *
 * What carries a message is brought into the form of a submit_sm, and goes its way. Messages that have been taken are at their carriers;
 * only those that wait for their time can still be taken back or replaced.
 */
import type { MessageStore } from '../../messages/index.ts';
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
import type { MessageNames } from './message-names.ts';
import { isSpelled, spelled } from './numbers.ts';
import type { ReadMessage } from './read-submit.ts';
import type { ReceiptWriter } from './receipt-writer.ts';
import type { ScheduledMessage, ScheduledMessages } from './scheduled.ts';
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
  readonly scheduled: ScheduledMessages;
  readonly names: MessageNames;
  readonly submissions: Submissions;
  readonly receipts: ReceiptWriter;
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
        this.#parts.out.header(Command.CancelSmResp, this.#cancelSm(session, pdu), pdu.sequence);
        return;
      case Command.ReplaceSm:
        this.#parts.out.header(Command.ReplaceSmResp, this.#replaceSm(session, pdu), pdu.sequence);
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
    const outcomes = Promise.all(
      messages.map((message): Promise<Outcome> =>
        typeof message === 'number'
          ? Promise.resolve({ status: message, sequence: -1 })
          : submissions.take(session, message, one),
      ),
    );
    submissions
      .answerWith(session, async (writer) => this.#answerMulti(writer, sequence, destAddresses, await outcomes, one))
      .catch(() => undefined);
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
    const { out, store, archive } = this.#parts;
    const { messageId = '' } = pdu.fields;
    const scheduled = this.#scheduledOf(session, messageId);
    const at = scheduled === undefined ? this.#placeOf(session, messageId) : -1;
    if (scheduled !== undefined) answerQuery(out, pdu, scheduled.draft.senderKey, NOTHING_TOLD);
    else if (at >= 0) answerQuery(out, pdu, store.senderKey[at]!, toldAt(store, at));
    else if (archive === undefined) out.header(Command.QuerySmResp, Status.InvalidMessageId, pdu.sequence);
    else this.#queryArchive(session, pdu, archive);
  }

  /** Answers about a message that another gateway may have taken, for an ESME of the same account. */
  #queryArchive(session: Session, pdu: Pdu, archive: Archive): void {
    const { account } = session.esme!;
    this.#parts.submissions
      .answerWith(session, async (writer) => {
        let status: number = Status.InvalidMessageId;
        try {
          const found = await archive.show(pdu.fields.messageId ?? '', (store, at) =>
            store.accounts[at] === account ? { senderKey: store.senderKey[at]!, told: toldAt(store, at) } : undefined,
          );
          if (found !== undefined) {
            answerQuery(writer, pdu, found.senderKey, found.told);
            return;
          }
        } catch {
          // Whoever keeps it does not answer, and cannot be said not to have it.
          status = Status.SystemError;
        }
        writer.header(Command.QuerySmResp, status, pdu.sequence);
      })
      .catch(() => undefined);
  }

  /** Takes back the message that is named, or all that wait between two numbers. */
  #cancelSm(session: Session, { fields }: Pdu): number {
    const { scheduled, receipts, clock } = this.#parts;
    const { messageId = '', serviceType = '', sourceAddr = '', destinationAddr = '' } = fields;
    const isMeant = ({ draft, serviceType: ofMessage }: ScheduledMessage): boolean =>
      isSpelled(sourceAddr, draft.senderKey) &&
      (messageId !== '' || isSpelled(destinationAddr, draft.destinationKey)) &&
      (messageId !== '' || serviceType === '' || serviceType === ofMessage);
    const named = this.#scheduledOf(session, messageId);
    if (messageId !== '' && named === undefined) {
      return this.#placeOf(session, messageId) >= 0 ? Status.CancelFailed : Status.InvalidMessageId;
    }
    const candidates = named === undefined ? scheduled.of(session.esme!.handle) : [named];
    const cancelled = candidates.filter(isMeant);
    for (const message of cancelled) {
      scheduled.remove(message.id);
      receipts.hasEnded(message, MessageStateValue.Deleted, 0, clock.nowMs());
    }
    return cancelled.length > 0 ? Status.Ok : Status.CancelFailed;
  }

  #replaceSm(session: Session, pdu: Pdu): number {
    const { scheduled } = this.#parts;
    const { messageId = '', sourceAddr = '', scheduleDeliveryTime, validityPeriod } = pdu.fields;
    const message = this.#scheduledOf(session, messageId);
    if (message === undefined) {
      return this.#placeOf(session, messageId) >= 0 ? Status.ReplaceFailed : Status.InvalidMessageId;
    }
    const { draft, facts } = message;
    if (!isSpelled(sourceAddr, draft.senderKey)) return Status.ReplaceFailed;
    // What replace_sm cannot say stays as it was submitted.
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
    scheduled.remove(message.id);
    scheduled.add({
      ...message,
      draft: { ...read.draft, validUntilMs: validityPeriod === '' ? draft.validUntilMs : read.draft.validUntilMs },
      facts: read.facts,
      dueMs: scheduleDeliveryTime === '' ? message.dueMs : Math.max(read.scheduledMs || 0, message.submittedMs),
    });
    return Status.Ok;
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

  #scheduledOf(session: Session, id: string): ScheduledMessage | undefined {
    const found = this.#parts.scheduled.get(id);
    return found?.owner === session.esme!.handle ? found : undefined;
  }

  /** Ring place of a message of the session's ESME; -1 if there is none any more. */
  #placeOf(session: Session, id: string): number {
    const { names, submitted } = this.#parts;
    const at = names.placeOf(id);
    return at >= 0 && submitted.has(at) && submitted.ownerAt(at) === session.esme!.handle ? at : -1;
  }
}

const NOTHING_TOLD: ToldState = { state: MessageStateValue.Enroute, error: 0, doneMs: undefined };

/** Answers query_sm about a message from this number. */
function answerQuery(to: PduWriter, pdu: Pdu, senderKey: number, { state, error, doneMs }: ToldState): void {
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
