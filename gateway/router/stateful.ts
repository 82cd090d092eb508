/**
 * A part of a running gateway that can be written down and taken up again, by itself or by another gateway of the same options.
 *
 * What is captured may be cloned as structures are, and may be the part's own memory: whoever asks writes it down before anything
 * else runs. What is restored is the giver's: the part copies what it keeps of it. Neither tells anybody of anything.
 */
export interface Stateful {
  capture(): unknown;
  /** Takes what the same kind of part captured. Throws for anything else, and may then be left half done. */
  restore(state: unknown): void;
}
