/** The keys of idempotency of one batch: claimed a slice at a time, and asked for line by line as its messages have their turns. */
import { type ClaimOf, type HeldKey, KeysUnavailable } from '../../messages/index.ts';
import type { BatchResults } from './batch-results.ts';
import {
  type Claimed,
  claimed,
  KEY_PENDING,
  KEY_REUSED,
  KEY_UNKNOWN,
  type Once,
  Patience,
  releaseAll,
} from './once.ts';

export class BatchKeys {
  readonly #once: Once;
  readonly #patience = new Patience();
  #isUsed = false;
  /** Once the keys of a slice could not be claimed, those after it are not asked for. */
  #isAway = false;
  #claims: readonly Claimed[] = [];
  /** Places in the claims, by index in the batch. */
  readonly #placeOf = new Map<number, number>();
  /** Where the results of held keys are written, from and up to before, by place. */
  readonly #written = new Map<number, readonly [fromByte: number, toByte: number]>();

  constructor(once: Once) {
    this.#once = once;
  }

  /** Claims for the messages of a slice, by their index in the batch; what came of it is told by `heldFor`. */
  async claim(claims: ReadonlyMap<number, ClaimOf>): Promise<void> {
    this.#isUsed = true;
    this.#claims = [];
    this.#placeOf.clear();
    this.#written.clear();
    if (this.#isAway) return;
    for (const index of claims.keys()) this.#placeOf.set(index, this.#placeOf.size);
    try {
      this.#claims = await claimed(this.#once, [...claims.values()], this.#patience);
    } catch (error) {
      if (!(error instanceof KeysUnavailable)) throw error;
      this.#isAway = true;
    }
  }

  /** The key of a message that is to be decided; undefined if it is not: then its result has been added. */
  heldFor(index: number, results: BatchResults): HeldKey | undefined {
    const found = this.#claims[this.#placeOf.get(index) ?? -1];
    if (found === undefined) {
      results.addUndecided(KEY_UNKNOWN);
      return undefined;
    }
    switch (found.kind) {
      case 'new':
        if (found.held.isCurrent) return found.held;
        found.held.release();
        results.addUndecided(KEY_PENDING);
        break;
      case 'answered':
        results.addReplayed(found.answer);
        break;
      case 'other':
        results.addInvalid([KEY_REUSED]);
        break;
      case 'pending':
        results.addUndecided(KEY_PENDING);
        break;
      case 'twin': {
        const written = this.#written.get(found.of);
        if (written === undefined) results.addUndecided(KEY_PENDING);
        else results.addTwin(...written);
        break;
      }
    }
    return undefined;
  }

  /** Says where the result of a message whose key was held has been written, for others like it. */
  wrote(index: number, fromByte: number, toByte: number): void {
    this.#written.set(this.#placeOf.get(index) ?? -1, [fromByte, toByte]);
  }

  /** `IdempotencyKeys.kept`, of a batch that has keys. */
  kept(): Promise<void> | undefined {
    return this.#isUsed ? this.#once.keys.kept() : undefined;
  }

  /** Lets go of all keys whose messages have no answer. */
  async release(): Promise<void> {
    releaseAll(this.#claims);
    await this.kept();
  }
}
