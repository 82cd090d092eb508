import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CannotStart, loadWorld, type WorldFiles } from './load-world.ts';
import { readPackageFile } from './package-files.ts';
import { REGIMES } from './router/index.ts';

const SHIPPED = {
  book: 'tariffs/books/us-10dlc.yaml',
  regimes: 'gateway/router/us-10dlc.regimes.yaml',
  campaigns: 'gateway/starter-campaigns.yaml',
  parties: 'gateway/starter-parties.yaml',
  accounts: 'gateway/starter-accounts.yaml',
} as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-world-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a file in place of a shipped one. */
function withFile(kind: keyof WorldFiles, text: string): { path: string; files: WorldFiles } {
  const path = join(folder, `${kind}.yaml`);
  writeFileSync(path, text);
  return { path, files: { [kind]: path } };
}

function reasonsOf(files: WorldFiles): readonly string[] {
  try {
    loadWorld(files);
  } catch (error) {
    if (error instanceof CannotStart) return error.lines;
    throw error;
  }
  return [];
}

test('the shipped files make a world: carriers, prices, regimes, brands and campaigns', () => {
  const world = loadWorld();
  expect(world.book.book).toBe('us-10dlc');
  expect([world.brands.count, world.campaigns.count, world.registry.count]).toEqual([0, 0, 0]);
  expect([world.declared.brands.length, world.declared.campaigns.length]).toEqual([4, 6]);
  expect([world.parties.csps.length, world.parties.partners.length]).toEqual([1, 3]);
  expect(world.accounts).toHaveLength(3);
  expect(REGIMES[world.regimes.regimeAt(0, { pricedAtMs: Date.UTC(2025, 5, 1) })]).toBe('block');
});

test('each file can be replaced by one of the operator', () => {
  const campaigns = readPackageFile(SHIPPED.campaigns).replaceAll('CTOPA01', 'CMINE01');
  const mine = loadWorld(withFile('campaigns', campaigns).files);
  expect(mine.declared.campaigns[0]?.id).toBe('CMINE01');

  const parties = readPackageFile(SHIPPED.parties).replaceAll('SDEMO01', 'SMINE01');
  expect(loadWorld(withFile('parties', parties).files).parties.csps[0]?.id).toBe('SMINE01');

  const accounts = readPackageFile(SHIPPED.accounts).replace('starter-tight', 'mine');
  expect(loadWorld(withFile('accounts', accounts).files).accounts[2]?.account.id).toBe('mine');

  const regimes = readPackageFile(SHIPPED.regimes).replace(
    'from: 2025-02-03\n    regime: block',
    'from: 2024-12-24\n    regime: block',
  );
  const sooner = loadWorld(withFile('regimes', regimes).files);
  expect(REGIMES[sooner.regimes.regimeAt(0, { pricedAtMs: Date.UTC(2024, 11, 25) })]).toBe('block');

  const book = readPackageFile(SHIPPED.book).replace('book: us-10dlc', 'book: what-if');
  expect(loadWorld(withFile('book', book).files).book.book).toBe('what-if');
});

describe('books beside the one in force', () => {
  const named = ({ otherBooks }: { otherBooks: readonly { book: string }[] }): string[] =>
    otherBooks.map(({ book }) => book);
  const write = (name: string, ...lines: readonly string[]): string => {
    const path = join(folder, name);
    writeFileSync(path, lines.join('\n'));
    return path;
  };

  test('are the built-in ones, and any may be the one in force, by its name', () => {
    expect(named(loadWorld())).toEqual(['what-if-flat', 'what-if-double-surcharge']);
    const flat = loadWorld({ book: 'what-if-flat' });
    expect([flat.book.book, flat.rates.book, ...named(flat)]).toEqual([
      'what-if-flat',
      'what-if-flat',
      'us-10dlc',
      'what-if-double-surcharge',
    ]);
  });

  test('and those asked for, which may extend built-in ones and files beside them', () => {
    const row =
      '{ carrier: att, sender: 10dlc, message: sms, from: 2024-01-01, registered: { out: 0.5 }, confidence: assumed, note: if }';
    const dear = write(
      'dear.yaml',
      'book: dear',
      'extends: us-10dlc',
      'title: Dear',
      'timeZone: UTC',
      `rates: [${row}]`,
    );
    const copy = write('copy.yaml', 'book: copy', 'extends: dear.yaml', 'title: Copy', 'timeZone: UTC');
    const world = loadWorld({ books: [copy, dear] });
    expect(named(world)).toEqual(['copy', 'dear', 'what-if-flat', 'what-if-double-surcharge']);
    expect(world.otherBooks[0]?.rows.filter(({ book }) => book === 'dear')).toHaveLength(1);
    // All agree on the carriers that messages go to.
    for (const table of [world.rates, ...world.otherBooks]) {
      expect(table.carriers.slice(0, 5)).toEqual(['att', 'verizon', 'tmobile', 'uscellular', 'other']);
    }
  });

  test.each([
    [
      'itself',
      ['book: mine', 'extends: wrong.yaml', 'title: M', 'timeZone: UTC'],
      ':2:10 extends "wrong.yaml" leads back to mine (mine -> mine): extend a book that does not, or give one of them another name',
    ],
    [
      'nothing there',
      ['book: mine', 'extends: gone.yaml', 'title: M', 'timeZone: UTC'],
      ':2:10 extends "gone.yaml" cannot be read (ENOENT); name a file, or one of us-10dlc, what-if-flat, what-if-double-surcharge',
    ],
  ])('one that extends %s is refused at its place', (_name, lines, reason) => {
    const path = write('wrong.yaml', ...lines);
    expect(reasonsOf({ books: [path] })).toEqual([path + reason]);
  });

  test('two of one name are refused', () => {
    expect(reasonsOf({ books: ['what-if-flat', 'what-if-flat'] })).toEqual([
      '--books: what-if-flat is named what-if-flat, as a book before it; give one of them another name',
    ]);
  });

  test('more than messages can name are refused', () => {
    const text = (name: string): readonly string[] => [
      `book: ${name}`,
      'extends: us-10dlc',
      'title: T',
      'timeZone: UTC',
    ];
    const books = Array.from({ length: 254 }, (_, at) => write(`many-${at}.yaml`, ...text(`many-${at}`)));
    expect(reasonsOf({ books })).toEqual(['--books: 257 books with the built-in ones; give 256 in all at most']);
  });
});

describe('a broken file stops the start', () => {
  test.each(['book', 'regimes', 'campaigns', 'parties', 'accounts'] as const)(
    'the %s, with the place of the mistake',
    (kind) => {
      const text = readPackageFile(SHIPPED[kind]);
      const { path, files } = withFile(kind, `${text}\nnonsense: here\n`);
      const line = text.split('\n').length + 1;
      expect(reasonsOf(files)).toEqual([expect.stringContaining(`${path}:${line}:1`)]);
      expect(reasonsOf(files)[0]).toContain('unknown key "nonsense"');
    },
  );

  test.each([
    ['book', 'registered: { out: 0.002, in: 0 }', 'registered: { out: free, in: 0 }'],
    ['regimes', 'regime: charge-more', 'regime: toll'],
    ['regimes', 'share: 0.5', 'share: 50'],
    ['regimes', '    share: 0.5\n', ''],
    ['campaigns', 'carriers: [att, verizon', 'carriers: [at&t, verizon'],
    ['parties', 'kind: dca', 'kind: bank'],
    ['accounts', 'balance: 25.00', 'balance: much'],
  ] as const)('the %s with %j changed to %j', (kind, right, wrong) => {
    const text = readPackageFile(SHIPPED[kind]);
    expect(text).toContain(right);
    const { path, files } = withFile(kind, text.replace(right, wrong));
    const reasons = reasonsOf(files);
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason.replace(path, '')).toMatch(/^:\d+:\d+ /);
  });

  test.each(['book', 'regimes', 'campaigns', 'parties', 'accounts'] as const)(
    'a %s that is not there or no file',
    (kind) => {
      const missing = join(folder, 'missing.yaml');
      const remedy = kind === 'book' ? '; name a file, or one of us-10dlc, what-if-flat, what-if-double-surcharge' : '';
      expect(reasonsOf({ [kind]: missing })).toEqual([`${missing}: cannot be read (ENOENT)${remedy}`]);
      expect(reasonsOf({ [kind]: folder })).toEqual([`${folder}: cannot be read (EISDIR)${remedy}`]);
    },
  );
});
