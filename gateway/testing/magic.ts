/** Magic numbers by what they do. */
import { CARRIERS, formatNumber, MAGIC_NUMBERS, type MagicOutcome } from '../../registry-cache/index.ts';
import { checkWord } from './known.ts';
import type { CarrierId } from './registry.ts';

export type { MagicOutcome } from '../../registry-cache/index.ts';

/** A number to send to: what always becomes of a message to it, and, for most, at which carrier; AT&T when left out. */
export function magicTo(outcome: MagicOutcome, carrier: CarrierId = 'att'): string {
  checkWord(
    'carrier',
    carrier,
    CARRIERS.map(({ id }) => id),
  );
  const ofOutcome = MAGIC_NUMBERS.filter((one) => one.role === 'to' && one.outcome === outcome);
  const found = ofOutcome.find(({ holder }) => holder === carrier) ?? ofOutcome[0];
  if (found === undefined)
    throw new RangeError(`no magic number to send to is "${outcome}"; magicFrom has those to send from`);
  return formatNumber(found.key);
}

/** A number to send from, by what the registries know of it. */
export function magicFrom(outcome: MagicOutcome): string {
  const found = MAGIC_NUMBERS.find((one) => one.role === 'from' && one.outcome === outcome);
  if (found === undefined)
    throw new RangeError(`no magic number to send from is "${outcome}"; magicTo has those to send to`);
  return formatNumber(found.key);
}
