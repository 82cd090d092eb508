/**
 * Both ends of delivery through a real Redis for a test, without a server: a gateway's intake and what it hears, and workers whose far
 * end is a stand-in that the test lets go on.
 */
import { type CuttingProxy, startCuttingProxy } from '../../scripts/cutting-proxy.ts';
import { startRedisServer, type RedisServer } from '../../scripts/redis-server.ts';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import {
  emptyDraft,
  HeldMessages,
  Intake,
  LinedLimits,
  type MessageDraft,
  MessageStore,
  QUEUEABLE,
  ReceiptState,
} from '../messages/index.ts';
import {
  type Clock,
  type Core,
  HandsetOutcome,
  makeRoomForLimits,
  namedStream,
  type Timers,
  UNLIMITED,
} from '../router/index.ts';
import { coreUnderTest, TO } from '../router/world-under-test.ts';
import { type Carriers, DeliveryWorker, type Durable, newRun, openDeliveryQueue, openDurable } from './index.ts';

export interface LogOfTest {
  readonly lines: string[];
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export function logOfTest(): LogOfTest {
  const lines: string[] = [];
  const add = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lines, info: add, warn: add };
}

/** Delivers on request: each message first to its receipt, then to its phone. */
export class StandInCarriers implements Carriers {
  readonly held: number[] = [];
  readonly #store: MessageStore;
  readonly #worker: DeliveryWorker;

  constructor(store: MessageStore, worker: DeliveryWorker) {
    this.#store = store;
    this.#worker = worker;
  }

  dispatch(at: number): void {
    if (this.#store.outcome[at] === HandsetOutcome.Pending) this.held.push(at);
    else this.#worker.settled(at);
  }

  /** When something is next to come of whatever is held; long after now, it is parked. */
  nextAllMs = 0;

  nextMs(): number {
    return this.nextAllMs;
  }

  withdraw(isGone: (at: number) => boolean): void {
    const left = this.held.filter((at) => !isGone(at));
    this.held.splice(0, this.held.length, ...left);
  }

  /** Receipts for all that are held. */
  receipts(): void {
    for (const at of this.held) {
      if (this.#store.receipt[at] !== ReceiptState.None) continue;
      this.#store.recordReceipt(at, ReceiptState.Accepted, systemClock.nowMs());
      this.#worker.receiptArrived(at, 0);
    }
  }

  /** The end of the first of those that are held, or of all. */
  ends(count = this.held.length): void {
    this.endsFirst(count);
    this.settle(count);
  }

  /** The same, with something still to come for them. */
  endsFirst(count = this.held.length): void {
    for (const at of this.held.slice(0, count)) {
      this.#store.recordHandset(at, HandsetOutcome.Delivered, systemClock.nowMs());
      this.#worker.ended(at);
    }
  }

  /** Nothing more is to come for them. */
  settle(count = this.held.length): void {
    for (const at of this.held.splice(0, count)) this.#worker.settled(at);
  }
}

/** Real time, and ahead of it. */
export class ClockOfTest implements Clock {
  aheadMs = 0;

  nowMs(): number {
    return systemClock.nowMs() + this.aheadMs;
  }

  monotonicNs(): number {
    return systemClock.monotonicNs();
  }
}

/** Timers that look often, and can be held still, as those of a process that is stopped. */
export class TimersOfTest implements Timers {
  isStill = false;
  isOver = false;

  every(periodMs: number, run: () => void): () => void {
    return systemTimers.every(Math.min(periodMs, LOOK_MS), () => {
      if (!this.isStill && !this.isOver) run();
    });
  }

  after(delayMs: number, run: () => void): () => void {
    let stop = systemTimers.after(delayMs, () => {
      if (this.isOver) return;
      if (this.isStill) stop = this.after(LOOK_MS, run);
      else run();
    });
    return () => stop();
  }
}

const LOOK_MS = 100;

export interface GatewayOptions {
  readonly inbox?: number;
  /** Of the account `acme`, over whose rate messages wait. */
  readonly smsPerSecond?: number;
  readonly isPrepaid?: boolean;
  readonly maxWaitMs?: number;
  /** Whether messages wait here; otherwise limits refuse, and nothing is taken over. */
  readonly hasLines?: boolean;
}

export interface GatewayEnd {
  readonly run: string;
  readonly core: Core;
  readonly durable: Durable;
  readonly intake: Intake;
  readonly store: MessageStore;
  readonly connection: RedisConnection;
  readonly clock: ClockOfTest;
  readonly timers: TimersOfTest;
  readonly log: LogOfTest;
  /** Ids of messages that have come to their end here, as often as they have. */
  readonly ended: string[];
  /** Submits one message from a number of its own; its id. */
  send(text: string, draft?: Partial<MessageDraft>): string;
  /** Decides messages that wait and whose turn has come. */
  release(): void;
  /** Whatever it does from now on, it does not: as when its process is killed. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface WorkerEnd {
  readonly worker: DeliveryWorker;
  readonly carriers: StandInCarriers;
  /** Ids of messages whose receipts were to be posted, as often as they were. */
  readonly posted: string[];
  /** Runs once receipts were told of, before anything else is done. */
  whenTold: () => Promise<void>;
  close(graceMs?: number): Promise<void>;
}

const opened: (() => Promise<unknown>)[] = [];

/** Closes what the test opened, the latest first. For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
}

export async function redisOfTest(options: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedisServer(options);
  opened.push(() => server.stop());
  return server;
}

/** A way to Redis that can be cut. */
export async function proxyOfTest(port: number): Promise<CuttingProxy> {
  const proxy = await startCuttingProxy(port);
  opened.push(() => proxy.close());
  return proxy;
}

export async function gatewayEnd(url: string, options: GatewayOptions = {}): Promise<GatewayEnd> {
  const {
    inbox = 4_096,
    smsPerSecond = UNLIMITED,
    isPrepaid = false,
    maxWaitMs = 3_600_000,
    hasLines = true,
  } = options;
  const connection = await openRedis(url, { commandTimeoutMs: 1_000 });
  const world = coreUnderTest();
  const { run, number } = await newRun(connection, systemClock.nowMs());
  const store = new MessageStore(inbox, run, number);
  const lined = new LinedLimits(world.limits, new Set(QUEUEABLE), new HeldMessages(store, inbox));
  const core = { ...world, limits: lined.limits };
  core.accounts.set({
    id: 'acme',
    isPrepaid,
    smsPerSecond,
    mmsPerSecond: UNLIMITED,
    numberSmsPerSecond: UNLIMITED,
    numberMmsPerSecond: UNLIMITED,
    inFlightMax: UNLIMITED,
  });
  makeRoomForLimits(core);
  const clock = new ClockOfTest();
  const timers = new TimersOfTest();
  const log = logOfTest();
  const ended: string[] = [];
  store.whenFinal = (at) => ended.push(store.idAt(at));
  const durable = openDurable({ connection, core, store, run, clock, timers, log });
  const intake = new Intake({
    core,
    store,
    dispatcher: durable.commit,
    chance: namedStream(1, 'test'),
    clock,
    view: { ageMs: () => 0, staleMs: 1, refusesWhenStale: false },
    tariffDateMs: Date.UTC(2024, 2, 1),
    backlogs: [durable.commit],
    ...(hasLines && { queueing: { lined, maxWaitMs, onReceipt: () => {} } }),
  });
  const draft = emptyDraft();
  let senders = 0;
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await durable.close(1_000);
    await connection.close();
  };
  const kill = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    timers.isOver = true;
    // It may wait for a timer, and those of the dead do not fire.
    durable.feed.close().catch(() => {});
    await connection.close();
  };
  opened.push(kill);
  return {
    run,
    core,
    durable,
    intake,
    store,
    connection,
    clock,
    timers,
    log,
    ended,
    send(text, more) {
      senders += 1;
      Object.assign(
        draft,
        emptyDraft(),
        { senderKey: 2_125_550_000 + senders, destinationKey: TO.verizon, text },
        more,
      );
      return store.idOf(intake.submit(draft));
    },
    release: () => intake.releaseDue(clock.nowMs()),
    kill,
    close,
  };
}

export async function workerEnd(url: string, id: string, places = 4_096): Promise<WorkerEnd> {
  const connection = await openRedis(url, { commandTimeoutMs: 1_000 });
  const store = new MessageStore(places, id);
  const queue = openDeliveryQueue(connection);
  const posted: string[] = [];
  let carriers: StandInCarriers | undefined;
  const worker = new DeliveryWorker({
    connection,
    queue,
    store,
    carriers: (of) => (carriers = new StandInCarriers(store, of)),
    posts: {
      add(receipts) {
        posted.push(...receipts.map(({ at }) => store.idAt(at)));
        // Told of something, it has been returned below.
        return end.whenTold();
      },
    },
    id,
    chance: namedStream(1, 'jobs'),
    clock: systemClock,
    timers: new TimersOfTest(),
    log: logOfTest(),
  });
  let isClosed = false;
  const close = async (graceMs = 0): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await worker.close(graceMs);
    await queue.close();
    await connection.close();
  };
  opened.push(close);
  const end: WorkerEnd = { worker, carriers: carriers!, posted, whenTold: () => Promise.resolve(), close };
  return end;
}

/** Resolves when it is so; throws after ten seconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries += 1) {
    if (tries === 1_000) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
