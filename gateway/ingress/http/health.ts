/**
 * `/healthz`: the process answers. `/readyz`: it can do its work, or which of the things it needs are in the way. A gateway that
 * is not ready may still answer some requests; who spreads load over several sends nothing new to it until it is.
 */
import type { FastifyPluginCallback } from 'fastify';

/** One thing that is needed. Asked at every call of `/readyz`, so it looks at what is known and waits for nothing. */
export interface ReadinessCheck {
  /** One word for programs, such as `redis`. */
  readonly name: string;
  /** What is wrong, in words for an operator; undefined if all is well. */
  fault(): string | undefined;
}

export interface HealthRoutes {
  /** False once shutdown has begun. */
  readonly isOpen: () => boolean;
  readonly readiness: readonly ReadinessCheck[];
}

export const healthRoutes: FastifyPluginCallback<HealthRoutes> = (app, routes, done) => {
  app.get('/healthz', { schema: { tags: ['service'], summary: 'The process answers' } }, (_request, reply) =>
    reply.send({ status: 'ok' }),
  );
  app.get('/readyz', { schema: { tags: ['service'], summary: 'It can do its work' } }, (_request, reply) => {
    const faults = faultsOf(routes);
    if (faults.length === 0) return reply.send({ status: 'ready' });
    const reason = faults.map((one) => one.reason).join('; ');
    return reply.code(503).send({ status: 'not ready', reason, faults });
  });
  done();
};

interface Fault {
  readonly name: string;
  readonly reason: string;
}

function faultsOf({ isOpen, readiness }: HealthRoutes): Fault[] {
  if (!isOpen()) return [{ name: 'shutdown', reason: 'shutting down' }];
  return readiness.flatMap((check) => {
    const reason = check.fault();
    return reason === undefined ? [] : [{ name: check.name, reason }];
  });
}
