/** What every route of this face does alike: finds out who calls, names the call, and answers errors as Plivo does. */
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { type Caller, type Credentials, readBasic } from '../credentials.ts';
import { sendJson } from '../json.ts';
import { uuidNamed } from '../named-ids.ts';
import type { Ordered } from '../registry.ts';
import { type PlivoError, plivoError } from './errors.ts';

export const TAG = 'plivo';
export const ACCOUNT = '/v1/Account/:authId';

/** A request of somebody who is known. */
export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  /** Of the path. */
  readonly params: Readonly<Record<string, string>>;
}

/** A handler that is reached by those who are known only, and whose account the path names. */
export function whenKnown(
  credentials: Credentials,
  handle: (call: Call) => FastifyReply | Promise<FastifyReply>,
): RouteHandlerMethod {
  return (request, reply) => {
    const params = request.params as Readonly<Record<string, string>>;
    const caller = callerOf(credentials, request);
    return caller === undefined
      ? sendError(request, reply, plivoError(401))
      : handle({ request, reply, caller, params });
  };
}

/** Who calls: the account that the path names. */
export function callerOf(credentials: Credentials, { headers, params }: FastifyRequest): Caller | undefined {
  const [id, secret] = readBasic(headers.authorization);
  return id === (params as Readonly<Record<string, string>>)['authId'] ? credentials.pair(id, secret) : undefined;
}

/** Answers with the id that every answer has. */
export function sendAnswer({ request, reply }: Call, status: number, body: object): FastifyReply {
  return sendJson(reply.code(status), { api_id: apiIdOf(request), ...body });
}

export function sendError(request: FastifyRequest, reply: FastifyReply, { status, error }: PlivoError): FastifyReply {
  return sendJson(reply.code(status), { api_id: apiIdOf(request), error });
}

export function refuse({ request, reply }: Call, error: PlivoError): FastifyReply {
  return sendError(request, reply, error);
}

/** Answers what came of an order to the registry: what `view` makes of it, or everything that is wrong with it. */
export function sendOrdered<T>(
  call: Call,
  status: number,
  ordered: Ordered<T>,
  view: (value: T) => object,
): FastifyReply {
  if (ordered.ok) return sendAnswer(call, status, view(ordered.value));
  const why = ordered.errors.map(({ field, description }) =>
    field === null || description.includes(field) ? description : `${field}: ${description}`,
  );
  return refuse(call, plivoError(ordered.status, why.join('; ')));
}

function apiIdOf(request: FastifyRequest): string {
  return uuidNamed(`plivo ${String(request.id)}`);
}
