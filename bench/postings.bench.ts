/**
 * What does posting a message cost: counting it with who pays whom for what, and closing a minute when one is over? Beside Maps
 * under keys that are put together for each posting. And what does a day's revenue cost to look at, by whatever labels: beside
 * adding up every posting of that day, kept as objects. Both ways must come to the same sums.
 */
import { CARRIERS } from '../registry-cache/index.ts';
import { MESSAGE_CAUSES, messagePayee, POSTINGS } from '../tariffs/index.ts';
import { Revenue, revenueBy } from '../gateway/revenue/index.ts';
import {
  AccountTable,
  CARRIER_LABELS,
  Counters,
  MessageSlot,
  namedStream,
  NO_ACCOUNT,
  REGISTRATION_LABELS,
  registrationLabelIndex,
  REGISTRATION_REASONS,
  type RevenueAxis,
  type RevenueLabels,
  TRUTHS,
} from '../gateway/router/index.ts';
import {
  allocatedBytesPerOp,
  type BenchSettings,
  type Figure,
  figureOf,
  interleave,
  type Loop,
  loopSide,
  type Series,
} from './harness.ts';

const BENCH = 'postings';
const START_MS = Date.UTC(2024, 2, 6, 20);
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const MESSAGES_PER_MS = 100;
const ACCOUNTS = 1_000;
const COLUMN = 4_096;
const BY: readonly RevenueAxis[] = ['payee', 'cause'];

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const columns = drawMessages(seed);
  const rounds = isTiny ? 2 : 9;
  const loops = isTiny ? COLUMN : 8_388_608;
  const counters = new Counters();
  const counted = countLoop(counters, columns);
  const mapped = new Map<string, number>();
  const inMaps = mapLoop(mapped, columns);
  requireSame(columns);
  // From here on minutes are closed as they would be in a gateway.
  new Revenue({ counters, accounts: new AccountTable() }, START_MS);
  const [subject, baseline] = (await interleave(
    [
      loopSide('counters', 'messages/s', loops, counted),
      loopSide('Maps under joined keys', 'messages/s', loops / 16, inMaps),
    ],
    rounds,
  )) as [Series, Series];

  const messages = isTiny ? 5_000 : 250_000;
  const day = dayOf(columns, messages);
  const [looked, added] = (await interleave(
    [
      loopSide('revenue of a day', 'answers/s', isTiny ? 4 : 200, day.look),
      loopSide('adding up every posting', 'answers/s', isTiny ? 1 : 4, day.add),
    ],
    rounds,
  )) as [Series, Series];
  return [
    figureOf({
      bench: BENCH,
      figure: 'count a message and its postings',
      params: { causes: MESSAGE_CAUSES.length, accounts: ACCOUNTS, rounds },
      subject,
      baseline,
      allocatedBytesPerOp: await allocatedBytesPerOp(counted, { isTiny }),
      target: [{ measure: 'allocatedBytesPerOp', atMost: 0 }],
      note: `Maps allocate ${await allocatedBytesPerOp(inMaps, { isTiny })} bytes per message`,
    }),
    figureOf({
      bench: BENCH,
      figure: 'revenue of a day by payee and cause',
      params: { messages, postings: day.postings, minutes: DAY_MS / MINUTE_MS, rounds },
      subject: looked,
      baseline: added,
    }),
  ];
}

interface Columns {
  readonly carrier: Uint8Array;
  readonly registration: Uint8Array;
  readonly truth: Uint8Array;
  readonly account: Int32Array;
  readonly units: Uint8Array;
}

function drawMessages(seed: number): Columns {
  const chance = namedStream(seed, 'bench/postings');
  const below = (count: number): number => Math.floor(chance.next() * count);
  return {
    carrier: Uint8Array.from({ length: COLUMN }, () => below(CARRIERS.length)),
    registration: Uint8Array.from({ length: COLUMN }, () => below(REGISTRATION_REASONS.length - 1)),
    truth: Uint8Array.from({ length: COLUMN }, () => below(TRUTHS.length)),
    account: Int32Array.from({ length: COLUMN }, () => (below(2) === 0 ? NO_ACCOUNT : below(ACCOUNTS))),
    units: Uint8Array.from({ length: COLUMN }, () => 1 + below(3)),
  };
}

function fill(slot: MessageSlot, columns: Columns, message: number): number {
  const at = message & (COLUMN - 1);
  const { quote } = slot;
  const units = columns.units[at]!;
  slot.carrier = columns.carrier[at]!;
  slot.registration = columns.registration[at]!;
  slot.account = columns.account[at]!;
  slot.atMs = START_MS + Math.floor(message / MESSAGES_PER_MS);
  quote.carrierFeeMicros = 3_000 * units;
  quote.surchargeMicros = slot.registration === 0 ? 0 : 5_000 * units;
  quote.dcaMicros = 500 * units;
  quote.aggregatorMicros = 7_900 * units;
  quote.totalMicros = quote.carrierFeeMicros + quote.surchargeMicros + quote.dcaMicros + quote.aggregatorMicros;
  return columns.truth[at]!;
}

function countLoop(counters: Counters, columns: Columns): Loop {
  const slot = new MessageSlot();
  let next = 0;
  return (count) => {
    const first = next;
    for (let message = first; message < first + count; message += 1) {
      counters.countDecision(slot, fill(slot, columns, message));
    }
    next = first + count;
    return counters.chargedMicros;
  };
}

/** The same counts as one would write them first. */
function mapLoop(sums: Map<string, number>, columns: Columns): Loop {
  const slot = new MessageSlot();
  const add = (key: string, value: number): void => void sums.set(key, (sums.get(key) ?? 0) + value);
  let next = 0;
  return (count) => {
    const first = next;
    for (let message = first; message < first + count; message += 1) {
      const truth = TRUTHS[fill(slot, columns, message)]!;
      const carrier = CARRIER_LABELS[slot.carrier]!;
      const registration = REGISTRATION_LABELS[registrationLabelIndex(slot.registration)]!;
      add(`messages ${carrier} ${slot.route} ${registration} ${slot.code} ${truth}`, 1);
      add(`reasons ${slot.registration}`, 1);
      add(`refusals ${slot.binding}`, 1);
      for (const { payee, cause, amount } of POSTINGS) {
        const micros = slot.quote[amount];
        if (micros === 0) continue;
        const paid = payee === 'carrier' ? carrier : payee;
        add(`revenue ${paid} ${cause} ${carrier} ${registration} ${truth}`, micros);
      }
      add(`account ${slot.account}`, slot.quote.totalMicros);
      add('charged', slot.quote.totalMicros);
    }
    next = first + count;
    return sums.size;
  };
}

/** Both ways of counting, once, side by side. */
function requireSame(columns: Columns): void {
  const counters = new Counters();
  const sums = new Map<string, number>();
  countLoop(counters, columns)(COLUMN);
  mapLoop(sums, columns)(COLUMN);
  const revenue = [...sums].filter(([key]) => key.startsWith('revenue ')).map(([, micros]) => micros);
  const total = revenue.reduce((sum, micros) => sum + micros, 0);
  if (sums.get('charged') !== counters.chargedMicros || total !== counters.chargedMicros) {
    throw new Error(`counters charged ${counters.chargedMicros}, Maps ${sums.get('charged')}, and earned ${total}`);
  }
}

/** A day of messages, evenly spread: held as revenue and as every posting. */
function dayOf(
  columns: Columns,
  messages: number,
): { readonly look: Loop; readonly add: Loop; readonly postings: number } {
  const counters = new Counters();
  const revenue = new Revenue({ counters, accounts: new AccountTable() }, START_MS);
  const slot = new MessageSlot();
  const journal: { readonly atMs: number; readonly labels: RevenueLabels; readonly micros: number }[] = [];
  for (let message = 0; message < messages; message += 1) {
    const truth = fill(slot, columns, message);
    const atMs = START_MS + Math.floor((message / messages) * DAY_MS);
    slot.atMs = atMs;
    counters.countDecision(slot, truth);
    const carrier = CARRIER_LABELS[slot.carrier]!;
    const registration = REGISTRATION_LABELS[registrationLabelIndex(slot.registration)]!;
    for (const [place, { cause, amount }] of POSTINGS.entries()) {
      const micros = slot.quote[amount];
      const labels = { payee: messagePayee(place, carrier), cause, carrier, registration, truth: TRUTHS[truth]! };
      if (micros > 0) journal.push({ atMs, labels, micros });
    }
  }
  // An hour in, an hour out: minutes have to be picked, however revenue keeps them.
  const fromMs = START_MS + 60 * MINUTE_MS;
  const toMs = START_MS + DAY_MS - 60 * MINUTE_MS;
  const nowMs = START_MS + DAY_MS - 1;
  const look = (): number => digest(revenueBy(BY, revenue.between(fromMs, toMs, nowMs)));
  const add = (): number =>
    digest(
      revenueBy(
        BY,
        journal.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
      ),
    );
  if (look() !== add()) throw new Error(`revenue came to ${look()} and the postings to ${add()}`);
  return { look: repeated(look), add: repeated(add), postings: journal.length };
}

/** Sums weighed by the names of their rows, so that a sum in the wrong row shows. */
function digest(rows: readonly { readonly labels: Partial<RevenueLabels>; readonly micros: number }[]): number {
  return rows.reduce((sum, { labels, micros }) => sum + micros * Object.values(labels).join().length, 0);
}

function repeated(once: () => number): Loop {
  return (count) => {
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += once();
    return sum;
  };
}
