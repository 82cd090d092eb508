import { fc, test } from '@fast-check/vitest';
import { stringify } from 'csv-stringify/sync';
import { describe, expect } from 'vitest';
import { COLUMNS, csvReader, type LineRead, type LineReader, readJsonLine } from './bulk-file.ts';
import type { Line } from './line-splitter.ts';
import { readNumber } from './read-number.ts';

const SEEDED = { seed: 1 };

const line = (text: string, own: Partial<Line> = {}): Line => ({ text, isTooLong: false, isEnded: true, ...own });

function reader(header: string): LineReader {
  const found = csvReader(line(header));
  if (typeof found !== 'function') throw new Error(found.message);
  return found;
}

const csv = reader('number,campaignId,nnid,action');
const order = { kind: 'provision', key: 2125550123, campaignId: 'CNORTH1', nnid: '104801' };
const fault = (read: LineRead): unknown => read !== undefined && 'fault' in read && read.fault;

describe('a line of NDJSON', () => {
  test.each([
    ['{"number":"+12125550123","campaignId":"CNORTH1","nnid":"104801"}', order],
    ['{"number":"2125550123","campaignId":"CNORTH1"}', { ...order, nnid: undefined }],
    ['{"number":"12125550123","campaignId":"CNORTH1","action":"provision"}', { ...order, nnid: undefined }],
    ['{"number":"2125550123","action":"remove"}', { kind: 'remove', key: 2125550123, campaignId: '', nnid: undefined }],
  ])('%s is an order', (text, wanted) => {
    expect(readJsonLine(line(text))).toEqual({ order: wanted });
  });

  test.each([
    ['{"number":"2125550123"', 'not_json', ''],
    ['[1]', 'not_an_object', ''],
    ['null', 'not_an_object', ''],
    ['"2125550123"', 'not_an_object', ''],
    ['{"number":2125550123,"campaignId":"CNORTH1"}', 'not_text', 'number'],
    ['{"number":"2125550123","campaignId":"CNORTH1","brand":"B1"}', 'unknown_field', ''],
    ['{"__proto__":{"number":"2125550123"},"campaignId":"CNORTH1"}', 'unknown_field', ''],
    ['{"number":"2125550123"}', 'missing', 'campaignId'],
    ['{"campaignId":"CNORTH1"}', 'missing', 'number'],
    ['{"number":"2125550123","campaignId":"CNORTH1","action":"delete"}', 'unknown_action', 'action'],
    ['{"number":"+442071234567","campaignId":"CNORTH1"}', 'not_plus_one', 'number'],
    ['{"number":"8005550123","campaignId":"CNORTH1"}', 'toll_free', 'number'],
    ['{"number":"\uFFFD","campaignId":"CNORTH1"}', 'wrong_encoding', ''],
  ])('%s is refused as %s', (text, code, field) => {
    expect(fault(readJsonLine(line(text)))).toMatchObject({ code, field });
  });

  test('that is the last and breaks off is told apart; one that is whole counts', () => {
    const whole = '{"number":"2125550123","campaignId":"CNORTH1","nnid":"104801"}';
    expect(readJsonLine(line(whole, { isEnded: false }))).toEqual({ order });
    for (let length = 1; length < whole.length; length += 1) {
      expect(fault(readJsonLine(line(whole.slice(0, length), { isEnded: false })))).toMatchObject({
        code: 'half_line',
      });
    }
  });
});

describe('a line of CSV', () => {
  test.each([
    ['+12125550123,CNORTH1,104801,'],
    ['2125550123,CNORTH1,104801,provision'],
    [' 2125550123 , CNORTH1 ,104801, '],
    ['"2125550123","CNORTH1","104801",""'],
  ])('%s is an order', (text) => {
    expect(csv(line(text))).toEqual({ order });
  });

  test.each([
    ['2125550123,CNORTH1', 'wrong_field_count', ''],
    ['2125550123,CNORTH1,104801,,', 'wrong_field_count', ''],
    ['"2125550123,CNORTH1,104801,', 'bad_quotes', ''],
    ['212"5550123,CNORTH1,104801,', 'bad_quotes', ''],
    ['2125550123,,104801,', 'missing', 'campaignId'],
    [',CNORTH1,104801,', 'missing', 'number'],
    ['2125550123,CNORTH1,104801,move', 'unknown_action', 'action'],
    ['2121110123,CNORTH1,104801,', 'exchange_impossible', 'number'],
  ])('%s is refused as %s', (text, code, field) => {
    expect(fault(csv(line(text)))).toMatchObject({ code, field });
  });

  test('that is the last is never taken for whole while it may have been cut', () => {
    const whole = '2125550123,CNORTH1,104801';
    const three = reader('number,campaignId,nnid');
    const last = (text: string): LineRead => three(line(text, { isEnded: false }));
    expect(last(whole)).toEqual({ order });
    for (let length = 1; length < whole.length; length += 1) {
      const read = last(whole.slice(0, length));
      // A cut within the last field leaves an NNID that nobody holds.
      const isHarmless = read !== undefined && 'order' in read && read.order.nnid?.length !== 6;
      expect(isHarmless || fault(read)).toBeTruthy();
    }
    expect(fault(last('2125550123,CNORTH1,'))).toMatchObject({ code: 'half_line' });
  });

  test('that is blank is none', () => {
    expect(csv(line('  '))).toBeUndefined();
    expect(readJsonLine(line(''))).toBeUndefined();
  });

  test.each([
    '',
    'number',
    '2125550123,CNORTH1',
    'number;campaignId',
    'number,campaignId,brand',
    'number,number,campaignId',
  ])('under the header %j is not read at all', (header) => {
    expect(csvReader(line(header))).toMatchObject({ code: 'bad_header' });
  });

  test.prop(
    [
      fc.shuffledSubarray([...COLUMNS], { minLength: 4 }),
      fc.record({
        number: fc.constantFrom('2125550123', '+12125550123'),
        campaignId: fc.stringMatching(/^C[A-Z0-9]{6}$/),
        nnid: fc.stringMatching(/^[0-9]{6}$/),
        action: fc.constantFrom('', 'provision', 'remove'),
      }),
      fc.boolean(),
    ],
    SEEDED,
  )('means the same in any order of columns, quoted or not', (columns, fields, quoted) => {
    const text = stringify([columns.map((column) => fields[column])], { quoted }).trimEnd();
    const json = JSON.stringify(fields);
    expect(reader(columns.join(','))(line(text))).toEqual(readJsonLine(line(json)));
  });
});

test.prop([fc.string({ unit: 'binary', maxLength: 60 }), fc.boolean()], SEEDED)(
  'any line at all has an answer',
  (text, isEnded) => {
    for (const read of [readJsonLine, csv]) {
      const found = read(line(text.replaceAll('\n', ''), { isEnded }));
      if (found !== undefined && 'fault' in found) expect(found.fault.message).not.toBe('');
    }
  },
);

test.prop([fc.integer({ min: 2_000_000_000, max: 9_999_999_999 })], SEEDED)(
  'no fault repeats the number it is about',
  (digits) => {
    fc.pre(readNumber(String(digits)) < 0);
    const read = readJsonLine(line(JSON.stringify({ number: String(digits), campaignId: 'CNORTH1' })));
    expect(JSON.stringify(read)).not.toContain(String(digits).slice(3));
  },
);
