/** A receiver of webhooks on loopback: what is posted to it is kept, looked through and waited for. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as realTime } from 'node:timers/promises';
import type { TestClock } from './clock.ts';
import { type Candidate, differences, explained } from './match.ts';
import { waited, type WaitOptions } from './wait.ts';

export interface CapturedWebhook {
  readonly method: string;
  /** Behind the address of the receiver, with its query: `/` if nothing was put behind it. */
  readonly path: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly text: string;
  /** The body read as JSON or as a form; undefined if it is neither. */
  readonly body: unknown;
}

/**
 * What a webhook must be: `method`, `path`, `header.<name>`, and everything else a field of the body, such as `data.id`; each a value, a
 * pattern or a function.
 */
export type WebhookMatch = Readonly<Record<string, unknown>>;

/** How posts are answered; with 200 and nothing more when left out. */
export interface WebhookAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long, in real time, the sender waits for it. */
  readonly delayMs?: number;
}

/** A webhook that should have come and has not, or the other way round. */
export class WrongWebhooks extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WrongWebhooks';
  }
}

export class TestWebhooks {
  /** Where to have webhooks posted to, such as `http://127.0.0.1:41234/main`; a path may be put behind it. */
  readonly url: string;
  readonly #clock: TestClock;
  readonly #got: CapturedWebhook[] = [];
  #answer: (webhook: CapturedWebhook) => WebhookAnswer = () => ({});

  constructor(url: string, clock: TestClock) {
    this.url = url;
    this.#clock = clock;
  }

  /** All that match, as they came. */
  all(match: WebhookMatch = {}): CapturedWebhook[] {
    return this.#got.filter((one) => differences(candidateOf(one), match).length === 0);
  }

  /** The latest that matches, or undefined. */
  find(match: WebhookMatch = {}): CapturedWebhook | undefined {
    return this.all(match).at(-1);
  }

  /** The latest that matches, once it has come. Time that stands is moved on for it. Rejects with WrongWebhooks, naming those that came closest. */
  async waitFor(match: WebhookMatch = {}, options: WaitOptions = {}): Promise<CapturedWebhook> {
    const found = await waited(this.#clock, () => this.find(match), options);
    if (found === undefined) throw new WrongWebhooks(this.explain(match));
    return found;
  }

  /** Resolves if none that matches has come, nor comes for `withinMs`. Rejects with WrongWebhooks. */
  async expectNone(match: WebhookMatch = {}, { withinMs = 0 }: { readonly withinMs?: number } = {}): Promise<void> {
    const found = await waited(this.#clock, () => this.find(match), { timeoutMs: withinMs });
    if (found === undefined) return;
    const lines = this.all(match).map((one) => `  ${nameOf(one)}`);
    throw new WrongWebhooks([`${lines.length} webhooks that should not have come:`, ...lines].join('\n'));
  }

  /** Why none matches. */
  explain(match: WebhookMatch): string {
    return explained('webhook', this.#got.map(candidateOf), match);
  }

  /** Has posts answered so from now on, as by a receiver that fails. */
  answerWith(answer: WebhookAnswer | ((webhook: CapturedWebhook) => WebhookAnswer)): void {
    this.#answer = typeof answer === 'function' ? answer : () => answer;
  }

  /** Forgets what has come, and how to answer. */
  clear(): void {
    this.#got.length = 0;
    this.#answer = () => ({});
  }

  /** Takes a post; what to answer. For the receiver. */
  take(webhook: CapturedWebhook): WebhookAnswer {
    this.#got.push(webhook);
    return this.#answer(webhook);
  }
}

/** One receiver for a gateway and all sandboxes behind it, each with a path of its own. */
export class WebhookReceiver {
  readonly #server: Server;
  readonly #url: string;
  readonly #byName = new Map<string, TestWebhooks>();

  private constructor(server: Server) {
    this.#server = server;
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#receive(request, response).catch(() => response.destroy());
    });
  }

  static async open(): Promise<WebhookReceiver> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new WebhookReceiver(server);
  }

  add(name: string, clock: TestClock): TestWebhooks {
    const webhooks = new TestWebhooks(`${this.#url}/${name}`, clock);
    this.#byName.set(name, webhooks);
    return webhooks;
  }

  remove(name: string): void {
    this.#byName.delete(name);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = '', path = ''] = /^\/([^/?]*)(.*)$/s.exec(request.url ?? '') ?? [];
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const { method = '', headers } = request;
    const body = readBody(text, headers['content-type']);
    const captured = { method, path: path === '' ? '/' : path, headers, text, body };
    const {
      status = 200,
      headers: own = {},
      body: answer = '',
      delayMs = 0,
    } = this.#byName.get(name)?.take(captured) ?? { status: 404 };
    if (delayMs > 0) await realTime(delayMs, undefined, { ref: false });
    response.writeHead(status, own).end(answer);
  }
}

function readBody(text: string, type = ''): unknown {
  if (type.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function candidateOf(webhook: CapturedWebhook): Candidate {
  return {
    name: nameOf(webhook),
    read(field) {
      if (field === 'method' || field === 'path') return webhook[field];
      if (field.startsWith('header.')) return webhook.headers[field.slice('header.'.length).toLowerCase()];
      let value: unknown = webhook.body;
      for (const part of field.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[part];
      return value;
    },
  };
}

function nameOf({ method, path, text }: CapturedWebhook): string {
  return `${method} ${path} ${text}`;
}
