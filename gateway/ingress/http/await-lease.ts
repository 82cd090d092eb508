/**
 * A message that meets a limit shared with other gateways, of which this one holds nothing yet, waits here and not in the core: until the
 * lease has come, once for every limit on its way that is new to this gateway.
 */

/** Of whoever draws leases. */
export interface LeaseDraws {
  /** Resolves when what is being asked for has been answered; soon also when it cannot be asked. */
  answered(): Promise<void>;
}

/** A message meets five shared limits at most; the others are for leases that were used up by the time it was submitted again. */
const ROUNDS_MAX = 8;

/**
 * Tries again until the message is decided. `attempt` is given whether it may once more put it off, for want of a lease, by returning
 * undefined; on the last round it may not. It must also write the answer, since what the decision left in the slot is other
 * messages' as soon as anybody waits.
 */
export async function onceLeased<T>(
  leases: LeaseDraws,
  attempt: (mayAwaitLease: boolean) => T | Promise<T> | undefined,
): Promise<T> {
  for (let round = 1; ; round += 1) {
    await leases.answered();
    const done = attempt(round < ROUNDS_MAX);
    if (done !== undefined) return done;
  }
}
