/** Reading messages back for those who sent them, by the API they came by: one, or a page of them, the latest first. */
import type { MessageStore } from '../../messages/index.ts';
import type { Caller } from './credentials.ts';
import type { Schedule } from './schedule.ts';

/** Accepted messages of all gateways, where they are kept outside of this one. */
export interface ShownArchive {
  /** Undefined for an id it does not have. The place `read` is given is good only while it runs. */
  show<T>(id: string, read: (store: MessageStore, at: number) => T): Promise<T | undefined>;
}

export interface Page {
  /** Ring places, the latest message first. */
  readonly places: readonly number[];
  /** Pass as `before` for the next page; undefined if there is none. */
  readonly next: number | undefined;
}

export class ReadBack {
  readonly #store: MessageStore;
  readonly #archive: ShownArchive | undefined;
  readonly #schedule: Schedule;
  /** `Face`. */
  readonly #face: number;

  constructor(store: MessageStore, archive: ShownArchive | undefined, schedule: Schedule, face: number) {
    this.#store = store;
    this.#schedule = schedule;
    this.#archive = archive;
    this.#face = face;
  }

  /** What `read` makes of a message of this caller by its id of ours; undefined if there is none. */
  async find<T>(givenId: string, caller: Caller, read: (store: MessageStore, at: number) => T): Promise<T | undefined> {
    const id = await this.#schedule.realId(givenId);
    const readOwn = (store: MessageStore, at: number): { readonly read: T } | undefined =>
      this.#isOf(store, at, caller) ? { read: read(store, at) } : undefined;
    const archived = await this.#archive?.show(id, readOwn);
    if (archived !== undefined) return archived.read;
    const at = this.#placeOf(id);
    return at === undefined ? undefined : readOwn(this.#store, at)?.read;
  }

  /** Ring place of a message of this caller that may be changed: one that this process alone keeps. */
  async ownPlace(id: string, caller: Caller): Promise<number | undefined> {
    const at = this.#archive === undefined ? this.#placeOf(await this.#schedule.realId(id)) : undefined;
    return at !== undefined && this.#isOf(this.#store, at, caller) ? at : undefined;
  }

  /** Ring place of a message that this process holds. */
  #placeOf(id: string): number | undefined {
    const store = this.#store;
    const sequence = store.sequenceOf(id);
    return sequence >= 0 && store.holds(sequence) ? sequence % store.capacity : undefined;
  }

  /**
   * Messages of this caller that this process holds and `matches` takes, at most `count`.
   * @param before sequence number: only messages accepted before it
   * Cost: one pass over the ring from there on.
   */
  page(caller: Caller, count: number, before = Infinity, matches: (at: number) => boolean = () => true): Page {
    const store = this.#store;
    const places: number[] = [];
    const look = (sequence: number): boolean => {
      const at = sequence % store.capacity;
      if (!store.holds(sequence) || !this.#isOf(store, at, caller) || !matches(at)) return false;
      if (places.length === count) return true;
      places.push(at);
      return false;
    };
    let sequence = Math.min(before, store.nextSequence) - 1;
    for (; sequence >= store.oldestSequence; sequence -= 1) if (look(sequence)) return { places, next: sequence + 1 };
    // The oldest of all wait under a limit, and the ring has passed them over.
    for (const older of store.passedOver().toReversed()) {
      if (older < before && look(older)) return { places, next: older + 1 };
    }
    return { places, next: undefined };
  }

  #isOf(store: MessageStore, at: number, { account }: Caller): boolean {
    return store.face[at] === this.#face && store.accounts[at] === account;
  }
}
