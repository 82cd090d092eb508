/** A binary heap by when the turn of each comes, that knows where in it each is: so one can be taken out before. */

export interface Due {
  /** When its turn comes, and its place among those of the same moment. */
  dueMs: number;
  turn: number;
}

export class DueHeap<Item extends Due> {
  readonly #items: Item[] = [];
  readonly #places = new Map<Item, number>();

  get earliest(): Item | undefined {
    return this.#items[0];
  }

  sorted(): Item[] {
    return this.#items.toSorted((one, other) => (isBefore(one, other) ? -1 : 1));
  }

  clear(): void {
    this.#items.length = 0;
    this.#places.clear();
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Removes one that is in it. */
  remove(item: Item): void {
    const at = this.#places.get(item);
    const last = this.#items.pop();
    this.#places.delete(item);
    if (at === undefined || last === undefined || last === item) return;
    this.#sink(last, at);
    this.#rise(last, this.#places.get(last)!);
  }

  #rise(item: Item, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(item, this.#items[above]!)) break;
      this.#put(this.#items[above]!, at);
      at = above;
    }
    this.#put(item, at);
  }

  #sink(item: Item, from: number): void {
    const items = this.#items;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && isBefore(items[below + 1]!, items[below]!)) below += 1;
      if (!isBefore(items[below]!, item)) break;
      this.#put(items[below]!, at);
      at = below;
    }
    this.#put(item, at);
  }

  #put(item: Item, at: number): void {
    this.#items[at] = item;
    this.#places.set(item, at);
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.turn < other.turn);
}
