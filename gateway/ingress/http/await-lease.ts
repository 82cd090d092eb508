/**
 * A message that meets a limit shared with other gateways, of which this one holds nothing yet, waits here and not in the core: until the
 * lease has come, once for every limit on its way that is new to this gateway.
 */

import { AWAITS_LEASE, type Intake, type MessageDraft } from '../../messages/index.ts';

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

/**
 * Submits the message in `draft` again, which has just come to AWAITS_LEASE, until it is decided.
 * @param refill fills the draft again: others have used it meanwhile
 * @param answer as of `onceLeased`
 */
export function submitLeased<T>(
  { leases, intake, draft }: { readonly leases: LeaseDraws; readonly intake: Intake; readonly draft: MessageDraft },
  refill: () => void,
  answer: (sequence: number) => T | Promise<T>,
): Promise<T> {
  const { draw } = intake.slot;
  return onceLeased(leases, (mayAwaitLease) => {
    refill();
    draft.draw = draw;
    const sequence = intake.submit(draft, mayAwaitLease);
    return sequence === AWAITS_LEASE ? undefined : answer(sequence);
  });
}
