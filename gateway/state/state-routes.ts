/** `/v1/snapshot` and `/v1/reset`: the whole state of the gateway, for tests that want to begin where another one ended. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { SNAPSHOT_BODY_BYTES } from '../limits.ts';
import { type Problem, problem, ProblemError, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import { type GatewayState, StateUnavailable } from './gateway-state.ts';
import { type SnapshotHead, SnapshotRefused } from './snapshot-file.ts';

export interface StateRoutes {
  /** Undefined for a gateway whose state is not its own. */
  readonly state: GatewayState | undefined;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const OCTETS = 'application/octet-stream';

const RestoredAnswer = Type.Object({
  restored: Type.String({ description: 'When the state was taken, by the clock of its gateway.' }),
});

export const stateRoutes: FastifyPluginCallbackTypebox<StateRoutes> = (app, { state, requireAdmin }, done) => {
  const guarded = requireAdmin && { onRequest: requireAdmin };
  const tags = ['control'];

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(OCTETS, { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
  // A reset has no body, and whoever sends an empty one may call it what he likes.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => {
    if (body.length === 0) parsed(null, undefined);
    else parsed(new ProblemError(notOctets()));
  });

  app.get(
    '/v1/snapshot',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'The whole state, to be restored here or by another gateway of the same version and options',
        description: 'Messages, limits, money, registrations, chance, what waits. Files of CDRs are not part of it.',
        produces: [OCTETS],
      },
    },
    async (_request, reply) => {
      const file = await orProblem(reply, (own) => own.save());
      if (file === undefined) return reply;
      return reply.type(OCTETS).header('content-disposition', 'attachment; filename="tollgate.state"').send(file);
    },
  );

  app.put(
    '/v1/snapshot',
    {
      ...guarded,
      bodyLimit: SNAPSHOT_BODY_BYTES,
      schema: {
        tags,
        summary: 'Put a state back that was taken by GET, in place of the present one',
        consumes: [OCTETS],
        response: answers({ 200: RestoredAnswer }),
      },
    },
    async (request, reply) => {
      const { body } = request;
      if (!Buffer.isBuffer(body)) return sendProblem(reply, notOctets());
      return answer(reply, await orProblem(reply, (own) => own.load(body)));
    },
  );

  app.post(
    '/v1/reset',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'Go back to the state in which the gateway began',
        response: answers({ 200: RestoredAnswer }),
      },
    },
    async (_request, reply) => answer(reply, await orProblem(reply, (own) => own.reset())),
  );

  function answer(reply: FastifyReply, head: SnapshotHead | undefined): FastifyReply {
    if (head === undefined) return reply;
    reply.log.info({ takenAt: head.takenAt }, 'state restored');
    return reply.send({ restored: head.takenAt });
  }

  /** What `work` resolves with; undefined after answering why it cannot be. */
  async function orProblem<T>(reply: FastifyReply, work: (own: GatewayState) => Promise<T>): Promise<T | undefined> {
    try {
      if (state === undefined) {
        throw new StateUnavailable(
          'the state lies in Redis, where other gateways share it; start one without --redis for tests that reset it',
        );
      }
      return await work(state);
    } catch (error) {
      if (error instanceof StateUnavailable) {
        if (error.retryAfterS !== undefined) reply.header('retry-after', error.retryAfterS);
        sendProblem(
          reply,
          problem('state-unavailable', 409, 'State unavailable', [{ field: '', message: error.message }]),
        );
      } else if (error instanceof SnapshotRefused) {
        const { field, message } = error;
        sendProblem(reply, problem('snapshot-refused', 422, 'Snapshot refused', [{ field, message }]));
      } else throw error;
      return undefined;
    }
  }

  done();
};

function notOctets(): Problem {
  const message = `send the bytes that GET /v1/snapshot answered, as ${OCTETS}`;
  return problem('unsupported-media-type', 415, 'Unsupported media type', [{ field: '', message }]);
}
