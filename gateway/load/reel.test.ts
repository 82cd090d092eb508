import { describe, expect, test } from 'vitest';
import { decodeText, readPdu, readUserDataHeader } from '../smpp/index.ts';
import type { LoadMessage } from './message-mix.ts';
import { jsonReel, numberIn, type Reel, submitReel, writeNumber } from './reel.ts';

const MESSAGE: LoadMessage = { from: 2_125_550_100, to: 3_105_550_123, text: 'Your "table" is €ady', isSpam: true };

describe('a reel of JSON', () => {
  test('has a line for each message, whose number is written into it', () => {
    const reel = jsonReel(() => MESSAGE, { count: 3, account: 'one', callbackUrl: 'http://127.0.0.1:1/receipts' });
    expect(reel.count).toBe(3);
    writeNumber(reel.bytes, reel.start(1), 907_199_254_740);
    const lines = reel.bytes.toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      ['000000000000', '907199254740', '000000000000'].map((reference) => ({
        reference,
        from: '+12125550100',
        to: '+13105550123',
        text: 'Your "table" is €ady',
        truth: 'spam',
        account: 'one',
        callbackUrl: 'http://127.0.0.1:1/receipts',
      })),
    );
  });

  test('and the number is read from what is said of the message', () => {
    expect(numberIn(Buffer.from('{"event":"receipt","id":"M1","reference":"000000000042","copy":0}'))).toBe(42);
    for (const other of ['', '{"reference":null}', '{"reference":"of another"}', '{"reference":"12']) {
      expect(numberIn(Buffer.from(other))).toBe(-1);
    }
  });
});

/** What a reel of submit_sm says, by an independent reading. */
function submitsOf(reel: Reel): { text: string; part: number; total: number; fields: object }[] {
  return Array.from({ length: reel.count }, (_, piece) => {
    const read = readPdu(reel.bytes, reel.start(piece), reel.end(piece));
    if (!read.ok) throw new Error(`status ${read.status}`);
    const { fields } = read.pdu;
    const octets = Buffer.from(fields.shortMessage ?? []);
    const header = { length: 0, part: 1, total: 1, reference: 0 };
    if ((fields.esmClass ?? 0) !== 0) readUserDataHeader(octets, 0, octets.length, header);
    const text = decodeText(octets, header.length, octets.length, fields.dataCoding ?? 0) ?? '';
    return { text, part: header.part, total: header.total, fields };
  });
}

describe('a reel of submit_sm', () => {
  test('asks for receipts if told to, and has sequence_number 0', () => {
    for (const receipts of [true, false]) {
      const [submit] = submitsOf(submitReel(() => ({ ...MESSAGE, text: 'short' }), 1, receipts));
      expect(submit).toMatchObject({
        text: 'short',
        fields: {
          sourceAddr: '12125550100',
          destinationAddr: '13105550123',
          sourceAddrTon: 1,
          destAddrNpi: 1,
          registeredDelivery: receipts ? 1 : 0,
          esmClass: 0,
          dataCoding: 0,
        },
      });
    }
  });

  test.each([
    ['GSM', 'ab{c}€'.repeat(100), 0],
    ['GSM that fits exactly', 'a'.repeat(160), 0],
    ['UCS-2', 'Привет 👋 '.repeat(30), 8],
    ['UCS-2 that fits exactly', 'ж'.repeat(70), 8],
  ])('sends a long text in %s in parts that put together are the text', (_name, text, dataCoding) => {
    const submits = submitsOf(submitReel(() => ({ ...MESSAGE, text }), 1, false));
    expect(submits.map((submit) => submit.text).join('')).toBe(text);
    expect(submits.map(({ part }) => part)).toEqual(submits.map((_, index) => index + 1));
    expect(new Set(submits.map(({ total }) => total))).toEqual(new Set([submits.length]));
    expect(submits.every(({ fields }) => (fields as { dataCoding: number }).dataCoding === dataCoding)).toBe(true);
    expect(submits.length === 1).toBe(text.length === 160 || text.length === 70);
  });
});
