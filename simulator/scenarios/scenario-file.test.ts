import { describe, expect, it } from 'vitest';
import { formatBookError } from '../../tariffs/index.ts';
import type { PolicyFacts } from '../policy-expression.ts';
import { BUILT_IN_SCENARIOS, loadScenario } from './load-scenario.ts';
import type { Parameter } from './parameter-file.ts';
import { readScenario, type ScenarioFile } from './scenario-file.ts';

const parameter = (id: string, own: Partial<Parameter>): Parameter => ({
  id,
  title: id,
  value: 1,
  unit: 'messages',
  low: 0,
  high: 10,
  grade: 'assumed',
  source: 'This test.',
  note: '',
  ...own,
});
const PARAMETERS = [
  parameter('brandCount', { unit: 'brands', value: 100, atStart: true }),
  parameter('brandGrowth', { unit: 'a year', value: 0.1, low: -0.2 }),
  parameter('readShare', { unit: 'share', value: 0.9, low: 0.7, high: 1 }),
  parameter('shareHere', { unit: 'share', value: 0.3, high: 1, partOf: 'recipients' }),
  parameter('shareThere', { unit: 'share', value: 0.4, high: 1, partOf: 'recipients' }),
];
const policy = (id: string, contradicts: PolicyFacts['contradicts'] = {}): PolicyFacts => ({
  id,
  title: id,
  sentence: `It is ${id}.`,
  contradicts,
});
const POLICIES = [policy('toll', { block: 'it either passes or not' }), policy('block'), policy('kyc')];
const TERMS = { parameters: PARAMETERS, policies: POLICIES };

const GOOD = `scenario: my-town
title: My town
description: >
  A town
  of mine.
start: 2024-03-01
days: 30
prices: of-start
regimes: charge-more
policies: [toll, kyc@3]
parameters:
  brandCount: 7
events:
  - day: 20
    title: They read less
    set:
      readShare: 0.5
  - day: 10.5
    title: They shrink
    set: { brandGrowth: -0.1 }
`;

function read(text: string): ScenarioFile {
  const found = readScenario(text, 's.yaml', TERMS);
  if (!found.ok) throw new Error(found.errors.map(formatBookError).join('\n'));
  return found.file;
}

function mistakesOf(text: string): string[] {
  const found = readScenario(text, 's.yaml', TERMS);
  return found.ok ? [] : found.errors.map(formatBookError);
}

describe('a scenario', () => {
  it('is the parameters there are with its own values in, from midnight Pacific on, with events in order', () => {
    const { scenario, start, policies, sets } = read(GOOD);
    expect(scenario).toEqual({
      id: 'my-town',
      title: 'My town',
      description: 'A town of mine.',
      startMs: Date.UTC(2024, 2, 1, 8),
      days: 30,
      prices: 'of-start',
      regimes: 'charge-more',
      parameters: { brandCount: 7, brandGrowth: 0.1, readShare: 0.9, shareHere: 0.3, shareThere: 0.4 },
      events: [
        { day: 10.5, title: 'They shrink', set: { brandGrowth: -0.1 } },
        { day: 20, title: 'They read less', set: { readShare: 0.5 } },
      ],
    });
    expect(start).toBe('2024-03-01');
    expect(policies.map((one) => one.starts)).toEqual([[{ id: 'toll', day: 0 }], [{ id: 'kyc', day: 3 }]]);
    expect([...sets].toSorted()).toEqual(['brandCount', 'brandGrowth', 'readShare']);
  });

  it.each<[what: string, right: string | RegExp, wrong: string, mistake: string]>([
    ['no days', 'days: 30', 'days: 0', 's.yaml:7:7 days cannot be 0: write a whole number of days from 1 to 3660'],
    [
      'half a day',
      'days: 30',
      'days: 30.5',
      's.yaml:7:7 days cannot be 30.5: write a whole number of days from 1 to 3660, without a fraction',
    ],
    ['a negative rate', 'brandCount: 7', 'brandCount: -7', 's.yaml:12:15 brandCount cannot be -7: write 0 or more'],
    [
      'an impossible share',
      'readShare: 0.5',
      'readShare: 50',
      's.yaml:17:18 readShare cannot be 50: write a share, from 0 to 1',
    ],
    [
      'parts that are more than their whole',
      'brandCount: 7',
      'shareHere: 0.7',
      's.yaml:12:3 shareHere and shareThere come to 1.1 of recipients: parts of a whole cannot be more than 1 together',
    ],
    [
      'a share in words',
      'readShare: 0.5',
      'readShare: half',
      's.yaml:17:18 readShare "half" is not a number: write a share, from 0 to 1',
    ],
    [
      'a slip of the pen',
      'brandCount: 7',
      'brandsCount: 7',
      's.yaml:12:3 there is no parameter "brandsCount": did you mean brandCount?',
    ],
    [
      'a parameter from nowhere',
      'brandCount: 7',
      'zzz: 7',
      's.yaml:12:3 there is no parameter "zzz": those there are stand in simulator/parameters.yaml',
    ],
    [
      'an unknown policy',
      'kyc@3',
      'kyd',
      's.yaml:10:18 there is no policy "kyd" in "kyd": write some of toll, block, kyc, joined with +',
    ],
    [
      'policies that contradict each other',
      'kyc@3',
      'block+toll',
      's.yaml:10:18 block and toll contradict each other in "block+toll": it either passes or not; leave one of them out',
    ],
    ['one policy twice', 'kyc@3', 'toll', 's.yaml:10:18 a second toll: name every combination once'],
    ['no policy', '[toll, kyc@3]', '[]', 's.yaml:10:11 policies are none: name at least one, the baseline first'],
    [
      'a day that is none',
      '2024-03-01',
      '2024-02-30',
      's.yaml:6:8 start "2024-02-30" is not a date: write a real day as YYYY-MM-DD',
    ],
    [
      'an event after the end',
      'day: 20',
      'day: 31',
      's.yaml:14:10 day cannot be 31: write days since the start, from 0 to 30',
    ],
    [
      'an event that comes too late for what it sets',
      'readShare: 0.5',
      'brandCount: 5',
      's.yaml:17:7 brandCount is read when the world is made: no event can change it, so set it under parameters',
    ],
    ['prices of nowhen', 'of-start', 'of-end', 's.yaml:8:9 unknown prices "of-end": use one of by-date, of-start'],
    [
      'a name with spaces',
      'my-town',
      'My Town',
      's.yaml:1:11 scenario "My Town" must be a name in small letters and digits, with - between words',
    ],
    ['no title', 'title: My town\n', '', 's.yaml:1:1 the scenario has no "title": add it'],
  ])('with %s is told where it is wrong and what to write', (_, right, wrong, mistake) => {
    expect(mistakesOf(GOOD.replace(right, wrong))).toEqual([mistake]);
  });

  it('tells every mistake at once, in the order of the file', () => {
    const text = GOOD.replace('days: 30', 'days: 0').replace('kyc@3', 'kyd').replace('brandCount: 7', 'brandCount: -1');
    expect(mistakesOf(text).map((line) => line.split(':')[1])).toEqual(['7', '10', '12']);
  });

  it.each(['', 'scenario', '- a', 'a: [', '{}', 'parameters: {a: {b: c}}'])('that is %j never throws', (text) => {
    expect(mistakesOf(text).length).toBeGreaterThan(0);
  });
});

describe('the scenarios of the package', () => {
  it.each(BUILT_IN_SCENARIOS)('%s is right and bears its name', (name) => {
    const loaded = loadScenario(name);
    expect(loaded).toMatchObject({ ok: true, file: { scenario: { id: name } } });
  });
});

describe('a scenario that is not there', () => {
  it('is told with those that are', () => {
    expect(loadScenario('seedworld')).toEqual({
      ok: false,
      lines: [`seedworld cannot be read (ENOENT): name a file, or one of ${BUILT_IN_SCENARIOS.join(', ')}`],
    });
  });
});
