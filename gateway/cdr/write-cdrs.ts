/**
 * CDRs in the formats that other programs open: CSV, Parquet, and NDJSON as they came. One block or row group at a time, so
 * memory does not grow with the file.
 */
import { stringify } from 'csv-stringify/sync';
import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { Cdr } from './cdr.ts';
import { CDR_COLUMNS, type CdrColumn, type CdrValue } from './cdr-columns.ts';

/** They hold whole phone numbers: nobody else gets to read them. */
const FILE_MODE = 0o600;
/** Rows of a row group: what is held in memory of a Parquet file being written. */
const ROW_GROUP_ROWS = 50_000;

type Cdrs = AsyncIterable<readonly Cdr[]>;

/** Writes a heading and a row for each record. Empty fields stand for what is null. Waits for a slow reader. */
export function writeCsv(cdrs: Cdrs, stream: Writable): Promise<void> {
  const heading = stringify([CDR_COLUMNS.map(({ name }) => name)]);
  return writeText(stream, cdrs, heading, (some) =>
    stringify(some.map((cdr) => CDR_COLUMNS.map((column) => column.read(cdr)))),
  );
}

/** Writes records as lines of JSON. Waits for a slow reader. */
export function writeNdjson(cdrs: Cdrs, stream: Writable): Promise<void> {
  return writeText(stream, cdrs, '', (some) => some.map((cdr) => `${JSON.stringify(cdr)}\n`).join(''));
}

async function writeText(
  stream: Writable,
  cdrs: Cdrs,
  heading: string,
  textOf: (some: readonly Cdr[]) => string,
): Promise<void> {
  let failure: Error | undefined;
  const onError = (error: Error): void => {
    failure = error;
  };
  stream.on('error', onError);
  const write = async (text: string): Promise<void> => {
    if (failure === undefined && !stream.write(text)) await once(stream, 'drain');
    if (failure !== undefined) throw failure;
  };
  await write(heading);
  for await (const some of cdrs) await write(textOf(some));
  // What is still on its way can fail too.
  await new Promise<void>((resolve, reject) => {
    stream.write('', (error) => (error == null ? resolve() : reject(error)));
  });
}

const PARQUET_TYPES = { text: 'STRING', time: 'TIMESTAMP', whole: 'INT64', number: 'DOUBLE' } as const;

/** Writes a Parquet file: micros as INT64, times as TIMESTAMP in milliseconds, words that repeat in dictionaries. */
export async function writeParquet(cdrs: Cdrs, path: string): Promise<void> {
  await writeFile(path, '', { mode: FILE_MODE });
  const columns = CDR_COLUMNS.map((column) => ({ column, data: [] as ParquetValue[] }));
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: schemaFromColumnData({ columnData: CDR_COLUMNS.map((column) => ({ ...parquetColumn(column), data: [] })) }),
    createdBy: 'tollgate',
  });
  let rows = 0;
  const writeGroup = async (): Promise<void> => {
    const columnData = columns.map(({ column, data }) => ({ ...parquetColumn(column), data, offsetIndex: false }));
    await writer.write({ columnData, rowGroupSize: rows });
    for (const { data } of columns) data.length = 0;
    rows = 0;
  };
  for await (const some of cdrs) {
    for (const cdr of some) {
      for (const { column, data } of columns) data.push(parquetValue(column, column.read(cdr)));
      rows += 1;
      if (rows === ROW_GROUP_ROWS) await writeGroup();
    }
  }
  if (rows > 0) await writeGroup();
  await writer.finish();
}

type ParquetValue = string | number | bigint | null;

function parquetColumn({ name, type, isNullable }: CdrColumn): {
  name: string;
  type: (typeof PARQUET_TYPES)[CdrColumn['type']];
  nullable: boolean;
} {
  return { name, type: PARQUET_TYPES[type], nullable: isNullable };
}

function parquetValue({ type }: CdrColumn, value: CdrValue): ParquetValue {
  if (value === null) return null;
  if (type === 'whole') return BigInt(value);
  return type === 'time' ? Date.parse(String(value)) : value;
}
