/** `/healthz`: the process answers. `/readyz`: it can take messages. */
import type { FastifyPluginCallback } from 'fastify';
import type { MessageStore } from '../../messages/index.ts';

export interface HealthRoutes {
  readonly store: MessageStore;
  /** False once shutdown has begun. */
  readonly isOpen: () => boolean;
  /** The writer of CDRs, if there is one. */
  readonly cdrs: { readonly isFailing: boolean } | undefined;
}

export const healthRoutes: FastifyPluginCallback<HealthRoutes> = (app, routes, done) => {
  app.get('/healthz', { schema: { tags: ['service'], summary: 'The process answers' } }, (_request, reply) =>
    reply.send({ status: 'ok' }),
  );
  app.get('/readyz', { schema: { tags: ['service'], summary: 'Messages can be taken' } }, (_request, reply) => {
    const reason = reasonAgainst(routes);
    if (reason === undefined) return reply.send({ status: 'ready' });
    return reply.code(503).send({ status: 'not ready', reason });
  });
  done();
};

function reasonAgainst({ isOpen, store, cdrs }: HealthRoutes): string | undefined {
  if (!isOpen()) return 'shutting down';
  if (!store.hasRoom()) return 'inbox full';
  return cdrs?.isFailing === true ? 'CDRs cannot be written' : undefined;
}
