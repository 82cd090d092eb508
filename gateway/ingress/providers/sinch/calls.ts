/** What every route of this face does alike: finds out who calls, and answers errors as Sinch does. */
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Clock } from '../../../router/index.ts';
import type { Caller, Credentials } from '../credentials.ts';
import { sendJson } from '../json.ts';
import { callerOfToken, readJwt } from '../tokens.ts';
import { type SinchError, UNAUTHORIZED } from './errors.ts';

/** A request of somebody who is known. */
export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  /** Of the path. */
  readonly params: Readonly<Record<string, string>>;
}

interface CallerParts {
  readonly credentials: Credentials;
  readonly clock: Clock;
}

const BEARER = 'Bearer ';

/** A handler that is reached by those who are known: by the token of the service plan of the path, or by one that was got for a key. */
export function whenKnown(
  parts: CallerParts,
  handle: (call: Call) => FastifyReply | Promise<FastifyReply>,
): RouteHandlerMethod {
  return (request, reply) => {
    const params = request.params as Readonly<Record<string, string>>;
    const caller = readCaller(parts, request);
    if (caller === 'expired') {
      const why = 'Bearer error="invalid_token", error_description="The access token has expired"';
      return sendError(reply.header('www-authenticate', why), UNAUTHORIZED);
    }
    return caller === undefined ? sendError(reply, UNAUTHORIZED) : handle({ request, reply, caller, params });
  };
}

export function callerOf(parts: CallerParts, request: FastifyRequest): Caller | undefined {
  const caller = readCaller(parts, request);
  return caller === 'expired' ? undefined : caller;
}

function readCaller(
  { credentials, clock }: CallerParts,
  { headers, params }: FastifyRequest,
): ReturnType<typeof callerOfToken> {
  const { authorization = '' } = headers;
  const { planId = '' } = params as Readonly<Record<string, string>>;
  const token = authorization.startsWith(BEARER) ? authorization.slice(BEARER.length) : '';
  return readJwt(token) === undefined
    ? credentials.pair(planId, token)
    : callerOfToken(token, credentials, clock.nowMs());
}

export function sendError(reply: FastifyReply, { httpStatus, code, text }: SinchError): FastifyReply {
  return sendJson(reply.code(httpStatus), { code, text });
}
