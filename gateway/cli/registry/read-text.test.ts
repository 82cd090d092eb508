import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BATCH_NUMBERS } from './number-batch.ts';
import type { TextFormat } from './number-text.ts';
import { readText, type TextOptions } from './read-text.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-read-text-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Read {
  /** `key campaign nnid activeAtMs line` of each row. */
  readonly rows: string[];
  readonly wrong: string[];
}

let fileCount = 0;

async function read(format: TextFormat, text: string, options: Partial<TextOptions> = {}): Promise<Read> {
  const path = join(folder, `${fileCount++}.${format}`);
  writeFileSync(path, text);
  const wrong: string[] = [];
  const source = readText({
    path,
    format,
    fromLine: 1,
    nnid: undefined,
    needsNnid: false,
    refuseCampaign: () => undefined,
    onWrong: (line, message) => wrong.push(`${line} ${message}`),
    ...options,
  });
  const rows: string[] = [];
  for await (const batch of source.batches) {
    for (let row = 0; row < batch.count; row++) {
      const campaign = source.campaignIds[batch.campaigns[row]!];
      const nnid = source.nnids[batch.nnids[row]!];
      rows.push([batch.keys[row], campaign, nnid, batch.activeAtMs[row], batch.lines[row]].join(' '));
    }
  }
  return { rows, wrong };
}

const HEADING = 'number,campaign,nnid,activeAt\n';

describe('CSV', () => {
  test('gives a row per line, with the line it came from', async () => {
    const { rows, wrong } = await read(
      'csv',
      `${HEADING}+12125550123,CTOPA01,104801,\n+12125550124,CMIDC01,104901,2026-03-01T12:00:00Z\n`,
    );
    expect(wrong).toEqual([]);
    expect(rows).toEqual(['2125550123 CTOPA01 104801 0 2', '2125550124 CMIDC01 104901 1772366400000 3']);
  });

  test('may come from a spreadsheet: byte order mark, other line ends, quotes, columns in any order, empty lines', async () => {
    const text = '\uFEFF"campaign",number\r\n"CTOPA01","+12125550123"\r\n\r\nCTOPA01,+12125550124\r\n\r\n';
    const { rows, wrong } = await read('csv', text);
    expect(wrong).toEqual([]);
    expect(rows).toEqual(['2125550123 CTOPA01  0 2', '2125550124 CTOPA01  0 4']);
  });

  test.each([
    ['+12125550123,CTOPA01', 'has 2 fields and the heading 4; the line may be cut: complete or remove it'],
    ['+1212555012,CTOPA01,104801,', 'number does not have ten digits after +1'],
    ['2125550123,CTOPA01,104801,', 'number has no + in front'],
    ['+442079460123,CTOPA01,104801,', 'number is not in country code 1'],
    ['+19115550123,CTOPA01,104801,', 'number has an area code no number can have'],
    ['+12125550123,ctopa01,104801,', 'campaign "ctopa01" must be C and six capital letters or digits'],
    ['+12125550123,CTOPA01,10480,', 'nnid "10480" must be six digits'],
    ['+12125550123,CTOPA01,104801,tomorrow', 'activeAt must be a moment such as'],
    ['+12125550123,CTOPA01,104801,2026-02-31T00:00:00Z', 'activeAt must be a moment such as'],
    ['"+12125550123,CTOPA01,104801,', 'has a quote that is not closed'],
    ['+12125550123,CTOPA01,104801,,', 'has 5 fields and the heading 4'],
  ])('line %j is left out with what is wrong with it, the lines around it are not', async (line, message) => {
    const { rows, wrong } = await read(
      'csv',
      `${HEADING}+12125550120,CA00001,104801,\n${line}\n+12125550129,CA00001,104801,`,
    );
    expect(rows).toEqual(['2125550120 CA00001 104801 0 2', '2125550129 CA00001 104801 0 4']);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toContain(`3 ${message}`);
  });

  test.each(['', 'number,nnid\n', '+12125550123,CTOPA01\n', 'number,campaign,brand\n', 'number,campaign,number\n'])(
    'with the heading %j is refused',
    async (heading) => {
      await expect(read('csv', heading)).rejects.toThrow(/names? the columns/);
    },
  );

  test('without ends of lines is refused before it fills the memory', async () => {
    await expect(read('csv', `${HEADING}${'+1212555012'.repeat(100_000)}`)).rejects.toThrow(
      ':2 is longer than 4096 characters; is this a file of lines?',
    );
  });
});

describe('NDJSON', () => {
  test('gives a row per line', async () => {
    const { rows, wrong } = await read(
      'ndjson',
      '{"number":"+12125550123","campaign":"CTOPA01"}\n{"campaign":"CTOPA01","nnid":"104801","number":"+12125550124"}',
    );
    expect(wrong).toEqual([]);
    expect(rows).toEqual(['2125550123 CTOPA01  0 1', '2125550124 CTOPA01 104801 0 2']);
  });

  test.each([
    ['{"number":"+12125550123","camp', 'is not a JSON object; the line may be cut'],
    ['["+12125550123","CTOPA01"]', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    ['{"number":12125550123,"campaign":"CTOPA01"}', 'number is not text; put it in quotes'],
    ['{"number":"+12125550123","campaign":"CTOPA01","brand":"BTOPA01"}', 'has a field "brand"'],
    ['{"campaign":"CTOPA01"}', 'number has no + in front'],
    ['{"number":"+12125550123"}', 'campaign "" must be C and six capital letters or digits'],
  ])('line %j is left out with what is wrong with it', async (line, message) => {
    const { rows, wrong } = await read('ndjson', `${line}\n{"number":"+12125550129","campaign":"CA00001"}\n`);
    expect(rows).toEqual(['2125550129 CA00001  0 2']);
    expect(wrong[0]).toContain(`1 ${message}`);
  });
});

test('lines before the one to start from are not looked at, but for the heading', async () => {
  const text = `${HEADING}nonsense\n+12125550123,CTOPA01,,\n+12125550124,CTOPA01,,\n`;
  expect(await read('csv', text, { fromLine: 4 })).toEqual({ rows: ['2125550124 CTOPA01  0 4'], wrong: [] });
});

test('a row without NNID takes the one for all, and is wrong where one is needed and there is none', async () => {
  const text = `${HEADING}+12125550123,CTOPA01,,\n+12125550124,CTOPA01,104801,\n`;
  const taken = await read('csv', text, { nnid: '104901', needsNnid: true });
  expect(taken.rows).toEqual(['2125550123 CTOPA01 104901 0 2', '2125550124 CTOPA01 104801 0 3']);
  const missing = await read('csv', text, { needsNnid: true });
  expect(missing.rows).toEqual(['2125550124 CTOPA01 104801 0 3']);
  expect(missing.wrong[0]).toContain('2 nnid is missing');
});

test('a campaign that is refused is asked about once and told at every line', async () => {
  const asked: string[] = [];
  const refuseCampaign = (id: string): string | undefined => {
    asked.push(id);
    return id === 'CTOPA01' ? undefined : `campaign ${id} is unknown`;
  };
  const text = `${HEADING}+12125550123,CNONE01,,\n+12125550124,CTOPA01,,\n+12125550125,CNONE01,,\n`;
  const { rows, wrong } = await read('csv', text, { refuseCampaign });
  expect(asked).toEqual(['CNONE01', 'CTOPA01']);
  expect(rows).toHaveLength(1);
  expect(wrong).toEqual(['2 campaign CNONE01 is unknown', '4 campaign CNONE01 is unknown']);
});

test('many rows come in batches, also where a chunk of the file ends inside a line', async () => {
  const count = BATCH_NUMBERS * 2 + 5;
  const lines = Array.from({ length: count }, (_, at) => `+1212${String(2_000_000 + at)},CTOPA01,104801,\n`);
  const { rows } = await read('csv', `${HEADING}${lines.join('')}`);
  expect(rows).toHaveLength(count);
  expect(rows.at(-1)).toBe(`212${2_000_000 + count - 1} CTOPA01 104801 0 ${count + 1}`);
});

test('a file that is not there is told as such', async () => {
  const options = {
    fromLine: 1,
    nnid: undefined,
    needsNnid: false,
    refuseCampaign: () => undefined,
    onWrong: () => {},
  };
  const { batches } = readText({ path: join(folder, 'missing.csv'), format: 'csv', ...options });
  await expect(batches[Symbol.asyncIterator]().next()).rejects.toThrow('missing.csv cannot be read (ENOENT)');
});
