/** HTTP at a stated rate: undici's connections, each with one request at a time. */
import { type Dispatcher, Pool } from 'undici';
import { readAnswer } from './http-answers.ts';
import type { HttpRequests } from './http-requests.ts';
import { shareOf, type LoadPlan } from './plan.ts';
import { countFailed, nameOfError, type Target, type TargetParts, UNANSWERED } from './target.ts';

export class HttpTarget implements Target {
  onRoom: () => void = () => {};
  inFlight = 0;
  readonly #pool: Pool;
  readonly #connections: number;
  readonly #messages: number;
  readonly #requests: HttpRequests;
  readonly #parts: TargetParts;
  #isAbandoned = false;

  constructor(plan: LoadPlan, thread: number, requests: HttpRequests, parts: TargetParts) {
    this.#connections = shareOf(plan.connections, thread, plan.threads);
    this.#messages = plan.batchMessages;
    this.#requests = requests;
    this.#parts = parts;
    this.#pool = new Pool(new URL(plan.url).origin, {
      connections: this.#connections,
      pipelining: 1,
      headersTimeout: plan.timeoutMs,
      bodyTimeout: plan.timeoutMs,
      connect: { timeout: plan.timeoutMs, ...(plan.isInsecure && { rejectUnauthorized: false }) },
    });
  }

  get hasRoom(): boolean {
    return this.inFlight < this.#connections;
  }

  send(dueMs: number): void {
    const { path, headers, number } = this.#requests;
    const body = this.#requests.take();
    this.inFlight += 1;
    this.#pool.dispatch({ path, method: 'POST', headers, body }, this.#handler(dueMs, number));
  }

  flush(): void {}

  tick(): void {}

  abandon(): void {
    this.#isAbandoned = true;
    // Every request that is under way is told so, and counted.
    this.#pool.destroy().catch(() => {});
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #handler(dueMs: number, number: number): Dispatcher.DispatchHandler {
    const chunks: Buffer[] = [];
    let status = 0;
    return {
      // Its presence tells undici that the handler is of the present kind.
      onRequestStart: () => {},
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: (_controller, chunk) => {
        chunks.push(chunk);
      },
      onResponseEnd: () => {
        const body = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
        readAnswer(this.#parts, { dueMs, number, messages: this.#messages }, status, body);
        this.#settled();
      },
      onResponseError: (_controller, error) => {
        const why = this.#isAbandoned ? UNANSWERED : nameOfError(error);
        countFailed(this.#parts.tally, { dueMs, nowMs: this.#parts.nowMs() }, this.#messages, why);
        this.#settled();
      },
    };
  }

  #settled(): void {
    this.inFlight -= 1;
    this.onRoom();
  }
}
