/**
 * Messages that come with a key of idempotency: claiming their keys before they are decided, waiting a while for a first one that has no
 * answer yet, and keeping the answers that stay right.
 */
import { IDEMPOTENCY_LOOK_MS, IDEMPOTENCY_LOOKS_MAX } from '../../limits.ts';
import type { Claim, ClaimOf, FirstAnswer, HeldKey, IdempotencyKeys, MessageAnswer } from '../../messages/index.ts';
import type { FieldProblem } from '../../problem.ts';
import { DecisionCode, decisionAt, type Timers } from '../../router/index.ts';

/** What a sender is told of a key, or of a message nobody knows the end of. */
export const KEY_REUSED: FieldProblem = {
  field: 'idempotencyKey',
  message: 'was used for another message; give each message a key of its own',
};
export const KEY_PENDING: FieldProblem = {
  field: 'idempotencyKey',
  message: 'the first message under this key has no answer yet; send again after the time given',
};
export const KEY_UNKNOWN: FieldProblem = {
  field: 'idempotencyKey',
  message:
    'the store of keys does not say whether this one was used, and nothing was decided; send again after the time given',
};
export const NOT_KNOWN_KEPT: FieldProblem = {
  field: '',
  message:
    'it could not be said in time whether the message was kept: it may be sent; to be sure that it is sent once, send it again under the ' +
    'same idempotency key',
};
/** How long a sender is told to wait before sending again in these cases. */
export const AGAIN_AFTER_MS = 1_000;

export interface Once {
  readonly keys: IdempotencyKeys;
  readonly timers: Timers;
}

/** What a claim came to; `twin` is the same message under the same key as one before it, which is new. */
export type Claimed = Claim | { readonly kind: 'twin'; readonly of: number };

/** How often one request may ask again. */
export class Patience {
  looksLeft = IDEMPOTENCY_LOOKS_MAX;
}

/**
 * Claims, and asks again for those pending until none is or patience is at its end. Rejects with `KeysUnavailable`; nothing is held
 * then.
 */
export async function claimed(
  { keys, timers }: Once,
  claims: readonly ClaimOf[],
  patience: Patience,
): Promise<readonly Claimed[]> {
  const found: Claimed[] = [...(await keys.claim(claims))];
  try {
    for (;;) {
      const pending = pendingOf(claims, found);
      if (pending.length === 0 || patience.looksLeft === 0) return found;
      patience.looksLeft -= 1;
      await new Promise<void>((resolve) => timers.after(IDEMPOTENCY_LOOK_MS, resolve));
      const again = await keys.claim(pending.map(([, claim]) => claim));
      pending.forEach(([at], index) => (found[at] = again[index] ?? { kind: 'pending' }));
    }
  } catch (error) {
    releaseAll(found);
    await keys.kept();
    throw error;
  }
}

/** Resolves when both do; undefined if nothing is under way. */
export function bothKept(
  one: Promise<unknown> | undefined,
  other: Promise<unknown> | undefined,
): Promise<unknown> | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Promise.all([one, other]);
}

/** Whether a message decided so is on its way to its carrier, or will be. */
export function isTaken(code: number): boolean {
  return code === DecisionCode.Accepted || code === DecisionCode.Queued;
}

/** Lets go of what has not been answered. */
export function releaseAll(claims: readonly Claimed[]): void {
  for (const claim of claims) if (claim.kind === 'new') claim.held.release();
}

/** Those that others hold, by place; those that an earlier one here holds become its twins. */
function pendingOf(claims: readonly ClaimOf[], found: Claimed[]): (readonly [at: number, claim: ClaimOf])[] {
  const heldHere = new Map<string, number>();
  const pending: (readonly [number, ClaimOf])[] = [];
  claims.forEach((claim, at) => {
    const name = `${claim.account ?? ''} ${claim.key} ${claim.fingerprint}`;
    const kind = found[at]?.kind;
    if (kind === 'new') heldHere.set(name, at);
    if (kind !== 'pending') return;
    const of = heldHere.get(name);
    if (of === undefined) pending.push([at, claim]);
    else found[at] = { kind: 'twin', of };
  });
  return pending;
}

/**
 * Keeps the answer to a message decided with `code`, or lets go of its key if the same message may fare better later. In the same turn as
 * it was submitted.
 * @returns what is repeated from now on
 */
export function keepAnswer(held: HeldKey, code: number, message: MessageAnswer): FirstAnswer {
  const { http, retryable } = decisionAt(code);
  const answer = { status: http, body: JSON.stringify(message) };
  if (isTaken(code)) held.taken(answer);
  else if (retryable) held.release();
  else held.refused(answer);
  return answer;
}
