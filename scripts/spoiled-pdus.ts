/**
 * PDUs spoiled by chance: golden vectors and well-formed requests, with bits turned, bytes set, left out and put in, halves of others behind
 * them, other commands and other lengths.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Rng } from '../gateway/router/index.ts';
import { Command, PDU_BYTES_MAX, PduWriter, Status, Tag, writePdu } from '../gateway/smpp/index.ts';

const packageRoot = dirname(createRequire(import.meta.url).resolve('tollgate/package.json'));
export const ENQUIRY_SEQUENCE = 0x7fff_fff0;

const vectors = (
  JSON.parse(readFileSync(join(packageRoot, 'gateway', 'smpp', 'golden', 'pdu-vectors.json'), 'utf8')) as {
    hex: string;
  }[]
).map(({ hex }) => Buffer.from(hex, 'hex'));

/** Of a sender and a phone. */
export const numbers = { sourceAddr: '12125550100', destinationAddr: '12122000001' };
const payload = { tag: Tag.MessagePayload, value: Buffer.from('In a payload, of some length.') };
const sar = [
  { tag: Tag.SarMessageReference, value: Buffer.of(0, 1) },
  { tag: Tag.SarTotalSegments, value: Buffer.of(2) },
  { tag: Tag.SarSegmentSequence, value: Buffer.of(1) },
];
/** A bind, as anybody may make it at an open edge. */
export const bindBytes = bytesOf((writer) =>
  writePdu(writer, { command: 'BindTransceiver', sequence: 1, fields: { systemId: 'fuzz', interfaceVersion: 0x34 } }),
);
/** An enquiry that none of the others is taken for. */
export const enquiry = bytesOf((writer) => writer.header(Command.EnquireLink, Status.Ok, ENQUIRY_SEQUENCE));
/** Well-formed requests, to be spoiled beside the vectors. */
const ours: Buffer[] = [
  { command: 'SubmitSm', fields: { ...numbers, shortMessage: Buffer.from('Plain.'), registeredDelivery: 0x11 } },
  { command: 'SubmitSm', fields: { ...numbers, esmClass: 0x40, shortMessage: Buffer.of(5, 0, 3, 1, 2, 1, 0x41) } },
  { command: 'SubmitSm', fields: { ...numbers, dataCoding: 8, shortMessage: Buffer.of(0x04, 0x1f) } },
  { command: 'SubmitSm', fields: numbers, parameters: [payload] },
  { command: 'SubmitSm', fields: { ...numbers, scheduleDeliveryTime: '000000010000000R' }, parameters: sar },
  {
    command: 'SubmitMulti',
    fields: { sourceAddr: numbers.sourceAddr, destAddresses: [{ ton: 1, npi: 1, address: numbers.destinationAddr }] },
  },
  { command: 'DataSm', fields: numbers, parameters: [payload] },
  { command: 'QuerySm', fields: { messageId: 'MTEST-0', sourceAddr: numbers.sourceAddr } },
  { command: 'CancelSm', fields: numbers },
  { command: 'ReplaceSm', fields: { messageId: 'MTEST.1', sourceAddr: numbers.sourceAddr } },
  { command: 'DeliverSmResp', fields: {} },
  { command: 'Unbind', fields: {} },
].map((parts) => bytesOf((writer) => writePdu(writer, { sequence: 5, ...parts } as Parameters<typeof writePdu>[1])));
const seeds = [...vectors, ...Array.from({ length: 8 }, () => ours).flat(), bindBytes];

export function bytesOf(write: (writer: PduWriter) => void): Buffer {
  const writer = new PduWriter();
  write(writer);
  return writer.take();
}

export function below(chance: Rng, bound: number): number {
  return Math.floor(chance.next() * bound);
}

function oneOf<T>(list: readonly T[], chance: Rng): T {
  const one = list[below(chance, list.length)];
  if (one === undefined) throw new RangeError('nothing to choose from');
  return one;
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff];
const LENGTHS = [0, 1, 15, 16, 17, 255, PDU_BYTES_MAX, PDU_BYTES_MAX + 1, 2 ** 31, 2 ** 32 - 1];
const IDS = Object.values(Command);

/** A PDU spoiled in a few places. As a rule its length is made right again, or hardly any would come past the framer. */
export function spoiled(chance: Rng): Buffer {
  let bytes: Buffer = Buffer.from(oneOf(seeds, chance));
  for (let left = below(chance, 4); left >= 0; left -= 1) bytes = spoiledOnce(bytes, chance);
  if (bytes.length >= 16 && chance.next() < 0.9) bytes.writeUInt32BE(bytes.length, 0);
  return bytes;
}

function spoiledOnce(bytes: Buffer, chance: Rng): Buffer {
  const at = below(chance, bytes.length + 1);
  switch (below(chance, 8)) {
    case 0: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed.writeUInt8(changed.readUInt8(at) ^ (1 << below(chance, 8)), at);
      return changed;
    }
    case 1: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = oneOf(INTERESTING, chance);
      return changed;
    }
    case 2:
      return Buffer.from(bytes.subarray(0, at));
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + below(chance, 8)))]);
    case 4: {
      const more = Uint8Array.from({ length: 1 + below(chance, 40) }, () => below(chance, 256));
      return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
    }
    case 5: {
      const other = oneOf(seeds, chance);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(chance, other.length))]);
    }
    case 6: {
      const changed = Buffer.from(bytes);
      if (changed.length >= 8) changed.writeUInt32BE(oneOf(IDS, chance), 4);
      return changed;
    }
    default: {
      const changed = Buffer.from(bytes);
      if (changed.length >= 4) changed.writeUInt32BE(oneOf(LENGTHS, chance), 0);
      return changed;
    }
  }
}

/** One of them as it should be. */
export function intact(chance: Rng): Buffer {
  return oneOf(seeds, chance);
}

/** Whether bytes are PDUs up to their end, by their lengths. */
export function isWhole(bytes: Buffer): boolean {
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    if (length < 16) return false;
    at += length;
  }
  return at === bytes.length;
}
