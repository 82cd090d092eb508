/** Bodies of `application/json`, of faces that check them in words of their own. */
import type { FastifyInstance } from 'fastify';

/** A body that is no JSON. */
export class MalformedJson extends Error {
  readonly statusCode = 400;

  constructor(why: string) {
    super(why);
    this.name = 'MalformedJson';
  }
}

/** An object as it came: any field may be anything. */
export type Fields = Readonly<Record<string, unknown>>;

/** Has bodies of JSON read; one that is none is answered by the error handler, which is given `MalformedJson`. */
export function readJson(app: FastifyInstance): void {
  app.addContentTypeParser(/^application\/(?:[\w.-]+\+)?json\b/, { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, JSON.parse(body.toString()));
    } catch (error) {
      done(new MalformedJson(error instanceof Error ? error.message : 'is not JSON'));
    }
  });
}

/** The fields of a body that is an object; none of any other. */
export function fieldsOf(body: unknown): Fields {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Fields) : {};
}

/** Text of a field; undefined where there is something else, or nothing. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

/** A list of texts; undefined where there is something else. */
export function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}
