/** Lists of resources, page by page: of the messaging API, and of the 10DLC API, which writes them in its own way. */
import type { FastifyReply } from 'fastify';
import { type Form, valuesOf } from '../form.ts';
import { sendJson } from '../json.ts';
import { type Call, sendError } from './calls.ts';
import { telnyxError } from './errors.ts';

const PAGE_SIZE_DEFAULT = 20;
const PAGE_SIZE_MAX = 250;
const RECORDS_DEFAULT = 10;
const RECORDS_MAX = 500;

/** Answers a page of `all`, which are few, as `data` and `meta`. */
export function sendPage({ request, reply }: Call, all: readonly object[]): FastifyReply {
  const query = request.query as Form;
  const page = wholeOf(query, 'page[number]', 1, Infinity);
  const size = wholeOf(query, 'page[size]', PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX);
  if (page === undefined || size === undefined) {
    return sendError(reply, telnyxError(422, 10015, '/page', "'page[number]' and 'page[size]' must be whole numbers"));
  }
  return sendJson(reply, {
    data: all.slice((page - 1) * size, page * size),
    meta: {
      page_number: page,
      page_size: size,
      total_pages: Math.ceil(all.length / size),
      total_results: all.length,
    },
  });
}

/** Answers a page of `all` as `records`. */
export function sendRecords({ request, reply }: Call, all: readonly object[]): FastifyReply {
  const query = request.query as Form;
  const page = wholeOf(query, 'page', 1, Infinity);
  const size = wholeOf(query, 'recordsPerPage', RECORDS_DEFAULT, RECORDS_MAX);
  if (page === undefined || size === undefined) {
    return sendError(reply, telnyxError(422, 10015, '/page', "'page' and 'recordsPerPage' must be whole numbers"));
  }
  return sendJson(reply, { records: all.slice((page - 1) * size, page * size), page, totalRecords: all.length });
}

/** A whole number of at least 1; more than `max` comes as that, and undefined is what is none. */
function wholeOf(query: Form, name: string, otherwise: number, max: number): number | undefined {
  const [text = String(otherwise)] = valuesOf(query, name);
  return /^[1-9]\d{0,8}$/.test(text) ? Math.min(max, Number(text)) : undefined;
}
