/**
 * The registries of one gateway: the store of numbers and campaigns, the view of it that messages are looked up in, and
 * the APIs that write to it.
 */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { CARRIERS, type FeedPosition, MemoryRegistryStore, type RegistryStore } from '../../registry-cache/index.ts';
import { LatencyHistogram, type MessageStore, type RegistryView } from '../messages/index.ts';
import type { Clock, Core } from '../router/index.ts';
import { CampaignTables } from './campaign-tables.ts';
import { traceRoute } from './trace/index.ts';

export interface RegistryOptions {
  readonly core: Core;
  readonly messages: MessageStore;
  readonly clock: Clock;
  readonly history: boolean;
  readonly staleMs: number;
  readonly refusesWhenStale: boolean;
}

/** Brands and campaigns as a file declares them. */
export interface Declared {
  readonly brands: readonly { readonly id: string; readonly name: string; readonly tmobileTier: number }[];
  readonly campaigns: readonly {
    readonly id: string;
    readonly brand: string;
    readonly attClass: number;
    readonly useCase: string;
    readonly status: number;
    readonly expiresAtMs: number;
  }[];
}

const VIEW_STATES = ['loading', 'live', 'behind', 'away'] as const;

/** From a millisecond to a view that was away. */
const LAG_BOUNDS_NS = [1, 2, 5, 10, 20, 50, 100, 250, 1_000, 5_000, 60_000].map((ms) => ms * 1e6);

export interface Registries {
  readonly store: RegistryStore;
  readonly view: RegistryView & {
    readonly state: string;
    readonly states: readonly string[];
    readonly lag: LatencyHistogram;
    readonly reloads: Readonly<Record<string, number>>;
  };
  /** Waits until the view has seen what stands at a position. False if it takes too long. */
  reached(position: FeedPosition): Promise<boolean>;
  /** Declares brands and campaigns that are not there yet. */
  declare(file: Declared): Promise<void>;
  /** Adds the routes. */
  register(app: FastifyInstance, requireAdmin: onRequestHookHandler | undefined): Promise<void>;
  close(): Promise<void>;
}

export function openRegistries(options: RegistryOptions): Registries {
  const { core, messages, clock } = options;
  const listener = new CampaignTables(core);
  const store = new MemoryRegistryStore({ registry: core.registry, listener, history: options.history });
  const lag = new LatencyHistogram(LAG_BOUNDS_NS);
  return {
    store,
    view: {
      ageMs: () => 0,
      staleMs: options.staleMs,
      refusesWhenStale: options.refusesWhenStale,
      state: 'live',
      states: VIEW_STATES,
      lag,
      reloads: {},
    },
    reached: () => Promise.resolve(true),
    async declare({ brands, campaigns }) {
      await store.publishCampaigns(
        campaigns.map(({ id, status, expiresAtMs }) => ({
          id,
          status,
          operations: CARRIERS.map((_, bit) => ((status & (1 << bit)) === 0 ? 'rejected' : 'approved')),
          standing: 'available',
          dca: 'NORTH',
          numberLimit: Infinity,
          expiresAtMs,
        })),
      );
      const tiers = new Map(brands.map((brand) => [brand.id, brand.tmobileTier]));
      await store.publishTerms(
        campaigns.map(({ id, brand, attClass, useCase }) => ({
          campaign: id,
          brand,
          attClass,
          useCase,
          tmobileTier: tiers.get(brand) ?? 0,
        })),
      );
    },
    async register(app, requireAdmin) {
      await app.register(traceRoute, {
        store,
        latestMessage: (key, atMs) => latestMessage(messages, key, atMs),
        partners: [],
        campaignId: (handle) => core.campaigns.id(handle),
        ownerOf: () => Promise.resolve(undefined),
        clock,
        requireAdmin,
      });
    },
    close: () => store.close(),
  };
}

/** Cost: one pass over the messages held. */
function latestMessage(
  messages: MessageStore,
  key: number,
  atMs: number,
): { readonly id: string; readonly atMs: number } | undefined {
  for (let sequence = messages.nextSequence - 1; sequence >= messages.oldestSequence; sequence -= 1) {
    const at = sequence % messages.capacity;
    if (messages.senderKey[at] === key && messages.acceptedAtMs[at]! <= atMs) {
      return { id: messages.idOf(sequence), atMs: messages.acceptedAtMs[at]! };
    }
  }
  return undefined;
}
