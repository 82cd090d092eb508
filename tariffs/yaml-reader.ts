/**
 * Reads typed values out of a parsed YAML document and notes, for each that is wrong, where it stands and how to mend it.
 *
 * A reader function returns `undefined` after noting a problem and the caller goes on with the rest, so one run reports
 * every mistake in a file and not only the first. It works on YAML nodes rather than on plain values because only
 * nodes know their place, and because a price must be read from its digits: once `0.1` is a float it is too late.
 * What a tariff book contains is told in `parse.ts`; nothing here knows it.
 */

import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { BookError } from './book-error.ts';
import { parseDollars } from './money.ts';
import { instantMs, isTimeZone, plainDateMs } from './plain-date.ts';

export interface Problems {
  readonly file: string;
  /** Offset of the first character of each line. */
  readonly lineStarts: readonly number[];
  readonly found: BookError[];
}

/** A node and where it begins. The node is `unknown` since a file may have anything anywhere. */
export interface Place {
  readonly node: unknown;
  readonly offset: number;
}

export interface Fields {
  readonly offset: number;
  /** The value of `key`, or `undefined` when absent. */
  readonly get: (key: string) => Place | undefined;
}

export interface PlainDate {
  readonly text: string;
  readonly ms: number;
}

/** Parses the text; the root is `undefined` when it is not well-formed YAML, and then the syntax errors are in `problems`. */
export function openYaml(text: string, file: string): { root: Place | undefined; problems: Problems } {
  const problems: Problems = { file, lineStarts: lineStartsOf(text), found: [] };
  try {
    const document = parseDocument(text, { prettyErrors: false });
    for (const error of [...document.errors, ...document.warnings]) {
      note(problems, error.pos[0], `not valid YAML: ${error.message}`);
    }
    if (problems.found.length > 0) return { root: undefined, problems };
    return { root: { node: document.contents, offset: offsetOf(document.contents, 0) }, problems };
  } catch (error) {
    // The YAML library recurses, so brackets nested thousands deep end in a RangeError.
    note(problems, 0, `not readable as YAML: ${error instanceof Error ? error.message : String(error)}`);
    return { root: undefined, problems };
  }
}

export function note(problems: Problems, offset: number, message: string): void {
  const line = lineOf(problems, offset);
  const column = offset - (problems.lineStarts[line - 1] ?? 0) + 1;
  problems.found.push({ file: problems.file, line, column, message });
}

/** The line on which `offset` stands, for messages that point at a second place. */
export function lineOf(problems: Problems, offset: number): number {
  return Math.max(1, problems.lineStarts.findLastIndex((start) => start <= offset) + 1);
}

/** Counted here because the YAML library's own LineCounter misses line ends after it has met a syntax error. */
function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

/** Reads a map whose keys are known. Unknown and missing keys are noted; the rest can still be read. */
export function readFields(
  problems: Problems,
  place: Place,
  what: string,
  keys: { readonly required: readonly string[]; readonly optional: readonly string[] },
): Fields | undefined {
  const entries = readEntries(problems, place, what);
  if (entries === undefined) return undefined;
  const known = [...keys.required, ...keys.optional];
  for (const [key, entry] of entries) {
    if (!known.includes(key)) {
      note(problems, entry.keyOffset, `unknown key "${key}" in ${what}: use one of ${known.join(', ')}`);
    }
  }
  for (const key of keys.required) {
    if (!entries.has(key)) note(problems, place.offset, `${what} has no "${key}": add it`);
  }
  return { offset: place.offset, get: (key) => entries.get(key) };
}

/** Reads a map with free keys. `keyOffset` is where the key stands and `offset` where its value does. */
export function readEntries(
  problems: Problems,
  place: Place,
  what: string,
): Map<string, Place & { readonly keyOffset: number }> | undefined {
  if (!isMap(place.node)) {
    noteWrongType(problems, place, what, 'a map of "key: value" lines');
    return undefined;
  }
  const entries = new Map<string, Place & { readonly keyOffset: number }>();
  for (const { key, value } of place.node.items) {
    const keyOffset = offsetOf(key, place.offset);
    if (!isScalar(key) || typeof key.value !== 'string') {
      note(problems, keyOffset, `a key in ${what} is not text: put it in quotes`);
      continue;
    }
    entries.set(key.value, { node: value, offset: offsetOf(value, keyOffset), keyOffset });
  }
  return entries;
}

export function readList(problems: Problems, place: Place, what: string): Place[] | undefined {
  if (!isSeq(place.node)) {
    noteWrongType(problems, place, what, 'a list: "- item" lines or [item, item]');
    return undefined;
  }
  return place.node.items.map((node) => ({ node, offset: offsetOf(node, place.offset) }));
}

export function readText(problems: Problems, place: Place, what: string): string | undefined {
  if (!isScalar(place.node) || typeof place.node.value !== 'string') {
    noteWrongType(problems, place, what, 'text: put it in quotes');
    return undefined;
  }
  if (place.node.value.trim() === '') {
    note(problems, place.offset, `${what} is empty: write something or leave the key out`);
    return undefined;
  }
  return place.node.value;
}

/** Reads a single value as it is written, be it text, number or flag, for readers that have their own rules. */
export function readWritten(problems: Problems, place: Place, what: string): string | undefined {
  const { node } = place;
  if (!isScalar(node) || node.value === null) {
    noteWrongType(problems, place, what, 'a single value');
    return undefined;
  }
  return typeof node.value === 'string' ? node.value : (node.source ?? '');
}

export function readChoice<T extends string>(
  problems: Problems,
  place: Place,
  what: string,
  choices: readonly T[],
): T | undefined {
  const value = isScalar(place.node) ? place.node.value : undefined;
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) {
    note(problems, place.offset, `unknown ${what}${shown(place.node)}: use one of ${choices.join(', ')}`);
  }
  return choice;
}

export function readFlag(problems: Problems, place: Place, what: string): boolean | undefined {
  if (!isScalar(place.node) || typeof place.node.value !== 'boolean') {
    noteWrongType(problems, place, what, 'true or false');
    return undefined;
  }
  return place.node.value;
}

export function readDate(problems: Problems, place: Place, what: string): PlainDate | undefined {
  const text = isScalar(place.node) && typeof place.node.value === 'string' ? place.node.value : '';
  const ms = plainDateMs(text);
  if (Number.isNaN(ms)) {
    note(problems, place.offset, `${what}${shown(place.node)} is not a date: write a real day as YYYY-MM-DD`);
    return undefined;
  }
  return { text, ms };
}

/** A date and time of day without what would make them an instant. */
const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/;

/** Reads when something begins or ends: a plain date, which is midnight in `timeZone`, or an instant with its offset. */
export function readMoment(problems: Problems, place: Place, what: string, timeZone: string): PlainDate | undefined {
  const text = isScalar(place.node) && typeof place.node.value === 'string' ? place.node.value : '';
  const dateMs = plainDateMs(text, timeZone);
  const ms = Number.isNaN(dateMs) ? instantMs(text) : dateMs;
  if (!Number.isNaN(ms)) return { text, ms };
  const remedy = LOCAL_TIME.test(text)
    ? `has no time zone: add its offset, as in ${text}-08:00, or Z for UTC`
    : 'is not a date: write a real day as YYYY-MM-DD, or an instant with its offset';
  note(problems, place.offset, `${what}${shown(place.node)} ${remedy}`);
  return undefined;
}

export function readTimeZone(problems: Problems, place: Place, what: string): string | undefined {
  const name = readText(problems, place, what);
  if (name === undefined || isTimeZone(name)) return name;
  note(problems, place.offset, `${what} "${name}" is unknown: write UTC, or a name such as America/Los_Angeles`);
  return undefined;
}

/** Reads dollars, quoted or plain, from the digits as written, into micros. */
export function readDollars(problems: Problems, place: Place, what: string): number | undefined {
  const { node } = place;
  if (!isScalar(node) || (typeof node.value !== 'number' && typeof node.value !== 'string')) {
    noteWrongType(problems, place, what, 'an amount in dollars such as 0.0035');
    return undefined;
  }
  const parsed = parseDollars(typeof node.value === 'number' ? (node.source ?? '') : node.value);
  if (!parsed.ok) {
    note(problems, place.offset, `${what}: ${parsed.reason}`);
    return undefined;
  }
  return parsed.micros;
}

/** Reads a share of the whole, a number from 0 to 1. */
export function readShare(problems: Problems, place: Place, what: string): number | undefined {
  const value = isScalar(place.node) ? place.node.value : undefined;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  note(problems, place.offset, `${what}${shown(place.node)} is not a share: write a number from 0 to 1`);
  return undefined;
}

/** What `read` makes of one field, or undefined if it was not given. */
export function readPart<T>(fields: Fields, key: string, read: (place: Place) => T | undefined): T | undefined {
  const place = fields.get(key);
  return place && read(place);
}

/** Whether a map has the key, for readers to whom that says what else it must have. */
export function hasKey(place: Place, key: string): boolean {
  return isMap(place.node) && place.node.has(key);
}

/** Whether the key was given with no value or `null`. */
export function isNull(place: Place): boolean {
  return place.node === null || (isScalar(place.node) && place.node.value === null);
}

function noteWrongType(problems: Problems, place: Place, what: string, wanted: string): void {
  if (isAlias(place.node)) {
    note(problems, place.offset, `${what} is an alias: write the value out`);
  } else {
    note(problems, place.offset, `${what}${shown(place.node)} must be ${wanted}`);
  }
}

function shown(node: unknown): string {
  return isScalar(node) && node.value !== null ? ` "${node.source ?? ''}"` : '';
}

function offsetOf(node: unknown, otherwise: number): number {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
  return range?.[0] ?? otherwise;
}
