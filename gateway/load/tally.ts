/**
 * What one thread has seen of its load: counts and times, of the stretch that counts and of each interval for plots.
 *
 * A message counts if it was due in that stretch, whenever it is answered; only rates go by when answers came. What failed by waiting (not
 * sent in time, not answered) enters the times with what it had waited by then: it took longer, and left out it would make the target look quick.
 */
import { type EncodedLatencies, Latencies } from './latencies.ts';

export interface IntervalCounts {
  /** From 0, of the whole load, the warm-up included. */
  readonly interval: number;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly receipts: number;
  readonly latencies: EncodedLatencies;
}

/** Everything that counts, as threads hand it over. */
export interface TallyResult {
  readonly due: number;
  readonly sent: number;
  readonly answered: number;
  readonly accepted: number;
  /** Messages sent, answered, and of them accepted, while the stretch lasted. */
  readonly sentInTime: number;
  readonly answeredInTime: number;
  readonly acceptedInTime: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
  readonly receiptsAwaited: number;
  readonly receiptsCame: number;
  readonly latencies: EncodedLatencies;
  readonly receiptLatencies: EncodedLatencies;
  readonly lateness: EncodedLatencies;
}

export class Tally {
  /** The stretch that counts. */
  readonly #fromMs: number;
  #toMs: number;
  readonly #messagesPerRequest: number;
  readonly #refused = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  readonly #latencies = new Latencies();
  readonly #receiptLatencies = new Latencies();
  readonly #lateness = new Latencies();
  readonly #intervalLatencies = new Latencies(2);
  #due = 0;
  #sent = 0;
  #answered = 0;
  #accepted = 0;
  #sentInTime = 0;
  #answeredInTime = 0;
  #acceptedInTime = 0;
  #receiptsAwaited = 0;
  #receiptsCame = 0;
  #interval = 0;
  #intervalSent = 0;
  #intervalAnswered = 0;
  #intervalFailed = 0;
  #intervalReceipts = 0;

  constructor(fromMs: number, toMs: number, messagesPerRequest: number) {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#messagesPerRequest = messagesPerRequest;
  }

  /** Whether what is due then counts, and what is done then counts for rates. */
  counts(ms: number): boolean {
    return ms >= this.#fromMs && ms < this.#toMs;
  }

  /** The stretch that counts ends early. */
  end(nowMs: number): void {
    this.#toMs = Math.min(this.#toMs, nowMs);
  }

  /** A request was sent, so long after it was due or, if it had to wait for the target, could be sent. */
  sent(dueMs: number, nowMs: number, lateMs: number): void {
    this.#intervalSent += this.#messagesPerRequest;
    if (this.counts(nowMs)) this.#sentInTime += this.#messagesPerRequest;
    if (!this.counts(dueMs)) return;
    this.#due += this.#messagesPerRequest;
    this.#sent += this.#messagesPerRequest;
    this.#lateness.add(lateMs);
  }

  /** A request was answered; what of its messages became is told apart. */
  answered(dueMs: number, nowMs: number): void {
    const messages = this.#messagesPerRequest;
    this.#intervalAnswered += messages;
    this.#intervalLatencies.add(nowMs - dueMs);
    if (this.counts(nowMs)) this.#answeredInTime += messages;
    if (!this.counts(dueMs)) return;
    this.#answered += messages;
    this.#latencies.add(nowMs - dueMs);
  }

  /** Messages of an answered request were accepted. */
  accepted(dueMs: number, nowMs: number, messages: number): void {
    if (this.counts(nowMs)) this.#acceptedInTime += messages;
    if (this.counts(dueMs)) this.#accepted += messages;
  }

  /** Messages of an answered request were refused, by a limit or a rule, as the target may. */
  refused(dueMs: number, why: string, messages: number): void {
    if (this.counts(dueMs)) bump(this.#refused, why, messages);
  }

  /** Messages of an answered request were answered as none should be. */
  wrong(dueMs: number, why: string, messages: number): void {
    this.#intervalFailed += messages;
    if (this.counts(dueMs)) bump(this.#failed, why, messages);
  }

  /** A request was sent and will not be answered. */
  failed(dueMs: number, nowMs: number, why: string): void {
    this.wrong(dueMs, why, this.#messagesPerRequest);
    if (this.counts(dueMs)) this.#latencies.add(nowMs - dueMs);
  }

  /** A request was due and, while the load went on, never sent: the target had no room. */
  unsent(dueMs: number, nowMs: number): void {
    if (this.counts(dueMs)) this.#due += this.#messagesPerRequest;
    this.failed(dueMs, nowMs, 'not sent in time');
  }

  awaits(dueMs: number): void {
    if (this.counts(dueMs)) this.#receiptsAwaited += 1;
  }

  receipt(dueMs: number, nowMs: number): void {
    this.#intervalReceipts += 1;
    if (!this.counts(dueMs)) return;
    this.#receiptsCame += 1;
    this.#receiptLatencies.add(nowMs - dueMs);
  }

  /** Ends an interval. */
  takeInterval(): IntervalCounts {
    const taken = {
      interval: this.#interval,
      sent: this.#intervalSent,
      answered: this.#intervalAnswered,
      failed: this.#intervalFailed,
      receipts: this.#intervalReceipts,
      latencies: this.#intervalLatencies.encoded(),
    };
    this.#interval += 1;
    this.#intervalSent = 0;
    this.#intervalAnswered = 0;
    this.#intervalFailed = 0;
    this.#intervalReceipts = 0;
    this.#intervalLatencies.clear();
    return taken;
  }

  result(): TallyResult {
    return {
      due: this.#due,
      sent: this.#sent,
      answered: this.#answered,
      accepted: this.#accepted,
      sentInTime: this.#sentInTime,
      answeredInTime: this.#answeredInTime,
      acceptedInTime: this.#acceptedInTime,
      refused: Object.fromEntries(this.#refused),
      failed: Object.fromEntries(this.#failed),
      receiptsAwaited: this.#receiptsAwaited,
      receiptsCame: this.#receiptsCame,
      latencies: this.#latencies.encoded(),
      receiptLatencies: this.#receiptLatencies.encoded(),
      lateness: this.#lateness.encoded(),
    };
  }
}

function bump(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
