/**
 * How metrics are written down: as OpenMetrics for who asks for it, as Prometheus does, since only that has room for exemplars; in
 * Prometheus's own text for all others. Names are the same in both.
 */
import {
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  type OpenMetricsContentType,
  Registry,
  type RegistryContentType,
} from 'prom-client';

/** What a metric says when it is scraped. */
export type Told = MetricObjectWithValues<MetricValue<string>>;

const OPEN_TYPE = 'application/openmetrics-text';
const TEXT_TYPE = 'text/plain';

export interface Writer {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** Writes metrics down as whoever asks would have them. */
export class Exposition {
  readonly #metrics: readonly Metric[];
  #text: Writer | undefined;
  #open: Writer | undefined;

  constructor(metrics: readonly Metric[]) {
    this.#metrics = metrics;
  }

  /** @param accept header of the request */
  writerFor(accept: string | undefined): Writer {
    if (!prefersOpenMetrics(accept)) return (this.#text ??= filled(new Registry(), this.#metrics));
    return (this.#open ??= filled(openRegistry(), this.#metrics.map(openMetric)));
  }
}

function openRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

function filled<Format extends RegistryContentType>(registry: Registry<Format>, metrics: readonly Metric[]): Writer {
  for (const metric of metrics) registry.registerMetric(metric);
  return registry;
}

/** Whether `Accept` rates OpenMetrics above plain text; who names neither gets text. */
function prefersOpenMetrics(accept = ''): boolean {
  const qualities = new Map<string, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((word) => word.trim());
    const [, quality = '1'] = /^q=([\d.]+)$/.exec(parameters.at(-1) ?? '') ?? [];
    qualities.set(type, Math.max(qualities.get(type) ?? 0, Number(quality)));
  }
  return (qualities.get(OPEN_TYPE) ?? 0) > (qualities.get(TEXT_TYPE) ?? 0);
}

/**
 * prom-client's OpenMetrics puts `_total` on every counter and takes it off by renaming the metric, which others print too: it is handed
 * names without. A bound is a floating-point number there and says so.
 */
function openMetric(metric: Metric): Metric {
  const { name } = metric as unknown as { name: string };
  const open = {
    name,
    async get(): Promise<Told> {
      const told = await metric.get();
      // The types of prom-client say it is a number of an enumeration; it is a word.
      const type = told.type as unknown as string;
      if (type === 'counter') return { ...told, name: told.name.replace(/_total$/, '') };
      if (type !== 'histogram') return told;
      return { ...told, values: told.values.map((value) => ({ ...value, labels: withFloat(value.labels) })) };
    },
  };
  return open as unknown as Metric;
}

function withFloat(labels: Told['values'][number]['labels']): typeof labels {
  const { le } = labels;
  return Number.isInteger(le) ? { ...labels, le: `${le}.0` } : labels;
}
