/**
 * What faults do to connections by which messages are sent: they are cut, before anything was taken or when everything was and only the
 * answer is missing; or the answer comes late. The second cut is what keys of idempotency are for.
 */
import type { FastifyInstance, FastifyRequest, onSendHookHandler, preHandlerHookHandler } from 'fastify';
import type { Clock, Timers } from '../router/index.ts';
import type { ConnectionEffects, FaultBook } from './fault-book.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of a route by which senders bring messages: whose those of a request are; undefined if that is nobody's or not known. */
    readonly bringsMessagesOf?: (request: FastifyRequest) => string | undefined;
  }
}

/** Adds this to the routes that are added to `app` later and have `bringsMessagesOf`. */
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
    const { bringsMessagesOf } = request.routeOptions.config;
    const effects = book.connectionEffects(bringsMessagesOf?.(request), clock.nowMs());
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
    if (route.config?.bringsMessagesOf === undefined) return;
    route.preHandler = [beforeTaking, route.preHandler ?? []].flat();
    route.onSend = [route.onSend ?? [], beforeAnswering].flat();
  });
}
