/**
 * Text of a tariff book -> the book, or every mistake in it with file, line, column and remedy.
 *
 * The people who write tariff books are not the people who wrote this program, so a book is never half accepted and never
 * fails with a stack trace: it parses, or it comes back with a list to work through. The YAML shape is shown by
 * `books/us-10dlc.yaml`; the meaning of the parts is in `tariff-book.ts`; typed reading is in `yaml-reader.ts`.
 */

import type { BookError } from './book-error.ts';
import { formatMicros } from './money.ts';
import { CONFIDENCES, FEE_KINDS, MESSAGES, SENDERS } from './tariff-book.ts';
import type { DirectionalPrice, Fee, PartyRow, Provenance, RateRow, TariffBook } from './tariff-book.ts';
import {
  isNull,
  lineOf,
  note,
  openYaml,
  readChoice,
  readDate,
  readDollars,
  readEntries,
  readFields,
  readFlag,
  readList,
  readText,
} from './yaml-reader.ts';
import type { Fields, Place, Problems } from './yaml-reader.ts';

export type ParsedTariffBook =
  | { readonly ok: true; readonly book: TariffBook }
  | { readonly ok: false; readonly errors: readonly BookError[] };

/** Keeps `price x units` exact in a double; see MAX_UNITS in `rate.ts`. */
const UNIT_PRICE_MICROS_MAX = 1_000_000_000;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const PROVENANCE_KEYS = ['source', 'note'];
const NOT_PUBLISHED: DirectionalPrice = { out: null, in: null };

/** Keys of a row seen so far -> where, to catch the second of a pair. */
type Seen = Map<string, number>;

/** Parses `text`; `file` is only used to say where errors are, which are sorted by place. Never throws. */
export function parseTariffBook(text: string, file: string): ParsedTariffBook {
  const { root, problems } = openYaml(text, file);
  const book = root && readBook(problems, root);
  if (book === undefined || problems.found.length > 0) {
    const errors = problems.found.toSorted((a, b) => a.line - b.line || a.column - b.column);
    return { ok: false, errors };
  }
  return { ok: true, book };
}

function readBook(problems: Problems, root: Place): TariffBook | undefined {
  const fields = readFields(problems, root, 'the book', {
    required: ['book', 'title', 'timeZone', 'sources', 'rates', 'parties'],
    optional: ['fees'],
  });
  if (fields === undefined) return undefined;
  const sources = readSources(problems, fields.get('sources'));
  const parties = readParties(problems, fields.get('parties'), sources);
  return {
    book: readName(problems, fields.get('book'), 'book') ?? '',
    title: readTextField(problems, fields, 'title') ?? '',
    timeZone: readTimeZone(problems, fields.get('timeZone')),
    sources,
    rates: readRows(problems, fields.get('rates'), 'rates', (place, seen) => readRate(problems, place, sources, seen)),
    aggregatorPrices: parties.aggregatorPrices,
    dcaMargins: parties.dcaMargins,
    fees: readRows(problems, fields.get('fees'), 'fees', (place, seen) => readFee(problems, place, sources, seen)),
  };
}

function readTimeZone(problems: Problems, place: Place | undefined): 'UTC' {
  if (place !== undefined) readChoice(problems, place, 'timeZone', ['UTC']);
  return 'UTC';
}

function readSources(problems: Problems, place: Place | undefined): Map<string, string> {
  const sources = new Map<string, string>();
  if (place === undefined) return sources;
  for (const [key, entry] of readEntries(problems, place, 'sources') ?? []) {
    sources.set(key, readText(problems, entry, `the citation of source ${key}`) ?? '');
  }
  return sources;
}

function readParties(
  problems: Problems,
  place: Place | undefined,
  sources: ReadonlyMap<string, string>,
): Pick<TariffBook, 'aggregatorPrices' | 'dcaMargins'> {
  const keys = { required: ['aggregatorPrice', 'dcaMargin'], optional: [] };
  const fields = place && readFields(problems, place, 'parties', keys);
  const rowsOf = (key: string): PartyRow[] =>
    readRows(problems, fields?.get(key), key, (row, seen) => readPartyRow(problems, row, key, sources, seen));
  return { aggregatorPrices: rowsOf('aggregatorPrice'), dcaMargins: rowsOf('dcaMargin') };
}

/** Reads a list of rows, leaving out those with mistakes. */
function readRows<T>(
  problems: Problems,
  place: Place | undefined,
  what: string,
  readRow: (place: Place, seen: Seen) => T | undefined,
): T[] {
  const rows = place && readList(problems, place, what);
  const seen: Seen = new Map();
  return (rows ?? []).map((row) => readRow(row, seen)).filter((row) => row !== undefined);
}

function readRate(
  problems: Problems,
  place: Place,
  sources: ReadonlyMap<string, string>,
  seen: Seen,
): RateRow | undefined {
  const fields = readFields(problems, place, 'a rate', {
    required: ['carrier', 'sender', 'message', 'from', 'confidence'],
    optional: ['registered', 'unregistered', ...PROVENANCE_KEYS],
  });
  if (fields === undefined) return undefined;
  const carrier = readName(problems, fields.get('carrier'), 'carrier');
  const sender = readField(problems, fields, 'sender', SENDERS);
  const message = readField(problems, fields, 'message', MESSAGES);
  const from = readDateField(problems, fields, 'from');
  const registered = readPrices(problems, fields.get('registered'), 'registered');
  const unregistered = readPrices(problems, fields.get('unregistered'), 'unregistered');
  const provenance = readProvenance(problems, fields, sources);
  if (registered === undefined || unregistered === undefined) return undefined;
  if (isUnpublished(registered) && isUnpublished(unregistered)) {
    note(problems, place.offset, 'a rate sets no price: give out or in under registered or unregistered');
  }
  if (!carrier || !sender || !message || !from || !provenance) return undefined;
  noteRepeated(problems, fields, seen, `${carrier} ${sender} ${message}`, from.text);
  return {
    carrier,
    sender,
    message,
    from: from.text,
    fromMs: from.ms,
    registered,
    unregistered,
    ...provenance,
  };
}

function readPartyRow(
  problems: Problems,
  place: Place,
  party: string,
  sources: ReadonlyMap<string, string>,
  seen: Seen,
): PartyRow | undefined {
  const fields = readFields(problems, place, `${party === 'dcaMargin' ? 'a' : 'an'} ${party} row`, {
    required: ['message', 'from', 'confidence'],
    optional: ['out', 'in', ...PROVENANCE_KEYS],
  });
  if (fields === undefined) return undefined;
  const message = readField(problems, fields, 'message', MESSAGES);
  const from = readDateField(problems, fields, 'from');
  const price = readDirections(problems, fields, party);
  const provenance = readProvenance(problems, fields, sources);
  if (isUnpublished(price)) note(problems, place.offset, `this ${party} row sets no price: give out or in`);
  if (!message || !from || !provenance) return undefined;
  noteRepeated(problems, fields, seen, `${party} ${message}`, from.text);
  return { message, from: from.text, fromMs: from.ms, price, ...provenance };
}

function readFee(problems: Problems, place: Place, sources: ReadonlyMap<string, string>, seen: Seen): Fee | undefined {
  const fields = readFields(problems, place, 'a fee', {
    required: ['id', 'title', 'kind', 'per', 'payee', 'amount', 'confidence'],
    optional: ['from', 'until', 'waived', 'appliesTo', ...PROVENANCE_KEYS],
  });
  if (fields === undefined) return undefined;
  const id = readName(problems, fields.get('id'), 'id');
  const title = readTextField(problems, fields, 'title');
  const kind = readField(problems, fields, 'kind', FEE_KINDS);
  const per = readTextField(problems, fields, 'per');
  const payee = readName(problems, fields.get('payee'), 'payee');
  const amount = fields.get('amount');
  const amountMicros = amount && readDollars(problems, amount, 'amount');
  const from = readDateField(problems, fields, 'from');
  const until = readDateField(problems, fields, 'until');
  const waived = fields.get('waived');
  const appliesTo = fields.get('appliesTo');
  const codes = appliesTo && readTexts(problems, appliesTo, 'appliesTo');
  const provenance = readProvenance(problems, fields, sources);
  if (from && until && until.ms <= from.ms) {
    note(problems, fields.get('until')?.offset ?? fields.offset, `until ${until.text} is not after from ${from.text}`);
  }
  if (!id || !title || !kind || !per || !payee || amountMicros === undefined || !provenance) return undefined;
  noteRepeated(problems, fields, seen, `fee ${id}`, from?.text ?? 'an unknown date');
  return {
    id,
    title,
    kind,
    per,
    payee,
    amountMicros,
    from: from?.text ?? null,
    until: until?.text ?? null,
    waived: (waived && readFlag(problems, waived, 'waived')) ?? false,
    appliesTo: (codes ?? []).map((code) => code.text),
    ...provenance,
  };
}

function readProvenance(
  problems: Problems,
  fields: Fields,
  sources: ReadonlyMap<string, string>,
): Provenance | undefined {
  const confidence = readField(problems, fields, 'confidence', CONFIDENCES);
  const rowNote = fields.get('note');
  const noteText = rowNote && readText(problems, rowNote, 'note');
  const source = fields.get('source');
  const keys = source && readTexts(problems, source, 'source');
  for (const key of keys ?? []) {
    if (!sources.has(key.text)) {
      note(problems, key.offset, `source ${key.text} is not listed under "sources": add its citation there`);
    }
  }
  if (confidence === 'assumed') {
    if (rowNote === undefined) note(problems, fields.offset, 'an assumed figure has no "note": say why this figure');
  } else if (source === undefined || keys?.length === 0) {
    note(
      problems,
      source?.offset ?? fields.offset,
      'no source: add "source: [KEY]", or "confidence: assumed" with a note',
    );
  }
  if (confidence === undefined) return undefined;
  return { confidence, sources: (keys ?? []).map((key) => key.text), note: noteText ?? null };
}

function readPrices(problems: Problems, place: Place | undefined, what: string): DirectionalPrice | undefined {
  if (place === undefined || isNull(place)) return NOT_PUBLISHED;
  const fields = readFields(problems, place, what, { required: [], optional: ['out', 'in'] });
  return fields && readDirections(problems, fields, what);
}

function readDirections(problems: Problems, fields: Fields, what: string): DirectionalPrice {
  return {
    out: readUnitPrice(problems, fields.get('out'), `${what} out`),
    in: readUnitPrice(problems, fields.get('in'), `${what} in`),
  };
}

function readUnitPrice(problems: Problems, place: Place | undefined, what: string): number | null {
  if (place === undefined || isNull(place)) return null;
  const micros = readDollars(problems, place, what) ?? null;
  if (micros !== null && micros > UNIT_PRICE_MICROS_MAX) {
    note(
      problems,
      place.offset,
      `${what} is above ${formatMicros(UNIT_PRICE_MICROS_MAX)} per unit: is the decimal point right?`,
    );
  }
  return micros;
}

function isUnpublished(price: DirectionalPrice): boolean {
  return price.out === null && price.in === null;
}

function noteRepeated(problems: Problems, fields: Fields, seen: Seen, what: string, from: string): void {
  const key = `${what} from ${from}`;
  const offset = (fields.get('from') ?? fields).offset;
  const earlier = seen.get(key);
  if (earlier === undefined) {
    seen.set(key, offset);
  } else {
    note(
      problems,
      offset,
      `${key} is already set on line ${lineOf(problems, earlier)}: merge the two or change a date`,
    );
  }
}

function readTexts(problems: Problems, place: Place, what: string): { text: string; offset: number }[] | undefined {
  return readList(problems, place, what)?.flatMap((item) => {
    const text = readText(problems, item, `an item of ${what}`);
    return text === undefined ? [] : [{ text, offset: item.offset }];
  });
}

function readName(problems: Problems, place: Place | undefined, what: string): string | undefined {
  const name = place && readText(problems, place, what);
  if (place === undefined || name === undefined) return undefined;
  if (NAME.test(name)) return name;
  note(problems, place.offset, `${what} "${name}" is not a name: use lower-case letters, digits and single hyphens`);
  return undefined;
}

function readTextField(problems: Problems, fields: Fields, key: string): string | undefined {
  const place = fields.get(key);
  return place && readText(problems, place, key);
}

function readDateField(problems: Problems, fields: Fields, key: string): { text: string; ms: number } | undefined {
  const place = fields.get(key);
  return place && readDate(problems, place, key);
}

function readField<T extends string>(
  problems: Problems,
  fields: Fields,
  key: string,
  choices: readonly T[],
): T | undefined {
  const place = fields.get(key);
  return place && readChoice(problems, place, key, choices);
}
