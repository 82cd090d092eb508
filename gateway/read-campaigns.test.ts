import { describe, expect, test } from 'vitest';
import { formatBookError } from '../tariffs/index.ts';
import { readPackageFile } from './package-files.ts';
import { readCampaigns, statusBits } from './read-campaigns.ts';

const GOOD = `brands:
  - id: BACME01
    name: Acme
    tmobileTier: LOW
campaigns:
  - id: CACME01
    brand: BACME01
    attClass: T
    useCase: LOW_VOLUME
    carriers: [att, tmobile]
    expires: 2025-01-31
`;

function errorsOf(text: string): string[] {
  const read = readCampaigns(text, 'campaigns.yaml');
  return read.ok ? [] : read.errors.map((error) => formatBookError(error));
}

test('a good file becomes brands and campaigns, names turned into indexes and bits', () => {
  expect(readCampaigns(GOOD, 'campaigns.yaml')).toEqual({
    ok: true,
    file: {
      brands: [{ id: 'BACME01', name: 'Acme', tmobileTier: 3 }],
      campaigns: [
        {
          id: 'CACME01',
          brand: 'BACME01',
          attClass: 12,
          useCase: 'LOW_VOLUME',
          status: 0b101,
          expiresAtMs: Date.UTC(2025, 0, 31),
        },
      ],
    },
  });
});

test('a campaign that says nothing of its end has none, and may be active nowhere', () => {
  const read = readCampaigns(GOOD.replace(/ {4}expires.*\n/, '').replace('[att, tmobile]', '[]'), 'campaigns.yaml');
  expect(read.ok && read.file.campaigns[0]).toMatchObject({ expiresAtMs: Infinity, status: 0 });
});

test('the file that ships is good', () => {
  expect(errorsOf(readPackageFile('gateway/starter-campaigns.yaml'))).toEqual([]);
});

test('carrier i is bit i of a status', () => {
  expect(statusBits(['att', 'verizon', 'tmobile', 'uscellular', 'other'])).toBe(0b11111);
  expect(statusBits(['verizon'])).toBe(0b10);
});

describe('a mistake is refused at its line and column', () => {
  test.each([
    ['BACME01\n    name', 'bacme01\n    name', '2:9', 'id "bacme01" must be B and six capital letters or digits'],
    ['id: CACME01', 'id: CACME012', '6:9', 'id "CACME012" must be C and six capital letters or digits'],
    ['id: CACME01', 'id: BACME01', '6:9', 'id "BACME01" must be C and six capital letters or digits'],
    ['name: Acme', 'name: ""', '3:11', 'name is empty'],
    ['name: Acme', 'name: 7', '3:11', 'name "7" must be text'],
    ['name: Acme', 'title: Acme', '3:5', 'unknown key "title" in a brand'],
    ['tmobileTier: LOW', 'tmobileTier: low', '4:18', 'unknown tmobileTier "low": use one of TOP'],
    ['brand: BACME01', 'brand: BNOSUCH', '7:12', 'unknown brand "BNOSUCH": use one of BACME01'],
    ['attClass: T', 'attClass: t', '8:15', 'unknown attClass "t": use one of A'],
    ['useCase: LOW_VOLUME', 'useCase: SPAM', '9:14', 'unknown useCase "SPAM": use one of'],
    ['[att, tmobile]', '[att, sprint]', '10:21', 'unknown carrier "sprint": use one of att'],
    ['[att, tmobile]', 'att', '10:15', 'carriers "att" must be a list'],
    ['2025-01-31', '2025-02-29', '11:14', 'expires "2025-02-29" is not a date'],
    ['2025-01-31', 'never', '11:14', 'expires "never" is not a date'],
    ['    carriers: [att, tmobile]\n', '', '6:5', 'a campaign has no "carriers": add it'],
    ['campaigns:', 'campaign:', '5:1', 'unknown key "campaign" in the campaigns file'],
  ])('%j for %j', (right, wrong, place, message) => {
    const errors = errorsOf(GOOD.replace(right, wrong));
    expect(errors.filter((error) => error.startsWith(`campaigns.yaml:${place} `))).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test('an id given twice', () => {
    const twice = GOOD.replace('campaigns:', '  - { id: BACME01, name: Other, tmobileTier: TOP }\ncampaigns:');
    expect(errorsOf(twice)).toEqual([
      expect.stringMatching(/^campaigns\.yaml:5:11.*a second BACME01: ids are given once/),
    ]);
  });

  test('all of them at once, in the order of the file', () => {
    const bad = GOOD.replace('LOW\n', 'MIDDLE\n')
      .replace('attClass: T', 'attClass: 9')
      .replace('att, tmobile', 'pager');
    expect(errorsOf(bad).map((error) => error.split(' ', 1)[0])).toEqual([
      'campaigns.yaml:4:18',
      'campaigns.yaml:8:15',
      'campaigns.yaml:10:16',
    ]);
  });

  test.each(['', '[]', 'brands', '{', '- a\n- b', '"', '\t', '%', '[[['.repeat(5_000)])(
    'no campaigns file at all: %.20j',
    (text) => {
      const errors = errorsOf(text);
      expect(errors.length).toBeGreaterThan(0);
      for (const error of errors) expect(error).toMatch(/^campaigns\.yaml:\d+:\d+/);
    },
  );
});
