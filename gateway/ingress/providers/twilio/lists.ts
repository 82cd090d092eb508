/** Lists of Twilio's newer APIs (`/v1`): a page of resources with `meta`, whose addresses are whole ones. */
import type { FastifyReply } from 'fastify';
import { type Form, valuesOf } from '../form.ts';
import { sendJson } from '../json.ts';
import { type Call, sendError } from './calls.ts';
import { twilioError } from './errors.ts';

const PAGE_SIZE_DEFAULT = 50;
const PAGE_SIZE_MAX = 100;
const PREFIX = '/twilio';

/** The address by which a request came, without its path: that of Twilio's host, where it was meant for that. */
export function originOf({ request }: Call): string {
  if (!request.originalUrl.startsWith(PREFIX)) return `https://${request.host}`;
  return `${request.protocol}://${request.host}${PREFIX}`;
}

/** Answers a page of `all`, which are few. @param key the name of the list in the answer */
export function sendList(call: Call, key: string, all: readonly object[]): FastifyReply {
  const { request, reply } = call;
  const query = request.query as Form;
  const [sizeText = String(PAGE_SIZE_DEFAULT)] = valuesOf(query, 'PageSize');
  const [pageText = '0'] = valuesOf(query, 'Page');
  if (!/^[1-9]\d{0,6}$/.test(sizeText) || !/^\d{1,6}$/.test(pageText)) {
    return sendError(reply, twilioError(400, 20001, "'PageSize' and 'Page' must be whole numbers"));
  }
  const pageSize = Math.min(PAGE_SIZE_MAX, Number(sizeText));
  const page = Number(pageText);
  const path = request.url.slice(PREFIX.length).replace(/\?.*$/, '');
  const urlOf = (number: number): string => `${originOf(call)}${path}?PageSize=${pageSize}&Page=${number}`;
  const isLast = (page + 1) * pageSize >= all.length;
  return sendJson(reply, {
    meta: {
      page,
      page_size: pageSize,
      first_page_url: urlOf(0),
      previous_page_url: page === 0 ? null : urlOf(page - 1),
      url: urlOf(page),
      next_page_url: isLast ? null : urlOf(page + 1),
      key,
    },
    [key]: all.slice(page * pageSize, (page + 1) * pageSize),
  });
}
