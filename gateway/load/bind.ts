/**
 * One bind of a load over SMPP: requests go out as many as fall together in one write, answers are read without an object for any of them.
 *
 * A sequence_number says which place of the window a request has, and which of those that had it one after the other: so an answer is found
 * at once, in whatever order answers come, and one that comes too late is told from that of the next request.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  Command,
  EsmClass,
  Frame,
  Framer,
  HEADER_BYTES,
  INTERFACE_VERSION,
  nameOfCommand,
  PduWriter,
  responseTo,
  SEQUENCE_MAX,
  Status,
  SubmitSm,
  Tag,
  writePdu,
} from '../smpp/index.ts';
import type { LoadPlan } from './plan.ts';
import type { Reel } from './reel.ts';
import { LOST, TargetUnfit, type TargetParts, UNANSWERED, untrusted, withoutBrackets } from './target.ts';

const SEQUENCE_AT = 12;
const STATUS_AT = 8;
const COMMAND_AT = 4;
const REFUSED = 'the bind was refused';
/** sequence_number of the bind, which no place of a window has. */
const BIND_SEQUENCE = SEQUENCE_MAX;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'smpp:': 2775, 'smpps:': 3550 };
/** Unsent bytes from which on no more is written: the target does not read. */
const UNREAD_BYTES_MAX = 4_194_304;
const ID_TEXT = Buffer.from('id:');
const SPACE = 0x20;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const NO_KEYS: readonly number[] = [];

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Status).map(([name, status]) => [status, name]));

/** A status for people: its name and number. */
export function nameOfStatus(status: number): string {
  const number = `0x${status.toString(16).padStart(2, '0')}`;
  const name = NAMES.get(status);
  return name === undefined ? `status ${number}` : `${name} (${number})`;
}

/** What a bind is for: receipts come by a receiver, messages go by a transmitter, both by a transceiver. */
export type BindAs = 'BindTransceiver' | 'BindTransmitter' | 'BindReceiver';

export interface BindEvents {
  /** There is room in the window again. */
  onRoom(): void;
  /** The bind has ended; it may have told why. */
  onLost(why: string): void;
}

export class Bind {
  inFlight = 0;
  isBound = false;
  readonly #plan: LoadPlan;
  readonly #parts: TargetParts;
  readonly #events: BindEvents;
  readonly #as: BindAs;
  readonly #out = new PduWriter();
  #framer = new Framer();
  readonly #receipt = new SubmitSm();
  readonly #window: number;
  readonly #turnsMax: number;
  /** By place: when its request was due, NaN while it has none, and which of its requests it is. */
  readonly #dueMs: Float64Array;
  readonly #sentMs: Float64Array;
  readonly #turns: Uint32Array;
  readonly #free: Uint32Array;
  #freeCount: number;
  #socket: Socket | undefined;
  #settleBind: { resolve(): void; reject(error: Error): void } | undefined;
  #why: string | undefined;

  constructor(plan: LoadPlan, parts: TargetParts, events: BindEvents, as: BindAs) {
    this.#plan = plan;
    this.#parts = parts;
    this.#events = events;
    this.#as = as;
    this.#window = plan.window;
    this.#turnsMax = Math.floor((SEQUENCE_MAX - 1) / plan.window) - 1;
    this.#dueMs = new Float64Array(plan.window).fill(Number.NaN);
    this.#sentMs = new Float64Array(plan.window);
    this.#turns = new Uint32Array(plan.window);
    this.#free = Uint32Array.from({ length: plan.window }, (_, place) => place);
    this.#freeCount = plan.window;
  }

  get hasRoom(): boolean {
    if (this.#as === 'BindReceiver') return false;
    return this.isBound && this.#freeCount > 0 && (this.#socket?.writableLength ?? 0) < UNREAD_BYTES_MAX;
  }

  /** Connects and binds. @throws TargetUnfit if nobody is there, or the bind is refused */
  open(): Promise<void> {
    const { url, isInsecure, timeoutMs } = this.#plan;
    const { hostname, port, protocol } = new URL(url);
    const where = { host: withoutBrackets(hostname), port: Number(port) || (DEFAULT_PORTS[protocol] ?? 0) };
    const socket = protocol === 'smpps:' ? connectTls({ ...where, rejectUnauthorized: !isInsecure }) : connect(where);
    this.#socket = socket;
    this.#framer = new Framer();
    this.#why = undefined;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#why ??= error.code ?? error.message));
    socket.on('close', () => this.#closed());
    socket.on('drain', () => this.#events.onRoom());
    socket.once(protocol === 'smpps:' ? 'secureConnect' : 'connect', () => this.#sendBind());
    socket.setTimeout(timeoutMs, () => {
      if (this.isBound) return;
      this.#why ??= 'no answer to the bind';
      socket.destroy();
    });
    return new Promise((resolve, reject) => (this.#settleBind = { resolve, reject }));
  }

  /** Takes a piece of the reel to be sent. There is room. */
  send(reel: Reel, piece: number, dueMs: number, nowMs: number): void {
    this.#freeCount -= 1;
    const place = this.#free[this.#freeCount] ?? 0;
    const turn = this.#turns[place] ?? 0;
    this.#dueMs[place] = dueMs;
    this.#sentMs[place] = nowMs;
    this.inFlight += 1;
    const out = this.#out;
    const at = out.size;
    out.copy(reel.bytes, reel.start(piece), reel.end(piece));
    out.bytes.writeUInt32BE(1 + place + turn * this.#window, at + SEQUENCE_AT);
  }

  flush(): void {
    if (this.#out.size > 0) this.#socket?.write(this.#out.take());
  }

  /** Gives up requests that have waited too long. */
  tick(nowMs: number): void {
    if (this.inFlight === 0) return;
    const beforeMs = nowMs - this.#plan.timeoutMs;
    const freeBefore = this.#freeCount;
    for (let place = 0; place < this.#window; place += 1) {
      const dueMs = this.#dueMs[place] ?? Number.NaN;
      if (!Number.isNaN(dueMs) && (this.#sentMs[place] ?? 0) < beforeMs) this.#fail(place, nowMs, UNANSWERED);
    }
    if (this.#freeCount > freeBefore) this.#events.onRoom();
  }

  /** Gives up all requests. */
  abandon(nowMs: number, why: string): void {
    for (let place = 0; place < this.#window; place += 1) {
      if (!Number.isNaN(this.#dueMs[place] ?? Number.NaN)) this.#fail(place, nowMs, why);
    }
  }

  /** Says goodbye, and closes without waiting for an answer. */
  close(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.isBound) {
      this.#out.header(Command.Unbind, Status.Ok, BIND_SEQUENCE);
      this.flush();
    }
    this.isBound = false;
    socket.removeAllListeners('close');
    socket.end();
    socket.destroySoon();
  }

  #sendBind(): void {
    const { systemId, password, systemType } = this.#plan;
    writePdu(this.#out, {
      command: this.#as,
      sequence: BIND_SEQUENCE,
      fields: { systemId, password, systemType, interfaceVersion: INTERFACE_VERSION },
    });
    this.flush();
  }

  #receive(chunk: Buffer): void {
    const framer = this.#framer;
    const hadRoom = this.#freeCount > 0;
    framer.push(chunk);
    for (let frame = framer.next(); frame !== Frame.More; frame = framer.next()) {
      if (frame === Frame.BadLength) {
        this.#why ??= `a PDU said to be ${framer.length} bytes long`;
        this.#socket?.destroy();
        return;
      }
      this.#take(framer.bytes, framer.start, framer.end);
    }
    this.flush();
    if (!hadRoom || this.#freeCount === this.#window) this.#events.onRoom();
  }

  #take(bytes: Buffer, start: number, end: number): void {
    const command = bytes.readUInt32BE(start + COMMAND_AT);
    if (command === Command.SubmitSmResp) this.#answered(bytes, start, end);
    else if (command === Command.DeliverSm) this.#delivered(bytes, start, end);
    else this.#other(command, bytes, start);
  }

  #answered(bytes: Buffer, start: number, end: number): void {
    const sequence = bytes.readUInt32BE(start + SEQUENCE_AT);
    const place = (sequence - 1) % this.#window;
    const turn = Math.floor((sequence - 1) / this.#window);
    const dueMs = this.#dueMs[place] ?? Number.NaN;
    // Of one that was given up, or never sent.
    if (Number.isNaN(dueMs) || turn !== this.#turns[place]) return;
    const { tally, awaited, nowMs } = this.#parts;
    const status = bytes.readUInt32BE(start + STATUS_AT);
    const atMs = nowMs();
    this.#release(place);
    tally.answered(dueMs, atMs);
    if (status === Status.Ok) {
      tally.accepted(dueMs, atMs, 1);
      const from = start + HEADER_BYTES;
      awaited?.await(keyOf(bytes, from, endOfId(bytes, from, end)), dueMs);
    } else if (status === Status.SystemError) tally.wrong(dueMs, nameOfStatus(status), 1);
    else tally.refused(dueMs, nameOfStatus(status), 1);
  }

  #delivered(bytes: Buffer, start: number, end: number): void {
    const receipt = this.#receipt;
    const sequence = bytes.readUInt32BE(start + SEQUENCE_AT);
    const isRead = receipt.read(bytes, start, end) === Status.Ok;
    if (isRead && (receipt.esmClass & EsmClass.Type) === EsmClass.Receipt) {
      const from = receiptIdAt(receipt, end);
      if (from >= 0) {
        const textEnd = receipt.messageAt + receipt.messageLength;
        // Of a parameter its length stands before it.
        const to = endOfId(bytes, from, from < textEnd ? textEnd : Math.min(end, from + bytes.readUInt16BE(from - 2)));
        this.#parts.awaited?.came(keyOf(bytes, from, to), this.#parts.nowMs(), hexadecimalKeys(bytes, from, to));
      }
    }
    this.#out.begin(Command.DeliverSmResp, Status.Ok, sequence);
    this.#out.octet(0);
    this.#out.end();
  }

  #other(command: number, bytes: Buffer, start: number): void {
    const status = bytes.readUInt32BE(start + STATUS_AT);
    const sequence = bytes.readUInt32BE(start + SEQUENCE_AT);
    switch (command) {
      case Command.BindTransceiverResp:
      case Command.BindTransmitterResp:
      case Command.BindReceiverResp:
        this.#bindAnswered(status);
        return;
      case Command.EnquireLink:
      case Command.Unbind:
        this.#out.header(responseTo(command), Status.Ok, sequence);
        if (command === Command.Unbind) {
          this.#why ??= 'the SMSC unbound';
          this.isBound = false;
          this.flush();
          this.#socket?.end();
        }
        return;
      case Command.GenericNack: {
        if (!this.isBound) {
          this.#bindAnswered(status);
          return;
        }
        const place = (sequence - 1) % this.#window;
        if (Math.floor((sequence - 1) / this.#window) === this.#turns[place]) {
          this.#fail(place, this.#parts.nowMs(), `generic_nack ${nameOfStatus(status)}`);
        }
        return;
      }
      case Command.UnbindResp:
        return;
      default:
        // An answer to nothing that was asked, or a request that a client need not know.
        if (command < Command.GenericNack) this.#out.header(Command.GenericNack, Status.InvalidCommandId, sequence);
        else this.#parts.say(`the SMSC sent ${nameOfCommand(command)}, which nobody asked for`);
    }
  }

  #bindAnswered(status: number): void {
    if (status === Status.Ok) {
      this.isBound = true;
      this.#settleBind?.resolve();
      this.#settleBind = undefined;
      this.#events.onRoom();
      return;
    }
    this.#why = `${REFUSED}: ${nameOfStatus(status)}`;
    this.#socket?.destroy();
  }

  #closed(): void {
    const wasBound = this.isBound;
    this.isBound = false;
    const why = this.#why ?? (wasBound ? LOST : 'closed before the bind was answered');
    this.abandon(this.#parts.nowMs(), wasBound ? LOST : why);
    this.#out.clear();
    const settle = this.#settleBind;
    this.#settleBind = undefined;
    if (settle === undefined) this.#events.onLost(why);
    else settle.reject(this.#unfit(why));
  }

  #unfit(why: string): TargetUnfit {
    const { url } = this.#plan;
    if (why.startsWith(REFUSED)) {
      return new TargetUnfit(
        `--system-id: ${why}; give the system_id and password of somebody who may bind so often at ${url}`,
      );
    }
    return (
      untrusted(url, why) ??
      new TargetUnfit(
        `--url: no SMSC answers at ${url} (${why}); start one with tollgate serve --smpp-port, or give its address`,
      )
    );
  }

  #fail(place: number, nowMs: number, why: string): void {
    const dueMs = this.#dueMs[place] ?? Number.NaN;
    if (Number.isNaN(dueMs)) return;
    this.#parts.tally.failed(dueMs, nowMs, why);
    this.#release(place);
  }

  #release(place: number): void {
    const turn = (this.#turns[place] ?? 0) + 1;
    this.#turns[place] = turn > this.#turnsMax ? 0 : turn;
    this.#dueMs[place] = Number.NaN;
    this.#free[this.#freeCount] = place;
    this.#freeCount += 1;
    this.inFlight -= 1;
  }
}

/** Where an id ends that begins at `from`. */
function endOfId(bytes: Buffer, from: number, end: number): number {
  let at = from;
  for (; at < end; at += 1) {
    const octet = bytes[at] ?? 0;
    if (octet === 0 || octet === SPACE || octet === COMMA) break;
  }
  return at;
}

/** A number for an id: two hashes of 53 bits in all, so that of some millions of ids no two are alike. */
function keyOf(bytes: Uint8Array, from: number, to: number): number {
  let high = 0x811c9dc5;
  let low = 0x2545f491;
  for (let at = from; at < to; at += 1) {
    const octet = bytes[at] ?? 0;
    high = Math.imul(high ^ octet, 0x01000193);
    low = Math.imul(low ^ octet, 0x85ebca6b);
    low ^= low >>> 13;
  }
  return (high >>> 0) * 0x20_0000 + (low >>> 11);
}

/** Keys of a decimal id as an answer may have it: many an SMSC answers in hexadecimal digits. None of an id that is not decimal. */
function hexadecimalKeys(bytes: Buffer, from: number, to: number): readonly number[] {
  for (let at = from; at < to; at += 1) {
    const octet = bytes[at] ?? 0;
    if (octet < ZERO || octet > NINE) return NO_KEYS;
  }
  const digits = BigInt(bytes.toString('latin1', from, to)).toString(16);
  return [digits, digits.toUpperCase()].map((id) => keyOf(Buffer.from(id, 'latin1'), 0, id.length));
}

/** Where the id of the message begins that a receipt is of: in its text, or else in its parameters. -1 if it names none. */
function receiptIdAt({ bytes, messageAt, messageLength }: SubmitSm, end: number): number {
  const textEnd = messageAt + messageLength;
  if (
    messageLength > ID_TEXT.length &&
    bytes.compare(ID_TEXT, 0, ID_TEXT.length, messageAt, messageAt + ID_TEXT.length) === 0
  ) {
    return messageAt + ID_TEXT.length;
  }
  for (let at = textEnd; at + 4 <= end; at += 4 + bytes.readUInt16BE(at + 2)) {
    if (bytes.readUInt16BE(at) === Tag.ReceiptedMessageId) return at + 4;
  }
  return -1;
}
