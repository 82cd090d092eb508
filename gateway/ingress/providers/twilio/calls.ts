/** What every route of this face does alike: finds out who calls, and answers errors as Twilio does. */
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { type Caller, type Credentials, readBasic } from '../credentials.ts';
import { sendJson } from '../json.ts';
import { type TwilioError, twilioError } from './errors.ts';

/** A request of somebody who is known. */
export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  /** Of the path. */
  readonly params: Readonly<Record<string, string>>;
}

const API_KEY_PREFIX = 'SK';

/** A handler that is reached by those who are known only. */
export function whenKnown(
  credentials: Credentials,
  handle: (call: Call) => FastifyReply | Promise<FastifyReply>,
): RouteHandlerMethod {
  return (request, reply) => {
    const params = request.params as Readonly<Record<string, string>>;
    const caller = callerOf(credentials, request);
    return caller === undefined
      ? sendError(reply, twilioError(401, 20003))
      : handle({ request, reply, caller, params });
  };
}

/** Who calls. Nobody sees what is another's, where the path names an account. */
export function callerOf(credentials: Credentials, { headers, params }: FastifyRequest): Caller | undefined {
  const { accountSid } = params as Readonly<Record<string, string>>;
  const [user, password] = readBasic(headers.authorization);
  // Who comes by an API key names the account in the path, or nowhere.
  if (user.startsWith(API_KEY_PREFIX)) {
    return accountSid === undefined ? credentials.secret(password) : credentials.pair(accountSid, password);
  }
  return accountSid === undefined || accountSid === user ? credentials.pair(user, password) : undefined;
}

export function sendError(reply: FastifyReply, { status, code, message }: TwilioError): FastifyReply {
  return sendJson(reply.code(status), {
    code,
    message,
    more_info: `https://www.twilio.com/docs/errors/${code}`,
    status,
  });
}
