/** What a policy is: some changes to the rules of the game, from a day on. */
import type { PolicyFacts } from '../policy-expression.ts';
import type { Parameters } from '../run.ts';

/** Whether registrations are in one registry, or in two, and how these stand to each other. */
type Registries = 'one' | 'split' | 'competing';

/**
 * The rules that actors live under. A policy sets some of them. What is not set is the world of the seed: unregistered traffic passes
 * at a higher price, the number registry knows the present only, and nobody looks at the P2P route.
 */
export interface Rules {
  /** Unregistered traffic on the business route is refused by all carriers. */
  blocksUnregistered: boolean;
  /** The number registry keeps who had a number when; DCAs answer for whom they hand in; a brand that is found loses all it has. */
  closesLoop: boolean;
  /** Carriers take business messages only from senders whose identity they have checked. */
  checksIdentity: boolean;
  /** Carriers filter by analytics of the whole traffic. */
  hasAnalytics: boolean;
  /** Bulk traffic that is recognised on the P2P route is treated as the unregistered business traffic that it is. */
  closesBypass: boolean;
  /** Messages from numbers that nobody holds are refused. */
  refusesInvalidNumbers: boolean;
  /** Violations that are found cost a fine. */
  fines: boolean;
  /** Multiplies what unregistered senders pay above the registered price. */
  surchargeFactor: number;
  /** Multiplies the carriers' registered price. */
  priceFactor: number;
  registries: Registries;
  /** Index into CARRIERS of the one that left the campaign registry, or -1. */
  exitedCarrier: number;
}

export interface Policy extends PolicyFacts {
  /** Sets rules. Policies of a combination are applied in the order they begin, each once. */
  apply(rules: Rules, parameters: Parameters): void;
}

export function rulesOfTheSeed(): Rules {
  return {
    blocksUnregistered: false,
    closesLoop: false,
    checksIdentity: false,
    hasAnalytics: false,
    closesBypass: false,
    refusesInvalidNumbers: false,
    fines: false,
    surchargeFactor: 1,
    priceFactor: 1,
    registries: 'one',
    exitedCarrier: -1,
  };
}
