/**
 * The composition root of the live gateway: core, store, carriers, HTTP, telemetry, put together and started.
 * Nothing else knows all of them.
 */
import basicAuth from '@fastify/basic-auth';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type onRequestHookHandler,
} from 'fastify';
import { CARRIERS, SnapshotRefused, StoreUnavailable } from '../registry-cache/index.ts';
import { openRedis, OtherRegistry, RedisRefused } from '../registry-cache/redis/index.ts';
import { emptyQuote, type Fee, NumberMeters, rate, RateCode } from '../tariffs/index.ts';
import { CdrsUnavailable, type CdrWriter, openCdrs } from './cdr/index.ts';
import { MemoryBalanceStore, openAccounts } from './accounts/index.ts';
import { consoleRoutes } from './console/index.ts';
import { openRegistries, type Registries, SnapshotUnfit } from './registries/index.ts';
import { callbackGuard, Callbacks, DELIVERY_TICK_MS, SimulatedCarriers } from './delivery/index.ts';
import { compileDecisionsWhole } from './inlining.ts';
import { nativeApi } from './ingress/http/index.ts';
import { CDR_PENDING_BYTES_MAX, LEASE_COMMAND_TIMEOUT_MS, MESSAGE_BODY_BYTES, SHUTDOWN_GRACE_MS } from './limits.ts';
import { CannotStart, type LoadedWorld } from './load-world.ts';
import { HeldMessages, Intake, LinedLimits, MessageStore, summarise, type Summary } from './messages/index.ts';
import { isLoopback, type ServeOptions } from './options.ts';
import { readPackageFile } from './package-files.ts';
import { handleError, handleNotFound } from './problem.ts';
import { openSharedLimits, type SharedLimitsKeeper } from './quotas/index.ts';
import { NO_PARTIES } from './read-parties.ts';
import { feeRoutes, Revenue, revenueRoutes } from './revenue/index.ts';
import {
  bookInForce,
  type Clock,
  type Core,
  createCore,
  nameAt,
  namedStream,
  ownLimits,
  REGIMES,
  type Timers,
} from './router/index.ts';
import { metricsRoute } from './telemetry/index.ts';

export interface Gateway {
  readonly core: Core;
  readonly store: MessageStore;
  readonly intake: Intake;
  readonly registries: Registries;
  /** The Fastify instance, for injection in tests. */
  readonly app: FastifyInstance;
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  summary(): Summary;
  /** Stops taking messages, lets those in flight end (three seconds at most) and closes every socket. */
  close(): Promise<void>;
}

export interface GatewayParts {
  readonly options: ServeOptions;
  readonly world: LoadedWorld;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: FastifyBaseLogger;
}

/** What was opened is closed in the opposite order, when the gateway closes or cannot be opened after all. */
type Closers = (() => Promise<void> | void)[];

/** Opens the gateway and listens. Rejects if the address cannot be had; nothing is left open then. */
export async function openGateway(parts: GatewayParts): Promise<Gateway> {
  const closers: Closers = [];
  try {
    return await assembled(parts, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function closeAll(closers: Closers): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
}

async function assembled({ options, world, clock, timers, log }: GatewayParts, closers: Closers): Promise<Gateway> {
  compileDecisionsWhole();
  const limits = ownLimits();
  const run = runTag(clock.nowMs());
  const store = new MessageStore(options.inbox, run);
  const meters = new NumberMeters();
  const shared = await opened(openShared({ options, clock, timers, log, meters, core: () => core }, closers));
  const bare = createCore(world, shared?.limits ?? limits, meters);
  const lined = linesBefore(bare, store, options);
  const { core } = lined;
  core.books.push(...world.otherBooks);
  const fees = (): readonly Fee[] => bookInForce(core).asWritten.fees;
  const revenue = new Revenue(core, clock.nowMs());
  warnOfUnpriced(core, options.tariffDate ?? clock.nowMs(), log);
  const callbacks = new Callbacks({ store, timers });
  closers.push(() => callbacks.close());
  const carriers = new SimulatedCarriers({
    store,
    counters: core.counters,
    seed: options.seed,
    startMs: clock.nowMs(),
    onReceipt: (at, nowMs) => callbacks.receiptArrived(at, nowMs),
  });
  const app = Fastify({
    loggerInstance: log,
    // One logger for all requests: making one for each took a twentieth of a request's time (bench http-one).
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MESSAGE_BODY_BYTES,
    routerOptions: { maxParamLength: 128 },
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply);
    },
  });
  const requireAdmin = await adminHook(app, options);
  const guard = callbackGuard(options.callbackHosts);
  const tariffDateMs = (): number => options.tariffDate ?? clock.nowMs();
  const registries = await opened(
    openRegistries({
      core,
      messages: store,
      clock,
      timers,
      log,
      seed: options.seed,
      redisUrl: options.redisUrl,
      snapshotFile: options.registryFile,
      history: options.registryHistory,
      staleMs: options.registryStaleMs,
      refusesWhenStale: options.registryWhenStale === 'refuse',
      provisioningDelayMs: options.provisioningDelayMs,
      reviewTimeScale: options.reviewTimeScale,
      // Keys that everybody can read let nobody in from afar.
      parties: options.parties === undefined && !isLoopback(options.host) ? NO_PARTIES : world.parties,
      declared: world.declared,
      fees,
      tariffDateMs,
      onFee: (posting) => revenue.postFee(posting, clock.nowMs()),
      webhooks: callbacks,
      callbackGuard: guard,
      requireAdmin,
    }),
  );
  closers.push(() => registries.close());
  const accounts = await opened(
    openAccounts({
      core,
      messages: store,
      redisUrl: options.redisUrl,
      balances: shared?.balances ?? new MemoryBalanceStore(core.accounts, limits.accountBalance),
      declared: world.accounts,
      timers,
      log,
      requireAdmin,
    }),
  );
  closers.push(() => accounts.close());
  const cdrs = await openedCdrs({ core, store, run, options, clock, timers, log });
  if (cdrs !== undefined) closers.push(() => cdrs.close());
  store.whenFinal = (at) => {
    accounts.messageEnded(at);
    cdrs?.add(at);
  };
  const intake = new Intake({
    core,
    store,
    dispatcher: carriers,
    chance: namedStream(options.seed, 'regime-filter'),
    clock,
    view: registries.view,
    tariffDateMs: options.tariffDate,
    backlog: cdrs,
    ...(lined.limits && {
      queueing: {
        lined: lined.limits,
        maxWaitMs: options.queueMaxWaitMs,
        onReceipt: (at, nowMs) => callbacks.receiptArrived(at, nowMs),
      },
    }),
  });
  const summary = (): Summary => summarise(core, store, clock.nowMs());

  let isOpen = true;
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tollgate',
        version: packageVersion(),
        description: 'The native API of the US A2P 10DLC simulator. Amounts are integer micro-dollars.',
      },
    },
  });
  await app.register(nativeApi, {
    core,
    store,
    intake,
    clock,
    callbackGuard: guard,
    provisioningDelayMs: options.provisioningDelayMs,
    requireAdmin,
    isOpen: () => isOpen,
    cdrs,
    leases: shared ?? OWN_LIMITS,
    registryStore: registries.store,
    registryView: registries.view,
    reached: (position) => registries.reached(position),
  });
  await app.register(revenueRoutes, { revenue, clock, requireAdmin });
  await app.register(feeRoutes, { revenue, fees, tariffDateMs, clock, requireAdmin });
  await registries.register(app);
  await accounts.register(app);
  await app.register(metricsRoute, {
    core,
    store,
    intake,
    callbacks: () => callbacks.results,
    feesMicros: () => revenue.fees.totalMicros,
    numbers: meters,
    registry: () => ({ ...registries.view, ageMs: registries.view.ageMs() }),
    cdrs,
    leases: () => shared?.figures(),
  });
  await app.register(consoleRoutes, {
    summary,
    regimes: () => describeRegimes(core, intake),
    tariffDate: () => new Date(intake.pricedAtMs()).toISOString().slice(0, 10),
    timers,
    clock,
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });

  const stopDelivery = timers.every(DELIVERY_TICK_MS, () => {
    const nowMs = clock.nowMs();
    registries.settle(nowMs);
    carriers.advance(nowMs);
    intake.releaseDue(nowMs);
  });
  closers.push(stopDelivery);
  const url = await app.listen({ host: options.host, port: options.port });

  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    // A batch goes on being worked off when its socket is gone.
    intake.close();
    await app.close();
    intake.expireQueued(clock.nowMs());
    await drained(() => store.inFlightCount + callbacks.pendingCount === 0, timers);
    await closeAll(closers);
  };
  return { core, store, intake, registries, app, url, summary, close };
}

/** Tells of carriers that the book has no price for at the tariff date: every message to them will be refused. */
function warnOfUnpriced(core: Core, dateMs: number, log: FastifyBaseLogger): void {
  const book = bookInForce(core);
  const message = { sender: 0, registered: 1, direction: 0, message: 0, units: 1, route: 0, atMs: dateMs };
  const unpriced = CARRIERS.filter(
    (_, carrier) => rate(book, { ...message, carrier }, emptyQuote()) !== RateCode.Ok,
  ).map(({ id }) => id);
  if (unpriced.length === 0) return;
  const date = new Date(dateMs).toISOString().slice(0, 10);
  log.warn({ book: book.book, date, carriers: unpriced }, 'no price at the tariff date: messages are refused');
}

/** Of a gateway that shares its limits with nobody. */
const OWN_LIMITS = { answered: () => Promise.resolve() };

/**
 * The limits that this gateway shares with others, if there is a Redis to share them by; `meters`, which count by themselves, then go by
 * this gateway's part. `core` is asked once messages come.
 */
async function openShared(
  parts: {
    readonly options: ServeOptions;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly log: FastifyBaseLogger;
    readonly meters: NumberMeters;
    readonly core: () => Core;
  },
  closers: Closers,
): Promise<SharedLimitsKeeper | undefined> {
  const { options, core, clock, timers, log, meters } = parts;
  if (options.redisUrl === undefined) return undefined;
  const connection = await openRedis(options.redisUrl, { commandTimeoutMs: LEASE_COMMAND_TIMEOUT_MS });
  closers.push(() => connection.close());
  meters.setShare(Infinity);
  const keeper = await openSharedLimits({
    connection,
    clock,
    timers,
    log,
    gatewayId: randomUUID(),
    idOf: {
      campaign: (handle) => core().campaigns.id(handle),
      brand: (handle) => core().brands.id(handle),
      account: (handle) => core().accounts.at(handle).id,
    },
    accountOf: (id) => core().accounts.find(id),
    awayFraction: options.limitsWhenAway,
    onShare: (gateways) => meters.setShare(gateways),
  });
  closers.push(() => keeper.close());
  return keeper;
}

/** A core whose limits have lines before them, and those limits, if messages are to wait over any; else the core as it is. */
function linesBefore(
  core: Core,
  store: MessageStore,
  { overLimit, queueMessages }: ServeOptions,
): { readonly core: Core; readonly limits?: LinedLimits } {
  if (overLimit.size === 0) return { core };
  const limits = new LinedLimits(core.limits, overLimit, new HeldMessages(store.sequence, queueMessages));
  return { core: { ...core, limits: limits.limits }, limits };
}

/** The writer of CDRs; undefined if the operator wants none. */
async function openedCdrs(parts: {
  readonly core: Core;
  readonly store: MessageStore;
  readonly run: string;
  readonly options: ServeOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: FastifyBaseLogger;
}): Promise<CdrWriter | undefined> {
  const { options, store, ...rest } = parts;
  const { cdrDirectory: directory, cdrRotateBytes: rotateBytes, cdrRotateMs: rotateMs } = options;
  if (directory === undefined) return undefined;
  try {
    const pendingBytesMax = CDR_PENDING_BYTES_MAX;
    return await openCdrs({ ...rest, store, directory, rotateBytes, rotateMs, pendingBytesMax });
  } catch (error) {
    if (error instanceof CdrsUnavailable) throw new CannotStart([`--cdr: ${error.message}`]);
    throw error;
  }
}

/** What the operator is told of registries or accounts that cannot be opened. */
async function opened<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof RedisRefused || error instanceof OtherRegistry || error instanceof StoreUnavailable) {
      throw new CannotStart([`--redis: ${error.message}`]);
    }
    if (error instanceof SnapshotRefused || error instanceof SnapshotUnfit) {
      throw new CannotStart([`--registry-file: ${error.message}`]);
    }
    throw error;
  }
}

/** Sets the ids of this run apart from those of others: its start in seconds, written short. */
function runTag(startMs: number): string {
  return Math.floor(startMs / 1_000)
    .toString(36)
    .toUpperCase();
}

function packageVersion(): string {
  return (JSON.parse(readPackageFile('package.json')) as { version: string }).version;
}

function describeRegimes(core: Core, intake: Intake): { carrier: string; regime: string; switched: boolean }[] {
  return CARRIERS.map((carrier, index) => ({
    carrier: carrier.id,
    regime: nameAt(REGIMES, core.regimes.regimeAt(index, { pricedAtMs: intake.pricedAtMs() })),
    switched: core.regimes.isOverridden(index),
  }));
}

/** A hook that asks for the admin's name and password, if the operator set them. */
async function adminHook(app: FastifyInstance, options: ServeOptions): Promise<onRequestHookHandler | undefined> {
  const { adminUser, adminPassword } = options;
  if (adminUser === undefined || adminPassword === undefined) return undefined;
  await app.register(basicAuth, {
    authenticate: { realm: 'tollgate' },
    validate: (user, password, _request, _reply, done) => {
      const isRight = isSame(user, adminUser) && isSame(password, adminPassword);
      done(isRight ? undefined : new Error('wrong user name or password'));
    },
  });
  return app.basicAuth;
}

/** Compares secrets in a time that does not depend on where they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** Resolves when `isDone`, or when the grace of a shutdown is over. */
function drained(isDone: () => boolean, timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    let left = SHUTDOWN_GRACE_MS;
    const stop = timers.every(DELIVERY_TICK_MS, () => {
      left -= DELIVERY_TICK_MS;
      if (!isDone() && left > 0) return;
      stop();
      resolve();
    });
  });
}
