/**
 * What is known of messages that came by SMPP, beside what the store has: columns by ring place of the store. Some twenty bytes a
 * message, written once, and no object.
 *
 * An entry is of the message whose sequence number it holds, and of no later one at the same place.
 */
import type { MessageStore } from '../../messages/index.ts';

const NOBODY = -1;
const NOWHERE = -1;

export interface SubmittedState {
  readonly sequences: Float64Array;
  readonly owners: Int32Array;
  readonly facts: Uint32Array;
  readonly references: Int32Array;
  readonly otherIds: ReadonlyMap<number, string>;
}

export class Submitted {
  readonly #store: MessageStore;
  readonly #sequences: Float64Array;
  /** Handles of ESMEs. */
  readonly #owners: Int32Array;
  /** `factsOf`. */
  readonly #facts: Uint32Array;
  /** user_message_reference, or -1. */
  readonly #references: Int32Array;
  /** Ids that messages were given in place of the store's, by ring place. */
  readonly #otherIds = new Map<number, string>();
  /** And the ring place by such an id: of several that have it, of the last. */
  readonly #placeByOtherId = new Map<string, number>();

  constructor(store: MessageStore) {
    this.#store = store;
    this.#sequences = new Float64Array(store.capacity).fill(NOBODY);
    this.#owners = new Int32Array(store.capacity);
    this.#facts = new Uint32Array(store.capacity);
    this.#references = new Int32Array(store.capacity);
  }

  /** Notes the message with this sequence number of the store, which has just been taken. */
  note(sequence: number, owner: number, facts: number, reference: number): void {
    const at = sequence % this.#store.capacity;
    this.#sequences[at] = sequence;
    this.#owners[at] = owner;
    this.#facts[at] = facts;
    this.#references[at] = reference;
    if (this.#otherIds.size > 0) this.#forgetOtherId(at);
  }

  /** Has a message that was noted known by another id. */
  nameOtherwise(sequence: number, id: string): void {
    this.#setOtherId(sequence % this.#store.capacity, id);
  }

  /** Ring place of a message that was named so; -1 if there is none. */
  placeNamed(id: string): number {
    return this.#placeByOtherId.get(id) ?? NOWHERE;
  }

  /** Whether the message at ring place `at` came by SMPP. */
  has(at: number): boolean {
    return this.#sequences[at] === this.#store.sequence[at];
  }

  ownerAt(at: number): number {
    return this.#owners[at]!;
  }

  factsAt(at: number): number {
    return this.#facts[at]!;
  }

  referenceAt(at: number): number {
    return this.#references[at]!;
  }

  otherIdAt(at: number): string | undefined {
    return this.#otherIds.get(at);
  }

  capture(): SubmittedState {
    // None behind the places of the store's messages was ever used.
    const { count } = this.#store;
    return {
      sequences: this.#sequences.slice(0, count),
      owners: this.#owners.slice(0, count),
      facts: this.#facts.slice(0, count),
      references: this.#references.slice(0, count),
      otherIds: new Map(this.#otherIds),
    };
  }

  /** @param ownerOf the handle here of an ESME that had this one where the state was captured; undefined for one unknown here */
  restore(
    { sequences, owners, facts, references, otherIds }: SubmittedState,
    ownerOf: (owner: number) => number | undefined,
  ): void {
    this.#sequences.fill(NOBODY);
    owners.forEach((owner, at) => {
      const here = ownerOf(owner);
      if (here === undefined) return;
      this.#sequences[at] = sequences[at]!;
      this.#owners[at] = here;
    });
    this.#facts.set(facts);
    this.#references.set(references);
    this.#otherIds.clear();
    this.#placeByOtherId.clear();
    for (const [at, id] of otherIds) this.#setOtherId(at, id);
  }

  #setOtherId(at: number, id: string): void {
    this.#otherIds.set(at, id);
    this.#placeByOtherId.set(id, at);
  }

  #forgetOtherId(at: number): void {
    const id = this.#otherIds.get(at);
    if (id === undefined) return;
    this.#otherIds.delete(at);
    if (this.#placeByOtherId.get(id) === at) this.#placeByOtherId.delete(id);
  }
}
