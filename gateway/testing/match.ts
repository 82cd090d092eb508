/**
 * Which of many things is meant, and, where none is, which came close: the conditions that each of those did not meet, in words.
 */
import { isDeepStrictEqual } from 'node:util';

/** What a field must be: the value itself, a pattern for text, or a function that says yes. */
export type Wanted<T> = T | RegExp | ((value: T) => boolean);

/** How close ones are told of. */
const CLOSE_ONES = 3;
/** What is shown of a value. */
const SHOWN_LENGTH = 120;

export interface Candidate {
  /** In a few words, for people. */
  readonly name: string;
  /** The value of a field; undefined if it has none. */
  read(field: string): unknown;
}

/** What is wrong with a candidate: a sentence for each condition that it does not meet. */
export function differences(candidate: Candidate, wanted: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(wanted).flatMap(([field, want]) => {
    if (want === undefined) return [];
    const found = candidate.read(field);
    return meets(found, want) ? [] : [`${field} is ${shown(found)}, wanted ${shown(want)}`];
  });
}

/** Tells why none of the candidates was meant: those first that lack the least. */
export function explained(
  what: string,
  candidates: readonly Candidate[],
  wanted: Readonly<Record<string, unknown>>,
): string {
  const asked = Object.entries(wanted)
    .flatMap(([field, want]) => (want === undefined ? [] : `${field}: ${shown(want)}`))
    .join(', ');
  const head = `no ${what} with { ${asked} }`;
  if (candidates.length === 0) return `${head}; there is no ${what} at all`;
  const byDistance = candidates
    .map((candidate) => ({ candidate, lacks: differences(candidate, wanted) }))
    .toSorted((one, other) => one.lacks.length - other.lacks.length);
  const lines = byDistance
    .slice(0, CLOSE_ONES)
    .map(({ candidate, lacks }) => `  ${candidate.name}: ${lacks.join('; ')}`);
  const rest = candidates.length - lines.length;
  return [`${head}; closest of ${candidates.length}:`, ...lines, ...(rest > 0 ? [`  and ${rest} more`] : [])].join(
    '\n',
  );
}

export function shown(value: unknown): string {
  if (value instanceof RegExp) return String(value);
  if (typeof value === 'function') return value.name === '' ? 'what the function says yes to' : value.name;
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

function meets(found: unknown, want: unknown): boolean {
  // Not by `test`, which goes on from where a pattern with /g has found something before.
  if (want instanceof RegExp) return typeof found === 'string' && found.search(want) >= 0;
  if (typeof want === 'function') return found !== undefined && want(found) === true;
  return isDeepStrictEqual(found, want);
}
