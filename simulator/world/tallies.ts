/** What is counted of every message, in flat arrays, and what becomes of it at the end: flows, and a figure for each day. */
import { CARRIER_LABELS, ROUTES } from '../../gateway/router/index.ts';
import type { Flow } from '../results.ts';
import { SPAM } from './sender.ts';

export const Outcome = { Delivered: 0, Filtered: 1, Blocked: 2, Limited: 3, Undelivered: 4 } as const;
const OUTCOMES = ['delivered', 'filtered', 'blocked', 'limited', 'undelivered'] as const;
const REGISTRATIONS = ['registered', 'unregistered'] as const;

const OUTCOME_COUNT = OUTCOMES.length;
const CARRIER_COUNT = CARRIER_LABELS.length;

/** Cell of a flow; `unregistered` is 0 or 1, `truth` as in `Sender`. */
export function flowCell(truth: number, route: number, unregistered: number, carrier: number, outcome: number): number {
  const isSpam = truth === SPAM ? 1 : 0;
  return (((isSpam * 2 + route) * 2 + unregistered) * CARRIER_COUNT + carrier) * OUTCOME_COUNT + outcome;
}

export const FLOW_CELLS = 8 * CARRIER_COUNT * OUTCOME_COUNT;

/** The flows that are not empty, in the order of their cells. */
export function flowsOf(cells: Float64Array): Flow[] {
  const found: Flow[] = [];
  for (let cell = 0; cell < cells.length; cell += 1) {
    const messages = cells[cell]!;
    if (messages === 0) continue;
    const outcome = cell % OUTCOME_COUNT;
    const carrier = Math.floor(cell / OUTCOME_COUNT) % CARRIER_COUNT;
    const rest = Math.floor(cell / OUTCOME_COUNT / CARRIER_COUNT);
    found.push({
      truth: rest >> 2 === 1 ? 'spam' : 'legit',
      route: ROUTES[(rest >> 1) & 1] as Flow['route'],
      registration: REGISTRATIONS[rest & 1]!,
      carrier: CARRIER_LABELS[carrier]!,
      outcome: OUTCOMES[outcome]!,
      messages,
    });
  }
  return found;
}

/** Messages in the flows that a condition holds of. */
export function sumOf(flows: readonly Flow[], holds: (flow: Flow) => boolean): number {
  return flows.reduce((sum, flow) => (holds(flow) ? sum + flow.messages : sum), 0);
}
