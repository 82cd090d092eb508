/**
 * `/v1/carriers/blocks`: numbers that carriers take nothing from after complaints, and letting them send again.
 *
 * These are blocks of the carriers in this process: each worker answers for its own, and a gateway that leaves delivery to workers has none.
 */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { CARRIERS, formatNumber, numberRefusal, parseSenderKey } from '../../registry-cache/index.ts';
import { NUMBER_BLOCKS_SHOWN_MAX } from '../limits.ts';
import { problem, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import { type NumberBlock, NumberBlocks } from './number-blocks.ts';

export interface BlockRoutes {
  /** Or why there are none. */
  readonly blocks: NumberBlocks | { readonly whyNot: string };
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const CARRIER_IDS = CARRIERS.map(({ id }) => id);
const ofCarrier = Type.Optional(Type.Enum([...CARRIER_IDS], { description: 'All carriers when left out.' }));
const BlocksQuery = Type.Object({ carrier: ofCarrier }, { additionalProperties: false });
const NumberParams = Type.Object({ number: Type.String({ description: 'E.164, the plus sign included.' }) });

const BlocksAnswer = Type.Object({
  count: Type.Integer({ description: 'Blocks there are.' }),
  blocks: Type.Array(
    Type.Object({
      number: Type.String(),
      carrier: Type.String(),
      since: Type.String(),
      complaints: Type.Integer({ description: 'How many it took.' }),
    }),
    { description: `Oldest first, at most ${NUMBER_BLOCKS_SHOWN_MAX}.` },
  ),
});
const ClearedAnswer = Type.Object({ number: Type.String(), cleared: Type.Integer({ description: 'Blocks lifted.' }) });

export const blockRoutes: FastifyPluginCallbackTypebox<BlockRoutes> = (app, options, done) => {
  const { requireAdmin } = options;
  const guard = requireAdmin && { onRequest: requireAdmin };
  // Asked for before it is looked into: a gateway without blocks has the routes all the same, to say why.
  const blocks = 'whyNot' in options.blocks ? new NumberBlocks() : options.blocks;
  if ('whyNot' in options.blocks) {
    const refusal = problem('blocks-elsewhere', 409, 'Blocks are elsewhere', [
      { field: '', message: options.blocks.whyNot },
    ]);
    app.addHook('preHandler', (_request, reply) => sendProblem(reply, refusal));
  }

  app.get(
    '/v1/carriers/blocks',
    {
      ...guard,
      schema: {
        tags: ['carriers'],
        summary: 'Numbers that carriers block after complaints',
        querystring: BlocksQuery,
        response: answers({ 200: BlocksAnswer }),
      },
    },
    (request, reply) => {
      const carrier = carrierAt(request.query.carrier);
      const shown: object[] = [];
      for (const block of blocks.list()) {
        if (shown.length === NUMBER_BLOCKS_SHOWN_MAX) break;
        if (carrier === undefined || carrier === block.carrier) shown.push(viewOf(block));
      }
      return reply.send({ count: carrier === undefined ? blocks.count : blocks.countAt(carrier), blocks: shown });
    },
  );

  app.delete(
    '/v1/carriers/blocks/:number',
    {
      ...guard,
      schema: {
        tags: ['carriers'],
        summary: 'Let a blocked number send again',
        params: NumberParams,
        querystring: BlocksQuery,
        response: answers({ 200: ClearedAnswer }),
      },
    },
    (request, reply) => {
      const { number } = request.params;
      const key = parseSenderKey(number);
      if (key < 0) {
        const message = numberRefusal(key).message;
        return sendProblem(reply, problem('invalid-number', 400, 'Invalid number', [{ field: 'number', message }]));
      }
      const cleared = blocks.clear(key, carrierAt(request.query.carrier));
      if (cleared > 0) return reply.send({ number, cleared });
      const message = 'is not blocked there; GET /v1/carriers/blocks lists those that are';
      return sendProblem(reply, problem('not-blocked', 404, 'Number not blocked', [{ field: 'number', message }]));
    },
  );

  done();
};

function carrierAt(id: string | undefined): number | undefined {
  return id === undefined ? undefined : CARRIER_IDS.indexOf(id);
}

function viewOf({ number, carrier, sinceMs, complaints }: NumberBlock): object {
  return {
    number: formatNumber(number),
    carrier: CARRIER_IDS[carrier],
    since: new Date(sinceMs).toISOString(),
    complaints,
  };
}
