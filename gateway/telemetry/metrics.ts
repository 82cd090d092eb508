/**
 * `/metrics`: the core's counters, copied into Prometheus's format when somebody scrapes and at no other time.
 */
import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import { collectDefaultMetrics, type Metric, type MetricValue, Registry } from 'prom-client';
import { CARRIERS } from '../../registry-cache/index.ts';
import type { NumberMeters } from '../../tariffs/index.ts';
import {
  type Intake,
  type LatencyHistogram,
  type MessageStore,
  type NamedLatencies,
  NO_SEQUENCE,
} from '../messages/index.ts';
import {
  Binding,
  BINDINGS,
  type Cell,
  type Core,
  handsetCells,
  messageCells,
  nameAt,
  REGIMES,
  REGISTRATION_REASONS,
  revenueCells,
} from '../router/index.ts';
import { CATALOGUE, type MetricName } from './catalogue.ts';
import { Exposition, type Told } from './exposition.ts';
import type { RequestTimes } from './request-times.ts';

const MICROS_PER_DOLLAR = 1e6;
const NS_PER_SECOND = 1e9;
const MS_PER_SECOND = 1e3;
const LEASE_STATES: readonly string[] = ['own', 'shared', 'away'];
/** Accounts that have a label of their own: operators may declare any number of them, and a scrape has room for few. */
const LABELLED_ACCOUNTS_MAX = 50;
const NOTHING_DELIVERED = { taken: 0, finished: 0, lost: 0, takenOver: 0, parked: 0 };
const NO_SESSIONS = { open: 0, transmitter: 0, receiver: 0, transceiver: 0, unbinding: 0, closed: 0 };
const NO_RECEIPTS = { waiting: 0, acknowledged: 0, refused: 0, repeated: 0, dropped: 0 };
const NO_DRAWS: LeaseFigures['draws'] = { granted: 0, refused: 0, told: 0 };

/** How this process's view of the registry follows its store. */
export interface RegistryFigures {
  readonly ageMs: number;
  readonly state: string;
  /** Every state there is. */
  readonly states: readonly string[];
  readonly lag: LatencyHistogram;
  readonly reloads: Readonly<Record<string, number>>;
}

/** How the writing of CDRs goes. */
export interface CdrFigures {
  readonly recordCount: number;
  readonly byteCount: number;
  readonly errorCount: number;
  readonly droppedCount: number;
  readonly pendingCount: number;
}

/** How the writing of the audit log goes. */
export interface AuditFigures {
  readonly entryCount: number;
  readonly errorCount: number;
}

/** What the simulated carriers did. */
export interface CarrierFigures {
  readonly receipts: readonly Cell<'carrier' | 'kind'>[];
  readonly filter: readonly Cell<'carrier' | 'result'>[];
  readonly errors: readonly Cell<'carrier' | 'error'>[];
  readonly retries: readonly Cell<'carrier' | 'error'>[];
  readonly complaints: readonly Cell<'carrier'>[];
  readonly blocks: readonly Cell<'carrier'>[];
}

/** How the sending of webhooks goes. */
export interface WebhookFigures {
  readonly posts: Readonly<Record<string, number>>;
  readonly attempts: Readonly<Record<string, number>>;
  readonly hosts: Readonly<Record<string, number>>;
  readonly counts: { readonly pending: number; readonly dead: number };
  readonly duration: LatencyHistogram;
}

/** How the leases on limits go that are shared with other gateways. */
export interface LeaseFigures {
  readonly isAway: boolean;
  readonly gateways: number;
  readonly leased: number;
  readonly draws: Readonly<Record<'granted' | 'refused' | 'told', number>>;
  readonly failures: number;
  readonly awayCount: number;
}

/** Faults set on purpose. */
export interface FaultFigures {
  readonly inForce: readonly { readonly kind: string; readonly count: number }[];
  readonly applied: readonly { readonly kind: string; readonly carrier: string; readonly count: number }[];
}

/** What a gateway keeps in Redis. */
export interface KeepingFigures {
  readonly batches: number;
  readonly messages: number;
  readonly pending: number;
  readonly open: number;
  readonly held: number;
  readonly takenOver: number;
  readonly takenAway: number;
  readonly retries: number;
  readonly lost: number;
  readonly deadBatches: number;
}

/** What is delivered out of Redis here. */
export interface WorkerFigures {
  readonly active: number;
  readonly taken: number;
  readonly finished: number;
  readonly lost: number;
  readonly takenOver: number;
  readonly parked: number;
  readonly ended: number;
  readonly errors: number;
}

/** How the SMPP edge goes. */
export interface SmppFigures {
  readonly sessions: Readonly<Record<string, number>>;
  readonly bindsRefused: number;
  readonly submits: number;
  readonly receipts: Readonly<Record<'waiting' | 'acknowledged' | 'refused' | 'repeated' | 'dropped', number>>;
  readonly scheduled: number;
}

/** Of whatever delivers: a gateway, or a worker. */
export interface DeliverySources {
  /** Undefined if nothing is delivered out of Redis here. */
  readonly worker: () => WorkerFigures | undefined;
  readonly webhooks: () => WebhookFigures;
  readonly carriers: () => CarrierFigures;
  readonly faults: () => FaultFigures;
  /** Receipts for ESMEs that went for want of room in Redis. */
  readonly spoolDropped?: () => number;
  /** Undefined if no audit log is kept. */
  readonly audit: AuditFigures | undefined;
  /** Of the package. */
  readonly version: string;
}

export interface MetricSources extends DeliverySources {
  readonly core: Core;
  readonly store: MessageStore;
  readonly intake: Intake;
  readonly registry: () => RegistryFigures;
  /** Micro-dollars of fees posted. */
  readonly feesMicros: () => number;
  /** What counts per number. */
  readonly numbers: Pick<NumberMeters, 'trackedCount' | 'recipientPairCount' | 'bytes'>;
  /** Undefined if none are written. */
  readonly cdrs: CdrFigures | undefined;
  /** Undefined if this gateway counts its limits alone. */
  readonly leases: () => LeaseFigures | undefined;
  /** Undefined if nothing is kept. */
  readonly keeping: () => KeepingFigures | undefined;
  /** Undefined if there is no SMPP. */
  readonly smpp?: () => SmppFigures | undefined;
  /** How full limits are. */
  readonly limitUse: () => readonly Cell<'limit'>[];
  /** Undefined where requests are not timed. */
  readonly requests: RequestTimes | undefined;
}

type Sample = MetricValue<string>;
type Read = () => Sample[];

/** One observation of those a bucket counts, as prom-client prints it in OpenMetrics. */
interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

export const metricsRoute: FastifyPluginCallback<MetricSources> = (app, sources, done) => {
  serve(app, readers(sources));
  done();
};

/** The metrics of a worker in a process of its own: what it delivers, and the process. */
export const workerMetricsRoute: FastifyPluginCallback<DeliverySources> = (app, sources, done) => {
  serve(app, deliveryReaders(sources));
  done();
};

function serve(app: FastifyInstance, reading: Partial<Record<MetricName, Read>>): void {
  let exposition: Exposition | undefined;
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    exposition ??= new Exposition([
      ...Object.entries(reading).map(([name, read]) => copiedAtScrape(name as MetricName, read)),
      ...(processMetrics ??= metricsOfProcess()),
    ]);
    const writer = exposition.writerFor(request.headers.accept);
    return reply
      .type(writer.contentType)
      .header('vary', 'accept')
      .send(await writer.metrics());
  });
}

/** Those of the process, whatever gateways run in it: what observes it is never let go, and would hold on to each of them. */
let processMetrics: readonly Metric[] | undefined;

function metricsOfProcess(): readonly Metric[] {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // They are the metrics themselves, whatever the types of prom-client say.
  return registry.getMetricsAsArray() as unknown as Metric[];
}

function deliveryReaders({ webhooks, faults, carriers, worker, spoolDropped, audit, version }: DeliverySources) {
  return {
    tollgate_build_info: () => [sample({ version, node: process.version }, 1)],
    tollgate_worker_open_batches: () => [sample({}, worker()?.active ?? 0)],
    tollgate_worker_batches_total: () => {
      const { taken, finished, lost, takenOver, parked } = worker() ?? NOTHING_DELIVERED;
      return byName('event', { taken, finished, lost, taken_over: takenOver, parked });
    },
    tollgate_worker_messages_total: () => [sample({}, worker()?.ended ?? 0)],
    tollgate_worker_errors_total: () => [sample({}, worker()?.errors ?? 0)],
    tollgate_smpp_spool_dropped_total: () => [sample({}, spoolDropped?.() ?? 0)],
    tollgate_audit_entries_total: () => [sample({}, audit?.entryCount ?? 0)],
    tollgate_audit_errors_total: () => [sample({}, audit?.errorCount ?? 0)],
    tollgate_receipts_total: () => carriers().receipts.map(fromCell),
    tollgate_filter_decisions_total: () => carriers().filter.map(fromCell),
    tollgate_delivery_errors_total: () => carriers().errors.map(fromCell),
    tollgate_delivery_retries_total: () => carriers().retries.map(fromCell),
    tollgate_complaints_total: () => carriers().complaints.map(fromCell),
    tollgate_number_blocks: () => carriers().blocks.map(fromCell),
    tollgate_webhook_posts_total: () => byName('result', webhooks().posts),
    tollgate_webhook_attempts_total: () => byName('result', webhooks().attempts),
    tollgate_webhook_seconds: () => histogramSamples('tollgate_webhook_seconds', webhooks().duration),
    tollgate_webhook_hosts: () => byName('state', webhooks().hosts),
    tollgate_webhook_pending_posts: () => [sample({}, webhooks().counts.pending)],
    tollgate_webhook_dead_letters: () => [sample({}, webhooks().counts.dead)],
    tollgate_faults_in_force: () => faults().inForce.map(({ kind, count }) => sample({ kind }, count)),
    tollgate_fault_applied_total: () =>
      faults().applied.map(({ kind, carrier, count }) => sample({ kind, carrier }, count)),
  } satisfies Partial<Record<MetricName, Read>>;
}

function readers({
  core,
  store,
  intake,
  registry,
  feesMicros,
  numbers,
  cdrs,
  leases,
  keeping,
  smpp,
  limitUse,
  requests,
  ...delivery
}: MetricSources): Record<MetricName, Read> {
  const { counters } = core;
  return {
    ...deliveryReaders(delivery),
    tollgate_messages_total: () => messageCells(counters).map((cell) => fromCell(cell)),
    tollgate_registration_reasons_total: () =>
      Array.from(counters.reasons, (value, reason) => sample({ reason: nameAt(REGISTRATION_REASONS, reason) }, value)),
    tollgate_refusals_total: () =>
      BINDINGS.map(({ name }, binding) => sample({ limit: name }, counters.refusals[binding] ?? 0)).slice(1),
    tollgate_limit_use_ratio: () => limitUse().map(fromCell),
    tollgate_handset_total: () => handsetCells(counters).map((cell) => fromCell(cell)),
    tollgate_revenue_dollars_total: () =>
      revenueCells(counters).map(({ labels, value }) => sample({ ...labels }, value / MICROS_PER_DOLLAR)),
    tollgate_charged_dollars_total: () => [sample({}, counters.chargedMicros / MICROS_PER_DOLLAR)],
    tollgate_account_charged_dollars_total: () => chargedByAccount(core),
    tollgate_regime: () => regimesInForce(core, intake.pricedAtMs()),
    tollgate_tariff_date_seconds: () => [sample({}, intake.pricedAtMs() / MS_PER_SECOND)],
    tollgate_retry_after_seconds: () => histogramSamples('tollgate_retry_after_seconds', intake.retryAfterTimes),
    tollgate_fees_dollars_total: () => [sample({}, feesMicros() / MICROS_PER_DOLLAR)],
    tollgate_inbound_messages_total: () =>
      CARRIERS.map(({ id }, carrier) => sample({ carrier: id }, counters.inbound[carrier] ?? 0)),
    tollgate_decision_seconds: () =>
      withExemplars(
        histogramSamples('tollgate_decision_seconds', intake.decisionTimes),
        exemplarsOf(intake.decisionTimes, store),
      ),
    tollgate_request_seconds: () =>
      [...(requests ?? [])].flatMap(([api, times]) =>
        times.count === 0 ? [] : histogramSamples('tollgate_request_seconds', times, { api }),
      ),
    tollgate_registry_numbers: () => [sample({}, core.registry.count)],
    tollgate_registry_pending_numbers: () => [sample({}, core.registry.pendingCount)],
    tollgate_registry_changes_total: () => [sample({}, core.registry.changeCount)],
    tollgate_registry_view_age_seconds: () => [sample({}, registry().ageMs / MS_PER_SECOND)],
    tollgate_registry_view_state: () => {
      const { state, states } = registry();
      return states.map((one) => sample({ state: one }, one === state ? 1 : 0));
    },
    tollgate_registry_feed_lag_seconds: () => histogramSamples('tollgate_registry_feed_lag_seconds', registry().lag),
    tollgate_registry_reloads_total: () =>
      Object.entries(registry().reloads).map(([reason, value]) => sample({ reason }, value)),
    tollgate_registry_stale_messages_total: () => [
      sample({ action: 'served' }, intake.staleCount),
      sample({ action: 'refused' }, counters.refusals[Binding.RegistryAge] ?? 0),
    ],
    tollgate_inflight_messages: () => [sample({}, store.inFlightCount)],
    tollgate_queued_messages: () => [sample({}, store.queuedCount)],
    tollgate_limit_number_rows: () => [sample({}, numbers.trackedCount)],
    tollgate_limit_recipient_pairs: () => [sample({}, numbers.recipientPairCount)],
    tollgate_limit_number_bytes: () => [sample({}, numbers.bytes)],
    tollgate_smpp_sessions: () => byName('state', smpp?.()?.sessions ?? NO_SESSIONS),
    tollgate_smpp_binds_refused_total: () => [sample({}, smpp?.()?.bindsRefused ?? 0)],
    tollgate_smpp_submits_total: () => [sample({}, smpp?.()?.submits ?? 0)],
    tollgate_smpp_receipts_total: () => {
      const { waiting: _, ...results } = smpp?.()?.receipts ?? NO_RECEIPTS;
      return byName('result', results);
    },
    tollgate_smpp_waiting_receipts: () => [sample({}, smpp?.()?.receipts.waiting ?? 0)],
    tollgate_smpp_scheduled_messages: () => [sample({}, smpp?.()?.scheduled ?? 0)],
    tollgate_inbox_messages: () => [sample({}, store.count)],
    tollgate_inbox_capacity_messages: () => [sample({}, store.capacity)],
    tollgate_cdr_records_total: () => [sample({}, cdrs?.recordCount ?? 0)],
    tollgate_cdr_bytes_total: () => [sample({}, cdrs?.byteCount ?? 0)],
    tollgate_cdr_errors_total: () => [sample({}, cdrs?.errorCount ?? 0)],
    tollgate_cdr_dropped_records_total: () => [sample({}, cdrs?.droppedCount ?? 0)],
    tollgate_cdr_pending_records: () => [sample({}, cdrs?.pendingCount ?? 0)],
    tollgate_limit_leases_state: () => {
      const figures = leases();
      const state = figures === undefined ? 'own' : figures.isAway ? 'away' : 'shared';
      return LEASE_STATES.map((one) => sample({ state: one }, one === state ? 1 : 0));
    },
    tollgate_limit_gateways: () => [sample({}, leases()?.gateways ?? 1)],
    tollgate_limit_leased_keys: () => [sample({}, leases()?.leased ?? 0)],
    tollgate_limit_lease_draws_total: () =>
      Object.entries(leases()?.draws ?? NO_DRAWS).map(([result, value]) => sample({ result }, value)),
    tollgate_limit_lease_failures_total: () => [sample({}, leases()?.failures ?? 0)],
    tollgate_kept_messages_total: () => [sample({}, keeping()?.messages ?? 0)],
    tollgate_kept_batches_total: () => [sample({}, keeping()?.batches ?? 0)],
    tollgate_keep_retries_total: () => [sample({}, keeping()?.retries ?? 0)],
    tollgate_unkept_messages: () => [sample({}, keeping()?.pending ?? 0)],
    tollgate_undelivered_messages: () => [sample({}, keeping()?.open ?? 0)],
    tollgate_held_messages: () => [sample({}, keeping()?.held ?? 0)],
    tollgate_held_moved_total: () =>
      byName('direction', { here: keeping()?.takenOver ?? 0, away: keeping()?.takenAway ?? 0 }),
    tollgate_lost_messages_total: () => [sample({}, keeping()?.lost ?? 0)],
    tollgate_dead_batches: () => [sample({}, keeping()?.deadBatches ?? 0)],
    tollgate_limit_local_fraction_total: () => [sample({}, leases()?.awayCount ?? 0)],
  };
}

function chargedByAccount({ accounts, counters }: Core): Sample[] {
  const [undeclared = 0, ...declared] = counters.accountMicros;
  const names = Array.from(accounts, ({ id }) => id);
  const labelled = names.slice(0, LABELLED_ACCOUNTS_MAX);
  const others = declared.slice(LABELLED_ACCOUNTS_MAX).reduce((sum, micros) => sum + micros, 0);
  // No id has brackets.
  return [
    sample({ account: '(none)' }, undeclared / MICROS_PER_DOLLAR),
    ...labelled.map((account, handle) => sample({ account }, (declared[handle] ?? 0) / MICROS_PER_DOLLAR)),
    ...(names.length > labelled.length ? [sample({ account: '(others)' }, others / MICROS_PER_DOLLAR)] : []),
  ];
}

function regimesInForce({ regimes }: Core, pricedAtMs: number): Sample[] {
  return CARRIERS.flatMap(({ id }, carrier) => {
    const inForce = nameAt(REGIMES, regimes.regimeAt(carrier, { pricedAtMs }));
    return REGIMES.map((regime) => sample({ carrier: id, regime }, regime === inForce ? 1 : 0));
  });
}

/** A metric prom-client can print, whose values are read off the counters at that moment. */
function copiedAtScrape(name: MetricName, read: Read): Metric {
  const { help, type } = CATALOGUE[name];
  const metric = {
    name,
    get: (): Promise<Told> =>
      Promise.resolve({ name, help, type, values: read(), aggregator: 'sum' } as unknown as Told),
  };
  return metric as unknown as Metric;
}

function fromCell({ labels, value }: Cell<string>): Sample {
  return sample({ ...labels }, value);
}

function byName(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => sample({ [label]: name }, value));
}

function sample(labels: Record<string, string>, value: number): Sample {
  return { labels, value };
}

/** By bucket: its latest message that the store still holds. */
function exemplarsOf({ sequences, lastNs, atMs }: NamedLatencies, store: MessageStore): (Exemplar | undefined)[] {
  return Array.from(sequences, (sequence, bucket) => {
    if (sequence === NO_SEQUENCE || !store.holds(sequence)) return undefined;
    const labelSet = { message_id: store.idAt(sequence % store.capacity) };
    const [tookNs = 0, whenMs = 0] = [lastNs[bucket], atMs[bucket]];
    return { labelSet, value: tookNs / NS_PER_SECOND, timestamp: whenMs / MS_PER_SECOND };
  });
}

/** The samples of a histogram, of which the buckets come first, with an exemplar each where there is one. */
function withExemplars(samples: Sample[], exemplars: readonly (Exemplar | undefined)[]): Sample[] {
  return samples.map((one, place) => (exemplars[place] === undefined ? one : { ...one, exemplar: exemplars[place] }));
}

/** Cumulative buckets, sum and count, as the exposition format wants them. */
function histogramSamples(name: string, histogram: LatencyHistogram, labels: Sample['labels'] = {}): Sample[] {
  const samples: (Sample & { metricName: string })[] = [];
  let below = 0;
  histogram.boundsNs.forEach((boundNs, bucket) => {
    below += histogram.counts[bucket] ?? 0;
    samples.push({ metricName: `${name}_bucket`, labels: { le: boundNs / NS_PER_SECOND, ...labels }, value: below });
  });
  samples.push({ metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: histogram.count });
  samples.push({ metricName: `${name}_sum`, labels, value: histogram.sumNs / NS_PER_SECOND });
  samples.push({ metricName: `${name}_count`, labels, value: histogram.count });
  return samples;
}
