import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/source-files.ts';
import type { Comparison } from '../../simulator/index.ts';
import { compareCommand } from './compare.ts';
import { callCommand, type Ended } from './command-under-test.ts';
import { simulateCommand } from './simulate.ts';
import { sweepCommand } from './sweep.ts';

let folder: string;
let tiny: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-lab-'));
  tiny = join(folder, 'tiny.yaml');
  writeFileSync(tiny, TINY);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TINY = `scenario: tiny
title: A tiny world
description: A few brands and spammers for two days.
start: 2024-03-01
days: 2
prices: of-start
regimes: charge-more
policies: [toll, block-unregistered]
parameters:
  brandCount: 4
  spammerCount: 2
`;

/** A thread takes longer to start than the runs of a tiny world take. */
const ALONE = ['--jobs', '1', '--quiet'];

/** The command as people type it, in a process of its own. */
function start(...words: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const main = join('gateway', 'cli', 'main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...words], { cwd: ROOT });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: (code ?? signal) as number | string,
    stdout,
    stderr,
  }));
  return { child, ended };
}

function digestOf(directory: string): Record<string, string> {
  const hash = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex');
  return Object.fromEntries(readdirSync(directory).map((name) => [name, hash(name)]));
}

function comparisonIn(directory: string): Comparison {
  return JSON.parse(readFileSync(join(directory, 'comparison.json'), 'utf8')) as Comparison;
}

describe('tollgate compare', () => {
  test('of a tiny world gives the same bytes twice, on one thread and on two', async () => {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    const words = ['compare', tiny, '--replications', '3', '--seed', '7'];
    const [first, second] = await Promise.all([
      start(...words, '--jobs', '1', '--out', one).ended,
      start(...words, '--jobs', '2', '--out', other, '--quiet').ended,
    ]);
    expect([first.code, second.code, second.stderr]).toEqual([0, 0, '']);
    expect(first.stderr).toMatch(/^simulated days \[=+\] 100% 12 of 12, /m);
    expect(first.stdout).toBe(second.stdout.replace(other, one));
    expect(digestOf(one)).toEqual(digestOf(other));
    expect(Object.keys(digestOf(one))).toContain('report.html');
    const { digest, command, policies, isPartial } = comparisonIn(one);
    expect(first.stdout).toContain(`digest   ${digest}`);
    expect(command).toBe(
      `npx tollgate compare ${tiny} --policies toll,block-unregistered --replications 3 --seed 7 --days 2 --scale 1`,
    );
    expect(policies.map(({ policy }) => policy)).toEqual(['toll', 'block-unregistered']);
    expect(isPartial).toBe(false);
  });

  test('tells the command that makes it again, and that does', async () => {
    const [one, other] = [join(folder, 'first'), join(folder, 'again')];
    const words = [tiny, '--policies', 'toll,kyc@1', '--replications', '2', '--scale', '0.5', ...ALONE];
    const first = await callCommand(compareCommand(), [...words, '--out', one]);
    const { command } = comparisonIn(one);
    const [, , , ...again] = command.split(' ');
    const second = await callCommand(compareCommand(), [...again, ...ALONE, '--out', other]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(digestOf(one)).toEqual(digestOf(other));
  });

  test('ends with Ctrl-C in a report of what there was, marked as partial', async () => {
    const out = join(folder, 'partial');
    const { child, ended } = start('compare', tiny, '--replications', '1000', '--jobs', '1', '--out', out);
    const isUnderWay = / ([2-9]\d|\d{3}) of 4,000/;
    let told = '';
    child.stderr?.on('data', (text: string) => {
      told += text;
      // A second one would end it at once.
      if (!child.killed && isUnderWay.test(told)) child.kill('SIGINT');
    });
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('tollgate: interrupted; what was told is of what there was');
    expect(stdout).toMatch(/^PARTIAL: /);
    const { isPartial, replications } = comparisonIn(out);
    expect(isPartial).toBe(true);
    expect(replications).toBeGreaterThan(0);
    expect(replications).toBeLessThan(1_000);
    expect(readdirSync(out).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('tollgate simulate', () => {
  test('runs one policy and writes nothing unless asked to', async () => {
    const { code, stdout } = await callCommand(simulateCommand(), [tiny, ...ALONE]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^A tiny world: 2 days from 2024-03-01, 1 run$/m);
    expect(stdout).toMatch(/^toll /m);
    expect(stdout).not.toContain('report   ');
  });
});

describe('tollgate sweep', () => {
  test('says how many runs it takes, and what survives', async () => {
    const out = join(folder, 'sweep');
    const words = [tiny, '--replications', '2', '--samples', '2', '--bar-replications', '0', ...ALONE, '--out', out];
    const { code, stdout, stderr } = await callCommand(sweepCommand(), words);
    expect([code, stderr]).toEqual([0, 'tollgate: 8 runs of 2 simulated days\n']);
    expect(stdout).toContain('In how many of 2 draws of all uncertain parameters it holds:');
    expect(comparisonIn(out).sensitivity?.samples).toBe(2);
  });

  test('refuses more runs at the ends of a range than there are to compare them with', async () => {
    const { code, stderr } = await callCommand(sweepCommand(), [
      tiny,
      '--replications',
      '2',
      '--bar-replications',
      '3',
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--bar-replications: ')]);
  });
});

describe('a mistake is explained, before anything runs, and exits with 2:', () => {
  const call = (...words: readonly string[]): Promise<Ended> => callCommand(compareCommand(), words);

  test.each<[what: string, words: readonly string[], said: string]>([
    [
      'an unknown policy',
      ['--policies', 'toll,kyd'],
      'tollgate: --policies: there is no policy "kyd" in "kyd": write some of toll, ',
    ],
    [
      'policies that contradict each other',
      ['--policies', 'toll,toll+block-unregistered'],
      'tollgate: --policies: toll and block-unregistered contradict each other in "toll+block-unregistered": ',
    ],
    [
      'no days',
      ['--days', '0'],
      "option '--days <count>' argument '0' is invalid. Give a whole number from 1 to 3660.",
    ],
    [
      'a policy after the end',
      ['--policies', 'toll,kyc@2'],
      'tollgate: kyc@2: kyc begins on day 2, when the 2 days of the run are over',
    ],
    [
      'a scale of nothing',
      ['--scale', '0'],
      "option '--scale <factor>' argument '0' is invalid. Give a number from 0.001 to 1000.",
    ],
    ['no replication', ['--replications', '0'], 'Give a whole number from 1 to 1000.'],
    ['a negative seed', ['--seed', '-1'], 'Give a whole number from 0 to 9007199254740991.'],
  ])('%s', async (_, words, said) => {
    const { code, stdout, stderr } = await call(tiny, ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });

  test('mistakes in a scenario, each at its place', async () => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(
      path,
      TINY.replace('days: 2', 'days: 0').replace('brandCount: 4', 'readShare: 1.5\n  brandCount: -4'),
    );
    expect(await call(path)).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        `tollgate: ${path}:5:7 days cannot be 0: write a whole number of days from 1 to 3660`,
        `tollgate: ${path}:10:14 readShare cannot be 1.5: write a share, from 0 to 1`,
        `tollgate: ${path}:11:15 brandCount cannot be -4: write 0 or more`,
        '',
      ].join('\n'),
    });
  });

  test('parts of a whole that come to more than it, and an event that comes too late', async () => {
    const path = join(folder, 'too-much.yaml');
    const late = 'events:\n  - day: 1\n    title: Late\n    set:\n      spammerCount: 9\n';
    writeFileSync(path, `${TINY}  carrierShareUscellular: 0.4\n  carrierShareOther: 0.7\n${late}`);
    expect((await call(path)).stderr).toBe(
      [
        `tollgate: ${path}:12:3 carrierShareUscellular and carrierShareOther come to 1.1 of recipients: parts of a whole cannot be more than 1 together`,
        `tollgate: ${path}:18:7 spammerCount is read when the world is made: no event can change it, so set it under parameters`,
        '',
      ].join('\n'),
    );
  });

  test('a scenario that is not there', async () => {
    const { code, stderr } = await call('seedworld');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tollgate: seedworld cannot be read \(ENOENT\): name a file, or one of seed-world, /);
  });

  test('more senders than there is room for', async () => {
    const { code, stderr } = await call('national', '--scale', '1000');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^tollgate: --scale: 6,500,000 brands and spammers are more than the 200,000 that there is room/,
    );
  });

  test('a directory for the report that is a file', async () => {
    const { code, stderr } = await call(tiny, '--out', tiny);
    expect([code, stderr]).toEqual([2, `tollgate: --out: ${tiny} is a file; name a directory\n`]);
  });

  test('several policies to simulate', async () => {
    const { code, stderr } = await callCommand(simulateCommand(), [tiny, '--policy', 'toll,kyc']);
    expect(code).toBe(2);
    expect(stderr).toContain('tollgate: --policy: one is simulated; join what is in force together with +');
  });
});

describe('a report that cannot be written', () => {
  test('is told, and none of it is left behind', async () => {
    const out = join(folder, 'blocked');
    mkdirSync(join(out, 'report.html'), { recursive: true });
    const { code, stdout, stderr } = await callCommand(compareCommand(), [
      tiny,
      '--replications',
      '1',
      '--quiet',
      '--out',
      out,
    ]);
    expect(code).toBe(1);
    // What was found is told all the same.
    expect(stdout).toContain('digest   ');
    expect(stderr).toMatch(/^tollgate: --out: .*report\.html cannot be written \(EISDIR\)/);
    expect(readdirSync(out).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
