/**
 * How many messages a second does one core decide, and what does it allocate for each?
 *
 * The whole decision over a full registry: carrier, campaign, regime, limits, price. Messages lie in columns drawn
 * beforehand, since making them up is not part of deciding. Time moves on as if 10,000 messages a second arrived, so
 * that limits refill as they would. Half of them come from accounts, prepaid and not, with every limit an account can have.
 * Beside it the same loop with nothing but the two lookups, which is what memory alone costs, and the decision as one would write it first: Maps, objects and a scan of the tariff book, without limits.
 */
import { type CarrierMap, NumberRegistry } from '../registry-cache/index.ts';
import { compileDecisionsWhole, loadWorld, type LoadedWorld } from '../gateway/index.ts';
import {
  type Core,
  createCore,
  decide,
  DECISIONS,
  MESSAGE_KINDS,
  MessageKind,
  makeRoomForLimits,
  MessageSlot,
  namedStream,
  NO_ACCOUNT,
  ownLimits,
  Route,
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
import { addPopulation, drawFreeNumber } from './population.ts';
import { decidePlainly, type PlainMessage, plainWorld, type PlainWorld } from './peers/plain-decision.ts';

const BENCH = 'decide';
const UNIT = 'messages/s';
const RATE_MIN = 2_000_000;

/** 12 noon Pacific on a working day in the period that all tariffs are complete for. */
const START_MS = Date.UTC(2024, 2, 6, 20);
const MESSAGES_PER_MS = 10;

/** Roughly the market, with enough landlines and nobody's blocks to meet those refusals. */
const DESTINATIONS = [
  { group: 'verizon', share: 0.32 },
  { group: 'att', share: 0.31 },
  { group: 'tmobile', share: 0.29 },
  { group: 'other', share: 0.04 },
  { group: 'landline', share: 0.02 },
  { group: 'uscellular', share: 0.01 },
] as const;
const ANY_NUMBER_MIN = 2_010_000_000;
const ANY_NUMBER_COUNT = 7_890_000_000;
const LINES_PER_BLOCK = 1_000;
const REGISTERED_SHARE = 0.5;
const P2P_SHARE = 0.05;
const MMS_SHARE = 0.03;

/** Accounts of the senders; every other one has paid in advance. */
const ACCOUNTS = 1_000;
const ACCOUNT_SHARE = 0.5;
/** More than a bench can spend. */
const PAID_IN_MICROS = 1e15;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  compileDecisionsWhole();
  const numbers = isTiny ? 20_000 : 10_000_000;
  const campaigns = isTiny ? 200 : 4_000;
  const messages = isTiny ? 8_192 : 1_048_576;
  const rounds = isTiny ? 2 : 9;
  const world: LoadedWorld = {
    ...loadWorld(),
    registry: new NumberRegistry({ capacity: numbers }),
  };
  const senders = addPopulation(world, { seed, campaigns, numbers });
  const columns = drawMessages(world.carrierMap, senders, messages, seed);

  const core = createCoreWithAccounts(world);
  const decided = decideLoop(core, columns);
  const lookedUp = lookupLoop(core, columns);
  const plainly = plainLoop(plainWorld(world, senders), columns);
  const loops = messages * (isTiny ? 1 : 2);
  const [full, lookups, plain] = (await interleave(
    [
      loopSide('decide', UNIT, loops, decided),
      loopSide('the two lookups alone', UNIT, loops, lookedUp),
      loopSide('Maps and objects, without limits', UNIT, loops / 4, plainly),
    ],
    rounds,
  )) as [Series, Series, Series];
  const allocated = await allocatedBytesPerOp(decided, { isTiny });
  const params = { numbers, campaigns, messages, rounds, decided: outcomes(world, columns) };
  return [
    figureOf({
      bench: BENCH,
      figure: 'decide',
      params,
      subject: full,
      baseline: lookups,
      allocatedBytesPerOp: allocated,
      target: [
        { measure: 'median', atLeast: RATE_MIN },
        { measure: 'allocatedBytesPerOp', atMost: 0 },
      ],
    }),
    figureOf({
      bench: BENCH,
      figure: 'decide against the obvious way',
      params,
      subject: full,
      baseline: plain,
      note: `the obvious way allocates ${await allocatedBytesPerOp(plainly, { isTiny })} bytes per message`,
    }),
  ];
}

/** Messages as columns, row by row. */
interface Columns {
  readonly length: number;
  readonly sender: Float64Array;
  readonly destination: Float64Array;
  readonly units: Uint8Array;
  readonly kind: Uint8Array;
  readonly route: Uint8Array;
  readonly draw: Float64Array;
  readonly account: Int32Array;
}

function drawMessages(carrierMap: CarrierMap, senders: Float64Array, length: number, seed: number): Columns {
  const chance = namedStream(seed, 'bench/decide');
  const rented = carrierMap.blocksOf('cpaas');
  const groups = DESTINATIONS.map(({ group, share }) => ({ share, blocks: carrierMap.blocksOf(group) }));
  const drawDestination = (): number => {
    let rest = chance.next();
    for (const { share, blocks } of groups) {
      if (rest < share) {
        return (
          blocks[Math.floor(chance.next() * blocks.length)]! * LINES_PER_BLOCK +
          Math.floor(chance.next() * LINES_PER_BLOCK)
        );
      }
      rest -= share;
    }
    return ANY_NUMBER_MIN + Math.floor(chance.next() * ANY_NUMBER_COUNT);
  };
  const drawSender = (): number =>
    chance.next() < REGISTERED_SHARE
      ? senders[Math.floor(chance.next() * senders.length)]!
      : drawFreeNumber(chance, rented);
  const column = <T extends Uint8Array | Int32Array | Float64Array>(cells: T, draw: () => number): T => {
    for (let at = 0; at < length; at += 1) cells[at] = draw();
    return cells;
  };
  return {
    length,
    sender: column(new Float64Array(length), drawSender),
    destination: column(new Float64Array(length), drawDestination),
    units: column(new Uint8Array(length), () => 1 + Math.floor(chance.next() ** 3 * 3)),
    kind: column(new Uint8Array(length), () => (chance.next() < MMS_SHARE ? MessageKind.Mms : MessageKind.Sms)),
    route: column(new Uint8Array(length), () => (chance.next() < P2P_SHARE ? Route.P2p : Route.A2p)),
    draw: column(new Float64Array(length), () => chance.next()),
    account: column(new Int32Array(length), () =>
      chance.next() < ACCOUNT_SHARE ? Math.floor(chance.next() * ACCOUNTS) : NO_ACCOUNT,
    ),
  };
}

function fill(slot: MessageSlot, columns: Columns, message: number): void {
  const at = message % columns.length;
  slot.senderKey = columns.sender[at]!;
  slot.destinationKey = columns.destination[at]!;
  slot.units = columns.units[at]!;
  slot.kind = columns.kind[at]!;
  slot.route = columns.route[at]!;
  slot.draw = columns.draw[at]!;
  slot.account = columns.account[at]!;
  slot.atMs = START_MS + Math.floor(message / MESSAGES_PER_MS);
  slot.uptimeMs = Math.floor(message / MESSAGES_PER_MS);
  slot.pricedAtMs = START_MS;
}

function decideLoop(core: Core, columns: Columns): Loop {
  const slot = new MessageSlot();
  let next = 0;
  return (count) => {
    const first = next;
    let sum = 0;
    for (let message = first; message < first + count; message += 1) {
      fill(slot, columns, message);
      sum += decide(core, slot) + slot.quote.totalMicros;
      if (slot.holdsInFlight) core.limits.accountInFlight.giveBack(slot.account, 1);
    }
    next = first + count;
    return sum;
  };
}

/** A core whose accounts have every limit there is, none of them in the way of an even load. */
function createCoreWithAccounts(world: LoadedWorld): Core {
  const limits = ownLimits();
  const core = createCore(world, limits);
  for (let account = 0; account < ACCOUNTS; account += 1) {
    core.accounts.set({
      id: `account-${account}`,
      isPrepaid: account % 2 === 0,
      smsPerSecond: 50,
      mmsPerSecond: 15,
      numberSmsPerSecond: 20,
      numberMmsPerSecond: 5,
      inFlightMax: 1_000,
    });
  }
  makeRoomForLimits(core);
  for (let account = 0; account < ACCOUNTS; account += 1) limits.accountBalance.credit(account, PAID_IN_MICROS);
  return core;
}

function lookupLoop(core: Core, columns: Columns): Loop {
  const slot = new MessageSlot();
  const { carrierMap, registry } = core;
  let next = 0;
  return (count) => {
    const first = next;
    let sum = 0;
    for (let message = first; message < first + count; message += 1) {
      fill(slot, columns, message);
      sum += carrierMap.lookup(slot.destinationKey) + registry.find(slot.senderKey, slot.atMs);
    }
    next = first + count;
    return sum;
  };
}

/** The decision written the obvious way, over one object per message made beforehand. */
function plainLoop(world: PlainWorld, columns: Columns): Loop {
  const messages = Array.from({ length: columns.length }, (_, at): PlainMessage => ({
    sender: columns.sender[at]!,
    destination: columns.destination[at]!,
    units: columns.units[at]!,
    kind: MESSAGE_KINDS[columns.kind[at]!] === 'mms' ? 'mms' : 'sms',
    isP2p: columns.route[at] === Route.P2p,
    draw: columns.draw[at]!,
    atMs: START_MS,
  }));
  let next = 0;
  return (count) => {
    const first = next;
    let sum = 0;
    for (let message = first; message < first + count; message += 1) {
      const { decision, price } = decidePlainly(world, messages[message % messages.length]!);
      sum += decision.length + (price?.aggregatorMicros ?? 0);
    }
    next = first + count;
    return sum;
  };
}

/** What becomes of the messages when each is decided once, so that a reader sees what the figure is of. */
function outcomes(world: LoadedWorld, columns: Columns): string {
  const core = createCoreWithAccounts(world);
  const slot = new MessageSlot();
  const counts = DECISIONS.map(() => 0);
  for (let message = 0; message < columns.length; message += 1) {
    fill(slot, columns, message);
    counts[decide(core, slot)]! += 1;
    if (slot.holdsInFlight) core.limits.accountInFlight.giveBack(slot.account, 1);
  }
  return DECISIONS.flatMap(({ name }, code) =>
    counts[code] === 0 ? [] : [`${name} ${((100 * counts[code]!) / columns.length).toFixed(1)} %`],
  ).join(', ');
}
