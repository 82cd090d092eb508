/**
 * What Fastify alone can do: one route with the schemas of `POST /v1/messages`, validated and serialised by the same
 * compilers, and an answer that is always the same. No gateway that stands on Fastify answers faster than this.
 */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifySchema } from 'fastify';
import { nativeApi, type NativeApi } from '../../gateway/ingress/http/index.ts';
import { loadWorld } from '../../gateway/index.ts';
import type { MessageAnswer } from '../../gateway/messages/index.ts';
import { createCore } from '../../gateway/router/index.ts';
import type { Work } from '../processes.ts';
import { type Usage, usageReader } from './usage.ts';

const PATH = '/v1/messages';

const ANSWER: MessageAnswer = {
  id: 'MSJ3K2A-1Z4',
  status: 'accepted',
  decision: 'accepted',
  registration: 'registered',
  reason: 'registered',
  carrier: 'verizon',
  segments: 1,
  encoding: 'gsm-7',
  price: {
    totalMicros: 11_500,
    postings: [
      { payer: 'sender', payee: 'verizon', cause: 'carrier_fee', micros: 3_000 },
      { payer: 'sender', payee: 'dca', cause: 'dca_margin', micros: 500 },
      { payer: 'sender', payee: 'aggregator', cause: 'aggregator_price', micros: 8_000 },
    ],
  },
  reference: 'example-pharmacy-1234',
};

export const work: Work<null, { readonly url: string }, null, Usage> = {
  async open() {
    const schema = await schemaOfMessages();
    const app = Fastify();
    app.setValidatorCompiler(TypeBoxValidatorCompiler);
    let answered = 0;
    app.post(PATH, { schema }, (_request, reply) => {
      answered += 1;
      return reply.code(202).send(ANSWER);
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    return { ready: { url }, answer: usageReader(() => ({ handled: answered, accepted: answered })) };
  },
};

/** The schemas of the gateway's own route, read off while it is registered on a server that never starts. */
async function schemaOfMessages(): Promise<FastifySchema> {
  const app = Fastify();
  let found: FastifySchema | undefined;
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (method === 'POST' && url === PATH) found = schema;
  });
  // Registering looks at the core and keeps all else for requests, which never come.
  app.register(nativeApi, { core: createCore(loadWorld()) } as NativeApi);
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  await app.ready();
  await app.close();
  if (found?.body === undefined || found.response === undefined) throw new Error(`POST ${PATH} has no schemas`);
  return found;
}
