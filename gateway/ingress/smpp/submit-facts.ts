/**
 * What has to be remembered of a submit_sm for its receipt, in one number:
 *
 *   bits 0-4 registered_delivery | 5-6 and 7-8 spelling of source and destination | 9-11 and 12-16 TON and NPI of the source |
 *   17-19 and 20-24 those of the destination
 */
import { MessageStateValue, RegisteredDelivery, type SubmitSm } from '../../smpp/index.ts';

export function factsOf(submit: SubmitSm, ofSource: number, ofDestination: number): number {
  return (
    (submit.registeredDelivery & 0x1f) |
    (ofSource << 5) |
    (ofDestination << 7) |
    (submit.sourceTon << 9) |
    (submit.sourceNpi << 12) |
    (submit.destinationTon << 17) |
    (submit.destinationNpi << 20)
  );
}

export function sourceSpelling(facts: number): number {
  return (facts >>> 5) & 3;
}

export function destinationSpelling(facts: number): number {
  return (facts >>> 7) & 3;
}

export function sourceTon(facts: number): number {
  return (facts >>> 9) & 7;
}

export function sourceNpi(facts: number): number {
  return (facts >>> 12) & 0x1f;
}

export function destinationTon(facts: number): number {
  return (facts >>> 17) & 7;
}

export function destinationNpi(facts: number): number {
  return (facts >>> 20) & 0x1f;
}

/** Whether an intermediate notification was asked for. */
export function wantsIntermediate(facts: number): boolean {
  return (facts & RegisteredDelivery.Intermediate) !== 0;
}

/** Whether any receipt was asked for. */
export function wantsReceipt(facts: number): boolean {
  return (facts & RegisteredDelivery.Receipt) !== 0;
}

/** Whether a receipt was asked for that tells of this final state (`MessageStateValue`). */
export function wantsFinal(facts: number, state: number): boolean {
  const isSuccess = state === MessageStateValue.Accepted || state === MessageStateValue.Delivered;
  switch (facts & RegisteredDelivery.Receipt) {
    case RegisteredDelivery.Any:
      return true;
    case RegisteredDelivery.FailureOnly:
      return !isSuccess;
    case RegisteredDelivery.SuccessOnly:
      return isSuccess;
    default:
      return false;
  }
}
