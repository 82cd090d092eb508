/** What every route of this face does alike: finds out who calls, and answers errors as Telnyx does. */
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Caller, Credentials } from '../credentials.ts';
import { sendJson } from '../json.ts';
import type { Ordered } from '../registry.ts';
import { errorView, type TelnyxError, telnyxError } from './errors.ts';

export const TAG = 'telnyx';

/** A request of somebody who is known. */
export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  /** Of the path. */
  readonly params: Readonly<Record<string, string>>;
}

/** A handler that is reached by those who are known only. */
export function whenKnown(
  credentials: Credentials,
  handle: (call: Call) => FastifyReply | Promise<FastifyReply>,
): RouteHandlerMethod {
  return (request, reply) => {
    const caller = callerOf(credentials, request);
    if (caller === undefined) return sendError(reply, telnyxError(401, 10009));
    return handle({ request, reply, caller, params: request.params as Readonly<Record<string, string>> });
  };
}

export function callerOf(credentials: Credentials, { headers }: FastifyRequest): Caller | undefined {
  return credentials.bearer(headers.authorization);
}

export function sendError(reply: FastifyReply, error: TelnyxError): FastifyReply {
  return sendJson(reply.code(error.status), { errors: [errorView(error)] });
}

/** Answers what came of an order to the registry: what `view` makes of it, or everything that is wrong with it. */
export function sendOrdered<T>(reply: FastifyReply, ordered: Ordered<T>, view: (value: T) => object): FastifyReply {
  if (ordered.ok) return sendJson(reply, view(ordered.value));
  const { status, errors } = ordered;
  const code = status === 404 ? 10005 : status >= 500 ? 10007 : 10015;
  const views = errors.map(({ field, description }) =>
    errorView(telnyxError(status, code, field === null ? undefined : `/${field}`, description)),
  );
  return sendJson(reply.code(status), { errors: views });
}

export function notFound(reply: FastifyReply): FastifyReply {
  return sendError(reply, telnyxError(404, 10005));
}
