/**
 * The composition root of the live gateway: core, store, carriers, HTTP, telemetry, put together and started.
 * Nothing else knows all of them.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { CARRIERS, parseSenderKey, SnapshotRefused, StoreUnavailable } from '../registry-cache/index.ts';
import { openRedis, OtherRegistry, type RedisConnection, RedisRefused } from '../registry-cache/redis/index.ts';
import { emptyQuote, type Fee, NumberMeters, rate, RateCode } from '../tariffs/index.ts';
import { openAdmin } from './admin.ts';
import { documentRoutes } from './api-document.ts';
import { CdrsUnavailable, type CdrWriter, openCdrs } from './cdr/index.ts';
import { MemoryBalanceStore, openAccounts } from './accounts/index.ts';
import { consoleRoutes, type RegimeNow } from './console/index.ts';
import {
  declareMagicSenders,
  MAGIC_BRAND_USED_UP,
  MAGIC_CAMPAIGN_USED_UP,
  openRegistries,
  type Registries,
  SnapshotUnfit,
} from './registries/index.ts';
import { clockRoutes, ControlledClock, openFaults, systemClock, systemTimers } from './control/index.ts';
import { blockRoutes, DELIVERY_TICK_MS, type DeliveryListener, SimulatedCarriers } from './delivery/index.ts';
import {
  deadBatchRoutes,
  followRecord,
  newRun,
  openDurable,
  PLANNED_BY_APIS,
  ReceiptSpool,
  RedisIdempotencyKeys,
  SharedOptOuts,
  SharedRecord,
  TIMED_BY_SMPP,
  Timetable,
} from './durable/index.ts';
import { MemoryIdempotencyKeys } from './idempotency/index.ts';
import { compileDecisionsWhole } from './inlining.ts';
import { nativeApi } from './ingress/http/index.ts';
import {
  callbackStyles,
  Credentials,
  InboundLog,
  KeptSchedule,
  OwnSchedule,
  pathOfVendorHost,
  providerFaces,
  SenderPools,
} from './ingress/providers/index.ts';
import { type Listening, openSmpp, type Smpp, type SmppOptions } from './ingress/smpp/index.ts';
import {
  CDR_PENDING_BYTES_MAX,
  IDEMPOTENCY_KEYS_MAX,
  LEASE_COMMAND_TIMEOUT_MS,
  MESSAGE_BODY_BYTES,
  SHUTDOWN_GRACE_MS,
  SMPP_BINDS_DEFAULT,
  SMPP_WINDOW_DEFAULT,
} from './limits.ts';
import { CannotStart, freshWorld, type LoadedWorld } from './load-world.ts';
import { magicLimits, MagicOptOuts } from './magic-limits.ts';
import {
  HeldMessages,
  Intake,
  LinedLimits,
  MessageStore,
  type RegistryView,
  summarise,
  type Summary,
} from './messages/index.ts';
import { isLoopback, readSandboxOptions, type ServeOptions } from './options.ts';
import { packageVersion } from './package-files.ts';
import { handleError, handleNotFound } from './problem.ts';
import { openSharedLimits, type SharedLimitsKeeper } from './quotas/index.ts';
import { NO_PARTIES } from './read-parties.ts';
import { FeeReferences, feeRoutes, Revenue, revenueRoutes } from './revenue/index.ts';
import { lazySerializers, lazyValidators, namePlugins } from './route-compilers.ts';
import {
  bookInForce,
  boundsOf,
  type Clock,
  type Core,
  bindingAt,
  createCore,
  LimitUse,
  makeRoomForLimits,
  nameAt,
  namedStream,
  ownLimits,
  REGIMES,
  type Stateful,
  type Timers,
} from './router/index.ts';
import { frontDoor, sandboxRoutes, Sandboxes } from './sandboxes/index.ts';
import { GatewayState, stateRoutes } from './state/index.ts';
import {
  logRequests,
  metricsRoute,
  openTracing,
  timeRequests,
  TracesUnavailable,
  type Tracing,
} from './telemetry/index.ts';
import { openWebhooks, webhookGuard, webhookRoutes } from './webhooks/index.ts';
import { type Delivery, openDelivery, openDeliveryConnection, receiptPosts } from './worker.ts';

export interface Gateway {
  readonly core: Core;
  readonly store: MessageStore;
  readonly intake: Intake;
  readonly registries: Registries;
  /** The Fastify instance, for injection in tests. */
  readonly app: FastifyInstance;
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Ports on which ESMEs bind, the one in plain before the one over TLS, as far as they were asked for. */
  readonly smppPorts: readonly number[];
  /** The same as addresses, such as `smpp://127.0.0.1:2775` and `smpps://127.0.0.1:3550`. */
  readonly smppUrls: readonly string[];
  summary(): Summary;
  /** Has `POST /v1/reset` go back to the present state, and no longer to that in which the gateway was opened. */
  keepStart(): Promise<void>;
  /** The SMPP edge, if it has one. */
  readonly smpp: Smpp | undefined;
  /** Gateways behind this one; undefined in one of those. */
  readonly sandboxes: Sandboxes<InnerGateway> | undefined;
  /** Stops taking messages, lets those in flight end (`graceMs` at most, three seconds when left out) and closes every socket. */
  close(graceMs?: number): Promise<void>;
}

/** A gateway that does not listen: another one hands it requests. */
export interface InnerGateway extends Gateway {
  readonly clock: ControlledClock;
}

export interface GatewayParts {
  readonly options: ServeOptions;
  readonly world: LoadedWorld;
  /** One that can be set is saved and restored with everything else. */
  readonly clock: Clock & Partial<Stateful>;
  readonly timers: Timers;
  readonly log: FastifyBaseLogger;
  /** Whether it does not listen for HTTP and has no sandboxes: it is handed requests by another gateway. */
  readonly isInner?: boolean;
  /** Whether ESMEs may come to it that another gateway hands over. */
  readonly takesEsmes?: boolean;
  /** Whether it describes its routes at `/docs`, which it does when left out. */
  readonly isDocumented?: boolean;
}

const NS_PER_MS = 1e6;

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

async function assembled(parts: GatewayParts, closers: Closers): Promise<Gateway> {
  const { options, world, clock, timers, log, isInner = false, isDocumented = true } = parts;
  compileDecisionsWhole();
  const limits = ownLimits();
  const redis = await opened(openedRedis(options, closers));
  const { run, number } = await (redis === undefined
    ? { run: runTag(clock.nowMs()), number: 0 }
    : newRun(redis, clock.nowMs()));
  const store = new MessageStore(options.inbox, run, number);
  const tracing = await openedTracing(options, store, run, log);
  if (tracing !== undefined) closers.push(() => tracing.close());
  const meters = new NumberMeters();
  const shared = await opened(openShared({ options, clock, timers, log, meters, core: () => core }, closers));
  const magic = options.magicNumbers ? magicLimits(shared?.limits ?? limits) : undefined;
  const bare = {
    ...createCore(world, magic?.limits ?? shared?.limits ?? limits, meters),
    ...(magic && { optOuts: new MagicOptOuts() }),
  };
  const lined = linesBefore(bare, store, options);
  const { core } = lined;
  core.books.push(...world.otherBooks);
  const fees = (): readonly Fee[] => bookInForce(core).asWritten.fees;
  const revenue = new Revenue(core, clock.nowMs());
  const feeReferences = new FeeReferences();
  warnOfUnpriced(core, options.tariffDate ?? clock.nowMs(), log);
  const guard = webhookGuard(options.callbackHosts);
  const jitter = namedStream(options.seed, 'webhooks');
  const webhooks = openWebhooks({
    guard,
    accounts: {
      of: (account) => accounts.webhooks.of(account),
      gone: (account, url) => accounts.webhooks.gone(account, url),
    },
    apis: {
      styles: callbackStyles,
      apiOf: (account) => accounts.webhooks.apiOf(account) ?? credentials.cameBy(account),
      faceOf: (account) => accounts.webhooks.faceOf(account),
    },
    connection: redis,
    clock,
    timers,
    machineClock: systemClock,
    machineTimers: systemTimers,
    chance: jitter,
    log,
    ...(tracing && { traced: (send) => tracing.posts(send) }),
  });
  closers.push(() => webhooks.close());
  const faults = await opened(openFaults({ connection: redis, clock, timers, log, seed: options.seed }));
  closers.push(() => faults.close());
  const listener: DeliveryListener = {
    taken: (at, nowMs) => webhooks.messageTaken(store, at, nowMs),
    receiptArrived(at, copy, nowMs) {
      webhooks.receiptArrived(store, at, copy, nowMs);
      smpp?.receiptArrived(at);
    },
    ended: (at) => store.countEnd(at, core.counters),
    settled: () => {},
  };
  const carriers = new SimulatedCarriers({
    store,
    seed: options.seed,
    startMs: clock.nowMs(),
    faults: faults.book,
    magicNumbers: options.magicNumbers,
    listener: tracing?.listener(listener) ?? listener,
  });
  const sandboxes = isInner ? undefined : openSandboxes(parts, () => smppUrls);
  if (sandboxes !== undefined) closers.push(() => sandboxes.close());
  const app = Fastify({
    ...(sandboxes && { serverFactory: frontDoor(sandboxes) }),
    loggerInstance: log,
    // One logger for all requests: making one for each took a twentieth of a request's time (bench http-one).
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MESSAGE_BODY_BYTES,
    routerOptions: { maxParamLength: 128 },
    // A route more for each GET, which nobody asks for in a sandbox: an eighth of opening one, a third of opening the first few.
    exposeHeadRoutes: !isInner,
    forceCloseConnections: true,
    rewriteUrl: pathOfVendorHost,
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply);
    },
  });
  namePlugins(app);
  const requestLog = logRequests(app, systemClock);
  // Those of a sandbox are not the operator's.
  const requests = isInner ? undefined : timeRequests(app);
  tracing?.requests(app);
  const { requireAdmin, asksWho, audit } = await openAdmin(app, options, { opened: { gateway: run }, log });
  if (audit !== undefined) closers.push(() => audit.close());
  const tariffDateMs = (): number => options.tariffDate ?? clock.nowMs();
  const orders = redis && new SharedRecord(redis, 'orders', run);
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
      webhooks,
      callbackGuard: guard.refusal,
      requireAdmin,
      sharedOrders: orders,
    }),
  );
  closers.push(() => registries.close());
  if (orders !== undefined) closers.push(await opened(followRecord(orders, timers, log)));
  if (magic !== undefined) {
    await opened(declareMagicSenders(registries, clock.nowMs()));
    magic.useUp(core.campaigns.find(MAGIC_CAMPAIGN_USED_UP), core.brands.find(MAGIC_BRAND_USED_UP));
  }
  const ownBalances = new MemoryBalanceStore(core.accounts, limits.accountBalance);
  const accounts = await opened(
    openAccounts({
      core,
      messages: store,
      redisUrl: options.redisUrl,
      balances: shared?.balances ?? ownBalances,
      declared: world.accounts,
      timers,
      log,
      requireAdmin,
      webhookRefusal: guard.refusal,
    }),
  );
  closers.push(() => accounts.close());
  const credentials = new Credentials(accounts.webhooks, { isLoopback: isLoopback(options.host) });
  const optOuts = redis && new SharedOptOuts(redis, core.optOuts);
  if (optOuts !== undefined) {
    await opened(optOuts.refresh());
    closers.push(optOuts.follow(timers, log));
  }
  const poolRecord = redis && new SharedRecord(redis, 'pools', run);
  const pools = new SenderPools({
    optOuts: () => core.optOuts,
    shared: poolRecord && optOuts && { record: poolRecord, optOuts },
  });
  if (poolRecord !== undefined) closers.push(await opened(followRecord(poolRecord, timers, log)));
  const inbounds = new InboundLog(store);
  if (redis === undefined || options.delivery === 'own') webhooks.start();
  const cdrs = await openedCdrs({ core, store, run, options, clock, timers, log });
  if (cdrs !== undefined) closers.push(() => cdrs.close());
  store.whenFinal = (at) => {
    accounts.messageEnded(at);
    cdrs?.add(at);
  };
  if (tracing !== undefined) store.whenFinal = tracing.whenFinal(store.whenFinal);
  const chance = namedStream(options.seed, 'regime-filter');
  const durable = redis && openDurable({ connection: redis, core, store, run, clock, timers, log });
  if (durable !== undefined) closers.push(() => durable.close(SHUTDOWN_GRACE_MS));
  const spool = redis && new ReceiptSpool(redis, run);
  /** The carriers that deliver for this process; idle if only workers do. */
  let delivering = carriers;
  let delivery: Delivery | undefined;
  if (redis !== undefined && spool !== undefined && options.delivery === 'own') {
    const posts = (from: MessageStore): ReturnType<typeof receiptPosts> => receiptPosts(from, webhooks, spool);
    const taken = webhooks.messageTaken.bind(webhooks);
    const own = openDelivery({ connection: redis, options, faults: faults.book, posts, taken, clock, timers, log });
    closers.push(() => own.close(SHUTDOWN_GRACE_MS));
    delivery = own;
    delivering = own.carriers;
  }
  const intakeParts: ConstructorParameters<typeof Intake>[0] = {
    core,
    store,
    dispatcher: durable?.commit ?? carriers,
    chance,
    clock,
    view: registries.view,
    tariffDateMs: options.tariffDate,
    backlogs: [...(cdrs ? [cdrs] : []), ...(durable ? [durable.commit] : [])],
    ...(lined.limits && {
      queueing: {
        lined: lined.limits,
        maxWaitMs: options.queueMaxWaitMs,
        onReceipt(at, nowMs) {
          webhooks.receiptArrived(store, at, 0, nowMs);
          smpp?.receiptArrived(at);
        },
      },
    }),
  };
  const traced = tracing?.intake(intakeParts);
  const intake = traced ?? new Intake(intakeParts);
  if (requestLog !== undefined) intake.whenTaken = (at) => requestLog.decided(store, at);
  const attach = (keyName: string, value: string, ttlMs: number): void => durable?.commit.attach(keyName, value, ttlMs);
  const { idempotencyWindowMs: windowMs } = options;
  const ownKeys = new MemoryIdempotencyKeys({ clock, windowMs, answeredMax: IDEMPOTENCY_KEYS_MAX });
  const sharedKeys =
    redis &&
    durable &&
    new RedisIdempotencyKeys({
      client: redis.client,
      clock,
      gatewayId: run,
      windowMs,
      attach,
    });
  const kept = redis &&
    durable &&
    spool && {
      archive: durable.archive,
      spool,
      timetable: new Timetable(redis, attach, TIMED_BY_SMPP),
    };
  const ownSchedule = new OwnSchedule(store);
  const schedule = redis && new KeptSchedule(store, new Timetable(redis, attach, PLANNED_BY_APIS));
  const smpp = await openedSmpp(
    {
      options,
      world,
      clock,
      timers,
      log,
      intake: traced?.byItself ?? intake,
      store,
      leases: shared ?? OWN_LIMITS,
      faults: faults.book,
      ...(kept && { kept }),
      edgeOf: sandboxes && ((systemId) => sandboxes.smppOf(systemId)),
      takesEsmes: parts.takesEsmes === true,
    },
    closers,
  );
  const smppUrls = urlsOf(smpp, options);
  const summary = (): Summary => summarise(core, store, clock.nowMs());
  const state =
    options.redisUrl === undefined
      ? new GatewayState({
          parts: {
            ...(clock.capture && { clock: clock as Stateful }),
            messages: store,
            ...partsOf(core, { ...limits, numbers: meters }),
            revenue,
            'fee references': feeReferences,
            payments: ownBalances,
            ...accounts.parts,
            ...registries.parts,
            'chance of filters': chance,
            'idempotency keys': ownKeys,
            intake,
            carriers,
            ...(smpp && { smpp: smpp.state }),
            ...(faults.state && { faults: faults.state }),
            'sender pools': pools,
            'scheduled by faces': ownSchedule,
            'messages from handsets': inbounds,
            'chance of webhooks': jitter,
            ...(webhooks.state && { webhooks: webhooks.state }),
          },
          alike: () => alikeFor(core, options),
          clock,
          underWay: () => {
            if (intake.batchesUnderWay > 0) return 'a batch of messages';
            if (registries.uploadsUnderWay() > 0) return 'a file of numbers';
            return clock instanceof ControlledClock && clock.isMoving ? 'a move of the clock' : undefined;
          },
          sizeBytes: () => core.registry.index.sizeBytes + meters.bytes + store.sizeBytes,
          whenRestored: () => {
            makeRoomForLimits(core);
            tracing?.forget();
          },
        })
      : undefined;

  let isOpen = true;
  app.setValidatorCompiler(lazyValidators);
  app.setSerializerCompiler(await lazySerializers());
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  if (isDocumented) await documentRoutes(app, packageVersion());
  // Before the routes by which messages are sent: it sees those that come behind.
  await faults.register(app, requireAdmin);
  await app.register(clockRoutes, {
    clock,
    control: controlOf(clock, options),
    webhooksUnderWay: () => webhooks.underWayCount,
    requireAdmin,
  });
  await app.register(nativeApi, {
    inboundTo: {
      faceOf: (account) => accounts.webhooks.faceOf(account),
      tell(account, message) {
        const pool = pools.poolOf(parseSenderKey(message.to));
        const isOwn = pool?.account === account;
        const logged = inbounds.add(account, message);
        webhooks.inboundArrived(account, logged, isOwn ? pool.inboundUrl : undefined);
        return logged.id;
      },
      together: (number) => pools.together(number),
    },
    optOuts,
    core,
    store,
    intake,
    clock,
    callbackGuard: guard.refusal,
    provisioningDelayMs: options.provisioningDelayMs,
    requireAdmin,
    isOpen: () => isOpen,
    readiness: [
      { name: 'inbox', fault: () => (store.hasRoom() ? undefined : 'inbox full') },
      { name: 'cdrs', fault: () => (cdrs?.isFailing === true ? 'CDRs cannot be written' : undefined) },
      { name: 'registry', fault: () => staleness(registries.view) },
      { name: 'redis', fault: () => durable?.fault },
      {
        name: 'delivery',
        fault: () => (durable?.commit.isFull === true ? 'too much waits to be delivered' : undefined),
      },
    ],
    leases: shared ?? OWN_LIMITS,
    keys: sharedKeys ?? ownKeys,
    // Who waits for a first answer waits in the machine's time, also while time stands.
    timers: timers instanceof ControlledClock ? timers.machineTimers : timers,
    archive: durable?.archive,
    registryStore: registries.store,
    registryView: registries.view,
    reached: (position) => registries.reached(position),
  });
  await app.register(providerFaces, {
    core,
    store,
    intake,
    clock,
    timers,
    credentials,
    pools,
    schedule: schedule ?? ownSchedule,
    inbounds,
    registry: registries.desk,
    callbackGuard: guard.refusal,
    leases: shared ?? OWN_LIMITS,
    archive: durable?.archive,
    tellRefusal: (at) => webhooks.receiptArrived(store, at, 0, clock.nowMs()),
  });
  await app.register(revenueRoutes, { revenue, clock, requireAdmin });
  await app.register(feeRoutes, { revenue, references: feeReferences, fees, tariffDateMs, clock, requireAdmin });
  await registries.register(app);
  await accounts.register(app);
  const isMessage = async (id: string): Promise<boolean> => {
    const sequence = store.sequenceOf(id);
    if (sequence >= 0 && sequence < store.nextSequence) return true;
    // While nobody can tell, it may be one.
    const archived = await durable?.archive.read(id).catch(() => true);
    return archived !== undefined;
  };
  await app.register(webhookRoutes, { webhooks, isMessage, requireAdmin });
  if (durable) await app.register(deadBatchRoutes, { dead: durable.dead, requireAdmin });
  const blocks = redis === undefined || delivery ? delivering.blocks : { whyNot: WORKERS_BLOCK };
  await app.register(blockRoutes, { blocks, requireAdmin });
  const limitUse = new LimitUse(core);
  await app.register(metricsRoute, {
    core,
    store,
    intake,
    webhooks: () => webhooks.figures(),
    carriers: () => delivering.figures(),
    feesMicros: () => revenue.fees.totalMicros,
    numbers: meters,
    registry: () => ({ ...registries.view, ageMs: registries.view.ageMs() }),
    cdrs,
    leases: () => shared?.figures(),
    smpp: () => smpp?.figures(),
    faults: () => faults.figures(),
    audit,
    limitUse: () =>
      limitUse.read({
        atMs: clock.nowMs(),
        uptimeMs: clock.monotonicNs() / NS_PER_MS,
        pricedAtMs: intake.pricedAtMs(),
      }),
    requests,
    version: packageVersion(),
    worker: () => delivery?.figures(),
    spoolDropped: () => spool?.droppedCount ?? 0,
    keeping: () =>
      durable && { ...durable.commit.figures(), lost: durable.feed.lostCount, deadBatches: durable.dead.count },
  });
  await app.register(consoleRoutes, {
    core,
    store,
    requireAdmin,
    asksWho,
    summary,
    regimes: () => describeRegimes(core, intake),
    tariffDate: () => new Date(intake.pricedAtMs()).toISOString().slice(0, 10),
    // Who watches does so in real time.
    timers: timers instanceof ControlledClock ? timers.machineTimers : timers,
    clock,
  });
  await app.register(stateRoutes, { state, requireAdmin });
  if (sandboxes !== undefined) await app.register(sandboxRoutes, { sandboxes, requireAdmin });

  const stopDelivery = timers.every(DELIVERY_TICK_MS, () => {
    const nowMs = clock.nowMs();
    registries.settle(nowMs);
    carriers.advance(nowMs);
    intake.releaseDue(nowMs);
    smpp?.advance(nowMs);
  });
  closers.push(stopDelivery);
  const keepStart = async (): Promise<void> => state?.keepStart();
  await keepStart();
  await app.ready();
  const url = isInner ? '' : await app.listen({ host: options.host, port: options.port });

  const close = async (graceMs = SHUTDOWN_GRACE_MS): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await sandboxes?.close();
    // What is in flight comes to its end only if time passes.
    if (clock instanceof ControlledClock) clock.resume();
    await smpp?.close(graceMs);
    // A batch goes on being worked off when its socket is gone.
    intake.close();
    await app.close();
    if (durable === undefined) {
      intake.expireQueued(clock.nowMs());
      await drained(() => store.inFlightCount + webhooks.pendingCount === 0, timers, graceMs);
    }
    await closeAll(closers);
  };
  const smppPorts = smpp?.ports ?? [];
  return { core, store, intake, registries, app, url, smppPorts, smppUrls, summary, keepStart, smpp, sandboxes, close };
}

function urlsOf(smpp: Smpp | undefined, { host, smppPort }: ServeOptions): readonly string[] {
  return (smpp?.ports ?? []).map((port, place) => {
    const isTls = smppPort === undefined || place > 0;
    return `${isTls ? 'smpps' : 'smpp'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  });
}

/** The sandboxes behind a gateway with these parts, at whose SMPP ports their ESMEs bind too. */
function openSandboxes(
  { options, world, log }: GatewayParts,
  outerSmppUrls: () => readonly string[],
): Sandboxes<InnerGateway> {
  return new Sandboxes({
    machineClock: systemClock,
    machineTimers: systemTimers,
    log,
    async open(settings, { id, password, api }) {
      const read = readSandboxOptions(options, settings);
      if (!read.ok) return read.wrong;
      const fresh = freshWorld(world, read.options);
      const account = { id, isPrepaid: false, ...boundsOf(undefined, undefined) };
      const smpp = { systemId: id, password, binds: SMPP_BINDS_DEFAULT, window: SMPP_WINDOW_DEFAULT, addresses: [] };
      const accounts = [...fresh.accounts, { account, balanceMicros: 0, api, smpp }];
      const clock = new ControlledClock();
      if (read.options.clock !== 'real') {
        clock.freeze(read.options.clock === 'frozen' ? undefined : read.options.clock);
      }
      const inner = await openGateway({
        options: read.options,
        world: { ...fresh, accounts },
        clock,
        timers: clock,
        log,
        isInner: true,
        takesEsmes: outerSmppUrls().length > 0,
        isDocumented: false,
      });
      return { ...inner, smppUrls: [...outerSmppUrls(), ...inner.smppUrls], clock };
    },
  });
}

/** The parts of the core that hold state, with the limits it counts by itself. */
function partsOf(core: Core, limits: Readonly<Record<string, unknown>>): Record<string, Stateful> {
  const { accounts, brands, campaigns, regimes, counters, optOuts } = core;
  const parts: Record<string, Stateful> = { accounts, brands, campaigns, regimes, counters, 'opt-outs': optOuts };
  for (const [name, limit] of Object.entries(limits)) {
    const byCarrier: readonly unknown[] = Array.isArray(limit) ? limit : [limit];
    byCarrier.forEach((one, place) => {
      if (one !== null) parts[`limit ${name} ${place}`] = one as Stateful;
    });
  }
  parts['book'] = {
    capture: () => core.book,
    restore: (book: number) => (core.book = book),
  };
  return parts;
}

/** What another gateway must have alike to take up a state of this one. */
function alikeFor(
  core: Core,
  { seed, inbox, overLimit, queueMessages, magicNumbers }: ServeOptions,
): Record<string, string> {
  return {
    version: packageVersion(),
    seed: String(seed),
    inbox: String(inbox),
    'over-limit': Array.from(overLimit, (binding) => bindingAt(binding).name).join(', ') || 'reject',
    'queue-messages': String(queueMessages),
    'magic-numbers': String(magicNumbers),
    books: core.books.map(({ book, asWritten }) => `${book} (${digestOf(asWritten)})`).join(', '),
  };
}

/** Digests of books as they are written, which nobody changes. */
const digests = new WeakMap<object, string>();

function digestOf(book: object): string {
  let digest = digests.get(book);
  if (digest === undefined) {
    const text = JSON.stringify(book, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
    digests.set(book, digest);
  }
  return digest;
}

/** Redis, as what keeps and delivers messages reaches it; undefined if there is none. */
async function openedRedis({ redisUrl }: ServeOptions, closers: Closers): Promise<RedisConnection | undefined> {
  if (redisUrl === undefined) return undefined;
  const connection = await openDeliveryConnection(redisUrl);
  closers.push(() => connection.close());
  return connection;
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

/** What an operator is told of a view of the registry that is too old to go by. */
function staleness(view: RegistryView): string | undefined {
  const ageMs = view.ageMs();
  return ageMs < view.staleMs ? undefined : `what is known of the registry is ${Math.round(ageMs)} ms old`;
}

/** What `/v1/clock` may stop and move, or why nothing. */
function controlOf(clock: Clock, { redisUrl }: ServeOptions): ControlledClock | { readonly whyNot: string } {
  if (redisUrl !== undefined) {
    return { whyNot: 'this gateway runs with Redis, whose time decides between gateways; start one without --redis' };
  }
  return clock instanceof ControlledClock
    ? clock
    : { whyNot: 'time is in the hands of the program that opened this gateway' };
}

/** Why a gateway that leaves delivery to others has no blocks to tell of. */
const WORKERS_BLOCK =
  'this gateway leaves delivery to workers, and each has carriers of its own: ask theirs for the same path';

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
  const limits = new LinedLimits(core.limits, overLimit, new HeldMessages(store, queueMessages));
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

/** What makes traces; undefined if the operator wants none. */
async function openedTracing(
  { tracesUrl: url, traceShare: share, seed }: ServeOptions,
  store: MessageStore,
  instance: string,
  log: FastifyBaseLogger,
): Promise<Tracing | undefined> {
  if (url === undefined) return undefined;
  const chance = namedStream(seed, 'traces');
  const version = packageVersion();
  try {
    return await openTracing({ url, share, chance, store, instance, version, machineTimers: systemTimers, log });
  } catch (error) {
    if (error instanceof TracesUnavailable) throw new CannotStart([`--traces: ${error.message}`]);
    throw error;
  }
}

/** The SMPP edge; undefined if the operator wants none. */
async function openedSmpp(
  parts: {
    readonly options: ServeOptions;
    readonly world: LoadedWorld;
    readonly takesEsmes: boolean;
  } & Pick<SmppOptions, 'clock' | 'timers' | 'log' | 'intake' | 'store' | 'leases' | 'faults' | 'kept' | 'edgeOf'>,
  closers: Closers,
): Promise<Smpp | undefined> {
  const { options, world, takesEsmes, ...rest } = parts;
  const { host, smppPort, smppTlsPort, smppTlsCert, smppTlsKey } = options;
  const listening: Listening[] = [];
  if (smppPort !== undefined) listening.push({ host, port: smppPort });
  if (smppTlsPort !== undefined && smppTlsCert !== undefined && smppTlsKey !== undefined) {
    const tls = { cert: readPem('--smpp-tls-cert', smppTlsCert), key: readPem('--smpp-tls-key', smppTlsKey) };
    listening.push({ host, port: smppTlsPort, tls });
  }
  if (listening.length === 0 && !takesEsmes) return undefined;
  const declared = world.accounts.flatMap(({ account, smpp }) => (smpp ? [{ account: account.id, ...smpp }] : []));
  if (declared.length === 0 && !isLoopback(host)) {
    throw new CannotStart([
      `--smpp-port: anybody could bind on ${host}; give an account of --accounts its smpp credentials, or listen on 127.0.0.1`,
    ]);
  }
  const smpp = await openSmpp({
    ...rest,
    declared,
    isOpen: isLoopback(host),
    receiptVariants: options.smppReceipts,
    listening,
    machineClock: systemClock,
    machineTimers: systemTimers,
  }).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new CannotStart([`--smpp-port: ${message}; give another, or 0 for a free one`]);
    throw code?.startsWith('ERR_OSSL') === true ? new CannotStart([`--smpp-tls-cert: ${message}`]) : error;
  });
  closers.push(() => smpp.close());
  return smpp;
}

/** @throws CannotStart if it cannot be read */
function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CannotStart([
      `${flag}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
    ]);
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

function describeRegimes(core: Core, intake: Intake): RegimeNow[] {
  const at = { pricedAtMs: intake.pricedAtMs() };
  return CARRIERS.map((carrier, index) => ({
    carrier: carrier.id,
    regime: nameAt(REGIMES, core.regimes.regimeAt(index, at)),
    share: core.regimes.shareAt(index, at),
    switched: core.regimes.isOverridden(index),
  }));
}

/** Resolves when `isDone`, or after `graceMs`. */
function drained(isDone: () => boolean, timers: Timers, graceMs: number): Promise<void> {
  if (isDone() || graceMs === 0) return Promise.resolve();
  return new Promise((resolve) => {
    let left = graceMs;
    const stop = timers.every(DELIVERY_TICK_MS, () => {
      left -= DELIVERY_TICK_MS;
      if (!isDone() && left > 0) return;
      stop();
      resolve();
    });
  });
}
