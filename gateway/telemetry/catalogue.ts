/**
 * Every metric the gateway exposes, with its help, labels and unit. Dashboards, alerts and documents may name no other.
 * Labels have few, known values; a number, a text or an id never becomes a label.
 */

export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

export const CATALOGUE = {
  tollgate_messages_total: {
    type: 'counter',
    help: 'Messages decided, by destination carrier, route, class of the sender at that carrier, decision and ground truth.',
    labels: ['carrier', 'route', 'registration', 'decision', 'truth'],
  },
  tollgate_registration_reasons_total: {
    type: 'counter',
    help: 'Messages decided, by why the sender was classed as it was.',
    labels: ['reason'],
  },
  tollgate_refusals_total: {
    type: 'counter',
    help: 'Messages refused, by the limit or rule that bound.',
    labels: ['limit'],
  },
  tollgate_handset_total: {
    type: 'counter',
    help: 'Accepted messages that ended, by what the handset got. The receipt may have said otherwise.',
    labels: ['carrier', 'registration', 'outcome', 'truth'],
  },
  tollgate_revenue_dollars_total: {
    type: 'counter',
    help: 'Dollars earned from messages, by who is paid and for what.',
    labels: ['payee', 'cause', 'registration', 'truth'],
  },
  tollgate_charged_dollars_total: {
    type: 'counter',
    help: 'Dollars charged to senders. Always the sum of tollgate_revenue_dollars_total.',
    labels: [],
  },
  tollgate_decision_seconds: {
    type: 'histogram',
    help: 'Time to decide one message: lookup, class, regime, limits, price.',
    labels: [],
  },
  tollgate_registry_numbers: {
    type: 'gauge',
    help: 'Numbers in the registry now, pending ones included.',
    labels: [],
  },
  tollgate_inflight_messages: {
    type: 'gauge',
    help: 'Messages accepted and not yet in a final state.',
    labels: [],
  },
  tollgate_inbox_messages: {
    type: 'gauge',
    help: 'Messages held, in flight or finished.',
    labels: [],
  },
  tollgate_callbacks_total: {
    type: 'counter',
    help: 'Receipts posted to callback addresses, by result: delivered, failed after all attempts, or dropped because too many waited.',
    labels: ['result'],
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;

export type MetricName = keyof typeof CATALOGUE;
