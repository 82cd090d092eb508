/** `/v1/lookup` and `/v1/numbers`: who is this number, and who may send from it. The answers name no brand. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  ANY_NNID,
  carrierOf,
  CARRIERS,
  type FeedPosition,
  formatNumber,
  isAssigned,
  isPorted,
  lineTypeOf,
  LINE_TYPES,
  NO_CAMPAIGN,
  numberRefusal,
  parseSenderKey,
  type RegistryStore,
  STILL_PENDING,
} from '../../../registry-cache/index.ts';
import { OPERATOR_NNID } from '../../limits.ts';
import type { RegistryView } from '../../messages/index.ts';
import { type Clock, type Core, nameAt } from '../../router/index.ts';
import type { AdminHook } from './messages.ts';
import { type Problem, problem, sendProblem } from '../../problem.ts';
import { answers } from '../../route-answers.ts';
import { NumberBody, ProblemSchema } from './schemas.ts';

export interface RegistryRoutes {
  readonly core: Core;
  readonly registryStore: RegistryStore;
  readonly registryView: RegistryView;
  /** Waits until this process's view has seen what stands at a position. False if it takes too long. */
  readonly reached: (position: FeedPosition) => Promise<boolean>;
  readonly clock: Clock;
  /** How long a new number takes to become registered when the request does not say. */
  readonly provisioningDelayMs: number;
  readonly requireAdmin: AdminHook;
}

const NumberParams = Type.Object({ number: Type.String({ description: 'E.164, the plus sign included.' }) });

const Lookup = Type.Object({
  number: Type.String(),
  assigned: Type.Boolean({ description: 'Whether anybody holds the thousands block.' }),
  carrier: Type.Union([Type.String(), Type.Null()]),
  lineType: Type.String({ description: 'mobile, landline or unknown' }),
  ported: Type.Boolean({ description: 'Whether an override replaces the holder of the block.' }),
  registration: Type.Object({
    state: Type.String({ description: 'registered, pending or not_in_registry' }),
    campaign: Type.Union([Type.String(), Type.Null()]),
    activeAt: Type.Union([Type.String(), Type.Null()]),
    carriers: Type.Array(Type.Object({ carrier: Type.String(), active: Type.Boolean() }), {
      description: 'Where the campaign is active now; empty when there is none.',
    }),
  }),
  view: Type.Object(
    { ageMs: Type.Number(), stale: Type.Boolean() },
    { description: 'How far this answer may be behind the store, and whether that is more than the operator allows.' },
  ),
});

const Registered = Type.Object({
  number: Type.String(),
  campaign: Type.String(),
  state: Type.String({ description: 'registered or pending' }),
  activeAt: Type.String(),
});

export const registryRoutes: FastifyPluginCallbackTypebox<RegistryRoutes> = (app, routes, done) => {
  const { core, clock, registryStore, registryView } = routes;
  const guarded = routes.requireAdmin && { onRequest: routes.requireAdmin };

  app.get(
    '/v1/lookup/:number',
    {
      schema: {
        tags: ['registry'],
        summary: "A number's carrier and its current registration",
        params: NumberParams,
        response: answers({ 200: Lookup, 422: ProblemSchema }),
      },
    },
    (request, reply) => {
      const key = parseSenderKey(request.params.number);
      if (key < 0) return sendProblem(reply, badNumber(key));
      const line = core.carrierMap.lookup(key);
      const carrier = CARRIERS[carrierOf(line)];
      return reply.send({
        number: formatNumber(key),
        assigned: isAssigned(line),
        carrier: carrier?.id ?? null,
        lineType: nameAt(LINE_TYPES, lineTypeOf(line)),
        ported: isPorted(line),
        registration: describeRegistration(key),
        view: { ageMs: registryView.ageMs(), stale: registryView.ageMs() >= registryView.staleMs },
      });
    },
  );

  app.put(
    '/v1/numbers/:number',
    {
      ...guarded,
      schema: {
        tags: ['registry'],
        summary: 'Register a number to a campaign; at once, or after a provisioning delay',
        params: NumberParams,
        body: NumberBody,
        response: answers({ 200: Registered, 202: Registered, 422: ProblemSchema, 503: ProblemSchema }),
      },
    },
    async (request, reply) => {
      const key = parseSenderKey(request.params.number);
      if (key < 0) return sendProblem(reply, badNumber(key));
      const entry = await registryStore.campaign(request.body.campaign);
      if (entry === undefined) {
        const message = `there is no campaign ${request.body.campaign}; GET /v1/campaigns lists those there are`;
        return sendProblem(
          reply,
          problem('no-such-campaign', 422, 'No such campaign', [{ field: 'campaign', message }]),
        );
      }
      const nowMs = clock.nowMs();
      const activeAtMs = nowMs + (request.body.provisioningDelayMs ?? routes.provisioningDelayMs);
      const [nnid = 0] = await registryStore.nnidRows([OPERATOR_NNID]);
      const change = {
        kind: 'set',
        key,
        campaign: entry.handle,
        nnid,
        activeAtMs,
        numberLimit: Infinity,
      } as const;
      const { position } = await registryStore.apply([change], nowMs);
      await routes.reached(position);
      const isActive = activeAtMs <= nowMs;
      return reply.code(isActive ? 200 : 202).send({
        number: formatNumber(key),
        campaign: request.body.campaign,
        state: isActive ? 'registered' : 'pending',
        activeAt: new Date(activeAtMs).toISOString(),
      });
    },
  );

  app.delete(
    '/v1/numbers/:number',
    {
      ...guarded,
      schema: {
        tags: ['registry'],
        summary: 'Unregister a number; nothing of its past remains',
        params: NumberParams,
        response: answers({ 404: ProblemSchema, 422: ProblemSchema, 503: ProblemSchema }),
      },
    },
    async (request, reply) => {
      const key = parseSenderKey(request.params.number);
      if (key < 0) return sendProblem(reply, badNumber(key));
      const removal = { kind: 'remove', key, nnid: ANY_NNID } as const;
      const { outcomes, position } = await registryStore.apply([removal], clock.nowMs());
      if (outcomes[0]?.done === true) {
        await routes.reached(position);
        return reply.code(204).send(null);
      }
      const message = 'is not in the registry, which keeps no record of whether it ever was';
      return sendProblem(reply, problem('not-registered', 404, 'Not registered', [{ field: 'number', message }]));
    },
  );

  app.get(
    '/v1/campaigns',
    {
      schema: {
        tags: ['registry'],
        summary: 'The campaigns numbers can be registered to',
        response: answers({
          200: Type.Object({
            campaigns: Type.Array(
              Type.Object({
                campaign: Type.String(),
                carriers: Type.Array(Type.Object({ carrier: Type.String(), active: Type.Boolean() })),
                expiresAt: Type.Union([Type.String(), Type.Null()]),
              }),
            ),
          }),
        }),
      },
    },
    (_request, reply) =>
      reply.send({
        campaigns: Array.from({ length: core.campaigns.count }, (_, campaign) => ({
          campaign: core.campaigns.id(campaign),
          carriers: activeCarriers(campaign),
          expiresAt: isoOrNull(core.campaigns.expiresAtMs(campaign)),
        })),
      }),
  );

  function describeRegistration(key: number): Type.Static<typeof Lookup>['registration'] {
    const campaign = core.registry.find(key, clock.nowMs());
    if (campaign === NO_CAMPAIGN) return { state: 'not_in_registry', campaign: null, activeAt: null, carriers: [] };
    if (campaign === STILL_PENDING) {
      const pending = core.registry.pending(key);
      if (pending === undefined) throw new Error('a number was pending and not pending at once');
      return {
        state: 'pending',
        campaign: core.campaigns.id(pending.campaign),
        activeAt: new Date(pending.activeAtMs).toISOString(),
        carriers: activeCarriers(pending.campaign),
      };
    }
    return {
      state: 'registered',
      campaign: core.campaigns.id(campaign),
      activeAt: null,
      carriers: activeCarriers(campaign),
    };
  }

  /** The campaign's bit at each carrier, all zero once it has expired. */
  function activeCarriers(campaign: number): { carrier: string; active: boolean }[] {
    const isLive = core.campaigns.expiresAtMs(campaign) > clock.nowMs();
    const status = core.campaigns.status(campaign);
    return CARRIERS.map((carrier, bit) => ({ carrier: carrier.id, active: isLive && (status & (1 << bit)) !== 0 }));
  }

  done();
};

function badNumber(code: number): Problem {
  return problem('invalid-number', 422, 'Invalid number', [{ field: 'number', message: numberRefusal(code).message }]);
}

function isoOrNull(atMs: number): string | null {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : null;
}
