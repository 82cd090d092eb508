/**
 * One attempt to post over HTTP: what it came to, and never an exception.
 *
 * Time here is that of the machine, whatever the gateway's clock says: sockets know no other. Redirects are not followed. Of an
 * answer the status counts; its body is read as far as it takes to use the connection again, and cut off beyond that.
 */
import { Agent, errors, request } from 'undici';
import { WEBHOOK_ANSWER_BYTES, WEBHOOK_CONNECT_TIMEOUT_MS, WEBHOOK_HOST_POSTS_MAX } from '../limits.ts';
import { AddressRefused, type WebhookGuard } from './webhook-guard.ts';

/** What an attempt came to; all but the first are failures. */
export const ATTEMPT_RESULTS = ['ok', 'status', 'redirect', 'gone', 'timeout', 'unreachable', 'forbidden'] as const;
export type AttemptResult = (typeof ATTEMPT_RESULTS)[number];

export interface Attempt {
  readonly result: AttemptResult;
  /** Of the answer, if there was one. */
  readonly status?: number;
  /** The header of that name, as it came. */
  readonly retryAfter?: string;
}

const GONE = 410;

export class PostSender {
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  constructor(guard: Pick<WebhookGuard, 'lookup'>, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({
      connections: WEBHOOK_HOST_POSTS_MAX,
      pipelining: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { lookup: guard.lookup, timeout: Math.min(WEBHOOK_CONNECT_TIMEOUT_MS, timeoutMs) },
    });
  }

  /** To an address that the caller knows to be allowed by name; what the name resolves to is checked here. */
  async send(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    {
      method = 'POST',
      timeoutMs = this.#timeoutMs,
    }: { readonly method?: 'GET' | 'POST'; readonly timeoutMs?: number } = {},
  ): Promise<Attempt> {
    const signal = AbortSignal.timeout(timeoutMs);
    const how = { method, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, dispatcher: this.#agent, signal };
    try {
      const answer = await request(url, { ...how, headers, ...(method === 'POST' && { body }) });
      await answer.body.dump({ limit: WEBHOOK_ANSWER_BYTES, signal }).catch(() => undefined);
      return attemptOf(answer.statusCode, answer.headers['retry-after']);
    } catch (error) {
      return { result: failureOf(error) };
    }
  }

  /** Ends all connections; what is under way fails. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

function attemptOf(status: number, retryAfter: string | string[] | undefined): Attempt {
  const result = status < 300 ? 'ok' : status < 400 ? 'redirect' : status === GONE ? 'gone' : 'status';
  return { result, status, ...(typeof retryAfter === 'string' && { retryAfter }) };
}

function failureOf(error: unknown): AttemptResult {
  if (error instanceof AddressRefused) return 'forbidden';
  const isTimeout =
    (error instanceof Error && error.name === 'TimeoutError') ||
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError;
  return isTimeout ? 'timeout' : 'unreachable';
}
