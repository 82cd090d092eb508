/** `/v1/messages`: send one, read one, read many. */
import type { FastifyReply } from 'fastify';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { numberRefusal, parseNumberKey, parseSenderKey } from '../../../registry-cache/index.ts';
import { MESSAGE_BODY_BYTES, PAGE_MESSAGES_DEFAULT, PAGE_MESSAGES_MAX } from '../../limits.ts';
import {
  AWAITS_LEASE,
  emptyDraft,
  findMessages,
  type InboxQuery,
  type Intake,
  messageAnswer,
  messageRecord,
  type MessageStore,
  NOT_STORED,
} from '../../messages/index.ts';
import {
  Binding,
  type Core,
  decisionAt,
  DecisionCode,
  DECISIONS,
  type MessageSlot,
  TRUTHS,
} from '../../router/index.ts';
import { type FieldProblem, type Problem, problem, sendProblem } from '../../problem.ts';
import { type CallbackGuard, readMessage } from './read-message.ts';
import { answers } from '../../route-answers.ts';
import { type LeaseDraws, onceLeased } from './await-lease.ts';
import { InboxQueryString, MessageAnswerSchema, MessageBody, MessageRecordSchema, ProblemSchema } from './schemas.ts';

export interface MessageRoutes {
  readonly core: Core;
  readonly store: MessageStore;
  readonly intake: Intake;
  readonly callbackGuard: CallbackGuard;
  readonly leases: LeaseDraws;
  /** Guards reading messages back, which shows texts and numbers. */
  readonly requireAdmin: AdminHook;
}

export type AdminHook = import('fastify').onRequestHookHandler | undefined;

const MS_PER_SECOND = 1_000;

/** 4xx answers come as a refused message or, when the request never became one, as a problem. */
const refusedOrProblem = {
  content: {
    'application/json': { schema: MessageAnswerSchema },
    'application/problem+json': { schema: ProblemSchema },
  },
};

export const messageRoutes: FastifyPluginCallbackTypebox<MessageRoutes> = (app, routes, done) => {
  const { core, store, intake } = routes;
  const draft = emptyDraft();

  app.post(
    '/v1/messages',
    {
      bodyLimit: MESSAGE_BODY_BYTES,
      schema: {
        tags: ['messages'],
        summary: 'Send one message',
        body: MessageBody,
        response: answers({
          202: MessageAnswerSchema,
          402: refusedOrProblem,
          403: refusedOrProblem,
          422: refusedOrProblem,
          429: refusedOrProblem,
          503: refusedOrProblem,
        }),
      },
    },
    (request, reply) => {
      const wrong = readMessage(request.body, draft, routes.callbackGuard);
      if (wrong !== undefined) return sendProblem(reply, problem('invalid-message', 422, 'Invalid message', [wrong]));
      const sequence = intake.submit(draft);
      if (sequence !== AWAITS_LEASE) return answer(reply, sequence);
      const { draw } = intake.slot;
      return onceLeased(routes.leases, (mayAwaitLease) => {
        // Others have used the draft meanwhile.
        readMessage(request.body, draft, routes.callbackGuard);
        draft.draw = draw;
        const decided = intake.submit(draft, mayAwaitLease);
        return decided === AWAITS_LEASE ? undefined : answer(reply, decided);
      });
    },
  );

  /** Answers the message that the intake has just decided. */
  function answer(reply: FastifyReply, sequence: number): FastifyReply {
    const { slot } = intake;
    if (slot.retryAfterMs > 0 && slot.code !== DecisionCode.Queued) {
      reply.header('retry-after', Math.ceil(slot.retryAfterMs / MS_PER_SECOND));
    }
    if (sequence === NOT_STORED) return sendProblem(reply, notTaken(slot));
    return reply.code(decisionAt(slot.code).http).send(messageAnswer(core, store, sequence));
  }

  app.get(
    '/v1/messages/:id',
    {
      ...(routes.requireAdmin && { onRequest: routes.requireAdmin }),
      schema: {
        tags: ['messages'],
        summary: 'Read one message back: decision, postings, receipt and what the handset got',
        params: Type.Object({ id: Type.String() }),
        response: answers({ 200: MessageRecordSchema, 404: ProblemSchema }),
      },
    },
    (request, reply) => {
      const sequence = store.sequenceOf(request.params.id);
      if (sequence >= 0 && store.holds(sequence)) return reply.send(messageRecord(core, store, sequence));
      const message =
        sequence >= 0 && sequence < store.nextSequence
          ? `has been overwritten; the inbox holds the latest ${store.capacity} messages`
          : 'names no message of this run';
      return sendProblem(reply, problem('no-such-message', 404, 'No such message', [{ field: 'id', message }]));
    },
  );

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
