/** What a message costs its sender, in the parts in which providers tell of it. */
import type { MessageStore } from '../../messages/index.ts';

const MICROS = 1_000_000;

/** In micro-dollars. */
export interface MessageCost {
  /** What is passed on to the carrier. */
  readonly carrierMicros: number;
  /** What the provider takes, and those between it and the carrier. */
  readonly rateMicros: number;
}

/** Nothing for what a limit or a rule refused, unless the carrier charges all the same. */
export function costOf(store: MessageStore, at: number): MessageCost {
  return {
    carrierMicros: store.carrierFeeMicros[at]! + store.surchargeMicros[at]!,
    rateMicros: store.dcaMicros[at]! + store.aggregatorMicros[at]!,
  };
}

/** As in `0.0051`. */
export function dollarsOf(micros: number): string {
  return String(micros / MICROS);
}
