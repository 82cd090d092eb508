/** Waiting for something to be so: in real time by looking again and again, in time that stands by moving it on. */
import { setTimeout as realTime } from 'node:timers/promises';
import { systemClock } from '../control/index.ts';
import type { TestClock } from './clock.ts';
import { checkFields, type FieldsOf } from './known.ts';

export interface WaitOptions {
  /** How long to wait at most, by the clock of the gateway; ten seconds when left out. */
  readonly timeoutMs?: number;
}

const WAIT: FieldsOf<WaitOptions> = { timeoutMs: true };
const NS_PER_MS = 1e6;
const TIMEOUT_MS = 10_000;
const LOOK_MS = 5;
/** Steps of time that stands: short enough that little happens beyond what is waited for, and no more than so many. */
const STEP_MS = 50;
const STEPS_MAX = 400;

/** What `look` finds, or undefined if it finds nothing in time. */
export async function waited<T>(
  clock: TestClock,
  look: () => T | undefined,
  options: WaitOptions = {},
): Promise<T | undefined> {
  checkFields('waiting', options, WAIT);
  const { timeoutMs = TIMEOUT_MS } = options;
  const untilMs = uptimeMs() + timeoutMs;
  const stepMs = Math.max(STEP_MS, Math.ceil(timeoutMs / STEPS_MAX));
  let movedMs = 0;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (clock.isFrozen) {
      if (movedMs >= timeoutMs) return undefined;
      await clock.advance(Math.min(stepMs, timeoutMs - movedMs));
      movedMs += stepMs;
    } else {
      if (uptimeMs() >= untilMs) return undefined;
      await realTime(LOOK_MS);
    }
  }
}

function uptimeMs(): number {
  return systemClock.monotonicNs() / NS_PER_MS;
}
