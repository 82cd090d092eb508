/** The standard normal distribution: what lies below a value, and back. */

/** Coefficients of P. J. Acklam's rational approximation of the quantile; its relative error is below 1.15e-9. */
const A = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
] as const;
const B = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
] as const;
const C = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
] as const;
const D = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416] as const;
const TAIL = 0.02425;

/** The value below which a share of all draws lies. `share` is above 0 and below 1; beyond these, infinite. */
export function normalQuantile(share: number): number {
  if (share <= 0) return -Infinity;
  if (share >= 1) return Infinity;
  if (share < TAIL) return tail(Math.sqrt(-2 * Math.log(share)));
  if (share > 1 - TAIL) return -tail(Math.sqrt(-2 * Math.log(1 - share)));
  const q = share - 0.5;
  const r = q * q;
  const [a0, a1, a2, a3, a4, a5] = A;
  const [b0, b1, b2, b3, b4] = B;
  return (
    ((((((a0 * r + a1) * r + a2) * r + a3) * r + a4) * r + a5) * q) /
    (((((b0 * r + b1) * r + b2) * r + b3) * r + b4) * r + 1)
  );
}

function tail(q: number): number {
  const [c0, c1, c2, c3, c4, c5] = C;
  const [d0, d1, d2, d3] = D;
  return (((((c0 * q + c1) * q + c2) * q + c3) * q + c4) * q + c5) / ((((d0 * q + d1) * q + d2) * q + d3) * q + 1);
}

const STEP_BITS = 14;
const STEPS = 1 << STEP_BITS;
const QUANTILES = Float64Array.from({ length: STEPS }, (_, step) => normalQuantile((step + 0.5) / STEPS));

/** A draw in steps of 1 in 16,384, made of the upper bits of a 32-bit word. What most messages are scored by: a table is faster. */
export function normalOf(word: number): number {
  return QUANTILES[word >>> (32 - STEP_BITS)]!;
}
