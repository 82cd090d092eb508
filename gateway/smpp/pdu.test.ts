import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Command, type CommandName, Status, Tag } from './commands.ts';
import { Frame, Framer } from './framer.ts';
import { type Field, type Fields, LAYOUTS } from './layouts.ts';
import { nameOfCommand, type Pdu, type PduParts, type PduRead, readPdu, writePdu } from './pdu.ts';
import { PduWriter } from './pdu-writer.ts';
import { readForeign } from './smpp-package-under-test.ts';
import { SubmitSm } from './submit-sm.ts';

interface Vector {
  readonly source: string;
  readonly test: string;
  readonly hex: string;
  readonly complete?: boolean;
}

const vectors = JSON.parse(readFileSync(new URL('golden/pdu-vectors.json', import.meta.url), 'utf8')) as Vector[];

function written(parts: PduParts): Buffer {
  const writer = new PduWriter();
  writePdu(writer, parts);
  return writer.take();
}

function read(bytes: Buffer): PduRead {
  return readPdu(bytes, 0, bytes.length);
}

function readOk(bytes: Buffer): Pdu {
  const found = read(bytes);
  if (!found.ok) throw new Error(`status ${found.status}`);
  return found.pdu;
}

const anyText = (size: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: size - 1 });
const anOctet = fc.nat(255);
const anAddress = fc.record({ ton: anOctet, npi: anOctet, address: anyText(21) });

function anyField({ kind, size }: Field): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'octet':
      return anOctet;
    case 'text':
      return anyText(size);
    case 'time':
      return fc.constantFrom('', '000001000000000R', '261123120000000+', '261123120000032-');
    case 'bytes':
      return fc.uint8Array({ maxLength: size });
    case 'destinations':
      return fc.array(fc.oneof(anAddress, fc.record({ list: anyText(21) })), { minLength: 1, maxLength: 5 });
    case 'unsuccess':
      return fc.array(
        anAddress.chain((address) => fc.nat(0xffff).map((status) => ({ ...address, status }))),
        { maxLength: 5 },
      );
  }
}

const names = Object.keys(Command) as CommandName[];
const anyParts: fc.Arbitrary<PduParts> = fc.constantFrom(...names).chain((command) => {
  const layout = LAYOUTS.get(Command[command]) ?? [];
  const fields = Object.fromEntries(layout.map((field) => [field.name, anyField(field)]));
  const parameter = fc.record({ tag: fc.nat(0xffff), value: fc.uint8Array({ maxLength: 300 }) });
  return fc.record({
    command: fc.constant(command),
    sequence: fc.nat(0x7fff_ffff),
    status: fc.constant(0),
    fields: fc.record(fields) as fc.Arbitrary<Partial<Fields>>,
    // After a response without fields parameters would be taken for those fields.
    parameters: layout.length === 0 ? fc.constant([]) : fc.array(parameter, { maxLength: 4 }),
  });
});

describe('a PDU', () => {
  it('reads as it was written, of every command, with unknown parameters in their order', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const pdu = readOk(written(parts));
        expect(pdu.commandId).toBe(Command[parts.command]);
        expect(pdu.sequence).toBe(parts.sequence);
        expect(plain(pdu.fields)).toEqual(plain(parts.fields ?? {}));
        expect(pdu.parameters.map(({ tag, value }) => [tag, ...value])).toEqual(
          (parts.parameters ?? []).map(({ tag, value }) => [tag, ...value]),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('is read alike by another implementation, field by field', () => {
    const command = fc.constantFrom(...names.filter((name) => name !== 'Outbind'));
    fc.assert(
      fc.property(
        command.chain((name) => anyParts.filter((parts) => parts.command === name)),
        (parts) => {
          const pdu = { ...parts, parameters: [] };
          const foreign = readForeign(written(pdu));
          expect(foreign.command).toBe(snake(parts.command));
          expect(foreign.sequence_number).toBe(parts.sequence);
          for (const field of LAYOUTS.get(Command[parts.command]) ?? []) {
            if (field.kind !== 'octet' && field.kind !== 'text') continue;
            const value = foreign[snake(field.name)];
            expect(field.kind === 'octet' ? value : Buffer.from(String(value))).toEqual(
              field.kind === 'octet' ? parts.fields?.[field.name] : Buffer.from(asAscii(parts.fields?.[field.name])),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is never written with a field that is too long, nor half written', () => {
    const writer = new PduWriter();
    for (const [id, layout] of LAYOUTS) {
      for (const { name, kind, size } of layout) {
        if (kind !== 'text' && kind !== 'bytes') continue;
        const value = kind === 'text' ? 'x'.repeat(size) : new Uint8Array(size + 1);
        const parts = { command: nameOfCommand(id) as CommandName, sequence: 1, fields: { [name]: value } };
        expect(() => writePdu(writer, parts)).toThrow(RangeError);
      }
    }
    expect(writer.size).toBe(0);
  });

  it('of every command takes its texts up to the size the specification gives, with the terminator', () => {
    for (const [id, layout] of LAYOUTS) {
      for (const { name, kind, size, status } of layout) {
        if (kind !== 'text') continue;
        const command = nameOfCommand(id) as CommandName;
        const longest = 'x'.repeat(size - 1);
        const fields = { destAddresses: [{ ton: 1, npi: 1, address: '1' }], [name]: longest };
        const bytes = written({ command, sequence: 1, fields });
        expect(readOk(bytes).fields[name]).toBe(longest);
        const at = bytes.indexOf(longest) + size - 1;
        const longer = Buffer.concat([bytes.subarray(0, at), Buffer.from('x'), bytes.subarray(at)]);
        longer.writeUInt32BE(longer.length, 0);
        expect(read(longer), `${command} ${name}`).toEqual({ ok: false, status });
      }
    }
  });

  it('that is unknown says so', () => {
    const bytes = written({ command: 'EnquireLink', sequence: 9 });
    bytes.writeUInt32BE(0x110, 4);
    expect(read(bytes)).toEqual({ ok: false, status: Status.InvalidCommandId });
  });

  it('cut short anywhere is refused, or is a shorter one', () => {
    const parameters = [{ tag: Tag.MessagePayload, value: Buffer.from('hello') }];
    const fields = { sourceAddr: '12125550100', destinationAddr: '12125550101' };
    const bytes = written({ command: 'SubmitSm', sequence: 1, fields, parameters });
    const accepted: number[] = [];
    for (let end = 16; end < bytes.length; end += 1) {
      const cut = Buffer.from(bytes.subarray(0, end));
      if (read(cut).ok) accepted.push(bytes.length - end);
    }
    // Without its one parameter it is whole, also with too little of it to be one.
    expect(accepted).toEqual([9, 8, 7, 6]);
  });
});

/** What other implementations say in the vectors is that these can be read, and these not. */
const UNREADABLE = new Map<string, number>([
  ['decodeUnsupportedRequestCommandId', Status.InvalidCommandId],
  ['decodeUnsupportedResponseCommandId', Status.InvalidCommandId],
  ['decodeSubmitSmRespWithNoNullByteForMessageId', Status.InvalidMessageId],
  // Its last parameter is said to be 65 bytes long, and is 6.
  ['decodeDeliverSmNetforsDeliveryReceiptTriggeredErrorInLegacySmppLibrary', Status.InvalidOptionalPart],
  ['decodeDeliverSMWithCorrectTotalByteLengthButInvalidShortMessageLength', Status.InvalidMessageLength],
]);

describe('the golden vectors', () => {
  const complete = vectors.filter(({ complete: isComplete }) => isComplete);

  it('are read, or refused for the reason they are there for', () => {
    expect(complete).toHaveLength(76);
    const refused = complete.flatMap(({ test, hex }) => {
      const found = read(Buffer.from(hex, 'hex'));
      return found.ok ? [] : [[test, found.status]];
    });
    expect(new Map(refused as [string, number][])).toEqual(UNREADABLE);
  });

  it('are written again byte by byte as they were', () => {
    const others: string[] = [];
    for (const { test, hex } of complete) {
      const bytes = Buffer.from(hex, 'hex');
      const found = read(bytes);
      if (!found.ok) continue;
      const { pdu } = found;
      const again = written({
        command: nameOfCommand(pdu.commandId) as CommandName,
        sequence: pdu.sequence,
        status: pdu.status,
        fields: pdu.fields,
        parameters: pdu.parameters,
        isBare: bytes.length === 16,
      });
      if (again.toString('hex') !== hex) others.push(test);
    }
    expect(others).toEqual([]);
  });

  it('say the same as in the package of others', () => {
    for (const { hex } of complete) {
      const bytes = Buffer.from(hex, 'hex');
      const found = read(bytes);
      if (!found.ok) continue;
      const foreign = readForeign(bytes);
      for (const [name, value] of Object.entries(found.pdu.fields)) {
        if (typeof value === 'number') expect(foreign[snake(name)]).toBe(value);
      }
    }
  });
});

describe('the capture', () => {
  it('is a session from its bind to its unbind', () => {
    const capture = readFileSync(new URL('golden/smpp-in-general.pcap', import.meta.url));
    const commands: string[] = [];
    const framers = new Map<number, Framer>();
    for (const { sourcePort, payload } of tcpSegments(capture)) {
      const framer = framers.get(sourcePort) ?? new Framer();
      framers.set(sourcePort, framer);
      framer.push(payload);
      while (framer.next() === Frame.Pdu) {
        const found = readPdu(framer.bytes, framer.start, framer.end);
        if (found.ok) commands.push(nameOfCommand(found.pdu.commandId));
      }
    }
    expect(commands).toEqual([
      'BindTransmitter',
      'BindTransmitterResp',
      'EnquireLink',
      'EnquireLinkResp',
      'SubmitSm',
      'SubmitSmResp',
      'Unbind',
      'UnbindResp',
    ]);
  });
});

describe('the quick reader of submit_sm', () => {
  const quick = new SubmitSm();

  const compare = (bytes: Buffer): void => {
    const slow = read(bytes);
    const status = quick.read(bytes, 0, bytes.length);
    // The quick one also judges parameters, which the slow one hands on as they are.
    if (status >= Status.OptionalParameterNotAllowed) return;
    expect(status).toBe(slow.ok ? Status.Ok : slow.status);
    if (!slow.ok) return;
    const { fields, parameters } = slow.pdu;
    const textAt = (at: number, length: number): string => bytes.toString('latin1', at, at + length);
    const payload = parameters.findLast(({ tag }) => tag === Tag.MessagePayload)?.value;
    expect({
      serviceType: textAt(quick.serviceTypeAt, quick.serviceTypeLength),
      sourceAddrTon: quick.sourceTon,
      sourceAddrNpi: quick.sourceNpi,
      sourceAddr: textAt(quick.sourceAt, quick.sourceLength),
      destAddrTon: quick.destinationTon,
      destAddrNpi: quick.destinationNpi,
      destinationAddr: textAt(quick.destinationAt, quick.destinationLength),
      esmClass: quick.esmClass,
      protocolId: quick.protocolId,
      priorityFlag: quick.priorityFlag,
      scheduleDeliveryTime: textAt(quick.scheduleAt, quick.scheduleLength),
      validityPeriod: textAt(quick.validityAt, quick.validityLength),
      registeredDelivery: quick.registeredDelivery,
      replaceIfPresentFlag: quick.replaceIfPresent,
      dataCoding: quick.dataCoding,
      smDefaultMsgId: quick.defaultMessageId,
      shortMessage: textAt(quick.messageAt, quick.messageLength),
    }).toEqual({
      ...fields,
      shortMessage: Buffer.from(payload ?? fields.shortMessage ?? []).toString('latin1'),
    });
  };

  it('reads what the slow one reads, and refuses what it refuses', () => {
    const submit = anyParts.filter(({ command }) => command === 'SubmitSm');
    fc.assert(
      fc.property(
        submit,
        fc.array(fc.tuple(fc.nat(), anOctet), { maxLength: 3 }),
        fc.nat(400),
        (parts, changes, cut) => {
          const bytes = written(parts);
          compare(bytes);
          for (const [place, octet] of changes) bytes[16 + (place % (bytes.length - 16))] = octet;
          compare(bytes);
          compare(bytes.subarray(0, Math.max(16, bytes.length - cut)));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('finds the parameters it knows among others', () => {
    const parameters = [
      { tag: 0x1454, value: Buffer.from('whatever') },
      { tag: Tag.SarMessageReference, value: Buffer.of(1, 2) },
      { tag: Tag.SarTotalSegments, value: Buffer.of(3) },
      { tag: Tag.SarSegmentSequence, value: Buffer.of(2) },
      { tag: Tag.UserMessageReference, value: Buffer.of(0xab, 0xcd) },
    ];
    const bytes = written({ command: 'SubmitSm', sequence: 1, parameters });
    expect(quick.read(bytes, 0, bytes.length)).toBe(Status.Ok);
    const { sarReference, sarTotal, sarSegment, userMessageReference } = quick;
    expect([sarReference, sarTotal, sarSegment, userMessageReference]).toEqual([0x102, 3, 2, 0xabcd]);
  });

  it.each([
    ['of a wrong length', [{ tag: Tag.SarTotalSegments, value: Buffer.of(1, 2) }], Status.InvalidParameterLength],
    ['a payload beside a text', [{ tag: Tag.MessagePayload, value: Buffer.of(1) }], Status.OptionalParameterNotAllowed],
  ])('refuses a parameter %s', (_, parameters, status) => {
    const fields = { shortMessage: Buffer.from('hi') };
    const bytes = written({ command: 'SubmitSm', sequence: 1, fields, parameters });
    expect(quick.read(bytes, 0, bytes.length)).toBe(status);
  });
});

describe('any bytes', () => {
  it('are read or refused, and nothing is read behind their end', () => {
    const ids = fc.constantFrom(...Object.values(Command));
    fc.assert(
      fc.property(ids, fc.uint8Array({ maxLength: 300 }), (commandId, body) => {
        const around = Buffer.alloc(body.length + 64, 0xff);
        around.writeUInt32BE(16 + body.length, 8);
        around.writeUInt32BE(commandId, 12);
        around.set(body, 24);
        const found = readPdu(around, 8, 24 + body.length);
        const first = plain(found);
        around.fill(0x41, 24 + body.length);
        expect(plain(readPdu(around, 8, 24 + body.length))).toEqual(first);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Views of bytes as lists of numbers, which compare by value whatever they are views of. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return [...(value as Buffer)];
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter, at: number) => (at === 0 ? '' : '_') + letter.toLowerCase());
}

/** That package reads texts as ASCII, the eighth bit cut off. */
function asAscii(value: unknown): string {
  return Buffer.from(String(value), 'latin1').toString('ascii');
}

/** Payloads of TCP segments of a capture in the classic format, in their order. */
function* tcpSegments(capture: Buffer): Generator<{ sourcePort: number; payload: Buffer }> {
  const isLittle = capture.readUInt32LE(0) === 0xa1b2_c3d4;
  const read32 = (at: number): number => (isLittle ? capture.readUInt32LE(at) : capture.readUInt32BE(at));
  for (let at = 24; at < capture.length;) {
    const length = read32(at + 8);
    const packet = capture.subarray(at + 16, at + 16 + length);
    at += 16 + length;
    const ip = packet.subarray(14);
    const ipBytes = (ip[0]! & 0x0f) * 4;
    const tcp = ip.subarray(ipBytes, ip.readUInt16BE(2));
    const payload = tcp.subarray((tcp[12]! >> 4) * 4);
    if (payload.length > 0) yield { sourcePort: tcp.readUInt16BE(0), payload };
  }
}
