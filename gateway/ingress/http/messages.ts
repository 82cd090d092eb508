/** `/v1/messages`: send one, read one, read many. */
import type { FastifyBaseLogger, FastifyReply } from 'fastify';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { numberRefusal, parseNumberKey, parseSenderKey } from '../../../registry-cache/index.ts';
import { MESSAGE_BODY_BYTES, PAGE_MESSAGES_DEFAULT, PAGE_MESSAGES_MAX } from '../../limits.ts';
import {
  AWAITS_LEASE,
  type ClaimOf,
  emptyDraft,
  findMessages,
  fingerprintOf,
  type HeldKey,
  type IdempotencyKeys,
  type InboxQuery,
  type Intake,
  KeysUnavailable,
  messageAnswer,
  messageRecord,
  type MessageRecord,
  type MessageStore,
  NOT_STORED,
  NotKept,
} from '../../messages/index.ts';
import {
  Binding,
  type Core,
  decisionAt,
  DecisionCode,
  DECISIONS,
  type MessageSlot,
  type Timers,
  TRUTHS,
} from '../../router/index.ts';
import { type FieldProblem, type Problem, problem, sendProblem } from '../../problem.ts';
import { type CallbackGuard, readKey, readMessage } from './read-message.ts';
import { answers } from '../../route-answers.ts';
import { type LeaseDraws, submitLeased } from './await-lease.ts';
import {
  AGAIN_AFTER_MS,
  bothKept,
  type Claimed,
  claimed,
  isTaken,
  keepAnswer,
  KEY_PENDING,
  KEY_REUSED,
  KEY_UNKNOWN,
  NOT_KNOWN_KEPT,
  Patience,
  releaseAll,
} from './once.ts';
import {
  InboxQueryString,
  KeyHeader,
  MessageAnswerSchema,
  MessageBody,
  MessageRecordSchema,
  ProblemSchema,
} from './schemas.ts';

export interface MessageRoutes {
  readonly core: Core;
  readonly store: MessageStore;
  readonly intake: Intake;
  readonly callbackGuard: CallbackGuard;
  readonly leases: LeaseDraws;
  readonly keys: IdempotencyKeys;
  readonly timers: Timers;
  /** Accepted messages of all gateways, if they are kept outside of this one: then it knows more of them than the store. */
  readonly archive?: MessageArchive | undefined;
  /** Guards reading messages back, which shows texts and numbers. */
  readonly requireAdmin: AdminHook;
}

export interface MessageArchive {
  /** Undefined for an id it does not have. */
  read(id: string): Promise<MessageRecord | undefined>;
}

export type AdminHook = import('fastify').onRequestHookHandler | undefined;

const MS_PER_SECOND = 1_000;
const JSON_TYPE = 'application/json; charset=utf-8';

/** 4xx answers come as a refused message or, when the request never became one, as a problem. */
const refusedOrProblem = {
  content: {
    'application/json': { schema: MessageAnswerSchema },
    'application/problem+json': { schema: ProblemSchema },
  },
};
const aProblem = { content: { 'application/problem+json': { schema: ProblemSchema } } };

export const messageRoutes: FastifyPluginCallbackTypebox<MessageRoutes> = (app, routes, done) => {
  const { core, store, intake } = routes;
  const draft = emptyDraft();

  app.post(
    '/v1/messages',
    {
      bodyLimit: MESSAGE_BODY_BYTES,
      config: { bringsMessagesOf: ({ body }) => (body as MessageBody).account },
      schema: {
        tags: ['messages'],
        summary: 'Send one message',
        headers: KeyHeader,
        body: MessageBody,
        response: answers({
          202: MessageAnswerSchema,
          402: refusedOrProblem,
          403: refusedOrProblem,
          409: aProblem,
          422: refusedOrProblem,
          429: refusedOrProblem,
          503: refusedOrProblem,
        }),
      },
    },
    (request, reply) => {
      const { body } = request;
      const wrong = readMessage(body, draft, routes.callbackGuard);
      if (wrong !== undefined) return sendProblem(reply, problem('invalid-message', 422, 'Invalid message', [wrong]));
      const header = request.headers['idempotency-key'];
      if (header === undefined && body.idempotencyKey === undefined) return decide(reply, body);
      const read = readKey(header, body.idempotencyKey);
      if ('wrong' in read) return sendProblem(reply, problem('invalid-message', 422, 'Invalid message', [read.wrong]));
      return decideOnce(reply, body, read.key);
    },
  );

  /** Decides and answers the message in the draft, which was read from `body`. */
  function decide(reply: FastifyReply, body: MessageBody, held?: HeldKey): FastifyReply | Promise<FastifyReply> {
    const sequence = intake.submit(draft);
    if (sequence !== AWAITS_LEASE) return answer(reply, sequence, held);
    return submitLeased(
      { leases: routes.leases, intake, draft },
      () => void readMessage(body, draft, routes.callbackGuard),
      (decided) => answer(reply, decided, held),
    );
  }

  /** Decides the message in the draft, which came with a key, unless the key has an answer. */
  async function decideOnce(reply: FastifyReply, body: MessageBody, key: string): Promise<FastifyReply> {
    const claim = { account: body.account, key, fingerprint: fingerprintOf(draft) };
    const found = await claimOne(claim);
    if (found === undefined) {
      return sendAgainLater(reply, problem('idempotency-unavailable', 503, 'Keys unavailable', [KEY_UNKNOWN]));
    }
    if (found.kind === 'answered') {
      const { status, body: text } = found.answer;
      return reply.code(status).header('idempotent-replayed', 'true').type(JSON_TYPE).send(text);
    }
    if (found.kind === 'other') {
      return sendProblem(reply, problem('idempotency-key-reused', 422, 'Key of another message', [KEY_REUSED]));
    }
    if (found.kind !== 'new' || !found.held.isCurrent) {
      releaseAll([found]);
      await routes.keys.kept();
      return sendAgainLater(reply, problem('idempotency-key-pending', 409, 'First message pending', [KEY_PENDING]));
    }
    try {
      readMessage(body, draft, routes.callbackGuard);
      return await decide(reply, body, found.held);
    } catch (error) {
      found.held.release();
      await routes.keys.kept();
      throw error;
    }
  }

  /** Undefined if the claim cannot be made. */
  async function claimOne(claim: ClaimOf): Promise<Claimed | undefined> {
    try {
      return (await claimed(routes, [claim], new Patience()))[0];
    } catch (error) {
      if (error instanceof KeysUnavailable) return undefined;
      throw error;
    }
  }

  /** Answers the message that the intake has just decided; of one that was taken, once it is kept. */
  function answer(reply: FastifyReply, sequence: number, held?: HeldKey): FastifyReply | Promise<FastifyReply> {
    const { slot } = intake;
    const { code } = slot;
    if (slot.retryAfterMs > 0 && code !== DecisionCode.Queued) {
      reply.header('retry-after', Math.ceil(slot.retryAfterMs / MS_PER_SECOND));
    }
    if (sequence === NOT_STORED) {
      const refusal = notTaken(slot);
      held?.release();
      return sendWhen(held && routes.keys.kept(), reply, () => sendProblem(reply, refusal));
    }
    const message = messageAnswer(core, store, sequence);
    reply.code(decisionAt(code).http);
    // A refusal is what it is, whatever becomes of other messages.
    const taken = isTaken(code) ? intake.kept() : undefined;
    if (held === undefined) return sendWhen(taken, reply, () => reply.send(message));
    const { body } = keepAnswer(held, code, message);
    reply.type(JSON_TYPE);
    return sendWhen(bothKept(taken, routes.keys.kept()), reply, () => reply.send(body));
  }

  app.get(
    '/v1/messages/:id',
    {
      ...(routes.requireAdmin && { onRequest: routes.requireAdmin }),
      schema: {
        tags: ['messages'],
        summary: 'Read one message back: decision, postings, receipt and what the handset got',
        params: Type.Object({ id: Type.String() }),
        response: answers({ 200: MessageRecordSchema, 404: ProblemSchema, 503: ProblemSchema }),
      },
    },
    async (request, reply) => {
      const archived = await archivedOf(request.params.id, request.log);
      if (archived === 'away') {
        const message = 'the store of accepted messages does not answer; ask again';
        return sendAgainLater(reply, problem('archive-unavailable', 503, 'Archive away', [{ field: '', message }]));
      }
      if (archived !== undefined) return reply.send(archived);
      const sequence = store.sequenceOf(request.params.id);
      if (sequence >= 0 && store.holds(sequence)) return reply.send(messageRecord(core, store, sequence));
      const message =
        sequence >= 0 && sequence < store.nextSequence
          ? `has been overwritten; the inbox holds the latest ${store.capacity} messages`
          : 'names no message of this run; GET /v1/messages lists those there are';
      return sendProblem(reply, problem('no-such-message', 404, 'No such message', [{ field: 'id', message }]));
    },
  );

  async function archivedOf(id: string, log: FastifyBaseLogger): Promise<MessageRecord | 'away' | undefined> {
    try {
      return await routes.archive?.read(id);
    } catch (error) {
      log.warn({ why: error instanceof Error ? error.message : String(error) }, 'the archive does not answer');
      return 'away';
    }
  }

  app.get(
    '/v1/messages',
    {
      ...(routes.requireAdmin && { onRequest: routes.requireAdmin }),
      schema: {
        tags: ['messages'],
        summary: 'Read messages back, oldest first, from a cursor on',
        querystring: InboxQueryString,
        response: answers({
          200: Type.Object({
            messages: Type.Array(MessageRecordSchema),
            next: Type.String({ description: 'Pass as `since` to go on from here.' }),
            missed: Type.Integer({ description: 'Messages overwritten between the cursor and this page.' }),
          }),
        }),
      },
    },
    (request, reply) => {
      const asked = readInboxQuery(request.query);
      if (!asked.ok) return sendProblem(reply, problem('invalid-request', 400, 'Invalid query', [asked.wrong]));
      if ((asked.query.sinceSequence ?? 0) > store.nextSequence) {
        const message = 'lies beyond the latest message, so it is no `next` of this run; leave it out to start anew';
        return sendProblem(reply, problem('invalid-request', 400, 'Invalid query', [{ field: 'since', message }]));
      }
      const page = findMessages(core, store, asked.query);
      return reply.send({ messages: page.messages, next: String(page.nextSequence), missed: page.missed });
    },
  );

  done();
};

/** Sends at once or, if there is something to wait for, when it has come; the sender is told if it has not. */
function sendWhen(
  kept: Promise<unknown> | undefined,
  reply: FastifyReply,
  send: () => FastifyReply,
): FastifyReply | Promise<FastifyReply> {
  if (kept === undefined) return send();
  return kept.then(send, (error: unknown) => {
    if (!(error instanceof NotKept)) throw error;
    return sendAgainLater(reply, problem('not-kept', 503, 'Not known whether it was kept', [NOT_KNOWN_KEPT]));
  });
}

function sendAgainLater(reply: FastifyReply, one: Problem): FastifyReply {
  return sendProblem(reply.header('retry-after', AGAIN_AFTER_MS / MS_PER_SECOND), one);
}

/** Why a message was not taken at all. */
function notTaken({ code, binding, limitUsed, limitCap }: MessageSlot): Problem {
  const { http, meaning } = decisionAt(code);
  if (code === DecisionCode.RegistryStale) {
    const message = `the view of the registry is ${limitUsed} ms old and ${limitCap} is allowed; send again later`;
    return problem('registry-stale', http, meaning, [{ field: '', message }]);
  }
  const message =
    binding === Binding.CdrBacklog
      ? `${limitUsed} bytes of CDRs wait for the disk and ${limitCap} may; send again when it keeps up`
      : binding === Binding.DeliveryBacklog
        ? `${limitUsed} messages wait to be kept or delivered and ${limitCap} may; send again later`
        : `${limitUsed} messages are in flight and the inbox holds ${limitCap}; send again later`;
  return problem('queue-full', http, meaning, [{ field: '', message }]);
}

type ReadQuery = { ok: true; query: InboxQuery } | { ok: false; wrong: FieldProblem };

function readInboxQuery(asked: Type.Static<typeof InboxQueryString>): ReadQuery {
  const senderKey = asked.from === undefined ? undefined : parseSenderKey(withPlus(asked.from));
  if (senderKey !== undefined && senderKey < 0) {
    return { ok: false, wrong: { field: 'from', message: numberRefusal(senderKey).message } };
  }
  const destinationKey = asked.to === undefined ? undefined : parseNumberKey(withPlus(asked.to));
  if (destinationKey !== undefined && destinationKey < 0) {
    return { ok: false, wrong: { field: 'to', message: numberRefusal(destinationKey).message } };
  }
  const pageSize = asked.limit === undefined ? PAGE_MESSAGES_DEFAULT : Number(asked.limit);
  if (pageSize < 1 || pageSize > PAGE_MESSAGES_MAX) {
    return { ok: false, wrong: { field: 'limit', message: `must be 1 to ${PAGE_MESSAGES_MAX}` } };
  }
  return {
    ok: true,
    query: {
      ...(senderKey !== undefined && { senderKey }),
      ...(destinationKey !== undefined && { destinationKey }),
      ...(asked.decision !== undefined && { code: DECISIONS.findIndex((one) => one.name === asked.decision) }),
      ...(asked.truth !== undefined && { truth: TRUTHS.indexOf(asked.truth) }),
      ...(asked.since !== undefined && { sinceSequence: Number(asked.since) }),
      pageSize,
    },
  };
}

/** In a query string an unescaped plus means a space; nobody who writes `?from=+1...` means one. */
function withPlus(text: string): string {
  return text.startsWith(' ') ? `+${text.slice(1)}` : text;
}
