/**
 * The live page at `/` and its stream of events at `/v1/live`.
 *
 * The page is three files as they stand in `public/`: read once at start, served under fixed names, so no path of a
 * request ever reaches the disk. They need no build, name no other host, and the policy sent with them lets the browser
 * run and load nothing else. What the page shows is one object; this folder never looks at a counter itself.
 */
import type { FastifyPluginCallback, FastifyReply } from 'fastify';
import { LIVE_PERIOD_MS, LIVE_SUBSCRIBERS_MAX } from '../limits.ts';
import type { Summary } from '../messages/index.ts';
import { readPackageFile } from '../package-files.ts';
import type { Clock, Timers } from '../router/index.ts';
import { LiveStream } from './live-stream.ts';

/** What one carrier does with unregistered messages now. */
export interface RegimeNow {
  readonly carrier: string;
  readonly regime: string;
  /** Set at run time rather than by the dated rows. */
  readonly switched: boolean;
}

export interface ConsoleRoutes {
  readonly summary: () => Summary;
  readonly regimes: () => readonly RegimeNow[];
  /** The day whose prices and regimes apply, YYYY-MM-DD. */
  readonly tariffDate: () => string;
  readonly timers: Timers;
  readonly clock: Clock;
}

/** One event of `/v1/live`. Each is whole, so a reader that missed some has missed nothing it needs. */
export interface LiveEvent {
  /** When counting began, milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly tariffDate: string;
  readonly regimes: readonly RegimeNow[];
  readonly summary: Summary;
}

const PAGE_FILES: readonly { readonly path: string; readonly file: string; readonly type: string }[] = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/live.js', file: 'live.js', type: 'text/javascript; charset=utf-8' },
  { path: '/style.css', file: 'style.css', type: 'text/css; charset=utf-8' },
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

export const consoleRoutes: FastifyPluginCallback<ConsoleRoutes> = (app, routes, done) => {
  const sinceMs = routes.clock.nowMs();
  const stream = new LiveStream({
    read: (): LiveEvent => ({
      sinceMs,
      tariffDate: routes.tariffDate(),
      regimes: routes.regimes(),
      summary: routes.summary(),
    }),
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
    const body = readPackageFile(`gateway/console/public/${file}`);
    app.get(path, { schema: { hide: true } }, (_request, reply) => reply.headers(PAGE_HEADERS).type(type).send(body));
  }

  app.get(
    '/v1/live',
    {
      // A HEAD request would be answered by a stream that never ends.
      exposeHeadRoute: false,
      schema: {
        tags: ['console'],
        summary: 'The totals as Server-Sent Events, twice a second',
        description: 'Each event carries all totals since the start; there is nothing to catch up on after a gap.',
      },
    },
    (_request, reply) => {
      const refusal = stream.refusal();
      if (refusal !== undefined) return sendRefusal(reply, refusal);
      reply.hijack();
      stream.add(reply.raw);
      return reply;
    },
  );

  done();
};

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
