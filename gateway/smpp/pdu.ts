/**
 * Any PDU as an object, read and written by the table of layouts: for everything that is rare, for clients and for tests. submit_sm on
 * its way in has a reader of its own (`submit-sm.ts`).
 *
 * Reading has four outcomes and throws in none: a PDU; one that is to be answered with a status; one of a command nobody knows; and, in
 * the framer before, a stream that cannot be read any further.
 */
import { Command, type CommandName, HEADER_BYTES, Status } from './commands.ts';
import { type Destination, type Field, type Fields, LAYOUTS, type Unsuccess } from './layouts.ts';
import type { PduWriter } from './pdu-writer.ts';

/** An optional parameter. */
export interface Parameter {
  readonly tag: number;
  readonly value: Uint8Array;
}

export interface Pdu {
  readonly commandId: number;
  readonly status: number;
  readonly sequence: number;
  /** Those of its command; none in a response that came without a body. */
  readonly fields: Readonly<Partial<Fields>>;
  /** In the order in which they came, known or not, also those that came twice. */
  readonly parameters: readonly Parameter[];
}

/** A PDU, or what is wrong with it. */
export type PduRead = { readonly ok: true; readonly pdu: Pdu } | { readonly ok: false; readonly status: number };

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Command).map(([name, id]) => [id, name]));

/** A command for people: its name, or its number. */
export function nameOfCommand(commandId: number): string {
  return NAMES.get(commandId) ?? `0x${commandId.toString(16).padStart(8, '0')}`;
}

/** Whether the specification has a command of this number. */
export function isKnownCommand(commandId: number): boolean {
  return LAYOUTS.has(commandId);
}

/**
 * Reads the PDU that lies in `bytes` from `start` to `end`, which the framer has found. Values of parameters and of short_message are
 * views into the bytes.
 *
 * `status` on failure: InvalidCommandId for an unknown command; that of the field which has no terminator, or is too long;
 * InvalidCommandLength if fields are missing; InvalidOptionalPart if what follows them is no list of parameters.
 */
export function readPdu(bytes: Buffer, start: number, end: number): PduRead {
  const commandId = bytes.readUInt32BE(start + 4);
  const status = bytes.readUInt32BE(start + 8);
  const sequence = bytes.readUInt32BE(start + 12);
  const layout = LAYOUTS.get(commandId);
  if (layout === undefined) return { ok: false, status: Status.InvalidCommandId };
  const reader = new FieldReader(bytes, start + HEADER_BYTES, end);
  // Of an error a response may tell with its header alone.
  const fields = reader.at === end && commandId >= Command.GenericNack ? {} : reader.fields(layout);
  const parameters = reader.status === Status.Ok ? reader.parameters() : [];
  if (reader.status !== Status.Ok) return { ok: false, status: reader.status };
  return { ok: true, pdu: { commandId, status, sequence, fields, parameters } };
}

/** What a PDU is written from; fields that are left out are empty or 0. */
export interface PduParts {
  readonly command: CommandName;
  readonly sequence: number;
  readonly status?: number;
  readonly fields?: Readonly<Partial<Fields>>;
  readonly parameters?: readonly Parameter[];
  /** Whether there is no body at all, as in a response that tells of an error. */
  readonly isBare?: boolean;
}

/**
 * Adds a PDU.
 * @throws RangeError for a field that is longer than the specification allows: nothing is written then
 */
export function writePdu(to: PduWriter, parts: PduParts): void {
  const { command, sequence, status = Status.Ok, fields = {}, parameters = [], isBare = false } = parts;
  to.begin(Command[command], status, sequence);
  try {
    if (!isBare) {
      for (const field of LAYOUTS.get(Command[command]) ?? []) writeField(to, field, fields);
      for (const { tag, value } of parameters) to.parameter(tag, value);
    }
  } catch (error) {
    to.drop();
    throw error;
  }
  to.end();
}

const PARAMETER_HEAD_BYTES = 4;

class FieldReader {
  at: number;
  status: number = Status.Ok;
  readonly #bytes: Buffer;
  readonly #end: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  /** Reads on until something is wrong, which `status` then tells. */
  fields(layout: readonly Field[]): Partial<Fields> {
    const fields: Record<string, unknown> = {};
    for (const field of layout) {
      const value = this.#field(field);
      if (this.status !== Status.Ok) break;
      fields[field.name] = value;
    }
    return fields;
  }

  /** Less than the head of one more is passed over: some clients end a PDU with a NUL of no meaning. */
  parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    while (this.at + PARAMETER_HEAD_BYTES <= this.#end) {
      const valueAt = this.at + PARAMETER_HEAD_BYTES;
      const length = this.#bytes.readUInt16BE(this.at + 2);
      if (valueAt + length > this.#end) {
        this.status = Status.InvalidOptionalPart;
        break;
      }
      const tag = this.#bytes.readUInt16BE(this.at);
      parameters.push({ tag, value: this.#bytes.subarray(valueAt, valueAt + length) });
      this.at = valueAt + length;
    }
    return parameters;
  }

  #field(field: Field): unknown {
    switch (field.kind) {
      case 'octet':
        return this.#octet(field.status);
      case 'text':
        return this.#text(field.size, field.status);
      case 'time': {
        const time = this.#text(field.size, field.status);
        if (time.length !== 0 && time.length !== field.size - 1) this.#fail(field.status);
        return time;
      }
      case 'bytes':
        return this.#sized(field);
      case 'destinations':
        return this.#destinations(field);
      case 'unsuccess':
        return this.#unsuccess(field.status);
    }
  }

  #fail(status: number): void {
    if (this.status === Status.Ok) this.status = status;
  }

  #octet(status: number): number {
    if (this.at >= this.#end) {
      this.#fail(status);
      return 0;
    }
    return this.#bytes[this.at++]!;
  }

  #text(size: number, status: number): string {
    if (this.at >= this.#end) {
      this.#fail(Status.InvalidCommandLength);
      return '';
    }
    const zero = this.#bytes.subarray(this.at, Math.min(this.#end, this.at + size)).indexOf(0);
    if (zero < 0) {
      this.#fail(status);
      return '';
    }
    const text = this.#bytes.toString('latin1', this.at, this.at + zero);
    this.at += zero + 1;
    return text;
  }

  #sized({ size, status }: Field): Uint8Array {
    const length = this.#octet(Status.InvalidCommandLength);
    if (length > size || this.at + length > this.#end) {
      this.#fail(this.status === Status.Ok ? status : this.status);
      return new Uint8Array(0);
    }
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  #destinations({ size, status }: Field): Destination[] {
    const count = this.#octet(Status.InvalidCommandLength);
    if (count < 1 || count > size) this.#fail(status);
    const destinations: Destination[] = [];
    while (destinations.length < count && this.status === Status.Ok) {
      const flag = this.#octet(Status.InvalidCommandLength);
      if (flag === DestinationFlag.Address) {
        const ton = this.#octet(Status.InvalidCommandLength);
        const npi = this.#octet(Status.InvalidCommandLength);
        destinations.push({ ton, npi, address: this.#text(21, Status.InvalidDestinationAddress) });
      } else if (flag === DestinationFlag.List) {
        destinations.push({ list: this.#text(21, Status.InvalidDistributionList) });
      } else {
        this.#fail(Status.InvalidDestinationFlag);
      }
    }
    return destinations;
  }

  #unsuccess(status: number): Unsuccess[] {
    const count = this.#octet(status);
    const smes: Unsuccess[] = [];
    while (smes.length < count && this.status === Status.Ok) {
      const ton = this.#octet(status);
      const npi = this.#octet(status);
      const address = this.#text(21, status);
      if (this.at + 4 > this.#end) {
        this.#fail(status);
        break;
      }
      smes.push({ ton, npi, address, status: this.#bytes.readUInt32BE(this.at) });
      this.at += 4;
    }
    return smes;
  }
}

const DestinationFlag = { Address: 1, List: 2 } as const;

function writeField(to: PduWriter, { name, kind, size }: Field, fields: Readonly<Partial<Fields>>): void {
  const value = fields[name];
  switch (kind) {
    case 'octet':
      to.octet(fit(name, (value as number | undefined) ?? 0, 0xff));
      return;
    case 'text':
    case 'time': {
      const text = (value as string | undefined) ?? '';
      fit(name, text.length, size - 1);
      if (text.includes('\0')) throw new RangeError(`${name} holds a NUL, which would end it`);
      to.text(text);
      return;
    }
    case 'bytes': {
      const bytes = (value as Uint8Array | undefined) ?? new Uint8Array(0);
      to.octet(fit(name, bytes.length, size));
      to.data(bytes);
      return;
    }
    case 'destinations': {
      const destinations = (value as readonly Destination[] | undefined) ?? [];
      to.octet(fit(name, destinations.length, size));
      for (const one of destinations) {
        if ('list' in one) {
          to.octet(DestinationFlag.List);
          fit(name, one.list.length, 20);
          to.text(one.list);
        } else {
          to.octet(DestinationFlag.Address);
          writeAddress(to, one);
        }
      }
      return;
    }
    case 'unsuccess': {
      const smes = (value as readonly Unsuccess[] | undefined) ?? [];
      to.octet(fit(name, smes.length, size));
      for (const one of smes) {
        writeAddress(to, one);
        to.octets4(one.status);
      }
    }
  }
}

function writeAddress(
  to: PduWriter,
  { ton, npi, address }: { readonly ton: number; readonly npi: number; readonly address: string },
): void {
  to.octet(ton);
  to.octet(npi);
  fit('destAddresses', address.length, 20);
  to.text(address);
}

function fit(name: string, value: number, max: number): number {
  if (value > max) throw new RangeError(`${name} is ${value} and may be ${max}`);
  return value;
}
