/** Limits as one would write them first: a Map from the key to an object, for each thing that is counted. */

interface Bucket {
  debt: number;
  atMs: number;
}

interface DayCount {
  day: number;
  count: number;
}

const DAY_MS = 86_400_000;

/** A token bucket for each key: true if `units` fitted and were taken. */
export class MapOfBuckets {
  readonly #buckets = new Map<number, Bucket>();
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  take(key: number, cap: number, units: number, atMs: number): boolean {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { debt: 0, atMs };
      this.#buckets.set(key, bucket);
    }
    const debt = Math.max(0, bucket.debt - ((atMs - bucket.atMs) * cap) / this.#windowMs);
    if (debt + units > cap) return false;
    bucket.debt = debt + units;
    bucket.atMs = atMs;
    return true;
  }
}

/** A count a day (of UTC) for each key. */
export class MapOfDays {
  readonly #counts = new Map<number, DayCount>();

  take(key: number, cap: number, units: number, atMs: number): boolean {
    const day = Math.floor(atMs / DAY_MS);
    let counted = this.#counts.get(key);
    if (counted === undefined) {
      counted = { day, count: 0 };
      this.#counts.set(key, counted);
    }
    if (counted.day !== day) {
      counted.day = day;
      counted.count = 0;
    }
    if (counted.count + units > cap) return false;
    counted.count += units;
    return true;
  }
}

/** The day's recipients of each sender. */
export class MapOfRecipients {
  readonly #recipients = new Map<number, Set<number>>();
  #day = 0;

  take(sender: number, cap: number, recipient: number, atMs: number): boolean {
    const day = Math.floor(atMs / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#recipients.clear();
    }
    let known = this.#recipients.get(sender);
    if (known === undefined) {
      known = new Set();
      this.#recipients.set(sender, known);
    }
    if (known.has(recipient)) return true;
    if (known.size >= cap) return false;
    known.add(recipient);
    return true;
  }
}
