/** What can be wrong with a carrier on purpose, by the port that those who set faults know too. */
export type { CarrierFaults, FaultEffects, FaultKind } from '../messages/index.ts';
