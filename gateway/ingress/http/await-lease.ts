/**
 * A message that meets a limit shared with other gateways, of which this one holds nothing yet, waits here and not in the core: until the
 * lease has come, once for every limit on its way that is new to this gateway.
 */
import { AWAITS_LEASE } from '../../messages/index.ts';

/** Of whoever draws leases. */
export interface LeaseDraws {
  /** Resolves when what is being asked for has been answered; soon also when it cannot be asked. */
  answered(): Promise<void>;
}

/** A message meets five shared limits at most; the others are for leases that were used up by the time it was submitted again. */
const ROUNDS_MAX = 8;

/**
 * Submits until the message is decided. `submit` is given whether it may once more answer AWAITS_LEASE; on the last round it may not.
 * @returns what `submit` answered, never AWAITS_LEASE
 */
export async function submitOnceLeased(
  leases: LeaseDraws,
  submit: (mayAwaitLease: boolean) => number,
): Promise<number> {
  for (let round = 1; ; round += 1) {
    await leases.answered();
    const sequence = submit(round < ROUNDS_MAX);
    if (sequence !== AWAITS_LEASE) return sequence;
  }
}
