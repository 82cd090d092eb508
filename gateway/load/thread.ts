/**
 * One thread of a load: makes its part of the messages, sends them over its own connections, counts, and tells the thread that began it.
 *
 *   opens its connections ──ready──►  ◄──start──  sends ──interval, receipts, ...──►  waits for what is under way ──through──►
 *   hears others' receipts  ◄──close──  ──done──►
 */
import { performance } from 'node:perf_hooks';
import { AwaitedReceipts } from './awaited-receipts.ts';
import { DueTimes } from './due-times.ts';
import { HttpRequests } from './http-requests.ts';
import { HttpTarget } from './http-target.ts';
import { type BlockSource, type LoadTexts, MessageMix } from './message-mix.ts';
import { Pacer } from './pacer.ts';
import type { LoadPlan } from './plan.ts';
import { openReceiptReceiver, type ReceiptReceiver } from './receipt-receiver.ts';
import { jsonReel, reelMessages, submitReel } from './reel.ts';
import { SmppTarget } from './smpp-target.ts';
import { type IntervalCounts, Tally, type TallyResult } from './tally.ts';
import { reach, type Target, type TargetParts, TargetUnfit } from './target.ts';

/** What a thread begins with. */
export interface ThreadTask {
  readonly plan: LoadPlan;
  /** From 0. */
  readonly thread: number;
  readonly intervalMs: number;
}

/** What a thread says. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unfit'; readonly line: string }
  | { readonly kind: 'say'; readonly line: string }
  | { readonly kind: 'interval'; readonly counts: IntervalCounts }
  /** Keys of messages that are not this thread's, and when their receipts came, in the machine's milliseconds. */
  | { readonly kind: 'receipts'; readonly came: Float64Array }
  /** It has all that it waits for. */
  | { readonly kind: 'through' }
  /** With the part of the time, from 0 to 1, in which it had something to do while it sent. */
  | { readonly kind: 'done'; readonly result: TallyResult; readonly busy: number };

/** What a thread is told. `end` has it send no more and finish early; `close` comes when all are through. */
export type ToThread =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'close' }
  | { readonly kind: 'receipts'; readonly came: Float64Array };

/** The half of a message channel that a thread has. */
export interface ThreadPort {
  postMessage(message: FromThread): void;
  on(event: 'message', listener: (message: ToThread) => void): unknown;
}

export interface ThreadParts {
  readonly port: ThreadPort;
  readonly clock: { nowMs(): number; monotonicNs(): number };
  readonly texts: LoadTexts;
  readonly blocks: BlockSource;
}

const NS_PER_MS = 1e6;
const TICK_MS = 50;
const EARLY_LIFE_TICKS = 100;
/** How long what was due at the end may take to be sent. */
const LAST_MS = 1_000;

/** Lives until it has said that it is done, or unfit. */
export async function runLoadThread(task: ThreadTask, parts: ThreadParts): Promise<void> {
  const thread = new LoadThread(task, parts);
  try {
    await thread.open();
  } catch (error) {
    if (!(error instanceof TargetUnfit)) throw error;
    await thread.close();
    parts.port.postMessage({ kind: 'unfit', line: error.message });
    return;
  }
  await thread.run();
}

class LoadThread {
  readonly #task: ThreadTask;
  readonly #parts: ThreadParts;
  readonly #tally: Tally;
  readonly #awaited: AwaitedReceipts | undefined;
  readonly #target: TargetParts;
  #startNs = 0;
  #open: Target | undefined;
  #receiver: ReceiptReceiver | undefined;
  #endMs: number;
  #end: () => void = () => {};
  #mayClose = false;

  constructor(task: ThreadTask, parts: ThreadParts) {
    const { plan } = task;
    this.#task = task;
    this.#parts = parts;
    this.#endMs = plan.warmUpMs + plan.durationMs;
    this.#tally = new Tally(plan.warmUpMs, this.#endMs, plan.batchMessages);
    const isShared = plan.protocol === 'smpp' && plan.threads > 1;
    this.#awaited = plan.receipts ? new AwaitedReceipts(this.#tally, isShared) : undefined;
    this.#target = {
      tally: this.#tally,
      awaited: this.#awaited,
      nowMs: () => this.#nowMs(),
      say: (line) => parts.port.postMessage({ kind: 'say', line }),
    };
  }

  /** Writes the messages and opens the connections, as far as that can be done ahead. */
  async open(): Promise<void> {
    const { plan, thread } = this.#task;
    const { texts, blocks } = this.#parts;
    const mix = new MessageMix({ seed: plan.seed, thread, threads: plan.threads, mix: plan.mix, texts, blocks });
    const next = (): ReturnType<typeof mix.next> => mix.next();
    const count = reelMessages(plan.mix.numbers, plan.threads);
    if (plan.protocol === 'smpp') {
      const target = new SmppTarget(plan, thread, submitReel(next, count, plan.receipts), this.#target);
      this.#open = target;
      await target.open();
      return;
    }
    await reach(plan);
    if (this.#awaited !== undefined) {
      this.#receiver = await openReceiptReceiver(plan.callbackHost, this.#awaited, () => this.#nowMs());
    }
    const reel = jsonReel(next, { count, account: plan.account, callbackUrl: this.#receiver?.url });
    this.#open = new HttpTarget(plan, thread, new HttpRequests(reel, plan), this.#target);
  }

  /** Waits for the word, sends, and waits for what is under way. */
  async run(): Promise<void> {
    const { port } = this.#parts;
    const { drainMs } = this.#task.plan;
    await this.#told();
    const stopTicking = this.#tick();
    const idle = performance.eventLoopUtilization();
    await this.#send();
    const { utilization: busy } = performance.eventLoopUtilization(idle);
    const lastMs = this.#nowMs() + drainMs;
    await this.#until(() => this.#inFlight === 0, lastMs);
    this.#open?.abandon(this.#nowMs());
    await this.#until(() => this.#inFlight === 0 && (this.#awaited?.count ?? 0) === 0, lastMs);
    // By its binds receipts of other threads may still come.
    port.postMessage({ kind: 'through' });
    await this.#until(() => this.#mayClose, lastMs);
    stopTicking();
    await this.close();
    port.postMessage({ kind: 'interval', counts: this.#tally.takeInterval() });
    port.postMessage({ kind: 'done', result: this.#tally.result(), busy });
  }

  async close(): Promise<void> {
    await this.#open?.close();
    await this.#receiver?.close();
  }

  get #inFlight(): number {
    return this.#open?.inFlight ?? 0;
  }

  /** From the start of the load. */
  #nowMs(): number {
    return (this.#parts.clock.monotonicNs() - this.#startNs) / NS_PER_MS;
  }

  /** Resolves at the word to start. */
  #told(): Promise<void> {
    const { port, clock } = this.#parts;
    return new Promise((resolve) => {
      port.on('message', (message) => {
        if (message.kind === 'start') {
          this.#startNs = clock.monotonicNs();
          resolve();
        } else if (message.kind === 'end') {
          this.#endMs = Math.min(this.#endMs, this.#nowMs());
          this.#tally.end(this.#endMs);
          this.#end();
        } else if (message.kind === 'close') {
          this.#mayClose = true;
        } else this.#hear(message.came);
      });
      port.postMessage({ kind: 'ready' });
    });
  }

  async #send(): Promise<void> {
    const { plan, thread } = this.#task;
    const { perSecond, protocol, threads, batchMessages } = plan;
    if (this.#open === undefined) throw new Error(`nothing is open for ${protocol}`);
    const due =
      perSecond === undefined
        ? undefined
        : new DueTimes({
            kind: plan.arrivals,
            perSecond: perSecond / batchMessages / threads,
            seed: plan.seed,
            thread,
            threads,
          });
    const pacer = new Pacer({
      due,
      target: this.#open,
      tally: this.#tally,
      nowMs: () => this.#nowMs(),
      endMs: this.#endMs,
    });
    pacer.start();
    await this.#sleepToEnd();
    pacer.endSoon(this.#endMs);
    await this.#until(() => pacer.hasSentAll, this.#nowMs() + LAST_MS);
    pacer.end();
  }

  #sleepToEnd(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, this.#endMs - this.#nowMs()));
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Resolves when `isSo`, or at a time. */
  async #until(isSo: () => boolean, untilMs: number): Promise<void> {
    while (!isSo() && this.#nowMs() < untilMs) await new Promise((resolve) => setTimeout(resolve, TICK_MS / 5));
  }

  #tick(): () => void {
    const { port } = this.#parts;
    const { intervalMs } = this.#task;
    let intervals = 0;
    let ticks = 0;
    let timer: NodeJS.Timeout;
    // Not setInterval, whose steps drift away from where intervals end.
    const atNext = (nowMs: number): void => {
      timer = setTimeout(tick, TICK_MS - (nowMs % TICK_MS));
    };
    const tick = (): void => {
      const nowMs = this.#nowMs();
      this.#open?.tick(nowMs);
      ticks += 1;
      if (ticks % EARLY_LIFE_TICKS === 0) this.#awaited?.age();
      this.#tellReceipts();
      for (; (intervals + 1) * intervalMs <= nowMs; intervals += 1) {
        port.postMessage({ kind: 'interval', counts: this.#tally.takeInterval() });
      }
      atNext(nowMs);
    };
    atNext(this.#nowMs());
    return () => clearTimeout(timer);
  }

  /** Threads begin a little apart, so that times pass between them in the machine's. */
  #tellReceipts(): void {
    const came = this.#awaited?.takeUntold() ?? [];
    if (came.length === 0) return;
    const offsetMs = this.#parts.clock.nowMs() - this.#nowMs();
    const told = Float64Array.from(came, (value, index) => (index % 2 === 0 ? value : value + offsetMs));
    this.#parts.port.postMessage({ kind: 'receipts', came: told });
  }

  #hear(came: Float64Array): void {
    const offsetMs = this.#parts.clock.nowMs() - this.#nowMs();
    for (let index = 0; index + 1 < came.length; index += 2) {
      this.#awaited?.cameElsewhere(came[index] ?? 0, (came[index + 1] ?? 0) - offsetMs);
    }
  }
}
