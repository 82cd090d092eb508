/**
 * The door of the campaign registry: an imitation of The Campaign Registry's interface for service providers (`/tcr/v2`)
 * with the registry behind it. Campaign records and carrier terms leave by two functions; nothing comes in by any other way
 * than the interface, the operator's routes and a file at the start.
 */
import type { FastifyBaseLogger, FastifyPluginCallback, onRequestHookHandler } from 'fastify';
import { StoreUnavailable } from '../../../registry-cache/index.ts';
import type { Fee } from '../../../tariffs/index.ts';
import type { Clock, Timers } from '../../router/index.ts';
import { operationsOf } from './api.ts';
import { Events, type WebhookSender } from './events.ts';
import { Fees } from './fees.ts';
import type { FeePosting, Party } from './model.ts';
import { operatorRoutes } from './operator-routes.ts';
import { Publisher, type Receivers } from './publisher.ts';
import type { Registry } from './registry.ts';
import { requestWindows, type RequestWindows, tcrRoutes } from './routes.ts';
import { TcrService } from './service.ts';
import { DEFAULT_SETTINGS, type TcrSettings } from './settings.ts';
import type { CallbackGuard } from './subscriptions.ts';
import type { TcrStore } from './tcr-store.ts';

export type { WebhookSender } from './events.ts';
export { MemoryTcrStore } from './memory-tcr-store.ts';
export type { Receivers } from './publisher.ts';
export { RedisTcrStore } from './redis-tcr-store.ts';
export type { TcrService } from './service.ts';
export type { TcrSettings } from './settings.ts';
export type { Seeding } from './seed.ts';
export type { TcrStore } from './tcr-store.ts';

type Keyed = Omit<Party, 'kind'>;

export interface TcrOptions {
  /** Who may use the interface, with their keys. */
  readonly parties: {
    readonly csps: readonly Keyed[];
    readonly partners: readonly (Keyed & { readonly kind: 'cnp' | 'dca' })[];
  };
  readonly store: TcrStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly seed: number;
  /** What differs from DEFAULT_SETTINGS. */
  readonly settings?: Partial<TcrSettings>;
  /** `TariffBook.fees` of the book in force. */
  readonly fees: () => readonly Fee[];
  /** The date that fees and MMS rates are taken from. */
  readonly tariffDateMs: () => number;
  readonly receivers: Receivers;
  readonly sender: WebhookSender;
  readonly callbackGuard: CallbackGuard;
  /** Told of each fee that this gateway posted; gateways that share a store post each fee once between them. */
  readonly onFee?: (posting: FeePosting) => void;
  readonly requireAdmin: onRequestHookHandler | undefined;
  readonly log: Pick<FastifyBaseLogger, 'error'>;
}

export interface Tcr {
  /** Routes under `/tcr/v2` and `/v1/registry`. */
  readonly plugin: FastifyPluginCallback;
  readonly service: TcrService;
  /** What it works with, for orders that come by another way than its interface. */
  readonly registry: Registry;
  readonly windows: RequestWindows;
  /** Stops the work that falls due by itself. The store stays open. */
  close(): Promise<void>;
}

export function createTcr(options: TcrOptions): Tcr {
  const { store, clock, timers, seed, log, requireAdmin } = options;
  const parties = partiesOf(options);
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const registry: Registry = {
    store,
    clock,
    seed,
    settings,
    fees: new Fees(options.fees),
    tariffDateMs: options.tariffDateMs,
    parties,
    events: new Events(store, parties, options.sender),
    publisher: new Publisher({ store, clock, parties, receivers: options.receivers }),
    onFee: options.onFee ?? (() => undefined),
  };
  const service = new TcrService({
    registry,
    timers,
    onFailure(error, task) {
      // A store that is away is nothing this registry did wrong, and it would be said with every look into the queue.
      if (!(error instanceof StoreUnavailable)) log.error({ err: error, task }, 'work of the campaign registry failed');
    },
  });
  const windows = requestWindows(settings);
  const operations = operationsOf(registry, service, options.callbackGuard);
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    app.register(tcrRoutes, { prefix: '/tcr/v2', operations, parties, clock, windows });
    app.register(operatorRoutes, { service, parties, requireAdmin });
    done();
  };
  return { plugin, service, registry, windows, close: () => service.close() };
}

function partiesOf({ parties: { csps, partners } }: TcrOptions): ReadonlyMap<string, Party> {
  const all = [...csps.map((csp): Party => ({ ...csp, kind: 'csp' })), ...partners];
  return new Map(all.map((party) => [party.id, party]));
}
