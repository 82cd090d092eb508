/**
 * The file of parameters: every figure the policy lab assumes, with its unit, range, source and grade. Text of it -> the list, or
 * every mistake in it with file, line, column and remedy.
 *
 * The shape is that of `simulator/parameters.yaml`. `low` to `high` is how far the figure may be off, which is what sweeps draw from;
 * a scenario may set a value outside of it, since a what-if need not be likely.
 */
import {
  type BookError,
  CONFIDENCES,
  type Fields,
  note,
  openYaml,
  type Place,
  type Problems,
  readChoice,
  readEntries,
  readFields,
  readPart,
  readText,
} from '../../tariffs/index.ts';
import type { Parameters } from '../run.ts';
import { ANY, type Bounds, NOT_NEGATIVE, readNumber, SHARE } from './read-number.ts';

/** How well a figure is known: as in tariff books, or `assumed` where nobody has published one. */
export type Grade = (typeof GRADES)[number];

export const GRADES = [...CONFIDENCES, 'assumed'] as const;

export interface Parameter {
  readonly id: string;
  readonly title: string;
  readonly value: number;
  /** In words, such as `messages a day`. A `share` is from 0 to 1. */
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly grade: Grade;
  readonly source: string;
  readonly note: string;
}

export type ParametersRead =
  | { readonly ok: true; readonly parameters: readonly Parameter[] }
  | { readonly ok: false; readonly errors: readonly BookError[] };

const ID = /^[a-z][a-zA-Z0-9]*$/;
const REQUIRED = ['title', 'value', 'unit', 'low', 'high', 'grade', 'source'];
const SHARE_UNIT = 'share';

/** Parses `text`; `path` only says where errors are. Never throws. */
export function readParameters(text: string, path: string): ParametersRead {
  const { root, problems } = openYaml(text, path);
  const fields = root && readFields(problems, root, 'the file of parameters', { required: ['parameters'], optional: [] });
  const entries = fields && readPart(fields, 'parameters', (place) => readEntries(problems, place, 'parameters'));
  const parameters = [...(entries ?? [])].flatMap(([id, { keyOffset, ...place }]) => {
    if (!ID.test(id)) note(problems, keyOffset, `parameter "${id}" must be letters and digits, from a small letter on`);
    return readParameter(problems, id, place) ?? [];
  });
  if (problems.found.length > 0) {
    return { ok: false, errors: problems.found.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, parameters };
}

function readParameter(problems: Problems, id: string, place: Place): Parameter | undefined {
  const fields = readFields(problems, place, `parameter ${id}`, { required: REQUIRED, optional: ['note'] });
  if (fields === undefined) return undefined;
  const text = (key: string): string | undefined =>
    readPart(fields, key, (found) => readText(problems, found, `${key} of ${id}`));
  const [title, unit, source, written = ''] = [text('title'), text('unit'), text('source'), text('note')];
  const grade = readPart(fields, 'grade', (found) => readChoice(problems, found, `grade of ${id}`, GRADES));
  const bounds = unit === SHARE_UNIT ? SHARE : ANY;
  const [value, low, high] = ['value', 'low', 'high'].map((key) => readFigure(problems, fields, key, id, bounds));
  if (value === undefined || low === undefined || high === undefined) return undefined;
  if (low > value || value > high) {
    const at = fields.get('value')?.offset ?? place.offset;
    note(problems, at, `value of ${id} must lie from low ${low} to high ${high}: change one of the three`);
  }
  if (title === undefined || unit === undefined || source === undefined || grade === undefined) return undefined;
  return { id, title, value, unit, low, high, grade, source, note: written };
}

function readFigure(problems: Problems, fields: Fields, key: string, id: string, bounds: Bounds): number | undefined {
  return readPart(fields, key, (found) => readNumber(problems, found, `${key} of ${id}`, bounds));
}

/** What a scenario may set a parameter to. Below 0 is for those that can be there at all. */
export function boundsOf({ unit, low }: Parameter): Bounds {
  if (unit === SHARE_UNIT) return SHARE;
  return low < 0 ? ANY : NOT_NEGATIVE;
}

/** Values by id, as a run reads them. */
export function valuesOf(parameters: readonly Parameter[]): Parameters {
  return Object.fromEntries(parameters.map(({ id, value }) => [id, value]));
}
