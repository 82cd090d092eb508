/**
 * The faults of one gateway or worker, opened: its book, which follows the store; and, for a gateway, the routes by which they are set and
 * what they do to connections.
 *
 * A store that is away changes nothing: the faults known last stay in force, and what was applied is told when it is back.
 */
import type { FastifyBaseLogger, FastifyInstance, onRequestHookHandler } from 'fastify';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import type { Clock, Stateful, Timers } from '../router/index.ts';
import type { AnyFaultKind } from './fault.ts';
import { FaultBook, type FaultBookState } from './fault-book.ts';
import { FaultFollower } from './fault-follower.ts';
import { faultRoutes } from './fault-routes.ts';
import { MemoryFaultStore, RedisFaultStore } from './fault-store.ts';
import { cutConnections } from './faulty-connections.ts';

export interface FaultsOptions {
  /** Where they are shared, if they are. The caller keeps it and closes it. */
  readonly connection: RedisConnection | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: FastifyBaseLogger;
  /** The gateway's. */
  readonly seed: number;
}

/** For the metrics. */
export interface FaultFigures {
  readonly inForce: readonly { readonly kind: AnyFaultKind; readonly count: number }[];
  readonly applied: readonly { readonly kind: AnyFaultKind; readonly carrier: string; readonly count: number }[];
}

export interface OpenedFaults {
  /** What carriers ask. */
  readonly book: FaultBook;
  figures(): FaultFigures;
  /** Adds the routes, and what faults do to connections to the routes by which messages are sent, which must come behind. */
  register(app: FastifyInstance, requireAdmin: onRequestHookHandler | undefined): Promise<void>;
  /** What is to be saved and restored with the gateway; undefined if faults are shared. */
  readonly state?: Stateful;
  close(): void;
}

/** Rejects with FaultStoreUnavailable. */
export async function openFaults(options: FaultsOptions): Promise<OpenedFaults> {
  const { clock, timers, log, connection } = options;
  const own = new MemoryFaultStore();
  const store = connection === undefined ? own : new RedisFaultStore(connection.client);
  const follower = new FaultFollower(store, new FaultBook(options.seed), log);
  await follower.refresh();
  const stopFollowing = connection === undefined ? undefined : follower.follow(timers);
  const { book } = follower;
  return {
    book,
    figures: () => ({ inForce: book.inForce(clock.nowMs()), applied: book.appliedTotals() }),
    async register(app, requireAdmin) {
      cutConnections(app, { book, clock, timers });
      await app.register(faultRoutes, { faults: follower, clock, requireAdmin });
    },
    ...(connection === undefined && { state: stateOf(own, follower) }),
    close() {
      stopFollowing?.();
    },
  };
}

/** Faults, how often each was applied, and where its chance stands. What was applied before a restore is told before, and forgotten. */
function stateOf(store: MemoryFaultStore, follower: FaultFollower): Stateful {
  const { book } = follower;
  return {
    capture() {
      store.count(follower.tell());
      return { kept: store.capture(), book: book.capture() };
    },
    restore(state) {
      const captured = state as { kept: unknown; book: FaultBookState };
      follower.tell();
      store.restore(captured.kept);
      follower.goBy(store.kept);
      book.restore(captured.book);
    },
  };
}
