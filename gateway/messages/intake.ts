/**
 * The one way into the gateway: a draft from any edge becomes a decided, counted, stored and dispatched message.
 *
 * `submit` is synchronous, so an edge may call it in a loop over a batch. The result stays in `slot` until the next
 * call: the edge reads its answer from there.
 *
 * Over a limit that is set to queue, a message is stored and waits. `releaseDue` decides it again when its turn has come, as if it
 * arrived then, but for the tariff date and the draw for filters, which it brought along. Only that last decision is counted
 * and charged, and it takes from all limits at once; so every message, waiting or not, is counted once and never too early.
 *
 * Where waiting messages survive this process, a `WaitingKeeper` has them, and other gateways take over what a dead one leaves. Then that last
 * decision takes effect, and is counted, once the keeper has it: it may turn out that the message is another gateway's by now.
 */
import {
  Binding,
  clearQuote,
  clearResult,
  type Clock,
  type Core,
  decide,
  DecisionCode,
  foresee,
  MessageSlot,
  NO_ACCOUNT,
  type Rng,
} from '../router/index.ts';
import { QUEUE_LOOK_MS, QUEUE_RELEASES_AT_ONCE } from '../limits.ts';
import { type HeldMessagesState, NONE } from './held-messages.ts';
import type { LinedLimits } from './lined-limits.ts';
import {
  DECISION_BOUNDS_NS,
  LatencyHistogram,
  type LatencyHistogramState,
  NamedLatencies,
  RETRY_AFTER_BOUNDS_NS,
} from './latency-histogram.ts';
import type { MessageDraft } from './message-draft.ts';
import type { MessageStore } from './message-store.ts';

/** Takes an accepted message on towards its carrier; `at` is its place in the store's ring. */
export interface Dispatcher {
  dispatch(at: number, nowMs: number): void;
  /**
   * Of a dispatcher that keeps messages where they survive this process: resolves once all that it was given in this turn are there,
   * and rejects with `NotKept` if that cannot be said in time. Undefined if nothing was, as ever where nothing survives.
   */
  kept?(): Promise<void> | undefined;
  /** What keeps messages that wait where they survive this process. Without it they wait here only. */
  readonly waiting?: WaitingKeeper;
}

/** Keeps messages that wait. They are this process's as long as it lives, and another's when that one has come to think it dead. */
export interface WaitingKeeper {
  /** To be called once, before all else. */
  serve(here: WaitingHere): void;
  /** The message at ring place `at` begins to wait, with its draw for filters. `Dispatcher.kept` covers it. */
  hold(at: number, draw: number): void;
  /** Whether the message at ring place `at` may be decided here: as far as this process can know, it is nobody else's. */
  mayDecide(at: number): boolean;
  /**
   * Keeps what has been decided about the message at ring place `at`, as the store has noted it, and sees to all that follows:
   * delivery, or the post that tells of its refusal. Afterwards it says `enact`, or `forget`.
   */
  decided(at: number): void;
}

/** Messages that wait in this process, as their keeper sees them. */
export interface WaitingHere {
  /** A message that waited at another gateway goes on waiting here. Its ring place, or NOT_STORED if there is no room. */
  adopt(draft: Readonly<MessageDraft>, waiting: Readonly<MessageSlot>, id: string, drawKey: number): number;
  /** What was decided about the message at ring place `at` is kept, and takes effect. */
  enact(at: number, nowMs: number): void;
  /** The message at ring place `at`, which has been decided here, is another gateway's. */
  forget(at: number): void;
  /** Of the messages in lines, these are another gateway's. */
  forgetAll(isGone: (at: number) => boolean): void;
}

/** It could not be said in time whether a message was kept: it may have been, and may be delivered yet. */
export class NotKept extends Error {}

/** This process's view of the number registry, which may lag behind the store it follows. */
export interface RegistryView {
  /** Milliseconds since it was last known to be level with its store; 0 if it is the store. */
  ageMs(): number;
  /** Age from which on it counts as stale. */
  readonly staleMs: number;
  /** Whether messages are refused then; otherwise they are decided, and flagged. */
  readonly refusesWhenStale: boolean;
}

/** What has work with each message, and may not keep up. */
export interface Backlog {
  /** Then no message is taken. */
  readonly isFull: boolean;
  /** `Binding`: what is said to be full. */
  readonly binding: number;
  /** How full it is, and may be, in a unit of its own. */
  readonly used: number;
  readonly cap: number;
}

/** Messages that wait for room under a limit. */
export interface Queueing {
  /** The core decides by its limits. */
  readonly lined: LinedLimits;
  /** How long a message may wait. One that would have to wait longer from the start is refused by its limit. */
  readonly maxWaitMs: number;
  /** Told of the receipt of a message that waited and then was not sent, where no keeper sees to that. */
  readonly onReceipt: (at: number, nowMs: number) => void;
}

export interface IntakeState {
  readonly staleCount: number;
  readonly retryAfter: LatencyHistogramState;
  /** Undefined where no limit has lines. */
  readonly held: HeldMessagesState | undefined;
}

/** How long a sender is told to wait for a view to catch up. */
const STALE_RETRY_AFTER_MS = 1_000;

/** How long a sender is told to wait when the ring is full: about one median carrier latency. */
const FULL_RETRY_AFTER_MS = 1_000;

/** How long a sender is told to wait when a shared limit could not be asked. */
const UNLEASED_RETRY_AFTER_MS = 1_000;

/** When a waiting message asks again what could not tell: a limit without a lease, or one that has no more numbers to count by. */
const UNTOLD_RETRY_MS = 50;

export const NOT_STORED = -1;
/** A limit shared with other gateways has to be asked for first: nothing was counted or stored. */
export const AWAITS_LEASE = -2;
const NS_PER_MS = 1e6;

/** Key of a line before no limit: of messages from a number that were taken over and have not been decided here yet. */
function adoptedLineKey(senderKey: number): number {
  return -1 - senderKey;
}

export class Intake implements WaitingHere {
  readonly slot = new MessageSlot();
  /** Batches of which some messages are decided and others are not. */
  batchesUnderWay = 0;
  /** Messages decided by a stale view. */
  staleCount = 0;
  /** Told of each message that `submit` has taken into the store, at its place in the ring, decided or waiting. */
  whenTaken: ((at: number) => void) | undefined;
  readonly decisionTimes = new NamedLatencies(DECISION_BOUNDS_NS);
  /** How long senders of refused messages were told to wait. */
  readonly retryAfterTimes = new LatencyHistogram(RETRY_AFTER_BOUNDS_NS);
  readonly #core: Core;
  readonly #store: MessageStore;
  readonly #dispatcher: Dispatcher;
  readonly #chance: Rng;
  readonly #clock: Clock;
  readonly #view: RegistryView;
  /** The date whose regime and tariff apply, or undefined to follow the clock. */
  readonly #tariffDateMs: number | undefined;
  readonly #backlogs: readonly Backlog[];
  readonly #queueing: Queueing | undefined;
  readonly #keeper: WaitingKeeper | undefined;
  #isClosed = false;

  constructor(options: {
    core: Core;
    store: MessageStore;
    dispatcher: Dispatcher;
    chance: Rng;
    clock: Clock;
    view: RegistryView;
    tariffDateMs: number | undefined;
    backlogs?: readonly Backlog[];
    /** Without it every limit refuses. */
    queueing?: Queueing;
  }) {
    this.#core = options.core;
    this.#store = options.store;
    this.#dispatcher = options.dispatcher;
    this.#chance = options.chance;
    this.#clock = options.clock;
    this.#view = options.view;
    this.#tariffDateMs = options.tariffDateMs;
    this.#backlogs = options.backlogs ?? [];
    this.#queueing = options.queueing;
    if (options.queueing === undefined) return;
    this.#keeper = options.dispatcher.waiting;
    this.#keeper?.serve(this);
  }

  /** The date whose regime and tariff apply to a message that arrives now. */
  pricedAtMs(): number {
    return this.#tariffDateMs ?? this.#clock.nowMs();
  }

  /**
   * Decides one message, by its own draw if it brings one. If it is accepted or refused, it is counted, stored and, if accepted,
   * dispatched; if it has to wait under a limit it is stored, with the decision `queued` and in `retryAfterMs` how long its turn is away. The decision is in `slot`.
   * @param mayAwaitLease false on the last try: a message that still has no lease is then refused with `limit_not_leased`
   * @returns the sequence number; or NOT_STORED when the message was not taken at all: `queue_full` when there is no room
   *   or the intake is closed, `registry_stale` when the view is stale and such messages are refused; or AWAITS_LEASE
   */
  submit(draft: Readonly<MessageDraft>, mayAwaitLease = true): number {
    const nowMs = this.#clock.nowMs();
    const slot = this.slot;
    this.#fill(draft, nowMs);
    const ageMs = this.#view.ageMs();
    slot.isStale = ageMs >= this.#view.staleMs;
    if (this.#isClosed || !this.#store.hasRoom() || this.#fullBacklog() !== undefined) {
      this.#refuseForWantOfRoom();
      this.#count(draft.truth);
      return NOT_STORED;
    }
    if (slot.isStale && this.#view.refusesWhenStale) {
      this.#refuseForAge(ageMs);
      this.#count(draft.truth);
      return NOT_STORED;
    }
    slot.draw = Number.isNaN(draft.draw) ? this.#chance.next() : draft.draw;
    this.#queueing?.lined.begin();
    this.#decide(NOT_STORED);
    if (slot.code === DecisionCode.LimitNotLeased) {
      if (mayAwaitLease) return AWAITS_LEASE;
      slot.retryAfterMs = UNLEASED_RETRY_AFTER_MS;
    }
    if (slot.code === DecisionCode.Queued) {
      const sequence = this.#store.add(draft, slot);
      const at = sequence % this.#store.capacity;
      this.#stand(at, nowMs);
      this.#keeper?.hold(at, slot.draw);
      this.whenTaken?.(at);
      return sequence;
    }
    this.#countDecided(draft.truth);
    const sequence = this.#store.add(draft, slot);
    const at = sequence % this.#store.capacity;
    if (slot.code === DecisionCode.Accepted) this.#dispatcher.dispatch(at, nowMs);
    this.whenTaken?.(at);
    return sequence;
  }

  /**
   * Decides one message without taking, counting or storing anything: limits on lease learn what will be wanted of them. What `slot`
   * held is lost.
   */
  foresee(draft: Readonly<MessageDraft>): void {
    const slot = this.slot;
    this.#fill(draft, this.#clock.nowMs());
    slot.uptimeMs = this.#clock.monotonicNs() / NS_PER_MS;
    // Past every filter, for there are the limits; a real draw would change the draws of messages after it.
    slot.draw = 1;
    this.#queueing?.lined.begin();
    foresee(this.#core, slot);
  }

  /**
   * Decides waiting messages whose turn has come by `nowMs`, in the order in which their turns came, and a bounded number of them;
   * the others have theirs next time. Call it every few milliseconds.
   */
  releaseDue(nowMs: number): void {
    const held = this.#queueing?.lined.held;
    if (held === undefined || held.count === 0 || this.#fullBacklog() !== undefined) return;
    for (let left = QUEUE_RELEASES_AT_ONCE; left > 0; left -= 1) {
      const line = held.dueLine(nowMs);
      if (line === NONE) return;
      this.#release(line, nowMs);
    }
  }

  /** Resolves once what was accepted in this turn may be answered; undefined if it may be at once. */
  kept(): Promise<void> | undefined {
    return this.#dispatcher.kept?.();
  }

  /** Takes no message any more, also of edges that have begun with a batch. Those that wait go on waiting. */
  close(): void {
    this.#isClosed = true;
  }

  /** Ends all messages that wait, as out of time: the gateway is about to close and keeps nothing. */
  expireQueued(nowMs: number): void {
    const held = this.#queueing?.lined.held;
    if (held === undefined) return;
    for (let line = held.dueLine(Infinity); line !== NONE; line = held.dueLine(Infinity)) {
      this.#expire(line, nowMs);
    }
  }

  adopt(draft: Readonly<MessageDraft>, waiting: Readonly<MessageSlot>, id: string, drawKey: number): number {
    const store = this.#store;
    const held = this.#queueing?.lined.held;
    if (this.#isClosed || held === undefined || held.count >= held.bound || !store.hasRoom()) return NOT_STORED;
    const at = store.add(draft, waiting) % store.capacity;
    store.adopt(at, id, drawKey);
    // Due before all that wait here: those may be younger.
    held.join(at, adoptedLineKey(waiting.senderKey), waiting.units, waiting.draw, 0);
    return at;
  }

  enact(at: number, nowMs: number): void {
    const store = this.#store;
    const slot = this.slot;
    store.readQueued(at, slot);
    slot.atMs = nowMs;
    if (slot.code === DecisionCode.QueueExpired) this.#count(store.truth[at]!);
    else this.#countDecided(store.truth[at]!);
    store.enact(at, nowMs);
  }

  forget(at: number): void {
    const store = this.#store;
    const account = store.account[at]!;
    if (store.holdsInFlight[at] === 1 && account !== NO_ACCOUNT) this.#core.limits.accountInFlight.giveBack(account, 1);
    store.forget(at);
  }

  forgetAll(isGone: (at: number) => boolean): void {
    this.#queueing?.lined.held.remove((at) => {
      const isForgotten = isGone(at);
      if (isForgotten) this.forget(at);
      return isForgotten;
    });
  }

  /** Messages that wait, and what it counted. How long decisions took is this process's and not part of it. */
  capture(): IntakeState {
    const { staleCount } = this;
    return { staleCount, retryAfter: this.retryAfterTimes.capture(), held: this.#queueing?.lined.held.capture() };
  }

  /** To be called after the store was restored. */
  restore({ staleCount, retryAfter, held }: IntakeState): void {
    this.decisionTimes.forgetNames();
    this.staleCount = staleCount;
    this.retryAfterTimes.restore(retryAfter);
    if (held !== undefined) this.#queueing?.lined.held.restore(held);
  }

  #fill(draft: Readonly<MessageDraft>, nowMs: number): void {
    const slot = this.slot;
    slot.senderKey = draft.senderKey;
    slot.destinationKey = draft.destinationKey;
    slot.units = draft.units;
    slot.kind = draft.kind;
    slot.route = draft.route;
    slot.atMs = nowMs;
    slot.account = draft.account === undefined ? NO_ACCOUNT : this.#core.accounts.find(draft.account);
    slot.pricedAtMs = this.#tariffDateMs ?? nowMs;
  }

  /**
   * Decides the message in `slot`, which lines have begun with: the one that waits at ring place `waitingAt`, or a new one if that is
   * NOT_STORED. One that may wait gets `queued`, and takes nothing of anything.
   */
  #decide(waitingAt: number): void {
    const isNew = waitingAt === NOT_STORED;
    const slot = this.slot;
    const queueing = this.#queueing;
    const startNs = this.#clock.monotonicNs();
    slot.uptimeMs = startNs / NS_PER_MS;
    if (queueing === undefined) {
      decide(this.#core, slot);
    } else {
      // First a look: some limits charge for what they refuse, and a message that waits is not refused.
      foresee(this.#core, slot);
      if (this.#mayWait(queueing, isNew)) {
        slot.code = DecisionCode.Queued;
        clearQuote(slot);
      } else if (queueing.lined.turn.hasRoom && slot.code !== DecisionCode.Accepted) {
        // The carrier has no part in a refusal for the sake of others who wait here, and charges nothing.
        clearQuote(slot);
      } else if (slot.code === DecisionCode.Accepted || slot.quote.totalMicros > 0) {
        decide(this.#core, slot);
      }
    }
    const tookNs = this.#clock.monotonicNs() - startNs;
    const times = this.decisionTimes;
    const bucket = times.observe(tookNs);
    // One that has to ask for a lease first comes again, and may not be the next to be stored.
    if (slot.code === DecisionCode.LimitNotLeased) return;
    times.sequences[bucket] = isNew ? this.#store.nextSequence : this.#store.sequence[waitingAt]!;
    times.lastNs[bucket] = tookNs;
    times.atMs[bucket] = slot.atMs;
  }

  /** Whether the message in `slot`, as foreseen, is to wait. One that waits already needs no room and has its own end. */
  #mayWait({ lined, maxWaitMs }: Queueing, isNew: boolean): boolean {
    if (!lined.mayWait(this.slot.binding)) return false;
    return !isNew || (lined.turn.waitMs <= maxWaitMs && lined.held.count < lined.held.bound);
  }

  /** Puts the message just decided in the line of the limit that stopped it. */
  #stand(at: number, nowMs: number): void {
    const { lined } = this.#queueing!;
    const { lineKey, units } = lined.turn;
    lined.held.join(at, lineKey, units, this.slot.draw, this.#nextLookMs(at, nowMs), nowMs + lined.turn.waitMs);
  }

  /**
   * When the message that `turn` is of is to be decided next: when there may be room, or when its time is over; and before long,
   * since room also comes unforeseen, when a cap is raised or another gateway gives back what it did not use.
   */
  #nextLookMs(at: number, nowMs: number): number {
    return Math.min(nowMs + Math.min(this.#queueing!.lined.turn.waitMs, QUEUE_LOOK_MS), this.#lastMs(at));
  }

  /** Until when a waiting message may wait. */
  #lastMs(at: number): number {
    return Math.min(this.#store.acceptedAtMs[at]! + this.#queueing!.maxWaitMs, this.#store.validUntilMs[at]!);
  }

  /** Decides the first message of a line again. */
  #release(line: number, nowMs: number): void {
    const { lined, onReceipt } = this.#queueing!;
    const { held } = lined;
    const store = this.#store;
    const at = held.firstOf(line);
    if (this.#keeper?.mayDecide(at) === false) {
      held.postpone(line, nowMs + UNTOLD_RETRY_MS);
      return;
    }
    if (nowMs >= this.#lastMs(at)) {
      this.#expire(line, nowMs);
      return;
    }
    const isStale = this.#view.ageMs() >= this.#view.staleMs;
    if (isStale && this.#view.refusesWhenStale) {
      held.postpone(line, nowMs + STALE_RETRY_AFTER_MS);
      return;
    }
    const slot = this.slot;
    store.readQueued(at, slot);
    slot.atMs = nowMs;
    slot.isStale = isStale;
    slot.draw = held.drawOf(at);
    lined.beginAgain(at);
    this.#decide(at);
    if (slot.code === DecisionCode.LimitNotLeased || slot.code === DecisionCode.TrackedNumbersFull) {
      held.postpone(line, nowMs + UNTOLD_RETRY_MS);
      return;
    }
    if (slot.code === DecisionCode.Queued) {
      store.recordDecision(at, slot);
      if (lined.turn.lineKey === held.keyOf(line)) {
        held.postpone(line, this.#nextLookMs(at, nowMs), nowMs + lined.turn.waitMs);
      } else {
        held.leave(line, nowMs);
        this.#stand(at, nowMs);
      }
      return;
    }
    held.leave(line, nowMs);
    if (this.#isForKeeper(at)) return;
    this.#countDecided(store.truth[at]!);
    if (slot.code === DecisionCode.Accepted) {
      store.recordDecision(at, slot);
      this.#dispatcher.dispatch(at, nowMs);
    } else {
      store.recordRefusal(at, slot, nowMs);
      onReceipt(at, nowMs);
    }
  }

  /** Ends the first message of a line, which has waited long enough. */
  #expire(line: number, nowMs: number): void {
    const { lined, onReceipt } = this.#queueing!;
    const store = this.#store;
    const slot = this.slot;
    const at = lined.held.firstOf(line);
    lined.held.leave(line, nowMs);
    store.readQueued(at, slot);
    slot.atMs = nowMs;
    slot.code = DecisionCode.QueueExpired;
    if (this.#isForKeeper(at)) return;
    this.#count(store.truth[at]!);
    store.recordRefusal(at, slot, nowMs);
    onReceipt(at, nowMs);
  }

  /** Gives what has been decided about a message that waited to the keeper, if there is one: it comes back as `enact` or `forget`. */
  #isForKeeper(at: number): boolean {
    if (this.#keeper === undefined) return false;
    this.#store.noteDecision(at, this.slot);
    this.#keeper.decided(at);
    return true;
  }

  #countDecided(truth: number): void {
    if (this.slot.isStale) this.staleCount += 1;
    this.#count(truth);
  }

  #count(truth: number): void {
    const { retryAfterMs } = this.slot;
    if (retryAfterMs > 0) this.retryAfterTimes.observe(retryAfterMs * NS_PER_MS);
    this.#core.counters.countDecision(this.slot, truth);
  }

  #refuseForWantOfRoom(): void {
    const slot = this.slot;
    clearResult(slot);
    slot.code = DecisionCode.QueueFull;
    slot.retryAfterMs = FULL_RETRY_AFTER_MS;
    const backlog = this.#fullBacklog();
    if (backlog !== undefined) {
      slot.binding = backlog.binding;
      slot.limitUsed = backlog.used;
      slot.limitCap = backlog.cap;
    } else {
      slot.binding = Binding.InFlight;
      slot.limitUsed = this.#store.inFlightCount + this.#store.queuedCount;
      slot.limitCap = this.#store.capacity;
    }
  }

  #fullBacklog(): Backlog | undefined {
    for (const backlog of this.#backlogs) if (backlog.isFull) return backlog;
    return undefined;
  }

  #refuseForAge(ageMs: number): void {
    const slot = this.slot;
    clearResult(slot);
    slot.code = DecisionCode.RegistryStale;
    slot.binding = Binding.RegistryAge;
    slot.limitUsed = ageMs;
    slot.limitCap = this.#view.staleMs;
    slot.retryAfterMs = STALE_RETRY_AFTER_MS;
  }
}
