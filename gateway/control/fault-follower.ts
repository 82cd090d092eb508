/** Keeps the book of one process level with the store, and tells the store how often faults were applied here. */
import type { FastifyBaseLogger } from 'fastify';
import { followStore } from '../follow-store.ts';
import { FAULTS_POLL_MS } from '../limits.ts';
import type { Timers } from '../router/index.ts';
import { type Fault, readFault, type SetFault } from './fault.ts';
import type { FaultBook } from './fault-book.ts';
import type { Refusal, SharedFaults } from './fault-routes.ts';
import type { FaultsKept, FaultStore } from './fault-store.ts';

export class FaultFollower implements SharedFaults {
  readonly book: FaultBook;
  readonly #store: FaultStore;
  readonly #log: FastifyBaseLogger;
  #version = 'unread';
  #kept: readonly SetFault[] = [];
  /** By key: what the store was told of what the book has counted. */
  #told = new Map<string, number>();
  #reading: Promise<void> = Promise.resolve();

  constructor(store: FaultStore, book: FaultBook, log: FastifyBaseLogger) {
    this.#store = store;
    this.book = book;
    this.#log = log;
  }

  /** Asks the store again and again until the returned function is called. Of an outage the log has one line. */
  follow(timers: Timers): () => void {
    const read = (): Promise<void> => this.refresh();
    return followStore(timers, FAULTS_POLL_MS, read, (error) =>
      this.#log.warn({ err: error }, 'the store of faults does not answer; those known stay in force'),
    );
  }

  /** Brings the book level with the store as it is when this is called, or later. */
  refresh(): Promise<void> {
    const read = (): Promise<void> => this.#read();
    const reading = this.#reading.then(read, read);
    this.#reading = reading;
    return reading;
  }

  async change(change: (faults: readonly SetFault[]) => readonly Fault[] | Refusal): Promise<Refusal | undefined> {
    for (;;) {
      await this.refresh();
      const wanted = change(this.#kept);
      if ('refusal' in wanted) return wanted;
      const faults = wanted.map(({ written, setAtMs, mark }) => ({ written, setAtMs, mark }));
      const keys = wanted.map(({ key }) => key);
      const version = await this.#store.replace(this.#version, faults, keys);
      if (version === undefined) continue;
      await this.refresh();
      return undefined;
    }
  }

  async applied(): Promise<ReadonlyMap<string, number>> {
    await this.refresh();
    return this.#store.applied();
  }

  async #read(): Promise<void> {
    const told = new Map(this.#told);
    const fresh = this.tell();
    const changed = await this.#store.follow(this.#version, fresh).catch((error: unknown) => {
      this.#told = told;
      throw error;
    });
    if (changed !== undefined) this.goBy(changed);
  }

  /** What the book has counted since this was asked last, by key. */
  tell(): ReadonlyMap<string, number> {
    const fresh = new Map<string, number>();
    for (const [key, count] of this.book.appliedByKey) {
      const since = count - (this.#told.get(key) ?? 0);
      if (since > 0) fresh.set(key, since);
      this.#told.set(key, count);
    }
    return fresh;
  }

  /** Goes by what the store has. */
  goBy(changed: FaultsKept): void {
    const faults = changed.faults.map((one) => readFault(one));
    this.book.replace(faults.filter((fault) => 'key' in fault));
    this.#version = changed.version;
    this.#kept = changed.faults;
    for (const key of this.#told.keys()) if (!this.book.appliedByKey.has(key)) this.#told.delete(key);
  }
}
