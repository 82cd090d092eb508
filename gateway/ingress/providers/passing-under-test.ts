/** Long times, for tests of faces: registrations take days, and a gateway ticks a hundred times a second. */
import type { GatewayUnderTest } from '../../gateway-under-test.ts';

const STEPS = 200;
/** How long time runs in a step; the rest of it is leapt over. */
const RUN_MS = 20_000;

/**
 * Lets time pass, and what falls due in it. Of more than an hour it leaps over parts, in which timers that repeat are not called for
 * every tick, and timers that do not repeat stand still.
 */
export async function passing({ time }: GatewayUnderTest, ms: number): Promise<void> {
  const stepMs = ms / STEPS;
  const runMs = Math.min(stepMs, RUN_MS);
  for (let step = 0; step < STEPS; step += 1) {
    time.restore(time.nowMs() + stepMs - runMs);
    time.advance(runMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
