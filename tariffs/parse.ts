/**
 * Text of a tariff book -> the book, or every mistake in it with file, line, column and remedy.
 *
 * The people who write tariff books are not the people who wrote this program, so a book is never half accepted and never
 * fails with a stack trace: it parses, or it comes back with a list to work through. The YAML shape is shown by
 * `books/us-10dlc.yaml`; the meaning of the parts is in `tariff-book.ts`; typed reading is in `yaml-reader.ts`. What one row cannot
 * show is checked when all are read: in `eras.ts` that dates meet, in `overlay.ts` what a book makes of the one it extends.
 */

import type { BookError } from './book-error.ts';
import { checkEnds, settleFees } from './eras.ts';
import type { FeePlace, StatedEnd } from './eras.ts';
import { formatMicros } from './money.ts';
import { isUnpublished, layOver } from './overlay.ts';
import { CONFIDENCES, FEE_KINDS, MESSAGES, SENDERS } from './tariff-book.ts';
import type { DirectionalPrice, Fee, PartyRow, Provenance, RateRow, Sender, TariffBook } from './tariff-book.ts';
import {
  hasKey,
  isNull,
  lineOf,
  note,
  openYaml,
  readChoice,
  readDollars,
  readEntries,
  readFields,
  readFlag,
  readList,
  readMoment,
  readPart,
  readText,
  readTimeZone,
} from './yaml-reader.ts';
import type { Fields, Place, PlainDate, Problems } from './yaml-reader.ts';

export type ParsedTariffBook =
  | { readonly ok: true; readonly book: TariffBook }
  | { readonly ok: false; readonly errors: readonly BookError[] };

/** A book that is being read because of the books that extend it. */
export interface Extending {
  readonly book: string;
  /** Says at its `extends` what is wrong with the book named there. */
  refuse(message: string): void;
}

/**
 * Finds and parses the book that `file` names under `extends`, handing `extending` on to `parseTariffBook`; or says, after the
 * name, what is wrong with it.
 */
export type OpenBase = (
  name: string,
  file: string,
  extending: readonly Extending[],
) => ParsedTariffBook | { readonly wrong: string };

/** Keeps `price x units` exact in a double; see MAX_UNITS in `rate.ts`. */
const UNIT_PRICE_MICROS_MAX = 1_000_000_000;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const ERA_KEYS = ['until', 'source', 'note'];
const NOT_PUBLISHED: DirectionalPrice = { out: null, in: null };
const STANDING_ALONE = { required: ['carriers', 'sources', 'rates', 'parties'], optional: ['fees'] };
const OVERLAY = { required: ['extends'], optional: ['carriers', 'sources', 'rates', 'parties', 'fees'] };

/** Keys of a row seen so far -> where, to catch the second of a pair. */
type Seen = Map<string, number>;

/** What the rows of one file are read with, and what is left to be checked once all of them are. */
interface Reading {
  readonly problems: Problems;
  readonly book: string;
  readonly timeZone: string;
  readonly carriers: ReadonlyMap<string, string>;
  readonly sources: ReadonlyMap<string, string>;
  readonly base: TariffBook | undefined;
  readonly ends: StatedEnd[];
  readonly feePlaces: Map<Fee, FeePlace>;
}

/**
 * Parses `text`; `file` is only used to say where errors are, which are sorted by place. Those of a book it extends come after its
 * own, with that book's file. Never throws.
 * @param openBase opens books named under `extends`; without it they cannot be found
 * @param extending the books that lead here, from the first; only `openBase` hands any on
 */
export function parseTariffBook(
  text: string,
  file: string,
  openBase: OpenBase = () => ({ wrong: 'cannot be found here: read it from a file' }),
  extending: readonly Extending[] = [],
): ParsedTariffBook {
  const { root, problems } = openYaml(text, file);
  const ofBase: BookError[] = [];
  const book = root && readBook(problems, root, ofBase, openBase, extending);
  if (book === undefined || problems.found.length > 0) {
    const errors = problems.found.toSorted((a, b) => a.line - b.line || a.column - b.column);
    return { ok: false, errors: [...errors, ...ofBase] };
  }
  return { ok: true, book };
}

function readBook(
  problems: Problems,
  root: Place,
  ofBase: BookError[],
  openBase: OpenBase,
  extending: readonly Extending[],
): TariffBook | undefined {
  const { required, optional } = hasKey(root, 'extends') ? OVERLAY : STANDING_ALONE;
  const fields = readFields(problems, root, 'the book', {
    required: ['book', 'title', 'timeZone', ...required],
    optional,
  });
  if (fields === undefined) return undefined;
  const name = readName(problems, fields.get('book'), 'book');
  const title = readTextField(problems, fields, 'title') ?? '';
  const timeZone = readPart(fields, 'timeZone', (place) => readTimeZone(problems, place, 'timeZone')) ?? 'UTC';
  const base = readPart(fields, 'extends', (place) =>
    name === undefined ? undefined : readBase(problems, place, name, ofBase, openBase, extending),
  );
  if (name === undefined || (base === undefined && fields.get('extends') !== undefined)) return undefined;
  if (base !== undefined && base.timeZone !== timeZone) {
    const message = `timeZone ${timeZone} is not that of ${base.book}: write ${base.timeZone}, and other moments with their offset`;
    note(problems, fields.get('timeZone')?.offset ?? root.offset, message);
  }
  const reading: Reading = {
    problems,
    book: name,
    timeZone,
    carriers: readNamed(problems, fields.get('carriers'), 'carriers', 'the name of carrier', base),
    sources: readNamed(problems, fields.get('sources'), 'sources', 'the citation of source', base),
    base,
    ends: [],
    feePlaces: new Map(),
  };
  const own: TariffBook = {
    book: name,
    title,
    extends: base?.book ?? null,
    timeZone,
    carriers: reading.carriers,
    sources: reading.sources,
    rates: readRows(problems, fields.get('rates'), 'rates', (place, seen) => readRate(reading, place, seen)),
    ...readParties(reading, fields.get('parties')),
    fees: readRows(problems, fields.get('fees'), 'fees', (place, seen) => readFee(reading, place, seen)),
  };
  const book = base === undefined ? own : layOver(base, own);
  checkEnds(problems, reading.ends, book);
  return { ...book, fees: settleFees(problems, book.fees, reading.feePlaces) };
}

/** The book under `extends`, or undefined after noting why it cannot be had. */
function readBase(
  problems: Problems,
  place: Place,
  book: string,
  ofBase: BookError[],
  openBase: OpenBase,
  extending: readonly Extending[],
): TariffBook | undefined {
  const named = readText(problems, place, 'extends');
  if (named === undefined) return undefined;
  const last = extending.at(-1);
  if (last !== undefined && extending.some((one) => one.book === book)) {
    const way = [...extending.map((one) => one.book), book].join(' -> ');
    last.refuse(`leads back to ${book} (${way}): extend a book that does not, or give one of them another name`);
    return undefined;
  }
  const refuse = (message: string): void => note(problems, place.offset, `extends "${named}" ${message}`);
  if (named === book) {
    refuse('is the name of this book itself: name another to extend, or give this one a name of its own');
    return undefined;
  }
  const opened = openBase(named, problems.file, [...extending, { book, refuse }]);
  if ('wrong' in opened) {
    refuse(opened.wrong);
    return undefined;
  }
  if (!opened.ok) {
    ofBase.push(...opened.errors);
    return undefined;
  }
  if (opened.book.book === book) {
    refuse(`is a book of the same name: give this one a name of its own`);
    return undefined;
  }
  return opened.book;
}

/** Reads texts by key, on top of those of the base, which may not be said anew. */
function readNamed(
  problems: Problems,
  place: Place | undefined,
  what: 'carriers' | 'sources',
  valueOf: string,
  base: TariffBook | undefined,
): Map<string, string> {
  const named = new Map<string, string>(base?.[what]);
  if (place === undefined) return named;
  for (const [key, entry] of readEntries(problems, place, what) ?? []) {
    if (base?.[what].has(key)) {
      note(
        problems,
        entry.keyOffset,
        `${key} is already among the ${what} of ${base.book}: leave it out, or use another key`,
      );
    }
    named.set(key, readText(problems, entry, `${valueOf} ${key}`) ?? '');
  }
  return named;
}

function readParties(reading: Reading, place: Place | undefined): Pick<TariffBook, 'aggregatorPrices' | 'dcaMargins'> {
  const { problems, base } = reading;
  const names = ['aggregatorPrice', 'dcaMargin'];
  const keys = base === undefined ? { required: names, optional: [] } : { required: [], optional: names };
  const fields = place && readFields(problems, place, 'parties', keys);
  const rowsOf = (key: string): PartyRow[] =>
    readRows(problems, fields?.get(key), key, (row, seen) => readPartyRow(reading, row, key, seen));
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

function readRate(reading: Reading, place: Place, seen: Seen): RateRow | undefined {
  const { problems } = reading;
  const fields = readFields(problems, place, 'a rate', {
    required: ['carrier', 'sender', 'message', 'from', 'confidence'],
    optional: ['registered', 'unregistered', ...ERA_KEYS],
  });
  if (fields === undefined) return undefined;
  const carrier = readName(problems, fields.get('carrier'), 'carrier');
  const sender = readField(problems, fields, 'sender', SENDERS);
  const message = readField(problems, fields, 'message', MESSAGES);
  const { from, until } = readEra(reading, fields);
  const problemsBefore = problems.found.length;
  const registered = readPrices(problems, fields.get('registered'), 'registered');
  const unregistered = readPrices(problems, fields.get('unregistered'), 'unregistered');
  const provenance = readProvenance(reading, fields);
  if (carrier && sender) checkCarrier(reading, fields, carrier, sender);
  if (registered === undefined || unregistered === undefined) return undefined;
  if (isUnpublished(registered) && isUnpublished(unregistered) && problems.found.length === problemsBefore) {
    note(problems, place.offset, 'a rate sets no price: give out or in under registered or unregistered');
  }
  if (!carrier || !sender || !message || !from || !provenance) return undefined;
  noteRepeated(problems, fields, seen, `${carrier} ${sender} ${message}`, from.text);
  const row = {
    carrier,
    sender,
    message,
    from: from.text,
    fromMs: from.ms,
    registered,
    unregistered,
    ...provenance,
  };
  if (until !== undefined) reading.ends.push({ ...until, kind: 'rates', row });
  return row;
}

/** An overlay changes what its base prices; a carrier of its own it has to declare. */
function checkCarrier({ problems, carriers, base }: Reading, fields: Fields, carrier: string, sender: Sender): void {
  // Without a list there is one mistake, which is told at the top.
  if (carriers.size === 0) return;
  if (!carriers.has(carrier)) {
    const known = [...carriers.keys()].join(', ');
    const message = `carrier "${carrier}" is not in the book: use one of ${known}, or add it under "carriers"`;
    note(problems, fields.get('carrier')?.offset ?? fields.offset, message);
    return;
  }
  const senders = new Set(base?.rates.filter((row) => row.carrier === carrier).map((row) => row.sender));
  if (base === undefined || senders.size === 0 || senders.has(sender)) return;
  const message = `${carrier} has no ${sender} rates in ${base.book}: use one of ${[...senders].join(', ')}`;
  note(problems, fields.get('sender')?.offset ?? fields.offset, message);
}

function readPartyRow(reading: Reading, place: Place, party: string, seen: Seen): PartyRow | undefined {
  const { problems } = reading;
  const fields = readFields(problems, place, `${party === 'dcaMargin' ? 'a' : 'an'} ${party} row`, {
    required: ['message', 'from', 'confidence'],
    optional: ['out', 'in', ...ERA_KEYS],
  });
  if (fields === undefined) return undefined;
  const message = readField(problems, fields, 'message', MESSAGES);
  const { from, until } = readEra(reading, fields);
  const price = readDirections(problems, fields, party);
  const provenance = readProvenance(reading, fields);
  if (isUnpublished(price)) note(problems, place.offset, `this ${party} row sets no price: give out or in`);
  if (!message || !from || !provenance) return undefined;
  noteRepeated(problems, fields, seen, `${party} ${message}`, from.text);
  const row = { message, from: from.text, fromMs: from.ms, price, ...provenance };
  if (until !== undefined)
    reading.ends.push({ ...until, kind: party === 'dcaMargin' ? party : 'aggregatorPrice', row });
  return row;
}

function readFee(reading: Reading, place: Place, seen: Seen): Fee | undefined {
  const { problems } = reading;
  const fields = readFields(problems, place, 'a fee', {
    required: ['id', 'title', 'kind', 'per', 'payee', 'amount', 'confidence'],
    optional: ['from', 'waived', 'appliesTo', ...ERA_KEYS],
  });
  if (fields === undefined) return undefined;
  const id = readName(problems, fields.get('id'), 'id');
  const title = readTextField(problems, fields, 'title');
  const kind = readField(problems, fields, 'kind', FEE_KINDS);
  const per = readTextField(problems, fields, 'per');
  const payee = readName(problems, fields.get('payee'), 'payee');
  const amount = fields.get('amount');
  const amountMicros = amount && readDollars(problems, amount, 'amount');
  const { from, until } = readEra(reading, fields);
  const waived = fields.get('waived');
  const appliesTo = fields.get('appliesTo');
  const codes = appliesTo && readTexts(problems, appliesTo, 'appliesTo');
  const provenance = readProvenance(reading, fields);
  if (!id || !title || !kind || !per || !payee || amountMicros === undefined || !provenance) return undefined;
  noteRepeated(problems, fields, seen, `fee ${id}`, from?.text ?? 'an unknown date');
  const fee = {
    id,
    title,
    kind,
    per,
    payee,
    amountMicros,
    from: from?.text ?? null,
    fromMs: from?.ms ?? -Infinity,
    until: until?.text ?? null,
    untilMs: until?.ms ?? Infinity,
    waived: (waived && readFlag(problems, waived, 'waived')) ?? false,
    appliesTo: (codes ?? []).map((code) => code.text),
    ...provenance,
  };
  const fromOffset = fields.get('from')?.offset ?? fields.offset;
  reading.feePlaces.set(fee, { fromOffset, untilOffset: until?.offset ?? fromOffset });
  return fee;
}

/** The dates of a row; `until` is left out if it is wrong, such as not after `from`. */
function readEra(
  { problems, timeZone }: Reading,
  fields: Fields,
): { readonly from: PlainDate | undefined; readonly until: (PlainDate & { readonly offset: number }) | undefined } {
  const from = readPart(fields, 'from', (place) => readMoment(problems, place, 'from', timeZone));
  const until = readPart(fields, 'until', (place) => {
    const moment = readMoment(problems, place, 'until', timeZone);
    if (moment === undefined || from === undefined || moment.ms > from.ms) {
      return moment && { ...moment, offset: place.offset };
    }
    note(problems, place.offset, `until ${moment.text} is not after from ${from.text}`);
    return undefined;
  });
  return { from, until };
}

function readProvenance({ problems, book, sources }: Reading, fields: Fields): Provenance | undefined {
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
  const line = lineOf(problems, fields.offset);
  return { book, line, confidence, sources: (keys ?? []).map((key) => key.text), note: noteText ?? null };
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

function readField<T extends string>(
  problems: Problems,
  fields: Fields,
  key: string,
  choices: readonly T[],
): T | undefined {
  const place = fields.get(key);
  return place && readChoice(problems, place, key, choices);
}
