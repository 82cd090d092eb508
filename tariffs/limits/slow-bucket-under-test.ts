/** The obvious bucket: it walks through time a millisecond at a time, adding a `windowMs`th of the cap at each. */
export class SlowBucket {
  readonly #cap: number;
  readonly #windowMs: number;
  #level: number;
  #nowMs: number | undefined;

  constructor(cap: number, windowMs: number) {
    this.#cap = cap;
    this.#windowMs = windowMs;
    this.#level = cap * windowMs;
  }

  waitMs(units: number, atMs: number): number {
    if (units > this.#cap) return Infinity;
    const ahead = this.#copy();
    let ms = atMs;
    for (ahead.walkTo(ms); ahead.#level < units * this.#windowMs; ahead.walkTo(ms)) ms++;
    return ms - atMs;
  }

  take(units: number, atMs: number): boolean {
    if (this.waitMs(units, atMs) > 0) return false;
    this.walkTo(atMs);
    this.#level -= units * this.#windowMs;
    return true;
  }

  used(atMs: number): number {
    const ahead = this.#copy();
    ahead.walkTo(atMs);
    return Math.ceil((this.#cap * this.#windowMs - ahead.#level) / this.#windowMs);
  }

  /** Time that goes back stands still here. */
  walkTo(atMs: number): void {
    this.#nowMs ??= atMs;
    for (; this.#nowMs < atMs; this.#nowMs++) {
      this.#level = Math.min(this.#level + this.#cap, this.#cap * this.#windowMs);
    }
  }

  #copy(): SlowBucket {
    const copy = new SlowBucket(this.#cap, this.#windowMs);
    copy.#level = this.#level;
    copy.#nowMs = this.#nowMs;
    return copy;
  }
}
