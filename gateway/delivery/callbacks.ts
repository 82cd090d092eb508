/**
 * Posts to addresses outside, at least once: receipts, in the native shape, to the address a message named, and whatever
 * else is handed to `send`.
 *
 * A bounded line of waiting posts, a bounded number under way, a few attempts with growing waits. A receiver that never
 * answers costs one place for the length of a timeout and no more. What the handset got is not in the body: a carrier
 * does not tell.
 */
import { CALLBACK_RETRY_MS, CALLBACK_TIMEOUT_MS, CALLBACKS_IN_FLIGHT_MAX, CALLBACKS_WAITING_MAX } from '../limits.ts';
import { type MessageStore, RECEIPT_STATES } from '../messages/index.ts';
import { CARRIER_LABELS, type Timers } from '../router/index.ts';

interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  attempts: number;
}

export type CallbackResults = Record<'delivered' | 'failed' | 'dropped', number>;

export class Callbacks {
  readonly results: CallbackResults = { delivered: 0, failed: 0, dropped: 0 };
  readonly #store: MessageStore;
  readonly #timers: Timers;
  readonly #waiting: Post[] = [];
  readonly #retries = new Set<() => void>();
  readonly #stop = new AbortController();
  #underWay = 0;

  constructor(options: { store: MessageStore; timers: Timers }) {
    this.#store = options.store;
    this.#timers = options.timers;
  }

  /** Posts the receipt of the message at ring place `at`, if it asked for one. */
  receiptArrived(at: number, nowMs: number): void {
    const store = this.#store;
    const url = store.callbackUrls[at];
    if (url === undefined || this.#isFull()) return;
    const body = JSON.stringify({
      event: 'receipt',
      id: store.idOf(store.sequenceAt(at)),
      reference: store.references[at] ?? null,
      account: store.accounts[at] ?? null,
      carrier: CARRIER_LABELS[store.carrier[at]!],
      receipt: RECEIPT_STATES[store.receipt[at]!],
      at: new Date(nowMs).toISOString(),
    });
    this.#line(url, {}, body);
  }

  /** Posts a JSON body to an address that the caller knows to be allowed. */
  send(url: string, headers: Readonly<Record<string, string>>, body: string): void {
    if (!this.#isFull()) this.#line(url, headers, body);
  }

  /** Waiting, under way, or to be tried again. */
  get pendingCount(): number {
    return this.#waiting.length + this.#underWay + this.#retries.size;
  }

  /** Gives up on everything not yet delivered. */
  close(): void {
    this.#stop.abort();
    this.#waiting.length = 0;
    for (const cancel of this.#retries) cancel();
    this.#retries.clear();
  }

  /** Whether there is no room for one more, which is then counted as dropped. */
  #isFull(): boolean {
    const isFull = this.pendingCount >= CALLBACKS_WAITING_MAX;
    if (isFull) this.results.dropped += 1;
    return isFull;
  }

  #line(url: string, headers: Readonly<Record<string, string>>, body: string): void {
    this.#waiting.push({ url, headers, body, attempts: 0 });
    this.#startSome();
  }

  #startSome(): void {
    while (this.#underWay < CALLBACKS_IN_FLIGHT_MAX) {
      const post = this.#waiting.shift();
      if (post === undefined) return;
      this.#underWay += 1;
      this.#attempt(post).then(
        () => this.#ended(),
        () => this.#ended(),
      );
    }
  }

  #ended(): void {
    this.#underWay -= 1;
    this.#startSome();
  }

  /** One attempt. Never rejects: a failure is retried later or counted. */
  async #attempt(post: Post): Promise<void> {
    post.attempts += 1;
    try {
      const answer = await fetch(post.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...post.headers },
        body: post.body,
        redirect: 'error',
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(CALLBACK_TIMEOUT_MS)]),
      });
      await answer.body?.cancel();
      if (answer.ok) {
        this.results.delivered += 1;
        return;
      }
    } catch {
      // No connection, a redirect, a timeout: the same as a bad status, and retried like one.
    }
    this.#retryOrFail(post);
  }

  #retryOrFail(post: Post): void {
    const waitMs = CALLBACK_RETRY_MS[post.attempts - 1];
    if (waitMs === undefined || this.#stop.signal.aborted) {
      this.results.failed += 1;
      return;
    }
    const cancel = this.#timers.after(waitMs, () => {
      this.#retries.delete(cancel);
      this.#waiting.push(post);
      this.#startSome();
    });
    this.#retries.add(cancel);
  }
}
