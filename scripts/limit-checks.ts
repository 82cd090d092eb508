// What was accepted, held against what is allowed, by what clients saw and nothing else: a message was accepted at some moment
// between its sending and its answer, and no way to place those moments may be needed for a limit to hold.
import { pacificDayAt } from '../tariffs/index.ts';

/** Units accepted at some moment between two. */
export interface Accepted {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly units: number;
}

/** A stretch of time, the units that can only have been accepted in it, and what a bucket allows for it. */
export interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly units: number;
  readonly allowed: number;
}

/** Clocks are read in whole milliseconds, so a stretch may count as one longer than it is. */
const GRAIN_MS = 1;

/**
 * The window that goes furthest beyond what a bucket of `cap` units, which fills in `windowMs`, allows, or comes nearest to it.
 * All windows are looked at: the worst begins where something may first have been accepted, and ends where something was.
 */
export function worstWindow(
  accepted: readonly Accepted[],
  { cap, windowMs }: { readonly cap: number; readonly windowMs: number },
): Window {
  const byEnd = accepted.toSorted((a, b) => a.untilMs - b.untilMs);
  let worst: Window = { fromMs: 0, untilMs: 0, units: 0, allowed: cap };
  for (const { fromMs } of accepted) {
    let units = 0;
    for (const one of byEnd) {
      if (one.fromMs < fromMs) continue;
      units += one.units;
      const allowed = cap + (cap / windowMs) * (one.untilMs - fromMs + GRAIN_MS);
      if (units - allowed > worst.units - worst.allowed) worst = { fromMs, untilMs: one.untilMs, units, allowed };
    }
  }
  return worst;
}

/** What `cap` a day allows for all that was accepted: as often as there were days in Los Angeles. */
export function allowedInDays(accepted: readonly Accepted[], cap: number): number {
  if (accepted.length === 0) return cap;
  const first = pacificDayAt(Math.min(...accepted.map(({ fromMs }) => fromMs))).ordinal;
  const last = pacificDayAt(Math.max(...accepted.map(({ untilMs }) => untilMs))).ordinal;
  return cap * (last - first + 1);
}

/** The most of `stays` that were there at one moment; ends do not count as being there. */
export function mostAtOnce(stays: readonly { readonly fromMs: number; readonly untilMs: number }[]): number {
  const steps = stays.flatMap(({ fromMs, untilMs }) => [
    { atMs: fromMs, change: 1 },
    { atMs: untilMs, change: -1 },
  ]);
  // Leaving goes before coming: what is told in whole milliseconds may have been in that order.
  steps.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let count = 0;
  let most = 0;
  for (const { change } of steps) {
    count += change;
    if (count > most) most = count;
  }
  return most;
}
