/**
 * Load that keeps its times whatever becomes of it.
 *
 * Requests are due at even distances. One that is sent late, because whatever it goes to or the sender itself was held up, still counts
 * from when it was due: so a stall shows in every request that it kept waiting, and not only in the one that met it (coordinated omission).
 * Timers wake in steps of a millisecond, which is in every time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Latencies, type LatencyReport } from '../gateway/load/index.ts';
import { nowMs } from '../scripts/gateway-fleet.ts';

export interface OpenLoop {
  readonly perSecond: number;
  /** Load before the stretch that counts. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const MS_PER_SECOND = 1_000;

/** Whether a request is of the stretch that counts, the first being number 0. */
export function counts({ perSecond, warmUpSeconds }: OpenLoop, request: number): boolean {
  return request >= perSecond * warmUpSeconds;
}

/**
 * Sends one request after the other, each with its number and the time it was due on the clock of `nowMs`. How long they took until `send`
 * resolved, of those that count; resolves when all have. Rejects when one does, and sends no more.
 */
export async function sendOnTime(
  loop: OpenLoop,
  send: (request: number, dueMs: number) => Promise<unknown>,
): Promise<LatencyReport> {
  const { perSecond, warmUpSeconds, seconds } = loop;
  const took = new Latencies();
  const underWay: Promise<void>[] = [];
  let isBroken = false;
  const sendOne = async (request: number, dueMs: number): Promise<void> => {
    await send(request, dueMs);
    if (counts(loop, request)) took.add(nowMs() - dueMs);
  };
  const startMs = nowMs();
  for (let request = 0; request < perSecond * (warmUpSeconds + seconds) && !isBroken; request += 1) {
    const dueMs = startMs + (request * MS_PER_SECOND) / perSecond;
    // Timers may end a little early; a request sent before it is due would seem quicker than it is.
    for (let waitMs = dueMs - nowMs(); waitMs > 0; waitMs = dueMs - nowMs()) await sleep(waitMs);
    const sent = sendOne(request, dueMs);
    sent.catch(() => (isBroken = true));
    underWay.push(sent);
  }
  await Promise.all(underWay);
  return took.report();
}
