/**
 * What faults do to connections by which messages are sent: they are cut, before anything was taken or when everything was and only the
 * answer is missing; or the answer comes late. The second cut is what keys of idempotency are for.
 */
import type { FastifyInstance, FastifyRequest, onSendHookHandler, preHandlerHookHandler } from 'fastify';
import type { Clock, Timers } from '../router/index.ts';
import type { ConnectionEffects, FaultBook } from './fault-book.ts';

/** The messages of a batch, of which one can be looked at. */
interface Batch {
  peek(index: number): unknown;
}

/** Adds this to the routes that are added to `app` later, tagged "messages" and asked with POST. */
export function cutConnections(
  app: FastifyInstance,
  { book, clock, timers }: { book: FaultBook; clock: Clock; timers: Timers },
): void {
  const effectsOf = new WeakMap<FastifyRequest, ConnectionEffects>();

  const beforeTaking: preHandlerHookHandler = (request, reply, done) => {
    if (!book.isAnyOfConnections) {
      done();
      return;
    }
    const effects = book.connectionEffects(accountOf(request.body), clock.nowMs());
    if (effects.cut === 'before') {
      reply.hijack();
      request.raw.socket.destroy();
      return;
    }
    effectsOf.set(request, effects);
    done();
  };

  const beforeAnswering: onSendHookHandler = (request, reply, payload, done) => {
    const effects = effectsOf.get(request);
    const answer = (): void => {
      if (effects?.cut === 'instead') {
        reply.hijack();
        request.raw.socket.destroy();
      } else done(null, payload);
    };
    if (effects === undefined || effects.slowMs === 0) answer();
    else timers.after(effects.slowMs, answer);
  };

  app.addHook('onRoute', (route) => {
    if (route.method !== 'POST' || route.schema?.tags?.includes('messages') !== true) return;
    route.preHandler = [beforeTaking, route.preHandler ?? []].flat();
    route.onSend = [route.onSend ?? [], beforeAnswering].flat();
  });
}

/** The account of a message, or of the first one of a batch. */
function accountOf(body: unknown): string | undefined {
  const isBatch = (value: object): value is Batch => typeof (value as Partial<Batch>).peek === 'function';
  if (typeof body !== 'object' || body === null) return undefined;
  const message = isBatch(body) ? body.peek(0) : body;
  const account: unknown = (message as { account?: unknown } | null | undefined)?.account;
  return typeof account === 'string' ? account : undefined;
}
