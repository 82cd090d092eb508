/**
 * The far end: carriers that take accepted messages, answer with a receipt, filter, and reach the phone or do not.
 *
 * Each message has two moments. First the receipt, which on 10DLC says only that the carrier took it (ACCEPTD) and
 * comes before the spam filter; then what the phone got. A message to a phone that cannot be reached is reported as
 * such (UNDELIV) and ends there. What will happen is drawn when the message arrives, from one stream per carrier in
 * order of acceptance, so a run depends on the seed and the order of messages and not on when timers fire.
 *
 * The filter sees the text, the carrier and the class of the sender; it never sees ground truth.
 */
import { probit } from 'simple-statistics';
import { CARRIERS } from '../../registry-cache/index.ts';
import { ReceiptState, MessageState, type Dispatcher, type MessageStore } from '../messages/index.ts';
import { HandsetOutcome, namedStream, Registration, type Counters, type Rng } from '../router/index.ts';
import { CARRIER_PROFILES, LATENCY_CAP_MS, type CarrierProfile } from './carrier-profiles.ts';
import { contentScore, SUSPICIOUS_SCORE } from './content-score.ts';
import { TimingWheel } from './timing-wheel.ts';

/** How often due messages are looked for, and so the grain of every latency. */
export const DELIVERY_TICK_MS = 10;

/** Steps of the latency tables: fine enough that two neighbouring latencies differ by less than a tick. */
const QUANTILES = 1_024;

/** Told of each receipt, as it happens. `at` is the message's place in the store. */
export type ReceiptListener = (at: number, nowMs: number) => void;

export class SimulatedCarriers implements Dispatcher {
  readonly #store: MessageStore;
  readonly #counters: Counters;
  readonly #onReceipt: ReceiptListener;
  readonly #wheel: TimingWheel;
  readonly #streams: readonly Rng[];
  readonly #receiptMs: readonly Uint16Array[];
  readonly #handsetMs: readonly Uint16Array[];
  /** By ring place: what the phone will get, and how long after the receipt. */
  readonly #plannedOutcome: Uint8Array;
  readonly #plannedHandsetMs: Uint16Array;
  readonly #step = (at: number, atMs: number): void => this.#advanceMessage(at, atMs);

  constructor(options: {
    store: MessageStore;
    counters: Counters;
    seed: number;
    startMs: number;
    onReceipt: ReceiptListener;
  }) {
    this.#store = options.store;
    this.#counters = options.counters;
    this.#onReceipt = options.onReceipt;
    this.#wheel = new TimingWheel({
      entries: options.store.capacity,
      tickMs: DELIVERY_TICK_MS,
      horizonMs: LATENCY_CAP_MS,
      startMs: options.startMs,
    });
    this.#streams = CARRIERS.map((carrier) => namedStream(options.seed, `carrier/${carrier.id}`));
    this.#receiptMs = CARRIER_PROFILES.map((one) => lognormalTable(one.receiptMedianMs, one.receiptSigma));
    this.#handsetMs = CARRIER_PROFILES.map((one) => lognormalTable(one.handsetMedianMs, one.handsetSigma));
    this.#plannedOutcome = new Uint8Array(options.store.capacity);
    this.#plannedHandsetMs = new Uint16Array(options.store.capacity);
  }

  dispatch(at: number, nowMs: number): void {
    const carrier = this.#store.carrier[at]!;
    const chance = this.#streams[carrier]!;
    const receiptMs = this.#receiptMs[carrier]![Math.floor(chance.next() * QUANTILES)]!;
    this.#plannedHandsetMs[at] = this.#handsetMs[carrier]![Math.floor(chance.next() * QUANTILES)]!;
    this.#plannedOutcome[at] = this.#drawOutcome(at, CARRIER_PROFILES[carrier]!, chance.next(), chance.next());
    this.#wheel.add(at, nowMs + receiptMs);
  }

  /** Runs everything due by `nowMs`. */
  advance(nowMs: number): void {
    this.#wheel.advance(nowMs, this.#step);
  }

  #drawOutcome(at: number, carrier: CarrierProfile, reach: number, filter: number): number {
    if (reach < carrier.unreachableShare) return HandsetOutcome.Undelivered;
    const isRegistered = this.#store.registration[at] === Registration.Registered;
    const shareOfSuspicious = isRegistered ? carrier.filterShareRegistered : carrier.filterShareUnregistered;
    // Whatever the text, most draws let it pass; scoring it is the dearest part of a delivery and is left for the others.
    if (filter >= Math.max(shareOfSuspicious, carrier.falseFilterShare)) return HandsetOutcome.Delivered;
    const isSuspicious = contentScore(this.#store.texts[at]!) >= SUSPICIOUS_SCORE;
    const share = isSuspicious ? shareOfSuspicious : carrier.falseFilterShare;
    return filter < share ? HandsetOutcome.Filtered : HandsetOutcome.Delivered;
  }

  #advanceMessage(at: number, atMs: number): void {
    const store = this.#store;
    const outcome = this.#plannedOutcome[at]!;
    if (store.state[at] === MessageState.Accepted) {
      const isReachable = outcome !== HandsetOutcome.Undelivered;
      store.recordReceipt(at, isReachable ? ReceiptState.Accepted : ReceiptState.Undelivered, atMs);
      this.#onReceipt(at, atMs);
      if (isReachable) {
        this.#wheel.add(at, atMs + this.#plannedHandsetMs[at]!);
        return;
      }
    }
    store.recordHandset(at, outcome, atMs);
    this.#counters.countHandset(store.carrier[at]!, store.classAt(at), outcome, store.truth[at]!);
  }
}

/** Latencies at QUANTILES evenly spaced probabilities, whole milliseconds, at least 1, cut at the cap. */
function lognormalTable(medianMs: number, sigma: number): Uint16Array {
  return Uint16Array.from({ length: QUANTILES }, (_, index) => {
    const ms = medianMs * Math.exp(sigma * probit((index + 0.5) / QUANTILES));
    return Math.min(Math.max(1, Math.round(ms)), LATENCY_CAP_MS);
  });
}
