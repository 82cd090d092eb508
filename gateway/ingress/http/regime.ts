/** `/v1/regime`: what each carrier does with unregistered traffic, and switching it while traffic runs. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { CARRIERS } from '../../../registry-cache/index.ts';
import type { Intake } from '../../messages/index.ts';
import { type Core, nameAt, REGIMES } from '../../router/index.ts';
import type { AdminHook } from './messages.ts';
import { problem, sendProblem } from '../../problem.ts';
import { answers } from '../../route-answers.ts';
import { ProblemSchema, RegimeBody } from './schemas.ts';

export interface RegimeRoutes {
  readonly core: Core;
  readonly intake: Intake;
  readonly requireAdmin: AdminHook;
}

/** What `filter` refuses when nobody says how much. No figure was ever published. */
const FILTER_SHARE_DEFAULT = 0.5;

const RegimeAnswer = Type.Object({
  date: Type.String({ description: 'The tariff date, whose dated rows hold where nothing is switched.' }),
  carriers: Type.Array(
    Type.Object({
      carrier: Type.String(),
      regime: Type.String(),
      share: Type.Number({ description: 'Share of unregistered messages refused while filtering.' }),
      switched: Type.Boolean({ description: 'Set at run time rather than by the dated rows.' }),
      from: Type.Union([Type.String(), Type.Null()]),
      confidence: Type.Union([Type.String(), Type.Null()]),
      sources: Type.Array(Type.String()),
      note: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

export const regimeRoutes: FastifyPluginCallbackTypebox<RegimeRoutes> = (app, routes, done) => {
  const { regimes } = routes.core;

  app.get(
    '/v1/regime',
    { schema: { tags: ['regime'], summary: 'The regime of each carrier', response: answers({ 200: RegimeAnswer }) } },
    (_request, reply) => reply.send(describe()),
  );

  app.put(
    '/v1/regime',
    {
      ...(routes.requireAdmin && { onRequest: routes.requireAdmin }),
      schema: {
        tags: ['regime'],
        summary: 'Switch the regime of one carrier or of all, from the next message on',
        body: RegimeBody,
        response: answers({ 200: RegimeAnswer, 422: ProblemSchema }),
      },
    },
    (request, reply) => {
      const { regime, carrier, share } = request.body;
      if (share !== undefined && regime !== 'filter') {
        const message = 'belongs to the regime `filter` only; leave it out';
        return sendProblem(reply, problem('invalid-regime', 422, 'Invalid regime', [{ field: 'share', message }]));
      }
      CARRIERS.forEach((one, index) => {
        if (carrier !== undefined && carrier !== one.id) return;
        if (regime === 'dated') regimes.clearOverride(index);
        else
          regimes.override(index, REGIMES.indexOf(regime), regime === 'filter' ? (share ?? FILTER_SHARE_DEFAULT) : 0);
      });
      request.log.info({ regime, carrier: carrier ?? 'all' }, 'regime switched');
      return reply.send(describe());
    },
  );

  function describe(): Type.Static<typeof RegimeAnswer> {
    const atMs = routes.intake.pricedAtMs();
    return {
      date: new Date(atMs).toISOString().slice(0, 10),
      carriers: CARRIERS.map((carrier, index) => {
        const switched = regimes.isOverridden(index);
        const row = switched ? undefined : regimes.rows[regimes.rowAt(index, { pricedAtMs: atMs })];
        return {
          carrier: carrier.id,
          regime: nameAt(REGIMES, regimes.regimeAt(index, { pricedAtMs: atMs })),
          share: regimes.shareAt(index, { pricedAtMs: atMs }),
          switched,
          from: row === undefined ? null : new Date(row.fromMs).toISOString().slice(0, 10),
          confidence: row?.confidence ?? null,
          sources: [...(row?.sources ?? [])],
          note: row === undefined || row.note === '' ? null : row.note,
        };
      }),
    };
  }

  done();
};
