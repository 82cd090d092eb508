/**
 * How many CDRs a second go from a full store to a file, and what one costs? Beside the same lines the plain way, an object for
 * each record through `JSON.stringify` and a line at a time to the file, and beside pino's file destination, which gathers lines.
 * Then how fast they come out again as Parquet, beside reading and parsing the same lines alone.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { cdrFilesAt, CdrLines, CdrWriter, readCdrs, writeParquet } from '../gateway/cdr/index.ts';
import { systemClock, systemTimers } from '../gateway/control/index.ts';
import { loadWorld } from '../gateway/index.ts';
import { emptyDraft, Intake, messageRecord, MessageStore, ReceiptState, TextBytes } from '../gateway/messages/index.ts';
import {
  type Core,
  createCore,
  DecisionCode,
  HandsetOutcome,
  makeRoomForLimits,
  namedStream,
} from '../gateway/router/index.ts';
import {
  allocatedBytesPerOp,
  type BenchSettings,
  type Figure,
  figureOf,
  interleave,
  type Series,
  type Side,
} from './harness.ts';
import { addPopulation } from './population.ts';

const BENCH = 'cdr';
const UNIT = 'records/s';
const MS_PER_SECOND = 1_000;
/** Records put together before the event loop gets a turn, as in a tick of the delivery. */
const SLICE = 2_000;
/** A writer waits for the disk when so much waits, as the intake would. */
const PENDING_BYTES_MAX = 67_108_864;

interface Usage {
  readonly perSecond: number;
  readonly cpuUsEach: number;
  readonly bytes: number;
}

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const messages = isTiny ? 2_000 : 100_000;
  const rounds = isTiny ? 1 : 7;
  const world = filled(seed, messages);
  const directory = mkdtempSync(join(tmpdir(), 'tollgate-bench-cdr-'));
  try {
    const lines = new CdrLines(world.core, world.store);
    requireSameRecords(world, lines);
    const kept = new Map<string, Usage[]>();
    const sideOf = (name: string, write: (path: string) => Promise<void>): Side => ({
      name,
      unit: UNIT,
      async measure() {
        const path = join(directory, 'round');
        mkdirSync(path);
        const usage = await used(messages, path, write);
        kept.set(name, [...(kept.get(name) ?? []), usage]);
        rmSync(path, { recursive: true });
        return usage.perSecond;
      },
    });
    const [ours, plain, gathered] = (await interleave(
      [
        sideOf('CdrWriter', (path) => writeOurs(world, path)),
        sideOf('JSON.stringify and writeSync', (path) => writePlain(world, path)),
        sideOf('JSON.stringify and pino', (path) => writeGathered(world, path)),
      ],
      rounds,
    )) as [Series, Series, Series];

    const into = new TextBytes(1 << 20);
    const encode = (count: number): number => {
      let sum = 0;
      for (let i = 0; i < count; i += 1) {
        if ((i & 1_023) === 0) into.clear();
        lines.add(i % messages, into);
        sum += into.sizeBytes;
      }
      return sum;
    };
    const stringify = (count: number): number => {
      let sum = 0;
      for (let i = 0; i < count; i += 1) sum += JSON.stringify(plainRecord(world, i % messages)).length;
      return sum;
    };
    const allocated = await allocatedBytesPerOp(encode, { isTiny });
    const allocatedPlain = await allocatedBytesPerOp(stringify, { isTiny });
    const bytesEach = Math.round((kept.get(ours.name)?.at(-1)?.bytes ?? 0) / messages);
    const params = { messages, rounds, bytesPerRecord: bytesEach };
    const cost = (baseline: Series): Figure =>
      figureOf({
        bench: BENCH,
        figure: `processor time against ${baseline.name}`,
        params,
        subject: costSeries(ours.name, kept, rounds),
        baseline: costSeries(baseline.name, kept, rounds),
        isLessBetter: true,
      });
    const written = [plain, gathered].map((baseline) =>
      figureOf({
        bench: BENCH,
        figure: `written against ${baseline.name}`,
        params,
        subject: ours,
        baseline,
        allocatedBytesPerOp: allocated,
        note: `${bytesEach} bytes a record; a record as an object and text allocates ${allocatedPlain} bytes`,
      }),
    );
    return [...written, cost(plain), cost(gathered), await exported(world, directory, { messages, rounds })];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Filled {
  readonly core: Core;
  readonly store: MessageStore;
}

/** A store whose messages are all at their end: most from registered numbers, to every carrier, some refused. */
function filled(seed: number, count: number): Filled {
  const world = loadWorld();
  const senders = addPopulation(world, { seed, campaigns: 2_000, numbers: 20_000 });
  const core = createCore(world);
  makeRoomForLimits(core);
  const store = new MessageStore(count, 'BENCH');
  const chance = namedStream(seed, 'bench/cdr');
  const pick = <T>(from: ArrayLike<T>): T => from[Math.floor(chance.next() * from.length)]!;
  const startMs = Date.UTC(2024, 2, 6, 20);
  let nowMs = startMs;
  const intake = new Intake({
    core,
    store,
    dispatcher: { dispatch: () => {} },
    chance,
    clock: { nowMs: () => nowMs, monotonicNs: () => nowMs * 1e6 },
    view: { ageMs: () => 0, staleMs: Infinity, refusesWhenStale: false },
    tariffDateMs: Date.UTC(2024, 2, 1),
  });
  const blocks = ['att', 'verizon', 'tmobile', 'uscellular', 'other', 'landline'].map((group) =>
    world.carrierMap.blocksOf(group as 'att'),
  );
  const draft = emptyDraft();
  for (let index = 0; index < count; index += 1) {
    nowMs = startMs + Math.floor(index / 10);
    draft.senderKey = chance.next() < 0.8 ? pick(senders) : 2_125_550_000 + Math.floor(chance.next() * 10_000);
    draft.destinationKey = pick(pick(blocks)) * 1_000 + Math.floor(chance.next() * 1_000);
    draft.units = 1 + Math.floor(chance.next() * 3);
    draft.truth = Math.floor(chance.next() * 4);
    draft.account = `account-${Math.floor(chance.next() * 50)}`;
    const at = intake.submit(draft) % count;
    if (store.code[at] !== DecisionCode.Accepted) continue;
    store.recordReceipt(at, ReceiptState.Accepted, nowMs + Math.floor(chance.next() * 500));
    store.recordHandset(at, HandsetOutcome.Delivered, nowMs + 500 + Math.floor(chance.next() * 3_000));
  }
  return { core, store };
}

async function used(messages: number, path: string, write: (path: string) => Promise<void>): Promise<Usage> {
  const before = process.cpuUsage();
  const startMs = performance.now();
  await write(path);
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before);
  const bytes = readdirSync(path).reduce((sum, name) => sum + readFileSync(join(path, name)).length, 0);
  return { perSecond: (messages * MS_PER_SECOND) / elapsedMs, cpuUsEach: (user + system) / messages, bytes };
}

function costSeries(name: string, kept: ReadonlyMap<string, readonly Usage[]>, rounds: number): Series {
  return { name, unit: 'µs/record', values: (kept.get(name) ?? []).slice(-rounds).map(({ cpuUsEach }) => cpuUsEach) };
}

async function writeOurs({ core, store }: Filled, directory: string): Promise<void> {
  const writer = new CdrWriter({
    core,
    store,
    directory,
    run: 'BENCH',
    pid: process.pid,
    rotateBytes: 268_435_456,
    rotateMs: 3_600_000,
    pendingBytesMax: PENDING_BYTES_MAX,
    clock: systemClock,
    timers: systemTimers,
    log: { info: () => {}, error: () => {} },
  });
  for (let at = 0; at < store.capacity; at += 1) {
    writer.add(at);
    if (at % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await writer.close();
}

function writePlain(world: Filled, directory: string): Promise<void> {
  const file = openSync(join(directory, 'plain.ndjson'), 'w');
  for (let at = 0; at < world.store.capacity; at += 1) writeSync(file, `${JSON.stringify(plainRecord(world, at))}\n`);
  closeSync(file);
  return Promise.resolve();
}

async function writeGathered(world: Filled, directory: string): Promise<void> {
  const file = pino.destination({ dest: join(directory, 'pino.ndjson'), minLength: 4_096, sync: false });
  for (let at = 0; at < world.store.capacity; at += 1) {
    file.write(`${JSON.stringify(plainRecord(world, at))}\n`);
    if (at % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => {
    file.once('close', resolve);
    file.end();
  });
}

/** The record of a message as an object, from the view that the native API has of it. */
function plainRecord({ core, store }: Filled, at: number): object {
  const record = messageRecord(core, store, store.sequenceAt(at));
  const { price, tariff, account, campaign, limit } = record;
  return {
    id: record.id,
    acceptedAt: record.acceptedAt,
    receipt: record.receipt && { state: record.receipt.state, at: record.receipt.at },
    handset: record.handset,
    error: record.error?.name ?? null,
    account: account ?? null,
    from: record.from,
    to: record.to,
    sender: '10dlc',
    campaign: campaign ?? null,
    carrier: record.carrier,
    route: record.route,
    direction: 'out',
    message: record.message,
    encoding: record.encoding,
    segments: record.segments,
    registration: record.registration,
    reason: record.reason,
    decision: record.decision,
    limit: limit === undefined ? null : { name: limit.name, scope: limit.scope, used: limit.used, cap: limit.cap },
    truth: record.truth,
    pricedAt: new Date(store.pricedAtMs[at]!).toISOString(),
    book: core.books[store.book[at]!]!.book,
    era: tariff,
    postings: price.postings,
    totalMicros: price.totalMicros,
  };
}

function requireSameRecords(world: Filled, lines: CdrLines): void {
  const bytes = new TextBytes();
  for (let at = 0; at < Math.min(world.store.capacity, 1_000); at += 1) {
    bytes.clear();
    lines.add(at, bytes);
    const ours = bytes.take().toString();
    const plain = `${JSON.stringify(plainRecord(world, at))}\n`;
    if (ours !== plain) throw new Error(`the two ways differ:\n${ours}${plain}`);
  }
}

async function exported(
  world: Filled,
  directory: string,
  { messages, rounds }: { readonly messages: number; readonly rounds: number },
): Promise<Figure> {
  const path = join(directory, 'export');
  mkdirSync(path);
  await writeOurs(world, path);
  const files = await cdrFilesAt(path);
  const refuse = (place: string, message: string): never => {
    throw new Error(`${place} ${message}`);
  };
  const timed = (name: string, work: () => Promise<void>): Side => ({
    name,
    unit: UNIT,
    async measure() {
      const startMs = performance.now();
      await work();
      return (messages * MS_PER_SECOND) / (performance.now() - startMs);
    },
  });
  const [subject, baseline] = (await interleave(
    [
      timed('cdr export to Parquet', () => writeParquet(readCdrs(files, refuse), join(directory, 'out.parquet'))),
      timed('JSON.parse of each line', async () => {
        const found = files.flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
        if (found.map((line) => JSON.parse(line) as unknown).length !== messages) throw new Error('lines are missing');
        await Promise.resolve();
      }),
    ],
    rounds,
    1,
  )) as [Series, Series];
  return figureOf({ bench: BENCH, figure: 'exported to Parquet', params: { messages, rounds }, subject, baseline });
}
