/** Student's t: how wide an interval of a mean must be when there are few runs. */

/** Beyond that many degrees of freedom the normal distribution's 1.96 is right to a thousandth. */
const DEGREES_MAX = 10_000;
const TOLERANCE = 1e-10;

/**
 * The value that |t| stays below with probability `confidence`, such as 2.093 for 0.95 and 19 degrees of freedom.
 * @throws RangeError unless `degrees` is a whole number from 1 on and `confidence` between 0 and 1
 */
export function tBound(degrees: number, confidence: number): number {
  if (!(Number.isInteger(degrees) && degrees >= 1)) throw new RangeError(`degrees of freedom: ${degrees}`);
  if (!(confidence > 0 && confidence < 1)) throw new RangeError(`confidence: ${confidence}`);
  const known = Math.min(degrees, DEGREES_MAX);
  let low = 0;
  let high = 1;
  while (within(high, known) < confidence) high *= 2;
  while (high - low > TOLERANCE * high) {
    const middle = (low + high) / 2;
    if (within(middle, known) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(|T| < t). Abramowitz and Stegun, 26.7.3 and 26.7.4, which are finite sums for whole degrees of freedom. */
function within(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cosine = Math.cos(angle);
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= ((power - 1) / power) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
