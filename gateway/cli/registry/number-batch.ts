/**
 * Registrations on their way from one place to another: columns, read and written a batch at a time, so that a hundred
 * million of them need no more memory than ten thousand.
 */
import { setImmediate } from 'node:timers/promises';
import type { Progress } from './progress.ts';

/** Rows of a full batch. One batch is one call to a store. */
export const BATCH_NUMBERS = 10_000;

/** `count` rows from 0. The arrays are used again for the next batch. */
export interface NumberBatch {
  readonly keys: Float64Array;
  /** Positions in the `campaignIds` of the source. */
  readonly campaigns: Uint32Array;
  /** Positions in the `nnids` of the source. */
  readonly nnids: Uint32Array;
  /** Milliseconds since the epoch; 0 for a number that is active. */
  readonly activeAtMs: Float64Array;
  /** Lines of the file they were read from. */
  readonly lines: Float64Array;
  count: number;
}

export interface NumberSource {
  /** Grows while batches are read; a position keeps its id. */
  readonly campaignIds: readonly string[];
  /** As `campaignIds`. Empty text where the source does not tell who set a number. */
  readonly nnids: readonly string[];
  readonly batches: AsyncIterable<NumberBatch>;
}

export function emptyBatch(): NumberBatch {
  return {
    keys: new Float64Array(BATCH_NUMBERS),
    campaigns: new Uint32Array(BATCH_NUMBERS),
    nnids: new Uint32Array(BATCH_NUMBERS),
    activeAtMs: new Float64Array(BATCH_NUMBERS),
    lines: new Float64Array(BATCH_NUMBERS),
    count: 0,
  };
}

/**
 * The same source, with progress told after each batch and an end when `stop` says so. `done` says how far it has come, if
 * that is not by numbers. Lets timers and signals have their turn.
 */
export function watched(
  source: NumberSource,
  { progress, stop, done }: { readonly progress: Progress; readonly stop: AbortSignal; readonly done?: () => number },
): NumberSource {
  async function* batches(): AsyncGenerator<NumberBatch> {
    let count = 0;
    for await (const batch of source.batches) {
      stop.throwIfAborted();
      count += batch.count;
      yield batch;
      progress.to(done === undefined ? count : done());
      await setImmediate();
    }
    stop.throwIfAborted();
  }
  return { campaignIds: source.campaignIds, nnids: source.nnids, batches: batches() };
}
