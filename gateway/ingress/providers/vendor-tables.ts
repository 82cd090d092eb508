/** Tables of a provider's words, by our codes: the compiler asks for a row whenever a decision or a delivery error is added. */
import { DeliveryError } from '../../messages/index.ts';
import { DecisionCode } from '../../router/index.ts';

/** The rows by decision code. */
export function byDecision<Row>(rows: Readonly<Record<keyof typeof DecisionCode, Row>>): readonly Row[] {
  return inOrder(rows, DecisionCode);
}

/** The rows by `DeliveryError`. */
export function byDeliveryError<Row>(rows: Readonly<Record<keyof typeof DeliveryError, Row>>): readonly Row[] {
  return inOrder(rows, DeliveryError);
}

function inOrder<Name extends string, Row>(
  rows: Readonly<Record<Name, Row>>,
  codes: Readonly<Record<Name, number>>,
): readonly Row[] {
  const names = Object.keys(codes) as Name[];
  return names.toSorted((one, other) => codes[one] - codes[other]).map((name) => rows[name]);
}
