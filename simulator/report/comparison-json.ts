/** The whole comparison as JSON: the same comparison is the same text, byte for byte. */
import type { Comparison } from '../results.ts';

/** Keys in the order of the alphabet, two spaces a level. A figure that is NaN, where nothing was measured, is `null`. */
export function comparisonJson(comparison: Comparison): string {
  return `${JSON.stringify(comparison, withSortedKeys, 2)}\n`;
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
