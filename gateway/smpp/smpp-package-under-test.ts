/** The npm package `smpp`, by which tests check what is written here against a reader that others wrote; it has no types of its own. */
// @ts-expect-error -- no types
import smpp from 'smpp';

/** A PDU as that package has it: its fields by their names in the specification, unknown parameters by their tags. */
export interface ForeignPdu {
  readonly command: string;
  readonly command_length: number;
  readonly command_id: number;
  readonly command_status: number;
  readonly sequence_number: number;
  readonly [field: string]: unknown;
  toBuffer(): Buffer;
  response(fields?: object): ForeignPdu;
}

export interface ForeignSession {
  on(
    event: 'pdu' | 'deliver_sm' | 'enquire_link' | 'unbind' | 'unbind_resp' | 'data_sm',
    heard: (pdu: ForeignPdu) => void,
  ): void;
  on(event: 'close' | 'connect' | 'secureConnect', heard: () => void): void;
  on(event: 'error', heard: (error: Error) => void): void;
  send(pdu: ForeignPdu, answered?: (answer: ForeignPdu) => void): boolean;
  close(): void;
  destroy(): void;
  pause(): void;
}

interface Package {
  readonly PDU: new (command: string | Buffer, fields?: object) => ForeignPdu;
  connect(options: object): ForeignSession;
}

const npm = smpp as Package;

/** Reads one PDU as that package does. */
export function readForeign(bytes: Buffer): ForeignPdu {
  return new npm.PDU(bytes);
}

export function foreignPdu(command: string, fields: object): ForeignPdu {
  return new npm.PDU(command, fields);
}

export function connectForeign(options: object): ForeignSession {
  return npm.connect(options);
}
