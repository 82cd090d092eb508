/**
 * Messages written ahead of the load, one behind another in one buffer: during the load they are only copied and given a number.
 *
 * A reel goes round: it has as many messages as fit a round number of megabytes, and at least each sender once.
 */
import { formatNumber } from '../../registry-cache/index.ts';
import {
  codingFor,
  concatenationHeader,
  DataCoding,
  encodeText,
  EsmClass,
  PduWriter,
  RegisteredDelivery,
  writePdu,
} from '../smpp/index.ts';
import type { LoadMessage } from './message-mix.ts';

/** Messages of a reel, before those that one thread's senders need. */
const MESSAGES_MIN = 16_384;
const DIGITS = 12;
const ZERO = 0x30;
const HEAD = '{"reference":"';
/** The places of the number in a line of JSON. */
const NUMBER_FROM = HEAD.length;

/** A GSM text of one message, and of one part of more, in octets; the same in UCS-2. */
const SEPTETS_ALONE = 160;
const SEPTETS_OF_PART = 153;
const UCS2_ALONE = 140;
const UCS2_OF_PART = 134;
const GSM_ESCAPE = 0x1b;
const PARTS_MAX = 255;
const INTERNATIONAL = 1;
const ISDN = 1;

export class Reel {
  readonly bytes: Buffer;
  /** Where each piece begins, and after the last one where it ends. */
  readonly starts: Uint32Array;
  readonly count: number;

  constructor(pieces: readonly Buffer[]) {
    this.bytes = Buffer.concat(pieces);
    this.count = pieces.length;
    this.starts = new Uint32Array(pieces.length + 1);
    let at = 0;
    for (const [index, piece] of pieces.entries()) this.starts[index + 1] = at += piece.length;
  }

  start(piece: number): number {
    return this.starts[piece] ?? 0;
  }

  end(piece: number): number {
    return this.starts[piece + 1] ?? 0;
  }
}

/** Messages of a reel for one of so many threads. */
export function reelMessages(numbers: number, threads: number): number {
  return Math.max(MESSAGES_MIN, Math.ceil((numbers * 2) / threads));
}

export interface LineOptions {
  readonly count: number;
  readonly account: string | undefined;
  readonly callbackUrl: string | undefined;
}

/** Messages as lines of JSON, each with a reference in which `writeNumber` puts a number. */
export function jsonReel(next: () => LoadMessage, { count, account, callbackUrl }: LineOptions): Reel {
  return new Reel(
    Array.from({ length: count }, () => {
      const { from, to, text, isSpam } = next();
      const fields = {
        from: formatNumber(from),
        to: formatNumber(to),
        text,
        ...(isSpam && { truth: 'spam' }),
        ...(account !== undefined && { account }),
        ...(callbackUrl !== undefined && { callbackUrl }),
      };
      return Buffer.from(`${HEAD}${'0'.repeat(DIGITS)}",${JSON.stringify(fields).slice(1)}\n`);
    }),
  );
}

/** Writes the number of a message into its line, which begins at `at`. */
export function writeNumber(bytes: Buffer, at: number, number: number): void {
  let rest = number;
  for (let here = at + NUMBER_FROM + DIGITS - 1; here >= at + NUMBER_FROM; here -= 1) {
    const next = Math.floor(rest / 10);
    bytes[here] = ZERO + rest - next * 10;
    rest = next;
  }
}

const REFERENCE = '"reference":"';

/** The number in what is said of a message, in any JSON that has its reference; -1 if there is none. */
export function numberIn(bytes: Buffer): number {
  const found = bytes.indexOf(REFERENCE, 0, 'latin1');
  if (found < 0) return -1;
  let number = 0;
  for (let at = found + REFERENCE.length; at < found + REFERENCE.length + DIGITS; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/** Messages as submit_sm with sequence_number 0. A text that does not fit one goes in parts, each a message of its own. */
export function submitReel(next: () => LoadMessage, count: number, receipts: boolean): Reel {
  const pieces: Buffer[] = [];
  const writer = new PduWriter();
  for (let message = 0; pieces.length < count; message += 1) {
    const { from, to, text } = next();
    const dataCoding = codingFor(text);
    const parts = partsOf(encodeText(text, dataCoding), dataCoding);
    for (const [part, octets] of parts.entries()) {
      const isAlone = parts.length === 1;
      const header = isAlone ? Buffer.alloc(0) : concatenationHeader(message, parts.length, part + 1);
      writePdu(writer, {
        command: 'SubmitSm',
        sequence: 0,
        fields: {
          sourceAddrTon: INTERNATIONAL,
          sourceAddrNpi: ISDN,
          sourceAddr: `1${from}`,
          destAddrTon: INTERNATIONAL,
          destAddrNpi: ISDN,
          destinationAddr: `1${to}`,
          esmClass: isAlone ? 0 : EsmClass.Udhi,
          registeredDelivery: receipts ? RegisteredDelivery.Any : 0,
          dataCoding,
          shortMessage: Buffer.concat([header, octets]),
        },
      });
      pieces.push(writer.take());
    }
  }
  return new Reel(pieces);
}

/** A text's octets as they fit messages; no pair is split. */
function partsOf(octets: Buffer, dataCoding: number): Buffer[] {
  const isUcs2 = dataCoding === DataCoding.Ucs2;
  if (octets.length <= (isUcs2 ? UCS2_ALONE : SEPTETS_ALONE)) return [octets];
  const size = isUcs2 ? UCS2_OF_PART : SEPTETS_OF_PART;
  const parts: Buffer[] = [];
  for (let from = 0; from < octets.length && parts.length < PARTS_MAX;) {
    let to = Math.min(from + size, octets.length);
    if (to < octets.length && splitsPair(octets, from, to, isUcs2)) to -= isUcs2 ? 2 : 1;
    parts.push(octets.subarray(from, to));
    from = to;
  }
  return parts;
}

function splitsPair(octets: Buffer, from: number, to: number, isUcs2: boolean): boolean {
  if (isUcs2) return ((octets[to - 2] ?? 0) & 0xfc) === 0xd8;
  return to > from && octets[to - 1] === GSM_ESCAPE;
}
