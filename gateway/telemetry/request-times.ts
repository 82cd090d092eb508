/** How long HTTP requests take until they are answered, by API. Requests for no route and streams that stay open are not in it. */
import type { FastifyInstance, onResponseHookHandler } from 'fastify';
import { FACES, LatencyHistogram } from '../messages/index.ts';
import { isOwnRequest } from '../requests.ts';

/** From a health check to a file of numbers. */
const BOUNDS_NS: readonly number[] = [0.5e6, 1e6, 2.5e6, 5e6, 10e6, 25e6, 50e6, 100e6, 250e6, 1e9, 10e9];
const NS_PER_MS = 1e6;

/** The faces of providers and the registries have their names in front. */
const BY_PREFIX: ReadonlySet<string> = new Set([...FACES, 'tcr', 'nnsr']);
/** Of our own API, what senders ask; the rest is for operators. */
const OF_SENDERS: ReadonlySet<string> = new Set(['POST /v1/messages', 'POST /v1/inbound', 'POST /v1/rate']);
const PROBES: ReadonlySet<string> = new Set(['healthz', 'readyz', 'metrics']);
const STREAMS: ReadonlySet<string> = new Set(['/v1/live']);

/** Names of APIs, all that there can be. */
export const REQUEST_APIS: readonly string[] = [...BY_PREFIX, 'batch', 'admin', 'console', 'probes'];

export type RequestTimes = ReadonlyMap<string, LatencyHistogram>;

/** Times requests to the routes that are added to `app` later. By API, as far as it has such routes. */
export function timeRequests(app: FastifyInstance): RequestTimes {
  const times = new Map<string, LatencyHistogram>();
  const observers = new Map<string, onResponseHookHandler>();
  app.addHook('onRoute', (route) => {
    if (STREAMS.has(route.url)) return;
    const api = apiOf(String(route.method), route.url);
    const observer = observers.get(api) ?? observerOf(api);
    route.onResponse = [route.onResponse ?? [], observer].flat();
  });

  function observerOf(api: string): onResponseHookHandler {
    const histogram = new LatencyHistogram(BOUNDS_NS);
    const observer: onResponseHookHandler = (request, reply, done) => {
      if (!isOwnRequest(request)) histogram.observe(reply.elapsedTime * NS_PER_MS);
      done();
    };
    times.set(api, histogram);
    observers.set(api, observer);
    return observer;
  }

  return times;
}

function apiOf(method: string, url: string): string {
  const [, first = ''] = url.split('/');
  if (BY_PREFIX.has(first)) return first;
  if (PROBES.has(first)) return 'probes';
  if (first !== 'v1') return 'console';
  if (url === '/v1/messages/batch') return 'batch';
  return OF_SENDERS.has(`${method} ${url}`) || url.startsWith('/v1/lookup/') ? 'native' : 'admin';
}
