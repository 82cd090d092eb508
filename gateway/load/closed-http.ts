/**
 * HTTP as fast as the target answers: autocannon's connections, each of which sends its next request when it has its answer.
 *
 * autocannon makes each request anew when its turn comes, so that every message has a number of its own; its own statistics are left
 * aside, since only what is of the stretch that counts, by threads that add up, is wanted.
 */
import autocannon from 'autocannon';
import { readAnswer } from './http-answers.ts';
import type { HttpRequests } from './http-requests.ts';
import { type LoadPlan, shareOf } from './plan.ts';
import { countFailed, LOST, nameOfError, type TargetParts, UNANSWERED } from './target.ts';

const MS_PER_SECOND = 1_000;
const STOP_LOOK_MS = 50;
/** Far beyond any load, which is stopped by hand; about the most that a timer takes. */
const FOREVER_SECONDS = 2_000_000;

interface Connection {
  /** When its request was sent; undefined while it has none. */
  sentMs: number | undefined;
  number: number;
  readonly destroy: () => void;
}

export class ClosedHttp {
  readonly #parts: TargetParts;
  readonly #requests: HttpRequests;
  readonly #messages: number;
  readonly #connections: Connection[] = [];
  readonly #run: autocannon.Instance;
  #lastError = LOST;
  #isEnding = false;

  /** Begins at once. */
  constructor(plan: LoadPlan, thread: number, requests: HttpRequests, parts: TargetParts) {
    this.#parts = parts;
    this.#requests = requests;
    this.#messages = plan.batchMessages;
    this.#run = autocannon(
      {
        url: new URL(requests.path, plan.url).href,
        connections: shareOf(plan.connections, thread, plan.threads),
        pipelining: 1,
        duration: FOREVER_SECONDS,
        timeout: plan.timeoutMs / MS_PER_SECOND,
        sampleInt: STOP_LOOK_MS,
        method: 'POST',
        headers: requests.headers,
        setupClient: (client) => this.#setUp(client),
      },
      (error: unknown) => {
        if (error instanceof Error) throw error;
      },
    );
    this.#run.on(
      'reqError',
      (error: Error) => (this.#lastError = error.message.includes('timed out') ? UNANSWERED : nameOfError(error)),
    );
  }

  get inFlight(): number {
    return this.#connections.filter(({ sentMs }) => sentMs !== undefined).length;
  }

  /** Sends no more. */
  end(): void {
    this.#isEnding = true;
  }

  /** Gives up all that is not answered. */
  abandon(nowMs: number): void {
    for (const connection of this.#connections) {
      if (connection.sentMs !== undefined) this.#parts.tally.failed(connection.sentMs, nowMs, UNANSWERED);
      connection.sentMs = undefined;
    }
  }

  close(): void {
    this.#run.stop();
  }

  #setUp(client: autocannon.Client): void {
    const { tally, nowMs } = this.#parts;
    const connection: Connection = {
      sentMs: undefined,
      number: 0,
      destroy: () => (client as autocannon.Client & { destroy(): void }).destroy(),
    };
    this.#connections.push(connection);
    const request: autocannon.Request = {
      setupRequest: (made) => {
        const atMs = nowMs();
        // autocannon has connected anew and says nothing of the request that the connection took with it.
        if (connection.sentMs !== undefined) {
          countFailed(tally, { dueMs: connection.sentMs, nowMs: atMs }, this.#messages, this.#lastError);
        }
        connection.number = this.#requests.number;
        connection.sentMs = this.#isEnding ? undefined : atMs;
        if (!this.#isEnding) tally.sent(atMs, 0);
        return { ...made, body: this.#requests.take() };
      },
      onResponse: (status, body) => {
        const { sentMs: dueMs, number } = connection;
        connection.sentMs = undefined;
        if (dueMs !== undefined) {
          readAnswer(this.#parts, { dueMs, number, messages: this.#messages }, status, Buffer.from(body, 'latin1'));
        }
        // Its next request has been made when this returns; it is cut off, and counts for nothing.
        if (this.#isEnding) setImmediate(connection.destroy);
      },
    };
    client.setRequests([request]);
  }
}
