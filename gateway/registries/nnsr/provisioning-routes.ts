/** `/v1/registry/provisioning`: the operator's setting of how long orders take and how often they fail. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import type { NumberService } from './number-service.ts';
import { answers } from '../../route-answers.ts';
import { problem, sendProblem } from '../../problem.ts';
import { DELAY_KINDS, provisioningProblem, type ProvisioningSetting } from './provisioning.ts';

export interface ProvisioningRoutes {
  readonly service: NumberService;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const milliseconds = Type.Optional(Type.Number());
const Setting = Type.Object(
  {
    delay: Type.Object(
      {
        kind: Type.Enum([...DELAY_KINDS]),
        ms: milliseconds,
        minMs: milliseconds,
        maxMs: milliseconds,
        medianMs: milliseconds,
        spread: Type.Optional(Type.Number({ description: "Standard deviation of the delay's natural logarithm." })),
      },
      {
        additionalProperties: false,
        description: 'none, fixed (ms), uniform (minMs, maxMs) or lognormal (medianMs, spread).',
      },
    ),
    failureProbability: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Share of orders that fail as NUMBER_PROVISIONING_FAILED.',
    }),
  },
  { additionalProperties: false },
);

export const provisioningRoutes: FastifyPluginCallbackTypebox<ProvisioningRoutes> = (app, routes, done) => {
  const { service, requireAdmin } = routes;
  const guarded = requireAdmin && { onRequest: requireAdmin };
  const tags = ['registry'];

  app.get(
    '/v1/registry/provisioning',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'How long orders for numbers take, and how often they fail',
        response: answers({ 200: Setting }),
      },
    },
    (_request, reply) => reply.send(service.provisioning),
  );

  app.put(
    '/v1/registry/provisioning',
    {
      ...guarded,
      schema: {
        tags,
        summary: 'Replace how long orders take and how often they fail, from the next order on',
        body: Setting,
        response: answers({ 200: Setting }),
      },
    },
    (request, reply) => {
      const setting = request.body as ProvisioningSetting;
      const wrong = provisioningProblem(setting);
      if (wrong !== undefined) {
        return sendProblem(reply, problem('invalid-provisioning', 422, 'Invalid provisioning', [wrong]));
      }
      service.provisioning = setting;
      request.log.info({ provisioning: setting }, 'provisioning set');
      return reply.send(setting);
    },
  );

  done();
};
