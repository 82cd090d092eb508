/**
 * `/v1/registry`: what an operator of the simulation does in place of carriers and DCAs, and the fees that fell due.
 * Native routes: problems instead of the campaign registry's errors, and the gateway's own guard.
 */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { CARRIERS } from '../../../registry-cache/index.ts';
import { problem, sendProblem } from '../../problem.ts';
import { ERROR_CODES, Refused, refused } from './errors.ts';
import type { Campaign, FeePosting, Party } from './model.ts';
import { CARRIER_ACTIONS } from './carrier-operations.ts';
import { campaignRecord, operationAt } from './record.ts';
import type { TcrService } from './service.ts';
import { postingView } from './views.ts';

export interface OperatorRoutes {
  readonly service: TcrService;
  readonly parties: ReadonlyMap<string, Party>;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const POSTINGS_DEFAULT = 100;
const POSTINGS_MAX = 1_000;

const Params = Type.Object({ id: Type.String({ description: 'Campaign id.' }) });

const Action = Type.Object(
  {
    action: Type.Enum([...CARRIER_ACTIONS, 'expire', 'accept', 'decline'], {
      description: 'What a carrier does; or the campaign ends; or the DCA it waits for accepts or declines it.',
    }),
    carrier: Type.Optional(
      Type.Enum(
        CARRIERS.map(({ id }) => id),
        { description: 'Which one; all when left out, for unsuspend all where it is suspended.' },
      ),
    ),
    note: Type.Optional(Type.String({ maxLength: 2_000, description: 'Goes into the webhook.' })),
  },
  { additionalProperties: false },
);

const Standing: unknown = Type.Object({
  id: Type.String(),
  standing: Type.String(),
  dca: Type.Union([Type.String(), Type.Null()]),
  operations: Type.Record(Type.String(), Type.String()),
  numberLimit: Type.Union([Type.Number(), Type.Null()], { description: 'Null for no limit.' }),
  expiresAt: Type.Union([Type.String(), Type.Null()]),
});

const PostingsQuery = Type.Object(
  {
    payer: Type.Optional(Type.String({ description: 'Id of a service provider.' })),
    limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$', description: `The newest, 1 to ${POSTINGS_MAX}.` })),
  },
  { additionalProperties: false },
);

const Postings: unknown = Type.Object({
  totalMicros: Type.Integer({ description: 'Micro-dollars, of all postings asked for.' }),
  microsByCause: Type.Record(Type.String(), Type.Integer()),
  postings: Type.Array(
    Type.Object({
      at: Type.String(),
      payer: Type.String(),
      payee: Type.String(),
      cause: Type.String(),
      micros: Type.Integer(),
      subject: Type.String(),
    }),
  ),
});

export const operatorRoutes: FastifyPluginCallbackTypebox<OperatorRoutes> = (app, routes, done) => {
  const { service, parties, requireAdmin } = routes;
  const guarded = requireAdmin && { onRequest: requireAdmin };

  app.get(
    '/v1/registry/campaigns/:id/operations',
    {
      ...guarded,
      schema: {
        tags: ['registry'],
        summary: 'How a campaign stands at each carrier',
        params: Params,
        response: { 200: Standing },
      },
    },
    (request, reply) => answered(reply, () => service.campaign(request.params.id), parties),
  );

  app.post(
    '/v1/registry/campaigns/:id/operations',
    {
      ...guarded,
      schema: {
        tags: ['registry'],
        summary: 'Make a carrier or a DCA do something about a campaign, or end it',
        params: Params,
        body: Action,
        response: { 200: Standing },
      },
    },
    (request, reply) => {
      const { id } = request.params;
      const { action, carrier, note } = request.body;
      const run = async (): Promise<Campaign> => {
        if (action === 'expire') return service.expire(id);
        if (action === 'accept' || action === 'decline') {
          await service.answerSharing(id, action, note);
          return service.campaign(id);
        }
        const done = CARRIER_ACTIONS.find((one) => one === action);
        if (done === 'unsuspend' && carrier === undefined) return unsuspendEverywhere(id, note);
        const carriers = carrier === undefined ? CARRIERS.map((one) => one.id) : [carrier];
        for (const one of carriers) if (done !== undefined) await service.operate(id, one, done, note);
        return service.campaign(id);
      };
      return answered(reply, run, parties);
    },
  );

  /** At each carrier where it is suspended. Carriers that follow the others may be brought back by them, so each is looked at in turn. */
  async function unsuspendEverywhere(id: string, note: string | undefined): Promise<Campaign> {
    let campaign = await service.campaign(id);
    const isSuspendedAt = (carrier: number): boolean => operationAt(campaign, carrier) === 'SUSPENDED';
    if (!CARRIERS.some((_, carrier) => isSuspendedAt(carrier))) {
      throw refused('notAllowed', 'carrier', 'Campaign is not suspended at any carrier');
    }
    for (const [carrier, { id: at }] of CARRIERS.entries()) {
      if (isSuspendedAt(carrier)) campaign = await service.operate(id, at, 'unsuspend', note);
    }
    return campaign;
  }

  app.get(
    '/v1/registry/postings',
    {
      ...guarded,
      schema: {
        tags: ['registry'],
        summary: 'Fees of the campaign registry that fell due, newest last, and their sum',
        querystring: PostingsQuery,
        response: { 200: Postings },
      },
    },
    async (request, reply) => {
      const { payer, limit = String(POSTINGS_DEFAULT) } = request.query;
      const count = Number(limit);
      if (count < 1 || count > POSTINGS_MAX) {
        const wrong = { field: 'limit', message: `must be 1 to ${POSTINGS_MAX}` };
        return sendProblem(reply, problem('invalid-request', 400, 'Invalid query', [wrong]));
      }
      const all = (await service.postings()).filter((posting) => payer === undefined || posting.payer === payer);
      return reply.send({
        totalMicros: all.reduce((sum, { micros }) => sum + micros, 0),
        microsByCause: sumByCause(all),
        postings: all.slice(-count).map(postingView),
      });
    },
  );
  done();
};

function sumByCause(postings: readonly FeePosting[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { cause, micros } of postings) sums[cause] = (sums[cause] ?? 0) + micros;
  return sums;
}

async function answered(
  reply: FastifyReply,
  run: () => Promise<Campaign>,
  parties: ReadonlyMap<string, Party>,
): Promise<FastifyReply> {
  try {
    const record = campaignRecord(await run(), parties);
    return await reply.send({
      id: record.id,
      standing: record.standing,
      dca: record.dca ?? null,
      operations: Object.fromEntries(CARRIERS.map(({ id }, carrier) => [id, record.operations[carrier] ?? 'rejected'])),
      numberLimit: Number.isFinite(record.numberLimit) ? record.numberLimit : null,
      expiresAt: Number.isFinite(record.expiresAtMs) ? new Date(record.expiresAtMs).toISOString() : null,
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const first = error.errors[0];
    const isUnknown = first?.code === ERROR_CODES.notFound.code;
    const wrong = { field: first?.field ?? '', message: first?.description ?? '' };
    const [kind, status, title] = isUnknown
      ? (['unknown-campaign', 404, 'Unknown campaign'] as const)
      : (['campaign-state', 409, 'Not possible for this campaign'] as const);
    return sendProblem(reply, problem(kind, status, title, [wrong]));
  }
}
