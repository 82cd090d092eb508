/**
 * A whole gateway for a test: the real composition on a free loopback port, with time that stands still until the test
 * moves it, a client, and real telephone numbers of each carrier to send to.
 */
import { type BlockGroup, formatNumber, isAssigned, parseNumberKey } from '../registry-cache/index.ts';
import type { DestinationStream } from 'pino';
import { type LoadedWorld, loadWorld, type WorldFiles } from './load-world.ts';
import { type Gateway, openGateway } from './main.ts';
import type { MessageAnswer } from './messages/index.ts';
import { readOptions, type ServeOptions } from './options.ts';
import type { Clock, Timers } from './router/index.ts';
import { createLog } from './telemetry/index.ts';

/** Ten in the morning in Los Angeles on the default tariff date, so that a Pacific day has fourteen hours left. */
const START_MS = Date.UTC(2024, 2, 1, 18);

/** A clock and timers that move only when told to. */
class HandDrivenTime implements Clock, Timers {
  #nowMs: number;
  readonly #waiting = new Set<WaitingTimer>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicNs(): number {
    return this.#nowMs * 1e6;
  }

  every(periodMs: number, run: () => void): () => void {
    return this.#wait(afterMs(this.#nowMs, periodMs) - this.#nowMs, periodMs, run);
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#wait(delayMs, undefined, run);
  }

  /** For a gateway's snapshots, as of any clock that can be set. */
  capture(): number {
    return this.#nowMs;
  }

  /**
   * Time may go back. Timers that repeat run at multiples of their periods, so that they do after a restore as they did before; the others
   * wait for as long as they still had to.
   */
  restore(nowMs: number): void {
    for (const timer of this.#waiting) {
      const { periodMs } = timer;
      timer.dueMs = periodMs === undefined ? timer.dueMs + nowMs - this.#nowMs : afterMs(nowMs, periodMs);
    }
    this.#nowMs = nowMs;
  }

  /** Timers that have not run or been stopped. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Moves time on, running what falls due in order of time, then of arrival. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#nowMs = next.dueMs;
      if (next.periodMs === undefined) this.#waiting.delete(next);
      else next.dueMs += next.periodMs;
      next.run();
    }
    this.#nowMs = untilMs;
  }

  #wait(delayMs: number, periodMs: number | undefined, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, periodMs, run };
    this.#waiting.add(timer);
    return () => this.#waiting.delete(timer);
  }

  #nextDue(untilMs: number): WaitingTimer | undefined {
    let next: WaitingTimer | undefined;
    for (const timer of this.#waiting) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

/** The first multiple of a period after a moment. */
function afterMs(nowMs: number, periodMs: number): number {
  return nowMs - (nowMs % periodMs) + periodMs;
}

interface WaitingTimer {
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly run: () => void;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body read as JSON, of whatever shape the test expects; undefined if it is none. */
  readonly body: Body;
}

/** A problem document (RFC 9457). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

type HeaderFields = Readonly<Record<string, string>>;

export interface GatewayUnderTest extends Gateway {
  readonly time: HandDrivenTime;
  /** Sends one request over a real socket; a body that is not text goes as JSON. */
  ask<Body = ProblemBody>(method: string, path: string, body?: unknown, headers?: HeaderFields): Promise<Answer<Body>>;
  /** Sends one message, with a sender, a destination at AT&T and a text unless it brings its own. */
  send(own?: Readonly<Record<string, unknown>>): Promise<Answer<MessageAnswer>>;
  /** The `place`th number of a group of blocks, always the same; of `nobody`, one in a block that nobody holds. */
  number(group: BlockGroup | 'nobody', place?: number): string;
}

/** Options as an operator gets them who sets nothing but `own`; logs nothing. */
function optionsWith(own: Partial<ServeOptions> = {}): ServeOptions {
  const read = readOptions({ environment: {}, flags: { port: '0', logLevel: 'silent' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  return { ...read.options, ...own };
}

export async function openGatewayUnderTest(
  own: Partial<Omit<ServeOptions, Exclude<keyof WorldFiles, 'magicNumbers'>>> = {},
  logTo?: DestinationStream,
  startMs = START_MS,
): Promise<GatewayUnderTest> {
  const options = optionsWith(own);
  const world = freshWorld(options.magicNumbers);
  const time = new HandDrivenTime(startMs);
  const log = createLog(options.logLevel, logTo);
  const gateway = await openGateway({ options, world, clock: time, timers: time, log });
  const number = (group: BlockGroup | 'nobody', place = 0): string => {
    if (group === 'nobody') return unassignedNumber(world);
    const found = blocks.get(group) ?? world.carrierMap.blocksOf(group);
    blocks.set(group, found);
    return formatNumber((found[place % found.length] ?? 0) * 1_000 + Math.floor(place / found.length));
  };
  return {
    ...gateway,
    time,
    number,
    ask: (method, path, body, headers = {}) => ask(gateway.url + path, method, body, headers),
    send: (message) => {
      const body = { from: number('cpaas'), to: number('att'), text: 'Your table is ready.', ...message };
      return ask(`${gateway.url}/v1/messages`, 'POST', body, {});
    },
    close: async () => {
      // Closing waits for messages in flight, and they for time.
      let isClosed = false;
      const closing = gateway.close().finally(() => (isClosed = true));
      while (!isClosed) {
        time.advance(10);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await closing;
    },
  };
}

/** Blocks of the shipped world; finding them reads the whole map. */
const blocks = new Map<BlockGroup, Uint32Array>();

/** The shipped world as nobody has touched it. */
function freshWorld(magicNumbers: boolean): LoadedWorld {
  return loadWorld({ magicNumbers });
}

function unassignedNumber({ carrierMap }: LoadedWorld): string {
  for (let key = 2_122_000_000; ; key += 1_000) {
    if (parseNumberKey(formatNumber(key)) >= 0 && !isAssigned(carrierMap.lookup(key))) return formatNumber(key);
  }
}

async function ask<Body>(url: string, method: string, body: unknown, headers: HeaderFields): Promise<Answer<Body>> {
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(payload !== undefined && { body: payload }),
  });
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (isJson ? tryJson(text) : undefined) as Body,
  };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Lines of NDJSON.
  }
}
