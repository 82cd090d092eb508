/** `/v1/magic-numbers`: numbers with fixed outcomes, for tests. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { formatNumber, isAssigned, MAGIC_NUMBERS } from '../../../registry-cache/index.ts';
import type { Core } from '../../router/index.ts';
import { answers } from '../../route-answers.ts';

const MagicAnswer = Type.Object({
  inForce: Type.Boolean({
    description: 'Whether they mean something here: in a sandbox, and in a gateway with --magic-numbers.',
  }),
  numbers: Type.Array(
    Type.Object({
      number: Type.String({ examples: ['+15005552006'] }),
      role: Type.String({ description: 'to: to send to; from: to send from.' }),
      outcome: Type.String({ examples: ['silently_filtered'] }),
      holder: Type.String({ description: 'Whose block it is in.', examples: ['tmobile'] }),
      meaning: Type.String(),
    }),
  ),
});

export const magicNumberRoutes: FastifyPluginCallbackTypebox<{ readonly core: Core }> = (app, { core }, done) => {
  app.get(
    '/v1/magic-numbers',
    {
      schema: {
        tags: ['registry'],
        summary: 'Numbers whose outcomes are always the same, for tests',
        response: answers({ 200: MagicAnswer }),
      },
    },
    () => ({
      inForce: MAGIC_NUMBERS.some(({ key }) => isAssigned(core.carrierMap.lookup(key))),
      numbers: MAGIC_NUMBERS.map(({ key, ...number }) => ({ number: formatNumber(key), ...number })),
    }),
  );
  done();
};
