/**
 * Sandboxes: gateways of their own behind the door of another one, for tests that run side by side.
 *
 * Each has its own registries, inbox, limits, accounts, faults, chance and clock, since each is a whole gateway that does not listen. What
 * comes to the gateway that does is handed over before anything has looked at it, by the path, a header, or the credentials it comes
 * with. So nothing else has to know that there are sandboxes, and one that is closed leaves nothing.
 */
import { randomBytes, randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { SANDBOX_IDLE_MS, SANDBOX_SWEEP_MS, SANDBOXES_GONE_MAX, SANDBOXES_MAX } from '../limits.ts';
import { type FieldProblem, problem, type Problem, PROBLEM_CONTENT_TYPE } from '../problem.ts';
import type { Clock, Timers } from '../router/index.ts';

/** What may be different in a sandbox; what is left out is as in the gateway before it. */
export interface SandboxSettings {
  readonly seed?: number | undefined;
  /** As `--tariff-date` and `--clock` are written. */
  readonly tariffDate?: string | undefined;
  readonly clock?: string | undefined;
  /** Whether ESMEs may bind. They may anyway where they do at the gateway before it, at the same port; else it has one of its own. */
  readonly smpp?: boolean | undefined;
}

/** By what a sandbox is told from others. All of it is its own account's. */
export interface SandboxKeys {
  /** Also the name of its account and its system_id over SMPP. */
  readonly id: string;
  readonly password: string;
  /** For the APIs of providers: an account SID, key or user, and the token, secret or password that goes with it. */
  readonly api: { readonly id: string; readonly secret: string };
}

/** A gateway as it is needed here. */
export interface InnerGateway {
  readonly app: { routing(request: IncomingMessage, response: ServerResponse): void };
  /** Where ESMEs are handed over that have bound at the port of the gateway in front. */
  readonly smpp: SmppEdge | undefined;
  close(graceMs: number): Promise<void>;
}

interface SmppEdge {
  readonly isAnyBound: boolean;
  take(socket: Socket, bytes: Buffer): void;
}

export interface Sandbox<Inner extends InnerGateway> extends SandboxKeys {
  readonly inner: Inner;
  readonly openedAtMs: number;
  /** Machine time. */
  lastUsedMs: number;
  /** Answers that have not ended: requests at work, and streams. */
  readonly openAnswers: Set<ServerResponse>;
  /** Closes it when nobody has used it for so long; Infinity for never. */
  readonly idleMs: number;
}

export interface SandboxesOptions<Inner extends InnerGateway> {
  /** Opens a gateway that does not listen, or says what is wrong with the settings. */
  readonly open: (settings: SandboxSettings, keys: SandboxKeys) => Promise<Inner | FieldProblem>;
  readonly machineClock: Clock;
  readonly machineTimers: Timers;
  readonly log: { error(fields: object, message: string): void };
}

export const SANDBOX_HEADER = 'tollgate-sandbox';
const PATH = '/sandboxes/';
const OWN_ROUTES = '/v1/sandboxes';
const BASIC = 'Basic ';
const BEARER = 'Bearer ';

const API_KEY = /[?&]api_key=([^&]*)/;

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** With two letters in front within what a system_id may have, and not to be guessed. */
const ID_LENGTH = 12;
/** What a password over SMPP may have. */
const PASSWORD_LENGTH = 8;

export class Sandboxes<Inner extends InnerGateway> {
  readonly #options: SandboxesOptions<Inner>;
  readonly #byId = new Map<string, Sandbox<Inner>>();
  /** By the halves of their credentials: some clients send both, some the secret alone. */
  readonly #byKey = new Map<string, Sandbox<Inner>>();
  readonly #stopSweeping: () => void;
  /** Being opened, which takes a moment. */
  #opening = 0;
  #isClosed = false;
  /** Of the latest that were closed: the halves of their credentials by id, and ids by those. */
  readonly #gone = new Map<string, readonly string[]>();
  readonly #goneKeys = new Map<string, string>();

  constructor(options: SandboxesOptions<Inner>) {
    this.#options = options;
    this.#stopSweeping = options.machineTimers.every(SANDBOX_SWEEP_MS, () => this.#sweep());
  }

  get all(): readonly Sandbox<Inner>[] {
    return [...this.#byId.values()];
  }

  /** Opens one, or says why not. */
  async open(settings: SandboxSettings = {}, idleMs = SANDBOX_IDLE_MS): Promise<Sandbox<Inner> | Problem> {
    if (this.#isClosed) {
      const message = 'this gateway is closing: open sandboxes before it is closed';
      return problem('closing', 503, 'Closing', [{ field: '', message }]);
    }
    if (this.#byId.size + this.#opening >= SANDBOXES_MAX) {
      const message = `${this.#byId.size} are open, which is the most; close some with DELETE ${OWN_ROUTES}/<id>`;
      return problem('too-many-sandboxes', 429, 'Too many sandboxes', [{ field: '', message }]);
    }
    const keys = newKeys();
    this.#opening += 1;
    let inner: Inner | FieldProblem;
    try {
      inner = await this.#options.open(settings, keys);
    } finally {
      this.#opening -= 1;
    }
    if ('message' in inner) return problem('invalid-sandbox', 422, 'Invalid sandbox', [inner]);
    const nowMs = this.#options.machineClock.nowMs();
    const sandbox: Sandbox<Inner> = {
      ...keys,
      inner,
      openedAtMs: nowMs,
      lastUsedMs: nowMs,
      openAnswers: new Set(),
      idleMs,
    };
    this.#byId.set(sandbox.id, sandbox);
    for (const key of keysOf(sandbox)) this.#byKey.set(key, sandbox);
    return sandbox;
  }

  /** Closes one at once, with all that is in flight in it. False if there is none of that id. */
  async closeOne(id: string): Promise<boolean> {
    const sandbox = this.#byId.get(id);
    if (sandbox === undefined) return false;
    this.#byId.delete(id);
    for (const key of keysOf(sandbox)) this.#byKey.delete(key);
    this.#rememberGone(sandbox);
    await sandbox.inner.close(0);
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopSweeping();
    await Promise.all(this.all.map(({ id }) => this.closeOne(id)));
  }

  /**
   * Where the ESME with this system_id binds: in its sandbox; nowhere, null, if that was closed, lest one that binds again by itself does
   * so unnoticed at the gateway before it; undefined if it is of no sandbox.
   */
  smppOf(systemId: string): SmppEdge | null | undefined {
    const sandbox = this.#byId.get(systemId);
    if (sandbox === undefined) return this.#gone.has(systemId) ? null : undefined;
    sandbox.lastUsedMs = this.#options.machineClock.nowMs();
    return sandbox.inner.smpp;
  }

  /**
   * Hands a request to the sandbox it is for, or answers that there is none: also to who comes with the credentials of one that was closed,
   * lest the gateway before it serves and charges what was meant for a test. False if it is for no sandbox.
   */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '/', headers } = request;
    if (url.startsWith(PATH)) {
      const end = url.indexOf('/', PATH.length);
      const id = end < 0 ? url.slice(PATH.length) : url.slice(PATH.length, end);
      request.url = end < 0 ? '/' : url.slice(end);
      return this.#hand(this.#byId.get(id), id, request, response);
    }
    const id = headers[SANDBOX_HEADER];
    if (id === undefined && this.#byId.size === 0 && this.#gone.size === 0) return false;
    if (url.startsWith(OWN_ROUTES)) return false;
    if (typeof id === 'string') return this.#hand(this.#byId.get(id), id, request, response);
    const key = keyIn(url, headers.authorization);
    const sandbox = this.#byKey.get(key);
    const idOfKey = sandbox?.id ?? this.#goneKeys.get(key);
    return idOfKey !== undefined && this.#hand(sandbox, idOfKey, request, response);
  }

  #rememberGone(keys: SandboxKeys): void {
    const [oldest] = this.#gone;
    if (oldest !== undefined && this.#gone.size >= SANDBOXES_GONE_MAX) {
      const [id, keysOfOldest] = oldest;
      this.#gone.delete(id);
      for (const key of keysOfOldest) this.#goneKeys.delete(key);
    }
    this.#gone.set(keys.id, keysOf(keys));
    for (const key of keysOf(keys)) this.#goneKeys.set(key, keys.id);
  }

  #hand(sandbox: Sandbox<Inner> | undefined, id: string, request: IncomingMessage, response: ServerResponse): true {
    if (sandbox === undefined) {
      const message = `there is no sandbox "${id}": it was closed, or not used for too long; open one with POST ${OWN_ROUTES}`;
      const body = problem('no-such-sandbox', 404, 'No such sandbox', [{ field: SANDBOX_HEADER, message }]);
      response.writeHead(404, { 'content-type': PROBLEM_CONTENT_TYPE }).end(JSON.stringify(body));
    } else {
      const { machineClock } = this.#options;
      sandbox.lastUsedMs = machineClock.nowMs();
      sandbox.openAnswers.add(response);
      response.once('close', () => {
        sandbox.openAnswers.delete(response);
        sandbox.lastUsedMs = machineClock.nowMs();
      });
      sandbox.inner.app.routing(request, response);
    }
    return true;
  }

  #sweep(): void {
    const nowMs = this.#options.machineClock.nowMs();
    for (const sandbox of this.#byId.values()) {
      const { id, inner, openAnswers, idleMs } = sandbox;
      // An answer that still waits for another one on its connection is not told when that breaks.
      for (const response of openAnswers) if (response.req.socket.destroyed) openAnswers.delete(response);
      if (openAnswers.size > 0 || inner.smpp?.isAnyBound === true) sandbox.lastUsedMs = nowMs;
      if (nowMs - sandbox.lastUsedMs < idleMs) continue;
      this.closeOne(id).catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'a sandbox could not be closed'),
      );
    }
  }
}

function newKeys(): SandboxKeys {
  const letters = Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]);
  const secret = randomBytes(16).toString('hex');
  return {
    id: `sb${letters.join('')}`,
    password: secret.slice(0, PASSWORD_LENGTH),
    // As an account SID: there are clients that refuse any other.
    api: { id: `AC${randomBytes(16).toString('hex')}`, secret },
  };
}

function keysOf({ api }: SandboxKeys): readonly string[] {
  return [api.id, api.secret];
}

/**
 * Who a request says it is from, for its gateway to look into: the user of Basic authentication, the token of a bearer or whom that was made
 * for, else an `api_key` among the parameters of the path; empty if there is none. What is in bodies is not looked for.
 */
function keyIn(url: string, authorization: string | undefined): string {
  if (authorization === undefined) return API_KEY.exec(url)?.[1] ?? '';
  if (authorization.startsWith(BEARER)) {
    const token = authorization.slice(BEARER.length);
    return token.includes('.') ? subjectOf(token) : token;
  }
  if (!authorization.startsWith(BASIC)) return '';
  const pair = Buffer.from(authorization.slice(BASIC.length), 'base64').toString('latin1');
  return pair.slice(0, Math.max(0, pair.indexOf(':')));
}

/** Whom a JWT was made for, or by which application. */
function subjectOf(token: string): string {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { sub, application_id: application } = JSON.parse(payload) as Readonly<Record<string, unknown>>;
    const subject = sub ?? application;
    return typeof subject === 'string' ? subject : '';
  } catch {
    return '';
  }
}
