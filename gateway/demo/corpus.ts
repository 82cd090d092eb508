/**
 * The texts the demo sends: real messages that people labelled, from two public collections.
 *
 * Both collections passed through several hands, and left traces: Windows-1252 punctuation read as control
 * characters, pound signs and apostrophes turned into U+FFFD, HTML entities, tabs. These are put right where the
 * neighbourhood leaves no doubt and dropped elsewhere, so that each text is one that a phone could have sent: segment
 * counts and alphabets in the demo are then those of real messages and not of somebody's export.
 *
 * Ham and spam come from the SMS Spam Collection. From the smishing set only its smishing class is taken: its ham
 * repeats the first collection.
 */
import { parse } from 'csv-parse/sync';
import { readPackageFile } from '../package-files.ts';

export interface Corpus {
  readonly ham: readonly string[];
  readonly spam: readonly string[];
  readonly smishing: readonly string[];
}

export function loadCorpus(): Corpus {
  const collection = parseSpamCollection(readPackageFile('gateway/demo/data/SMSSpamCollection.tsv'));
  return {
    ham: collection.ham,
    spam: collection.spam,
    smishing: parseSmishing(readPackageFile('gateway/demo/data/smishing_mendeley_5971.csv')),
  };
}

/** No header, no quoting: label, tab, text. @throws on a label that is neither ham nor spam. */
export function parseSpamCollection(file: string): { ham: string[]; spam: string[] } {
  const classes: { ham: string[]; spam: string[] } = { ham: [], spam: [] };
  for (const line of file.split('\n')) {
    if (line === '') continue;
    const tab = line.indexOf('\t');
    const label = line.slice(0, tab);
    if (label !== 'ham' && label !== 'spam') throw new Error(`unknown label in the spam collection: ${label}`);
    const text = repairText(line.slice(tab + 1));
    if (text !== '') classes[label].push(text);
  }
  return classes;
}

/** Header label, TEXT, URL, EMAIL, PHONE; the case of labels varies. */
export function parseSmishing(file: string): string[] {
  const rows = parse<{ label: string; TEXT: string }>(file, { bom: true, columns: true });
  return rows
    .filter((row) => row.label.toLowerCase() === 'smishing')
    .map((row) => repairText(row.TEXT))
    .filter((text) => text !== '');
}

/** What Windows-1252 holds at the places where Latin-1 has control characters, for those that occur. */
const WINDOWS_1252: Readonly<Record<string, string>> = {
  '\u0091': '‘',
  '\u0092': '’',
  '\u0093': '“',
  '\u0094': '”',
  '\u0096': '–',
};
const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** Puts right what the collections garbled. The result holds no control character but line feed, and may be empty. */
export function repairText(text: string): string {
  return text
    .replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/[\u0091-\u0096]/g, (character) => WINDOWS_1252[character] ?? ' ')
    .replace(/\uFFFD(?=\d)/g, '£')
    .replace(/(?<=\p{Letter})\uFFFD(?=\p{Letter})/gu, '’')
    .replace(/[\uFFFD\uFEFF]|\p{Surrogate}/gu, '')
    .replace(/[^\P{Control}\n]+/gu, ' ')
    .trim();
}
