/**
 * The composition root of what delivers accepted messages out of Redis: a worker inside a gateway, or a process of its own
 * (`tollgate worker`), which has no registry and no prices; it tells of its health, its metrics and the numbers its carriers block.
 */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { openRedis, type RedisConnection, RedisRefused } from '../registry-cache/redis/index.ts';
import { openAdmin } from './admin.ts';
import { followAccountWebhooks, RedisAccountStore } from './accounts/index.ts';
import { openFaults, systemClock, systemTimers } from './control/index.ts';
import { blockRoutes, DELIVERY_TICK_MS, SimulatedCarriers } from './delivery/index.ts';
import {
  DeliveryWorker,
  openDeliveryQueue,
  type ReceiptPosts,
  ReceiptSpool,
  type WorkerFigures,
} from './durable/index.ts';
import { healthRoutes } from './ingress/http/index.ts';
import { callbackStyles } from './ingress/providers/index.ts';
import { spooledReceipts } from './ingress/smpp/index.ts';
import { DELIVERY_COMMAND_TIMEOUT_MS, SHUTDOWN_GRACE_MS } from './limits.ts';
import { CannotStart } from './load-world.ts';
import { type CarrierFaults, MessageStore } from './messages/index.ts';
import type { ServeOptions } from './options.ts';
import { packageVersion } from './package-files.ts';
import { handleError, handleNotFound } from './problem.ts';
import { type Clock, namedStream, type Timers } from './router/index.ts';
import { workerMetricsRoute } from './telemetry/index.ts';
import { openWebhooks, webhookGuard, type Webhooks } from './webhooks/index.ts';

export interface DeliveryParts {
  readonly connection: RedisConnection;
  readonly options: Pick<ServeOptions, 'seed' | 'workerMessages'>;
  readonly faults: CarrierFaults | undefined;
  /** Posts what tells of receipts of messages in `store`. */
  readonly posts: (store: MessageStore) => ReceiptPosts;
  /** Told of each message in `store` that a carrier took. */
  readonly taken: (store: MessageStore, at: number, nowMs: number) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** A worker in a process of its own. */
export interface WorkerService {
  /** Where its health and metrics are, such as `http://127.0.0.1:8081`. */
  readonly url: string;
  /** Takes no more batches, gives those under way a moment to end, and puts the others back. */
  close(): Promise<void>;
}

export interface WorkerParts {
  readonly options: ServeOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: FastifyBaseLogger;
}

export interface Delivery {
  readonly carriers: SimulatedCarriers;
  figures(): WorkerFigures;
  /** Gives batches under way `graceMs` to end and puts the others back. */
  close(graceMs: number): Promise<void>;
}

/** Where receipts of messages in `from` go: to webhooks, and to ESMEs that are bound somewhere. */
export function receiptPosts(from: MessageStore, webhooks: Webhooks, spool: ReceiptSpool): ReceiptPosts {
  return {
    async add(receipts, nowMs) {
      const spooled = spooledReceipts(from, receipts);
      // First what may fail: all are added again then, and a post that has gone out meanwhile would not be known for a repeat.
      if (spooled.length > 0) await spool.add(spooled);
      await webhooks.addReceipts(from, receipts, nowMs);
    },
  };
}

/** How Redis is reached by what keeps and delivers messages. Rejects with RedisRefused. */
export function openDeliveryConnection(redisUrl: string): Promise<RedisConnection> {
  return openRedis(redisUrl, { commandTimeoutMs: DELIVERY_COMMAND_TIMEOUT_MS });
}

/** Begins to deliver. */
export function openDelivery({
  connection,
  options,
  faults,
  posts,
  taken,
  clock,
  timers,
  log,
}: DeliveryParts): Delivery {
  const store = new MessageStore(options.workerMessages, 'WORKER');
  const queue = openDeliveryQueue(connection);
  let carriers: SimulatedCarriers | undefined;
  const worker = new DeliveryWorker({
    connection,
    queue,
    store,
    carriers: (listener) =>
      (carriers = new SimulatedCarriers({
        store,
        seed: options.seed,
        startMs: clock.nowMs(),
        listener: {
          taken: (at, nowMs) => taken(store, at, nowMs),
          receiptArrived: (at, copy) => listener.receiptArrived(at, copy),
          ended: (at) => listener.ended(at),
          settled: (at) => listener.settled(at),
        },
        ...(faults && { faults }),
      })),
    posts: posts(store),
    id: randomUUID(),
    chance: namedStream(options.seed, 'delivery jobs'),
    clock,
    timers,
    log,
  });
  const stopTicking = timers.every(DELIVERY_TICK_MS, () => carriers?.advance(clock.nowMs()));
  return {
    carriers: carriers!,
    figures: () => worker.figures(),
    async close(graceMs) {
      await worker.close(graceMs);
      stopTicking();
      await queue.close();
    },
  };
}

/** Opens a worker and listens. Rejects with CannotStart if there is no Redis to work for; nothing is left open then. */
export async function openWorker({ options, clock, timers, log }: WorkerParts): Promise<WorkerService> {
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    if (options.redisUrl === undefined) {
      throw new CannotStart([
        '--redis: a worker delivers what gateways keep in Redis; give its URL, best as REDIS_URL',
      ]);
    }
    const connection = await openDeliveryConnection(options.redisUrl).catch((error: unknown) => {
      throw error instanceof RedisRefused ? new CannotStart([`--redis: ${error.message}`]) : error;
    });
    closers.push(() => connection.close());
    const { client } = connection;
    const accounts = await followAccountWebhooks(new RedisAccountStore(client), timers);
    closers.push(() => accounts.stop());
    const webhooks = openWebhooks({
      guard: webhookGuard(options.callbackHosts),
      accounts: accounts.webhooks,
      apis: {
        styles: callbackStyles,
        apiOf: (account) => accounts.webhooks.apiOf(account),
        faceOf: (account) => accounts.webhooks.faceOf(account),
      },
      connection,
      clock,
      timers,
      machineClock: systemClock,
      machineTimers: systemTimers,
      chance: namedStream(options.seed, 'webhooks'),
      log,
    });
    closers.push(() => webhooks.close());
    const faults = await openFaults({ connection, clock, timers, log, seed: options.seed });
    closers.push(() => faults.close());
    const id = randomUUID();
    const spool = new ReceiptSpool(connection, id);
    const posts = (store: MessageStore): ReceiptPosts => receiptPosts(store, webhooks, spool);
    const taken = webhooks.messageTaken.bind(webhooks);
    const delivery = openDelivery({ connection, options, faults: faults.book, posts, taken, clock, timers, log });
    webhooks.start();
    let isOpen = true;
    const app = Fastify({ loggerInstance: log, logController: new LogController({ disableRequestLogging: true }) });
    app.setValidatorCompiler(TypeBoxValidatorCompiler);
    app.setErrorHandler(handleError);
    app.setNotFoundHandler(handleNotFound);
    await app.register(healthRoutes, {
      isOpen: () => isOpen,
      readiness: [{ name: 'redis', fault: () => (client.status === 'ready' ? undefined : 'Redis does not answer') }],
    });
    const { requireAdmin, audit } = await openAdmin(app, options, { opened: { worker: id }, log });
    if (audit !== undefined) closers.push(() => audit.close());
    await app.register(blockRoutes, { blocks: delivery.carriers.blocks, requireAdmin });
    await app.register(workerMetricsRoute, {
      webhooks: () => webhooks.figures(),
      faults: () => faults.figures(),
      carriers: () => delivery.carriers.figures(),
      worker: () => delivery.figures(),
      spoolDropped: () => spool.droppedCount,
      audit,
      version: packageVersion(),
    });
    closers.push(() => app.close());
    // Health goes on being told while batches end.
    closers.push(() => delivery.close(SHUTDOWN_GRACE_MS));
    const url = await app.listen({ host: options.host, port: options.port });
    return {
      url,
      async close() {
        isOpen = false;
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
