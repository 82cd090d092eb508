/**
 * When does each actor send? Random arrivals whose rate follows the hours of the day.
 *
 * Each actor is a Poisson process with one rate per hour. Waiting times are exact and not stepped: one exponential
 * draw is the amount of rate to use up, hour by hour, until it is spent. The hourly rates come from the actor's day
 * shape and are then levelled for all actors together, so that the mean over a day is the rate asked for, yet no hour
 * falls below 30 % of it: a demo started at four in the morning should still show something.
 */
import type { Actor } from './world.ts';
import type { Blast } from './cast.ts';
import { DAY_SHAPES } from './cast.ts';
import type { Figures } from './figures.ts';
import type { Stream } from './streams.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** New York in winter, all year round: a fixed offset needs no calendar. */
const LOCAL_OFFSET_MS = -5 * HOUR_MS;
/** No hour's total falls below this part of the daily mean. */
const QUIET_HOUR_FLOOR = 0.3;

/** The hour of the day, 0 to 23, at `atMs` since the epoch. */
export function localHour(atMs: number): number {
  const hours = Math.floor((atMs + LOCAL_OFFSET_MS) / HOUR_MS) % HOURS;
  return hours < 0 ? hours + HOURS : hours;
}

/** Per actor (in the order given) and local hour, messages per millisecond. */
export function hourlyRates(actors: readonly Actor[], figures: Figures, ratePerSecond: number): number[][] {
  const shapes = actors.map((actor) =>
    figures.hourShares[DAY_SHAPES[actor.kind]].map((hourShare) => actor.share * hourShare * HOURS),
  );
  const totals = Array.from({ length: HOURS }, (_, hour) => shapes.reduce((sum, shape) => sum + (shape[hour] ?? 0), 0));
  const levels = level(totals, QUIET_HOUR_FLOOR);
  return shapes.map((shape) =>
    shape.map((value, hour) => ((value * (levels[hour] ?? 0)) / (totals[hour] ?? 1)) * (ratePerSecond / 1000)),
  );
}

/** Lifts what lies below `floor` and scales the rest down by one factor, so that the mean is 1. `floor` is below 1. */
export function level(values: readonly number[], floor: number): number[] {
  const sum = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0);
  let factor = values.length / sum(values);
  // Scaling down may push further values below the floor, so this repeats until the same ones are left.
  for (;;) {
    const high = values.filter((value) => value * factor > floor);
    const next = (values.length - (values.length - high.length) * floor) / sum(high);
    if (next === factor) return values.map((value) => Math.max(floor, value * factor));
    factor = next;
  }
}

export interface Arrivals {
  /** Milliseconds since the epoch, with a fraction. */
  readonly nextAtMs: number;
  /** Moves on to the next arrival, which is never earlier than this one. */
  advance(): void;
}

export interface ArrivalsOptions {
  readonly stream: Stream;
  /** Messages per millisecond by local hour. */
  readonly rates: readonly number[];
  readonly startMs: number;
  readonly blast?: Blast | undefined;
}

/** One actor's arrivals. With a blast, the process makes blasts instead of messages, at the same mean rate. */
export function createArrivals({ stream, rates, startMs, blast }: ArrivalsOptions): Arrivals {
  const size = blast?.size ?? 1;
  // At a high rate the blasts would overlap and the queue grow for ever; then they are sent faster instead.
  const gapMs = Math.min(blast?.gapMs ?? 0, 0.5 / Math.max(...rates));
  let groupAtMs = wait(startMs, stream.exponential() * size, rates);
  let leftInGroup = size - 1;
  let nextAtMs = groupAtMs;
  return {
    get nextAtMs() {
      return nextAtMs;
    },
    advance() {
      if (leftInGroup > 0) {
        leftInGroup--;
        nextAtMs += gapMs;
        return;
      }
      leftInGroup = size - 1;
      groupAtMs = wait(groupAtMs, stream.exponential() * size, rates);
      nextAtMs = Math.max(nextAtMs + gapMs, groupAtMs);
    },
  };
}

/** The time at which `amount` messages have become due since `fromMs`. */
function wait(fromMs: number, amount: number, rates: readonly number[]): number {
  let atMs = fromMs;
  for (;;) {
    const rate = rates[localHour(atMs)] ?? 0;
    const hourEndMs = (Math.floor(atMs / HOUR_MS) + 1) * HOUR_MS;
    const room = rate * (hourEndMs - atMs);
    if (amount < room) return atMs + amount / rate;
    amount -= room;
    atMs = hourEndMs;
  }
}
