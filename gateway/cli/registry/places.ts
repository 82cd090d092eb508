/** Where a registry is kept, in a file or in Redis: opened for the time of a command, with words for a person if it cannot be. */
import {
  loadSnapshot,
  NumberRegistry,
  type RegistryStore,
  saveSnapshot,
  type Snapshot,
  SnapshotRefused,
} from '../../../registry-cache/index.ts';
import {
  openRedis,
  openRedisRegistry,
  OtherRegistry,
  type RedisConnection,
  RedisRefused,
  RedisRegistryStore,
} from '../../../registry-cache/redis/index.ts';
import { systemClock, systemTimers } from '../../control/index.ts';
import { failed, systemCode, usage } from '../carry-out.ts';
import type { NumberSource } from './number-batch.ts';
import { registrySource, storeSource } from './number-sources.ts';
import { removingOnExit } from './whole-file.ts';

/** Position of a snapshot that was not taken from a store. */
export const NO_POSITION = '';

/** A person waits for it. */
const OPEN_TIMEOUT_MS = 3_000;

/** Loads a snapshot file. Rejects if it is missing, cut, damaged or of another version. */
export async function openSnapshot(path: string): Promise<Snapshot> {
  try {
    return await loadSnapshot(path);
  } catch (error) {
    if (error instanceof SnapshotRefused) throw failed(`${path}: ${error.message}`);
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw usage(`${path} cannot be read (${systemCode(error)})`);
  }
}

export function writeSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  return removingOnExit(`${path}.part`, path, () => saveSnapshot(path, snapshot));
}

/** Runs with the store that a Redis holds. Rejects, without the password, if that Redis cannot be used. */
export async function withStore<Result>(url: string, run: (store: RegistryStore) => Promise<Result>): Promise<Result> {
  const redis = await usable(openRedis(url, { openTimeoutMs: OPEN_TIMEOUT_MS }));
  try {
    return await run(await usable(openStore(redis)));
  } finally {
    await redis.close();
  }
}

/** Whether a registry keeps history is settled when it is begun, and nothing here depends on it. */
async function openStore(redis: RedisConnection): Promise<RegistryStore> {
  try {
    return await RedisRegistryStore.open(redis);
  } catch (error) {
    if (!(error instanceof OtherRegistry)) throw error;
    return RedisRegistryStore.open(redis, { history: true }).catch(() => {
      throw error;
    });
  }
}

/**
 * Writes what a Redis holds to a snapshot file, together with its place in the streams of changes, so that a gateway can
 * start from the file and read on from there.
 */
export async function writeSnapshotOfRedis(
  url: string,
  path: string,
  onProgress: (numbers: number, total: number) => void,
): Promise<void> {
  const history = await withStore(url, (store) => Promise.resolve(store.keepsHistory));
  const opened = await usable(
    openRedisRegistry({
      url,
      registry: new NumberRegistry(),
      listener: { campaignsChanged: () => {}, termsChanged: () => {} },
      clock: systemClock,
      timers: systemTimers,
      openTimeoutMs: OPEN_TIMEOUT_MS,
      history,
      onProgress,
    }),
  );
  try {
    await removingOnExit(`${path}.part`, path, () => opened.feed.saveSnapshot(path));
  } finally {
    await opened.close();
  }
}

/** Puts into words why a Redis cannot be used. */
async function usable<Result>(opening: Promise<Result>): Promise<Result> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof RedisRefused) {
      throw (error.reason === 'bad_url' ? usage : failed)(`--redis: ${error.message}`);
    }
    if (error instanceof OtherRegistry) throw failed(`--redis: ${error.message}`);
    throw error;
  }
}

/** A registry opened for reading. */
export interface Registered {
  readonly source: NumberSource;
  readonly numbers: number;
  readonly pending: number;
  readonly campaigns: number;
  /** Memory it takes where it is kept, if that is known. */
  readonly bytes: number | undefined;
  /** Share of its room that is taken, where it has a fixed room. */
  readonly load: number | undefined;
  /** Where in the store's feed it stands. */
  readonly position: string;
}

/** Runs with the numbers of a place. */
export async function withNumbers<Result>(
  place: { readonly name: 'redis' | 'snapshot'; readonly value: string },
  run: (registered: Registered) => Promise<Result>,
): Promise<Result> {
  if (place.name === 'snapshot') {
    const { registry, campaignIds, position } = await openSnapshot(place.value);
    return run({
      source: registrySource(registry, campaignIds),
      numbers: registry.count,
      pending: registry.pendingCount,
      campaigns: campaignIds.length,
      bytes: registry.index.sizeBytes,
      load: registry.index.size / registry.index.capacity,
      position,
    });
  }
  return withStore(place.value, async (store) => {
    const { numbers, pending, campaigns, bytes } = await store.stats();
    const source = await storeSource(store, systemClock.nowMs());
    return run({ source, numbers, pending, campaigns, bytes, load: undefined, position: NO_POSITION });
  });
}
