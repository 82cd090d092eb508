import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BookShelf, BUILT_IN_BOOKS, prepareBooks, preparedBooks } from './load-books.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-books-'));
const fileOf = (name: string): URL => pathToFileURL(join(folder, name));
const prepared = fileOf('prepared.bin');

beforeAll(() => prepareBooks(prepared));
afterAll(() => rmSync(folder, { recursive: true }));

describe('built-in books that were prepared', () => {
  test('are what their text says', () => {
    const fromText = new BookShelf(new Map());
    const kept = preparedBooks(prepared);
    expect([...(kept?.keys() ?? [])]).toEqual(BUILT_IN_BOOKS);
    for (const name of BUILT_IN_BOOKS) expect({ ok: true, book: kept?.get(name) }).toStrictEqual(fromText.load(name));
  });

  test('are taken in place of the text, also by books that extend them', () => {
    const book = preparedBooks(prepared)!.get('us-10dlc')!;
    const shelf = new BookShelf(new Map([['us-10dlc', { ...book, title: 'Prepared' }]]));
    expect(shelf.load('us-10dlc')).toMatchObject({ ok: true, book: { title: 'Prepared' } });
    const path = join(folder, 'own.yaml');
    writeFileSync(path, 'book: own\ntitle: Own\ntimeZone: UTC\nextends: us-10dlc\n');
    expect(shelf.load(path)).toMatchObject({ ok: true, book: { book: 'own', rates: book.rates } });
  });

  test('are left alone where the text is another, or there is none of them', () => {
    const kept = deserialize(readFileSync(prepared)) as object;
    const stale = fileOf('stale.bin');
    writeFileSync(stale, serialize({ ...kept, digest: 'of other text' }));
    expect(preparedBooks(stale)).toBeUndefined();
    const spoiled = fileOf('spoiled.bin');
    writeFileSync(spoiled, 'nothing of the kind');
    expect(preparedBooks(spoiled)).toBeUndefined();
    expect(preparedBooks(fileOf('missing.bin'))).toBeUndefined();
  });
});
