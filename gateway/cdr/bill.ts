/**
 * What the messages of some CDRs would have cost under a tariff book, by carrier, registration and cause.
 *
 * Whatever was charged is priced anew; what was refused and not charged stays so, since another price would not have let it
 * through. Limits and regimes are not asked again: this is the bill that changes, not the traffic.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import {
  DIRECTIONS,
  emptyQuote,
  MESSAGE_CAUSES,
  MESSAGES,
  POSTINGS,
  type Quote,
  rate,
  RateCode,
  type RateRequest,
  type RateTable,
  SENDERS,
} from '../../tariffs/index.ts';
import { Registration, REGISTRATION_LABELS, REGISTRATION_REASONS, ROUTES } from '../router/index.ts';
import { type Cdr, isCharged } from './cdr.ts';

/** One amount of a bill. */
export interface BillLine {
  readonly carrier: string;
  readonly registration: string;
  readonly cause: string;
  readonly micros: number;
}

const CARRIER_IDS: readonly string[] = CARRIERS.map(({ id }) => id);

export class Bill {
  totalMicros = 0;
  /** Messages priced. */
  pricedCount = 0;
  /** Messages that were charged, and for which the book has no price. They are in no line and no total. */
  unpricedCount = 0;
  readonly #table: RateTable;
  readonly #dateMs: number | undefined;
  readonly #request: RateRequest = {
    carrier: 0,
    sender: 0,
    registered: 0,
    direction: 0,
    message: 0,
    units: 1,
    route: 0,
    atMs: 0,
  };
  readonly #quote: Quote = emptyQuote();
  /** carrier × registration × cause */
  readonly #micros = new Float64Array(CARRIERS.length * REGISTRATION_LABELS.length * MESSAGE_CAUSES.length);

  /**
   * @param table a book compiled for CARRIERS
   * @param dateMs the tariff date of all messages, milliseconds since the epoch; each has its own if left out
   */
  constructor(table: RateTable, dateMs?: number) {
    this.#table = table;
    this.#dateMs = dateMs;
  }

  /** Adds the message of a CDR, if it was charged. */
  add(cdr: Cdr): void {
    if (!isCharged(cdr)) return;
    const request = this.#request;
    request.carrier = CARRIER_IDS.indexOf(cdr.carrier);
    request.sender = (SENDERS as readonly string[]).indexOf(cdr.sender);
    request.registered = cdr.reason === REGISTRATION_REASONS[Registration.Registered] ? 1 : 0;
    request.direction = (DIRECTIONS as readonly string[]).indexOf(cdr.direction);
    request.message = (MESSAGES as readonly string[]).indexOf(cdr.message);
    request.units = cdr.segments;
    request.route = ROUTES.indexOf(cdr.route);
    request.atMs = this.#dateMs ?? Date.parse(cdr.pricedAt);
    if (rate(this.#table, request, this.#quote) !== RateCode.Ok) {
      this.unpricedCount += 1;
      return;
    }
    this.pricedCount += 1;
    this.totalMicros += this.#quote.totalMicros;
    const first = this.#place(request.carrier, REGISTRATION_LABELS.indexOf(cdr.registration));
    for (const [cause, { amount }] of POSTINGS.entries()) {
      this.#micros[first + cause] = (this.#micros[first + cause] ?? 0) + this.#quote[amount];
    }
  }

  /** Every amount there can be, zeros included, always in the same order. */
  lines(): BillLine[] {
    return CARRIER_IDS.flatMap((carrier, carrierIndex) =>
      REGISTRATION_LABELS.flatMap((registration, label) =>
        MESSAGE_CAUSES.map((cause, place) => ({
          carrier,
          registration,
          cause,
          micros: this.#micros[this.#place(carrierIndex, label) + place] ?? 0,
        })),
      ),
    );
  }

  #place(carrier: number, registration: number): number {
    return (carrier * REGISTRATION_LABELS.length + registration) * MESSAGE_CAUSES.length;
  }
}
