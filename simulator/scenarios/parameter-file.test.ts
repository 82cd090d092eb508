import { describe, expect, it } from 'vitest';
import { formatBookError } from '../../tariffs/index.ts';
import { loadParameters } from './load-scenario.ts';
import { boundsOf, readParameters } from './parameter-file.ts';

const GOOD = `parameters:
  readShare:
    title: Landed messages that are read
    value: 0.9
    unit: share
    low: 0.7
    high: 1
    grade: assumed
    source: Nobody measured it.
`;

function mistakesOf(text: string): string[] {
  const read = readParameters(text, 'p.yaml');
  return read.ok ? [] : read.errors.map(formatBookError);
}

describe('a file of parameters', () => {
  it('is a list of figures with what is known of them', () => {
    expect(readParameters(GOOD, 'p.yaml')).toEqual({
      ok: true,
      parameters: [
        {
          id: 'readShare',
          title: 'Landed messages that are read',
          value: 0.9,
          unit: 'share',
          low: 0.7,
          high: 1,
          grade: 'assumed',
          source: 'Nobody measured it.',
          note: '',
        },
      ],
    });
  });

  it.each([
    ['value: 0.9', 'value: 1.9', 'p.yaml:4:12 value of readShare cannot be 1.9: write a share, from 0 to 1'],
    [
      'value: 0.9',
      'value: 0.6',
      'p.yaml:4:12 value of readShare must lie from low 0.7 to high 1: change one of the three',
    ],
    ['value: 0.9', 'value: much', 'p.yaml:4:12 value of readShare "much" is not a number: write a share, from 0 to 1'],
    ['value: 0.9', 'value: .nan', 'p.yaml:4:12 value of readShare ".nan" is not a number: write a share, from 0 to 1'],
    ['grade: assumed', 'grade: E', 'p.yaml:8:12 unknown grade of readShare "E": use one of A, B, C, D, assumed'],
    ['    source: Nobody measured it.\n', '', 'p.yaml:3:5 parameter readShare has no "source": add it'],
    [
      'readShare:',
      'read-share:',
      'p.yaml:2:3 parameter "read-share" must be letters and digits, from a small letter on',
    ],
    [
      'parameters:',
      'parameter:',
      'p.yaml:1:1 unknown key "parameter" in the file of parameters: use one of parameters',
    ],
  ])('with %s as %s is told where it is wrong', (right, wrong, mistake) => {
    expect(mistakesOf(GOOD.replace(right, wrong))).toContain(mistake);
  });

  it('that is no YAML at all is told so', () => {
    expect(mistakesOf('parameters: [')[0]).toMatch(/^p\.yaml:1:\d+ not valid YAML/);
  });
});

describe('the parameters of the package', () => {
  const parameters = loadParameters();

  it('each say what they are, how well they are known, and where from', () => {
    expect(parameters.length).toBeGreaterThan(50);
    expect(parameters.filter(({ title, source, unit }) => title === '' || source === '' || unit === '')).toEqual([]);
  });

  it('have ranges that they can be set to', () => {
    const outside = parameters.filter((one) => {
      const { min, max } = boundsOf(one);
      return one.low < min || one.high > max;
    });
    expect(outside).toEqual([]);
  });
});
