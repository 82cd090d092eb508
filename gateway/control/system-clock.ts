/** The real clock and timers: the one place in the product that asks the machine what time it is. */
import type { Clock, Timers } from '../router/index.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicNs: () => performance.now() * 1e6,
};

export const systemTimers: Timers = {
  every(periodMs, run) {
    const timer = setInterval(run, periodMs).unref();
    return () => clearInterval(timer);
  },
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
