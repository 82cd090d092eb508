/** The gateway's own routes, asked without a socket: what they check and answer is checked and answered here too. */
import type { FastifyInstance } from 'fastify';

/** A gateway that said no, in its own words. */
export class TollgateRefused extends Error {
  readonly status: number;
  /** What it answered. */
  readonly body: unknown;

  constructor(status: number, body: unknown, what: string) {
    const { detail } = (body ?? {}) as { detail?: string };
    super(detail === undefined ? `${what} was answered with ${status}` : detail);
    this.name = 'TollgateRefused';
    this.status = status;
    this.body = body;
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Ask = <Body>(method: Method, url: string, body?: object) => Promise<Body>;

/** Asks the routes of an app. Rejects with TollgateRefused for every answer that is none of success, unless it is one of `alsoGood`. */
export function askOf(app: FastifyInstance, alsoGood: readonly number[] = []): Ask {
  return async <Body>(method: Method, url: string, body?: object) => {
    const answer = await app.inject({ method, url, ...(body && { payload: body }) });
    const text = answer.body;
    const isJson = /\bjson\b/.test(String(answer.headers['content-type'] ?? ''));
    const read: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    const isGood = answer.statusCode < 300 || alsoGood.includes(answer.statusCode);
    if (!isGood) throw new TollgateRefused(answer.statusCode, read, `${method} ${url}`);
    return read as Body;
  };
}
