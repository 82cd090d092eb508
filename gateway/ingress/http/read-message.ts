/**
 * A validated body -> a draft the core can take, or the field that cannot be and why.
 * What a schema cannot say is checked here, once, for single messages and batches alike.
 */
import { numberRefusal, parseNumberKey, parseSenderKey } from '../../../registry-cache/index.ts';
import { IDEMPOTENCY_KEY_LENGTH_MAX, TEXT_LENGTH_MAX, URL_LENGTH_MAX } from '../../limits.ts';
import type { MessageDraft } from '../../messages/index.ts';
import {
  countSegments,
  Encoding,
  encodingOf,
  INVALID_TEXT,
  MessageKind,
  Route,
  ROUTES,
  segmentsOf,
  TRUTHS,
} from '../../router/index.ts';
import type { FieldProblem } from '../../problem.ts';
import type { MessageBody } from './schemas.ts';

/** Why an address may not be called back, or undefined if it may. */
export type CallbackGuard = (url: string) => string | undefined;

/**
 * Fills `draft` from `body`.
 * @returns undefined, or the first field that is wrong; the draft is then half filled and must not be used
 */
export function readMessage(body: MessageBody, draft: MessageDraft, guard: CallbackGuard): FieldProblem | undefined {
  const senderKey = parseSenderKey(body.from);
  if (senderKey < 0) return { field: 'from', message: numberRefusal(senderKey).message };
  const destinationKey = parseNumberKey(body.to);
  if (destinationKey < 0) return { field: 'to', message: numberRefusal(destinationKey).message };
  if (senderKey === destinationKey) {
    return { field: 'to', message: 'is the sender itself; give another number' };
  }

  const text = body.text ?? '';
  const media = body.media;
  if (text === '' && media === undefined) {
    return { field: 'text', message: 'is empty; write something or add media' };
  }
  if (text.length > TEXT_LENGTH_MAX) {
    return { field: 'text', message: `has ${text.length} characters; ${TEXT_LENGTH_MAX} is the most` };
  }
  if (text.includes('\0')) return { field: 'text', message: 'holds a NUL character; remove it' };
  const segments = countSegments(text);
  if (segments === INVALID_TEXT) {
    return { field: 'text', message: 'holds half a surrogate pair, which is no character; send whole characters' };
  }
  if (media !== undefined) {
    const wrong = media.findIndex((url) => !isWebAddress(url));
    if (wrong >= 0) return { field: `media.${wrong}`, message: 'is not an http or https address' };
  }
  if (body.callbackUrl !== undefined) {
    const { callbackUrl } = body;
    const refusal =
      callbackUrl.length > URL_LENGTH_MAX
        ? `has ${callbackUrl.length} characters; ${URL_LENGTH_MAX} is the most`
        : guard(callbackUrl);
    if (refusal !== undefined) return { field: 'callbackUrl', message: refusal };
  }

  draft.senderKey = senderKey;
  draft.destinationKey = destinationKey;
  draft.text = text;
  draft.isUcs2 = encodingOf(segments) === Encoding.Ucs2;
  draft.kind = media === undefined ? MessageKind.Sms : MessageKind.Mms;
  draft.units = media === undefined ? segmentsOf(segments) : 1;
  draft.route = body.route === undefined ? Route.A2p : ROUTES.indexOf(body.route);
  draft.truth = body.truth === undefined ? 0 : TRUTHS.indexOf(body.truth);
  draft.account = body.account;
  draft.reference = body.reference;
  draft.callbackUrl = body.callbackUrl;
  draft.media = media;
  draft.draw = Number.NaN;
  return undefined;
}

const KEY_HEADER = 'Idempotency-Key';
const KEY_FIELD = 'idempotencyKey';

/** The key that a message came with, by header or field, at least one of which is given; or what is wrong with it. */
export function readKey(
  header: string | readonly string[] | undefined,
  field: string | undefined,
): { readonly key: string } | { readonly wrong: FieldProblem } {
  // The server joins a header that is there twice, so that there is never a list of this one.
  const inHeader = header?.toString();
  if (inHeader !== undefined && field !== undefined && inHeader !== field) {
    return { wrong: { field: KEY_FIELD, message: `differs from the header ${KEY_HEADER}; give one of them` } };
  }
  const key = field ?? inHeader ?? '';
  const name = field === undefined ? KEY_HEADER : KEY_FIELD;
  const message = keyRefusal(key);
  return message === undefined ? { key } : { wrong: { field: name, message } };
}

function keyRefusal(key: string): string | undefined {
  if (key === '') return 'is empty; give one to each message, or leave it out';
  if (key.length > IDEMPOTENCY_KEY_LENGTH_MAX) {
    return `has ${key.length} characters; ${IDEMPOTENCY_KEY_LENGTH_MAX} is the most`;
  }
  return /^[\x20-\x7e]+$/.test(key) ? undefined : 'holds something other than printable ASCII characters';
}

function isWebAddress(text: string): boolean {
  if (text.length > URL_LENGTH_MAX || !URL.canParse(text)) return false;
  const { protocol } = new URL(text);
  return protocol === 'http:' || protocol === 'https:';
}
