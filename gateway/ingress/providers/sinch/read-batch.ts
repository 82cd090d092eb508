/** Bodies of batches, read and checked. */
import { numberRefusal, parseNumberKey } from '../../../../registry-cache/index.ts';
import { TEXT_LENGTH_MAX } from '../../../limits.ts';
import { countSegments, INVALID_TEXT, segmentsOf } from '../../../router/index.ts';
import { GROUP_SIZE_MAX } from '../groups.ts';
import { fieldsOf, type JsonFields, textOf, textsOf } from '../json.ts';
import { asE164 } from '../sending.ts';
import { constraintBroken, formatWrong, type SinchError } from './errors.ts';

/** What a batch was asked to be: fields that are shown again as they came. */
export interface BatchFields {
  /** As they were written. */
  readonly to?: readonly string[];
  readonly from?: string;
  /** Only where it is not the text of the message: with parameters in it, or with a subject. */
  readonly body?: unknown;
  readonly type?: string;
  readonly parameters?: unknown;
  readonly delivery_report?: string;
  readonly send_at?: string;
  readonly expire_at?: string;
  readonly callback_url?: string;
  readonly client_reference?: string;
  readonly feedback_enabled?: boolean;
  readonly flash_message?: boolean;
  readonly truncate_concat?: boolean;
  readonly max_number_of_message_parts?: number;
}

export interface ReadBatch {
  readonly fields: BatchFields;
  readonly from: string;
  readonly recipients: readonly Recipient[];
  readonly media: readonly string[];
  readonly sendAtMs: number | undefined;
  readonly expireAtMs: number | undefined;
}

export interface Recipient {
  /** E.164. */
  readonly to: string;
  readonly text: string;
}

const BODY_LENGTH_MAX = 2_000;
const REFERENCE_LENGTH_MAX = 2_048;
const REPORTS = ['none', 'summary', 'full', 'per_recipient', 'per_recipient_final'];
const TEXT = { type: 'string', wrong: 'must be text' };
const FLAG = { type: 'boolean', wrong: 'must be true or false' };
/** Fields that are shown again as they came, and of what type they are, if that is looked at here; others are not known. */
const SHOWN = [
  ['from', TEXT],
  ['type', TEXT],
  ['delivery_report', TEXT],
  ['callback_url', TEXT],
  ['client_reference', TEXT],
  ['send_at', TEXT],
  ['expire_at', TEXT],
  ['feedback_enabled', FLAG],
  ['flash_message', FLAG],
  ['truncate_concat', FLAG],
  ['max_number_of_message_parts', undefined],
  ['parameters', undefined],
] as const;
/** What a batch is kept for at most, and by default (Sinch, Batches: expire_at). */
export const KEPT_MS = 3 * 86_400_000;

/** A body as a batch; or what Sinch says of it. */
export function readBatch(body: JsonFields, nowMs: number): ReadBatch | SinchError {
  const shown: Record<string, unknown> = {};
  for (const [name, shape] of SHOWN) {
    const value = body[name];
    if (value === undefined) continue;
    if (shape !== undefined && typeof value !== shape.type) return formatWrong(name, shape.wrong);
    shown[name] = value;
  }
  const to = textsOf(body['to']);
  if (body['to'] === undefined) return constraintBroken('to', 'must be given');
  if (to === undefined) return formatWrong('to', 'must be a list of texts');
  if (to.length === 0 || to.length > GROUP_SIZE_MAX) {
    return constraintBroken('to', `must have 1 to ${GROUP_SIZE_MAX} recipients`);
  }
  const from = textOf(body, 'from') ?? '';
  if (from === '') return constraintBroken('from', 'must be given: no default originator is configured');
  const type = textOf(body, 'type') ?? (typeof body['body'] === 'object' ? 'mt_media' : 'mt_text');
  if (type !== 'mt_text' && type !== 'mt_media') return constraintBroken('type', 'must be mt_text or mt_media');
  const content = readContent(body['body'], type);
  if ('code' in content) return content;
  const { delivery_report: report = 'none' } = body as BatchFields;
  if (!REPORTS.includes(report)) return constraintBroken('delivery_report', `must be one of ${REPORTS.join(', ')}`);
  const reference = textOf(body, 'client_reference') ?? '';
  if (reference.length > REFERENCE_LENGTH_MAX) {
    return constraintBroken('client_reference', `has more than ${REFERENCE_LENGTH_MAX} characters`);
  }
  const sendAtMs = timeOf(textOf(body, 'send_at'));
  const expireAtMs = timeOf(textOf(body, 'expire_at'));
  if (Number.isNaN(sendAtMs)) return formatWrong('send_at', 'must be a time as in ISO 8601');
  if (Number.isNaN(expireAtMs)) return formatWrong('expire_at', 'must be a time as in ISO 8601');
  if (expireAtMs !== undefined && !(expireAtMs > Math.max(nowMs, sendAtMs ?? 0))) {
    return constraintBroken('expire_at', 'must be a time to come, after send_at');
  }
  const recipients: Recipient[] = [];
  for (const written of to) {
    const number = asE164(written);
    const text = textFor(content.text, body['parameters'], written);
    if (text === undefined) return constraintBroken('parameters', `have no value and no default for ${written}`);
    const key = parseNumberKey(number);
    if (key < 0) return formatWrong('to', `has ${written}, which ${numberRefusal(key).message}`);
    if (!recipients.some((one) => one.to === number)) recipients.push({ to: number, text });
  }
  const wrongParts = partsProblem(recipients, body['max_number_of_message_parts']);
  if (wrongParts !== undefined) return wrongParts;
  const isPlain = type === 'mt_text' && body['parameters'] === undefined;
  shown['to'] = to;
  shown['type'] = type;
  shown['delivery_report'] = report;
  if (!isPlain) shown['body'] = body['body'];
  return {
    fields: shown,
    from: asE164(from),
    recipients,
    media: content.media,
    // What should have gone by now goes now.
    sendAtMs: sendAtMs !== undefined && sendAtMs > nowMs ? sendAtMs : undefined,
    expireAtMs,
  };
}

interface Content {
  readonly text: string;
  readonly media: readonly string[];
}

function readContent(body: unknown, type: string): Content | SinchError {
  if (body === undefined) return constraintBroken('body', 'must be given');
  if (type === 'mt_text') {
    if (typeof body !== 'string') return formatWrong('body', 'must be text');
    if (body === '') return constraintBroken('body', 'is empty');
    const most = Math.min(BODY_LENGTH_MAX, TEXT_LENGTH_MAX);
    return body.length > most
      ? constraintBroken('body', `has ${body.length} characters; ${most} is the most`)
      : { text: body, media: [] };
  }
  const media = fieldsOf(body) ?? {};
  const url = textOf(media, 'url');
  if (url === undefined)
    return constraintBroken('body.url', 'must be given: a media message has the address of its media');
  return { text: textOf(media, 'message') ?? '', media: [url] };
}

/** The text for one recipient, parameters filled in; undefined if one has no value. */
function textFor(text: string, parameters: unknown, to: string): string | undefined {
  const table = fieldsOf(parameters);
  if (parameters === undefined || table === undefined) return text;
  let isWhole = true;
  const filled = text.replaceAll(/\$\{([^}]+)\}/g, (_whole, name: string) => {
    const values = fieldsOf(table[name]) ?? {};
    const value = textOf(values, to) ?? textOf(values, 'default');
    isWhole &&= value !== undefined;
    return value ?? '';
  });
  return isWhole ? filled : undefined;
}

function partsProblem(recipients: readonly Recipient[], max: unknown): SinchError | undefined {
  if (max === undefined) return undefined;
  if (typeof max !== 'number' || !Number.isInteger(max) || max < 1) {
    return formatWrong('max_number_of_message_parts', 'must be a whole number from 1 on');
  }
  const isOver = recipients.some(({ text }) => partsOf(text) > max);
  return isOver ? constraintBroken('body', `takes more than ${max} parts`) : undefined;
}

/** How many parts a text takes; 0 for one that cannot be sent. */
export function partsOf(text: string): number {
  const counted = countSegments(text);
  return counted === INVALID_TEXT ? 0 : segmentsOf(counted);
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
