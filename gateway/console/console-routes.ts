/**
 * The console at `/`, its stream of events at `/v1/live`, and what it asks that programs do not.
 *
 * The page is three files: `public/index.html`, and a script and a style sheet that `app/bundle.mjs` makes of the sources in `app`.
 * They are served under fixed names, so no path of a request ever reaches the disk; they name no other host, and the policy sent with
 * them lets the browser run and load nothing else. All that the page shows and changes goes through the routes that others use too.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { parseSenderKey } from '../../registry-cache/index.ts';
import { LIVE_PERIOD_MS, LIVE_SUBSCRIBERS_MAX, PAGE_MESSAGES_DEFAULT, PAGE_MESSAGES_MAX } from '../limits.ts';
import type { MessageStore, Summary } from '../messages/index.ts';
import { readPackageFile } from '../package-files.ts';
import { problem, sendProblem } from '../problem.ts';
import { bookInForce, type Clock, type Core, type Timers } from '../router/index.ts';
import { flowOf } from './flow.ts';
import { latestMessages, PassingMessages, withheld } from './latest-messages.ts';
import type { LiveEvent, RegimeNow } from './live-event.ts';
import { LiveStream } from './live-stream.ts';

export interface ConsoleRoutes {
  readonly core: Core;
  readonly store: MessageStore;
  readonly summary: () => Summary;
  readonly regimes: () => readonly RegimeNow[];
  /** The day whose prices and regimes apply, YYYY-MM-DD. */
  readonly tariffDate: () => string;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly requireAdmin: onRequestHookHandler | undefined;
  /** Whether that asks for credentials: without them nobody is kept from reading messages. */
  readonly asksWho: boolean;
}

const PAGE_FILES: readonly { readonly path: string; readonly file: string; readonly type: string }[] = [
  { path: '/', file: 'gateway/console/public/index.html', type: 'text/html; charset=utf-8' },
  { path: '/console.js', file: 'dist/console/console.js', type: 'text/javascript; charset=utf-8' },
  { path: '/console.css', file: 'dist/console/console.css', type: 'text/css; charset=utf-8' },
];

const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/** Long enough for somebody else to have left. */
const RETRY_AFTER_SECONDS = 5;

const name = Type.Optional(Type.String({ minLength: 1, maxLength: 40 }));
const LatestQuery = Type.Object(
  {
    number: Type.Optional(Type.String({ maxLength: 40 })),
    truth: name,
    decision: name,
    registration: name,
    carrier: name,
    status: name,
    handset: name,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MESSAGES_MAX })),
  },
  { additionalProperties: false },
);

export const consoleRoutes: FastifyPluginCallbackTypebox<ConsoleRoutes> = (app, routes, done) => {
  const { core, store } = routes;
  const sinceMs = routes.clock.nowMs();
  const run = randomUUID();
  const guarded = routes.requireAdmin && { onRequest: routes.requireAdmin };
  const passing = new PassingMessages(core, store);
  const stream = new LiveStream({
    read: (): LiveEvent => ({
      run,
      sinceMs,
      tariffDate: routes.tariffDate(),
      regimes: routes.regimes(),
      book: bookInForce(core).book,
      summary: routes.summary(),
      flow: flowOf(core),
      passing: routes.asksWho ? passing.next().map(withheld) : passing.next(),
      withheld: routes.asksWho,
    }),
    run,
    timers: routes.timers,
    periodMs: LIVE_PERIOD_MS,
    subscribersMax: LIVE_SUBSCRIBERS_MAX,
  });
  // Before the server closes: it waits for open answers, and these would never end by themselves.
  app.addHook('preClose', (closed) => {
    stream.close();
    closed();
  });

  for (const { path, file, type } of PAGE_FILES) {
    app.get(path, { schema: { hide: true } }, (_request, reply) =>
      reply.headers(PAGE_HEADERS).type(type).send(pageFile(file)),
    );
  }

  // What only the page asks; programs have /v1/messages.
  app.get('/console/messages', { ...guarded, schema: { hide: true, querystring: LatestQuery } }, (request, reply) => {
    const {
      number,
      truth,
      decision,
      registration,
      carrier,
      status,
      handset,
      limit = PAGE_MESSAGES_DEFAULT,
    } = request.query;
    const numberKey = number === undefined ? undefined : parseSenderKey(number);
    if (numberKey !== undefined && numberKey < 0) {
      const message = 'is not a US or Canadian number; write it as +12125550123';
      return sendProblem(reply, problem('invalid-number', 422, 'Invalid number', [{ field: 'number', message }]));
    }
    const search = { numberKey, truth, decision, registration, carrier, status, handset, pageSize: limit };
    return reply.send({ messages: latestMessages(core, store, search) });
  });

  // What passed lately, to those who may read what the events do not tell.
  app.get('/console/passing', { ...guarded, schema: { hide: true } }, (_request, reply) =>
    reply.send({ messages: passing.latest }),
  );

  // Whether who asks may change anything: 204, or 401.
  app.get('/console/admin', { ...guarded, schema: { hide: true } }, (_request, reply) => reply.code(204).send());

  app.get(
    '/v1/live',
    {
      // A HEAD request would be answered by a stream that never ends.
      exposeHeadRoute: false,
      schema: {
        tags: ['console'],
        summary: 'The totals as Server-Sent Events, twice a second',
        description:
          'Each event carries all totals since the start, and some of the messages that pass, without texts and numbers where reading those asks for credentials. With Last-Event-ID the events of the last ten seconds are told again.',
      },
    },
    (request, reply) => {
      const refusal = stream.refusal();
      if (refusal !== undefined) return sendRefusal(reply, refusal);
      const lastSeen = request.headers['last-event-id'];
      reply.hijack();
      stream.add(reply.raw, typeof lastSeen === 'string' ? lastSeen : undefined);
      return reply;
    },
  );

  done();
};

/** Files of the page that were asked for. Most gateways are sandboxes, whose page nobody opens. */
const pageFiles = new Map<string, string>();

function pageFile(path: string): string {
  const text = pageFiles.get(path) ?? readPackageFile(path);
  pageFiles.set(path, text);
  return text;
}

function sendRefusal(reply: FastifyReply, refusal: 'full' | 'closed'): FastifyReply {
  const problem =
    refusal === 'full'
      ? {
          type: 'urn:tollgate:problem:too-many-subscribers',
          title: 'Too many subscribers',
          status: 429,
          detail: `${LIVE_SUBSCRIBERS_MAX} are watching, which is the most; close a page or come back later`,
        }
      : {
          type: 'urn:tollgate:problem:shutting-down',
          title: 'Shutting down',
          status: 503,
          detail: 'the gateway is stopping; come back when it runs again',
        };
  return reply
    .code(problem.status)
    .header('retry-after', RETRY_AFTER_SECONDS)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problem));
}
