/** What is said of requests to the controls that are well-formed and wrong: 422, with what to give instead. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import { StoreUnavailable } from '../../registry-cache/index.ts';
import { fieldProblems, handleError, problem, sendProblem } from '../problem.ts';

export const ProblemAnswer = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
});

/** Seconds until a store that was away is worth another try. */
const STORE_RETRY_AFTER_S = 1;

/**
 * A handler of errors for routes.
 * @param remedies what is to be given, by the last part of a field's name, where a schema only says what is wrong
 */
export function withRemedies(remedies: Readonly<Record<string, string>>) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof StoreUnavailable) {
      const message = `${error.message}; what was asked may or may not have been done, so ask again`;
      reply.header('retry-after', STORE_RETRY_AFTER_S);
      return sendProblem(reply, problem('store-unavailable', 503, 'Store unavailable', [{ field: '', message }]));
    }
    if (error.validation === undefined) return handleError(error, request, reply);
    const found = fieldProblems(error.validation as unknown as TLocalizedValidationError[]);
    const mended = found.map(({ field, message }) => {
      // What is missing or not known, and what has to be one of a list, is told by name already.
      const isTold = message.startsWith('is ') || message.startsWith('must be one of');
      return { field, message: isTold ? message : (remedies[field.split('.').at(-1) ?? ''] ?? message) };
    });
    return sendProblem(reply, problem('invalid-request', 422, 'Invalid body', mended));
  };
}
