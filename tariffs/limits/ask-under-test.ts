/** Asks for tests of limits. */
import type { Ask } from './allowance.ts';

/** 2024-03-06, a Wednesday, at noon in Los Angeles. */
export const NOON_MS = 1_709_755_200_000;

export const SENDER = 2_125_550_100;
export const DESTINATION = 3_105_550_100;

export function askFor(units: number, atMs: number, more: Partial<Ask> = {}): Ask {
  return { units, atMs, uptimeMs: 0, senderKey: SENDER, destinationKey: DESTINATION, ...more };
}
