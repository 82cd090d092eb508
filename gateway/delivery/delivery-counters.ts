/** What carriers did, as flat arrays that are read when somebody looks. Index order is that of the names, the last one fastest. */
import { CARRIERS } from '../../registry-cache/index.ts';
import { DELIVERY_ERRORS, DeliveryError } from '../messages/index.ts';
import type { Cell } from '../router/index.ts';

/** What becomes of receipts: those that came, as message and as parts; those that never do, by why; and those that come late or again. */
export const ReceiptKind = { Taken: 0, Part: 1, None: 2, Lost: 3, Late: 4, Duplicate: 5 } as const;
export const RECEIPT_KINDS: readonly string[] = ['taken', 'part', 'none', 'lost', 'late', 'duplicate'];

/** What the filter did with messages that reached it: let pass, dropped as spam, dropped although they do not look like it. */
export const FilterResult = { Passed: 0, DroppedSuspicious: 1, DroppedPlain: 2 } as const;
export const FILTER_RESULTS: readonly string[] = ['passed', 'dropped_suspicious', 'dropped_plain'];

const ERRORS = DELIVERY_ERRORS.length;

export interface DeliveryCountersState {
  readonly receipts: Float64Array;
  readonly filter: Float64Array;
  readonly tries: Float64Array;
  readonly errors: Float64Array;
  readonly complaints: Float64Array;
}

/** The counts with their labels. */
export interface DeliveryFigures {
  readonly receipts: readonly Cell<'carrier' | 'kind'>[];
  readonly filter: readonly Cell<'carrier' | 'result'>[];
  readonly errors: readonly Cell<'carrier' | 'error'>[];
  /** Tries after which a message was put off. */
  readonly retries: readonly Cell<'carrier' | 'error'>[];
  readonly complaints: readonly Cell<'carrier'>[];
}

export class DeliveryCounters {
  /** carrier × receipt kind */
  readonly receipts = new Float64Array(CARRIERS.length * RECEIPT_KINDS.length);
  /** carrier × filter result */
  readonly filter = new Float64Array(CARRIERS.length * FILTER_RESULTS.length);
  /** carrier × error: tries after which a message was put off */
  readonly tries = new Float64Array(CARRIERS.length * ERRORS);
  /** carrier × error: messages that ended with it */
  readonly errors = new Float64Array(CARRIERS.length * ERRORS);
  /** carrier: complaints that came */
  readonly complaints = new Float64Array(CARRIERS.length);

  countReceipt(carrier: number, kind: number): void {
    this.receipts[carrier * RECEIPT_KINDS.length + kind]! += 1;
  }

  countParts(carrier: number, parts: number): void {
    this.receipts[carrier * RECEIPT_KINDS.length + ReceiptKind.Part]! += parts;
  }

  countFilter(carrier: number, result: number): void {
    this.filter[carrier * FILTER_RESULTS.length + result]! += 1;
  }

  countTry(carrier: number, error: number): void {
    this.tries[carrier * ERRORS + error]! += 1;
  }

  countError(carrier: number, error: number): void {
    this.errors[carrier * ERRORS + error]! += 1;
  }

  /** Every count. For scrapes: allocates. */
  figures(): DeliveryFigures {
    const ofErrors = (counts: Float64Array, isCounted: (error: number) => boolean): Cell<'carrier' | 'error'>[] =>
      cellsOf(counts, (error) => ({ error: DELIVERY_ERRORS[error]!.name })).filter((_, place) =>
        isCounted(place % ERRORS),
      );
    return {
      receipts: cellsOf(this.receipts, (kind) => ({ kind: RECEIPT_KINDS[kind]! })),
      filter: cellsOf(this.filter, (result) => ({ result: FILTER_RESULTS[result]! })),
      errors: ofErrors(this.errors, (error) => error !== DeliveryError.None),
      retries: ofErrors(this.tries, (error) => DELIVERY_ERRORS[error]!.isTemporary),
      complaints: cellsOf(this.complaints, () => ({})),
    };
  }

  capture(): DeliveryCountersState {
    const { receipts, filter, tries, errors, complaints } = this;
    return { receipts, filter, tries, errors, complaints };
  }

  restore({ receipts, filter, tries, errors, complaints }: DeliveryCountersState): void {
    this.receipts.set(receipts);
    this.filter.set(filter);
    this.tries.set(tries);
    this.errors.set(errors);
    this.complaints.set(complaints);
  }
}

/** The cells of counts by carrier and, within it, by whatever `labelsOf` an index says. */
function cellsOf<Label extends string>(
  counts: Float64Array,
  labelsOf: (index: number) => Readonly<Record<Label, string>>,
): Cell<Label | 'carrier'>[] {
  const width = counts.length / CARRIERS.length;
  return Array.from(counts, (value, place) => {
    const carrier = CARRIERS[Math.floor(place / width)]!.id;
    return { labels: { carrier, ...labelsOf(place % width) }, value };
  });
}
