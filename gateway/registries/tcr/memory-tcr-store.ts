/** The campaign registry's store in this process. Values are kept as JSON, so that nobody shares an object with the store. */
import { CLAIM_MS, type Claim, type Entities, type Kind, type TcrStore, type Versioned } from './tcr-store.ts';

interface Kept {
  readonly json: string;
  readonly version: number;
}

export interface MemoryTcrState {
  readonly kinds: ReadonlyMap<Kind, ReadonlyMap<string, Kept>>;
  readonly counters: ReadonlyMap<string, number>;
  readonly due: ReadonlyMap<string, number>;
}

export class MemoryTcrStore implements TcrStore {
  readonly #kinds = new Map<Kind, Map<string, Kept>>();
  readonly #counters = new Map<string, number>();
  readonly #due = new Map<string, number>();

  get<K extends Kind>(kind: K, id: string): Promise<Versioned<Entities[K]> | undefined> {
    const kept = this.#kind(kind).get(id);
    return Promise.resolve(kept && { value: JSON.parse(kept.json) as Entities[K], version: kept.version });
  }

  put<K extends Kind>(kind: K, id: string, value: Entities[K], version: number): Promise<boolean> {
    const entities = this.#kind(kind);
    if ((entities.get(id)?.version ?? 0) !== version) return Promise.resolve(false);
    entities.set(id, { json: JSON.stringify(value), version: version + 1 });
    return Promise.resolve(true);
  }

  delete(kind: Kind, id: string): Promise<void> {
    this.#kind(kind).delete(id);
    return Promise.resolve();
  }

  list<K extends Kind>(kind: K): Promise<readonly Entities[K][]> {
    return Promise.resolve([...this.#kind(kind).values()].map(({ json }) => JSON.parse(json) as Entities[K]));
  }

  nextNumber(counter: string): Promise<number> {
    const next = (this.#counters.get(counter) ?? 0) + 1;
    this.#counters.set(counter, next);
    return Promise.resolve(next);
  }

  schedule(task: string, atMs: number): Promise<void> {
    this.#due.set(task, atMs);
    return Promise.resolve();
  }

  takeDue(nowMs: number, limit: number): Promise<readonly Claim[]> {
    const due = [...this.#due].filter(([, atMs]) => atMs <= nowMs);
    const first = due.sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1)).slice(0, limit);
    const untilMs = nowMs + CLAIM_MS;
    for (const [task] of first) this.#due.set(task, untilMs);
    return Promise.resolve(first.map(([task]) => ({ task, untilMs })));
  }

  finish({ task, untilMs }: Claim): Promise<void> {
    if (this.#due.get(task) === untilMs) this.#due.delete(task);
    return Promise.resolve();
  }

  /** Everything it holds, tasks that wait included. */
  capture(): MemoryTcrState {
    return { kinds: this.#kinds, counters: this.#counters, due: this.#due };
  }

  /** Holds what another captured, and no longer what it held itself. */
  restore({ kinds, counters, due }: MemoryTcrState): void {
    replaceAll(this.#counters, counters);
    replaceAll(this.#due, due);
    this.#kinds.clear();
    for (const [kind, entities] of kinds) replaceAll(this.#kind(kind), entities);
  }

  #kind(kind: Kind): Map<string, Kept> {
    const found = this.#kinds.get(kind) ?? new Map<string, Kept>();
    this.#kinds.set(kind, found);
    return found;
  }
}

function replaceAll<Key, Value>(map: Map<Key, Value>, by: ReadonlyMap<Key, Value>): void {
  map.clear();
  for (const [key, value] of by) map.set(key, value);
}
