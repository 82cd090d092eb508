/** HTTP: undici's connections, each with one request at a time. */
import { type Dispatcher, Pool } from 'undici';
import { readAnswer } from './http-answers.ts';
import type { HttpRequests } from './http-requests.ts';
import { shareOf, type LoadPlan } from './plan.ts';
import { countFailed, nameOfError, type Target, type TargetParts, UNANSWERED } from './target.ts';

interface UnderWay {
  readonly sentMs: number;
  /** Undefined until it is written to a connection. */
  controller: Dispatcher.DispatchController | undefined;
}

export class HttpTarget implements Target {
  onRoom: () => void = () => {};
  readonly #pool: Pool;
  readonly #connections: number;
  readonly #messages: number;
  readonly #requests: HttpRequests;
  readonly #parts: TargetParts;
  readonly #timeoutMs: number;
  /** In the order in which they were sent. */
  readonly #underWay = new Set<UnderWay>();
  #isAbandoned = false;

  constructor(plan: LoadPlan, thread: number, requests: HttpRequests, parts: TargetParts) {
    this.#connections = shareOf(plan.connections, thread, plan.threads);
    this.#messages = plan.batchMessages;
    this.#requests = requests;
    this.#parts = parts;
    this.#timeoutMs = plan.timeoutMs;
    this.#pool = new Pool(new URL(plan.url).origin, {
      connections: this.#connections,
      pipelining: 1,
      // Its own are coarse, and begin anew with every byte of an answer.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: plan.timeoutMs, ...(plan.isInsecure && { rejectUnauthorized: false }) },
    });
  }

  get inFlight(): number {
    return this.#underWay.size;
  }

  get hasRoom(): boolean {
    return this.#underWay.size < this.#connections;
  }

  send(dueMs: number): void {
    const { path, headers, number } = this.#requests;
    const body = this.#requests.take();
    const request: UnderWay = { sentMs: this.#parts.nowMs(), controller: undefined };
    this.#underWay.add(request);
    this.#pool.dispatch({ path, method: 'POST', headers, body }, this.#handler(request, dueMs, number));
  }

  flush(): void {}

  tick(nowMs: number): void {
    for (const { sentMs, controller } of this.#underWay) {
      if (nowMs - sentMs < this.#timeoutMs) return;
      controller?.abort(new Error(UNANSWERED));
    }
  }

  abandon(): void {
    this.#isAbandoned = true;
    // Every request that is under way is told so, and counted.
    this.#pool.destroy().catch(() => {});
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #handler(request: UnderWay, dueMs: number, number: number): Dispatcher.DispatchHandler {
    const chunks: Buffer[] = [];
    let status = 0;
    return {
      onRequestStart: (controller) => {
        request.controller = controller;
      },
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: (_controller, chunk) => {
        chunks.push(chunk);
      },
      onResponseEnd: () => {
        const body = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
        readAnswer(this.#parts, { dueMs, number, messages: this.#messages }, status, body);
        this.#settled(request);
      },
      onResponseError: (_controller, error) => {
        const why = this.#isAbandoned ? UNANSWERED : nameOfError(error);
        countFailed(this.#parts.tally, { dueMs, nowMs: this.#parts.nowMs() }, this.#messages, why);
        this.#settled(request);
      },
    };
  }

  #settled(request: UnderWay): void {
    this.#underWay.delete(request);
    this.onRoom();
  }
}
