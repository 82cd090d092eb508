import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Frame, Framer } from './framer.ts';

interface Vector {
  readonly test: string;
  readonly hex: string;
  readonly complete?: boolean;
}

const vectors = JSON.parse(readFileSync(new URL('golden/pdu-vectors.json', import.meta.url), 'utf8')) as Vector[];
const whole = vectors.filter(({ complete }) => complete).map(({ hex }) => Buffer.from(hex, 'hex'));

/** All PDUs that come of a stream cut so; the last word is what the framer said at the end. */
function framed(chunks: readonly Buffer[], framer = new Framer()): { pdus: string[]; last: number } {
  const pdus: string[] = [];
  let last: number = Frame.More;
  for (const chunk of chunks) {
    framer.push(chunk);
    for (last = framer.next(); last === Frame.Pdu; last = framer.next()) {
      pdus.push(framer.bytes.toString('hex', framer.start, framer.end));
    }
    // What was read may be overwritten by what is read next.
    chunk.fill(0xee);
  }
  return { pdus, last };
}

describe('a stream of PDUs', () => {
  const stream = Buffer.concat(whole);
  const wanted = whole.map((pdu) => pdu.toString('hex'));

  it('comes out the same in one piece and byte by byte', () => {
    expect(framed([Buffer.from(stream)])).toEqual({ pdus: wanted, last: Frame.More });
    expect(framed(Array.from(stream, (byte) => Buffer.of(byte)))).toEqual({ pdus: wanted, last: Frame.More });
  });

  it('comes out the same cut in two at every byte', () => {
    const short = Buffer.concat(whole.slice(0, 12));
    for (let at = 0; at <= short.length; at += 1) {
      const { pdus } = framed([Buffer.from(short.subarray(0, at)), Buffer.from(short.subarray(at))]);
      expect(pdus).toEqual(wanted.slice(0, 12));
    }
  });

  it('comes out the same however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 40 }), (places) => {
        const cuts = [0, ...places.sort((a, b) => a - b), stream.length];
        const chunks = cuts.slice(1).map((cut, index) => Buffer.from(stream.subarray(cuts[index], cut)));
        expect(framed(chunks).pdus).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });

  it('is kept as far as it came, and no longer', () => {
    const framer = new Framer();
    const pdu = whole[0]!;
    framed([Buffer.from(pdu.subarray(0, 7))], framer);
    expect(framer.pendingBytes).toBe(7);
    framed([Buffer.from(pdu.subarray(7))], framer);
    expect(framer.pendingBytes).toBe(0);
  });
});

describe('a length that is none', () => {
  const header = (length: number): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32BE(length, 0);
    bytes.writeUInt32BE(0x15, 4);
    bytes.writeUInt32BE(77, 12);
    return bytes;
  };

  it.each([0, 1, 15, 70_001, 2 ** 31, 2 ** 32 - 1])('%d ends the stream, and says whose it was', (length) => {
    const framer = new Framer();
    expect(framed([header(length)], framer)).toEqual({ pdus: [], last: Frame.BadLength });
    expect(framer.length).toBe(length);
    expect(framer.sequence).toBe(77);
    framer.push(Buffer.from(whole[0]!));
    expect(framer.next()).toBe(Frame.BadLength);
  });

  it('is noticed as soon as its four bytes are there, however they come', () => {
    const framer = new Framer();
    const bytes = header(15);
    expect(framed([bytes.subarray(0, 3)], framer).last).toBe(Frame.More);
    expect(framed([Buffer.of(15)], framer).last).toBe(Frame.BadLength);
    expect(framer.sequence).toBe(0);
  });

  it('is one byte beyond the longest that is taken', () => {
    const bytes = Buffer.alloc(100);
    bytes.writeUInt32BE(100, 0);
    expect(framed([Buffer.from(bytes)], new Framer(100)).pdus).toHaveLength(1);
    bytes.writeUInt32BE(101, 0);
    expect(framed([Buffer.from(bytes)], new Framer(100)).last).toBe(Frame.BadLength);
  });

  it('costs no room that has not come', () => {
    const framer = new Framer();
    const bytes = header(70_000);
    framed([bytes], framer);
    expect(framer.pendingBytes).toBe(16);
  });
});
