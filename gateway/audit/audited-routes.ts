/**
 * Puts every change that an operator asks for into the audit log: who asked, for what, and what stood there before and after.
 *
 * A change is whatever the operator's credentials are asked for and is no mere reading; routes need not say so, and none is forgotten.
 * What stood there is what the gateway itself answers to a GET of the same address, or of the nearest one above that has one: of a payment to
 * an account, the account. Changes to one thing wait for each other, so that what was after one is before the next. The answer waits until the
 * entry is on the disk; while the log cannot be written, nothing is changed.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler, RouteOptions } from 'fastify';
import { maskNumbers } from '../../registry-cache/index.ts';
import { problem, PROBLEM_CONTENT_TYPE, sendProblem } from '../problem.ts';
import { decodedUrl, OWN_REQUEST } from '../requests.ts';
import { type AuditLog, AuditUnavailable } from './audit-log.ts';
import { keepable } from './keepable.ts';

export interface AuditedRoutes {
  readonly audit: AuditLog;
  /** The hook that changes are guarded by. */
  readonly guard: onRequestHookHandler;
  /** Whether it asks who somebody is. */
  readonly asksWho: boolean;
}

/** Where what is changed can be read, if not at the same address or above; undefined where reading it would be too much. */
const READ_AT: Readonly<Record<string, string | undefined>> = {
  '/v1/numbers/:number': '/v1/lookup/:number',
  '/v1/snapshot': undefined,
};

interface Change {
  readonly before: unknown;
  /** Where the request came from, which is not known any more once its socket is closed. */
  readonly address: string;
  /** Lets the next change to the same thing begin. */
  readonly done: () => void;
}

const SERVICE_UNAVAILABLE = 503;
const RETRY_AFTER_S = 1;

/** Adds this to the routes that are added to `app` later. */
export function auditChanges(app: FastifyInstance, { audit, guard, asksWho }: AuditedRoutes): void {
  const changes = new WeakMap<FastifyRequest, Change>();
  const turns = new Map<string, Promise<void>>();

  /** Resolves when no other change to the same thing is under way, with what ends this one. */
  async function turnAt(path: string): Promise<() => void> {
    const before = turns.get(path);
    let end = (): void => {};
    const mine = new Promise<void>((resolve) => (end = resolve));
    const last = Promise.all([before, mine]).then(() => {
      if (turns.get(path) === last) turns.delete(path);
    });
    turns.set(path, last);
    await before;
    return end;
  }

  /** What the gateway answers to a GET, or null. */
  async function read(request: FastifyRequest, path: string | undefined): Promise<unknown> {
    if (path === undefined) return null;
    const { authorization } = request.headers;
    const headers = { ...OWN_REQUEST, ...(authorization && { authorization }) };
    const answer = await app.inject({ method: 'GET', url: path, headers });
    return answer.statusCode === 200 ? keepable(parsed(answer.payload)) : null;
  }

  async function begin(request: FastifyRequest, reply: FastifyReply, readAt: string | undefined): Promise<unknown> {
    const { ip: address } = request;
    try {
      await audit.ready();
    } catch (error) {
      return refuse(reply, error, 'nothing was changed');
    }
    const path = pathOf(request, readAt);
    const done = await turnAt(path ?? request.url);
    try {
      changes.set(request, { before: await read(request, path), address, done });
    } catch (error) {
      done();
      throw error;
    }
    return undefined;
  }

  /** The payload to be sent, once the change is written down. */
  async function end(request: FastifyRequest, reply: FastifyReply, payload: unknown, readAt: string | undefined) {
    const change = changes.get(request);
    changes.delete(request);
    if (change === undefined) return payload;
    try {
      const { statusCode } = reply;
      // What was refused changed nothing.
      if (statusCode >= 400 && statusCode < 500) return payload;
      const path = pathOf(request, readAt);
      await audit.append({
        who: { user: asksWho ? userOf(request) : null, address: change.address },
        what: maskNumbers(`${request.method} ${decodedUrl(request.url)}`),
        asked: keepable(request.body),
        status: statusCode,
        before: change.before,
        after: path === undefined ? keepable(parsed(payload)) : await read(request, path),
      });
      return payload;
    } catch (error) {
      if (!(error instanceof AuditUnavailable)) throw error;
      const answer = unavailable(error, 'the change was made all the same, and will be written once it can be');
      reply.code(SERVICE_UNAVAILABLE).header('content-type', PROBLEM_CONTENT_TYPE).header('retry-after', RETRY_AFTER_S);
      reply.removeHeader('content-length');
      return JSON.stringify(answer);
    } finally {
      change.done();
    }
  }

  app.addHook('onRoute', (route) => {
    const isRead = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD');
    if (isRead || ![route.onRequest ?? []].flat().includes(guard)) return;
    // Not before the first request: a route that reads may be added behind the one that writes.
    let found: { readonly at: string | undefined } | undefined;
    const readAt = (): string | undefined => (found ??= { at: readableAt(app, route) }).at;
    route.preHandler = [
      async (request: FastifyRequest, reply: FastifyReply) => begin(request, reply, readAt()),
      ...[route.preHandler ?? []].flat(),
    ];
    route.onSend = [
      ...[route.onSend ?? []].flat(),
      async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => end(request, reply, payload, readAt()),
    ];
  });
}

/** The route at which can be read what `route` changes. */
function readableAt(app: FastifyInstance, route: RouteOptions): string | undefined {
  if (Object.hasOwn(READ_AT, route.url)) return READ_AT[route.url];
  for (let url = route.url; url !== ''; url = url.slice(0, url.lastIndexOf('/'))) {
    if (app.hasRoute({ method: 'GET', url })) return url;
  }
  return undefined;
}

/** That route's address, with what stands in the request's for its parameters. */
function pathOf({ params }: FastifyRequest, readAt: string | undefined): string | undefined {
  return readAt?.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent((params as Readonly<Record<string, string>>)[name] ?? ''),
  );
}

/** Whom the request says to be from, which its guard has made sure of. */
function userOf({ headers: { authorization = '' } }: FastifyRequest): string {
  const [user = ''] = Buffer.from(authorization.replace(/^basic +/i, ''), 'base64')
    .toString()
    .split(':');
  return user;
}

function refuse(reply: FastifyReply, error: unknown, what: string): FastifyReply {
  if (!(error instanceof AuditUnavailable)) throw error;
  return sendProblem(reply.header('retry-after', RETRY_AFTER_S), unavailable(error, what));
}

function unavailable(error: AuditUnavailable, what: string) {
  const message = `the audit log cannot be written: ${error.message}; ${what}`;
  return problem('not-audited', SERVICE_UNAVAILABLE, 'Not audited', [{ field: '', message }]);
}

function parsed(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload;
  try {
    return JSON.parse(payload);
  } catch {
    return Buffer.from(payload);
  }
}
