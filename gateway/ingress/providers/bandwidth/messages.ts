/** Bandwidth's messages: create and list. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { MEDIA_COUNT_MAX } from '../../../limits.ts';
import { Face } from '../../../messages/index.ts';
import type { FieldProblem } from '../../../problem.ts';
import { documented, documentedSending, type FaceParts } from '../face.ts';
import type { Form } from '../form.ts';
import { type Member, sendGroup } from '../groups.ts';
import { fieldsOf, type JsonFields, sendJson, textOf, textsOf } from '../json.ts';
import { asE164, type Decided, type FaceMessage } from '../sending.ts';
import { type Call, callerOf, sendError, whenKnown } from './calls.ts';
import { type BandwidthError, bandwidthError, type FieldError, fieldsWrong, isRefused, refusalOf } from './errors.ts';
import { LISTED_MAX, readFilter, tokenOf } from './message-filter.ts';
import { type BandwidthNotes, listedMessage, messageFields, notesOf } from './message-view.ts';

const TAG = 'bandwidth';
const MS_PER_SECOND = 1_000;
const TAG_LENGTH_MAX = 1_024;
const TEXT_LENGTH_MAX = 2_048;
/** Recipients of one message. */
const RECIPIENTS_MAX = 50;
const PREFIX = '/bandwidth';

export function messageRoutes(app: FastifyInstance, base: string, parts: FaceParts): void {
  const { sending, store, core, clock } = parts;
  const readBack = parts.readBack(Face.Bandwidth);
  const path = `${base}/users/:accountId/messages`;

  const sends = documentedSending(TAG, 'Send one message, to one or several', (request) => callerOf(parts, request));
  app.post(path, sends, whenKnown(parts, create));

  function create({ request, reply, caller }: Call): FastifyReply | Promise<FastifyReply> {
    const read = readMessage(fieldsOf(request.body) ?? {}, clock.nowMs());
    if ('status' in read) return sendError(reply, read);
    const { from, to, text, media, notes, expiration } = read;
    const message = (number: string, group: string | undefined): FaceMessage => ({
      caller,
      face: Face.Bandwidth,
      from,
      to: number,
      text,
      media,
      callbackUrl: undefined,
      notes: JSON.stringify(group === undefined ? notes : { ...notes, group }),
      ...(expiration !== undefined && { validUntilMs: expiration }),
    });
    const refuse = (wrong: FieldProblem): FastifyReply => sendError(reply, fieldsWrong([fieldErrorOf(wrong, read)]));
    const answer = (decided: Decided): FastifyReply => created(reply, decided, read);
    const [first = ''] = to;
    if (to.length === 1) return sending.send(message(first, undefined), refuse, answer);
    const members = to.map(
      (number): Member =>
        (group) =>
          message(number, group),
    );
    return sendGroup(sending, store, members, {
      refuse,
      answer,
      isTaken: ({ code }) => refusalOf(code) === undefined,
      other: ({ code, at }) => {
        if (at >= 0 && isRefused(code)) parts.tellRefusal(at);
      },
    });
  }

  /** Answers a message that has just been decided. */
  function created(reply: FastifyReply, { code, at, retryAfterMs }: Decided, read: ReadMessage): FastifyReply {
    const refusal = refusalOf(code);
    if (refusal !== undefined) {
      if (retryAfterMs > 0) reply.header('retry-after', Math.ceil(retryAfterMs / MS_PER_SECOND));
      return sendError(reply, refusal);
    }
    if (isRefused(code)) parts.tellRefusal(at);
    const { text, expiration } = read;
    return sendJson(reply.code(202), {
      ...messageFields(store, at, read.notes),
      text,
      ...(expiration !== undefined && { expiration: new Date(expiration).toISOString() }),
    });
  }

  app.get(
    path,
    documented(TAG, 'List messages, the latest first'),
    whenKnown(parts, ({ request, reply, caller, accountId }) => {
      const filter = readFilter(request.query as Form);
      if ('fieldName' in filter) {
        return sendError(reply, bandwidthError(400, `'${filter.fieldName}' ${filter.description}`));
      }
      const { limit, offset } = filter;
      const found = readBack
        .page(caller, Infinity, undefined, (at) => notesOf(store, at) !== undefined)
        .places.map((at) => listedMessage(core, store, at, accountId))
        .filter((message) => filter.matches(message));
      found.sort((one, other) => filter.order(one, other));
      const page = (from: number): { readonly url: string; readonly token: string } => {
        const token = tokenOf(from);
        const address = new URL(request.originalUrl, originOf(request));
        address.searchParams.set('pageToken', token);
        return { url: address.href, token };
      };
      const next = offset + limit < Math.min(found.length, LISTED_MAX) ? page(offset + limit) : undefined;
      const previous = offset > 0 ? page(Math.max(0, offset - limit)) : undefined;
      return sendJson(reply, {
        totalCount: filter.limitsTotal ? Math.min(found.length, LISTED_MAX) : found.length,
        pageInfo: {
          ...(previous && { prevPage: previous.url, prevPageToken: previous.token }),
          ...(next && { nextPage: next.url, nextPageToken: next.token }),
        },
        messages: found.slice(offset, offset + limit),
      });
    }),
  );

  app.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: path,
    schema: { hide: true },
    handler: (_request, reply) => sendError(reply.header('allow', 'GET, POST'), bandwidthError(405)),
  });
}

/** The address by which a request came, without its path. */
function originOf({ originalUrl, host, protocol }: Call['request']): string {
  return originalUrl.startsWith(PREFIX) ? `${protocol}://${host}` : `https://${host}`;
}

interface ReadMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly media: readonly string[];
  readonly notes: BandwidthNotes;
  /** Milliseconds since the epoch. */
  readonly expiration: number | undefined;
}

/** A body as a message; or what Bandwidth says of it, of all its fields at once. */
function readMessage(body: JsonFields, nowMs: number): ReadMessage | BandwidthError {
  const wrong: FieldError[] = [];
  const refuse = (fieldName: string, description: string): void => void wrong.push({ fieldName, description });
  const texts = (name: string): readonly string[] => {
    const value = body[name];
    const list = typeof value === 'string' ? [value] : textsOf(value);
    if (list === undefined && value !== undefined) refuse(name, `'${name}' must be a list of texts`);
    return list ?? [];
  };
  for (const name of ['applicationId', 'from', 'to']) {
    if (body[name] === undefined || body[name] === '') refuse(name, `'${name}' must be given`);
  }
  for (const name of ['applicationId', 'from', 'text', 'tag', 'priority', 'expiration']) {
    if (body[name] !== undefined && typeof body[name] !== 'string') refuse(name, `'${name}' must be text`);
  }
  const recipients = texts('to').map(asE164);
  const to = recipients.length > 1 ? [...new Set(recipients)] : recipients;
  const media = texts('media');
  const text = textOf(body, 'text') ?? '';
  const tag = textOf(body, 'tag');
  const priority = textOf(body, 'priority');
  const expirationText = textOf(body, 'expiration');
  const expiration = expirationText === undefined ? undefined : Date.parse(expirationText);
  if (Array.isArray(body['to']) && to.length === 0) refuse('to', "'to' must name a recipient");
  if (recipients.length !== to.length) refuse('to', "'to' names a number twice");
  if (to.length > RECIPIENTS_MAX) refuse('to', `'to' has ${to.length} numbers; ${RECIPIENTS_MAX} is the most`);
  if (text.length > TEXT_LENGTH_MAX) refuse('text', `'text' may have ${TEXT_LENGTH_MAX} characters`);
  if (media.length > MEDIA_COUNT_MAX) refuse('media', `'media' has more than ${MEDIA_COUNT_MAX} addresses`);
  if (tag !== undefined && tag.length > TAG_LENGTH_MAX) refuse('tag', `'tag' may have ${TAG_LENGTH_MAX} characters`);
  if (priority !== undefined && priority !== 'default' && priority !== 'high') {
    refuse('priority', `'${priority}' must be default or high`);
  }
  if (expiration !== undefined && !(expiration > nowMs)) {
    refuse('expiration', "'expiration' must be a time to come, as in RFC 3339");
  }
  if (wrong.length > 0) return fieldsWrong(wrong);
  const notes: BandwidthNotes = {
    applicationId: textOf(body, 'applicationId') ?? '',
    ...(tag !== undefined && { tag }),
    ...(priority !== undefined && { priority }),
    ...(to.length > 1 && { to, size: to.length }),
  };
  return { from: asE164(textOf(body, 'from') ?? ''), to, text, media, notes, expiration };
}

/** What Bandwidth says of a field that our own check did not take. */
function fieldErrorOf({ field, message }: FieldProblem, { from, to }: ReadMessage): FieldError {
  const [fieldName = ''] = field.split('.');
  const value = fieldName === 'from' ? from : fieldName === 'to' && to.length === 1 ? to[0] : undefined;
  return { fieldName, description: `'${value ?? fieldName}' ${message}` };
}
