/**
 * The registries of one gateway: the store of numbers and campaigns, in this process or in Redis; the view of it that
 * messages are looked up in; and the APIs that write to it.
 */
import type { FastifyBaseLogger, FastifyInstance, onRequestHookHandler } from 'fastify';
import {
  type FeedPosition,
  loadSnapshot,
  MemoryRegistryStore,
  type RegistryStore,
} from '../../registry-cache/index.ts';
import { describeRedisUrl, openRedis, openRedisRegistry, RELOAD_REASONS } from '../../registry-cache/redis/index.ts';
import type { Fee, Posting } from '../../tariffs/index.ts';
import { OPERATOR_NNID } from '../limits.ts';
import { latestFrom, LatencyHistogram, type MessageStore, type RegistryView } from '../messages/index.ts';
import { type Clock, type Core, namedStream, type Stateful, type Timers } from '../router/index.ts';
import { CampaignTables } from './campaign-tables.ts';
import { createNnsr } from './nnsr/index.ts';
import { ProviderDesk, type SharedOrders } from './provider-desk.ts';
import {
  createTcr,
  MemoryTcrStore,
  RedisTcrStore,
  type Seeding,
  type TcrStore,
  type WebhookSender,
} from './tcr/index.ts';
import { traceRoute } from './trace/index.ts';

export interface RegistryOptions {
  readonly core: Core;
  readonly messages: MessageStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: FastifyBaseLogger;
  readonly seed: number;
  /** Keeps the registries in this process if undefined. */
  readonly redisUrl: string | undefined;
  readonly snapshotFile: string | undefined;
  readonly history: boolean;
  readonly staleMs: number;
  readonly refusesWhenStale: boolean;
  readonly provisioningDelayMs: number;
  /** Factor on the time that checks and reviews of the campaign registry take in life. */
  readonly reviewTimeScale: number;
  readonly parties: Parties;
  /** Brands and campaigns to begin with. */
  readonly declared: Declared;
  /** Of the tariff book in force. */
  readonly fees: () => readonly Fee[];
  readonly tariffDateMs: () => number;
  /** Told of each fee of the campaign registry that fell due at this gateway. */
  readonly onFee: (posting: Posting) => void;
  readonly webhooks: WebhookSender;
  /** Why an address may not be called, or undefined if it may. */
  readonly callbackGuard: (url: string) => string | undefined;
  readonly requireAdmin: onRequestHookHandler | undefined;
  /** Where orders of numbers wait that all gateways know of; undefined if in this process. */
  readonly sharedOrders: SharedOrders | undefined;
}

interface Party {
  readonly id: string;
  readonly name: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Who may write to the registries. */
export interface Parties {
  readonly csps: readonly Party[];
  readonly partners: readonly (Party & {
    readonly kind: 'dca' | 'cnp';
    readonly nnids: readonly string[];
    readonly discloses: boolean;
  })[];
}

/** Brands and campaigns as a file declares them. */
type Declared = Pick<Seeding, 'brands' | 'campaigns'>;

/** What the view of the numbers is at. */
export interface ViewFigures extends RegistryView {
  readonly state: string;
  /** Every state there is. */
  readonly states: readonly string[];
  readonly lag: LatencyHistogram;
  readonly reloads: Readonly<Record<string, number>>;
}

export interface Registries {
  readonly store: RegistryStore;
  readonly view: ViewFigures;
  /** Waits until the view has seen what stands at a position. False if it takes too long. */
  reached(position: FeedPosition): Promise<boolean>;
  /** Declares brands and campaigns that are not there yet. */
  declare(file: Declared): Promise<void>;
  /** The registries as customers of a provider meet them. */
  readonly desk: ProviderDesk;
  /** Makes numbers whose moment has come active in the view. */
  settle(nowMs: number): void;
  /** What of them is in this process, by name. */
  readonly parts: Readonly<Record<string, Stateful>>;
  /** Files that are being read at present. */
  readonly uploadsUnderWay: () => number;
  /** Adds the routes. */
  register(app: FastifyInstance): Promise<void>;
  close(): Promise<void>;
}

/** What is different between the two places the registries can be kept in. */
interface Kept {
  readonly store: RegistryStore;
  readonly tcrStore: TcrStore;
  readonly view: ViewFigures;
  reached(position: FeedPosition): Promise<boolean>;
  settle(nowMs: number): void;
  /** The stores that are in this process, and what follows them. */
  readonly parts: Readonly<Record<string, Stateful>>;
  /** Whether the store was emptied or has lost writes since this was last asked. */
  wasReplaced(): boolean;
  close(): Promise<void>;
}

const VIEW_STATES = ['loading', 'live', 'behind', 'away'] as const;

/** Upper bounds from a millisecond to a view that was away for a minute. */
const LAG_BOUNDS_NS = [1, 2, 5, 10, 20, 50, 100, 250, 1_000, 5_000, 60_000].map((ms) => ms * 1e6);

/** How long an answer to a write waits for this process's own view to have it. */
const REACH_TIMEOUT_MS = 2_000;

/** How often the store is asked to do what is due in it. */
const STORE_SETTLE_MS = 1_000;

/** Owners of declared campaigns where the operator lets nobody in. They sign in nowhere. */
const NO_CSP = 'STOLLG1';
const NO_DCA = 'NOBODY';

/** A snapshot that this world cannot be started from, and why. */
export class SnapshotUnfit extends Error {}

/**
 * Opens the registries, loads the view and declares what is to be there from the start.
 * Rejects with RedisRefused, OtherRegistry or StoreUnavailable of the registry cache, SnapshotRefused or SnapshotUnfit.
 */
export async function openRegistries(options: RegistryOptions): Promise<Registries> {
  const { core, clock, timers, log, parties, seed, requireAdmin } = options;
  const kept = await (options.redisUrl === undefined ? keepHere(options) : keepInRedis(options, options.redisUrl));
  const { store } = kept;
  const campaignId = (handle: number): string | undefined =>
    handle < core.campaigns.count ? core.campaigns.id(handle) : undefined;
  const tcr = createTcr({
    parties,
    store: kept.tcrStore,
    clock,
    timers,
    seed,
    settings: { timeScale: options.reviewTimeScale },
    fees: options.fees,
    tariffDateMs: options.tariffDateMs,
    onFee: options.onFee,
    receivers: store,
    sender: options.webhooks,
    callbackGuard: options.callbackGuard,
    requireAdmin,
    log,
  });
  const chance = namedStream(seed, 'provisioning');
  const nnsr = createNnsr({
    store,
    dcas: parties.partners.filter((partner) => partner.kind === 'dca'),
    clock,
    timers,
    chance,
    provisioning: { delay: { kind: 'fixed', ms: options.provisioningDelayMs }, failureProbability: 0 },
    reached: (position) => kept.reached(position),
    campaignId,
    requireAdmin,
  });
  const declare = (file: Declared): Promise<void> =>
    tcr.service.seed({
      ...file,
      cspId: parties.csps[0]?.id ?? NO_CSP,
      dcaId: parties.partners.find((partner) => partner.kind === 'dca')?.id ?? NO_DCA,
    });
  const [dca] = parties.partners.filter((partner) => partner.kind === 'dca');
  const desk = new ProviderDesk({
    registry: tcr.registry,
    numbers: nnsr.service,
    dca: dca && { id: dca.id, name: dca.name, nnids: dca.nnids },
    clock,
    sharedOrders: options.sharedOrders,
  });
  const files = [options.declared];
  try {
    await declare(options.declared);
  } catch (error) {
    await tcr.close();
    await kept.close();
    throw error;
  }

  let mustDeclare = false;
  const doWhatIsDue = async (): Promise<void> => {
    mustDeclare = kept.wasReplaced() || mustDeclare;
    await store.settle(clock.nowMs());
    await desk.settle();
    if (!mustDeclare) return;
    for (const file of files) await declare(file);
    await tcr.service.publishAll();
    mustDeclare = false;
  };
  let isDoing = false;
  let isFailing = false;
  const stopSettling = timers.every(STORE_SETTLE_MS, () => {
    if (isDoing) return;
    isDoing = true;
    doWhatIsDue()
      .then(
        () => (isFailing = false),
        (error: unknown) => {
          // Said once, not every second of an outage.
          if (!isFailing) log.warn({ err: error }, 'the registry store does not do what is due; trying again');
          isFailing = true;
        },
      )
      .finally(() => (isDoing = false));
  });
  return {
    store,
    desk,
    view: kept.view,
    reached: (position) => kept.reached(position),
    async declare(file) {
      await declare(file);
      files.push(file);
    },
    settle: (nowMs) => kept.settle(nowMs),
    parts: {
      ...kept.parts,
      'campaign registry reads': tcr.windows.reads,
      'campaign registry writes': tcr.windows.writes,
      provisioning: nnsr.service,
      'chance of provisioning': chance,
      'bulk jobs': nnsr.jobs,
      'orders of numbers': desk,
    },
    uploadsUnderWay: () => nnsr.jobs.runningCount,
    async register(app) {
      await app.register(tcr.plugin);
      await app.register(nnsr.plugin);
      await app.register(traceRoute, {
        store,
        latestMessage: (key, atMs) => latestFrom(options.messages, key, atMs),
        partners: parties.partners,
        campaignId,
        ownerOf: (campaign) => tcr.service.ownerOf(campaign),
        clock,
        requireAdmin,
      });
    },
    async close() {
      stopSettling();
      await tcr.close();
      await kept.close();
    },
  };
}

async function keepHere(options: RegistryOptions): Promise<Kept> {
  const { core, declared, snapshotFile, staleMs, refusesWhenStale, history } = options;
  if (snapshotFile !== undefined) {
    const snapshot = await loadSnapshot(snapshotFile);
    requireDeclaredInOrder(snapshot.campaignIds, declared);
    core.registry.adopt(snapshot.registry);
  }
  const tables = new CampaignTables(core);
  const store = new MemoryRegistryStore({ registry: core.registry, listener: tables, history });
  const tcrStore = new MemoryTcrStore();
  // Numbers of a snapshot count as set by the first NNID there is, which must not be whoever asks first.
  const dca = options.parties.partners.find((partner) => partner.kind === 'dca');
  if (snapshotFile !== undefined) await store.nnidRows([dca?.nnids[0] ?? OPERATOR_NNID]);
  return {
    store,
    tcrStore,
    parts: { 'number registry': store, 'campaign tables': tables, 'campaign registry': tcrStore },
    view: {
      ageMs: () => 0,
      staleMs,
      refusesWhenStale,
      state: 'live',
      states: VIEW_STATES,
      lag: new LatencyHistogram(LAG_BOUNDS_NS),
      reloads: Object.fromEntries(RELOAD_REASONS.map((reason) => [reason, 0])),
    },
    reached: () => Promise.resolve(true),
    settle: (nowMs) => void core.registry.settle(nowMs),
    wasReplaced: () => false,
    close: () => store.close(),
  };
}

/** Numbers of a snapshot hold handles, and those go by the order in which campaigns are declared. */
function requireDeclaredInOrder(campaignIds: readonly string[], { campaigns }: Declared): void {
  const wrong = campaignIds.findIndex((id, handle) => campaigns[handle]?.id !== id);
  if (wrong < 0) return;
  const there = campaigns[wrong]?.id ?? 'none';
  throw new SnapshotUnfit(
    `campaign ${wrong + 1} of the snapshot is ${campaignIds[wrong]}, of the campaigns file ${there}; ` +
      'give the campaigns file that belongs to the snapshot (tollgate registry generate --campaigns-out)',
  );
}

async function keepInRedis(options: RegistryOptions, url: string): Promise<Kept> {
  const { core, clock, timers, log, snapshotFile, staleMs, refusesWhenStale, history } = options;
  const lag = new LatencyHistogram(LAG_BOUNDS_NS);
  let isReplaced = false;
  const opened = await openRedisRegistry({
    url,
    registry: core.registry,
    listener: new CampaignTables(core),
    history,
    clock,
    timers,
    ...(snapshotFile !== undefined && { snapshotFile }),
    onLag: (lagMs, changes) => lag.observe(lagMs * 1e6, changes),
    onReload(reason) {
      log.warn({ reason }, 'the view of the registry is read anew');
      isReplaced ||= reason === 'replaced' || reason === 'rewound';
    },
    onSnapshotUnused: (reason) => log.warn({ reason }, 'the snapshot was not used'),
  });
  const { store, feed } = opened;
  const tcrRedis = await openRedis(url).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  log.info({ redis: describeRedisUrl(url), numbers: core.registry.count }, 'the registries are in Redis');
  return {
    store,
    tcrStore: new RedisTcrStore(tcrRedis.client),
    parts: {},
    view: {
      ageMs: () => feed.ageMs(clock.nowMs()),
      staleMs,
      refusesWhenStale,
      get state() {
        return feed.state;
      },
      states: VIEW_STATES,
      lag,
      reloads: feed.reloads,
    },
    reached: (position) => feed.reached(position, REACH_TIMEOUT_MS),
    settle: (nowMs) => feed.settle(nowMs),
    wasReplaced() {
      const was = isReplaced;
      isReplaced = false;
      return was;
    },
    async close() {
      if (snapshotFile !== undefined) {
        await feed
          .saveSnapshot(snapshotFile)
          .catch((error: unknown) => log.warn({ err: error }, 'no snapshot was written'));
      }
      await opened.close();
      await tcrRedis.close();
    },
  };
}
