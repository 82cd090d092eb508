/**
 * The one way into the gateway: a draft from any edge becomes a decided, counted, stored and dispatched message.
 *
 * `submit` is synchronous, so an edge may call it in a loop over a batch. The result stays in `slot` until the next
 * call: the edge reads its answer from there.
 */
import {
  Binding,
  clearResult,
  type Clock,
  type Core,
  decide,
  DecisionCode,
  MessageSlot,
  NO_ACCOUNT,
  type Rng,
} from '../router/index.ts';
import { DECISION_BOUNDS_NS, LatencyHistogram } from './latency-histogram.ts';
import type { MessageDraft } from './message-draft.ts';
import type { MessageStore } from './message-store.ts';

/** Takes an accepted message on towards its carrier; `at` is its place in the store's ring. */
export interface Dispatcher {
  dispatch(at: number, nowMs: number): void;
}

/** This process's view of the number registry, which may lag behind the store it follows. */
export interface RegistryView {
  /** Milliseconds since it was last known to be level with its store; 0 if it is the store. */
  ageMs(): number;
  /** Age from which on it counts as stale. */
  readonly staleMs: number;
  /** Whether messages are refused then; otherwise they are decided, and flagged. */
  readonly refusesWhenStale: boolean;
}

/** How long a sender is told to wait for a view to catch up. */
const STALE_RETRY_AFTER_MS = 1_000;

/** How long a sender is told to wait when the ring is full: about one median carrier latency. */
const FULL_RETRY_AFTER_MS = 1_000;

export const NOT_STORED = -1;
/** A limit shared with other gateways has to be asked for first: nothing was counted or stored. */
export const AWAITS_LEASE = -2;
const NS_PER_MS = 1e6;

export class Intake {
  readonly slot = new MessageSlot();
  /** Messages decided by a stale view. */
  staleCount = 0;
  readonly decisionTimes = new LatencyHistogram(DECISION_BOUNDS_NS);
  readonly #core: Core;
  readonly #store: MessageStore;
  readonly #dispatcher: Dispatcher;
  readonly #chance: Rng;
  readonly #clock: Clock;
  readonly #view: RegistryView;
  /** The date whose regime and tariff apply, or undefined to follow the clock. */
  readonly #tariffDateMs: number | undefined;

  constructor(options: {
    core: Core;
    store: MessageStore;
    dispatcher: Dispatcher;
    chance: Rng;
    clock: Clock;
    view: RegistryView;
    tariffDateMs: number | undefined;
  }) {
    this.#core = options.core;
    this.#store = options.store;
    this.#dispatcher = options.dispatcher;
    this.#chance = options.chance;
    this.#clock = options.clock;
    this.#view = options.view;
    this.#tariffDateMs = options.tariffDateMs;
  }

  /** The date whose regime and tariff apply to a message that arrives now. */
  pricedAtMs(): number {
    return this.#tariffDateMs ?? this.#clock.nowMs();
  }

  /**
   * Decides, counts, stores and, if accepted, dispatches one message. The decision is in `slot`.
   * @returns the sequence number, or NOT_STORED when the ring is full: then the message was not taken at all and the
   *   decision is `queue_full`; or when the view is stale and such messages are refused: `registry_stale`.
   */
  submit(draft: Readonly<MessageDraft>): number {
    const nowMs = this.#clock.nowMs();
    const slot = this.slot;
    slot.senderKey = draft.senderKey;
    slot.destinationKey = draft.destinationKey;
    slot.units = draft.units;
    slot.kind = draft.kind;
    slot.route = draft.route;
    slot.atMs = nowMs;
    slot.account = draft.account === undefined ? NO_ACCOUNT : this.#core.accounts.find(draft.account);
    slot.pricedAtMs = this.#tariffDateMs ?? nowMs;
    const ageMs = this.#view.ageMs();
    slot.isStale = ageMs >= this.#view.staleMs;
    if (!this.#store.hasRoom()) {
      this.#refuseForWantOfRoom();
      this.#core.counters.countDecision(slot, draft.truth);
      return NOT_STORED;
    }
    if (slot.isStale) {
      if (this.#view.refusesWhenStale) {
        this.#refuseForAge(ageMs);
        this.#core.counters.countDecision(slot, draft.truth);
        return NOT_STORED;
      }
      this.staleCount += 1;
    }
    slot.draw = this.#chance.next();
    const startNs = this.#clock.monotonicNs();
    slot.uptimeMs = startNs / NS_PER_MS;
    decide(this.#core, slot);
    this.decisionTimes.observe(this.#clock.monotonicNs() - startNs);
    if (slot.code === DecisionCode.LimitNotLeased) return AWAITS_LEASE;
    this.#core.counters.countDecision(slot, draft.truth);
    const sequence = this.#store.add(draft, slot);
    if (slot.code === DecisionCode.Accepted) this.#dispatcher.dispatch(sequence % this.#store.capacity, nowMs);
    return sequence;
  }

  #refuseForWantOfRoom(): void {
    const slot = this.slot;
    clearResult(slot);
    slot.code = DecisionCode.QueueFull;
    slot.binding = Binding.InFlight;
    slot.limitUsed = this.#store.inFlightCount;
    slot.limitCap = this.#store.capacity;
    slot.retryAfterMs = FULL_RETRY_AFTER_MS;
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
