/**
 * What accounts have in flight and have been charged, through this gateway since it started; and the giving back of places in
 * flight when messages end.
 *
 * Told of every message that ends, so it allocates nothing there. What is still in flight is found by looking through the ring,
 * from the newest message on until all in flight are seen: it is asked for by people, and seldom.
 */
import { MessageState, type MessageStore } from '../messages/index.ts';
import { type Core, NO_ACCOUNT } from '../router/index.ts';

export interface UseHere {
  readonly inFlight: number;
  readonly spentMicros: number;
}

export class AccountUse {
  readonly #core: Core;
  readonly #store: MessageStore;

  constructor(core: Core, store: MessageStore) {
    this.#core = core;
    this.#store = store;
  }

  /** To be told of each message that has come to its end, once, at its place in the ring. */
  messageEnded(at: number): void {
    const handle = this.#store.account[at]!;
    if (handle === NO_ACCOUNT) return;
    if (this.#store.holdsInFlight[at] === 1) this.#core.limits.accountInFlight.giveBack(handle, 1);
  }

  of(handle: number): UseHere {
    const store = this.#store;
    let inFlight = 0;
    let unseen = store.inFlightCount;
    for (let sequence = store.nextSequence - 1; unseen > 0; sequence -= 1) {
      const at = sequence % store.capacity;
      if (store.state[at]! >= MessageState.Delivered) continue;
      unseen -= 1;
      if (store.account[at] !== handle) continue;
      inFlight += 1;
    }
    return { inFlight, spentMicros: this.#core.counters.accountMicros[handle + 1] ?? 0 };
  }
}
