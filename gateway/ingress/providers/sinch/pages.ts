/** Pages of lists, and what lists are asked for by, in Sinch's words. */
import type { FastifyReply } from 'fastify';
import { type Form, valuesOf } from '../form.ts';
import { sendJson } from '../json.ts';
import { constraintBroken, formatWrong, type SinchError } from './errors.ts';

const PAGE_SIZE_DEFAULT = 30;
const PAGE_SIZE_MAX = 100;
/** How far back a list goes that does not say. */
const BACK_MS = 86_400_000;

export interface Page {
  readonly page: number;
  readonly pageSize: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reference: string | undefined;
}

export function readPage(query: Form, nowMs: number): Page | SinchError {
  const value = (name: string): string | undefined => valuesOf(query, name)[0];
  const [page, pageSize] = [value('page') ?? '0', value('page_size') ?? String(PAGE_SIZE_DEFAULT)];
  if (!/^\d{1,6}$/.test(page)) return formatWrong('page', 'must be a whole number');
  if (!/^\d{1,6}$/.test(pageSize) || Number(pageSize) < 1 || Number(pageSize) > PAGE_SIZE_MAX) {
    return constraintBroken('page_size', `must be a whole number from 1 to ${PAGE_SIZE_MAX}`);
  }
  const [start, end] = [value('start_date'), value('end_date')];
  const fromMs = start === undefined ? nowMs - BACK_MS : Date.parse(start);
  const untilMs = end === undefined ? Infinity : Date.parse(end);
  if (Number.isNaN(fromMs)) return formatWrong('start_date', 'must be a time as in ISO 8601');
  if (Number.isNaN(untilMs)) return formatWrong('end_date', 'must be a time as in ISO 8601');
  return { page: Number(page), pageSize: Number(pageSize), fromMs, untilMs, reference: value('client_reference') };
}

/** Values of a parameter that may come several times, or as a list with commas. */
export function listOf(query: Form, name: string): readonly string[] {
  return valuesOf(query, name).flatMap((value) => value.split(','));
}

/** Answers a page of `all`. @param key the name of the list in the answer */
export function sendPage(
  reply: FastifyReply,
  key: string,
  { page, pageSize }: Page,
  all: readonly object[],
): FastifyReply {
  const from = page * pageSize;
  const shown = all.slice(from, from + pageSize);
  return sendJson(reply, { count: all.length, page, page_size: shown.length, [key]: shown });
}

export function isError(read: object): read is SinchError {
  return 'httpStatus' in read;
}
