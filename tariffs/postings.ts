/**
 * Who pays whom, and what for: the entries that every message and every fee leaves, and a ledger that adds them up.
 *
 * Double entry: what one party pays, another receives, so all balances of a ledger always sum to zero. A message has up to four
 * postings, one for each amount of its quote; a fee has one, and its cause is the fee's id.
 */
import { POSTINGS } from './rate.ts';

export interface Posting {
  readonly payer: string;
  readonly payee: string;
  /** A cause of `MESSAGE_CAUSES`, or the id of a fee of the tariff book. */
  readonly cause: string;
  /** Micro-dollars, a whole number above zero. */
  readonly micros: number;
}

/** The amounts that `POSTINGS` splits a price into. */
export type Amounts = Readonly<Record<(typeof POSTINGS)[number]['amount'], number>>;

/** What a message is paid for. The order is that of the amounts of a quote. */
export const MESSAGE_CAUSES: readonly string[] = POSTINGS.map(({ cause }) => cause);

/** Who is paid under the cause at this place of `MESSAGE_CAUSES`, for a message of the carrier with this name. */
export function messagePayee(cause: number, carrier: string): string {
  const payee = POSTINGS[cause]?.payee;
  if (payee === undefined) throw new RangeError(`a message has no posting ${cause}`);
  return payee === 'carrier' ? carrier : payee;
}

/** The postings of a message, without those of zero. Their sum is its price. */
export function messagePostings(amounts: Amounts, payer: string, carrier: string): Posting[] {
  return POSTINGS.flatMap(({ cause, amount }, place) => {
    const micros = amounts[amount];
    return micros === 0 ? [] : [{ payer, payee: messagePayee(place, carrier), cause, micros }];
  });
}

/** What one party has paid and received, micro-dollars. */
export interface PartyBalance {
  readonly party: string;
  readonly paidMicros: number;
  readonly receivedMicros: number;
}

/** Balances of parties by name. A party is there from its first posting on. */
export class Ledger {
  readonly #parties = new Map<string, { paidMicros: number; receivedMicros: number }>();

  /** Throws RangeError, and posts nothing, for an amount that is not a whole number above zero or no longer exact once added. */
  post({ payer, payee, micros }: Omit<Posting, 'cause'>): void {
    if (!Number.isSafeInteger(micros) || micros <= 0) {
      throw new RangeError(`${micros} micro-dollars from ${payer} to ${payee}: a posting is a whole number above zero`);
    }
    const from = this.#party(payer);
    const to = this.#party(payee);
    if (!Number.isSafeInteger(from.paidMicros + micros) || !Number.isSafeInteger(to.receivedMicros + micros)) {
      throw new RangeError(`${micros} micro-dollars more from ${payer} to ${payee} could not be held exactly`);
    }
    from.paidMicros += micros;
    to.receivedMicros += micros;
  }

  /** Received less paid, micro-dollars; 0 for a party that was never in a posting. */
  balanceMicros(party: string): number {
    const { paidMicros, receivedMicros } = this.#parties.get(party) ?? { paidMicros: 0, receivedMicros: 0 };
    return receivedMicros - paidMicros;
  }

  /** All parties in the order they came. Throws Error if their balances do not sum to zero. */
  balances(): PartyBalance[] {
    const all = Array.from(this.#parties, ([party, balance]) => ({ party, ...balance }));
    const sum = all.reduce((total, { paidMicros, receivedMicros }) => total + receivedMicros - paidMicros, 0);
    if (sum !== 0) throw new Error(`the ledger is out by ${sum} micro-dollars`);
    return all;
  }

  #party(name: string): { paidMicros: number; receivedMicros: number } {
    const known = this.#parties.get(name);
    if (known !== undefined) return known;
    const opened = { paidMicros: 0, receivedMicros: 0 };
    this.#parties.set(name, opened);
    return opened;
  }
}
