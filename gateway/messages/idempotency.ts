/**
 * Sending the same message twice and getting one: the port to what remembers keys of idempotency and the first answers to them.
 *
 * A key is claimed before its message is decided, since deciding takes from limits. The answer, once there is one, is kept for the
 * window; that of an accepted message is kept in one step with the message itself, so that neither is ever there alone.
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

export type Claim =
  /** Nobody sent it before: decide it, then say `answered` or `released`. */
  | { readonly kind: 'new' }
  | { readonly kind: 'answered'; readonly answer: FirstAnswer }
  /** Another message was sent under this key. */
  | { readonly kind: 'other' }
  /** The first is still on its way to an answer. */
  | { readonly kind: 'pending' };

export interface IdempotencyKeys {
  /** Claims for messages, in their order; of two alike in one call the second is `pending`. One round trip at most. */
  claim(claims: readonly ClaimOf[]): Promise<readonly Claim[]>;
  /**
   * Keeps the first answer to a claim that was new. To be called in the same turn as the message was submitted: it is then as
   * durable as the message, and both are once `Intake.kept()` resolves.
   */
  answered(claim: ClaimOf, answer: FirstAnswer): void;
  /** Lets go of a claim that came to no answer worth repeating: the same key is new again. */
  released(claim: ClaimOf): void;
}
