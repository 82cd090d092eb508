/**
 * How many limits a second does one core check, and what does it remember of each number?
 *
 * A check is what a message costs a limit: the question whether it fits, and the taking, since here all fit. Keys are asked for at
 * random, so at a million keys and more it is trips to memory that are measured. Time moves on as if messages came at a steady pace.
 * Beside each the way one would write it first, a Map from key to object, over the same keys in the same order.
 */
import { type Allowance, type Ask, NumberMeter, NumberMeters, PacificDays, RateBuckets } from '../tariffs/index.ts';
import { compileDecisionsWhole, loadWorld } from '../gateway/index.ts';
import { namedStream } from '../gateway/router/index.ts';
import {
  allocatedBytesPerOp,
  type BenchSettings,
  consume,
  type Figure,
  figureOf,
  interleave,
  type Loop,
  loopSide,
  type Series,
  type Side,
} from './harness.ts';
import { MapOfBuckets, MapOfDays, MapOfRecipients } from './peers/map-limits.ts';
import { drawFreeNumber, drawNumbers } from './population.ts';

const BENCH = 'limits';
const UNIT = 'checks/s';
const CHECKS_MIN = 5_000_000;
const BYTES_PER_NUMBER_MAX = 40;

const START_MS = Date.UTC(2024, 2, 6, 20);
const MINUTE_MS = 60_000;
/**
 * Checks in a millisecond, of rates as many as a busy gateway makes, of days so few that days pass; and caps larger than what any
 * key comes to, so that every check is a taking too.
 */
const PACES = {
  rate: { checksPerMs: 10, cap: 6_000 },
  day: { checksPerMs: 0.1, cap: 60_000 },
} as const;
type Pace = keyof typeof PACES;
const CONTACTS = 10;

class AskInPlace implements Ask {
  units = 1;
  atMs = Number.NaN;
  uptimeMs = Number.NaN;
  senderKey = Number.NaN;
  destinationKey = Number.NaN;
}

/** What is checked, row by row. */
interface Columns {
  readonly keys: Int32Array;
  readonly senders: Float64Array;
  readonly destinations: Float64Array;
}

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  compileDecisionsWhole();
  const bench = new LimitsBench(seed, isTiny);
  const figures: Figure[] = [];
  const handleCounts = isTiny ? [100] : [1_000, 1_000_000];
  for (const keys of handleCounts) {
    figures.push(await bench.byHandle('rate', new RateBuckets(MINUTE_MS, keys), keys));
    figures.push(await bench.byHandle('day', new PacificDays(keys), keys));
  }
  for (const keys of isTiny ? [1_000] : [1_000, 1_000_000, 5_000_000]) {
    figures.push(await bench.byNumber('rate', NumberMeter.VerizonSms, keys));
    figures.push(await bench.byNumber('day', NumberMeter.P2pDay, keys));
  }
  for (const keys of isTiny ? [100] : [1_000, 100_000]) figures.push(await bench.recipients(keys));
  figures.push(await bench.newNumbers());
  const tracked = isTiny ? 20_000 : 5_000_000;
  for (const kind of SENDER_KINDS) figures.push(await bench.memory(kind, tracked));
  figures.push(await bench.longestPause(tracked));
  return figures;
}

/** What a number of each kind has counted of it at one time. */
const SENDER_KINDS = [
  { name: 'A2P: carrier rate and account rate', meters: [NumberMeter.VerizonSms, NumberMeter.AccountSms] },
  {
    name: 'P2P: minute, day, ratio',
    meters: [NumberMeter.P2pMinute, NumberMeter.P2pDay, NumberMeter.P2pRatio],
  },
  {
    name: 'toll-free: day, week, month',
    meters: [NumberMeter.TollFreeDay, NumberMeter.TollFreeWeek, NumberMeter.TollFreeMonth],
  },
] as const;

class LimitsBench {
  readonly #seed: number;
  readonly #isTiny: boolean;
  readonly #blocks = loadWorld().carrierMap.blocksOf('cpaas');
  readonly #loops: number;
  readonly #rounds: number;

  constructor(seed: number, isTiny: boolean) {
    this.#seed = seed;
    this.#isTiny = isTiny;
    this.#loops = isTiny ? 4_096 : 1_048_576;
    this.#rounds = isTiny ? 2 : 9;
  }

  /** Limits of campaigns, brands and accounts: keys are handles. */
  byHandle(kind: Pace, allowance: Allowance, keys: number): Promise<Figure> {
    const columns = { ...this.#columns(), keys: this.#draw(keys) };
    const name = `${kind} by handle, ${named(keys)} keys`;
    return this.#compare(name, { keys }, checkLoop(allowance, columns, kind), () =>
      takeLoop(mapFor(kind), Float64Array.from(columns.keys), kind),
    );
  }

  byNumber(kind: Pace, meter: number, count: number): Promise<Figure> {
    const numbers = drawNumbers(this.#seed, this.#blocks, count);
    const columns = {
      ...this.#columns(),
      keys: new Int32Array(this.#loops).fill(meter),
      senders: Float64Array.from(this.#draw(count), (at) => numbers[at]!),
    };
    const meters = metersOf(numbers, [meter]);
    const name = `${kind} by number, ${named(count)} numbers`;
    return this.#compare(name, { numbers: count }, checkLoop(meters, columns, kind), () => {
      const map = mapFor(kind);
      for (const number of numbers) map.take(number, 1, 1, START_MS);
      return takeLoop(map, columns.senders, kind);
    });
  }

  /** Each number writes to ten others over and over. */
  recipients(count: number): Promise<Figure> {
    const numbers = drawNumbers(this.#seed, this.#blocks, count);
    const contacts = numbers.slice(0, CONTACTS);
    const columns = {
      keys: new Int32Array(this.#loops).fill(NumberMeter.P2pRecipients),
      senders: Float64Array.from(this.#draw(count), (at) => numbers[at]!),
      destinations: Float64Array.from(this.#draw(CONTACTS, 'contacts'), (at) => contacts[at]!),
    };
    const name = `recipients of a number, ${named(count)} numbers`;
    const params = { numbers: count, contacts: CONTACTS };
    return this.#compare(name, params, checkLoop(new NumberMeters(), columns, 'day'), () =>
      recipientsLoop(new MapOfRecipients(), columns),
    );
  }

  /** Hardly a number comes twice: rows are added, found to be idle and forgotten all the time. The Map keeps them all. */
  newNumbers(): Promise<Figure> {
    // A shard that is made anew is a new array.
    const allocatedMax = 1;
    const chance = namedStream(this.#seed, 'bench/limits/new');
    const columns = {
      ...this.#columns(),
      keys: new Int32Array(this.#loops).fill(NumberMeter.VerizonSms),
      senders: Float64Array.from({ length: this.#loops }, () => drawFreeNumber(chance, this.#blocks)),
    };
    return this.#compare(
      'rate by number, numbers that come and go',
      { drawn: this.#loops },
      checkLoop(new NumberMeters(), columns, 'rate'),
      () => takeLoop(new MapOfBuckets(MINUTE_MS), columns.senders, 'rate'),
      allocatedMax,
    );
  }

  /** Everything that the process holds more when it keeps count of so many numbers. */
  async memory({ name, meters }: (typeof SENDER_KINDS)[number], numbers: number): Promise<Figure> {
    const asked = drawNumbers(this.#seed, this.#blocks, numbers);
    const unit = 'bytes per number';
    const [subject, baseline] = (await interleave(
      [
        { name: 'NumberMeters', unit, measure: () => heldBytes(() => metersOf(asked, meters)) / numbers },
        { name: 'Map of objects', unit, measure: () => heldBytes(() => mapsOf(asked, meters)) / numbers },
      ],
      1,
      0,
    )) as [Series, Series];
    return figureOf({
      bench: BENCH,
      figure: `memory, ${name}`,
      params: { numbers },
      subject,
      baseline,
      isLessBetter: true,
      // A shard has a smallest size, so few numbers come dear.
      ...(!this.#isTiny && { target: [{ measure: 'median', atMost: BYTES_PER_NUMBER_MAX }] }),
    });
  }

  /** The longest that a few takes of new numbers lasted, from the first number to the last. */
  async longestPause(numbers: number): Promise<Figure> {
    const asked = drawNumbers(this.#seed, this.#blocks, numbers);
    const meters = (): Side['measure'] => {
      const ask = new AskInPlace();
      return () => {
        const filled = new NumberMeters();
        ask.atMs = START_MS;
        return longestMs(asked, (number) => {
          ask.senderKey = number;
          return check(filled, NumberMeter.VerizonSms, PACES.rate.cap, ask);
        });
      };
    };
    const unit = 'ms';
    const [subject, baseline] = (await interleave(
      [
        { name: 'NumberMeters', unit, measure: meters() },
        {
          name: 'Map of objects',
          unit,
          measure: () => {
            const map = new MapOfBuckets(MINUTE_MS);
            return longestMs(asked, (number) => (map.take(number, PACES.rate.cap, 1, START_MS) ? 1 : 0));
          },
        },
      ],
      this.#isTiny ? 1 : 5,
      this.#isTiny ? 0 : 1,
    )) as [Series, Series];
    return figureOf({
      bench: BENCH,
      figure: 'longest pause while numbers are added',
      params: { numbers, takesAtOnce: TAKES_AT_ONCE },
      subject,
      baseline,
      isLessBetter: true,
      note: 'time of the processor; the compiler and the collector on their threads are in it',
    });
  }

  #columns(): Pick<Columns, 'senders' | 'destinations'> {
    const senders = new Float64Array(this.#loops).fill(this.#blocks[0]! * 1_000);
    return { senders, destinations: senders };
  }

  #draw(count: number, stream = 'keys'): Int32Array {
    const chance = namedStream(this.#seed, `bench/limits/${stream}`);
    return Int32Array.from({ length: this.#loops }, () => Math.floor(chance.next() * count));
  }

  async #compare(
    figure: string,
    params: Readonly<Record<string, number>>,
    subjectLoop: Loop,
    makeBaseline: () => Loop,
    allocatedMax = 0,
  ): Promise<Figure> {
    // All of it fits, or the two are not asked the same.
    const requireAdmitted = (loop: Loop): void => {
      if (loop(this.#loops) !== this.#loops) throw new Error(`${figure}: not everything was admitted`);
    };
    requireAdmitted(subjectLoop);
    // Before there are millions of objects that each collection has to walk through.
    const allocated = await allocatedBytesPerOp(subjectLoop, { isTiny: this.#isTiny });
    const baselineLoop = makeBaseline();
    requireAdmitted(baselineLoop);
    const [subject, baseline] = (await interleave(
      [loopSide('limits', UNIT, this.#loops, subjectLoop), loopSide('Map of objects', UNIT, this.#loops, baselineLoop)],
      this.#rounds,
      0,
    )) as [Series, Series];
    return figureOf({
      bench: BENCH,
      figure,
      params: { ...params, rounds: this.#rounds },
      subject,
      baseline,
      allocatedBytesPerOp: allocated,
      target: [
        { measure: 'median', atLeast: CHECKS_MIN },
        { measure: 'allocatedBytesPerOp', atMost: allocatedMax },
      ],
    });
  }
}

function mapFor(pace: Pace): MapOfBuckets | MapOfDays {
  return pace === 'rate' ? new MapOfBuckets(MINUTE_MS) : new MapOfDays();
}

/** What a message costs a limit: 1 if it fitted and was taken. */
function check(allowance: Allowance, key: number, cap: number, ask: Ask): number {
  if (allowance.waitMs(key, cap, ask) !== 0) return 0;
  allowance.take(key, cap, ask);
  return 1;
}

/** Checks again and again what the columns say, with time moving on. */
function checkLoop(allowance: Allowance, { keys, senders, destinations }: Columns, pace: Pace): Loop {
  const { cap, checksPerMs } = PACES[pace];
  const ask = new AskInPlace();
  const { length } = keys;
  let next = 0;
  return (count) => {
    const first = next;
    let sum = 0;
    for (let i = first; i < first + count; i += 1) {
      const at = i % length;
      ask.atMs = START_MS + Math.floor(i / checksPerMs);
      ask.senderKey = senders[at]!;
      ask.destinationKey = destinations[at]!;
      sum += check(allowance, keys[at]!, cap, ask);
    }
    next = first + count;
    return sum;
  };
}

function takeLoop(map: MapOfBuckets | MapOfDays, keys: Float64Array, pace: Pace): Loop {
  const { cap, checksPerMs } = PACES[pace];
  const { length } = keys;
  let next = 0;
  return (count) => {
    const first = next;
    let sum = 0;
    for (let i = first; i < first + count; i += 1) {
      sum += map.take(keys[i % length]!, cap, 1, START_MS + Math.floor(i / checksPerMs)) ? 1 : 0;
    }
    next = first + count;
    return sum;
  };
}

function recipientsLoop(map: MapOfRecipients, { senders, destinations }: Columns): Loop {
  const { cap, checksPerMs } = PACES.day;
  const { length } = senders;
  let next = 0;
  return (count) => {
    const first = next;
    let sum = 0;
    for (let i = first; i < first + count; i += 1) {
      const at = i % length;
      sum += map.take(senders[at]!, cap, destinations[at]!, START_MS + Math.floor(i / checksPerMs)) ? 1 : 0;
    }
    next = first + count;
    return sum;
  };
}

function metersOf(numbers: Float64Array, kinds: readonly number[]): NumberMeters {
  const meters = new NumberMeters();
  const ask = new AskInPlace();
  ask.atMs = START_MS;
  for (const number of numbers) {
    ask.senderKey = number;
    for (const kind of kinds) check(meters, kind, 1, ask);
  }
  return meters;
}

function mapsOf(numbers: Float64Array, kinds: readonly number[]): MapOfBuckets[] {
  return kinds.map(() => {
    const map = new MapOfBuckets(MINUTE_MS);
    for (const number of numbers) map.take(number, 1, 1, START_MS);
    return map;
  });
}

function heldBytes(make: () => object): number {
  const before = bytesInUse();
  const made = make();
  const bytes = bytesInUse() - before;
  consume(Object.keys(made).length);
  return bytes;
}

function bytesInUse(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const TAKES_AT_ONCE = 64;
const US_PER_MS = 1_000;

/** Longest time of the processor, so that other programs' turns do not count; the collector's threads do. */
function longestMs(numbers: Float64Array, take: (number: number) => number): number {
  let longestUs = 0;
  let sum = 0;
  let startUs = spentUs();
  for (let at = 0; at < numbers.length; at += 1) {
    sum += take(numbers[at]!);
    if (at % TAKES_AT_ONCE !== 0) continue;
    const endUs = spentUs();
    longestUs = Math.max(longestUs, endUs - startUs);
    startUs = endUs;
  }
  consume(sum);
  return longestUs / US_PER_MS;
}

function spentUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function named(count: number): string {
  if (count >= 1_000_000) return `${count / 1_000_000} M`;
  return count >= 1_000 ? `${count / 1_000} k` : `${count}`;
}
