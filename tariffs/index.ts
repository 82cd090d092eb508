/** The door of `tariffs`: what does a message cost, and how much is allowed? Pure: no I/O, no clock, no chance. */

export { formatBookError } from './book-error.ts';
export type { BookError } from './book-error.ts';
export { ATT_CLASSES, TMOBILE_TIERS, attClassOf, attMmsTpm, tmobileTierOf } from './carrier-limits.ts';
export type { AttClass, TmobileTier } from './carrier-limits.ts';
export { compileRateTable } from './compile.ts';
export { DayCounters, MinuteBuckets } from './limits.ts';
export { formatMicros } from './money.ts';
export { pacificDayAt } from './pacific-day.ts';
export type { PacificDay } from './pacific-day.ts';
export { parseTariffBook } from './parse.ts';
export type { ParsedTariffBook } from './parse.ts';
export { plainDateMs } from './plain-date.ts';
export { RateCode } from './rate-code.ts';
export { describeRow } from './rate-table.ts';
export type { RateTable, RowDescription } from './rate-table.ts';
export { MAX_UNITS, POSTINGS, rate } from './rate.ts';
export type { Quote, RateRequest } from './rate.ts';
export { CONFIDENCES, DIRECTIONS, MESSAGES, SENDERS } from './tariff-book.ts';
export type { Confidence, Direction, Fee, FeeKind, MessageKind, RateRow, Sender, TariffBook } from './tariff-book.ts';

// Reading of YAML with errors at their place, for other books that are written in the same manner.
export {
  note,
  openYaml,
  readChoice,
  readDate,
  readEntries,
  readFields,
  readFlag,
  readList,
  readPart,
  readShare,
  readText,
  readWritten,
} from './yaml-reader.ts';
export type { Fields, Place, Problems } from './yaml-reader.ts';
