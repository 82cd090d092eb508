/** Messages from handsets, for APIs by which they can be read back: the latest of all accounts together. Kept in this process. */
import { INBOUND_LOGGED_MAX } from '../../limits.ts';
import type { InboundMessage } from '../../messages/index.ts';
import type { Stateful } from '../../router/index.ts';

export type LoggedInbound = Omit<InboundMessage, 'customer'>;

interface Entry {
  readonly account: string;
  readonly message: LoggedInbound;
}

export class InboundLog implements Stateful {
  /** In the order in which they came. */
  #entries: Entry[] = [];

  add(account: string, message: LoggedInbound): void {
    this.#entries.push({ account, message });
    if (this.#entries.length > INBOUND_LOGGED_MAX) this.#entries.shift();
  }

  /** Those of an account, the latest first. */
  of(account: string): readonly LoggedInbound[] {
    return this.#entries
      .filter((entry) => entry.account === account)
      .map(({ message }) => message)
      .toReversed();
  }

  capture(): readonly Entry[] {
    return [...this.#entries];
  }

  restore(entries: readonly Entry[]): void {
    this.#entries = [...entries];
  }
}
