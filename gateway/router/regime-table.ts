/**
 * What each carrier does with unregistered traffic at a date, and what somebody switched it to at run time.
 *
 * A few dated rows per carrier, newest last, as flat arrays: the rows of carrier c are firstRow[c] to firstRow[c + 1].
 * A message scans its carrier's rows from the newest back, at most half a dozen compares, so no cursor needs keeping.
 */

export const Regime = {
  /** Delivered, at the dearer unregistered price. */
  ChargeMore: 0,
  /** A share is refused, the rest passes at the unregistered price. */
  Filter: 1,
  /** Refused. */
  Block: 2,
} as const;

export const REGIMES: readonly string[] = ['charge-more', 'filter', 'block'];

/** One dated row as people write it. */
export interface RegimeRow {
  readonly carrier: string;
  /** Start of the row, milliseconds since the epoch. */
  readonly fromMs: number;
  /** `Regime`. */
  readonly regime: number;
  /** Share of unregistered messages that a filter refuses, 0 to 1. */
  readonly share: number;
  readonly confidence: string;
  readonly sources: readonly string[];
  readonly note: string;
}

const NOT_OVERRIDDEN = -1;

/** By carrier. */
export interface RegimeSwitches {
  readonly override: Int8Array;
  readonly share: Float64Array;
}

/** A message, by the date whose regime applies to it. As an object, since V8 boxes a double handed to a function that it does not inline. */
interface Dated {
  readonly pricedAtMs: number;
}

export class RegimeTable {
  /** Rows sorted by carrier, then date. */
  readonly rows: readonly RegimeRow[];
  readonly #firstRow: Int32Array;
  readonly #fromMs: Float64Array;
  readonly #regime: Uint8Array;
  readonly #share: Float64Array;
  readonly #override: Int8Array;
  readonly #overrideShare: Float64Array;

  /** @throws RangeError for a row of a carrier not in `carriers`. */
  constructor(rows: readonly RegimeRow[], carriers: readonly string[]) {
    for (const row of rows) {
      if (!carriers.includes(row.carrier)) throw new RangeError(`regime row for unknown carrier ${row.carrier}`);
    }
    this.rows = carriers.flatMap((carrier) =>
      rows.filter((row) => row.carrier === carrier).toSorted((a, b) => a.fromMs - b.fromMs),
    );
    this.#firstRow = new Int32Array(carriers.length + 1);
    carriers.forEach((carrier, index) => {
      const count = rows.filter((row) => row.carrier === carrier).length;
      this.#firstRow[index + 1] = this.#firstRow[index]! + count;
    });
    this.#fromMs = Float64Array.from(this.rows, (row) => row.fromMs);
    this.#regime = Uint8Array.from(this.rows, (row) => row.regime);
    this.#share = Float64Array.from(this.rows, (row) => row.share);
    this.#override = new Int8Array(carriers.length).fill(NOT_OVERRIDDEN);
    this.#overrideShare = new Float64Array(carriers.length);
  }

  /** The row in force, or -1 before the first: then there was no regime and traffic passed. */
  rowAt(carrier: number, message: Dated): number {
    const atMs = message.pricedAtMs;
    const first = this.#firstRow[carrier]!;
    for (let row = this.#firstRow[carrier + 1]! - 1; row >= first; row -= 1) {
      if (this.#fromMs[row]! <= atMs) return row;
    }
    return -1;
  }

  /** `Regime` in force: the run-time switch if there is one, else the dated row. Allocates nothing. */
  regimeAt(carrier: number, message: Dated): number {
    const override = this.#override[carrier]!;
    if (override !== NOT_OVERRIDDEN) return override;
    const row = this.rowAt(carrier, message);
    return row < 0 ? Regime.ChargeMore : this.#regime[row]!;
  }

  /** Share refused while the regime in force is `filter`. */
  shareAt(carrier: number, message: Dated): number {
    if (this.#override[carrier]! !== NOT_OVERRIDDEN) return this.#overrideShare[carrier]!;
    const row = this.rowAt(carrier, message);
    return row < 0 ? 0 : this.#share[row]!;
  }

  isOverridden(carrier: number): boolean {
    return this.#override[carrier]! !== NOT_OVERRIDDEN;
  }

  /** Switches one carrier until `clearOverride`, whatever the date. */
  override(carrier: number, regime: number, share: number): void {
    this.#override[carrier] = regime;
    this.#overrideShare[carrier] = share;
  }

  clearOverride(carrier: number): void {
    this.#override[carrier] = NOT_OVERRIDDEN;
  }

  /** What carriers are switched to. The dated rows are no part of it. */
  capture(): RegimeSwitches {
    return { override: this.#override, share: this.#overrideShare };
  }

  restore({ override, share }: RegimeSwitches): void {
    this.#override.set(override);
    this.#overrideShare.set(share);
  }
}
