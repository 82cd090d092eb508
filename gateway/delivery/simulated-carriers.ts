/**
 * The far end: carriers that take accepted messages, answer with a receipt, filter, and reach the phone or do not.
 *
 * A message has two outcomes, and they can disagree. The receipt says on long codes that the carrier took it (ACCEPTD) and comes before
 * the spam filter; then the phone gets it or does not. One that cannot be delivered is reported as such (UNDELIV) and ends there.
 * From toll-free numbers the receipt is of the phone (DELIVRD). Receipts can come after the message has ended, twice, or never:
 *
 *   dispatch ──► handed over ──► receipt ──► end ──► settled
 *                │      ▲        (receipt ──► receipt again, each before or after the end)
 *                └ tried again, up to 72 h
 *
 * What will happen is drawn from the message's key (fate.ts), when it is handed over: it depends on the seed, on what the carrier
 * knows of the number by then, and on faults in force, and not on when timers fire. What was recorded of a message that another has begun
 * to deliver stands, and the rest follows from it.
 *
 * The filter sees the text, the number's history at this carrier and the class of the sender. Nothing here sees ground truth.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import {
  DELIVERY_TRY_AGAIN_MS,
  DELIVERY_TRY_AGAIN_MS_MAX,
  DELIVERY_VALIDITY_MS,
  SENDERS_REMEMBERED,
  SENDERS_REMEMBERED_MIN,
} from '../limits.ts';
import {
  type CarrierFaults,
  DELIVERY_ERRORS,
  DeliveryError,
  type Dispatcher,
  type FaultEffects,
  MessageState,
  type MessageStore,
  ReceiptState,
} from '../messages/index.ts';
import { type Cell, HandsetOutcome, Registration, type Stateful } from '../router/index.ts';
import { CARRIER_PROFILES, type CarrierProfile, LATENCY_CAP_MS, wayOf, WAYS } from './carrier-profiles.ts';
import { CarrierWay, drawsOf } from './carrier-way.ts';
import { Complaints, type ComplaintsState } from './complaints.ts';
import {
  DeliveryCounters,
  type DeliveryCountersState,
  type DeliveryFigures,
  FilterResult,
  ReceiptKind,
} from './delivery-counters.ts';
import type { DeliveryListener } from './delivery-listener.ts';
import { DRAWS, Fate, Purpose, PURPOSES_PER_TRY } from './fate.ts';
import { lognormalAt, rowOf, rowOfLatest } from './lognormal.ts';
import { fixedFate, type FixedFate } from './magic-fates.ts';
import { type NumberBlock, NumberBlocks } from './number-blocks.ts';
import { SenderHistory, type SenderHistoryState } from './sender-history.ts';
import { looksLikeSpam } from './spam-filter.ts';
import { loadSpamWords } from './spam-words.ts';
import { Throttles } from './throttles.ts';
import { TimingWheel, type TimingWheelState } from './timing-wheel.ts';

/** How often due messages are looked for, and so the grain of every latency. */
export const DELIVERY_TICK_MS = 10;

/** Of a receipt or an end that has been, or will not be. */
const NEVER = Infinity;

/**
 * Columns of the table of times: when the receipt, or its copy, and the end come; NEVER of what has come or never will. Of a message that
 * no carrier has taken yet, the end is when it is tried again.
 */
const RECEIPT_DUE_MS = 0;
const END_DUE_MS = 1;
const DUE_WIDTH = 2;

/** Columns of the table of plans. An outcome still pending is that of a message that no carrier has taken yet. */
const WAY = 0;
const RECEIPT = 1;
const OUTCOME = 2;
const ERROR = 3;
/** Whether the receipt comes twice. */
const IS_COPIED = 4;
/** Whether the recipient would complain of spam. */
const COMPLAINS = 5;
/** A row is 16 bytes, and lies within one line of the processor's cache. */
const PLAN_WIDTH = 8;

const NO_FAULTS: FaultEffects = {
  outageUntilMs: 0,
  errors: [],
  messagesPerSecond: Infinity,
  latencyMedianMs: Number.NaN,
  latencySigma: 0,
  latencyCapMs: 0,
  receiptLossRate: 0,
  receiptDuplicateRate: 0,
  receiptDelayMs: 0,
};

export interface SimulatedCarriersState {
  readonly columns: readonly (Float64Array | Uint16Array)[];
  readonly wheel: TimingWheelState;
  readonly senders: SenderHistoryState;
  readonly complaints: ComplaintsState;
  readonly blocks: readonly NumberBlock[];
  readonly counters: DeliveryCountersState;
}

export class SimulatedCarriers implements Dispatcher, Stateful {
  readonly blocks = new NumberBlocks();
  readonly counters = new DeliveryCounters();
  readonly #store: MessageStore;
  readonly #listener: DeliveryListener;
  readonly #faults: CarrierFaults | undefined;
  readonly #knowsMagic: boolean;
  /** By carrier and `Way`. */
  readonly #ways: readonly CarrierWay[];
  readonly #fate: Fate;
  readonly #wheel: TimingWheel;
  readonly #throttles = new Throttles();
  readonly #words = loadSpamWords();
  readonly #senders: SenderHistory;
  readonly #complaints: Complaints;
  /** Tables by ring place. */
  readonly #due: Float64Array;
  readonly #plan: Uint16Array;
  readonly #step = (at: number, atMs: number): void => this.#advanceMessage(at, atMs);

  /** Reads the filter's words from a file. */
  constructor(options: {
    store: MessageStore;
    seed: number;
    startMs: number;
    listener: DeliveryListener;
    faults?: CarrierFaults | undefined;
    /** Whether there can be messages to magic numbers: looking costs a read of each message. */
    magicNumbers?: boolean;
    /** By carrier and `Way`. */
    profiles?: readonly (readonly CarrierProfile[])[];
  }) {
    const { store, seed, startMs, listener, faults, magicNumbers = true, profiles = CARRIER_PROFILES } = options;
    const { capacity } = store;
    this.#store = store;
    this.#senders = new SenderHistory(remembered(capacity));
    this.#listener = listener;
    this.#faults = faults;
    this.#knowsMagic = magicNumbers;
    this.#ways = profiles.flatMap((ways) => ways.map((profile) => CarrierWay.of(profile)));
    this.#fate = new Fate(seed);
    this.#wheel = new TimingWheel({ entries: capacity, tickMs: DELIVERY_TICK_MS, turnMs: LATENCY_CAP_MS, startMs });
    this.#complaints = new Complaints({
      rules: profiles.map((ways) => ways[0]!),
      blocks: this.blocks,
      startMs,
      onComplaint: (carrier) => {
        this.counters.complaints[carrier]! += 1;
      },
    });
    this.#due = new Float64Array(capacity * DUE_WIDTH);
    this.#plan = new Uint16Array(capacity * PLAN_WIDTH);
  }

  /**
   * Takes the message at ring place `at`, which must be settled if it was dispatched before. Of one that another has begun to deliver
   * only what is not recorded yet is still to come: after its receipt the handset, after its end a receipt that was drawn to be late.
   */
  dispatch(at: number, nowMs: number): void {
    const store = this.#store;
    const due = at * DUE_WIDTH;
    const plan = at * PLAN_WIDTH;
    this.#due[due + RECEIPT_DUE_MS] = NEVER;
    this.#due[due + END_DUE_MS] = NEVER;
    this.#plan[plan + WAY] = store.carrier[at]! * WAYS.length + wayOf(store.senderKey, at, store.route[at]!);
    this.#plan[plan + OUTCOME] = HandsetOutcome.Pending;
    this.#plan[plan + IS_COPIED] = 0;
    this.#plan[plan + COMPLAINS] = 0;
    if (store.state[at] === MessageState.Accepted) this.#handOver(at, nowMs);
    else this.#goOn(at, nowMs);
  }

  /** When something is next to come of the message at ring place `at`, which is not settled. */
  nextMs(at: number): number {
    const due = at * DUE_WIDTH;
    return Math.min(this.#due[due + RECEIPT_DUE_MS]!, this.#due[due + END_DUE_MS]!);
  }

  /** Forgets messages that are not settled: nothing is to come of them here, and their places are free. One look at all there are. */
  withdraw(isGone: (at: number) => boolean): void {
    const store = this.#store;
    this.#wheel.remove((at) => {
      if (!isGone(at)) return false;
      if (store.lingers[at] === 1) store.setLingering(at, false);
      return true;
    });
  }

  /** Runs everything due by `nowMs`. */
  advance(nowMs: number): void {
    this.#wheel.advance(nowMs, this.#step);
    this.#complaints.advance(nowMs);
  }

  /** What carriers did since the start, and the numbers they block now. For scrapes: allocates. */
  figures(): DeliveryFigures & { readonly blocks: readonly Cell<'carrier'>[] } {
    const blocks = CARRIERS.map(({ id }, carrier) => ({
      labels: { carrier: id },
      value: this.blocks.countAt(carrier),
    }));
    return { ...this.counters.figures(), blocks };
  }

  capture(): SimulatedCarriersState {
    return {
      columns: this.#columns(this.#store.count),
      wheel: this.#wheel.capture(),
      senders: this.#senders.capture(),
      complaints: this.#complaints.capture(),
      blocks: [...this.blocks.list()],
      counters: this.counters.capture(),
    };
  }

  restore(state: SimulatedCarriersState): void {
    for (const [place, column] of this.#columns().entries()) column.set(state.columns[place]!);
    this.#wheel.restore(state.wheel);
    this.#senders.restore(state.senders);
    this.#complaints.restore(state.complaints);
    this.blocks.restore(state.blocks);
    this.counters.restore(state.counters);
  }

  /** @param count ring places from the first on: none behind those of the store's messages was ever used */
  #columns(count = this.#store.capacity): readonly (Float64Array | Uint16Array)[] {
    const due = this.#due.subarray(0, count * DUE_WIDTH);
    const plan = this.#plan.subarray(0, count * PLAN_WIDTH);
    return [due, plan, ...this.#throttles.columns];
  }

  #wayOf(at: number): CarrierWay {
    return this.#ways[this.#plan[at * PLAN_WIDTH + WAY]!]!;
  }

  /** Offers a message to its carrier, which takes it or does not. */
  #handOver(at: number, nowMs: number): void {
    const store = this.#store;
    this.#fate.turnTo(store.drawKey, at);
    const fixed = this.#fixed(at);
    if (fixed !== undefined) {
      this.#follow(fixed, at, nowMs);
      return;
    }
    let effects = NO_FAULTS;
    if (this.#faults?.isAny === true) {
      effects = this.#faults.effects(store.carrier[at]!, store.route[at]!, store.accounts[at], nowMs);
      const error = this.#refusal(at, effects, nowMs);
      if (DELIVERY_ERRORS[error]!.isTemporary) {
        this.#putOff(at, error, nowMs);
        return;
      }
      if (error === DeliveryError.None) this.#judge(at, nowMs);
      else this.#fail(at, error);
    } else {
      this.#judge(at, nowMs);
    }
    this.#schedule(at, effects, nowMs);
  }

  #fixed(at: number): FixedFate | undefined {
    return this.#knowsMagic ? fixedFate(this.#store.destinationKey, at) : undefined;
  }

  /** Does with a message what is always done with messages to its number, whatever faults there are. */
  #follow(fixed: FixedFate, at: number, nowMs: number): void {
    if (DELIVERY_ERRORS[fixed.error]!.isTemporary) {
      this.#putOff(at, fixed.error, nowMs);
      return;
    }
    const carrier = this.#store.carrier[at]!;
    const way = this.#wayOf(at);
    const due = at * DUE_WIDTH + RECEIPT_DUE_MS;
    this.#plan[at * PLAN_WIDTH + IS_COPIED] = fixed.receipts === 2 ? 1 : 0;
    this.#plan[at * PLAN_WIDTH + ERROR] = fixed.error;
    this.#plan[at * PLAN_WIDTH + OUTCOME] = fixed.outcome;
    this.#plan[at * PLAN_WIDTH + RECEIPT] = receiptOfFixed(fixed, way);
    this.#time(at, way, NO_FAULTS, nowMs);
    this.#due[due]! += fixed.receiptDelayMs;
    if (fixed.receipts === 0) this.#due[due] = NEVER;
    if (fixed.receipts === 0) this.counters.countReceipt(carrier, ReceiptKind.Lost);
    else if (fixed.receiptDelayMs > 0) this.counters.countReceipt(carrier, ReceiptKind.Late);
    this.#await(at);
  }

  /** Why the carrier does not take the message at this try: `DeliveryError`. */
  #refusal(at: number, effects: Readonly<FaultEffects>, nowMs: number): number {
    const faults = this.#faults!;
    const carrier = this.#store.carrier[at]!;
    if (nowMs < effects.outageUntilMs) {
      faults.applied('outage', carrier);
      return DeliveryError.CarrierOutage;
    }
    const { messagesPerSecond, errors } = effects;
    if (messagesPerSecond < Infinity) {
      if (!this.#throttles.take(carrier, this.#store.route[at]!, messagesPerSecond, nowMs)) {
        faults.applied('throttle', carrier);
        return DeliveryError.CarrierThrottled;
      }
    }
    const tryOf = tryAt(nowMs - this.#store.acceptedAtMs[at]!);
    let left = this.#fate.draw(Purpose.Error + tryOf * PURPOSES_PER_TRY) / DRAWS;
    for (const { code, share } of errors) {
      if (left < share) {
        faults.applied('error', carrier);
        return code;
      }
      left -= share;
    }
    return DeliveryError.None;
  }

  /** Has a message tried again later, unless its time is over. */
  #putOff(at: number, error: number, nowMs: number): void {
    const store = this.#store;
    const lastMs = Math.min(store.acceptedAtMs[at]! + DELIVERY_VALIDITY_MS, store.validUntilMs[at]!);
    if (nowMs >= lastMs) {
      this.#fail(at, DeliveryError.ValidityExpired);
      // The route says so itself: no carrier's receipt that could be late or lost.
      this.#plan[at * PLAN_WIDTH + RECEIPT] = ReceiptState.Expired;
      this.#due[at * DUE_WIDTH + RECEIPT_DUE_MS] = nowMs;
      this.#due[at * DUE_WIDTH + END_DUE_MS] = nowMs;
      this.#wheel.add(at, nowMs);
      return;
    }
    const ageMs = nowMs - store.acceptedAtMs[at]!;
    const waitMs = Math.min(DELIVERY_TRY_AGAIN_MS_MAX, Math.max(DELIVERY_TRY_AGAIN_MS, ageMs));
    const part = 0.5 + this.#fate.draw(Purpose.Wait + tryAt(ageMs) * PURPOSES_PER_TRY) / (2 * DRAWS);
    const againMs = Math.min(lastMs, nowMs + waitMs * part);
    this.#due[at * DUE_WIDTH + END_DUE_MS] = againMs;
    this.counters.countTry(store.carrier[at]!, error);
    store.error[at] = error;
    store.setLingering(at, true);
    this.#wheel.add(at, againMs);
  }

  /** Draws what becomes of a message that its carrier takes: what the receipt says, and what the phone gets. */
  #judge(at: number, nowMs: number): void {
    const store = this.#store;
    const carrier = store.carrier[at]!;
    const way = this.#wayOf(at);
    this.#senders.note(store.senderKey, at, carrier, nowMs);
    if (this.blocks.has(store.senderKey, at, carrier)) {
      this.#fail(at, DeliveryError.NumberBlocked);
      return;
    }
    const reach = this.#fate.draw(Purpose.Reach);
    if (reach < way.unreachable) {
      this.#fail(at, unreachableReason(reach / way.unreachable));
      return;
    }
    const passes = this.#filter(at, way);
    if (passes && this.#fate.draw(Purpose.Complaint) < way.complaint) this.#plan[at * PLAN_WIDTH + COMPLAINS] = 1;
    let receipt: number = ReceiptState.Accepted;
    if (way.receiptIsOfHandset) receipt = passes ? ReceiptState.Delivered : ReceiptState.Undelivered;
    this.#plan[at * PLAN_WIDTH + RECEIPT] = receipt;
  }

  /** Lets the carrier's filter have its say, whose result is whether the message passes; it has been noted just before. */
  #filter(at: number, way: CarrierWay): boolean {
    const store = this.#store;
    const isRegistered = store.registration[at] === Registration.Registered;
    const ofSuspicious = isRegistered ? way.filterRegistered : way.filterUnregistered;
    const draw = this.#fate.draw(Purpose.Filter);
    let result: number = FilterResult.Passed;
    // Whatever the text, most draws let it pass; scoring it is the dearest part of a delivery and is left for the others.
    if (draw < Math.max(ofSuspicious, way.falseFilter)) {
      const isSuspicious = looksLikeSpam(store.texts.get(at), this.#words, this.#senders);
      if (draw < (isSuspicious ? ofSuspicious : way.falseFilter)) {
        result = isSuspicious ? FilterResult.DroppedSuspicious : FilterResult.DroppedPlain;
      }
    }
    this.counters.countFilter(store.carrier[at]!, result);
    const passes = result === FilterResult.Passed;
    const plan = at * PLAN_WIDTH;
    this.#plan[plan + OUTCOME] = passes ? HandsetOutcome.Delivered : HandsetOutcome.Filtered;
    this.#plan[plan + ERROR] = passes ? DeliveryError.None : DeliveryError.SpamFilter;
    return passes;
  }

  #fail(at: number, error: number): void {
    const plan = at * PLAN_WIDTH;
    this.#plan[plan + OUTCOME] = HandsetOutcome.Undelivered;
    this.#plan[plan + RECEIPT] = ReceiptState.Undelivered;
    this.#plan[plan + ERROR] = error;
  }

  /** Sets the times of the receipt and the end of a message that was handed over now. */
  #schedule(at: number, effects: Readonly<FaultEffects>, nowMs: number): void {
    const way = this.#wayOf(at);
    this.#time(at, way, effects, nowMs);
    this.#drawReceipt(at, way, effects);
    this.#await(at);
  }

  /** Of a message that its carrier takes now: when it tells of it, and when the message has ended. */
  #time(at: number, way: CarrierWay, effects: Readonly<FaultEffects>, nowMs: number): void {
    this.#store.error[at] = DeliveryError.None;
    this.#listener.taken?.(at, nowMs);
    const takenMs = nowMs + this.#receiptTakes(at, way, effects);
    const isOver = this.#plan[at * PLAN_WIDTH + OUTCOME] === HandsetOutcome.Undelivered;
    const endMs = isOver ? takenMs : takenMs + way.handsetMs[rowOf(this.#fate.draw(Purpose.HandsetTime))]!;
    this.#due[at * DUE_WIDTH + END_DUE_MS] = endMs;
    this.#due[at * DUE_WIDTH + RECEIPT_DUE_MS] = way.receiptIsOfHandset ? endMs : takenMs;
  }

  /** Milliseconds until the carrier has told of all parts of the message. */
  #receiptTakes(at: number, way: CarrierWay, effects: Readonly<FaultEffects>): number {
    const parts = way.receiptPerSegment ? this.#store.units[at]! : 1;
    const row = rowOfLatest(this.#fate.draw(Purpose.ReceiptTime), parts);
    if (effects === NO_FAULTS || Number.isNaN(effects.latencyMedianMs)) return way.receiptMs[row]!;
    this.#faults!.applied('latency', this.#store.carrier[at]!);
    const { latencyMedianMs: medianMs, latencySigma: sigma, latencyCapMs: capMs } = effects;
    return lognormalAt({ medianMs, sigma, capMs }, row);
  }

  /** Draws whether the receipt comes when it is due, or later, or twice, or not at all. */
  #drawReceipt(at: number, way: CarrierWay, effects: Readonly<FaultEffects>): void {
    if (effects === NO_FAULTS && way.hasPlainReceipts) return;
    const due = at * DUE_WIDTH + RECEIPT_DUE_MS;
    const fate = this.#fate;
    const { counters } = this;
    const carrier = this.#store.carrier[at]!;
    if (this.#isReceiptless(at, way)) {
      this.#due[due] = NEVER;
      counters.countReceipt(carrier, ReceiptKind.None);
      return;
    }
    const lost = fate.draw(Purpose.ReceiptLost);
    if (lost < way.receiptLost || lost < drawsOf(effects.receiptLossRate)) {
      this.#due[due] = NEVER;
      if (lost >= way.receiptLost) this.#faults!.applied('receipt_loss', carrier);
      counters.countReceipt(carrier, ReceiptKind.Lost);
      return;
    }
    let laterMs = 0;
    if (fate.draw(Purpose.ReceiptLate) < way.receiptLate) {
      laterMs = way.receiptLateMs[rowOf(fate.draw(Purpose.ReceiptLateTime))]!;
    }
    if (effects.receiptDelayMs > 0) {
      this.#faults!.applied('receipt_delay', carrier);
      laterMs += effects.receiptDelayMs;
    }
    if (laterMs > 0) counters.countReceipt(carrier, ReceiptKind.Late);
    this.#due[due]! += laterMs;
    const copied = fate.draw(Purpose.ReceiptCopied);
    if (copied < way.receiptDuplicate || copied < drawsOf(effects.receiptDuplicateRate)) {
      if (copied >= way.receiptDuplicate) this.#faults!.applied('receipt_duplicate', carrier);
      this.#plan[at * PLAN_WIDTH + IS_COPIED] = 1;
    }
  }

  /** Whether no receipt ever comes from the phone that a message is to. */
  #isReceiptless(at: number, way: CarrierWay): boolean {
    if (way.receiptless === 0) return false;
    const fate = this.#fate;
    fate.turnTo(this.#store.destinationKey, at);
    const isReceiptless = fate.draw(Purpose.Receiptless) < way.receiptless;
    fate.turnTo(this.#store.drawKey, at);
    return isReceiptless;
  }

  /** Takes on a message of which something is recorded: that stands, and its times are those it would have had. */
  #goOn(at: number, nowMs: number): void {
    const store = this.#store;
    const way = this.#wayOf(at);
    const plan = at * PLAN_WIDTH;
    const due = at * DUE_WIDTH;
    this.#fate.turnTo(store.drawKey, at);
    this.#plan[plan + ERROR] = store.error[at]!;
    if (store.state[at] !== MessageState.Sent) {
      this.#plan[plan + OUTCOME] = store.outcome[at]!;
      if (store.receipt[at] === ReceiptState.None) {
        this.#plan[plan + RECEIPT] = receiptOf(store.outcome[at]!, way);
        this.#due[due + RECEIPT_DUE_MS] = store.handsetAtMs[at]!;
        const carrier = store.carrier[at]!;
        const effects = this.#faults?.isAny
          ? this.#faults.effects(carrier, store.route[at]!, store.accounts[at], nowMs)
          : NO_FAULTS;
        this.#drawReceipt(at, way, effects);
      }
    } else if (store.receipt[at] === ReceiptState.Accepted) {
      const fixed = this.#fixed(at);
      if (fixed === undefined) {
        this.#senders.note(store.senderKey, at, store.carrier[at]!, nowMs);
        this.#filter(at, way);
      } else {
        this.#plan[plan + OUTCOME] = fixed.outcome;
        this.#plan[plan + ERROR] = fixed.error;
      }
      const handsetMs = way.handsetMs[rowOf(this.#fate.draw(Purpose.HandsetTime))]!;
      this.#due[due + END_DUE_MS] = store.receiptAtMs[at]! + handsetMs;
    } else {
      this.#plan[plan + OUTCOME] = outcomeOf(store.receipt[at]!, store.error[at]!);
      this.#due[due + END_DUE_MS] = nowMs;
    }
    this.#await(at);
  }

  #advanceMessage(at: number, atMs: number): void {
    if (this.#plan[at * PLAN_WIDTH + OUTCOME] === HandsetOutcome.Pending) {
      this.#handOver(at, atMs);
      return;
    }
    const due = at * DUE_WIDTH;
    if (this.#due[due + RECEIPT_DUE_MS]! <= atMs) this.#receive(at, atMs);
    if (this.#due[due + END_DUE_MS]! <= atMs) this.#end(at, atMs);
    if (this.#due[due + END_DUE_MS]! !== NEVER || this.#due[due + RECEIPT_DUE_MS]! !== NEVER) {
      this.#await(at);
      return;
    }
    if (this.#store.lingers[at] === 1) this.#store.setLingering(at, false);
    this.#listener.settled(at, atMs);
  }

  /** Puts a message in line for whatever comes next of it; if nothing does, to be settled at the next tick. */
  #await(at: number): void {
    const receiptMs = this.#due[at * DUE_WIDTH + RECEIPT_DUE_MS]!;
    const endMs = this.#due[at * DUE_WIDTH + END_DUE_MS]!;
    const dueMs = receiptMs < endMs ? receiptMs : endMs;
    this.#wheel.add(at, dueMs === NEVER ? 0 : dueMs);
  }

  /** A receipt, or its copy, has come. */
  #receive(at: number, atMs: number): void {
    const store = this.#store;
    const carrier = store.carrier[at]!;
    const plan = at * PLAN_WIDTH;
    const isCopy = store.receipt[at] !== ReceiptState.None;
    this.#due[at * DUE_WIDTH + RECEIPT_DUE_MS] = NEVER;
    if (isCopy) {
      this.counters.countReceipt(carrier, ReceiptKind.Duplicate);
    } else {
      const way = this.#wayOf(at);
      const receipt = this.#plan[plan + RECEIPT]!;
      store.recordReceipt(at, receipt, atMs);
      if (receipt !== ReceiptState.Accepted) store.error[at] = this.#plan[plan + ERROR]!;
      this.counters.countReceipt(carrier, ReceiptKind.Taken);
      this.counters.countParts(carrier, way.receiptPerSegment ? store.units[at]! : 1);
      if (this.#plan[plan + IS_COPIED] === 1) {
        this.#fate.turnTo(store.drawKey, at);
        const waitMs = way.receiptMs[rowOf(this.#fate.draw(Purpose.ReceiptCopyTime))]!;
        this.#due[at * DUE_WIDTH + RECEIPT_DUE_MS] = atMs + waitMs;
      }
    }
    this.#listener.receiptArrived(at, isCopy ? 1 : 0, atMs);
  }

  #end(at: number, atMs: number): void {
    const store = this.#store;
    const plan = at * PLAN_WIDTH;
    const error = this.#plan[plan + ERROR]!;
    this.#due[at * DUE_WIDTH + END_DUE_MS] = NEVER;
    store.error[at] = error;
    // What keeps its place is known before the place is free for another.
    if (this.#due[at * DUE_WIDTH + RECEIPT_DUE_MS]! !== NEVER) store.setLingering(at, true);
    store.recordHandset(at, this.#plan[plan + OUTCOME]!, atMs);
    if (error !== DeliveryError.None) this.counters.countError(store.carrier[at]!, error);
    if (this.#plan[plan + COMPLAINS] === 1) this.#expectComplaint(at, atMs);
    this.#listener.ended(at, atMs);
  }

  /** A recipient who would complain of spam does, in his own time, if that is what the text reads like. */
  #expectComplaint(at: number, atMs: number): void {
    const store = this.#store;
    if (this.#words.score(store.texts.get(at)) <= 0) return;
    this.#fate.turnTo(store.drawKey, at);
    const waitMs = this.#wayOf(at).complaintMs[rowOf(this.#fate.draw(Purpose.ComplaintTime))]!;
    this.#complaints.expect(store.senderKey[at]!, store.carrier[at]!, atMs + waitMs);
  }
}

/** Numbers whose sending carriers remember: fewer where few messages are held. */
function remembered(capacity: number): number {
  return Math.min(SENDERS_REMEMBERED, 2 ** Math.ceil(Math.log2(Math.max(SENDERS_REMEMBERED_MIN, capacity))));
}

/**
 * Which try it is of a message that was accepted so long ago, by the time alone: whoever tries draws alike. Waits double with the age up
 * to the longest one, and no two tries have the same number.
 */
function tryAt(ageMs: number): number {
  const grownMs = Math.min(ageMs, DELIVERY_TRY_AGAIN_MS_MAX);
  const grown = Math.floor(2 * Math.log2(grownMs / (DELIVERY_TRY_AGAIN_MS / 2) + 1));
  return grown + Math.floor((ageMs - grownMs) / (DELIVERY_TRY_AGAIN_MS_MAX / 2));
}

/** Why a phone was not reached, by where in the share of such phones the draw fell. How they divide is an assumption. */
function unreachableReason(part: number): number {
  if (part < 0.6) return DeliveryError.AbsentSubscriber;
  return part < 0.9 ? DeliveryError.UnknownSubscriber : DeliveryError.RecipientBlocks;
}

/** The outcome that a receipt which came with the end stands for. */
function outcomeOf(receipt: number, error: number): number {
  if (receipt === ReceiptState.Delivered) return HandsetOutcome.Delivered;
  return error === DeliveryError.SpamFilter ? HandsetOutcome.Filtered : HandsetOutcome.Undelivered;
}

/** What the receipt says of a message to a number of which that is always so. */
function receiptOfFixed({ error, outcome, isSilent }: FixedFate, way: CarrierWay): number {
  if (error !== DeliveryError.None && !isSilent) return ReceiptState.Undelivered;
  return outcome === HandsetOutcome.Delivered && way.receiptIsOfHandset
    ? ReceiptState.Delivered
    : ReceiptState.Accepted;
}

/** What the receipt says of a message that has ended. */
function receiptOf(outcome: number, way: CarrierWay): number {
  if (outcome === HandsetOutcome.Undelivered) return ReceiptState.Undelivered;
  if (!way.receiptIsOfHandset) return ReceiptState.Accepted;
  return outcome === HandsetOutcome.Delivered ? ReceiptState.Delivered : ReceiptState.Undelivered;
}
