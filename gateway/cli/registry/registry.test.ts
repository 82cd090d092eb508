import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  formatNumber,
  isAssigned,
  loadCarrierMap,
  loadSnapshot,
  maskNumber,
  NumberRegistry,
  parseNumberKey,
  saveSnapshot,
} from '../../../registry-cache/index.ts';
import { openGatewayUnderTest } from '../../gateway-under-test.ts';
import { readCampaigns } from '../../read-campaigns.ts';
import type { Ended } from '../command-under-test.ts';
import { call, run, sortedLines, start } from './command-under-test.ts';

let folder: string;
/** 10,000 numbers of seed 1, and the campaigns file that goes with them. */
let csv: string;
let campaignsFile: string;
let generated: Ended;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-registry-'));
  csv = join(folder, 'generated.csv');
  campaignsFile = join(folder, 'campaigns.yaml');
  generated = await run(...GENERATE, '--out', csv, '--campaigns-out', campaignsFile);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GENERATE = ['generate', '--numbers', '10000', '--campaigns', '200', '--seed', '1'];
const text = (path: string): string => readFileSync(path, 'utf8');
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** A snapshot of what is wrong on purpose. */
async function snapshotOf(
  name: string,
  numbers: Readonly<Record<number, number>>,
  campaignIds: string[],
): Promise<string> {
  const registry = new NumberRegistry();
  for (const [key, campaign] of Object.entries(numbers)) registry.register(Number(key), campaign, 0, 0);
  await saveSnapshot(join(folder, name), { registry, campaignIds, position: '' });
  return join(folder, name);
}

describe('generate', () => {
  test('gives the same bytes for the same seed, on every machine', () => {
    expect(generated).toMatchObject({ code: 0, stdout: '' });
    expect(sha256(csv)).toBe('adff851e225eeeebac76c3c188dc2795e9938c3e26d34e238893ac5d20409f53');
  });

  test('writes as many numbers as asked, none twice, with NNIDs of the starter DCAs', () => {
    const rows = text(csv)
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(new Set(rows.map(([number]) => number)).size).toBe(10_000);
    expect(rows).toHaveLength(10_000);
    expect(new Set(rows.map(([, , nnid]) => nnid))).toEqual(new Set(['104801', '104901']));
  });

  test('writes campaigns that serve can read, and numbers of no other', () => {
    const read = readCampaigns(text(campaignsFile), campaignsFile);
    if (!read.ok) throw new Error(JSON.stringify(read.errors.slice(0, 3)));
    expect(read.file.campaigns).toHaveLength(200);
    const ids = new Set(read.file.campaigns.map((campaign) => campaign.id));
    const used = text(csv)
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[1] ?? '');
    expect(used.filter((id) => !ids.has(id))).toEqual([]);
  });

  test('writes a line per tick of its progress when nobody watches a terminal, and none with --quiet', async () => {
    const lines = generated.stderr.trimEnd().split('\n');
    expect(lines[0]).toBe('numbers [------------------------] 0% 0 of 10,000, 0s left');
    expect(lines.at(-1)).toBe('numbers [========================] 100% 10,000 of 10,000, 0s left');
    const quiet = await call(
      'generate',
      '--numbers',
      '10',
      '--seed',
      '9',
      '--format',
      'ndjson',
      '--out',
      '-',
      '--quiet',
    );
    expect(quiet).toMatchObject({ code: 0, stderr: '' });
    expect(
      quiet.stdout
        .trimEnd()
        .split('\n')
        .map((line) => Object.keys(JSON.parse(line) as object).join()),
    ).toEqual(new Array(10).fill('number,campaign,nnid'));
    expect(generated.stdout).toBe('');
  });

  test('leaves no file behind when it is interrupted', async () => {
    const before = readdirSync(folder);
    const target = join(folder, 'interrupted.csv');
    const { child, ended } = start(['generate', '--numbers', '50000000', '--out', target]);
    // The first line of progress is written as the file is begun.
    await once(child.stderr!, 'data');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/tollgate: interrupted\n$/);
    expect(readdirSync(folder).filter((name) => name.startsWith('interrupted'))).toEqual([]);
    expect(before).toContain('generated.csv');
  });
});

test('numbers survive the way through snapshot, NDJSON and CSV', async () => {
  const first = join(folder, 'first.snapshot');
  const ndjson = join(folder, 'between.ndjson');
  const second = join(folder, 'second.snapshot');
  expect(await call('import', csv, '--out', first)).toMatchObject({ code: 0, stdout: '' });
  expect((await call('export', '--snapshot', first, '--out', ndjson)).code).toBe(0);
  expect((await call('import', ndjson, '--out', second)).stderr).toContain(`10,000 numbers in ${second}\n`);
  const { code, stdout } = await call('export', '--snapshot', second, '--quiet');
  expect(code).toBe(0);
  // A snapshot does not say who set a number.
  expect(sortedLines(stdout, 1)).toEqual(sortedLines(text(csv).replaceAll(/,\d{6},/g, ',,'), 1));
  // It names people's numbers.
  expect(statSync(first).mode & 0o077).toBe(0);
});

describe('import', () => {
  const numbersIn = async (path: string): Promise<string[]> =>
    sortedLines((await call('export', '--snapshot', path, '--quiet')).stdout, 1);

  test('tells each wrong line with the fix, keeps the others, and ends with 1', async () => {
    const source = file(
      'wrong.csv',
      'number,campaign,nnid\n+12125550123,CTOPA01,104801\n+1911,CTOPA01,104801\n+12125550124,CTO',
    );
    const target = join(folder, 'wrong.snapshot');
    const { code, stderr } = await call('import', source, '--out', target, '--quiet');
    expect(code).toBe(1);
    expect(stderr.split('\n')).toEqual([
      `${source}:3 number does not have ten digits after +1; write area code, exchange and line, as in +12125550123`,
      `${source}:4 has 2 fields and the heading 3; the line may be cut: complete or remove it`,
      `tollgate: ${source}: 2 wrong lines were left out`,
      '',
    ]);
    expect(await numbersIn(target)).toEqual(['+12125550123,CTOPA01,,']);
  });

  test('gives up at one wrong line more than allowed, and then writes nothing', async () => {
    const source = file('many-wrong.csv', `number,campaign\n${'x,y\n'.repeat(5)}`);
    const target = join(folder, 'many-wrong.snapshot');
    const { code, stderr } = await call('import', source, '--out', target, '--max-errors', '2', '--quiet');
    expect(code).toBe(1);
    expect(stderr).toContain(`${source}: more than 2 wrong lines; correct them, or allow more with --max-errors\n`);
    expect(stderr.match(/:\d+ number/g)).toHaveLength(3);
    expect(readdirSync(folder).filter((name) => name.startsWith('many-wrong.snapshot'))).toEqual([]);
  });

  test('takes the last of lines with the same number, and keeps pending numbers pending, from standard input too', async () => {
    const input =
      'number,campaign,activeAt\n+12125550123,CA00001,\n+12125550123,CA00002,\n+12125550124,CA00003,2999-01-01T00:00:00Z\n';
    const target = join(folder, 'last.snapshot');
    const run = start(['import', '-', '--format', 'csv', '--out', target], { input });
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(await numbersIn(target)).toEqual([
      '+12125550123,CA00002,,',
      '+12125550124,CA00003,,2999-01-01T00:00:00.000Z',
    ]);
  });
});

test('import gives handles in the order of a campaigns file, as serve wants it, and takes no other campaign', async () => {
  const target = join(folder, 'ordered.snapshot');
  const lines = '+12012010000,CLOWT01\n+12012010001,CTOPA01\n';
  const source = file('ordered.csv', `number,campaign\n${lines}`);
  const words = ['--out', target, '--campaigns', 'gateway/starter-campaigns.yaml', '--quiet'];
  expect(await call('import', source, ...words)).toEqual({ code: 0, stdout: '', stderr: '' });
  const { campaignIds, registry } = await loadSnapshot(target);
  expect(campaignIds).toEqual(['CTOPA01', 'CMIDC01', 'CLOWT01', 'CSOLE01', 'CNOVZW1', 'CEXPIR1']);
  expect([2_012_010_000, 2_012_010_001].map((key) => registry.find(key, 0))).toEqual([2, 0]);

  const other = file('other.csv', `number,campaign\n${lines}+12012010002,CNONE01\n`);
  const unknown = await call('import', other, ...words);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain(`${other}:4 campaign CNONE01 is not in gateway/starter-campaigns.yaml`);
  const unfit = await call('import', await snapshotOf('unfit.snapshot', {}, ['CNONE01']), ...words);
  expect(unfit.code).toBe(1);
  expect(unfit.stderr).toContain('campaign CNONE01 is not in gateway/starter-campaigns.yaml');
});

describe('export', () => {
  test('ends quietly when its reader leaves, as in | head', async () => {
    const source = join(folder, 'many.snapshot');
    expect((await call('generate', '--numbers', '300000', '--out', source, '--quiet')).code).toBe(0);
    const { child, ended } = start(['export', '--snapshot', source, '--quiet']);
    const [first] = (await once(child.stdout!, 'data')) as [string];
    child.stdout!.destroy();
    expect(first).toMatch(/^number,campaign,nnid,activeAt\n/);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('lookup', () => {
  test('answers from a snapshot, for people and as JSON', async () => {
    const source = await snapshotOf('lookup.snapshot', { 2_012_010_000: 0 }, ['CTOPA01']);
    const people = await call('lookup', '+12012010000', '+12012010001', '--snapshot', source);
    expect(people).toEqual({
      code: 0,
      stdout:
        '+12012010000  registered to CTOPA01; unknown line of other\n' +
        '+12012010001  not in the registry; unknown line of other\n',
      stderr: '',
    });
    const json = await call('lookup', '+12012010000', '--snapshot', source, '--json');
    expect(JSON.parse(json.stdout)).toEqual({
      number: '+12012010000',
      assigned: true,
      carrier: 'other',
      lineType: 'unknown',
      registration: { state: 'registered', campaign: 'CTOPA01', activeAt: null },
    });
  });

  test('answers as a running gateway does', async () => {
    const gateway = await openGatewayUnderTest();
    try {
      await gateway.ask('PUT', '/v1/numbers/+12012010000', { campaign: 'CNOVZW1' });
      const { code, stdout } = await call('lookup', '+12012010000', '--url', gateway.url);
      expect(code).toBe(0);
      expect(stdout).toBe(
        '+12012010000  registered to CNOVZW1, active at att tmobile uscellular other; unknown line of other\n',
      );
    } finally {
      await gateway.close();
    }
  });

  test('says which number is none, and which address does not answer', async () => {
    const wrong = await call('lookup', '+1911', '12125550123', '--url', 'http://127.0.0.1:1');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^tollgate: \+1911 does not have .*\ntollgate: 12125550123 has no \+ in front.*\n$/);
    const dead = await call('lookup', '+12125550123', '--url', 'http://127.0.0.1:1');
    expect(dead.code).toBe(1);
    expect(dead.stderr).toMatch(
      /^tollgate: --url: http:\/\/127\.0\.0\.1:1 does not answer \(.+\); is a gateway running there\?\n$/,
    );
  });
});

describe('stats', () => {
  test('counts by carrier, line type, area code and campaign', async () => {
    // T-Mobile, and a company that rents numbers out.
    const numbers = { 2_012_010_000: 1, 2_012_010_001: 1, 2_012_019_000: 0 };
    const source = await snapshotOf('stats.snapshot', numbers, ['CTOPA01', 'CMIDC01', 'CNONE01']);
    const { code, stdout } = await call('stats', '--snapshot', source, '--json', '--quiet');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      numbers: 3,
      pending: 0,
      campaigns: 3,
      campaignsWithNumbers: 2,
      blocks: 2,
      byNnid: [],
      largestAreaCodes: [{ name: '201', numbers: 3 }],
      largestCampaigns: [
        { name: 'CMIDC01', numbers: 2 },
        { name: 'CTOPA01', numbers: 1 },
      ],
    });
    const people = await call('stats', '--snapshot', source, '--quiet');
    expect(people.stdout).toMatch(/^numbers {11}3\npending {11}0\n/);
    expect(people.stdout).toMatch(/largest campaigns\n {2}CMIDC01 {18}2 {4}66\.7 %/);
  });
});

describe('verify', () => {
  test('finds nothing wrong with what was generated', async () => {
    const source = join(folder, 'sound.snapshot');
    await call(...GENERATE, '--out', source);
    const { code, stdout } = await call('verify', '--snapshot', source);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${source}: 10,000 numbers, all as they should be\n` });
  });

  test('tells numbers in blocks of nobody and of campaigns that are not there, masked, and ends with 1', async () => {
    const map = loadCarrierMap();
    let nobodys = 2_012_000_000;
    while (isAssigned(map.lookup(nobodys)) || parseNumberKey(formatNumber(nobodys)) < 0) nobodys += 1_000;
    const numbers = { 2_012_010_000: 0, [nobodys]: 0, 2_012_110_000: 0, 2_012_010_002: 7 };
    const source = await snapshotOf('unsound.snapshot', numbers, ['CTOPA01']);
    const { code, stdout, stderr } = await call('verify', '--snapshot', source, '--quiet');
    expect(code).toBe(1);
    expect(sortedLines(stdout)).toEqual(
      [
        '+1201•••0000 is a number that nobody can have',
        '+1201•••0002 is registered to handle 7, and there are 1 campaigns',
        `${maskNumber(nobodys)} is in a block that nobody holds`,
      ].toSorted(),
    );
    expect(stderr).toBe(`tollgate: ${source}: 3 differences\n`);
  });
});

test.each([
  ['cut', (path: string) => truncateSync(path, 1_000_000), /shorter or longer than its header says/],
  ['of something else', (path: string) => writeFileSync(path, 'number,campaign\n'.repeat(9)), /not a/],
])('a snapshot that is %s is refused by every command that reads one', async (_how, spoil, reason) => {
  const source = await snapshotOf('spoilt.snapshot', { 2_012_010_000: 0 }, ['CTOPA01']);
  spoil(source);
  const calls = [['verify'], ['stats'], ['export'], ['lookup', '+12125550123']];
  for (const words of calls) {
    const { code, stdout, stderr } = await call(...words, '--snapshot', source);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.startsWith(`tollgate: ${source}: `)).toBe(true);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/^\s+at /m);
  }
});

describe('a mistake in the call ends with 2 and says what to do:', () => {
  test.each([
    [['generate', '--numbers', '0', '--out', 'x.csv'], /'0' is invalid\. Give a whole number from 1 to 200000000\./],
    [
      ['generate', '--numbers', '5', '--out', 'numbers.txt'],
      /numbers\.txt does not end in \.csv, \.ndjson, \.snapshot/,
    ],
    [['generate', '--numbers', '5'], /give one of --out, --redis, or set REDIS_URL/],
    [['generate', '--numbers', '5', '--format', 'snapshot', '--out', '-'], /a snapshot needs a file, not -/],
    [
      ['generate', '--numbers', '5', '--out', '/nowhere/x.csv', '--quiet'],
      /\/nowhere\/x\.csv cannot be written \(ENOENT\)/,
    ],
    [['import', 'missing.csv', '--out', 'x.snapshot'], /missing\.csv cannot be read \(ENOENT\)/],
    [['import', 'a.csv', '--out', 'x.csv'], /x\.csv does not end in \.snapshot/],
    [['import', 'a.csv', '--out', 'x.snapshot', '--from-line', '7'], /--from-line: only an import of lines into Redis/],
    [['import', 'a.csv', '--redis', 'redis://x', '--out', 'x.snapshot'], /give one of --redis, --out, not several/],
    [['import', 'a.csv', '--nnid', '12', '--redis', 'redis://x'], /Give six digits/],
    [['export', '--snapshot', 'missing.snapshot'], /missing\.snapshot cannot be read \(ENOENT\)/],
    [['verify'], /required option '--snapshot <file>' not specified/],
  ])('%j', async (words, reason) => {
    const { code, stdout, stderr } = await call(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

test('a command that is none ends with 2, in a process of its own too', async () => {
  const { code, stdout, stderr } = await run('impotr');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/Did you mean import\?/);
});

test.each(['generate', 'import', 'export', 'lookup', 'stats', 'verify'])(
  'help of %s shows an example',
  async (name) => {
    const { code, stdout } = await call(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`Examples:\n  tollgate registry ${name} `);
  },
);
