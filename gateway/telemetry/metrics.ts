/**
 * `/metrics`: the core's counters, copied into Prometheus's format when somebody scrapes and at no other time.
 */
import type { FastifyPluginCallback } from 'fastify';
import { collectDefaultMetrics, type Metric, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import type { Intake, LatencyHistogram, MessageStore } from '../messages/index.ts';
import {
  BINDINGS,
  CARRIER_LABELS,
  CAUSES,
  type Core,
  DECISIONS,
  eachHandsetCount,
  eachMessageCount,
  eachRevenue,
  HANDSET_OUTCOMES,
  PAYEES,
  REGISTRATION_LABELS,
  REGISTRATION_REASONS,
  ROUTES,
  TRUTHS,
} from '../router/index.ts';
import { CATALOGUE, type MetricName } from './catalogue.ts';

const MICROS_PER_DOLLAR = 1e6;
const NS_PER_SECOND = 1e9;

export interface MetricSources {
  readonly core: Core;
  readonly store: MessageStore;
  readonly intake: Intake;
  /** Callbacks by result, since the start. */
  readonly callbacks: () => Readonly<Record<string, number>>;
}

type Sample = MetricValue<string>;
type Read = () => Sample[];

export const metricsRoute: FastifyPluginCallback<MetricSources> = (app, sources, done) => {
  const registry = createRegistry(sources);
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  done();
};

/** A registry holding every metric of the catalogue and the process's own. */
export function createRegistry(sources: MetricSources): Registry {
  const registry = new Registry();
  for (const [name, read] of Object.entries(readers(sources))) {
    registry.registerMetric(copiedAtScrape(name as MetricName, read));
  }
  collectDefaultMetrics({ register: registry });
  return registry;
}

function readers({ core, store, intake, callbacks }: MetricSources): Record<MetricName, Read> {
  const { counters } = core;
  return {
    tollgate_messages_total: () =>
      collect(eachMessageCount, counters, ([carrier, route, registration, decision, truth]) => ({
        carrier: CARRIER_LABELS[carrier!]!,
        route: ROUTES[route!]!,
        registration: REGISTRATION_LABELS[registration!]!,
        decision: DECISIONS[decision!]!.name,
        truth: TRUTHS[truth!]!,
      })),
    tollgate_registration_reasons_total: () =>
      Array.from(counters.reasons, (value, reason) => sample({ reason: REGISTRATION_REASONS[reason]! }, value)),
    tollgate_refusals_total: () =>
      Array.from(counters.refusals, (value, limit) => sample({ limit: BINDINGS[limit]!.name }, value)).slice(1),
    tollgate_handset_total: () =>
      collect(eachHandsetCount, counters, ([carrier, registration, outcome, truth]) => ({
        carrier: CARRIER_LABELS[carrier!]!,
        registration: REGISTRATION_LABELS[registration!]!,
        outcome: HANDSET_OUTCOMES[outcome!]!,
        truth: TRUTHS[truth!]!,
      })),
    tollgate_revenue_dollars_total: () =>
      collect(eachRevenue, counters, ([payee, cause, registration, truth]) => ({
        payee: PAYEES[payee!]!,
        cause: CAUSES[cause!]!,
        registration: REGISTRATION_LABELS[registration!]!,
        truth: TRUTHS[truth!]!,
      })).map((one) => ({ ...one, value: one.value / MICROS_PER_DOLLAR })),
    tollgate_charged_dollars_total: () => [sample({}, counters.chargedMicros / MICROS_PER_DOLLAR)],
    tollgate_decision_seconds: () => histogramSamples('tollgate_decision_seconds', intake.decisionTimes),
    tollgate_registry_numbers: () => [sample({}, core.registry.count)],
    tollgate_inflight_messages: () => [sample({}, store.inFlightCount)],
    tollgate_inbox_messages: () => [sample({}, store.count)],
    tollgate_callbacks_total: () => Object.entries(callbacks()).map(([result, value]) => sample({ result }, value)),
  };
}

/** A metric prom-client can print, whose values are read off the counters at that moment. */
function copiedAtScrape(name: MetricName, read: Read): Metric {
  const { help, type } = CATALOGUE[name];
  const metric = {
    name,
    get: (): Promise<MetricObjectWithValues<Sample>> =>
      Promise.resolve({ name, help, type, values: read(), aggregator: 'sum' } as unknown as MetricObjectWithValues<Sample>),
  };
  return metric as unknown as Metric;
}

function collect(
  each: typeof eachMessageCount,
  counters: Core['counters'],
  labelsOf: (indexes: readonly number[]) => Record<string, string>,
): Sample[] {
  const samples: Sample[] = [];
  each(counters, (indexes, value) => samples.push(sample(labelsOf(indexes), value)));
  return samples;
}

function sample(labels: Record<string, string>, value: number): Sample {
  return { labels, value };
}

/** Cumulative buckets, sum and count, as the exposition format wants them. */
function histogramSamples(name: string, histogram: LatencyHistogram): Sample[] {
  const samples: (Sample & { metricName: string })[] = [];
  let below = 0;
  histogram.boundsNs.forEach((boundNs, bucket) => {
    below += histogram.counts[bucket]!;
    samples.push({ metricName: `${name}_bucket`, labels: { le: boundNs / NS_PER_SECOND }, value: below });
  });
  samples.push({ metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: histogram.count });
  samples.push({ metricName: `${name}_sum`, labels: {}, value: histogram.sumNs / NS_PER_SECOND });
  samples.push({ metricName: `${name}_count`, labels: {}, value: histogram.count });
  return samples;
}
