/** How long is waited between attempts at a callback. */

/** From `firstMs` on twice as long each time, up to `lastMs` and with it. */
export function doublingWaits(firstMs: number, lastMs: number): readonly number[] {
  const waits: number[] = [];
  for (let waitMs = firstMs; waitMs <= lastMs; waitMs *= 2) waits.push(waitMs);
  return waits;
}

/** The same, and then `lastMs` again and again until `totalMs` are over. */
export function doublingWaitsFor(totalMs: number, firstMs: number, lastMs: number): readonly number[] {
  const waits = [...doublingWaits(firstMs, lastMs)];
  let waitedMs = waits.reduce((sum, ms) => sum + ms, 0);
  for (; waitedMs + lastMs <= totalMs; waitedMs += lastMs) waits.push(lastMs);
  return waits;
}
