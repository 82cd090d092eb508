/**
 * What accounts have in flight and have been charged, by the messages of this gateway since it started; and the giving back of
 * places in flight when messages end.
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
  /** Charges of messages that have ended, by account handle. */
  #endedMicros = new Float64Array();

  constructor(core: Core, store: MessageStore) {
    this.#core = core;
    this.#store = store;
  }

  /** To be told of each message that has come to its end, once, at its place in the ring. */
  messageEnded(at: number): void {
    const handle = this.#store.account[at]!;
    if (handle === NO_ACCOUNT) return;
    if (this.#store.holdsInFlight[at] === 1) this.#core.limits.accountInFlight.giveBack(handle, 1);
    if (handle >= this.#endedMicros.length) this.#makeRoom();
    this.#endedMicros[handle]! += this.#chargeAt(at);
  }

  of(handle: number): UseHere {
    const store = this.#store;
    let inFlight = 0;
    let spentMicros = this.#endedMicros[handle] ?? 0;
    let unseen = store.inFlightCount;
    for (let sequence = store.nextSequence - 1; unseen > 0; sequence -= 1) {
      const at = sequence % store.capacity;
      if (store.state[at]! >= MessageState.Delivered) continue;
      unseen -= 1;
      if (store.account[at] !== handle) continue;
      inFlight += 1;
      spentMicros += this.#chargeAt(at);
    }
    return { inFlight, spentMicros };
  }

  #chargeAt(at: number): number {
    const store = this.#store;
    return (
      store.carrierFeeMicros[at]! + store.surchargeMicros[at]! + store.dcaMicros[at]! + store.aggregatorMicros[at]!
    );
  }

  #makeRoom(): void {
    const grown = new Float64Array(Math.max(this.#core.accounts.count, this.#endedMicros.length * 2));
    grown.set(this.#endedMicros);
    this.#endedMicros = grown;
  }
}
