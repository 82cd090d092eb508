/** Vonage's Messages API: `/v1/messages`, for its channels `sms` and `mms`. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Face } from '../../../messages/index.ts';
import type { FieldProblem } from '../../../problem.ts';
import type { Caller } from '../credentials.ts';
import { documentedSending, type FaceParts } from '../face.ts';
import { fieldsOf, type JsonFields, sendJson, textOf } from '../json.ts';
import { asE164, type Decided, type FaceMessage } from '../sending.ts';
import { messagesCaller } from './callers.ts';
import { invalidParams, isRefused, type MessagesProblem, problemRefusalOf } from './errors.ts';
import { messageIdOf, type VonageNotes } from './message-view.ts';

const TAG = 'vonage';
const PROBLEM_TYPE = 'application/problem+json';
const MS_PER_SECOND = 1_000;
const REFERENCE_LENGTH_MAX = 100;
const TEXT_LENGTH_MAX = 1_000;
const TTL_S_MIN = 20;
const TTL_S_MAX = 604_800;
/** Kinds of media, which are also the name of the field that has the address. */
const MEDIA = ['image', 'vcard', 'audio', 'video', 'file'];

export function messageRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { sending, store, clock, credentials } = parts;

  const sends = documentedSending(TAG, 'Send one message (Messages API)', ({ headers }) => {
    const caller = messagesCaller(credentials, headers.authorization);
    return 'http' in caller ? undefined : caller;
  });
  app.post('/v1/messages', sends, (request, reply) => {
    const caller = messagesCaller(credentials, request.headers.authorization);
    if ('http' in caller) return sendProblem(reply, caller);
    const read = readMessage(fieldsOf(request.body) ?? {}, caller, clock.nowMs());
    if ('http' in read) return sendProblem(reply, read);
    return sending.send(
      read,
      (wrong) => sendProblem(reply, invalidParams(1020, [fieldErrorOf(wrong, read)])),
      (decided) => sent(reply, decided),
    );
  });

  /** Answers a message that has just been decided. */
  function sent(reply: FastifyReply, { code, at, retryAfterMs }: Decided): FastifyReply {
    const refusal = problemRefusalOf(code);
    if (refusal !== undefined) {
      if (retryAfterMs > 0) reply.header('retry-after', Math.ceil(retryAfterMs / MS_PER_SECOND));
      return sendProblem(reply, refusal);
    }
    if (isRefused(code)) parts.tellRefusal(at);
    return sendJson(reply.code(202), { message_uuid: messageIdOf(store, at) });
  }
}

export function sendProblem(
  reply: FastifyReply,
  { http, type, title, detail, invalid }: MessagesProblem,
): FastifyReply {
  const body = { type, title, detail, instance: randomUUID(), ...(invalid && { invalid_parameters: invalid }) };
  return reply.code(http).header('content-type', PROBLEM_TYPE).send(JSON.stringify(body));
}

function readMessage(body: JsonFields, caller: Caller, nowMs: number): FaceMessage | MessagesProblem {
  const kind = textOf(body, 'message_type') ?? '';
  const missing = ['channel', 'message_type', 'to', 'from', ...(kind === '' ? [] : [kind])].filter(
    (name) => body[name] === undefined || body[name] === '',
  );
  if (missing.length > 0) {
    return invalidParams(
      1010,
      missing.map((name) => ({ name, reason: 'must be given' })),
    );
  }
  const invalid: { name: string; reason: string }[] = [];
  const refuse = (name: string, reason: string): void => void invalid.push({ name, reason });
  const channel = body['channel'];
  if (channel !== 'sms' && channel !== 'mms') refuse('channel', 'must be sms or mms');
  if (channel === 'sms' ? kind !== 'text' : !MEDIA.includes(kind) && kind !== 'text') {
    refuse('message_type', channel === 'sms' ? 'must be text' : `must be text or one of ${MEDIA.join(', ')}`);
  }
  for (const name of ['to', 'from', 'client_ref', 'webhook_url', ...(kind === 'text' ? ['text'] : [])]) {
    if (body[name] !== undefined && typeof body[name] !== 'string') refuse(name, 'must be text');
  }
  const media = MEDIA.includes(kind) ? (fieldsOf(body[kind]) ?? {}) : {};
  const url = textOf(media, 'url');
  if (MEDIA.includes(kind) && url === undefined) refuse(`${kind}.url`, 'must be given');
  const text = textOf(body, 'text') ?? textOf(media, 'caption') ?? '';
  if (text.length > TEXT_LENGTH_MAX) refuse('text', `has ${text.length} characters; ${TEXT_LENGTH_MAX} is the most`);
  const clientRef = textOf(body, 'client_ref');
  if (clientRef !== undefined && clientRef.length > REFERENCE_LENGTH_MAX) {
    refuse('client_ref', `has more than ${REFERENCE_LENGTH_MAX} characters`);
  }
  const { ttl } = body;
  const isTtl = ttl === undefined || (typeof ttl === 'number' && ttl >= TTL_S_MIN && ttl <= TTL_S_MAX);
  if (!isTtl) refuse('ttl', `must be seconds, from ${TTL_S_MIN} to ${TTL_S_MAX}`);
  if (invalid.length > 0) return invalidParams(1020, invalid);
  const notes: VonageNotes = { api: 'messages', ...(clientRef !== undefined && { clientRef }) };
  return {
    caller,
    face: Face.Vonage,
    from: asE164(textOf(body, 'from') ?? ''),
    to: asE164(textOf(body, 'to') ?? ''),
    text,
    media: url === undefined ? [] : [url],
    callbackUrl: textOf(body, 'webhook_url'),
    notes: JSON.stringify(notes),
    ...(typeof ttl === 'number' && { validUntilMs: nowMs + ttl * MS_PER_SECOND }),
  };
}

/** A field that our own check did not take, as this API names it. */
function fieldErrorOf({ field, message }: FieldProblem, { media }: FaceMessage): { name: string; reason: string } {
  const name = field === 'callbackUrl' ? 'webhook_url' : field.startsWith('media') && media.length > 0 ? 'url' : field;
  return { name, reason: message };
}
