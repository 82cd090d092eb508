/**
 * Messages for the eyes of one person: a few of those that pass, and the newest that match a search.
 *
 * However many pass, the page is shown a handful of each half second, taken evenly and some seconds after they came, when most have met
 * their end. A search walks the ring backwards from the newest message and stops at its page.
 */
import { maskNumbers } from '../../registry-cache/index.ts';
import { type MessageRecord, messageRecord, type MessageStore, MESSAGE_STATES, SENDER } from '../messages/index.ts';
import {
  type Core,
  DECISIONS,
  HANDSET_OUTCOMES,
  REGISTRATION_LABELS,
  TRUTHS,
  CARRIER_LABELS,
} from '../router/index.ts';

/** Messages shown of each reading. */
const SAMPLE_MAX = 6;
/** Readings after which a message is shown. */
const SHOWN_AFTER = 6;
const LATEST_MAX = 10;

/** Hands out, reading by reading, some of the messages that came `SHOWN_AFTER` readings ago. */
export class PassingMessages {
  readonly #core: Core;
  readonly #store: MessageStore;
  /** Where the store's sequence stood at the latest readings, oldest first. */
  readonly #stood: number[] = [];
  /** The last that were handed out, the newest first. */
  latest: readonly MessageRecord[] = [];

  constructor(core: Core, store: MessageStore) {
    this.#core = core;
    this.#store = store;
  }

  next(): readonly MessageRecord[] {
    const { nextSequence, oldestSequence } = this.#store;
    // After a reset the sequence begins anew.
    if ((this.#stood.at(-1) ?? 0) > nextSequence) {
      this.#stood.length = 0;
      this.latest = [];
    }
    this.#stood.push(nextSequence);
    if (this.#stood.length <= SHOWN_AFTER) return [];
    const from = Math.max(this.#stood.shift() ?? 0, oldestSequence);
    const count = Math.min(SAMPLE_MAX, Math.max(0, (this.#stood[0] ?? 0) - from));
    const step = ((this.#stood[0] ?? 0) - from) / count;
    const sequences = Array.from({ length: count }, (_, place) => Math.floor(from + place * step));
    const shown = sequences
      .filter((sequence) => this.#store.holds(sequence))
      .map((sequence) => messageRecord(this.#core, this.#store, sequence));
    this.latest = [...shown.toReversed(), ...this.latest].slice(0, LATEST_MAX);
    return shown;
  }
}

/** A message as those may see it who may not read messages: what became of it, and not what it says, nor to whom. */
export function withheld(message: MessageRecord): MessageRecord {
  const {
    account: _account,
    campaign: _campaign,
    reference: _reference,
    limit: _limit,
    media: _media,
    ...rest
  } = message;
  const { totalMicros, postings } = message.price;
  return {
    ...rest,
    text: '',
    from: maskNumbers(message.from),
    to: maskNumbers(message.to),
    price: { totalMicros, postings: postings.map((posting) => ({ ...posting, payer: SENDER })) },
  };
}

/** What a message must be to match; what is left out matches all. Names are those of the API. */
export interface MessageSearch {
  /** The key of its sender or its destination. */
  readonly numberKey: number | undefined;
  readonly truth: string | undefined;
  readonly decision: string | undefined;
  readonly registration: string | undefined;
  readonly carrier: string | undefined;
  readonly status: string | undefined;
  readonly handset: string | undefined;
  readonly pageSize: number;
}

/** The newest messages that match, newest first; last those whose places were passed over. Cost: two passes over the ring at most. */
export function latestMessages(core: Core, store: MessageStore, search: MessageSearch): readonly MessageRecord[] {
  const truth = indexOf(TRUTHS, search.truth);
  const code = search.decision === undefined ? undefined : DECISIONS.findIndex(({ name }) => name === search.decision);
  const registration = indexOf(REGISTRATION_LABELS, search.registration);
  const carrier = indexOf(CARRIER_LABELS, search.carrier);
  const status = indexOf(MESSAGE_STATES, search.status);
  const handset = indexOf(HANDSET_OUTCOMES, search.handset);
  const { numberKey, pageSize } = search;
  const matches = (sequence: number): boolean => {
    const at = sequence % store.capacity;
    return (
      store.holds(sequence) &&
      (numberKey === undefined || store.senderKey[at] === numberKey || store.destinationKey[at] === numberKey) &&
      (truth === undefined || store.truth[at] === truth) &&
      (code === undefined || store.code[at] === code) &&
      (registration === undefined || store.classAt(at) === registration) &&
      (carrier === undefined || store.carrier[at] === carrier) &&
      (status === undefined || store.state[at] === status) &&
      (handset === undefined || store.outcome[at] === handset)
    );
  };
  const found: number[] = [];
  for (let sequence = store.nextSequence - 1; sequence >= store.oldestSequence && found.length < pageSize;) {
    if (matches(sequence)) found.push(sequence);
    sequence -= 1;
  }
  if (found.length < pageSize) found.push(...store.passedOver().toReversed().filter(matches));
  return found.slice(0, pageSize).map((sequence) => messageRecord(core, store, sequence));
}

function indexOf(names: readonly string[], name: string | undefined): number | undefined {
  return name === undefined ? undefined : names.indexOf(name);
}
