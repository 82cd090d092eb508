/**
 * One line of a bulk file -> an order, or what is wrong with the line. Pure.
 *
 * A line is an order whatever its neighbours are: in CSV no field of ours can hold a line feed, so a quote that is left open
 * spoils its own line and no other. Lines without quotes, which is nearly all, are split at their commas; the rest is
 * csv-parse's. Nothing of a line is repeated in what is said of it but a masked number.
 */
import { parse } from 'csv-parse/sync';
import { numberRefusal } from '../../../registry-cache/index.ts';
import type { Line } from './line-splitter.ts';
import { BULK_LINE_BYTES_MAX } from './limits.ts';
import type { Order } from './number-service.ts';
import { readNumber } from './read-number.ts';

export const BULK_FORMS = ['csv', 'ndjson'] as const;
export type BulkForm = (typeof BULK_FORMS)[number];

/** What is wrong with a line. */
export interface LineFault {
  /** Empty for the whole of the line. */
  readonly field: string;
  readonly code: string;
  /** To be read after the name of the field. */
  readonly message: string;
}

export type LineRead = { readonly order: Order } | { readonly fault: LineFault } | undefined;

/** Reads one line; undefined for a blank one. */
export type LineReader = (line: Line) => LineRead;

export const COLUMNS = ['number', 'campaignId', 'nnid', 'action'] as const;
type Column = (typeof COLUMNS)[number];

/** The fields of an order as text; empty for one that is not there. */
type OrderFields = Record<Column, string>;

const REPLACEMENT = '\uFFFD';

/** Whether a file's first line shows that it is not UTF-8 but some encoding of two bytes a character. */
export function isWide({ text }: Line): boolean {
  return text.startsWith(REPLACEMENT + REPLACEMENT) || text.includes('\0');
}

/** A line without the byte order mark that a first line may have. */
export function withoutMark(line: Line): Line {
  return line.text.startsWith('\uFEFF') ? { ...line, text: line.text.slice(1) } : line;
}

export const readJsonLine: LineReader = (line) => {
  const spoilt = spoiltLine(line);
  if (spoilt !== undefined) return { fault: spoilt };
  if (line.text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch {
    if (!line.isEnded) return { fault: HALF_LINE };
    return fault('', 'not_json', 'is not valid JSON; write one object per line');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fault('', 'not_an_object', 'must be a JSON object with number and campaignId');
  }
  const fields: OrderFields = { number: '', campaignId: '', nnid: '', action: '' };
  for (const [name, given] of Object.entries(value)) {
    if (!isColumn(name)) {
      return fault('', 'unknown_field', `holds a field that is none of ${COLUMNS.join(', ')}; remove it`);
    }
    if (typeof given !== 'string') return fault(name, 'not_text', 'must be text in quotes');
    fields[name] = given;
  }
  return readOrder(fields);
};

/** A reader of the lines under a CSV header, or what is wrong with the header. */
export function csvReader(header: Line): LineReader | LineFault {
  const names = splitCsv(header.text)?.map((name) => name.trim()) ?? [];
  const isHeader = names.every((name, index) => isColumn(name) && names.indexOf(name) === index);
  if (header.isTooLong || !isHeader || !names.includes('number') || !names.includes('campaignId')) {
    const message =
      'must name the columns, separated by commas: number,campaignId,nnid and, if numbers are also to be removed, action';
    return { field: '', code: 'bad_header', message };
  }
  const columns = names as readonly Column[];
  return (line) => readCsvLine(columns, line);
}

function readCsvLine(columns: readonly Column[], line: Line): LineRead {
  const spoilt = spoiltLine(line);
  if (spoilt !== undefined) return { fault: spoilt };
  if (line.text.trim() === '') return undefined;
  const values = splitCsv(line.text);
  // Where a file ends without a line feed, its last field shows whether the line was cut: unless it is there, it may have been.
  if (!line.isEnded && (values?.length !== columns.length || values.at(-1)?.trim() === '')) return { fault: HALF_LINE };
  if (values === undefined)
    return fault('', 'bad_quotes', 'has a quote out of place; quote a whole field or none of it');
  if (values.length !== columns.length) {
    return fault('', 'wrong_field_count', `has ${values.length} fields; the header names ${columns.length}`);
  }
  const fields: OrderFields = { number: '', campaignId: '', nnid: '', action: '' };
  columns.forEach((column, index) => (fields[column] = values[index]?.trim() ?? ''));
  return readOrder(fields);
}

/** The fields of a line, or undefined if its quotes cannot be right. */
function splitCsv(text: string): readonly string[] | undefined {
  if (!text.includes('"')) return text.split(',');
  try {
    const [values, ...more] = parse(text);
    return more.length === 0 ? values : undefined;
  } catch {
    return undefined;
  }
}

function readOrder({ number, campaignId, nnid, action }: OrderFields): LineRead {
  if (number === '') return fault('number', 'missing', 'is missing; every line needs one');
  const key = readNumber(number);
  if (key < 0) {
    const { code, message } = numberRefusal(key);
    return fault('number', code, message);
  }
  const own = nnid === '' ? undefined : nnid;
  if (action === 'remove') return { order: { kind: 'remove', key, campaignId: '', nnid: own } };
  if (action !== '' && action !== 'provision') {
    return fault('action', 'unknown_action', 'must be provision or remove; left empty it means provision');
  }
  if (campaignId === '') return fault('campaignId', 'missing', 'is missing; a number is provisioned to a campaign');
  return { order: { kind: 'provision', key, campaignId, nnid: own } };
}

const HALF_LINE: LineFault = {
  field: '',
  code: 'half_line',
  message: 'is the last one and breaks off; complete it and end it with a line feed',
};

/** Of a line that cannot even be read as text. */
function spoiltLine({ text, isTooLong }: Line): LineFault | undefined {
  if (isTooLong) {
    const message = `is longer than ${BULK_LINE_BYTES_MAX} bytes; write one order per line`;
    return { field: '', code: 'line_too_long', message };
  }
  if (!text.includes(REPLACEMENT) && !text.includes('\0')) return undefined;
  return { field: '', code: 'wrong_encoding', message: 'holds bytes that are not UTF-8 text; save the file as UTF-8' };
}

function isColumn(name: string): name is Column {
  return (COLUMNS as readonly string[]).includes(name);
}

function fault(field: string, code: string, message: string): LineRead {
  return { fault: { field, code, message } };
}
