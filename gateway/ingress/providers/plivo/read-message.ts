/** A body of Plivo's as messages, one for each recipient; or what Plivo says of it. */
import { formatNumber } from '../../../../registry-cache/index.ts';
import { MEDIA_COUNT_MAX, TEXT_LENGTH_MAX } from '../../../limits.ts';
import { Face } from '../../../messages/index.ts';
import type { FieldProblem } from '../../../problem.ts';
import type { Caller } from '../credentials.ts';
import type { FaceParts } from '../face.ts';
import type { JsonFields } from '../json.ts';
import { asE164, type FaceMessage } from '../sending.ts';
import { type PlivoError, plivoError } from './errors.ts';
import { notesFor } from './message-view.ts';

/** Between recipients. */
const SEPARATOR = '<';
/** Recipients of one request (Plivo, Send a message). */
const RECIPIENTS_MAX = 1_000;
/** How long a message may wait, in seconds (Plivo, Send a message: message_expiry). */
const EXPIRY_S_MIN = 5;
const EXPIRY_S_MAX = 14_400;
const MS_PER_SECOND = 1_000;
const TYPES: readonly unknown[] = ['sms', 'mms'];

export interface ReadMessages {
  /** In the order of recipients, none twice. */
  readonly messages: readonly FaceMessage[];
  /** Recipients as they were written. */
  readonly written: readonly string[];
}

export function readMessages(
  fields: JsonFields,
  caller: Caller,
  { pools, clock }: Pick<FaceParts, 'pools' | 'clock'>,
): ReadMessages | PlivoError {
  const { dst, src = '', powerpack_uuid: powerpack = '', text = '', url = '', method = 'POST', type } = fields;
  const { media_urls: media = [], message_expiry: expiry } = fields;
  if (dst === undefined || dst === '') return bad('dst: is required');
  for (const [name, value] of Object.entries({ dst, src, powerpack_uuid: powerpack, text, url, method })) {
    if (typeof value !== 'string') return bad(`${name}: must be one text`);
  }
  if (src === '' && powerpack === '') return bad('src, powerpack_uuid: give one of them');
  if (src !== '' && powerpack !== '') return bad('src, powerpack_uuid: give one of them, not both');
  if (!Array.isArray(media) || !media.every((one) => typeof one === 'string')) {
    return bad('media_urls: must be a list of texts');
  }
  if (fields['media_ids'] !== undefined) return bad('media_ids: no media are kept here; give media_urls');
  if (text === '' && media.length === 0) return bad('text: is required');
  if ((text as string).length > TEXT_LENGTH_MAX) return bad(`text: ${TEXT_LENGTH_MAX} characters is the most`);
  if (media.length > MEDIA_COUNT_MAX) return bad(`media_urls: ${MEDIA_COUNT_MAX} is the most`);
  if (type !== undefined && !TYPES.includes(type)) return bad(`type: must be ${TYPES.join(' or ')}`);
  if (type !== undefined && (type === 'mms') !== media.length > 0) return bad('type: does not fit what is sent');
  if (method !== 'POST' && method !== 'GET') return bad('method: must be GET or POST');
  const expiryS = expiry === undefined ? undefined : Number(expiry);
  if (expiryS !== undefined && !(Number.isInteger(expiryS) && expiryS >= EXPIRY_S_MIN && expiryS <= EXPIRY_S_MAX)) {
    return bad(`message_expiry: must be a whole number of seconds from ${EXPIRY_S_MIN} to ${EXPIRY_S_MAX}`);
  }
  const written = [...new Set((dst as string).split(SEPARATOR))].filter((one) => one !== '');
  if (written.length > RECIPIENTS_MAX) return bad(`dst: ${RECIPIENTS_MAX} recipients is the most`);
  const pool = powerpack === '' ? undefined : pools.find(powerpack as string, caller.account);
  if (powerpack !== '' && pool === undefined) return plivoError(404, 'powerpack_uuid: there is no such powerpack');
  const messages: FaceMessage[] = [];
  for (const to of written) {
    const number = pool && pools.next(pool);
    if (pool !== undefined && number === undefined) return bad('powerpack_uuid: the powerpack has no numbers');
    messages.push({
      caller,
      face: Face.Plivo,
      from: number === undefined ? asE164(src as string) : formatNumber(number),
      to: asE164(to),
      text: text as string,
      media,
      callbackUrl: url === '' ? undefined : (url as string),
      notes: notesFor({ ...(pool && { powerpack: pool.id }), ...(method === 'GET' && { method }) }),
      ...(expiryS !== undefined && { validUntilMs: clock.nowMs() + expiryS * MS_PER_SECOND }),
    });
  }
  return { messages, written };
}

/** What Plivo says of a field that our own check did not take. */
export function errorOf({ field, message }: FieldProblem): PlivoError {
  return bad(`${FIELDS[field] ?? 'media_urls'}: ${message}`);
}

/** Our own names for fields, in Plivo's. */
const FIELDS: Readonly<Record<string, string>> = { from: 'src', to: 'dst', text: 'text', callbackUrl: 'url' };

function bad(error: string): PlivoError {
  return plivoError(400, error);
}
