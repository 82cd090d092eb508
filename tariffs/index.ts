/** The door of `tariffs`: what does a message cost, and how much is allowed? Pure: no I/O, no clock, no chance. */

export { formatBookError } from './book-error.ts';
export type { BookError } from './book-error.ts';
export { carriersOf, compileRateTable } from './compile.ts';
export { explain } from './explain.ts';
export type { ExplainedRow, Explanation, PriceLine } from './explain.ts';
export { feeAt } from './fees.ts';
export { NOT_LEASED, TABLE_FULL } from './limits/allowance.ts';
export type { Allowance, Ask } from './limits/allowance.ts';
export type { AccountMoney, BalanceStore, CreditAnswer } from './limits/balance-store.ts';
export { Balances } from './limits/balances.ts';
export {
  ATT_CLASSES,
  P2P_MESSAGES_PER_DAY,
  P2P_MESSAGES_PER_MINUTE,
  P2P_RECIPIENTS_PER_DAY,
  P2P_UNANSWERED_PER_DAY,
  TMOBILE_TIERS,
  TOLL_FREE_PENDING,
  TOLL_FREE_RESTRICTED,
  TollFreeRule,
  VERIZON_MMS_PER_SECOND,
  VERIZON_SMS_PER_MINUTE,
  attClassOf,
  attMmsTpm,
  attSmsTpm,
  tmobileTierOf,
  tollFreeRule,
} from './limits/carrier-limits.ts';
export type { AttClass, TmobileTier, TollFreeCaps } from './limits/carrier-limits.ts';
export { LEASE_MARGIN_MS, LEASE_MS, LeaseKind, LeaseRequest, LeasedUnits } from './limits/leased-units.ts';
export type { LeaseAnswer } from './limits/leased-units.ts';
export { Levels } from './limits/levels.ts';
export { LIMIT_CATALOGUE, limitsTable } from './limits/limit-catalogue.ts';
export type { LimitDescription } from './limits/limit-catalogue.ts';
export { NumberMeter, NumberMeters } from './limits/number-meters.ts';
export { pacificDayAt } from './limits/pacific-day.ts';
export type { PacificDay } from './limits/pacific-day.ts';
export { PacificDays } from './limits/pacific-days.ts';
export { RateBuckets } from './limits/rate-buckets.ts';
export { formatMicros, parseDollars } from './money.ts';
export { parseTariffBook } from './parse.ts';
export type { Extending, OpenBase, ParsedTariffBook } from './parse.ts';
export { instantMs, plainDateMs } from './plain-date.ts';
export { Ledger, MESSAGE_CAUSES, messagePayee, messagePostings } from './postings.ts';
export type { Amounts, PartyBalance, Posting } from './postings.ts';
export { RateCode } from './rate-code.ts';
export { describeRow } from './rate-table.ts';
export type { RateTable } from './rate-table.ts';
export { emptyQuote, MAX_UNITS, POSTINGS, rate } from './rate.ts';
export type { Quote, RateRequest } from './rate.ts';
export { CONFIDENCES, DIRECTIONS, MESSAGES, SENDERS } from './tariff-book.ts';
export type { Confidence, Direction, Fee, FeeKind, MessageKind, RateRow, Sender, TariffBook } from './tariff-book.ts';

// Reading of YAML with errors at their place, for other books that are written in the same manner.
export {
  note,
  openYaml,
  readChoice,
  readDate,
  readDollars,
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
