/** Who is asking: every route of this API is a DCA's. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Dca, Dcas } from './dcas.ts';
import { problem, sendProblem } from '../../problem.ts';

const DCA = 'nnsrDca';

/** Lets only DCAs in, from here on in `app` and what is registered in it. */
export function requireDca(app: FastifyInstance, dcas: Dcas): void {
  app.decorateRequest(DCA, null);
  app.addHook('onRequest', (request, reply, next) => {
    const dca = dcas.authenticate(request.headers.authorization);
    if (dca === undefined) {
      const message = "give the DCA's API key and secret by Basic authentication";
      reply.header('www-authenticate', 'Basic realm="nnsr", charset="UTF-8"');
      sendProblem(reply, problem('unauthorized', 401, 'Unauthorized', [{ field: '', message }]));
      return;
    }
    request.setDecorator(DCA, dca);
    next();
  });
}

export function dcaOf(request: FastifyRequest): Dca {
  return request.getDecorator<Dca>(DCA);
}
