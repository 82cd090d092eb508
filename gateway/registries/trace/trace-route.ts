/** `GET /v1/trace`: tries to find out who is behind a number. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { numberRefusal, parseSenderKey } from '../../../registry-cache/index.ts';
import { type FieldProblem, problem, sendProblem } from '../../problem.ts';
import { answers } from '../../route-answers.ts';
import { TRACE_BREAKS, traceNumber, type TraceSources } from './trace.ts';

export interface TraceRoute extends TraceSources {
  /** Guards an answer that may name a brand. */
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const Query = Type.Object(
  {
    number: Type.String({ description: 'E.164, the plus sign written %2B or left as it is.' }),
    at: Type.Optional(Type.String({ description: 'ISO 8601 moment; the present when left out.' })),
  },
  { additionalProperties: false },
);

const Link = Type.Object({
  link: Type.String({ description: 'message, number_to_campaign, campaign_to_brand or brand_to_csp' }),
  state: Type.String({ description: 'found, not_held, broken or not_reached' }),
  reasons: Type.Optional(Type.Array(Type.String({ description: TRACE_BREAKS.join(', ') }))),
  detail: Type.Optional(Type.String()),
  found: Type.Optional(Type.Record(Type.String(), Type.String())),
});

const Answer = Type.Object({
  number: Type.String(),
  at: Type.String(),
  outcome: Type.String({ description: 'traced or broken' }),
  brokenLink: Type.Optional(Type.String()),
  chain: Type.Array(Link),
  tookMs: Type.Number(),
});

/** A day, or a day and a time with its zone. */
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

export const traceRoute: FastifyPluginCallbackTypebox<TraceRoute> = (app, route, done) => {
  app.get(
    '/v1/trace',
    {
      ...(route.requireAdmin && { onRequest: route.requireAdmin }),
      schema: {
        tags: ['registry'],
        summary: 'Message to number to campaign to brand to CSP, or which link is broken and why',
        querystring: Query,
        response: answers({ 200: Answer }),
      },
    },
    (request, reply) => {
      const { number, at } = request.query;
      // In a query string an unescaped plus means a space.
      const key = parseSenderKey(number.startsWith(' ') ? `+${number.slice(1)}` : number);
      const atMs = at === undefined ? undefined : MOMENT.test(at) ? Date.parse(at) : Number.NaN;
      const wrong = key < 0 ? { field: 'number', message: numberRefusal(key).message } : badMoment(atMs);
      if (wrong !== undefined) return sendProblem(reply, problem('invalid-request', 400, 'Invalid query', [wrong]));
      return traceNumber(route, key, atMs);
    },
  );
  done();
};

function badMoment(atMs: number | undefined): FieldProblem | undefined {
  if (!Number.isNaN(atMs)) return undefined;
  return { field: 'at', message: 'is no moment; write it as 2024-03-01T18:00:00Z' };
}
