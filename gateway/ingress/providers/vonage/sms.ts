/** Vonage's SMS API: `/sms/json`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TEXT_LENGTH_MAX } from '../../../limits.ts';
import { Face } from '../../../messages/index.ts';
import type { FieldProblem } from '../../../problem.ts';
import type { Caller } from '../credentials.ts';
import { documentedSending, type FaceParts } from '../face.ts';
import { fieldsOf, sendJson } from '../json.ts';
import { networkCodeOf } from '../networks.ts';
import { asE164, type Decided, type FaceMessage } from '../sending.ts';
import { smsCaller } from './callers.ts';
import { isRefused, type SmsError, smsError, smsRefusalOf } from './errors.ts';
import { digitsOf, notesOf, partIdOf, priceOf, type VonageNotes } from './message-view.ts';

const TAG = 'vonage';
const REFERENCE_LENGTH_MAX = 100;
/** How long a message may be tried, in milliseconds (Vonage, SMS API: ttl). */
const TTL_MS_MIN = 20_000;
const TTL_MS_MAX = 604_800_000;
/** There is no balance to tell of a postpaid account, and callers get no other's. */
const BALANCE = '0.00000000';

type Parameters = Readonly<Record<string, string>>;

export function smsRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { sending, store, clock, credentials } = parts;

  const callerOf = (request: FastifyRequest): Caller | undefined => {
    const parameters = readParameters(request);
    if ('status' in parameters) return undefined;
    const caller = smsCaller(credentials, request.headers.authorization, parameters.all);
    return 'status' in caller ? undefined : caller;
  };
  app.post('/sms/json', documentedSending(TAG, 'Send one message (SMS API)', callerOf), send);
  // Whoever asks only for the head of an answer sends nothing.
  const byQuery = documentedSending(TAG, 'Send one message, by its query (SMS API)', callerOf);
  app.get('/sms/json', { ...byQuery, exposeHeadRoute: false }, send);

  function send(request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> {
    const parameters = readParameters(request);
    if ('status' in parameters) return sendSmsError(reply, parameters);
    const caller = smsCaller(credentials, request.headers.authorization, parameters.all);
    if ('status' in caller) return sendSmsError(reply, caller);
    const read = readMessage(parameters.all, caller, clock.nowMs());
    if ('status' in read) return sendSmsError(reply, read);
    return sending.send(
      read,
      (wrong) => sendSmsError(reply, errorOf(wrong)),
      (decided) => sent(reply, decided),
    );
  }

  /** Answers a message that has just been decided, part by part. */
  function sent(reply: FastifyReply, { code, at }: Decided): FastifyReply {
    const refusal = smsRefusalOf(code);
    if (refusal !== undefined) return sendSmsError(reply, refusal);
    if (isRefused(code)) parts.tellRefusal(at);
    const { clientRef, accountRef } = notesOf(store, at) ?? ({} as VonageNotes);
    const count = store.units[at]!;
    return sendJson(reply, {
      'message-count': String(count),
      messages: Array.from({ length: count }, (_, part) => ({
        to: digitsOf(store.destinationKey[at]!),
        'message-id': partIdOf(store, at, part),
        status: '0',
        'remaining-balance': BALANCE,
        'message-price': priceOf(store, at, count),
        network: networkCodeOf(store.carrier[at]!) ?? '',
        ...(clientRef !== undefined && { 'client-ref': clientRef }),
        ...(accountRef !== undefined && { 'account-ref': accountRef }),
      })),
    });
  }
}

/** Always with 200. */
export function sendSmsError(reply: FastifyReply, { status, text }: SmsError): FastifyReply {
  return sendJson(reply.code(200), { 'message-count': '1', messages: [{ status, 'error-text': text }] });
}

/** Parameters of the query and of the body, whatever type that has; numbers and flags as text. */
function readParameters({ query, body }: FastifyRequest): { readonly all: Parameters } | SmsError {
  const all: Record<string, string> = {};
  for (const [name, value] of [...Object.entries(fieldsOf(query) ?? {}), ...Object.entries(fieldsOf(body) ?? {})]) {
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return smsError('3', `Invalid value for param: ${name}`);
    }
    all[name] = String(value);
  }
  return { all };
}

function readMessage(parameters: Parameters, caller: Caller, nowMs: number): FaceMessage | SmsError {
  const {
    to,
    from,
    text,
    type = 'text',
    callback: callbackUrl,
    'client-ref': clientRef,
    'account-ref': accountRef,
    'status-report-req': wantsReport,
    ttl,
  } = parameters;
  for (const [name, value] of Object.entries({ to, from, text })) {
    if (value === undefined || value === '') return smsError('2', `Missing ${name} param`);
  }
  if (type !== 'text' && type !== 'unicode') return smsError('3', 'Invalid value for param: type');
  if (text !== undefined && text.length > TEXT_LENGTH_MAX) return smsError('12');
  if (clientRef !== undefined && clientRef.length > REFERENCE_LENGTH_MAX) {
    return smsError('3', 'Invalid value for param: client-ref');
  }
  const ttlMs = Number(ttl ?? TTL_MS_MAX);
  if (!(ttlMs >= TTL_MS_MIN && ttlMs <= TTL_MS_MAX)) return smsError('3', 'Invalid value for param: ttl');
  const notes: VonageNotes = {
    api: 'sms',
    ...(clientRef !== undefined && { clientRef }),
    ...(accountRef !== undefined && { accountRef }),
    ...((wantsReport === 'false' || wantsReport === '0') && { isSilent: true }),
  };
  return {
    caller,
    face: Face.Vonage,
    from: asE164(from ?? ''),
    to: asE164(to ?? ''),
    text: text ?? '',
    media: [],
    callbackUrl,
    notes: JSON.stringify(notes),
    ...(ttl !== undefined && { validUntilMs: nowMs + ttlMs }),
  };
}

/** What Vonage says of a field that our own check did not take. */
function errorOf({ field, message }: FieldProblem): SmsError {
  switch (field) {
    case 'from':
      return smsError('15');
    case 'callbackUrl':
      return smsError('23', `Invalid callback URL: it ${message}`);
    default:
      return smsError('3', `Invalid value for param: ${field}; it ${message}`);
  }
}
