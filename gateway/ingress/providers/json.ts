/** Bodies of JSON, as the faces of providers that speak it read and write them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export const JSON_TYPE = 'application/json';

/** The members of an object of JSON. */
export type JsonFields = Readonly<Record<string, unknown>>;

/** As Fastify's own parser of JSON is called: it answers by `done` alone. */
type Parse = (request: FastifyRequest, body: string, done: (error: Error | null, body?: unknown) => void) => void;

/** Has bodies of JSON read, an empty one as none; one that is malformed, or of another type, is an error with its status. */
export function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error') as Parse;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body.toString(), done);
  });
}

/** The members of a body, none if there is no body; undefined if it is something else than an object. */
export function fieldsOf(body: unknown): JsonFields | undefined {
  if (body === undefined) return {};
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonFields) : undefined;
}

export function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.header('content-type', JSON_TYPE).send(JSON.stringify(body));
}

/** Text of a member; undefined where there is something else, or nothing. */
export function textOf(fields: JsonFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

/** A list of texts; undefined for anything else. */
export function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}
