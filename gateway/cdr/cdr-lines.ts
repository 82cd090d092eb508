/**
 * Messages of the store as lines of a CDR file, put together from its columns.
 *
 * A line is some six hundred bytes of which most are one of a few texts, so those are made once and copied, and neither an
 * object nor a string is made for a record: bench cdr has what `JSON.stringify` of the same record would cost beside it.
 */
import { isTollFree } from '../../registry-cache/index.ts';
import { describeRow, DIRECTIONS, MESSAGE_CAUSES, messagePayee, POSTINGS, SENDERS } from '../../tariffs/index.ts';
import {
  DELIVERY_ERRORS,
  DeliveryError,
  type MessageStore,
  RECEIPT_STATES,
  type TextBytes,
} from '../messages/index.ts';
import {
  Binding,
  BINDINGS,
  CARRIER_LABELS,
  type Core,
  decisionAt,
  HANDSET_OUTCOMES,
  HandsetOutcome,
  MESSAGE_KINDS,
  MessageKind,
  REGISTRATION_LABELS,
  REGISTRATION_REASONS,
  registrationLabelIndex,
  ROUTES,
  TRUTHS,
} from '../router/index.ts';
import { NAMELESS_PAYER } from './cdr.ts';

const ID = Buffer.from('{"id":"');
const ACCEPTED = Buffer.from('","acceptedAt":');
const NO_RECEIPT = Buffer.from(',"receipt":null');
const RECEIPTS = RECEIPT_STATES.map((state) => Buffer.from(`,"receipt":{"state":"${state}","at":`));
const NO_HANDSET = Buffer.from(',"handset":null');
const HANDSETS = HANDSET_OUTCOMES.map((outcome) => Buffer.from(`,"handset":{"outcome":"${outcome}","at":`));
const ACCOUNTS = DELIVERY_ERRORS.map(({ name }, error) =>
  Buffer.from(`,"error":${error === DeliveryError.None ? 'null' : `"${name}"`},"account":`),
);
const NULL = Buffer.from('null');
// Number keys are the ten digits that E.164 has behind +1.
const FROM = Buffer.from(',"from":"+1');
const TO = Buffer.from('","to":"+1');
const SENDER_KINDS = SENDERS.map((sender) => Buffer.from(`","sender":"${sender}","campaign":`));
const LIMITS = BINDINGS.map(({ name, scope }) => Buffer.from(`{"name":"${name}","scope":"${scope}","used":`));
const CAP = Buffer.from(',"cap":');
const PRICED_AT = TRUTHS.map((truth) => Buffer.from(`,"truth":"${truth}","pricedAt":`));
const POSTING = Buffer.from('{"payer":');
const POSTING_END = Buffer.from('}');
const COMMA = Buffer.from(',');
const END = Buffer.from('}');
const TOTAL = Buffer.from('],"totalMicros":');
const LINE_END = Buffer.from('}\n');

const LONG_CODE = SENDERS.indexOf('10dlc');
const TOLL_FREE = SENDERS.indexOf('toll-free');

/** From a posting's payer to its amount, by carrier and cause. */
const PAYEES = CARRIER_LABELS.map((carrier) =>
  MESSAGE_CAUSES.map((cause, place) =>
    Buffer.from(`,"payee":"${messagePayee(place, carrier)}","cause":"${cause}","micros":`),
  ),
);

const RADIX = 36;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** 36 to the eleventh power is above 2^53. */
const SEQUENCE_DIGITS_MAX = 11;

const KINDS = MESSAGE_KINDS.length;
/** Of the places of `#ways`: carrier, then route, direction, kind and whether the text is in UCS-2. */
const WAYS_PER_CARRIER = ROUTES.length * DIRECTIONS.length * KINDS * 2;

export class CdrLines {
  readonly #core: Core;
  readonly #store: MessageStore;
  readonly #amounts: readonly Uint32Array[];
  readonly #time = new TimeText();
  readonly #digits = new Uint8Array(SEQUENCE_DIGITS_MAX);
  /** Parts that few messages are the first to need: made when they are. */
  readonly #ways: Buffer[] = [];
  readonly #decisions: Buffer[] = [];
  readonly #eras: Buffer[][] = [];

  constructor(core: Core, store: MessageStore) {
    this.#core = core;
    this.#store = store;
    this.#amounts = POSTINGS.map(({ amount }) => store[amount]);
  }

  /** Adds the line of the message at ring place `at`, its end included. */
  add(at: number, into: TextBytes): void {
    const store = this.#store;
    const time = this.#time;
    const account = store.accounts[at];
    const campaign = store.campaign[at]!;
    const receipt = store.receipt[at]!;
    const outcome = store.outcome[at]!;
    into.addBytes(ID);
    const adoptedId = store.adoptedIdAt(at);
    if (adoptedId === undefined) {
      into.addAscii(store.idPrefix);
      this.#addSequence(store.sequenceAt(at), into);
    } else {
      into.addAscii(adoptedId);
    }
    into.addBytes(ACCEPTED);
    into.addBytes(time.at(store.acceptedAtMs[at]!));
    if (RECEIPT_STATES[receipt] === null) into.addBytes(NO_RECEIPT);
    else {
      into.addBytes(RECEIPTS[receipt]!);
      into.addBytes(time.at(store.receiptAtMs[at]!));
      into.addBytes(END);
    }
    if (outcome === HandsetOutcome.Pending) into.addBytes(NO_HANDSET);
    else {
      into.addBytes(HANDSETS[outcome]!);
      into.addBytes(time.at(store.handsetAtMs[at]!));
      into.addBytes(END);
    }
    into.addBytes(ACCOUNTS[store.error[at]!]!);
    if (account === undefined) into.addBytes(NULL);
    else into.addJson(account);
    into.addBytes(FROM);
    into.addWhole(store.senderKey[at]!);
    into.addBytes(TO);
    into.addWhole(store.destinationKey[at]!);
    into.addBytes(SENDER_KINDS[isTollFree(store.senderKey[at]!) ? TOLL_FREE : LONG_CODE]!);
    if (campaign < 0) into.addBytes(NULL);
    else into.addJson(this.#core.campaigns.id(campaign));
    into.addBytes(this.#way(at));
    into.addWhole(store.units[at]!);
    into.addBytes(this.#decision(at));
    this.#addLimit(at, into);
    into.addBytes(PRICED_AT[store.truth[at]!]!);
    into.addBytes(time.at(store.pricedAtMs[at]!));
    into.addBytes(this.#era(at));
    into.addWhole(this.#addPostings(at, account ?? NAMELESS_PAYER, into));
    into.addBytes(LINE_END);
  }

  /** Adds what is behind the run in an id: the sequence number to base 36, as `idOf` of the store has it. */
  #addSequence(sequence: number, into: TextBytes): void {
    const digits = this.#digits;
    let first = SEQUENCE_DIGITS_MAX;
    let rest = sequence;
    do {
      const higher = Math.floor(rest / RADIX);
      first -= 1;
      digits[first] = DIGITS.charCodeAt(rest - higher * RADIX);
      rest = higher;
    } while (rest > 0);
    for (let place = first; place < SEQUENCE_DIGITS_MAX; place += 1) into.addByte(digits[place]!);
  }

  /** Adds the postings and the key of what they sum to, which is returned. */
  #addPostings(at: number, payer: string, into: TextBytes): number {
    const payees = PAYEES[this.#store.carrier[at]!]!;
    let totalMicros = 0;
    for (let cause = 0; cause < payees.length; cause += 1) {
      const micros = this.#amounts[cause]![at]!;
      if (micros === 0) continue;
      if (totalMicros > 0) into.addBytes(COMMA);
      into.addBytes(POSTING);
      into.addJson(payer);
      into.addBytes(payees[cause]!);
      into.addWhole(micros);
      into.addBytes(POSTING_END);
      totalMicros += micros;
    }
    into.addBytes(TOTAL);
    return totalMicros;
  }

  #addLimit(at: number, into: TextBytes): void {
    const store = this.#store;
    const binding = store.binding[at]!;
    if (binding === Binding.None) {
      into.addBytes(NULL);
      return;
    }
    into.addBytes(LIMITS[binding]!);
    addNumber(store.limitUsed[at]!, into);
    into.addBytes(CAP);
    addNumber(store.limitCap[at]!, into);
    into.addBytes(END);
  }

  #way(at: number): Buffer {
    const store = this.#store;
    const carrier = store.carrier[at]!;
    const kind = store.kind[at]!;
    const place = carrier * WAYS_PER_CARRIER + (store.route[at]! * KINDS + kind) * 2 + store.isUcs2[at]!;
    return (this.#ways[place] ??= Buffer.from(
      `,"carrier":"${CARRIER_LABELS[carrier]!}","route":"${ROUTES[store.route[at]!]!}","direction":"out",` +
        `"message":"${MESSAGE_KINDS[kind]!}","encoding":"${encodingName(kind, store.isUcs2[at] === 1)}","segments":`,
    ));
  }

  #decision(at: number): Buffer {
    const { registration, code } = this.#store;
    const place = code[at]! * REGISTRATION_REASONS.length + registration[at]!;
    return (this.#decisions[place] ??= Buffer.from(
      `,"registration":"${REGISTRATION_LABELS[registrationLabelIndex(registration[at]!)]!}"` +
        `,"reason":"${REGISTRATION_REASONS[registration[at]!]!}","decision":"${decisionAt(code[at]!).name}","limit":`,
    ));
  }

  /** The book and its row, up to the postings. */
  #era(at: number): Buffer {
    const { book, tariffRow } = this.#store;
    const rows = (this.#eras[book[at]!] ??= []);
    const row = tariffRow[at]!;
    return (rows[row + 1] ??= Buffer.from(this.#eraText(book[at]!, row)));
  }

  #eraText(book: number, row: number): string {
    const table = this.#core.books[book]!;
    const found = describeRow(table, row);
    const era = found && { from: found.from, confidence: found.confidence, sources: found.sources };
    return `,"book":${JSON.stringify(table.book)},"era":${JSON.stringify(era)},"postings":[`;
  }
}

/** Adds what may be a fraction, or no number at all. */
function addNumber(value: number, into: TextBytes): void {
  if (Number.isSafeInteger(value) && value >= 0) into.addWhole(value);
  else into.addAscii(JSON.stringify(value));
}

function encodingName(kind: number, isUcs2: boolean): string {
  if (kind === MessageKind.Mms) return 'none';
  return isUcs2 ? 'ucs-2' : 'gsm-7';
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
const ZERO = 0x30;

/** Moments of the years 0 to 9999 as JSON strings, in bytes that are used again: only what differs from the moment before is written. */
export class TimeText {
  readonly #bytes = Buffer.from('"0000-00-00T00:00:00.000Z"');
  #secondMs = Number.NaN;
  #day = Number.NaN;

  /** The bytes of the moment, good until the next call. */
  at(atMs: number): Uint8Array {
    const bytes = this.#bytes;
    const secondMs = Math.floor(atMs / SECOND_MS) * SECOND_MS;
    if (secondMs !== this.#secondMs) this.#setSecond(secondMs);
    const ms = atMs - secondMs;
    bytes[21] = ZERO + ((ms / 100) | 0);
    bytes[22] = ZERO + (((ms / 10) | 0) % 10);
    bytes[23] = ZERO + (ms % 10);
    return bytes;
  }

  #setSecond(secondMs: number): void {
    const day = Math.floor(secondMs / DAY_MS);
    if (day !== this.#day) this.#setDay(day);
    const ms = secondMs - day * DAY_MS;
    this.#setTwo(12, (ms / HOUR_MS) | 0);
    this.#setTwo(15, ((ms / MINUTE_MS) | 0) % 60);
    this.#setTwo(18, ((ms / SECOND_MS) | 0) % 60);
    this.#secondMs = secondMs;
  }

  /**
   * Writes the date of a day counted from 1970-01-01, by the proleptic Gregorian calendar. `Date` would make three objects, and
   * the days of arrival and of the tariff take turns. Source: H. Hinnant, chrono-Compatible Low-Level Date Algorithms,
   * `civil_from_days`: years begin in March, so that the leap day comes last.
   */
  #setDay(day: number): void {
    this.#day = day;
    const fromMarch0 = day + 719_468;
    const era = Math.floor(fromMarch0 / 146_097);
    const dayOfEra = fromMarch0 - era * 146_097;
    const yearOfEra =
      ((dayOfEra - ((dayOfEra / 1_460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0;
    const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0));
    const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0;
    const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
    const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    this.#setTwo(1, (year / 100) | 0);
    this.#setTwo(3, year % 100);
    this.#setTwo(6, month);
    this.#setTwo(9, dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0) + 1);
  }

  #setTwo(place: number, value: number): void {
    this.#bytes[place] = ZERO + ((value / 10) | 0);
    this.#bytes[place + 1] = ZERO + (value % 10);
  }
}
