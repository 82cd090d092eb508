/** `/v1/deliveries/dead-letters`: batches that could not be delivered, and having it tried again. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { DEAD_BATCHES_PAGE_MAX } from '../limits.ts';
import { problem, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import type { DeadBatches } from './dead-batches.ts';

export interface DeadBatchRoutes {
  readonly dead: DeadBatches;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const SHOWN = 100;

const BatchAnswer = Type.Object({
  batch: Type.String(),
  why: Type.String(),
  attempts: Type.Integer(),
  at: Type.String({ description: 'When it was given up.' }),
});

const BatchesQuery = Type.Object(
  {
    from: Type.Optional(Type.Integer({ minimum: 0, description: 'Batches passed over.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: DEAD_BATCHES_PAGE_MAX })),
  },
  { additionalProperties: false },
);

const ReplayBody = Type.Object(
  {
    batches: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: DEAD_BATCHES_PAGE_MAX })),
    all: Type.Optional(Type.Literal(true)),
  },
  { additionalProperties: false },
);

export const deadBatchRoutes: FastifyPluginCallbackTypebox<DeadBatchRoutes> = (app, { dead, requireAdmin }, done) => {
  const guarded = requireAdmin && { onRequest: requireAdmin };
  const tags = ['delivery'];

  app.get(
    '/v1/deliveries/dead-letters',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'Batches of accepted messages that no worker could deliver, the latest first',
        querystring: BatchesQuery,
        response: answers({ 200: Type.Object({ deadLetters: Type.Array(BatchAnswer) }) }),
      },
    },
    async (request, reply) => {
      const { from = 0, limit = SHOWN } = request.query;
      const found = await dead.list(from, limit);
      const deadLetters = found.map(({ atMs, ...rest }) => ({ ...rest, at: new Date(atMs).toISOString() }));
      return reply.send({ deadLetters });
    },
  );

  app.post(
    '/v1/deliveries/dead-letters/replay',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'Try again to deliver batches that were given up: those named, or all',
        body: ReplayBody,
        response: answers({ 200: Type.Object({ replayed: Type.Integer() }) }),
      },
    },
    async (request, reply) => {
      const { batches, all } = request.body;
      if ((batches === undefined) === (all === undefined)) {
        const message = 'give either batches or all: which dead letters are tried again';
        return sendProblem(reply, problem('invalid-replay', 422, 'Invalid replay', [{ field: '', message }]));
      }
      const replayed = await dead.replay(batches ?? 'all');
      request.log.info({ replayed }, 'dead batches are tried again');
      return reply.send({ replayed });
    },
  );

  done();
};
