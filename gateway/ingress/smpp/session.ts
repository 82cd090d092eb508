/**
 * One connection of an ESME, as a state machine: bytes and time go in, PDUs come out. It knows no socket and no timer.
 *
 *   Open ──bind──► Transmitter | Receiver | Transceiver ──unbind, either side──► Unbinding ──► Closed
 *
 * What is sent is written to one writer that all sessions share: whoever calls in sends what was written before calling into another
 * session. Requests are answered by its host, at once or later; those under way are counted, and so are receipts that the ESME has
 * not acknowledged: both windows are of the bind.
 *
 * Source: SMPP 3.4, chapters 2 and 4; 5.1.3 for statuses.
 */
import {
  Command,
  Frame,
  Framer,
  INTERFACE_VERSION,
  isKnownCommand,
  isResponse,
  nameOfCommand,
  type Pdu,
  PDU_BYTES_MAX,
  type PduWriter,
  readPdu,
  responseTo,
  SEQUENCE_MAX,
  Status,
  SubmitSm,
  Tag,
} from '../../smpp/index.ts';
import {
  SMPP_BIND_MS,
  SMPP_ENQUIRIES_UNANSWERED_MAX,
  SMPP_PDU_MS,
  SMPP_RESPONSE_MS,
  SMPP_SILENCE_MS,
  SMPP_UNBOUND_PDU_BYTES_MAX,
  SMPP_WINDOW_DEFAULT,
} from '../../limits.ts';
import type { Bind, Esme } from './esmes.ts';
import type { Receipt } from './receipt.ts';

export const SessionState = { Open: 0, Transmitter: 1, Receiver: 2, Transceiver: 3, Unbinding: 4, Closed: 5 } as const;
export const SESSION_STATES: readonly string[] = [
  'open',
  'transmitter',
  'receiver',
  'transceiver',
  'unbinding',
  'closed',
];

export interface BindRequest {
  readonly systemId: string;
  readonly password: string;
}

/** What a session needs done. */
export interface SessionHost {
  /** What all sessions write to. */
  readonly out: PduWriter;
  /** Of this side, told in answers to binds. */
  readonly systemId: string;
  /** Who asks to bind, the status to refuse with, or undefined if somebody else takes over the connection. */
  bind(session: Session, request: BindRequest): Esme | number | undefined;
  /** Sees to a submit_sm. The record is good until this returns. */
  submit(session: Session, submit: SubmitSm, sequence: number): void;
  /** Sees to submit_multi, data_sm, query_sm, cancel_sm or replace_sm. */
  request(session: Session, pdu: Pdu): void;
  /** The ESME has answered a deliver_sm, or has not in time: then `status` is undefined. */
  acknowledged(session: Session, receipt: Receipt, status: number | undefined): void;
}

const NEVER = Number.NEGATIVE_INFINITY;
const BINDS: ReadonlyMap<number, number> = new Map<number, number>([
  [Command.BindTransmitter, SessionState.Transmitter],
  [Command.BindReceiver, SessionState.Receiver],
  [Command.BindTransceiver, SessionState.Transceiver],
]);
const SENT_BY_TRANSMITTERS: ReadonlySet<number> = new Set<number>([
  Command.SubmitMulti,
  Command.DataSm,
  Command.QuerySm,
  Command.CancelSm,
  Command.ReplaceSm,
]);
const VERSION_TLV = Buffer.of(INTERFACE_VERSION);

export class Session implements Bind {
  /** `SessionState`. */
  state: number = SessionState.Open;
  /** From where it came, for logs. */
  readonly address: string;
  /** Once bound. */
  esme: Esme | undefined;
  /** Whether the ESME said that it speaks 3.4: others are sent no optional parameters. */
  speaksParameters = false;
  /** Requests that were taken and are not answered yet. */
  unanswered = 0;
  /** Whether the ESME reads too slowly to be sent anything unasked. */
  isStalled = false;
  /** Why it was closed from this side. */
  reason: string | undefined;
  /** Once somebody else takes over the connection: the bind, and what was read behind it. */
  leftOver: Buffer | undefined;
  readonly #host: SessionHost;
  readonly #framer = new Framer(SMPP_UNBOUND_PDU_BYTES_MAX);
  #window = SMPP_WINDOW_DEFAULT;
  /** Receipts under way, by sequence_number, in the order in which they were sent. */
  #awaited: Map<number, Receipt> | undefined;
  #sequence = 0;
  readonly #openedMs: number;
  #heardMs: number;
  /** Since when a PDU has begun that is not complete. */
  #partialMs = NEVER;
  #enquiredMs = NEVER;
  #enquiries = 0;
  #unboundMs = NEVER;
  /** sequence_number of the ESME's unbind, which is answered last. */
  #unbindSequence: number | undefined;
  /** Whether the ESME has answered ours. */
  #isUnbindAnswered = false;

  constructor(host: SessionHost, address: string, nowMs: number) {
    this.#host = host;
    this.address = address;
    this.#openedMs = nowMs;
    this.#heardMs = nowMs;
  }

  get isBound(): boolean {
    return this.state >= SessionState.Transmitter && this.state <= SessionState.Transceiver;
  }

  get canTransmit(): boolean {
    return this.state === SessionState.Transmitter || this.state === SessionState.Transceiver;
  }

  get canReceive(): boolean {
    return this.state === SessionState.Receiver || this.state === SessionState.Transceiver;
  }

  /** Whether a receipt may be sent now. */
  get hasRoom(): boolean {
    return this.canReceive && !this.isStalled && (this.#awaited?.size ?? 0) < this.#window;
  }

  /** Whether another request may be taken before one is answered. */
  get isWindowFull(): boolean {
    return this.unanswered >= this.#window;
  }

  /** Takes what was read. */
  receive(chunk: Buffer, nowMs: number): void {
    const framer = this.#framer;
    this.#heardMs = nowMs;
    framer.push(chunk);
    let isAny = false;
    while (this.state !== SessionState.Closed) {
      const frame = framer.next();
      if (frame === Frame.Pdu) {
        isAny = true;
        this.#take(framer.bytes, framer.start, framer.end, nowMs);
        continue;
      }
      if (frame === Frame.BadLength) {
        this.#host.out.header(Command.GenericNack, Status.InvalidCommandLength, framer.sequence);
        this.close(`a PDU said to be ${framer.length} bytes long`);
      }
      break;
    }
    if (framer.pendingBytes === 0) this.#partialMs = NEVER;
    else if (isAny || this.#partialMs === NEVER) this.#partialMs = nowMs;
  }

  /** Does what is due by `nowMs`. */
  tick(nowMs: number): void {
    if (this.state === SessionState.Closed) return;
    if (this.#partialMs !== NEVER && nowMs - this.#partialMs >= SMPP_PDU_MS) {
      this.close('a PDU that did not come to its end');
      return;
    }
    if (this.state === SessionState.Open) {
      if (nowMs - this.#openedMs >= SMPP_BIND_MS) this.close('no bind in time');
      return;
    }
    if (this.state === SessionState.Unbinding) {
      if (nowMs - this.#unboundMs >= SMPP_RESPONSE_MS) this.close('unbind came to no end');
      return;
    }
    this.#giveUpAwaited(nowMs);
    if (this.#heardMs > this.#enquiredMs) this.#enquiries = 0;
    const quietMs = this.#enquiries === 0 ? SMPP_SILENCE_MS : SMPP_RESPONSE_MS;
    if (nowMs - Math.max(this.#heardMs, this.#enquiredMs) < quietMs) return;
    if (this.#enquiries === SMPP_ENQUIRIES_UNANSWERED_MAX) {
      this.close('enquire_link was not answered');
      return;
    }
    this.#enquiries += 1;
    this.#enquiredMs = nowMs;
    this.#host.out.header(Command.EnquireLink, Status.Ok, this.#nextSequence());
  }

  /** Sends a receipt; `hasRoom` has been looked at. */
  deliver(receipt: Receipt, nowMs: number): void {
    const sequence = this.#nextSequence();
    receipt.sentMs = nowMs;
    this.#awaited ??= new Map();
    this.#awaited.set(sequence, receipt);
    receipt.write(this.#host.out, sequence, this.speaksParameters);
  }

  /** A request that was taken is answered. */
  answered(count: number): void {
    this.unanswered -= count;
    this.#endUnbinding();
  }

  /** Says goodbye to the ESME, and closes when it has answered and was answered. */
  unbind(nowMs: number): void {
    if (!this.isBound) {
      this.close('the gateway closes');
      return;
    }
    this.state = SessionState.Unbinding;
    this.#unboundMs = nowMs;
    this.#host.out.header(Command.Unbind, Status.Ok, this.#nextSequence());
  }

  close(reason: string): void {
    this.reason ??= reason;
    this.state = SessionState.Closed;
  }

  /** Receipts that were sent and not acknowledged. The session has ended, and they are for another one. */
  takeAwaited(): readonly Receipt[] {
    const awaited = [...(this.#awaited?.values() ?? [])];
    this.#awaited = undefined;
    return awaited;
  }

  #take(bytes: Buffer, start: number, end: number, nowMs: number): void {
    const commandId = bytes.readUInt32BE(start + 4);
    const sequence = bytes.readUInt32BE(start + 12);
    if (commandId === Command.SubmitSm && this.canTransmit) this.#submit(bytes, start, end, sequence);
    else if (isResponse(commandId)) this.#response(commandId, bytes.readUInt32BE(start + 8), sequence);
    else this.#request(commandId, bytes, start, end, sequence, nowMs);
  }

  #submit(bytes: Buffer, start: number, end: number, sequence: number): void {
    const host = this.#host;
    let status: number = Status.MessageQueueFull;
    if (!this.isWindowFull) {
      status = submit.read(bytes, start, end);
      if (status === Status.Ok) {
        host.submit(this, submit, sequence);
        return;
      }
    }
    host.out.header(Command.SubmitSmResp, status, sequence);
  }

  #response(commandId: number, status: number, sequence: number): void {
    if (commandId === Command.UnbindResp) {
      this.#isUnbindAnswered = true;
      this.#endUnbinding();
      return;
    }
    if (commandId !== Command.DeliverSmResp && commandId !== Command.GenericNack) return;
    const receipt = this.#awaited?.get(sequence);
    if (receipt === undefined) return;
    this.#awaited!.delete(sequence);
    this.#host.acknowledged(this, receipt, status);
  }

  #request(commandId: number, bytes: Buffer, start: number, end: number, sequence: number, nowMs: number): void {
    const { out } = this.#host;
    switch (commandId) {
      case Command.EnquireLink:
        out.header(Command.EnquireLinkResp, Status.Ok, sequence);
        return;
      case Command.BindTransmitter:
      case Command.BindReceiver:
      case Command.BindTransceiver:
        this.#bind(commandId, bytes, start, end, sequence);
        return;
      case Command.Unbind:
        this.#unbound(sequence, nowMs);
        return;
      default:
    }
    const isForUs = commandId === Command.SubmitSm || SENT_BY_TRANSMITTERS.has(commandId);
    if (!isForUs) {
      // Of a command that has a response, though it is never ours to answer, that response tells of it.
      const isAnswerable = isKnownCommand(commandId) && isKnownCommand(responseTo(commandId));
      if (isAnswerable) out.header(responseTo(commandId), Status.IncorrectBindStatus, sequence);
      else out.header(Command.GenericNack, Status.InvalidCommandId, sequence);
      return;
    }
    if (!this.canTransmit) {
      out.header(responseTo(commandId), Status.IncorrectBindStatus, sequence);
      return;
    }
    const found = readPdu(bytes, start, end);
    if (!found.ok) out.header(responseTo(commandId), found.status, sequence);
    else if (this.isWindowFull) out.header(responseTo(commandId), Status.MessageQueueFull, sequence);
    else this.#host.request(this, found.pdu);
  }

  #bind(commandId: number, bytes: Buffer, start: number, end: number, sequence: number): void {
    const { out, systemId: ownId } = this.#host;
    const response = responseTo(commandId);
    if (this.state !== SessionState.Open) {
      out.header(response, this.isBound ? Status.AlreadyBound : Status.IncorrectBindStatus, sequence);
      return;
    }
    const found = readPdu(bytes, start, end);
    if (!found.ok) {
      this.#refuseBind(response, found.status, sequence);
      return;
    }
    const { systemId = '', password = '', interfaceVersion = 0 } = found.pdu.fields;
    const esme = this.#host.bind(this, { systemId, password });
    if (esme === undefined) {
      this.leftOver = this.#framer.fromHere;
      this.state = SessionState.Closed;
      return;
    }
    if (typeof esme === 'number') {
      this.#refuseBind(response, esme, sequence);
      return;
    }
    this.esme = esme;
    this.#window = esme.window;
    this.#framer.bytesMax = PDU_BYTES_MAX;
    this.state = BINDS.get(commandId)!;
    this.speaksParameters = interfaceVersion >= INTERFACE_VERSION;
    out.begin(response, Status.Ok, sequence);
    out.text(ownId);
    if (this.speaksParameters) out.parameter(Tag.ScInterfaceVersion, VERSION_TLV);
    out.end();
  }

  #refuseBind(response: number, status: number, sequence: number): void {
    this.#host.out.header(response, status, sequence);
    this.close(`${nameOfCommand(response)} with status 0x${status.toString(16)}`);
  }

  #unbound(sequence: number, nowMs: number): void {
    const { out } = this.#host;
    if (this.state === SessionState.Open) {
      out.header(Command.UnbindResp, Status.IncorrectBindStatus, sequence);
      return;
    }
    this.state = SessionState.Unbinding;
    this.#unboundMs = nowMs;
    this.#unbindSequence = sequence;
    this.#endUnbinding();
  }

  /** Ends the goodbye of either side once nothing is left to answer before it. */
  #endUnbinding(): void {
    if (this.state !== SessionState.Unbinding || this.unanswered > 0) return;
    if (this.#unbindSequence !== undefined) {
      this.#host.out.header(Command.UnbindResp, Status.Ok, this.#unbindSequence);
    } else if (!this.#isUnbindAnswered) {
      return;
    }
    this.close('unbound');
  }

  #giveUpAwaited(nowMs: number): void {
    if (this.#awaited === undefined) return;
    for (const [sequence, receipt] of this.#awaited) {
      if (nowMs - receipt.sentMs < SMPP_RESPONSE_MS) break;
      this.#awaited.delete(sequence);
      this.#host.acknowledged(this, receipt, undefined);
    }
  }

  #nextSequence(): number {
    this.#sequence = this.#sequence === SEQUENCE_MAX ? 1 : this.#sequence + 1;
    return this.#sequence;
  }
}

/** One for all sessions: none reads while another does. */
const submit = new SubmitSm();
