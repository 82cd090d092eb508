import { fc, test as property } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ANY_NNID, formatNumber, parseNumberKey } from '../../../registry-cache/index.ts';
import { BULK_CHUNK_LINES, BULK_JOB_LIFE_MS, BULK_JOBS_MAX, BULK_LINE_BYTES_MAX, BULK_REMARKS_KEPT } from './limits.ts';
import { linesOf, type NnsrUnderTest, NORTH, openNnsrUnderTest, SOUTH } from './nnsr-under-test.ts';

let nnsr: NnsrUnderTest;
beforeEach(async () => {
  nnsr = await openNnsrUnderTest();
});
afterEach(() => nnsr.close());

const FIRST = 2_125_550_000;
const json = (index: number, own: object = {}): string =>
  `${JSON.stringify({ number: formatNumber(FIRST + index), campaignId: 'CNORTH1', ...own })}\n`;
const file = (count: number): string => Array.from({ length: count }, (_, index) => json(index)).join('');

interface Remark {
  readonly type: string;
  readonly line: number;
  readonly number?: string;
  readonly field: string;
  readonly code: string;
}

/** First and last line of a streamed answer, and the errors and warnings between. */
function read(text: string): { job: string; remarks: Remark[]; end: Record<string, unknown> } {
  const lines = linesOf(text);
  const job = String(lines[0]?.['job']);
  return {
    job,
    remarks: lines.filter(({ type }) => type === 'error' || type === 'warning') as unknown as Remark[],
    end: lines.at(-1) ?? {},
  };
}

const marks = (remarks: readonly Remark[]): unknown[] => remarks.map(({ type, line, code }) => [type, line, code]);

describe('a file', () => {
  test('of NDJSON provisions and removes, and tells how it went by line', async () => {
    const answer = await nnsr.upload(
      NORTH,
      [
        json(1),
        '\n',
        json(2, { campaignId: 'CEXPIR1' }),
        'not json\n',
        json(3, { number: '+442071234567' }),
        json(4, { campaignId: 'CNOTHER' }),
        json(5, { nnid: '104901' }),
        json(1, { action: 'remove' }),
        json(6, { action: 'remove' }),
        json(7, { nnid: '104802' }),
        `${' '.repeat(BULK_LINE_BYTES_MAX)}${json(8)}`,
        json(9).slice(0, 20),
      ].join(''),
    );
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/x-ndjson/);
    const { job, remarks, end } = read(answer.payload);
    expect(answer.headers['nnsr-job']).toBe(job);
    expect(answer.headers['location']).toBe(`/nnsr/v1/bulk/${job}`);
    expect(marks(remarks)).toEqual([
      ['error', 3, 'CAMPAIGN_EXPIRED'],
      ['error', 4, 'not_json'],
      ['error', 5, 'not_plus_one'],
      ['error', 6, 'CAMPAIGN_NOT_AVAILABLE'],
      ['error', 7, 'INVALID_NNID'],
      ['warning', 8, 'duplicate_number'],
      ['warning', 9, 'not_registered'],
      ['error', 11, 'line_too_long'],
      ['error', 12, 'half_line'],
    ]);
    expect(remarks[0]).toMatchObject({ number: '+1212•••0002', field: 'campaignId' });
    expect(end).toMatchObject({
      type: 'end',
      state: 'complete',
      lines: 12,
      provisioned: 2,
      removed: 1,
      errors: 7,
      warnings: 2,
      duplicates: 1,
      omitted: 0,
    });
    expect(nnsr.registry.count).toBe(1);
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/numbers/2125550007')).body).toMatchObject({ nnid: '104802' });
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/numbers/2125550002')).body).toMatchObject({
      state: 'failed',
      reason: 'CAMPAIGN_EXPIRED',
    });
    const errors = await nnsr.ask(NORTH, 'GET', `/nnsr/v1/bulk/${job}/errors`);
    expect(linesOf<Remark>(errors.text)).toEqual(remarks);
    const { type: _type, omitted: _omitted, ...result } = end;
    expect((await nnsr.ask(NORTH, 'GET', `/nnsr/v1/bulk/${job}`)).body).toEqual(result);
    expect((await nnsr.ask(SOUTH, 'GET', `/nnsr/v1/bulk/${job}`)).status).toBe(404);
  });

  test('of CSV does the same, with columns in any order, a byte order mark, CRLF, and no end to its last line', async () => {
    const csv =
      '\uFEFFaction,campaignId,number,nnid\r\n,CNORTH1,2125550001,\r\nremove,,2125550002,\r\n,CNORTH1,2125550003,104802';
    const { remarks, end } = read((await nnsr.upload(NORTH, csv, { type: 'text/csv; charset=utf-8' })).payload);
    expect(marks(remarks)).toEqual([['warning', 3, 'not_registered']]);
    expect(end).toMatchObject({ state: 'complete', form: 'csv', lines: 4, provisioned: 2, removed: 0 });
  });

  test('with one number on many lines ends with the last, even within a chunk', async () => {
    const lines = [
      json(1, { campaignId: 'CNORTH1' }),
      json(1, { campaignId: 'CNORTH2' }),
      json(1, { action: 'remove' }),
      json(1, { campaignId: 'CTMOBIL' }),
      json(1, { campaignId: 'CEXPIR1' }),
    ];
    const { remarks, end } = read((await nnsr.upload(NORTH, lines.join(''))).payload);
    expect(end).toMatchObject({ provisioned: 3, removed: 1, errors: 1, duplicates: 4 });
    expect(marks(remarks)).toEqual([
      ['warning', 2, 'duplicate_number'],
      ['warning', 3, 'duplicate_number'],
      ['warning', 4, 'duplicate_number'],
      ['warning', 5, 'duplicate_number'],
      ['error', 5, 'CAMPAIGN_EXPIRED'],
    ]);
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/numbers/2125550001')).body).toMatchObject({
      state: 'failed',
      registered: { campaignId: 'CTMOBIL' },
    });
  });

  test('that takes numbers over says from whom, and does not remove what is another’s', async () => {
    await nnsr.upload(NORTH, file(2));
    const lines = [json(0, { campaignId: 'CSOUTH1' }), json(1, { action: 'remove' })];
    const { remarks, end } = read((await nnsr.upload(SOUTH, lines.join(''))).payload);
    expect(remarks).toMatchObject([
      {
        type: 'warning',
        line: 1,
        code: 'took_over',
        message: expect.stringContaining('NNID 104801 to campaign CNORTH1'),
      },
      { type: 'error', line: 2, code: 'other_nnid' },
    ]);
    expect(end).toMatchObject({ provisioned: 1, removed: 0 });
    expect((await nnsr.ask(NORTH, 'GET', '/nnsr/v1/notices')).body).toMatchObject({
      notices: [{ kind: 'taken_over', number: '+12125550000' }],
    });
  });

  test('over the limit of a campaign fills it and refuses the rest by line', async () => {
    const lines = Array.from({ length: 60 }, (_, index) => json(index, { campaignId: 'CPOOL49' }));
    const { remarks, end } = read((await nnsr.upload(NORTH, lines.join(''))).payload);
    expect(end).toMatchObject({ provisioned: 49, errors: 11 });
    expect(new Set(remarks.map(({ code }) => code))).toEqual(new Set(['EXCEEDED_10DLC_LIMIT']));
    expect(nnsr.registry.count).toBe(49);
  });

  test('of several chunks is applied whole', async () => {
    const count = 2 * BULK_CHUNK_LINES + 17;
    const { end } = read((await nnsr.upload(NORTH, Buffer.from(file(9_999) + rest(9_999, count)))).payload);
    expect(end).toMatchObject({ state: 'complete', lines: count, provisioned: count });
    expect(nnsr.registry.count).toBe(count);
  });

  test.each([
    ['empty', '', {}, 400, 'empty-file'],
    ['without a type', json(1), { type: 'application/octet-stream' }, 415, 'unsupported-media-type'],
    ['of JSON', '[]', { type: 'application/json' }, 415, 'unsupported-media-type'],
    ['compressed', json(1), { headers: { 'content-encoding': 'gzip' } }, 415, 'unsupported-media-type'],
    ['in another charset', json(1), { type: 'text/csv; charset=latin1' }, 415, 'unsupported-media-type'],
    ['in UTF-16', Buffer.from(`\uFEFF${json(1)}`, 'utf16le'), {}, 415, 'wrong-encoding'],
    ['in UTF-16 without a mark', Buffer.from(json(1), 'utf16le'), {}, 415, 'wrong-encoding'],
    ['of CSV without a header', '2125550123,CNORTH1,104801\n', { type: 'text/csv' }, 422, 'bad-header'],
    ['for a job nobody has', json(1), { query: '?resume=J1' }, 404, 'no-such-job'],
    ['with a query of its own', json(1), { query: '?campaign=CNORTH1' }, 400, 'invalid-request'],
  ])('%s is refused as a whole', async (_what, body, options, status, kind) => {
    const answer = await nnsr.upload(NORTH, body, options);
    expect([answer.statusCode, answer.json()]).toMatchObject([status, { type: `urn:tollgate:problem:${kind}` }]);
    expect(nnsr.registry.count).toBe(0);
  });

  test('with one line of other bytes loses that line only', async () => {
    const bytes = Buffer.concat([Buffer.from(json(1)), Buffer.from([0x7b, 0xe9, 0xff, 0x0a]), Buffer.from(json(2))]);
    const { remarks, end } = read((await nnsr.upload(NORTH, bytes)).payload);
    expect(marks(remarks)).toEqual([['error', 2, 'wrong_encoding']]);
    expect(end).toMatchObject({ provisioned: 2 });
  });

  test('with more errors than a job remembers counts them all and streams what its client reads', async () => {
    const { job, remarks, end } = read((await nnsr.upload(NORTH, 'x\n'.repeat(BULK_REMARKS_KEPT + 100))).payload);
    expect(end).toMatchObject({ errors: BULK_REMARKS_KEPT + 100, remarksKept: BULK_REMARKS_KEPT });
    expect(remarks.length + Number(end['omitted'])).toBe(BULK_REMARKS_KEPT + 100);
    const { text } = await nnsr.ask(NORTH, 'GET', `/nnsr/v1/bulk/${job}/errors`);
    expect(linesOf(text)).toHaveLength(BULK_REMARKS_KEPT);
  });

  test('of failures leaves no more notices than its job remembers errors', async () => {
    const lines = Array.from({ length: BULK_REMARKS_KEPT + 100 }, (_, index) => json(index, { campaignId: 'CEXPIR1' }));
    const { end } = read((await nnsr.upload(NORTH, lines.join(''))).payload);
    expect(end).toMatchObject({ errors: BULK_REMARKS_KEPT + 100 });
    const [row = -1] = await nnsr.store.nnidRows(['104801']);
    expect(await nnsr.store.notices(row, 100_000, nnsr.time.nowMs())).toHaveLength(BULK_REMARKS_KEPT);
  });

  property.prop(
    [
      fc.array(
        fc.oneof(
          fc.nat({ max: 30 }).map((index) => json(index)),
          fc.nat({ max: 30 }).map((index) => json(index, { action: 'remove' })),
          fc.nat({ max: 30 }).map((index) => json(index, { campaignId: 'CPENDNG' })),
          fc.constantFrom('\n', '{}\n', '{"number":\r\n', 'é\n'),
        ),
        { maxLength: 60 },
      ),
      fc.array(fc.nat(), { maxLength: 20 }),
    ],
    { seed: 1, numRuns: 40 },
  )('has the same answer however its bytes are cut', async (pieces, places) => {
    const bytes = Buffer.from(`${pieces.join('')}${json(99)}`);
    const at = [0, ...places.map((place) => place % bytes.length).sort((a, b) => a - b), bytes.length];
    const blocks = at.slice(1).map((to, index) => bytes.subarray(at[index], to));
    const keys = Array.from({ length: 100 }, (_, index) => FIRST + index);
    const results = [];
    for (const body of [bytes, blocks.filter((block) => block.length > 0)]) {
      const { remarks, end } = read((await nnsr.upload(NORTH, body)).payload);
      results.push({ remarks, end: { ...end, job: '' }, records: await nnsr.store.read(keys) });
      await nnsr.store.apply(
        keys.map((key) => ({ kind: 'remove', key, nnid: ANY_NNID })),
        nnsr.time.nowMs(),
      );
    }
    expect(results[1]).toEqual(results[0]);
  });
});

/** Lines for numbers beyond those of `file`, of further exchanges. */
function rest(from: number, to: number): string {
  const lines = [];
  for (let index = from; index < to; index += 1) {
    const number = `+1312${String(2_000_000 + index).padStart(7, '0')}`;
    if (parseNumberKey(number) < 0) throw new Error(`${number} is no number`);
    lines.push(`${JSON.stringify({ number, campaignId: 'CNORTH1' })}\n`);
  }
  return lines.join('');
}

describe('an asynchronous upload', () => {
  test.each([
    ['async=true', { query: '?async=true' }],
    ['Prefer', { headers: { prefer: 'respond-async, wait=10' } }],
  ])('by %s is answered 202, and the job tells the rest', async (_how, options) => {
    const answer = await nnsr.upload(NORTH, `${json(1)}x\n${json(2)}`, options);
    expect(answer.statusCode).toBe(202);
    const job = String(answer.headers['nnsr-job']);
    expect(answer.json()).toMatchObject({ job, state: 'complete', provisioned: 2, errors: 1 });
    expect((await nnsr.ask(NORTH, 'GET', `/nnsr/v1/bulk/${job}`)).body).toMatchObject({ state: 'complete', lines: 3 });
    const { text } = await nnsr.ask(NORTH, 'GET', `/nnsr/v1/bulk/${job}/errors`);
    expect(marks(linesOf<Remark>(text))).toEqual([['error', 2, 'not_json']]);
  });
});

describe('a store that goes away', () => {
  const blocks = (text: string): Buffer[] => text.match(/(.*\n){1,100}/g)?.map((part) => Buffer.from(part)) ?? [];

  test('before the file is read is a 503', async () => {
    nnsr.storeLastsFor(0);
    const answer = await nnsr.upload(NORTH, file(10));
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
  });

  test('meanwhile stops the job at a whole chunk; the same file then goes on from there', async () => {
    nnsr.storeLastsFor(3);
    const text = `x\n${file(2_000)}`;
    const first = read((await nnsr.upload(NORTH, blocks(text))).payload);
    expect(first.end).toMatchObject({ state: 'stopped', stopped: { code: 'store_unavailable' } });
    const lines = Number(first.end['lines']);
    expect(lines).toBeGreaterThan(0);
    expect(lines).toBeLessThan(2_001);
    expect(nnsr.registry.count).toBe(lines - 1);
    nnsr.storeLastsFor(Infinity);

    const second = read((await nnsr.upload(NORTH, blocks(text), { query: `?resume=${first.job}` })).payload);
    expect(second.job).toBe(first.job);
    expect(second.end).toMatchObject({ state: 'complete', lines: 2_001, provisioned: 2_000, errors: 1, duplicates: 0 });
    expect(nnsr.registry.count).toBe(2_000);
    expect(second.end['stopped']).toBeUndefined();
  });

  test('and another file than the one begun is refused, however it differs', async () => {
    nnsr.storeLastsFor(1);
    const text = file(2_000);
    const { job, end } = read((await nnsr.upload(NORTH, blocks(text))).payload);
    const mark = Number(end['lines']);
    nnsr.storeLastsFor(Infinity);
    const query = `?resume=${job}`;
    const others = [json(0, { campaignId: 'CNORTH2' }) + text, text.replace('0000', '9999'), file(mark - 1), json(1)];
    for (const other of others) {
      const answer = await nnsr.upload(NORTH, blocks(other), { query });
      expect([answer.statusCode, answer.json()]).toMatchObject([409, { type: 'urn:tollgate:problem:different-file' }]);
    }
    const csv = await nnsr.upload(NORTH, 'number,campaignId\n', { query, type: 'text/csv' });
    expect(csv.json()).toMatchObject({ type: 'urn:tollgate:problem:not-resumable' });
    expect((await nnsr.upload(SOUTH, text, { query })).statusCode).toBe(404);
    expect(nnsr.registry.count).toBe(mark);
    // What differs after the mark is a file that was mended, and welcome.
    const mended = text.split('\n').slice(0, mark).join('\n');
    const { end: done } = read((await nnsr.upload(NORTH, `${mended}\n${json(2_000)}`, { query })).payload);
    expect(done).toMatchObject({ state: 'complete', lines: mark + 1 });
    const again = await nnsr.upload(NORTH, text, { query });
    expect(again.json()).toMatchObject({ status: 409, detail: expect.stringContaining('is complete') });
  });

  test('still finds duplicates of the lines before the break', async () => {
    nnsr.storeLastsFor(1);
    const text = file(2_000) + json(0);
    const { job } = read((await nnsr.upload(NORTH, blocks(text))).payload);
    nnsr.storeLastsFor(Infinity);
    const { remarks } = read((await nnsr.upload(NORTH, blocks(text), { query: `?resume=${job}` })).payload);
    expect(marks(remarks)).toEqual([['warning', 2_001, 'duplicate_number']]);
  });
});

describe('jobs', () => {
  test('are forgotten when they are old, and the oldest when they are many', async () => {
    const ids: string[] = [];
    for (let count = 0; count <= BULK_JOBS_MAX; count += 1)
      ids.push(read((await nnsr.upload(NORTH, json(1))).payload).job);
    const statusOf = async (id: string | undefined): Promise<number> =>
      (await nnsr.ask(NORTH, 'GET', `/nnsr/v1/bulk/${id}`)).status;
    expect([await statusOf(ids[0]), await statusOf(ids[1]), await statusOf(ids.at(-1))]).toEqual([404, 200, 200]);
    nnsr.time.advance(BULK_JOB_LIFE_MS);
    expect(await statusOf(ids.at(-1))).toBe(404);
  });
});
