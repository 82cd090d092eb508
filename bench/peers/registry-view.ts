/** A gateway's view of the registry, kept level with Redis, that tells how long changes took to reach it. */
import { NumberRegistry } from '../../registry-cache/index.ts';
import { openRedisRegistry } from '../../registry-cache/redis/index.ts';
import { systemClock, systemTimers } from '../../gateway/control/index.ts';
import { LagHistogram, type LagReport } from '../lag-histogram.ts';
import type { Work } from '../processes.ts';

export interface ViewSettings {
  readonly url: string;
  readonly snapshotFile?: string;
}

/** `save` writes the view to a file; `report` tells of the changes since the last report. */
export type ViewQuestion = { readonly save: string } | 'report';

export const work: Work<ViewSettings, { readonly loadMs: number; readonly numbers: number }, ViewQuestion, LagReport> =
  {
    async open({ url, snapshotFile }) {
      const registry = new NumberRegistry();
      const lags = new LagHistogram();
      const startMs = performance.now();
      const { feed } = await openRedisRegistry({
        url,
        registry,
        listener: { campaignsChanged: () => {}, termsChanged: () => {} },
        clock: systemClock,
        timers: systemTimers,
        ...(snapshotFile !== undefined && { snapshotFile }),
        onSnapshotUnused(reason) {
          throw new Error(`the snapshot was not used: ${reason}`);
        },
        onLag: (lagMs, changes) => lags.add(lagMs, changes),
      });
      return {
        ready: { loadMs: performance.now() - startMs, numbers: registry.count },
        async answer(question) {
          if (question !== 'report') await feed.saveSnapshot(question.save);
          return lags.take();
        },
      };
    },
  };
