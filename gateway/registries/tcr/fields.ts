/**
 * Reads bodies and queries as a table of fields says, and notes everything that is wrong about them.
 *
 * The same table makes the documentation, so the two cannot differ. Null and the empty text count as not given, as
 * clients of the real service send them for what they do not use; fields that are not in the table are ignored and kept
 * nowhere, so no client can store what the registry has no place for.
 */
import { type ApiError, apiError, ERROR_CODES, Refused } from './errors.ts';

interface FieldBase {
  readonly required?: boolean;
  readonly about?: string;
}
interface TextField extends FieldBase {
  readonly kind: 'text';
  readonly max: number;
  readonly pattern?: RegExp;
  /** The shape in words, for the refusal. */
  readonly shape?: string;
}
interface ChoiceField extends FieldBase {
  readonly kind: 'choice';
  readonly of: readonly string[];
}
interface FlagField extends FieldBase {
  readonly kind: 'flag';
}
interface ListField extends FieldBase {
  readonly kind: 'texts' | 'numbers';
  readonly max: number;
}
export type FieldTable = Readonly<Record<string, TextField | ChoiceField | FlagField | ListField>>;

type ValueOf<F> = F extends { kind: 'choice'; of: readonly (infer V)[] }
  ? V
  : F extends { kind: 'text' }
    ? string
    : F extends { kind: 'flag' }
      ? boolean
      : F extends { kind: 'texts' }
        ? readonly string[]
        : readonly number[];
export type ValuesOf<T extends FieldTable> = { -readonly [K in keyof T]?: ValueOf<T[K]> };

export class FieldReader {
  readonly #errors: ApiError[] = [];

  /** The fields that are there and right; those that are not are noted. */
  read<T extends FieldTable>(table: T, input: unknown): ValuesOf<T> {
    const given = asObject(input);
    if (given === undefined) this.refuse(null, 'send a JSON object');
    const values: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(table)) {
      const value = given?.[name];
      if (value === undefined || value === null || value === '') {
        if (field.required === true && given !== undefined) this.refuse(name, 'is required');
        continue;
      }
      const read = readValue(field, value);
      if ('wrong' in read) this.refuse(name, read.wrong);
      else values[name] = read.value;
    }
    return values as ValuesOf<T>;
  }

  /** Notes a field that is wrong; the first thing said of a field stands. */
  refuse(field: string | null, wrong: string): void {
    if (this.#errors.some((one) => one.field === field)) return;
    this.#errors.push(apiError('invalid', field, field === null ? wrong : `${field} ${wrong}`));
  }

  /** Throws when anything was wrong, with all of it. */
  done(): void {
    if (this.#errors.length > 0) throw new Refused(ERROR_CODES.invalid.status, this.#errors);
  }
}

/** Reads a whole body or query; throws `Refused` with everything that is wrong. */
export function readFields<T extends FieldTable>(table: T, input: unknown): ValuesOf<T> {
  const reader = new FieldReader();
  const values = reader.read(table, input);
  reader.done();
  return values;
}

type Read = { readonly value: unknown } | { readonly wrong: string };

function readValue(field: FieldTable[string], value: unknown): Read {
  switch (field.kind) {
    case 'text':
      return readText(field, value);
    case 'choice':
      if (typeof value === 'string' && field.of.includes(value)) return { value };
      return { wrong: `must be one of ${field.of.join(', ')}` };
    case 'flag':
      return readFlag(value);
    case 'texts':
    case 'numbers':
      return readList(field, value);
  }
}

function readText(field: TextField, value: unknown): Read {
  if (typeof value !== 'string') return { wrong: 'must be text' };
  if (value.length > field.max) return { wrong: `must have at most ${field.max} characters` };
  if (field.pattern !== undefined && !field.pattern.test(value))
    return { wrong: `must be ${field.shape ?? 'well formed'}` };
  return { value };
}

/** Queries carry flags as text, and some generated clients as 1 and 0. */
function readFlag(value: unknown): Read {
  if (value === true || value === 'true' || value === '1') return { value: true };
  if (value === false || value === 'false' || value === '0') return { value: false };
  return { wrong: 'must be true or false' };
}

/** A list; in a query a repeated name or texts parted by commas. */
function readList(field: ListField, value: unknown): Read {
  const items: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  if (!Array.isArray(value) && typeof value !== 'string') return { wrong: 'must be a list' };
  if (items.length > field.max) return { wrong: `must hold at most ${field.max}` };
  if (field.kind === 'texts') {
    return items.every((item) => typeof item === 'string') ? { value: items } : { wrong: 'must be a list of texts' };
  }
  const numbers = items.map(Number);
  return numbers.every(Number.isSafeInteger) ? { value: numbers } : { wrong: 'must be a list of whole numbers' };
}

function asObject(input: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  return input as Readonly<Record<string, unknown>>;
}

/** The table as JSON schema, for the documentation. */
export function schemaOf(table: FieldTable): object {
  const required = Object.entries(table).flatMap(([name, field]) => (field.required === true ? [name] : []));
  const properties = Object.fromEntries(Object.entries(table).map(([name, field]) => [name, propertyOf(field)]));
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

function propertyOf(field: FieldTable[string]): object {
  const about = field.about === undefined ? {} : { description: field.about };
  switch (field.kind) {
    case 'text':
      return { type: 'string', maxLength: field.max, ...about };
    case 'choice':
      return { type: 'string', enum: field.of, ...about };
    case 'flag':
      return { type: 'boolean', ...about };
    case 'texts':
      return { type: 'array', items: { type: 'string' }, maxItems: field.max, ...about };
    case 'numbers':
      return { type: 'array', items: { type: 'integer' }, maxItems: field.max, ...about };
  }
}

const RECORDS_PER_PAGE_DEFAULT = 10;
const RECORDS_PER_PAGE_MAX = 500;

const whole = { kind: 'text', max: 9, pattern: /^[0-9]+$/, shape: 'a whole number' } as const;
/** The fields of every query for a list. */
export const PAGING = {
  page: { ...whole, about: 'Counted from 1.' },
  recordsPerPage: { ...whole, about: `${RECORDS_PER_PAGE_DEFAULT} unless given, ${RECORDS_PER_PAGE_MAX} at most.` },
} as const satisfies FieldTable;

export interface RecordSet<T> {
  readonly page: number;
  readonly recordsPerPage: number;
  readonly totalRecords: number;
  readonly records: readonly T[];
}

/** One page of a list. Throws `Refused` for a page or size out of range. */
export function pageOf<T, R>(query: unknown, all: readonly T[], show: (one: T) => R): RecordSet<R> {
  const reader = new FieldReader();
  const asked = reader.read(PAGING, query);
  const page = Number(asked.page ?? 1);
  const recordsPerPage = Number(asked.recordsPerPage ?? RECORDS_PER_PAGE_DEFAULT);
  if (page < 1) reader.refuse('page', 'must be 1 or more');
  if (recordsPerPage < 1 || recordsPerPage > RECORDS_PER_PAGE_MAX) {
    reader.refuse('recordsPerPage', `must be 1 to ${RECORDS_PER_PAGE_MAX}`);
  }
  reader.done();
  const records = all.slice((page - 1) * recordsPerPage, page * recordsPerPage).map(show);
  return { page, recordsPerPage, totalRecords: all.length, records };
}
