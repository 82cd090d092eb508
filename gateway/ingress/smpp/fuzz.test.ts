import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { namedStream, type Rng } from '../../router/index.ts';
import { Command, isResponse, PDU_BYTES_MAX, PduWriter, Status, Tag, writePdu } from '../../smpp/index.ts';
import { readForeign } from '../../smpp/smpp-package-under-test.ts';
import { openSmppEdge, pdusIn, type SmppEdgeUnderTest } from './edge-under-test.ts';
import { type Session, SessionState } from './session.ts';

const PDUS = Number(process.env['SMPP_FUZZ_PDUS'] ?? 20_000);
const SEED = Number(process.env['SMPP_FUZZ_SEED'] ?? 20_261_123);
/** A failing run is narrowed down to one case by its number. */
const ONLY = process.env['SMPP_FUZZ_CASE'];

const vectors = (
  JSON.parse(readFileSync(new URL('../../smpp/golden/pdu-vectors.json', import.meta.url), 'utf8')) as { hex: string }[]
).map(({ hex }) => Buffer.from(hex, 'hex'));

const numbers = { sourceAddr: '12125550100', destinationAddr: '12122000001' };
const payload = { tag: Tag.MessagePayload, value: Buffer.from('In a payload, of some length.') };
const sar = [
  { tag: Tag.SarMessageReference, value: Buffer.of(0, 1) },
  { tag: Tag.SarTotalSegments, value: Buffer.of(2) },
  { tag: Tag.SarSegmentSequence, value: Buffer.of(1) },
];
const bindBytes = bytesOf((writer) =>
  writePdu(writer, { command: 'BindTransceiver', sequence: 1, fields: { systemId: 'fuzz', interfaceVersion: 0x34 } }),
);
const enquiry = bytesOf((writer) => writer.header(Command.EnquireLink, Status.Ok, 0x7fff_fff0));
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

function bytesOf(write: (writer: PduWriter) => void): Buffer {
  const writer = new PduWriter();
  write(writer);
  return writer.take();
}

function below(chance: Rng, bound: number): number {
  return Math.floor(chance.next() * bound);
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff];
const LENGTHS = [0, 1, 15, 16, 17, 255, PDU_BYTES_MAX, PDU_BYTES_MAX + 1, 2 ** 31, 2 ** 32 - 1];
const IDS = Object.values(Command);

/** A PDU spoiled in a few places. As a rule its length is made right again, or hardly any would come past the framer. */
function spoiled(chance: Rng): Buffer {
  let bytes: Buffer = Buffer.from(seeds[below(chance, seeds.length)]!);
  for (let left = below(chance, 4); left >= 0; left -= 1) bytes = spoiledOnce(bytes, chance);
  if (bytes.length >= 16 && chance.next() < 0.9) bytes.writeUInt32BE(bytes.length, 0);
  return bytes;
}

function spoiledOnce(bytes: Buffer, chance: Rng): Buffer {
  const at = below(chance, bytes.length + 1);
  switch (below(chance, 8)) {
    case 0: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = changed[at]! ^ (1 << below(chance, 8));
      return changed;
    }
    case 1: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = INTERESTING[below(chance, INTERESTING.length)]!;
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
      const other = seeds[below(chance, seeds.length)]!;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(chance, other.length))]);
    }
    case 6: {
      const changed = Buffer.from(bytes);
      if (changed.length >= 8) changed.writeUInt32BE(IDS[below(chance, IDS.length)]!, 4);
      return changed;
    }
    default: {
      const changed = Buffer.from(bytes);
      if (changed.length >= 4) changed.writeUInt32BE(LENGTHS[below(chance, LENGTHS.length)]!, 0);
      return changed;
    }
  }
}

/** Checks what was written: whole PDUs that others read too, and of those not asked for only what an SMSC sends. */
function check(written: Buffer): number {
  let enquiriesAnswered = 0;
  let at = 0;
  for (const { commandId, sequence } of pdusIn(written)) {
    const length = written.readUInt32BE(at);
    const foreign = readForeign(written.subarray(at, at + length));
    at += length;
    if (foreign.command === 'unknown' || foreign.sequence_number !== sequence) throw new Error('others cannot read it');
    if (!isResponse(commandId) && commandId !== Command.DeliverSm) throw new Error(`sent 0x${commandId.toString(16)}`);
    if (commandId === Command.EnquireLinkResp && sequence === 0x7fff_fff0) enquiriesAnswered += 1;
  }
  return enquiriesAnswered;
}

/** One spoiled PDU in a session of its own, cut as chance has it, and an enquiry behind it. */
function runCase(edge: SmppEdgeUnderTest, number: number): Session {
  const chance = namedStream(SEED + number, 'smpp fuzz');
  const session = edge.connect();
  const isBound = chance.next() < 0.9;
  let written = isBound ? edge.receive(session, bindBytes) : Buffer.alloc(0);
  const bytes = spoiled(chance);
  const cut = chance.next() < 0.5 ? bytes.length : below(chance, bytes.length + 1);
  written = Buffer.concat([written, edge.receive(session, bytes.subarray(0, cut))]);
  written = Buffer.concat([written, edge.receive(session, bytes.subarray(cut))]);
  const wasWhole = session.state !== SessionState.Closed && isWhole(bytes);
  const answered = check(Buffer.concat([written, edge.receive(session, enquiry), edge.sent(session)]));
  if (wasWhole && answered === 0) throw new Error('an enquiry was not answered');
  return session;
}

/** Whether bytes are PDUs up to their end, by their lengths. */
function isWhole(bytes: Buffer): boolean {
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    if (length < 16) return false;
    at += length;
  }
  return at === bytes.length;
}

describe('spoiled PDUs', () => {
  it(`never break anything, ${PDUS} of them`, { timeout: 600_000 }, async () => {
    const edge = openSmppEdge();
    const states = new Map<number, number>();
    const from = ONLY === undefined ? 0 : Number(ONLY);
    for (let number = from; number < (ONLY === undefined ? PDUS : from + 1); number += 1) {
      try {
        const { state } = runCase(edge, number);
        states.set(state, (states.get(state) ?? 0) + 1);
      } catch (error) {
        const replay = `SMPP_FUZZ_SEED=${SEED} SMPP_FUZZ_CASE=${number} npx vitest run gateway/ingress/smpp/fuzz.test.ts`;
        throw new Error(`replay: ${replay}`, { cause: error });
      }
      // What is answered later has its turn.
      if (number % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (ONLY !== undefined) return;
    // The others were not harmed.
    const session = edge.connect();
    edge.receive(session, bindBytes);
    const fresh = { ...numbers, sourceAddr: '12125550177' };
    const submit = bytesOf((writer) => writePdu(writer, { command: 'SubmitSm', sequence: 5, fields: fresh }));
    const [answer] = pdusIn(edge.receive(session, submit));
    expect(answer).toMatchObject({ commandId: Command.SubmitSmResp, status: Status.Ok });
    // Chance reached all there is: sessions that went on, were closed, and never got as far as a bind.
    for (const state of [SessionState.Open, SessionState.Transceiver, SessionState.Closed]) {
      expect(states.get(state) ?? 0).toBeGreaterThan(PDUS / 100);
    }
    expect(edge.store.nextSequence).toBeGreaterThan(PDUS / 200);
  });
});
