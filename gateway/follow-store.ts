/** How a process keeps level with a store that others write to: it reads again and again, one read at a time. */
import type { Timers } from './router/index.ts';

/**
 * Has `read` called every `periodMs` until the returned function is called, unless the read before is still under way. What was read last
 * stands while the store is away; of an outage, however long, `onOutage` is told once.
 */
export function followStore(
  timers: Timers,
  periodMs: number,
  read: () => Promise<unknown>,
  onOutage: (error: unknown) => void = () => {},
): () => void {
  let isReading = false;
  let isOut = false;
  return timers.every(periodMs, () => {
    if (isReading) return;
    isReading = true;
    read()
      .then(
        () => (isOut = false),
        (error: unknown) => {
          if (!isOut) onOutage(error);
          isOut = true;
        },
      )
      .finally(() => (isReading = false));
  });
}
