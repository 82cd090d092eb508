/**
 * A line in the log for each request, at level debug; below it requests cost nothing more.
 *
 * A route that is asked all the time would fill the disk and take the time of those it serves: each route has a few lines a second, and the
 * next one says how many went unsaid. A line names the route and not the address asked for, in which numbers stand. If one message was
 * decided in a request its line has the id, by which `GET /v1/messages/:id` tells why.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AsyncLocalStorage } from 'node:async_hooks';
import { REQUEST_LINES_PER_SECOND } from '../limits.ts';
import type { MessageStore } from '../messages/index.ts';
import { isOwnRequest } from '../requests.ts';
import type { Clock } from '../router/index.ts';

interface Told {
  sinceNs: number;
  lines: number;
  unsaid: number;
}

/** Messages that were decided in a request. */
interface Decided {
  count: number;
  /** Of the first. */
  id: string;
}

const NS_PER_SECOND = 1e9;

/** Says the line of each request to the routes that are added to `app` later. `clock` is the machine's. */
export class RequestLog {
  readonly #underWay = new AsyncLocalStorage<Decided>();

  constructor(app: FastifyInstance, clock: Pick<Clock, 'monotonicNs'>) {
    const toldOf = new Map<string, Told>();
    const decidedIn = new WeakMap<FastifyRequest, Decided>();
    // The latest hook before the handler: what reads the body would lose it again.
    app.addHook('preHandler', (request, _, done) => {
      const decided = { count: 0, id: '' };
      decidedIn.set(request, decided);
      this.#underWay.run(decided, done);
    });
    app.addHook('onResponse', (request, reply, done) => {
      if (isOwnRequest(request)) {
        done();
        return;
      }
      const { method } = request;
      const route = request.routeOptions.url ?? 'none';
      const key = `${method} ${route}`;
      const nowNs = clock.monotonicNs();
      let told = toldOf.get(key);
      if (told === undefined) toldOf.set(key, (told = { sinceNs: nowNs, lines: 0, unsaid: 0 }));
      if (nowNs - told.sinceNs >= NS_PER_SECOND) Object.assign(told, { sinceNs: nowNs, lines: 0 });
      if (told.lines < REQUEST_LINES_PER_SECOND) {
        const { statusCode: status, elapsedTime } = reply;
        const ms = Math.round(elapsedTime * 1_000) / 1_000;
        const decided = decidedIn.get(request);
        const message = decided?.count === 1 && { message: decided.id };
        request.log.debug(
          { method, route, status, ms, ...message, ...(told.unsaid > 0 && { unsaid: told.unsaid }) },
          'request',
        );
        told.lines += 1;
        told.unsaid = 0;
      } else told.unsaid += 1;
      done();
    });
  }

  /** To be told of each message that is decided, at its place in the ring. */
  decided(store: MessageStore, at: number): void {
    const decided = this.#underWay.getStore();
    if (decided === undefined) return;
    if (decided.count === 0) decided.id = store.idAt(at);
    decided.count += 1;
  }
}

/** Begins such a log, if that of `app` has the level. */
export function logRequests(app: FastifyInstance, clock: Pick<Clock, 'monotonicNs'>): RequestLog | undefined {
  return app.log.level === 'debug' ? new RequestLog(app, clock) : undefined;
}
