/** The words of the call -> requests for the rating, and their answers. Reads books and, for a destination, the number blocks. */
import {
  carrierOf,
  CARRIERS,
  isAssigned,
  isTollFree,
  loadCarrierMap,
  numberRefusal,
  parseNumberKey,
  parseSenderKey,
} from '../../../registry-cache/index.ts';
import {
  carriersOf,
  compileRateTable,
  DIRECTIONS,
  type Explanation,
  explain,
  formatMicros,
  MESSAGES,
  plainDateMs,
  RateCode,
  type RateTable,
  SENDERS,
} from '../../../tariffs/index.ts';
import { BookShelf, BUILT_IN_BOOKS } from '../../load-books.ts';
import { countSegments, INVALID_TEXT, segmentsOf } from '../../router/index.ts';
import { usage } from '../carry-out.ts';

/** Where the seed's world stands, as the gateway's tariff date when nobody says otherwise. */
const DATE_DEFAULT = '2024-03-01';
const SEGMENTS_MAX = 255;

/** The options as written. */
export interface Asked {
  readonly to?: string;
  readonly carrier?: string;
  readonly from?: string;
  readonly sender?: (typeof SENDERS)[number];
  readonly unregistered?: true;
  readonly direction: (typeof DIRECTIONS)[number];
  readonly mms?: true;
  readonly p2p?: true;
  readonly text?: string;
  readonly segments?: string;
  readonly date?: readonly string[];
  readonly book?: readonly string[];
}

/** One price: the message that was asked for, and each amount with its reason. */
export interface Quote extends Pick<Explanation, 'book' | 'lines'> {
  /** The book as it was asked for: two files may give themselves one name. */
  readonly bookGiven: string;
  readonly date: string;
  readonly carrier: string;
  /** The carrier's name, as the book has it. */
  readonly carrierName: string;
  readonly sender: (typeof SENDERS)[number];
  readonly registered: boolean;
  readonly message: (typeof MESSAGES)[number];
  readonly direction: (typeof DIRECTIONS)[number];
  readonly route: 'a2p' | 'p2p';
  readonly units: number;
  readonly totalMicros: number;
  /** The same in dollars. */
  readonly total: string;
}

/** Prices at each date by each book. Throws `Refused`, naming the option, for what cannot be priced. */
export function rateAll(asked: Asked): Quote[] {
  const carrier = readCarrier(asked);
  const message = asked.mms === true ? 'mms' : 'sms';
  if (message === 'mms' && (asked.segments ?? asked.text) !== undefined) {
    throw usage('--segments, --text: an MMS is one message, however long; leave them out');
  }
  const common = {
    carrier,
    sender: readSender(asked),
    registered: asked.unregistered !== true,
    message,
    direction: asked.direction,
    route: asked.p2p === true ? 'p2p' : 'a2p',
    units: message === 'mms' ? 1 : readUnits(asked),
  } as const;
  const dates = asked.date ?? [DATE_DEFAULT];
  for (const date of dates) {
    if (Number.isNaN(plainDateMs(date))) throw usage(`--date: "${date}" is not a date; write a real day as YYYY-MM-DD`);
  }
  const shelf = new BookShelf();
  const tables = (asked.book ?? BUILT_IN_BOOKS.slice(0, 1)).map((name) => [name, readTable(shelf, name)] as const);
  return dates.flatMap((date) => tables.map(([bookGiven, table]) => quoteOf(table, { ...common, bookGiven, date })));
}

type Message = Omit<Quote, 'book' | 'lines' | 'carrierName' | 'totalMicros' | 'total'>;

function quoteOf(table: RateTable, message: Message): Quote {
  const { carrier, sender, registered, direction, units, route, date } = message;
  const index = table.carriers.indexOf(carrier);
  if (index < 0) {
    const known = table.carriers.toSorted().join(', ');
    throw usage(`--carrier: "${carrier}" is not in the book ${table.book}; it has ${known}`);
  }
  const explained = explain(table, {
    carrier: index,
    sender: SENDERS.indexOf(sender),
    registered: registered ? 1 : 0,
    direction: DIRECTIONS.indexOf(direction),
    message: MESSAGES.indexOf(message.message),
    units,
    route: route === 'p2p' ? 1 : 0,
    atMs: plainDateMs(date),
  });
  if (typeof explained === 'number') throw usage(noPrice(explained, table, message));
  const { book, lines, quote } = explained;
  const carrierName = table.asWritten.carriers.get(carrier) ?? carrier;
  const total = formatMicros(quote.totalMicros);
  return { book, ...message, carrierName, totalMicros: quote.totalMicros, total, lines };
}

/** Of what can be given here the date is the likeliest to mend it; a sender or message that is never priced is told too. */
function noPrice(code: RateCode, table: RateTable, { carrier, sender, message, date }: Message): string {
  if (code !== RateCode.NoTariff)
    return `--date: the book ${table.book} has no price of the aggregator or DCA at ${date}`;
  const rows = table.rows.filter((row) => row.carrier === carrier && row.sender === sender && row.message === message);
  if (rows[0] !== undefined) {
    const what = `${carrier} ${sender} ${message}`;
    return `--date: the book ${table.book} has no price of ${what} at ${date}; its first is from ${rows[0].from}`;
  }
  const priced = new Set(table.rows.flatMap((row) => (row.carrier === carrier ? `${row.sender} ${row.message}` : [])));
  return `--sender: the book ${table.book} has no price of ${carrier} for ${sender} ${message}; it has ${[...priced].join(', ')}`;
}

function readTable(shelf: BookShelf, name: string): RateTable {
  const loaded = shelf.load(name);
  if (!loaded.ok) throw usage(...loaded.lines);
  return compileRateTable(loaded.book, carriersOf(loaded.book, []));
}

function readCarrier({ to, carrier }: Asked): string {
  if (to === undefined) {
    if (carrier === undefined) throw usage('--to: is missing; give a destination, or a carrier');
    return carrier;
  }
  if (carrier !== undefined) throw usage('--carrier: is already given by --to; leave one of them out');
  const key = parseNumberKey(to);
  if (key < 0) throw usage(`--to: "${to}" ${numberRefusal(key).message}`);
  const line = loadCarrierMap().lookup(key);
  const found = CARRIERS[carrierOf(line)];
  if (!isAssigned(line) || found === undefined) throw usage(`--to: "${to}" is a landline or assigned to nobody`);
  return found.id;
}

function readSender({ from, sender }: Asked): Message['sender'] {
  if (from === undefined) return sender ?? '10dlc';
  const key = parseSenderKey(from);
  if (key < 0) throw usage(`--from: "${from}" ${numberRefusal(key).message}`);
  const kind = isTollFree(key) ? 'toll-free' : '10dlc';
  if (sender !== undefined && sender !== kind) {
    throw usage(`--sender: is ${kind} by --from; leave one of them out`);
  }
  return kind;
}

function readUnits({ text, segments }: Asked): number {
  if (text === undefined) {
    const count = /^\d{1,3}$/.test(segments ?? '1') ? Number(segments ?? '1') : Number.NaN;
    if (count >= 1 && count <= SEGMENTS_MAX) return count;
    throw usage(`--segments: "${segments}" must be a whole number from 1 to ${SEGMENTS_MAX}`);
  }
  if (segments !== undefined) throw usage('--segments: are already given by --text; leave one of them out');
  if (text === '') throw usage('--text: is empty; write something, or leave it out');
  const counted = countSegments(text);
  if (counted === INVALID_TEXT) throw usage('--text: holds half a surrogate pair; give whole characters');
  return segmentsOf(counted);
}
