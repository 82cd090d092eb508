/**
 * `/tcr/v2`: the operations as HTTP routes. Who asks, how often they may, how bodies are read and how errors look is
 * settled here, as the real service has it; every route only translates.
 *
 * Generated clients send `Content-Type: application/json` with every request, also where there is no body, so an empty body
 * is no error. Bodies are checked by field tables, which know the error codes; the schemas of the routes are documentation.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyError, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../router/index.ts';
import { type ApiError, apiError, ERROR_CODES, type ErrorName, Refused } from './errors.ts';
import { schemaOf } from './fields.ts';
import type { Party } from './model.ts';
import type { Asked, Operation } from './api-operation.ts';
import { RateWindow } from './rate-window.ts';
import type { TcrSettings } from './settings.ts';
import { TcrStoreUnavailable } from './tcr-store.ts';

export interface TcrRoutes {
  readonly operations: readonly Operation[];
  readonly parties: ReadonlyMap<string, Party>;
  readonly clock: Clock;
  readonly windows: RequestWindows;
}

const READ_WINDOW_MS = 1_000;
const WRITE_WINDOW_MS = 10_000;
const PARTY = 'tcrParty';

/** How many requests each party may make, by its id. */
export interface RequestWindows {
  readonly reads: RateWindow;
  readonly writes: RateWindow;
}

export function requestWindows({ readsPerSecond, writesPerTenSeconds }: TcrSettings): RequestWindows {
  return {
    reads: new RateWindow(readsPerSecond, READ_WINDOW_MS),
    writes: new RateWindow(writesPerTenSeconds, WRITE_WINDOW_MS),
  };
}

export const tcrRoutes: FastifyPluginCallback<TcrRoutes> = (app, { operations, parties, clock, windows }, done) => {
  const byKey = new Map([...parties.values()].map((party) => [party.apiKey, party]));

  app.setValidatorCompiler(() => () => true);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_request, reply) => send(reply, 'noRoute'));
  app.decorateRequest(PARTY);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, parsed) => {
    try {
      parsed(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch {
      parsed(new Refused(ERROR_CODES.invalid.status, [apiError('invalid', null, 'the body is not valid JSON')]));
    }
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, parsed) => {
    parsed(null, Object.fromEntries(new URLSearchParams(String(body))));
  });

  app.addHook('onRequest', (request, reply, next) => {
    const party = partyOf(request.headers.authorization, byKey);
    if (party === undefined) {
      send(reply.header('www-authenticate', 'Basic realm="campaign registry"'), 'unauthorized');
      return;
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const waitMs = (isRead ? windows.reads : windows.writes).take(party.id, clock.nowMs());
    if (waitMs > 0) {
      send(reply.header('retry-after', String(Math.ceil(waitMs / 1_000))), 'tooManyRequests');
      return;
    }
    request.setDecorator(PARTY, party);
    next();
  });

  for (const operation of operations) {
    const { method, url, summary, query, body } = operation;
    app.route({
      method,
      url,
      schema: {
        tags: ['campaign registry'],
        summary,
        ...(query && { querystring: schemaOf(query) }),
        ...(body && { body: schemaOf(body) }),
      },
      handler: async (request, reply) => {
        const asked: Asked = {
          party: request.getDecorator<Party>(PARTY),
          params: request.params as Record<string, string>,
          query: request.query,
          body: request.body,
        };
        const answer: unknown = await operation.run(asked);
        if (answer === undefined) return reply.code(204).send();
        return typeof answer === 'string' ? reply.type('text/plain').send(answer) : reply.send(answer);
      },
    });
  }
  done();
};

/** Who has this key and secret. Some clients write base64 the way of URLs; both are read. */
function partyOf(authorization: string | undefined, byKey: ReadonlyMap<string, Party>): Party | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/_=-]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  const party = byKey.get(decoded.slice(0, colon));
  return party !== undefined && isSame(decoded.slice(colon + 1), party.apiSecret) ? party : undefined;
}

/** Compares secrets in a time that does not depend on where they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function send(reply: FastifyReply, name: ErrorName, field: string | null = null): FastifyReply {
  return sendErrors(reply, ERROR_CODES[name].status, [apiError(name, field)]);
}

function sendErrors(reply: FastifyReply, status: number, errors: readonly ApiError[]): FastifyReply {
  return reply.code(status).type('application/json').send(errors);
}

const FRAMEWORK_ERRORS: Readonly<Record<string, ErrorName>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'bodyTooLarge',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupportedMedia',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid',
};

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Refused) return sendErrors(reply, error.status, error.errors);
  const name = FRAMEWORK_ERRORS[error.code];
  if (name !== undefined) return send(reply, name);
  request.log.error({ err: error, reqId: request.id }, 'campaign registry failed');
  return send(reply, error instanceof TcrStoreUnavailable ? 'temporary' : 'internal');
}
