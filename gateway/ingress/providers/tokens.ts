/**
 * Tokens that stand for credentials for an hour (OAuth 2.0, client credentials, RFC 6749, 4.4). They are JWTs (RFC 7519) signed with the
 * secret they were got for, so that no gateway has to remember them and every one knows those of another.
 */
import type { FastifyInstance } from 'fastify';
import { createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { Clock } from '../../router/index.ts';
import { type Caller, type Credentials, readBasic } from './credentials.ts';
import { documented } from './face.ts';
import { type Form, readForms, valuesOf } from './form.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** A JWT as it came: nothing in it is proven. */
export interface ReadJwt {
  readonly claims: Claims;
  /** As its header names it. */
  readonly algorithm: unknown;
  /** Whether it was signed with this secret, by HS256. */
  isSignedWith(secret: string): boolean;
  /** Whether it was signed with the private key to this one, by RS256. */
  isSignedFor(publicKey: KeyObject): boolean;
}

/** RSA with SHA-256 (RFC 7518, 3.3). */
export const RS256 = 'RS256';
const LIFE_S = 3_600;
const MS_PER_SECOND = 1_000;

/** Signed by HS256. */
export function signJwt(claims: Claims, secret: string): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${hs256(signed, secret).toString('base64url')}`;
}

/** Undefined for what is no JWT. */
export function readJwt(token: string): ReadJwt | undefined {
  const [header, payload, signature, ...rest] = token.split('.');
  // Most tokens are plain secrets: they are not decoded to find that out.
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined;
  const [head, claims] = [decode(header), decode(payload)];
  if (head === undefined || claims === undefined) return undefined;
  return {
    claims,
    algorithm: head['alg'],
    isSignedFor: (publicKey) =>
      head['alg'] === RS256 &&
      verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url')),
    isSignedWith: (secret) => {
      const expected = hs256(`${header}.${payload}`, secret);
      const given = Buffer.from(signature, 'base64url');
      return head['alg'] === 'HS256' && given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

/** Seconds since the epoch at which it runs out; NaN if it does not say. */
function expiryOf(claims: Claims): number {
  return typeof claims['exp'] === 'number' ? claims['exp'] : Number.NaN;
}

export function secondsOf(nowMs: number): number {
  return Math.floor(nowMs / MS_PER_SECOND);
}

/** Who comes with a token of ours; `expired` for one that was good. */
export function callerOfToken(token: string, credentials: Credentials, nowMs: number): Caller | 'expired' | undefined {
  const jwt = readJwt(token);
  const id = jwt?.claims['sub'];
  if (jwt === undefined || typeof id !== 'string') return undefined;
  const caller = credentials.proven(id, (secret) => jwt.isSignedWith(secret));
  return caller !== undefined && !(expiryOf(jwt.claims) > secondsOf(nowMs)) ? 'expired' : caller;
}

export interface TokenRoute {
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** For the documentation. */
  readonly tag: string;
}

/** Serves tokens at `path`; id and secret come by Basic, or as `client_id` and `client_secret`. */
export function tokenRoute(parent: FastifyInstance, path: string, { credentials, clock, tag }: TokenRoute): void {
  // Bodies are forms here whatever they are elsewhere.
  parent.register((app, _options, done) => {
    app.removeAllContentTypeParsers();
    readForms(app);
    app.post(path, documented(tag, 'Get an access token for credentials'), (request, reply) => {
      const form = (request.body ?? {}) as Form;
      const [grant] = valuesOf(form, 'grant_type');
      if (grant !== 'client_credentials') {
        return reply.code(400).send({
          error: grant === undefined ? 'invalid_request' : 'unsupported_grant_type',
          error_description: 'grant_type must be client_credentials',
        });
      }
      const [id, secret] = pairOf(request.headers.authorization, form);
      const caller = credentials.pair(id, secret);
      if (caller === undefined) {
        return reply.code(401).header('www-authenticate', 'Basic realm="token"').send({
          error: 'invalid_client',
          error_description: 'The client id or the client secret is wrong',
        });
      }
      const nowS = secondsOf(clock.nowMs());
      return reply.header('cache-control', 'no-store').send({
        access_token: signJwt({ sub: caller.id, iat: nowS, exp: nowS + LIFE_S }, caller.secret),
        expires_in: LIFE_S,
        scope: '',
        token_type: 'bearer',
      });
    });
    done();
  });
}

function pairOf(authorization: string | undefined, form: Form): readonly [id: string, secret: string] {
  if (authorization !== undefined) return readBasic(authorization);
  const [id = ''] = valuesOf(form, 'client_id');
  const [secret = ''] = valuesOf(form, 'client_secret');
  return [id, secret];
}

function hs256(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}
