/**
 * Registrations as text: CSV for spreadsheets, one JSON object per line for programs.
 *
 *   number,campaign,nnid,activeAt
 *   +12125550123,CTOPA01,104801,
 *   +12125550124,CTOPA01,104801,2026-03-01T12:00:00.000Z
 *
 *   {"number":"+12125550124","campaign":"CTOPA01","nnid":"104801","activeAt":"2026-03-01T12:00:00.000Z"}
 *
 * `nnid` is empty or missing where nobody tells who set the number, `activeAt` where the number is active already.
 * No field can hold a comma, a quote or a line break, so lines are taken apart and put together by hand.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { formatNumber } from '../../../registry-cache/index.ts';
import type { NumberBatch, NumberSource } from './number-batch.ts';
import { writeWhole } from './whole-file.ts';

export const COLUMNS = ['number', 'campaign', 'nnid', 'activeAt'] as const;

export type TextFormat = 'csv' | 'ndjson';

/** It names people's numbers, so nobody else gets to read it. */
const FILE_MODE = 0o600;

/** The path that stands for standard input or output. */
export const STANDARD_STREAM = '-';

/** Writes all of a source to a file, or to standard output for `-`. Waits for a slow reader; rejects when it leaves. */
export async function writeText(source: NumberSource, path: string, format: TextFormat): Promise<void> {
  if (path === STANDARD_STREAM) return writeTo(process.stdout, source, format);
  return writeWhole(path, async (partial) => {
    const stream = createWriteStream(partial, { mode: FILE_MODE });
    await writeTo(stream, source, format);
    stream.end();
    await once(stream, 'close');
  });
}

async function writeTo(stream: Writable, source: NumberSource, format: TextFormat): Promise<void> {
  let failure: Error | undefined;
  const onError = (error: Error): void => {
    failure = error;
  };
  stream.on('error', onError);
  const write = async (text: string): Promise<void> => {
    if (failure === undefined && !stream.write(text)) await once(stream, 'drain');
    if (failure !== undefined) throw failure;
  };
  if (format === 'csv') await write(`${COLUMNS.join(',')}\n`);
  for await (const batch of source.batches) {
    await write(format === 'csv' ? csvOf(batch, source) : ndjsonOf(batch, source));
  }
  // What is still on its way can fail too.
  await new Promise<void>((resolve, reject) => {
    stream.write('', (error) => (error == null ? resolve() : reject(error)));
  });
}

function csvOf(batch: NumberBatch, { campaignIds, nnids }: NumberSource): string {
  let text = '';
  for (let row = 0; row < batch.count; row++) {
    const { number, campaign, nnid, activeAt } = fieldsOf(batch, row, campaignIds, nnids);
    text += `${number},${campaign},${nnid},${activeAt}\n`;
  }
  return text;
}

function ndjsonOf(batch: NumberBatch, { campaignIds, nnids }: NumberSource): string {
  let text = '';
  for (let row = 0; row < batch.count; row++) {
    const { number, campaign, nnid, activeAt } = fieldsOf(batch, row, campaignIds, nnids);
    const nnidPart = nnid === '' ? '' : `,"nnid":"${nnid}"`;
    const activePart = activeAt === '' ? '' : `,"activeAt":"${activeAt}"`;
    text += `{"number":"${number}","campaign":"${campaign}"${nnidPart}${activePart}}\n`;
  }
  return text;
}

function fieldsOf(
  batch: NumberBatch,
  row: number,
  campaignIds: readonly string[],
  nnids: readonly string[],
): Record<(typeof COLUMNS)[number], string> {
  const activeAtMs = batch.activeAtMs[row] ?? 0;
  return {
    number: formatNumber(batch.keys[row] ?? 0),
    campaign: campaignIds[batch.campaigns[row] ?? 0] ?? '',
    nnid: nnids[batch.nnids[row] ?? 0] ?? '',
    activeAt: activeAtMs > 0 ? new Date(activeAtMs).toISOString() : '',
  };
}
