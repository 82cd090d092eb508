/** What every route of this face does alike: finds out who calls, and answers errors as Bandwidth does. */
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Clock } from '../../../router/index.ts';
import type { Caller, Credentials } from '../credentials.ts';
import { sendJson } from '../json.ts';
import { callerOfToken } from '../tokens.ts';
import { type BandwidthError, bandwidthError } from './errors.ts';

/** A request of somebody who is known. */
export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  /** Of the path. */
  readonly accountId: string;
}

interface CallerParts {
  readonly credentials: Credentials;
  readonly clock: Clock;
}

const BEARER = 'Bearer ';

/** A handler that is reached by those who are known, and may use the account of the path. */
export function whenKnown(
  parts: CallerParts,
  handle: (call: Call) => FastifyReply | Promise<FastifyReply>,
): RouteHandlerMethod {
  const { credentials } = parts;
  return (request, reply) => {
    const { accountId = '' } = request.params as Readonly<Record<string, string>>;
    const { accept = '*/*' } = request.headers;
    const caller = callerOf(parts, request);
    if (caller === undefined) {
      return sendError(reply.header('www-authenticate', 'Basic realm="messaging"'), bandwidthError(401));
    }
    // A user is not an account; where anybody may come, nobody knows which is whose.
    if (!credentials.isOpen && accountId !== caller.account && accountId !== caller.id) {
      return sendError(reply, bandwidthError(403, `Access to the account ${accountId} is denied`));
    }
    if (!/\*\/\*|application\/(?:\*|json)/.test(accept)) return sendError(reply, bandwidthError(406));
    return handle({ request, reply, caller, accountId });
  };
}

/** Who calls; whether the account of the path is theirs is not asked here. */
export function callerOf({ credentials, clock }: CallerParts, { headers }: FastifyRequest): Caller | undefined {
  const { authorization } = headers;
  if (authorization?.startsWith(BEARER) !== true) return credentials.basic(authorization);
  const caller = callerOfToken(authorization.slice(BEARER.length), credentials, clock.nowMs());
  return caller === 'expired' ? undefined : caller;
}

export function sendError(reply: FastifyReply, { status, ...body }: BandwidthError): FastifyReply {
  return sendJson(reply.code(status), body);
}
