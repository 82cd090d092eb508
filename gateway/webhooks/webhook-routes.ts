/** `/v1/webhooks`: how the sending of webhooks goes, and what was given up, to be looked at and sent again. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { WEBHOOK_DEAD_LETTERS_MAX, WEBHOOK_PAGE_LETTERS_MAX } from '../limits.ts';
import { problem, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import { BREAKER_STATES } from './host-gate.ts';
import { POST_STATES, type PostView } from './message-webhooks.ts';
import type { Webhooks } from './open-webhooks.ts';
import { ATTEMPT_RESULTS } from './post-sender.ts';
import { type DeadLetter, QueueUnavailable } from './webhook-queue.ts';

export interface WebhookRoutes {
  readonly webhooks: Webhooks;
  /** Whether there ever was a message of that id, as far as can be known. */
  readonly isMessage: (id: string) => Promise<boolean>;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const HOSTS_SHOWN = 100;
const LETTERS_SHOWN = 100;
const QUEUE_RETRY_AFTER_S = 1;
const MESSAGE_ID_LENGTH_MAX = 64;

const StateAnswer = Type.Object({
  pending: Type.Integer({ description: 'Posts waiting, put back or under way, by whichever process.' }),
  deadLetters: Type.Integer(),
  posts: Type.Record(Type.String(), Type.Integer(), { description: 'Of this process since it started, by result.' }),
  attempts: Type.Record(Type.String(), Type.Integer(), { description: 'Of this process since it started, by result.' }),
  hosts: Type.Array(
    Type.Object({
      host: Type.String(),
      breaker: Type.Enum([...BREAKER_STATES]),
      underWay: Type.Integer({ description: 'Posts of this process.' }),
    }),
    { description: `Hosts as this process sees them, those that are not well first; at most ${HOSTS_SHOWN}.` },
  ),
});

const LetterAnswer = Type.Object({
  id: Type.String(),
  subject: Type.String(),
  account: Type.Union([Type.String(), Type.Null()]),
  url: Type.String({ description: 'Without its query, which may hold secrets.' }),
  why: Type.String(),
  lastStatus: Type.Union([Type.Integer(), Type.Null()]),
  attempts: Type.Integer(),
  at: Type.String({ description: 'When it was given up.' }),
});

const MessageWebhooksAnswer = Type.Object({
  webhooks: Type.Array(
    Type.Object({
      id: Type.String(),
      event: Type.Enum(['taken', 'receipt'], {
        description: 'What it tells: that a carrier took the message, or its receipt.',
      }),
      copy: Type.Integer({ description: '0, or 1 for the same receipt come again.' }),
      url: Type.String({ description: 'Without its query, which may hold secrets.' }),
      state: Type.Enum([...POST_STATES], {
        description:
          'failed_over: tried in vain, and gone on to its failover address as a post of its own. unknown: tried in vain here, and since then sent or given up by another process.',
      }),
      dueAt: Type.Union([Type.String(), Type.Null()], { description: 'When its turn comes, of one that waits.' }),
      attempts: Type.Integer({ description: 'By whichever process, as far as known.' }),
      tried: Type.Array(
        Type.Object({
          at: Type.String(),
          result: Type.Enum([...ATTEMPT_RESULTS]),
          status: Type.Union([Type.Integer(), Type.Null()], { description: 'Of the answer, if there was one.' }),
        }),
        { description: 'Attempts of this process, the oldest first.' },
      ),
    }),
  ),
  missing: Type.Union([Type.String(), Type.Null()], { description: 'What may be missing here, and why.' }),
});

const LettersQuery = Type.Object(
  {
    from: Type.Optional(
      Type.Integer({ minimum: 0, maximum: WEBHOOK_DEAD_LETTERS_MAX, description: 'Letters passed over.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: WEBHOOK_PAGE_LETTERS_MAX })),
  },
  { additionalProperties: false },
);

const ReplayBody = Type.Object(
  {
    ids: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: WEBHOOK_DEAD_LETTERS_MAX })),
    host: Type.Optional(Type.String({ description: 'As it stands in the address, with its port if it has one.' })),
    all: Type.Optional(Type.Literal(true)),
  },
  { additionalProperties: false },
);

export const webhookRoutes: FastifyPluginCallbackTypebox<WebhookRoutes> = (app, routes, done) => {
  const { webhooks, requireAdmin } = routes;
  const guarded = requireAdmin && { onRequest: requireAdmin };
  const tags = ['webhooks'];

  app.get(
    '/v1/webhooks',
    {
      ...guarded,
      schema: { tags, summary: 'How the sending of webhooks goes', response: answers({ 200: StateAnswer }) },
    },
    (_request, reply) =>
      sendWhen(webhooks.counts(), reply, ({ pending, dead }) => {
        const { posts, attempts } = webhooks.figures();
        const hosts = webhooks
          .hosts(HOSTS_SHOWN)
          .map(({ host, state, underWay }) => ({ host, breaker: state, underWay }));
        return { pending, deadLetters: dead, posts, attempts, hosts };
      }),
  );

  app.get(
    '/v1/messages/:id/webhooks',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'What was posted about one message, how often it was tried, and what waits',
        params: Type.Object({ id: Type.String({ maxLength: MESSAGE_ID_LENGTH_MAX }) }),
        response: answers({ 200: MessageWebhooksAnswer }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!(await routes.isMessage(id))) {
        const message = 'names no message of this run; GET /v1/messages lists those there are';
        return sendProblem(reply, problem('no-such-message', 404, 'No such message', [{ field: 'id', message }]));
      }
      return sendWhen(webhooks.ofMessage(id), reply, ({ posts, missing = null }) => ({
        webhooks: posts.map(describePost),
        missing,
      }));
    },
  );

  app.get(
    '/v1/webhooks/dead-letters',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'Posts that were given up, the latest first',
        querystring: LettersQuery,
        response: answers({ 200: Type.Object({ deadLetters: Type.Array(LetterAnswer) }) }),
      },
    },
    (request, reply) => {
      const { from = 0, limit = LETTERS_SHOWN } = request.query;
      const letters = webhooks.deadLetters(from, limit);
      return sendWhen(letters, reply, (found) => ({ deadLetters: found.map(describe) }));
    },
  );

  app.post(
    '/v1/webhooks/dead-letters/replay',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'Send posts again that were given up: those named, those to one host, or all',
        body: ReplayBody,
        response: answers({ 200: Type.Object({ replayed: Type.Integer() }) }),
      },
    },
    (request, reply) => {
      const { ids, host, all } = request.body;
      if ([ids, host, all].filter((one) => one !== undefined).length !== 1) {
        const message = 'give one of ids, host and all: which dead letters are sent again';
        return sendProblem(reply, problem('invalid-replay', 422, 'Invalid replay', [{ field: '', message }]));
      }
      const replaying = webhooks.replay({ ...(ids && { ids }), ...(host !== undefined && { host }) });
      return sendWhen(replaying, reply, (replayed) => {
        request.log.info({ replayed }, 'dead letters of webhooks replayed');
        return { replayed };
      });
    },
  );

  done();
};

/** Sends what an answer of the queue comes to, or says that there is none. */
async function sendWhen<Answer>(
  answer: Promise<Answer>,
  reply: FastifyReply,
  bodyOf: (answer: Answer) => object,
): Promise<FastifyReply> {
  try {
    return await reply.send(bodyOf(await answer));
  } catch (error) {
    if (!(error instanceof QueueUnavailable)) throw error;
    const message = 'the queue of webhooks does not answer; what was asked may or may not have been done, so ask again';
    reply.header('retry-after', QUEUE_RETRY_AFTER_S);
    return sendProblem(reply, problem('webhooks-unavailable', 503, 'Webhooks unavailable', [{ field: '', message }]));
  }
}

function describePost(view: PostView): Type.Static<typeof MessageWebhooksAnswer>['webhooks'][number] {
  const { id, event, copy, state, dueMs, attemptCount, attempts } = view;
  return {
    id,
    event,
    copy,
    url: withoutQuery(view.url),
    state,
    dueAt: dueMs === undefined ? null : new Date(dueMs).toISOString(),
    attempts: attemptCount,
    tried: attempts.map(({ atMs, result, status = null }) => ({ at: new Date(atMs).toISOString(), result, status })),
  };
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function describe({ post, why, attempts, atMs }: DeadLetter): Type.Static<typeof LetterAnswer> {
  const { id, subject, account = null } = post;
  const lastStatus = why.status ?? null;
  const at = new Date(atMs).toISOString();
  return { id, subject, account, url: withoutQuery(post.url), why: why.reason, lastStatus, attempts, at };
}
