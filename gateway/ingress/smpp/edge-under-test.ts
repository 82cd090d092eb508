/** The SMPP edge without its sockets, over a small world: sessions are handed bytes and what they write is read back. */
import { type Dispatcher, Intake, MessageStore } from '../../messages/index.ts';
import { coreUnderTest } from '../../router/world-under-test.ts';
import { Frame, Framer, type Pdu, PduWriter, PLAIN_RECEIPT, readPdu, type SubmitSm } from '../../smpp/index.ts';
import { Esmes } from './esmes.ts';
import { MessageNames } from './message-names.ts';
import { PostOffice } from './post-office.ts';
import type { Receipt } from './receipt.ts';
import { ReceiptWriter } from './receipt-writer.ts';
import { Requests } from './requests.ts';
import { ScheduledMessages } from './scheduled.ts';
import { type BindRequest, Session, type SessionHost } from './session.ts';
import { Submissions } from './submissions.ts';
import { Submitted } from './submitted.ts';

const NOON = Date.UTC(2022, 2, 1, 20);
const CLOCK = { nowMs: () => NOON, monotonicNs: () => 0 };

export interface SmppEdgeUnderTest {
  readonly esmes: Esmes;
  readonly store: MessageStore;
  readonly submissions: Submissions;
  /** A session that is connected. */
  connect(nowMs?: number): Session;
  /** Hands bytes to a session, as one read; what was written at once. */
  receive(session: Session, bytes: Buffer, nowMs?: number): Buffer;
  /** What has been written for a session since, by itself. */
  sent(session: Session): Buffer;
}

/** An intake over a small world, whose messages come to their end at once or, if they are to stay, never. */
export function openIntake(
  store: MessageStore,
  { kept, stays = true }: { kept?: Dispatcher['kept'] | undefined; stays?: boolean } = {},
): Intake {
  return new Intake({
    core: coreUnderTest(),
    store,
    dispatcher: {
      dispatch(at, nowMs) {
        if (!stays) store.recordHandset(at, 1, nowMs);
      },
      ...(kept && { kept }),
    },
    chance: { next: () => 0.5 },
    clock: CLOCK,
    view: { ageMs: () => 0, staleMs: 5_000, refusesWhenStale: false },
    tariffDateMs: NOON,
  });
}

export function openSmppEdge({ kept }: { kept?: Dispatcher['kept'] } = {}): SmppEdgeUnderTest {
  const store = new MessageStore(10_000, 'TEST');
  const clock = CLOCK;
  const intake = openIntake(store, { kept, stays: false });
  const out = new PduWriter();
  const esmes = new Esmes([], true);
  const sent = new Map<object, Buffer[]>();
  const send = (session: object, bytes?: Buffer): void => {
    sent.set(session, [...(sent.get(session) ?? []), out.take(), bytes ?? Buffer.alloc(0)]);
  };
  const postOffice = new PostOffice(esmes, () => 0, send);
  const submitted = new Submitted(store);
  const names = new MessageNames(store, false);
  const format = PLAIN_RECEIPT;
  const receipts = new ReceiptWriter({ store, submitted, names, esmes, postOffice, format, machineNowMs: () => 0 });
  const schedule = new ScheduledMessages(names, receipts);
  const shared = { store, submitted, schedule, names, clock, out };
  const leases = { answered: () => Promise.resolve() };
  const submissions = new Submissions({
    ...shared,
    receipts,
    intake,
    leases,
    esmes,
    isDurable: kept !== undefined,
    send,
  });
  const requests = new Requests({ ...shared, submissions });
  const host: SessionHost = {
    out,
    systemId: 'tollgate',
    bind(session: Session, request: BindRequest) {
      const esme = esmes.find(request, '127.0.0.1');
      if (typeof esme !== 'number') esme.sessions.add(session);
      return esme;
    },
    submit: (session: Session, submit: SubmitSm, sequence: number) => submissions.submit(session, submit, sequence),
    request: (session: Session, pdu: Pdu) => requests.request(session, pdu),
    acknowledged: (session: Session, receipt: Receipt, status: number | undefined) =>
      postOffice.answered(session.esme!, receipt, status),
  };
  return {
    esmes,
    store,
    submissions,
    connect: (nowMs = 0) => new Session(host, '127.0.0.1', nowMs),
    receive(session, bytes, nowMs = 0) {
      session.receive(bytes, nowMs);
      submissions.endTurn(session);
      return out.take();
    },
    sent(session) {
      const bytes = Buffer.concat([out.take(), ...(sent.get(session) ?? [])]);
      sent.delete(session);
      return bytes;
    },
  };
}

/** Reads bytes that must be whole PDUs. Throws if they are not. */
export function pdusIn(bytes: Buffer): Pdu[] {
  const framer = new Framer();
  const pdus: Pdu[] = [];
  framer.push(bytes);
  for (let frame = framer.next(); frame !== Frame.More; frame = framer.next()) {
    if (frame === Frame.BadLength) throw new Error(`no PDU: ${bytes.toString('hex')}`);
    const read = readPdu(framer.bytes, framer.start, framer.end);
    if (!read.ok) throw new Error(`status ${read.status}: ${framer.bytes.toString('hex', framer.start, framer.end)}`);
    pdus.push(read.pdu);
  }
  if (framer.pendingBytes > 0) throw new Error(`half a PDU at the end: ${bytes.toString('hex')}`);
  return pdus;
}
