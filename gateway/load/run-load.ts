/**
 * A whole load: threads that are begun together, what they say put together, and an end that comes whatever they do.
 */
import type { FromThread, ThreadTask, ToThread } from './thread.ts';
import { type EncodedLatencies, Latencies, type LatencyReport } from './latencies.ts';
import type { LoadPlan } from './plan.ts';
import type { IntervalCounts, TallyResult } from './tally.ts';
import { TargetUnfit } from './target.ts';

/** A thread from outside, such as a Worker of node:worker_threads. */
export interface ThreadHandle {
  postMessage(message: ToThread): void;
  on(event: 'message', listener: (message: FromThread) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  terminate(): Promise<unknown>;
}

export interface LoadParts {
  readonly startThread: (task: ThreadTask) => ThreadHandle;
  readonly timers: { after(delayMs: number, run: () => void): () => void };
  readonly clock: { nowMs(): number };
  /** Told of messages answered or failed since it was told before, several times a second. */
  readonly onProgress: (messages: number) => void;
  /** Told what people should know while it runs. */
  readonly onWord: (line: string) => void;
  /** Aborted when somebody wants it to end early: the report is then of what there was. */
  readonly stop: AbortSignal;
}

/** One stretch of a plot. Rates are messages a second. */
export interface TimelinePoint {
  /** Its beginning, from the start of the load, the warm-up included. */
  readonly atMs: number;
  readonly sentPerSecond: number;
  readonly answeredPerSecond: number;
  readonly failedPerSecond: number;
  readonly receiptsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** For plots: so many percent took so long at most. */
export interface PercentilePoint {
  readonly percent: number;
  readonly ms: number;
}

/** What a load came to. Counts are of messages due in the stretch that counts. */
export interface LoadReport {
  readonly plan: LoadPlan;
  readonly startedAt: string;
  /** Milliseconds of the stretch that counts. */
  readonly countedMs: number;
  readonly isCutShort: boolean;
  readonly messages: {
    readonly due: number;
    readonly sent: number;
    readonly answered: number;
    readonly accepted: number;
    readonly refused: number;
    readonly failed: number;
  };
  /** Messages a second, by when they were due, and by when they were sent: less if the target, or this machine, did not keep up. */
  readonly duePerSecond: number;
  readonly sentPerSecond: number;
  /** Messages a second, by when they were answered. */
  readonly ratePerSecond: number;
  readonly acceptedPerSecond: number;
  /** By name, the most frequent first. */
  readonly refused: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
  /** Of requests, from when they were due until answered or given up. */
  readonly latency: LatencyReport;
  /** How late this machine was with sending, beyond what the target made it wait. */
  readonly lateness: LatencyReport;
  /** Part of the time, from 0 to 1, in which the busiest of the threads that send had something to do. */
  readonly busy: number;
  /** Undefined if none were asked for. Latencies are of messages, from when they were due until the receipt was here. */
  readonly receipts:
    | {
        readonly awaited: number;
        readonly came: number;
        readonly lost: number;
        readonly latency: LatencyReport;
        readonly percentiles: readonly PercentilePoint[];
      }
    | undefined;
  readonly percentiles: readonly PercentilePoint[];
  readonly timeline: readonly TimelinePoint[];
}

const MS_PER_SECOND = 1_000;
const INTERVAL_STEP_MS = 100;
const INTERVALS_WANTED = 100;
/** How much longer than it may take a load is let go on before its threads are ended. */
const GRACE_MS = 5_000;
/** Until all threads have made their messages and opened their connections, besides the time that an answer may take. */
const READY_MS = 60_000;
const PERCENTS = [
  0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99, 99.995,
  99.999, 100,
];

/**
 * Runs a load to its end.
 * @throws TargetUnfit if nobody answers at its target, or it lets nobody in
 */
export async function runLoad(plan: LoadPlan, parts: LoadParts): Promise<LoadReport> {
  const run = new LoadRun(plan, parts);
  try {
    return await run.report();
  } finally {
    await run.close();
  }
}

interface Interval {
  sent: number;
  answered: number;
  failed: number;
  receipts: number;
  readonly latencies: Latencies;
}

class LoadRun {
  readonly #plan: LoadPlan;
  readonly #parts: LoadParts;
  readonly #intervalMs: number;
  readonly #threads: ThreadHandle[] = [];
  readonly #intervals: Interval[] = [];
  readonly #results: TallyResult[] = [];
  #busy = 0;
  readonly #said = new Set<string>();
  #readyCount = 0;
  #throughCount = 0;
  #startedMs = 0;
  #endedMs: number | undefined;
  #whenReady: () => void = () => {};
  #settle: { resolve(): void; reject(error: Error): void } = { resolve: () => {}, reject: () => {} };

  constructor(plan: LoadPlan, parts: LoadParts) {
    this.#plan = plan;
    this.#parts = parts;
    const wholeMs = plan.warmUpMs + plan.durationMs;
    this.#intervalMs = Math.max(1, Math.ceil(wholeMs / INTERVALS_WANTED / INTERVAL_STEP_MS)) * INTERVAL_STEP_MS;
  }

  async report(): Promise<LoadReport> {
    const { warmUpMs, durationMs, drainMs, timeoutMs } = this.#plan;
    const { timers, stop } = this.#parts;
    stop.throwIfAborted();
    const ended = new Promise<void>((resolve, reject) => (this.#settle = { resolve, reject }));
    const giveUp = (what: string) => (): void => this.#settle.reject(new Error(what));
    let stopWaiting = timers.after(READY_MS + timeoutMs, giveUp('the threads of the load did not get ready'));
    const onStop = (): void => this.#endEarly();
    stop.addEventListener('abort', onStop);
    try {
      for (let thread = 0; thread < this.#plan.threads; thread += 1) this.#start(thread);
      this.#whenReady = () => {
        stopWaiting();
        const mostMs = warmUpMs + durationMs + drainMs + GRACE_MS;
        stopWaiting = timers.after(mostMs, giveUp('the threads of the load did not come to an end'));
      };
      await ended;
    } finally {
      stopWaiting();
      stop.removeEventListener('abort', onStop);
    }
    return this.#merged();
  }
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #start(thread: number): void {
    const handle = this.#parts.startThread({ plan: this.#plan, thread, intervalMs: this.#intervalMs });
    this.#threads.push(handle);
    handle.on('message', (message) => this.#hear(handle, message));
    handle.on('error', (error) => this.#settle.reject(error));
    handle.on('exit', (code) => {
      if (code !== 0) this.#settle.reject(new Error(`a thread of the load ended with ${code}`));
    });
  }

  #hear(from: ThreadHandle, message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        this.#readyCount += 1;
        if (this.#readyCount === this.#plan.threads) this.#begin();
        return;
      case 'unfit':
        this.#settle.reject(new TargetUnfit(message.line));
        return;
      case 'say':
        // Said once, however many connections it happens to.
        if (!this.#said.has(message.line)) this.#parts.onWord(message.line);
        this.#said.add(message.line);
        return;
      case 'interval':
        this.#addInterval(message.counts);
        return;
      case 'receipts':
        for (const thread of this.#threads) if (thread !== from) thread.postMessage(message);
        return;
      case 'through':
        this.#throughCount += 1;
        if (this.#throughCount < this.#plan.threads) return;
        for (const thread of this.#threads) thread.postMessage({ kind: 'close' });
        return;
      case 'done':
        this.#results.push(message.result);
        this.#busy = Math.max(this.#busy, message.busy);
        if (this.#results.length === this.#plan.threads) this.#settle.resolve();
    }
  }

  #begin(): void {
    this.#startedMs = this.#parts.clock.nowMs();
    for (const thread of this.#threads) thread.postMessage({ kind: 'start' });
    this.#whenReady();
    if (this.#parts.stop.aborted) this.#endEarly();
  }

  #endEarly(): void {
    if (this.#readyCount < this.#plan.threads) {
      this.#settle.reject(this.#parts.stop.reason as Error);
      return;
    }
    this.#endedMs ??= this.#parts.clock.nowMs() - this.#startedMs;
    const seconds = this.#plan.drainMs / MS_PER_SECOND;
    this.#parts.onWord(`nothing more is sent; what is under way is waited for, ${seconds} s at most`);
    for (const thread of this.#threads) thread.postMessage({ kind: 'end' });
  }

  #addInterval({ interval, sent, answered, failed, receipts, latencies }: IntervalCounts): void {
    while (this.#intervals.length <= interval) {
      this.#intervals.push({ sent: 0, answered: 0, failed: 0, receipts: 0, latencies: new Latencies(2) });
    }
    const sum = this.#intervals[interval];
    if (sum === undefined) return;
    sum.sent += sent;
    sum.answered += answered;
    sum.failed += failed;
    sum.receipts += receipts;
    sum.latencies.addEncoded(latencies);
    this.#parts.onProgress(answered + failed);
  }

  #merged(): LoadReport {
    const { warmUpMs, durationMs } = this.#plan;
    const countedMs = Math.min(durationMs, Math.max(0, (this.#endedMs ?? Infinity) - warmUpMs));
    const sum = (read: (result: TallyResult) => number): number =>
      this.#results.reduce((all, one) => all + read(one), 0);
    const refused = this.#names((result) => result.refused);
    const failed = this.#names((result) => result.failed);
    const latencies = this.#latencies((result) => result.latencies);
    const receiptLatencies = this.#latencies((result) => result.receiptLatencies);
    const perSecond = (messages: number): number => (countedMs === 0 ? 0 : (messages * MS_PER_SECOND) / countedMs);
    const due = sum((result) => result.due);
    const awaited = sum((result) => result.receiptsAwaited);
    const came = sum((result) => result.receiptsCame);
    return {
      plan: this.#plan,
      startedAt: new Date(this.#startedMs).toISOString(),
      countedMs,
      isCutShort: this.#endedMs !== undefined,
      messages: {
        due,
        sent: sum((result) => result.sent),
        answered: sum((result) => result.answered),
        accepted: sum((result) => result.accepted),
        refused: total(refused),
        failed: total(failed),
      },
      duePerSecond: perSecond(due),
      sentPerSecond: perSecond(sum((result) => result.sentInTime)),
      ratePerSecond: perSecond(sum((result) => result.answeredInTime)),
      acceptedPerSecond: perSecond(sum((result) => result.acceptedInTime)),
      refused,
      failed,
      latency: latencies.report(),
      lateness: this.#latencies((result) => result.lateness).report(),
      busy: this.#busy,
      receipts: this.#plan.receipts
        ? {
            awaited,
            came,
            lost: awaited - came,
            latency: receiptLatencies.report(),
            percentiles: percentilesOf(receiptLatencies),
          }
        : undefined,
      percentiles: percentilesOf(latencies),
      timeline: this.#timeline(),
    };
  }

  #latencies(read: (result: TallyResult) => EncodedLatencies): Latencies {
    const all = new Latencies();
    for (const result of this.#results) all.addEncoded(read(result));
    return all;
  }

  #names(read: (result: TallyResult) => Readonly<Record<string, number>>): Record<string, number> {
    const all = new Map<string, number>();
    for (const result of this.#results) {
      for (const [name, count] of Object.entries(read(result))) all.set(name, (all.get(name) ?? 0) + count);
    }
    return Object.fromEntries([...all].toSorted(([, a], [, b]) => b - a));
  }

  /** Of the load itself: what comes in while it drains is left out. */
  #timeline(): TimelinePoint[] {
    const { warmUpMs, durationMs } = this.#plan;
    const perSecond = (count: number): number => (count * MS_PER_SECOND) / this.#intervalMs;
    const endMs = Math.min(warmUpMs + durationMs, this.#endedMs ?? Infinity);
    return this.#intervals
      .map((one, index) => ({
        atMs: index * this.#intervalMs,
        sentPerSecond: perSecond(one.sent),
        answeredPerSecond: perSecond(one.answered),
        failedPerSecond: perSecond(one.failed),
        receiptsPerSecond: perSecond(one.receipts),
        p50Ms: one.latencies.atMs(50),
        p99Ms: one.latencies.atMs(99),
        maxMs: one.latencies.maxMs,
      }))
      .filter(({ atMs }) => atMs + this.#intervalMs <= endMs);
  }
}

function percentilesOf(latencies: Latencies): PercentilePoint[] {
  return PERCENTS.map((percent) => ({ percent, ms: latencies.atMs(percent) }));
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}
