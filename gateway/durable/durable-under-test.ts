/**
 * Both ends of delivery through a real Redis for a test, without a server: a gateway's intake and what it hears, and workers whose far
 * end is a stand-in that the test lets go on.
 */
import { startRedisServer, type RedisServer } from '../../scripts/redis-server.ts';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { emptyDraft, Intake, MessageStore, ReceiptState } from '../messages/index.ts';
import { HandsetOutcome, namedStream } from '../router/index.ts';
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
  readonly #done = new Set<number>();

  constructor(store: MessageStore, worker: DeliveryWorker) {
    this.#store = store;
    this.#worker = worker;
  }

  dispatch(at: number): void {
    this.#done.delete(at);
    this.held.push(at);
  }

  isDone(at: number): boolean {
    return this.#done.has(at);
  }

  /** Receipts for all that are held. */
  receipts(): void {
    for (const at of this.held) {
      if (this.#store.receipt[at] !== ReceiptState.None) continue;
      this.#store.recordReceipt(at, ReceiptState.Accepted, systemClock.nowMs());
      this.#worker.receiptArrived(at, 0);
    }
  }

  /** The end of all that are held. */
  ends(): void {
    for (const at of this.held.splice(0)) {
      this.#store.recordHandset(at, HandsetOutcome.Delivered, systemClock.nowMs());
      this.#done.add(at);
      this.#worker.messageEnded(at);
    }
  }
}

export interface GatewayEnd {
  readonly durable: Durable;
  readonly intake: Intake;
  readonly store: MessageStore;
  readonly connection: RedisConnection;
  /** Submits one message from a number of its own; its id. */
  send(text: string): string;
  close(): Promise<void>;
}

export interface WorkerEnd {
  readonly worker: DeliveryWorker;
  readonly carriers: StandInCarriers;
  /** Ids of messages whose receipts were to be posted, as often as they were. */
  readonly posted: string[];
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

export async function gatewayEnd(url: string, inbox = 4_096): Promise<GatewayEnd> {
  const connection = await openRedis(url, { commandTimeoutMs: 1_000 });
  const core = coreUnderTest();
  const { run, number } = await newRun(connection, systemClock.nowMs());
  const store = new MessageStore(inbox, run, number);
  const parts = { connection, core, store, run, clock: systemClock, timers: systemTimers, log: logOfTest() };
  const durable = openDurable(parts);
  const intake = new Intake({
    core,
    store,
    dispatcher: durable.commit,
    chance: namedStream(1, 'test'),
    clock: systemClock,
    view: { ageMs: () => 0, staleMs: 1, refusesWhenStale: false },
    tariffDateMs: Date.UTC(2024, 2, 1),
    backlogs: [durable.commit],
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
  opened.push(close);
  return {
    durable,
    intake,
    store,
    connection,
    send(text) {
      senders += 1;
      Object.assign(draft, { senderKey: 2_125_550_000 + senders, destinationKey: TO.verizon, text });
      return store.idOf(intake.submit(draft));
    },
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
      add(ats) {
        posted.push(...ats.map((at) => store.idAt(at)));
        return Promise.resolve();
      },
    },
    id,
    clock: systemClock,
    timers: systemTimers,
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
  return { worker, carriers: carriers!, posted, close };
}

/** Resolves when it is so; throws after ten seconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries += 1) {
    if (tries === 1_000) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
