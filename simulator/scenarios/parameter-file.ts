/**
 * The file of parameters: every figure the policy lab assumes, with its unit, range, source and grade. Text of it -> the list, or
 * every mistake in it with file, line, column and remedy.
 *
 * The shape is that of `simulator/parameters.yaml`. `low` to `high` is how far the figure may be off, which is what sweeps draw from;
 * a scenario may set a value outside of it, since a what-if need not be likely.
 */
import {
  type BookError,
  type Fields,
  note,
  openYaml,
  type Place,
  type Problems,
  readChoice,
  readEntries,
  readFields,
  readFlag,
  readPart,
  readText,
} from '../../tariffs/index.ts';
import { ANY, type Bounds, NOT_NEGATIVE, readNumber, SHARE } from './read-number.ts';

/** How well a figure is known: as in tariff books, or `assumed` where nobody has published one. */
export type Grade = (typeof GRADES)[number];

export const GRADES = ['A', 'B', 'C', 'D', 'assumed'] as const;

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
  /** What it is a part of, if that has other parts: they cannot come to more than 1. */
  readonly partOf?: string;
  /** Whether it is read only when the world is made, so that no event can change it. */
  readonly atStart?: true;
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
  const fields =
    root && readFields(problems, root, 'the file of parameters', { required: ['parameters'], optional: [] });
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
  const fields = readFields(problems, place, `parameter ${id}`, {
    required: REQUIRED,
    optional: ['note', 'partOf', 'atStart'],
  });
  if (fields === undefined) return undefined;
  const text = (key: string): string | undefined =>
    readPart(fields, key, (found) => readText(problems, found, `${key} of ${id}`));
  const [title, unit, source, written = ''] = [text('title'), text('unit'), text('source'), text('note')];
  const partOf = text('partOf');
  const atStart = readPart(fields, 'atStart', (found) => readFlag(problems, found, `atStart of ${id}`));
  const grade = readPart(fields, 'grade', (found) => readChoice(problems, found, `grade of ${id}`, GRADES));
  const bounds = unit === SHARE_UNIT ? SHARE : ANY;
  const [value, low, high] = ['value', 'low', 'high'].map((key) => readFigure(problems, fields, key, id, bounds));
  if (value === undefined || low === undefined || high === undefined) return undefined;
  if (low > value || value > high) {
    const at = fields.get('value')?.offset ?? place.offset;
    note(problems, at, `value of ${id} must lie from low ${low} to high ${high}: change one of the three`);
  }
  if (title === undefined || unit === undefined || source === undefined || grade === undefined) return undefined;
  return {
    id,
    title,
    value,
    unit,
    low,
    high,
    grade,
    source,
    note: written,
    ...(partOf !== undefined && { partOf }),
    ...(atStart === true && { atStart }),
  };
}

function readFigure(problems: Problems, fields: Fields, key: string, id: string, bounds: Bounds): number | undefined {
  return readPart(fields, key, (found) => readNumber(problems, found, `${key} of ${id}`, bounds));
}

/** What a scenario may set a parameter to. Below 0 is for those that can be there at all. */
export function boundsOf({ unit, low }: Parameter): Bounds {
  if (unit === SHARE_UNIT) return SHARE;
  return low < 0 ? ANY : NOT_NEGATIVE;
}

/** Parts that come to more than their whole, as words for whoever set one of them; undefined if all is well. */
export function tooMuch(
  parameters: readonly Parameter[],
  values: Readonly<Record<string, number>>,
): { ids: readonly string[]; wrong: string } | undefined {
  const wholes = new Set(parameters.flatMap(({ partOf }) => partOf ?? []));
  for (const whole of wholes) {
    const ids = parameters.filter(({ partOf }) => partOf === whole).map(({ id }) => id);
    const sum = ids.reduce((all, id) => all + (values[id] ?? 0), 0);
    if (sum <= 1) continue;
    const shown = Number(sum.toPrecision(6));
    return {
      ids,
      wrong: `${ids.join(' and ')} come to ${shown} of ${whole}: parts of a whole cannot be more than 1 together`,
    };
  }
  return undefined;
}

/** Values by id, as a run reads them. */
export function valuesOf(parameters: readonly Parameter[]): Readonly<Record<string, number>> {
  return Object.fromEntries(parameters.map(({ id, value }) => [id, value]));
}
