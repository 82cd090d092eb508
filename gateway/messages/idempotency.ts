/**
 * Sending the same message twice and getting one: the port to what remembers keys of idempotency and the first answers to them.
 *
 * A key is claimed before its message is decided, since deciding takes from limits. The answer, once there is one, is kept for the
 * window; that of a message that was taken is kept in one step with the message itself, so that neither is ever there alone.
 */

/** Whose key it is and what was sent under it. */
export interface ClaimOf {
  /** Keys of two accounts never meet. */
  readonly account: string | undefined;
  readonly key: string;
  /** A digest of the message: another one under the same key is a mistake of the sender. */
  readonly fingerprint: string;
}

/** What was answered: the HTTP status and the body of the one message, as JSON text. */
export interface FirstAnswer {
  readonly status: number;
  readonly body: string;
}

/** A key that is the claimer's, until it says what became of it: once, by one of the three. */
export interface HeldKey {
  /** Whether the message may still be decided. A key is held for a bounded time, after which others may claim it. */
  readonly isCurrent: boolean;
  /**
   * Keeps the answer to a message that was accepted or waits under a limit. To be called right after it was submitted, before any
   * other: it is then as durable as the message, and both are once `Intake.kept()` resolves.
   */
  taken(answer: FirstAnswer): void;
  /** Keeps a refusal that stays right; it is there once `IdempotencyKeys.kept()` resolves. */
  refused(answer: FirstAnswer): void;
  /** Lets go of a key whose message came to no answer worth repeating: it is new again. Does nothing once one was kept. */
  release(): void;
}

export type Claim =
  /** Nobody sent it before: decide it. */
  | { readonly kind: 'new'; readonly held: HeldKey }
  | { readonly kind: 'answered'; readonly answer: FirstAnswer }
  /** Another message was sent under this key. */
  | { readonly kind: 'other' }
  /** The first is still on its way to an answer. */
  | { readonly kind: 'pending' };

export interface IdempotencyKeys {
  /**
   * Claims for messages, in their order; of two alike in one call the second is `pending`. One round trip at most. Rejects with
   * `KeysUnavailable`.
   */
  claim(claims: readonly ClaimOf[]): Promise<readonly Claim[]>;
  /**
   * Resolves once what was refused or released so far is there for all who ask, or could not be brought there. Undefined if nothing
   * is under way. To be called in the same turn.
   */
  kept(): Promise<void> | undefined;
}

/** It cannot be said whether a message was sent before. What was claimed may be held for a while. */
export class KeysUnavailable extends Error {}
