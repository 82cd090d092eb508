/**
 * Asks a gateway and writes down what it was asked and what it answered, as the OpenAPI document shows them. Its time stands and its chance
 * is seeded, so it answers the same each time; the few things that are random all the same are written as something fixed.
 */
import type { ExampleCall } from './api-document.ts';
import { ControlledClock } from './control/index.ts';
import { loadWorld } from './load-world.ts';
import { openGateway } from './main.ts';
import { readOptions } from './options.ts';
import { createLog } from './telemetry/index.ts';

export interface Said {
  readonly summary?: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is if it is a text or bytes. */
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Key and secret. */
  readonly as?: readonly [string, string];
  /** Whether it is no example. */
  readonly isAside?: boolean;
}

type Fields = Readonly<Record<string, unknown>>;
export type Ask = <Answer = Fields>(route: string, said?: Said) => Promise<Answer>;

/** Of a list, so many are shown. */
const LIST_MAX = 2;
/** For the first event of a stream that has no end. */
const STREAM_MS = 1_500;
const PATIENCE_MS = 10_000;
const NOT_SIMULATED = 501;
/** What goes by the machine's clock, or is drawn anew each time. */
const MACHINE_FIELDS: Readonly<Record<string, unknown>> = {
  aheadMs: 0,
  openedAt: '2024-03-01T18:00:00.000Z',
  lastUsedAt: '2024-03-01T18:00:00.000Z',
  instance: '64b0a772-012d-42c1-94c2-e9e6bed53abe',
};

export interface Teller {
  readonly ask: Ask;
  /** What was asked and answered until now, by route, in order. */
  calls(): Record<string, ExampleCall[]>;
  /** Has a text that is random written as another. */
  readonly write: (one: string, as: string) => void;
  close(): Promise<void>;
}

export async function openTeller(): Promise<Teller> {
  const flags = { port: '0', logLevel: 'silent', magicNumbers: 'true', clock: 'frozen@2024-03-01T10:00:00-08:00' };
  const read = readOptions({ environment: {}, flags });
  if (!read.ok || read.options.clock === 'real' || read.options.clock === 'frozen') throw new Error('wrong options');
  const { options } = read;
  const clock = new ControlledClock();
  clock.freeze(read.options.clock);
  const world = loadWorld(options);
  const gateway = await openGateway({ options, world, clock, timers: clock, log: createLog(options.logLevel) });
  const recorded: Record<string, ExampleCall[]> = {};
  const random = new Map([[gateway.url, 'http://127.0.0.1:8080']]);

  const ask: Ask = async <Answer>(route: string, said: Said = {}) => {
    const [method = '', pattern = ''] = route.split(' ');
    const { summary, path, query, as, headers } = said;
    const filled = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path?.[name] ?? ''));
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    const sent = bodyOf(said);
    const response = await fetch(`${gateway.url}${filled}${search}`, {
      method,
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: {
        ...(sent && { 'content-type': sent.type }),
        ...(as && { authorization: `Basic ${Buffer.from(as.join(':')).toString('base64')}` }),
        ...headers,
      },
      ...(sent && { body: sent.payload }),
    });
    const got = await answerOf(response);
    if (response.status >= 500 && response.status !== NOT_SIMULATED) {
      throw new Error(`${route} was answered with ${response.status} ${String(got?.answer)}`);
    }
    const call: ExampleCall = {
      ...(summary !== undefined && { summary }),
      ...(path && { path }),
      ...(query && { query }),
      ...(sent && { type: sent.type, body: shown(sent.body) }),
      status: response.status,
      ...(got && { answerType: got.type, answer: shown(short(got.answer)) }),
    };
    if (said.isAside !== true) (recorded[route] ??= []).push(call);
    return got?.answer as Answer;
  };

  return {
    ask: (route, said) =>
      ask<never>(route, said).catch((error: unknown) => {
        throw new Error(`${route} ${JSON.stringify(said?.path ?? {})}`, { cause: error });
      }),
    calls() {
      let text = JSON.stringify(recorded);
      for (const [one, other] of random) text = text.replaceAll(one, other);
      return JSON.parse(text, (name, value: unknown) => MACHINE_FIELDS[name] ?? value) as Record<string, ExampleCall[]>;
    },
    write: (one, as) => void random.set(one, as),
    close: () => gateway.close(0),
  };
}

interface Sent {
  readonly type: string;
  readonly payload: string | Uint8Array<ArrayBuffer>;
  readonly body: unknown;
}

function bodyOf({ body, form, type }: Said): Sent | undefined {
  if (form !== undefined) {
    return { type: 'application/x-www-form-urlencoded', payload: new URLSearchParams(form).toString(), body: form };
  }
  if (body === undefined) return undefined;
  const isPlain = typeof body === 'string' || body instanceof Uint8Array;
  const payload = isPlain ? (body as Sent['payload']) : JSON.stringify(body);
  return { type: type ?? 'application/json', payload, body };
}

async function answerOf(response: Response): Promise<{ readonly type: string; readonly answer: unknown } | undefined> {
  const [type] = (response.headers.get('content-type') ?? '').split(';');
  if (type === undefined || type === '') return undefined;
  if (type === 'application/octet-stream') return { type, answer: new Uint8Array(await response.arrayBuffer()) };
  if (type === 'text/event-stream') return { type, answer: await firstEvent(response) };
  const text = await response.text();
  if (text === '') return undefined;
  return { type, answer: /\bjson$/.test(type) ? (JSON.parse(text) as unknown) : text };
}

function shown(value: unknown): unknown {
  return value instanceof Uint8Array ? '(bytes)' : value;
}

/** A value with its lists cut short. */
function short(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, LIST_MAX).map(short);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, short(one)]));
}

async function firstEvent(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const late = setTimeout(() => void reader?.cancel(), STREAM_MS);
  let text = '';
  try {
    while (reader !== undefined && !text.includes('\n\n')) {
      const { done, value } = await reader.read();
      if (done) break;
      text += Buffer.from(value).toString();
    }
  } finally {
    clearTimeout(late);
    await reader?.cancel();
  }
  return text.slice(0, text.indexOf('\n\n') + 2);
}
