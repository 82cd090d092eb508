/**
 * How the gateway says no: RFC 9457 problem details that name the field and the fix.
 *
 * A refusal by the core (a regime, a limit) is not a problem in this sense: it is the answer to a well-formed message
 * and has the message's own shape. Problems are for requests that never became a message.
 */
import { STATUS_CODES } from 'node:http';
import { StoreUnavailable } from '../registry-cache/index.ts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { TLocalizedValidationError } from 'typebox/error';

export interface FieldProblem {
  /** Where in the body or query, as a dotted path; empty for the whole of it. */
  readonly field: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** A problem with a stable `type` (`urn:tollgate:problem:<kind>`), for programs to tell kinds apart. */
export function problem(kind: string, status: number, title: string, errors: readonly FieldProblem[]): Problem {
  const detail = errors.map((one) => (one.field === '' ? one.message : `${one.field}: ${one.message}`)).join('; ');
  const named = errors.filter((one) => one.field !== '');
  const base = { type: `urn:tollgate:problem:${kind}`, title, status, detail };
  return named.length === 0 ? base : { ...base, errors: named };
}

/** A problem met where no answer can be given, such as in a parser of bodies; `handleError` answers with it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(one: Problem) {
    super(one.detail);
    this.problem = one;
  }
}

export function sendProblem(reply: FastifyReply, one: Problem): FastifyReply {
  return reply.code(one.status).header('content-type', PROBLEM_CONTENT_TYPE).send(JSON.stringify(one));
}

/** Schema errors, one per field, each with the fix. Of the many errors one wrong choice causes, the most telling is kept. */
export function fieldProblems(errors: readonly TLocalizedValidationError[]): FieldProblem[] {
  const byField = new Map<string, string>();
  for (const error of errors) {
    for (const [field, message] of explain(error)) {
      if (!byField.has(field)) byField.set(field, message);
    }
  }
  // Where a body may be one thing or another, the whole is said to be wrong beside the part that is.
  if (byField.size > 1) byField.delete('');
  return [...byField].map(([field, message]) => ({ field, message }));
}

function explain(error: TLocalizedValidationError): [string, string][] {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const inside = (key: string): string => (path === '' ? key : `${path}.${key}`);
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((key) => [inside(key), 'is missing; add it']);
    case 'additionalProperties':
      return error.params.additionalProperties.map((key) => [
        inside(key),
        'is not a field of this request; check its spelling or remove it',
      ]);
    case 'enum':
      return [[path, `must be one of ${error.params.allowedValues.map((value) => String(value)).join(', ')}`]];
    case 'type':
      return [[path, path === '' ? 'must be a JSON object' : error.message]];
    case 'boolean':
      return [];
    default:
      return [[path, error.message]];
  }
}

/** What is said of an error that Fastify or one of its plugins raised. */
interface ErrorWords {
  readonly kind: string;
  readonly status: number;
  readonly title: string;
  readonly message: string;
}

const ERRORS_BY_CODE: Readonly<Record<string, ErrorWords>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: {
    kind: 'malformed-json',
    status: 400,
    title: 'Malformed JSON',
    message: 'the body is not valid JSON; check quotes, commas and brackets',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    kind: 'malformed-json',
    status: 400,
    title: 'Empty body',
    message: 'the body is empty; send a JSON object',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    kind: 'unsupported-media-type',
    status: 415,
    title: 'Unsupported media type',
    message: 'send application/json (a batch may also be application/x-ndjson)',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    kind: 'body-too-large',
    status: 413,
    title: 'Body too large',
    message: 'the body is over the limit of this route; send fewer or smaller messages',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    kind: 'malformed-body',
    status: 400,
    title: 'Wrong content length',
    message: 'the body is not as long as its Content-Length says',
  },
  FST_ERR_BAD_URL: {
    kind: 'bad-address',
    status: 400,
    title: 'Bad address',
    message: 'the path holds a % that begins no escape; write %25 for a percent sign',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    kind: 'address-too-long',
    status: 414,
    title: 'Address too long',
    message: 'a part of the path is longer than any number or id',
  },
};

const UNAUTHORIZED: ErrorWords = {
  kind: 'unauthorized',
  status: 401,
  title: 'Unauthorized',
  message: "give the admin's user name and password by Basic authentication",
};

/** Seconds until a store that was away is worth another try. */
const STORE_RETRY_AFTER_S = 1;

/** Turns whatever a handler or Fastify threw into a problem. Unknown errors are logged and told apart by status 500. */
export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.validation !== undefined) {
    const where = error.validationContext === 'querystring' ? 'query' : 'body';
    const found = fieldProblems(error.validation as unknown as TLocalizedValidationError[]);
    return sendProblem(reply, problem('invalid-request', 400, `Invalid ${where}`, found));
  }
  if (error instanceof ProblemError) return sendProblem(reply, error.problem);
  if (error instanceof StoreUnavailable) {
    const message =
      'the store of the registry does not answer; what was asked may or may not have been done, so ask again';
    reply.header('retry-after', STORE_RETRY_AFTER_S);
    return sendProblem(reply, problem('registry-unavailable', 503, 'Registry unavailable', [{ field: '', message }]));
  }
  const status = error.statusCode ?? 500;
  const words = status === 401 ? UNAUTHORIZED : ERRORS_BY_CODE[error.code];
  if (words !== undefined) {
    return sendProblem(reply, problem(words.kind, words.status, words.title, [{ field: '', message: words.message }]));
  }
  if (status < 500) {
    const title = STATUS_CODES[status] ?? 'Refused';
    return sendProblem(reply, problem('refused', status, title, [{ field: '', message: error.message }]));
  }
  request.log.error({ err: error, reqId: request.id }, 'request failed');
  const message = 'the gateway failed to answer; its log says why';
  return sendProblem(reply, problem('internal', 500, 'Internal error', [{ field: '', message }]));
}

export function handleNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.replace(/\?.*$/, '');
  const message = `there is no ${request.method} ${path}; the routes are listed at /docs`;
  return sendProblem(reply, problem('not-found', 404, 'Not found', [{ field: '', message }]));
}
