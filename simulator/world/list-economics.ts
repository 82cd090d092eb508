/**
 * How many messages pay for a spammer.
 *
 * A list has recipients of falling worth: the best is worth `worth` micro-dollars if a message reaches it, the last `worth · e^-steepness`.
 * Who has been reached is worth nothing more, so a second copy only pays as far as the first may not have landed. With a chance p
 * to land and a price c per message, copy j goes to the recipients for whom worth · p · (1 - p)^(j - 1) is above c.
 *
 * Of that come the three things known of spam and prices: a higher price sends fewer; a filter may raise what is sent, since it makes copies
 * worthwhile (Eaton, MacDonald and Meriluoto, Canadian Journal of Economics 46(3), 2013); and both together do better than either.
 */

export interface List {
  /** Of the best recipient, micro-dollars. */
  readonly worth: number;
  /** Above 0. */
  readonly steepness: number;
  readonly copiesMax: number;
}

/** The part of a list, 0 to 1, that copy `copy` (from 1) pays for. */
function partFor(list: List, landedShare: number, costMicros: number, copy: number): number {
  const gain = list.worth * landedShare * (1 - landedShare) ** (copy - 1);
  if (!(gain > costMicros)) return 0;
  return Math.min(1, costMicros <= 0 ? 1 : Math.log(gain / costMicros) / list.steepness);
}

/** Messages per recipient of the list that bring the most, 0 to `copiesMax`. */
export function bestCopies(list: List, landedShare: number, costMicros: number): number {
  let copies = 0;
  for (let copy = 1; copy <= list.copiesMax; copy += 1) copies += partFor(list, landedShare, costMicros, copy);
  return copies;
}

/**
 * What victims pay per recipient of the list, micro-dollars, when messages were sent as `bestCopies` says for `planned` and a share `landed` of
 * them landed.
 */
export function valueOf(
  list: List,
  planned: { readonly landedShare: number; readonly costMicros: number },
  landedShare: number,
): number {
  let value = 0;
  for (let copy = 1; copy <= list.copiesMax; copy += 1) {
    const part = partFor(list, planned.landedShare, planned.costMicros, copy);
    value += landedShare * (1 - landedShare) ** (copy - 1) * (1 - Math.exp(-list.steepness * part));
  }
  return (value * list.worth) / list.steepness;
}
