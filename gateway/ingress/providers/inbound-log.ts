/** Messages from handsets, for APIs by which they can be read back: the latest of all accounts together. Kept in this process. */
import { INBOUND_LOGGED_MAX } from '../../limits.ts';
import { type InboundMessage, messageId, type MessageStore } from '../../messages/index.ts';
import type { Stateful } from '../../router/index.ts';

export type LoggedInbound = Omit<InboundMessage, 'customer'>;

interface Entry {
  readonly account: string;
  readonly message: LoggedInbound;
}

interface InboundLogState {
  readonly entries: readonly Entry[];
  readonly arrivedCount: number;
}

/** Where ids of messages in begin: beyond those of messages out. */
const INBOUND_FROM = 2 ** 35;

export class InboundLog implements Stateful {
  readonly #store: Pick<MessageStore, 'idPrefix'>;
  /** In the order in which they came. */
  #entries: Entry[] = [];
  /** With those that are no longer here. */
  #arrivedCount = 0;

  /** @param store by whose run ids are told apart from those of others */
  constructor(store: Pick<MessageStore, 'idPrefix'>) {
    this.#store = store;
  }

  /** Keeps a message, under an id that no other has. */
  add(account: string, arrived: Omit<LoggedInbound, 'id'>): LoggedInbound {
    const id = messageId(this.#store.idPrefix.slice(1, -1), INBOUND_FROM + this.#arrivedCount);
    const message = { id, ...arrived };
    this.#arrivedCount += 1;
    this.#entries.push({ account, message });
    if (this.#entries.length > INBOUND_LOGGED_MAX) this.#entries.shift();
    return message;
  }

  /** Those of an account, the latest first. */
  of(account: string): readonly LoggedInbound[] {
    return this.#entries
      .filter((entry) => entry.account === account)
      .map(({ message }) => message)
      .toReversed();
  }

  capture(): InboundLogState {
    return { entries: this.#entries, arrivedCount: this.#arrivedCount };
  }

  restore({ entries, arrivedCount }: InboundLogState): void {
    this.#entries = [...entries];
    this.#arrivedCount = arrivedCount;
  }
}
