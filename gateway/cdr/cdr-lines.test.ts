import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageRecord, TextBytes } from '../messages/index.ts';
import { type Cdr, readCdr } from './cdr.ts';
import { CdrLines, TimeText } from './cdr-lines.ts';
import { endedMessages } from './cdrs-under-test.ts';

const SEED = 1;
const COUNT = 3_000;
const ended = endedMessages(SEED, COUNT);
const lines = new CdrLines(ended.core, ended.store);
const texts = Array.from({ length: COUNT }, (_, at) => {
  const bytes = new TextBytes();
  lines.add(at, bytes);
  return bytes.take().toString();
});
const cdrs = texts.map((text) => JSON.parse(text) as Cdr);

test('a line has the id of the run whose state the store took up', () => {
  const { core, store } = endedMessages(SEED, 10);
  const restored = new CdrLines(core, store);
  store.restore({ ...structuredClone(store.capture()), idPrefix: 'MOTHER-' });
  const bytes = new TextBytes();
  restored.add(7, bytes);
  expect((JSON.parse(bytes.take().toString()) as Cdr).id).toBe('MOTHER-7');
});

test('every message is one line that reads back as a record, and holds no text', () => {
  for (const [at, text] of texts.entries()) {
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(readCdr(text)).toEqual(cdrs[at]);
    expect(text).not.toContain('secret');
  }
});

test('a line says what the record of the native API says', () => {
  const kinds = new Set<string>();
  for (const [at, cdr] of cdrs.entries()) {
    const record = messageRecord(ended.core, ended.store, at);
    const { id, acceptedAt, receipt, handset, from, to, carrier, route, message, encoding, segments, truth } = record;
    const { registration, reason, decision, tariff, price } = record;
    expect(cdr.receipt).toEqual(receipt && { state: receipt.state, at: receipt.at });
    expect(cdr.error).toBe(record.error?.name ?? null);
    expect(cdr).toMatchObject({
      id,
      acceptedAt,
      handset,
      from,
      to,
      carrier,
      route,
      message,
      encoding,
      segments,
    });
    expect(cdr).toMatchObject({ truth, registration, reason, decision, era: tariff, totalMicros: price.totalMicros });
    expect(cdr.account).toBe(record.account ?? null);
    expect(cdr.campaign).toBe(record.campaign ?? null);
    expect(cdr.limit).toEqual(
      record.limit === undefined
        ? null
        : { name: record.limit.name, scope: record.limit.scope, used: record.limit.used, cap: record.limit.cap },
    );
    const payer = record.account ?? 'sender';
    expect(cdr.postings).toEqual(price.postings.map(({ payee, cause, micros }) => ({ payer, payee, cause, micros })));
    expect(cdr.pricedAt).toBe(new Date(ended.store.pricedAtMs[at]!).toISOString());
    expect(cdr.sender).toBe(cdr.from.startsWith('+1800') ? 'toll-free' : '10dlc');
    kinds.add(`${cdr.decision} ${cdr.postings.length > 0}`);
  }
  expect([...kinds]).toEqual(
    expect.arrayContaining(['accepted true', 'toll_free_blocked true', 'destination_landline false']),
  );
  expect(cdrs.map(({ limit }) => limit?.scope)).toContain('campaign');
});

test('a message that another gateway took in keeps its id', () => {
  const { core, store } = endedMessages(SEED, 1);
  store.adopt(0, 'MOTHER-1Z', 7);
  const bytes = new TextBytes();
  new CdrLines(core, store).add(0, bytes);
  expect(JSON.parse(bytes.take().toString())).toMatchObject({ id: 'MOTHER-1Z' });
});

test('moments are written as Date writes them, whatever was written before', () => {
  const time = new TimeText();
  const moments = fc.array(fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }));
  const edges = [
    '2024-02-29T23:59:59.999Z',
    '2024-03-01',
    '2023-12-31T23:59:59.999Z',
    '2000-02-29',
    '2100-03-01',
    '1970-01-01',
  ];
  fc.assert(
    fc.property(moments, (dates) => {
      for (const date of [...dates, ...edges.map((edge) => new Date(edge))]) {
        expect(Buffer.from(time.at(date.getTime())).toString()).toBe(JSON.stringify(date));
      }
    }),
  );
});
