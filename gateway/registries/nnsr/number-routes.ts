/** `/nnsr/v1`: numbers one at a time, what a DCA must be told, campaigns as published, and NNIDs. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { FAILURE_REASONS, numberRefusal } from '../../../registry-cache/index.ts';
import type { Clock } from '../../router/index.ts';
import type { Dcas } from './dcas.ts';
import { dcaOf } from './dca-hook.ts';
import { NOTICES_DEFAULT, NOTICES_MAX } from './limits.ts';
import { describeNumber, type NumberService } from './number-service.ts';
import { OTHER_DCAS_NUMBER, REASONS } from './order-check.ts';
import { readNumber } from './read-number.ts';
import { type Problem, problem, ProblemError, sendProblem } from '../../problem.ts';
import { answers } from '../../route-answers.ts';

export interface NumberRoutes {
  readonly service: NumberService;
  readonly dcas: Dcas;
  readonly clock: Clock;
}

const NumberParams = Type.Object({
  number: Type.String({ description: 'E.164 with its plus sign, or the ten or eleven digits alone.' }),
});
const CampaignParams = Type.Object({ campaignId: Type.String() });
const OrderBody = Type.Object(
  {
    campaignId: Type.String({ examples: ['CRMTK1Z'] }),
    nnid: Type.Optional(Type.String({ description: "Six digits; the DCA's first when left out." })),
  },
  { additionalProperties: false },
);
const NoticesQuery = Type.Object(
  { limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$', description: `Up to ${NOTICES_MAX}.` })) },
  { additionalProperties: false },
);

const Mno = Type.Object({
  mno: Type.String(),
  name: Type.String(),
  mnoId: Type.Union([Type.Integer(), Type.Null()]),
  osrBitmaskIndex: Type.Integer(),
  active: Type.Boolean(),
});
const registration = {
  campaignId: Type.Union([Type.String(), Type.Null()]),
  nnid: Type.String(),
  activeAt: Type.Union([Type.String(), Type.Null()]),
};
const numberFields = {
  number: Type.String(),
  state: Type.String({ description: 'pending, active, failed or taken_over' }),
  ...registration,
  status: Type.Integer({ description: "The campaign's bit at each carrier." }),
  mnos: Type.Array(Mno),
};
const NumberSchema = Type.Object({
  ...numberFields,
  reason: Type.Optional(Type.String({ description: FAILURE_REASONS.join(', ') })),
  at: Type.Optional(Type.String({ description: 'When it failed or was taken over.' })),
  registered: Type.Optional(
    Type.Union([Type.Object(registration), Type.Null()], {
      description: 'What holds although it failed or was taken over.',
    }),
  ),
});
const OrderedSchema = Type.Object({
  ...numberFields,
  replaced: Type.Optional(Type.Object({ nnid: Type.String(), campaignId: Type.String() })),
});
const NoticesSchema = Type.Object({
  notices: Type.Array(
    Type.Object({
      kind: Type.String({ description: 'failed or taken_over' }),
      number: Type.String(),
      nnid: Type.String(),
      campaignId: Type.Union([Type.String(), Type.Null()]),
      reason: Type.Union([Type.String(), Type.Null()]),
      at: Type.String(),
    }),
  ),
});
const CampaignSchema = Type.Object({
  campaign_id: Type.String(),
  status: Type.Integer({ description: 'Bit osrBitmaskIndex of each carrier: 1 active, 0 not.' }),
  mnos: Type.Array(Mno),
});
const NnidsSchema = Type.Object({
  nnids: Type.Array(Type.Object({ nnid: Type.String(), dca: Type.String(), name: Type.String(), own: Type.Boolean() })),
});

export const numberRoutes: FastifyPluginCallbackTypebox<NumberRoutes> = (app, { service, dcas, clock }, done) => {
  const tags = ['number registry'];

  app.put(
    '/nnsr/v1/numbers/:number',
    {
      schema: {
        tags,
        summary: 'Provision a number to a campaign, or move it; the last write wins',
        params: NumberParams,
        body: OrderBody,
        response: answers({ 200: OrderedSchema, 202: OrderedSchema }),
      },
    },
    async (request, reply) => {
      const { campaignId, nnid } = request.body;
      const key = keyOf(request.params.number);
      const [result] = await service.execute(dcaOf(request), [{ kind: 'provision', key, campaignId, nnid }]);
      if (result?.kind === 'failed') {
        const failed = problem('provisioning-failed', 422, 'Provisioning failed', [REASONS[result.reason]]);
        const withReason = { ...failed, reason: result.reason };
        return sendProblem(reply, withReason);
      }
      if (result?.kind !== 'provisioned') throw new Error('an order to provision was neither done nor failed');
      const answer = describeNumber(result.registered, clock.nowMs());
      return reply
        .code(answer.state === 'pending' ? 202 : 200)
        .send({ ...answer, ...(result.replaced !== undefined && { replaced: result.replaced }) });
    },
  );

  app.get(
    '/nnsr/v1/numbers/:number',
    {
      schema: {
        tags,
        summary: 'How a number stands: pending, active, failed or taken over',
        params: NumberParams,
        response: answers({ 200: NumberSchema }),
      },
    },
    async (request, reply) => {
      const answer = await service.find(dcaOf(request), keyOf(request.params.number));
      return answer === undefined ? notRegistered(reply) : reply.send(answer);
    },
  );

  app.delete(
    '/nnsr/v1/numbers/:number',
    { schema: { tags, summary: 'Remove a number; nothing of it remains', params: NumberParams } },
    async (request, reply) => {
      const key = keyOf(request.params.number);
      const order = { kind: 'remove', key, campaignId: '', nnid: undefined } as const;
      const [result] = await service.execute(dcaOf(request), [order]);
      if (result?.kind === 'removed') return reply.code(204).send();
      if (result?.kind === 'refused' && result.refusal === 'not_registered') return notRegistered(reply);
      const words = { field: 'number', message: OTHER_DCAS_NUMBER };
      return sendProblem(reply, problem('other-nnid', 403, "Another DCA's number", [words]));
    },
  );

  app.get(
    '/nnsr/v1/notices',
    {
      schema: {
        tags,
        summary: 'Orders that failed and numbers that other DCAs took over, newest first',
        querystring: NoticesQuery,
        response: answers({ 200: NoticesSchema }),
      },
    },
    async (request, reply) => {
      const limit = Number(request.query.limit ?? NOTICES_DEFAULT);
      if (limit > NOTICES_MAX) {
        const message = `must be at most ${NOTICES_MAX}`;
        return sendProblem(reply, problem('invalid-request', 400, 'Invalid query', [{ field: 'limit', message }]));
      }
      return reply.send({ notices: await service.notices(dcaOf(request), limit) });
    },
  );

  app.get(
    '/nnsr/v1/campaigns/:campaignId',
    {
      schema: {
        tags,
        summary: 'A campaign as published to the number registry: a status bit per carrier, and no brand',
        params: CampaignParams,
        response: answers({ 200: CampaignSchema }),
      },
    },
    async (request, reply) => {
      const answer = await service.campaign(request.params.campaignId);
      if (answer !== undefined) return reply.send(answer);
      const message = 'is not in the number registry; check the id';
      return sendProblem(
        reply,
        problem('no-such-campaign', 404, 'No such campaign', [{ field: 'campaignId', message }]),
      );
    },
  );

  app.get(
    '/nnsr/v1/nnids',
    { schema: { tags, summary: 'The NNIDs and who holds them', response: answers({ 200: NnidsSchema }) } },
    (request, reply) => {
      const own = dcaOf(request);
      const nnids = dcas.all.flatMap((dca) =>
        dca.nnids.map((nnid) => ({ nnid, dca: dca.id, name: dca.name, own: dca === own })),
      );
      return reply.send({ nnids });
    },
  );

  done();
};

function keyOf(number: string): number {
  const key = readNumber(number);
  if (key < 0) throw new ProblemError(badNumber(key));
  return key;
}

function badNumber(code: number): Problem {
  const { message } = numberRefusal(code);
  return problem('invalid-number', 422, 'Invalid number', [{ field: 'number', message }]);
}

function notRegistered(reply: FastifyReply): FastifyReply {
  const message = 'is not in the registry, which keeps no record of whether it ever was';
  return sendProblem(reply, problem('not-registered', 404, 'Not registered', [{ field: 'number', message }]));
}
