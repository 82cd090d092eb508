/** Draws that fill a space of many dimensions evenly: fewer of them say as much as more that are drawn freely. */
import type { Rng } from '../../gateway/router/index.ts';

/**
 * `samples` points of `dimensions` shares each, 0 inclusive to 1 exclusive. In every dimension each of `samples` slices of equal width
 * holds one point. McKay, Beckman and Conover, Technometrics 21 (1979).
 */
export function latinHypercube(samples: number, dimensions: number, chance: Rng): number[][] {
  const columns = Array.from({ length: dimensions }, () =>
    shuffled(samples, chance).map((slice) => (slice + chance.next()) / samples),
  );
  return Array.from({ length: samples }, (_, sample) => columns.map((column) => column[sample] ?? 0));
}

/** The whole numbers below `count` in an order of chance. */
function shuffled(count: number, chance: Rng): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(chance.next() * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}
