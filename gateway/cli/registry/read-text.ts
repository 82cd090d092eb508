/**
 * CSV or NDJSON text, as `number-text.ts` draws it -> batches, one line at a time, however long the file.
 *
 * A line that is wrong is told with its number and the fix, and left out; the others count. What a spreadsheet may add is
 * taken: a byte order mark, carriage returns, quotes, columns in another order. Whatever else a line holds is refused
 * rather than guessed at, so that half a line never passes for a whole one.
 */
import { parse as parseCsv } from 'csv-parse/sync';
import { createReadStream } from 'node:fs';
import { NNIDS_MAX, numberRefusal, parseNumberKey } from '../../../registry-cache/index.ts';
import { plainDateMs } from '../../../tariffs/index.ts';
import { failed, systemCode, usage } from '../carry-out.ts';
import { BATCH_NUMBERS, emptyBatch, type NumberBatch, type NumberSource } from './number-batch.ts';
import { COLUMNS, STANDARD_STREAM, type TextFormat } from './number-text.ts';

/** No line of ours is as long; a file without line ends is no file of lines. */
const LINE_LENGTH_MAX = 4_096;

/** As many as a number index has handles for. */
const CAMPAIGNS_MAX = 4_194_304;

const CAMPAIGN_ID = /^C[A-Z0-9]{6}$/;
export const NNID = /^[0-9]{6}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;

export interface TextOptions {
  readonly path: string;
  readonly format: TextFormat;
  /** Rows of lines before this one are skipped unread. The first line is 1. */
  readonly fromLine: number;
  /** NNID of rows that name none, if there is one. */
  readonly nnid: string | undefined;
  /** Whether a row without NNID is wrong. */
  readonly needsNnid: boolean;
  /** What is wrong with a campaign that is spelt right, or undefined. Asked once for each id. */
  readonly refuseCampaign: (id: string) => string | undefined;
  /** Told of each line that is left out. May throw to end the reading. */
  readonly onWrong: (line: number, message: string) => void;
}

export interface TextSource extends NumberSource {
  /** Bytes taken from the file. */
  readonly readBytes: () => number;
}

type Field = (typeof COLUMNS)[number];
type Fields = Partial<Record<Field, string>>;

/** Opens the text; it is read while batches are asked for. Rejects then if the file cannot be read. */
export function readText(options: TextOptions): TextSource {
  const campaignIds: string[] = [];
  const nnids: string[] = [];
  let readBytes = 0;

  async function* chunks(): AsyncGenerator<string> {
    const stream = options.path === STANDARD_STREAM ? process.stdin : createReadStream(options.path);
    const decoder = new TextDecoder('utf-8');
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        readBytes += chunk.length;
        yield decoder.decode(chunk, { stream: true });
      }
    } catch (error) {
      throw usage(`${options.path} cannot be read (${systemCode(error)})`);
    }
  }

  return {
    campaignIds,
    nnids,
    readBytes: () => readBytes,
    batches: readBatches(chunks(), options, new Rows(options, campaignIds, nnids)),
  };
}

async function* readBatches(
  chunks: AsyncIterable<string>,
  options: TextOptions,
  rows: Rows,
): AsyncGenerator<NumberBatch> {
  let split: ((line: string) => Fields | string) | undefined = options.format === 'csv' ? undefined : splitJson;
  let rest = '';
  let line = 0;
  const take = (text: string): void => {
    line++;
    if (split === undefined) {
      split = readHeading(text, `${options.path}:${line}`);
      return;
    }
    if (line < options.fromLine || text === '' || text === '\r') return;
    const fields = split(text.endsWith('\r') ? text.slice(0, -1) : text);
    const wrong = typeof fields === 'string' ? fields : rows.add(fields, line);
    if (wrong !== undefined) options.onWrong(line, wrong);
  };
  for await (const chunk of chunks) {
    const text = rest + (line === 0 && rest === '' && chunk.startsWith('\uFEFF') ? chunk.slice(1) : chunk);
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      take(text.slice(from, end));
      from = end + 1;
      if (rows.batch.count === BATCH_NUMBERS) {
        yield rows.batch;
        rows.batch.count = 0;
      }
    }
    rest = text.slice(from);
    if (rest.length > LINE_LENGTH_MAX) {
      throw failed(
        `${options.path}:${line + 1} is longer than ${LINE_LENGTH_MAX} characters; is this a file of lines?`,
      );
    }
  }
  if (rest !== '') take(rest);
  if (split === undefined)
    throw failed(`${options.path} is empty; its first line names the columns: ${COLUMNS.join(',')}`);
  if (rows.batch.count > 0) yield rows.batch;
}

/** What a heading says of the lines below it. */
function readHeading(text: string, place: string): (line: string) => Fields | string {
  const columns = (splitCsv(text.trimEnd()) ?? []).map((name) => name.trim());
  const isKnown = columns.every((name) => (COLUMNS as readonly string[]).includes(name));
  const isWhole =
    columns.includes('number') && columns.includes('campaign') && new Set(columns).size === columns.length;
  if (!isKnown || !isWhole) {
    throw failed(
      `${place} must name the columns number and campaign, and may name nnid and activeAt, as in number,campaign,nnid`,
    );
  }
  return (line) => {
    const values = splitCsv(line);
    if (values === undefined) return 'has a quote that is not closed; remove it';
    if (values.length !== columns.length) {
      return `has ${values.length} fields and the heading ${columns.length}; the line may be cut: complete or remove it`;
    }
    const fields: Fields = {};
    for (const [at, name] of columns.entries()) fields[name as Field] = values[at] ?? '';
    return fields;
  };
}

function splitCsv(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',');
  try {
    return parseCsv(line)[0];
  } catch {
    return undefined;
  }
}

function splitJson(line: string): Fields | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'is not a JSON object; the line may be cut: complete or remove it';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not a JSON object';
  for (const [name, field] of Object.entries(value)) {
    if (!(COLUMNS as readonly string[]).includes(name)) return `has a field "${name}"; there are ${COLUMNS.join(', ')}`;
    if (typeof field !== 'string') return `${name} is not text; put it in quotes`;
  }
  return value;
}

/** The rows read so far and not handed on, and the tables their columns point into. */
class Rows {
  readonly batch = emptyBatch();
  readonly #options: TextOptions;
  readonly #campaignIds: string[];
  readonly #nnids: string[];
  /** Position of each id met, or what is wrong with it. */
  readonly #campaigns = new Map<string, number | string>();
  readonly #nnidRows = new Map<string, number>();

  constructor(options: TextOptions, campaignIds: string[], nnids: string[]) {
    this.#options = options;
    this.#campaignIds = campaignIds;
    this.#nnids = nnids;
  }

  /** Adds a row, or says what is wrong with it. */
  add(fields: Fields, line: number): string | undefined {
    const key = parseNumberKey(fields.number ?? '');
    if (key < 0) return `number ${numberRefusal(key).message}`;
    const campaign = this.#campaignRow(fields.campaign ?? '');
    if (typeof campaign === 'string') return campaign;
    const nnid = this.#nnidRow(fields.nnid ?? '');
    if (typeof nnid === 'string') return nnid;
    const activeAtMs = readMoment(fields.activeAt ?? '');
    if (Number.isNaN(activeAtMs)) return 'activeAt must be a moment such as 2026-03-01T12:00:00Z, or empty';
    const { batch } = this;
    const row = batch.count++;
    batch.keys[row] = key;
    batch.campaigns[row] = campaign;
    batch.nnids[row] = nnid;
    batch.activeAtMs[row] = activeAtMs;
    batch.lines[row] = line;
    return undefined;
  }

  #campaignRow(id: string): number | string {
    const known = this.#campaigns.get(id);
    if (known !== undefined) return known;
    if (!CAMPAIGN_ID.test(id)) return `campaign "${id}" must be C and six capital letters or digits`;
    if (this.#campaignIds.length === CAMPAIGNS_MAX)
      return `campaign "${id}" is one more than the ${CAMPAIGNS_MAX} that fit`;
    const row = this.#options.refuseCampaign(id) ?? this.#campaignIds.push(id) - 1;
    this.#campaigns.set(id, row);
    return row;
  }

  #nnidRow(written: string): number | string {
    const known = this.#nnidRows.get(written);
    if (known !== undefined) return known;
    const { nnid: fallback, needsNnid } = this.#options;
    if (written === '' && fallback === undefined && needsNnid) {
      return 'nnid is missing; name the DCA that set the number, or give --nnid for all such lines';
    }
    if (written !== '' && !NNID.test(written)) return `nnid "${written}" must be six digits`;
    if (this.#nnids.length === NNIDS_MAX) return `nnid "${written}" is one more than the ${NNIDS_MAX} that fit`;
    const row = this.#nnids.push(written === '' ? (fallback ?? '') : written) - 1;
    this.#nnidRows.set(written, row);
    return row;
  }
}

/** Milliseconds since the epoch, 0 for empty text, NaN for what is no moment. */
function readMoment(text: string): number {
  if (text === '') return 0;
  // `Date.parse` alone takes the 31st of February for a day in March.
  return MOMENT.test(text) && !Number.isNaN(plainDateMs(text.slice(0, 10))) ? Date.parse(text) : Number.NaN;
}
