/** Direct connect aggregators: who hands traffic to carriers, vets campaigns, and knows whom a number was handed in for. */
import type { Stream } from '../engine/stream.ts';
import { parameterOf } from '../parameter-of.ts';
import type { Parameters } from '../run.ts';

/** What even the most careful review lets through. */
const CARE_MAX = 0.95;

export interface Dca {
  /** Chance that it names a sender when it is asked and need not answer. */
  readonly cooperation: number;
  /** Share of throw-away registrations that its review catches. Grows where it answers for whom it hands in. */
  care: number;
  /** Median time until a number that it registers reaches the carriers. */
  readonly provisioningHours: number;
}

/** Spread of provisioning between DCAs, as a factor up and down. */
const PROVISIONING_SPREAD = 2;

export function makeDcas(parameters: Parameters): Dca[] {
  const count = Math.max(1, Math.round(parameterOf(parameters, 'dcaCount')));
  const within = (share: number): number => Math.min(1, Math.max(0, share));
  return Array.from({ length: count }, (_, index) => {
    const side = count === 1 ? 0 : index % 2 === 0 ? 1 : -1;
    return {
      cooperation: within(
        parameterOf(parameters, 'dcaCooperation') + side * parameterOf(parameters, 'dcaCooperationSpread'),
      ),
      care: within(parameterOf(parameters, 'dcaCare') + side * parameterOf(parameters, 'dcaCareSpread')),
      provisioningHours: parameterOf(parameters, 'provisioningHours') * PROVISIONING_SPREAD ** side,
    };
  });
}

/** A DCA as senders come by one: the first has half of them, the second half of the others, and so on. */
export function drawDca(dcas: readonly Dca[], stream: Stream): Dca {
  return dcas[Math.min(Math.floor(-Math.log2(1 - stream.next())), dcas.length - 1)]!;
}

/** It has been held to account: it takes so much more care of what is left to take. */
export function takeMoreCare(dca: Dca, step: number): void {
  dca.care = Math.max(dca.care, dca.care + step * (CARE_MAX - dca.care));
}
