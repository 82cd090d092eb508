/**
 * A line in the log for each request, at level debug; below it requests cost nothing more.
 *
 * A route that is asked all the time would fill the disk and take the time of those it serves: each route has a few lines a second, and the
 * next one says how many went unsaid. A line names the route and not the address asked for, in which numbers stand.
 */
import type { FastifyInstance } from 'fastify';
import { REQUEST_LINES_PER_SECOND } from '../limits.ts';
import type { Clock } from '../router/index.ts';

interface Told {
  sinceNs: number;
  lines: number;
  unsaid: number;
}

const NS_PER_SECOND = 1e9;

/** Adds this to the routes that are added to `app` later, if its log has that level. `clock` is the machine's. */
export function logRequests(app: FastifyInstance, clock: Pick<Clock, 'monotonicNs'>): void {
  if (app.log.level !== 'debug') return;
  const toldOf = new Map<string, Told>();
  app.addHook('onResponse', (request, reply, done) => {
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
      request.log.debug({ method, route, status, ms, ...(told.unsaid > 0 && { unsaid: told.unsaid }) }, 'request');
      told.lines += 1;
      told.unsaid = 0;
    } else told.unsaid += 1;
    done();
  });
}
