/** Lists of resources, as Plivo pages them: so many from one on. */
import type { FastifyReply } from 'fastify';
import { type Form, valuesOf } from '../form.ts';
import { type Call, refuse, sendAnswer } from './calls.ts';
import { type PlivoError, plivoError } from './errors.ts';

const LIMIT_MAX = 20;

export interface Window {
  readonly limit: number;
  readonly offset: number;
}

/** The window that a query asks for; or what Plivo says of it. */
export function readWindow(query: Form): Window | PlivoError {
  const [limit = String(LIMIT_MAX)] = valuesOf(query, 'limit');
  const [offset = '0'] = valuesOf(query, 'offset');
  if (!/^[1-9]\d{0,8}$/.test(limit) || Number(limit) > LIMIT_MAX) {
    return plivoError(400, `limit: must be a whole number from 1 to ${LIMIT_MAX}`);
  }
  if (!/^\d{1,9}$/.test(offset)) return plivoError(400, 'offset: must be a whole number');
  return { limit: Number(limit), offset: Number(offset) };
}

/** What stands beside a page. @param hasMore whether something follows it */
export function metaOf({ request }: Call, { limit, offset }: Window, hasMore: boolean, total?: number): object {
  const path = request.originalUrl.replace(/\?.*$/, '').replace(/^\/plivo/, '');
  const link = (from: number): string => `${path}?limit=${limit}&offset=${from}`;
  return {
    limit,
    offset,
    next: hasMore ? link(offset + limit) : null,
    previous: offset === 0 ? null : link(Math.max(0, offset - limit)),
    ...(total !== undefined && { total_count: total }),
  };
}

/** Answers a page of `all`, which are few. @param key the name of the list in the answer */
export function sendList(call: Call, key: string, all: readonly object[]): FastifyReply {
  const window = readWindow(call.request.query as Form);
  if ('error' in window) return refuse(call, window);
  const { limit, offset } = window;
  const end = offset + limit;
  const meta = metaOf(call, window, end < all.length, all.length);
  return sendAnswer(call, 200, { meta, [key]: all.slice(offset, end) });
}
