import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE, type MetricEntry } from '../gateway/telemetry/index.ts';
import { filesBelow, ROOT } from '../scripts/source-files.ts';
import { DASHBOARDS, textOf } from './dashboards/index.ts';
import { UNIT } from './panels.ts';
import { readQuery } from './promql.ts';
import { rulesIn } from './rules.ts';

const ENTRIES: Readonly<Record<string, MetricEntry>> = CATALOGUE;
const SUFFIXES = ['_bucket', '_sum', '_count'];

/** What may be asked for, with its labels: the catalogue, what Node tells of a process, what rules record, and what Prometheus adds. */
const METRICS = new Map<string, readonly string[] | undefined>([
  ...Object.entries(ENTRIES).flatMap(([name, { type, labels }]): [string, readonly string[]][] =>
    type === 'histogram'
      ? SUFFIXES.map((suffix) => [`${name}${suffix}`, suffix === '_bucket' ? ['le', ...labels] : labels])
      : [[name, labels]],
  ),
  ...processMetrics().map((name) => [name, undefined] as const),
  ...rulesIn('rules/recording.yml').map(({ record = '', expr }) => [record, readQuery(expr).grouped] as const),
  ['up', []],
]);
/** Added by Prometheus to everything it scrapes. */
const SCRAPE_LABELS = ['job', 'instance'];

function processMetrics(): string[] {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return register.getMetricsAsArray().flatMap(({ name }) => [name, ...SUFFIXES.map((suffix) => `${name}${suffix}`)]);
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly exemplar?: boolean;
  readonly instant?: boolean;
  readonly datasource: { readonly uid: string };
}
interface Compose {
  readonly services: { readonly gateway: { readonly ports: readonly string[] } };
}
interface PanelJson {
  readonly id: number;
  readonly type: 'stat' | 'timeseries' | 'bargauge';
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: { readonly uid: string };
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit?: string;
      readonly noValue?: string;
      readonly thresholds?: { readonly mode: string; readonly steps: readonly Step[] };
    };
  };
  readonly targets: readonly Target[];
}
interface Step {
  readonly value: number | null;
  readonly color: string;
}
interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly panels: readonly PanelJson[];
  readonly links: readonly { readonly type: string; readonly tags: readonly string[] }[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition: string;
  readonly allowCustomValue: boolean;
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const names = readdirSync(new URL('dashboards/', import.meta.url)).filter((name) => name.endsWith('.json'));
const dashboards = names.map((name) => ({ name, dashboard: JSON.parse(read(`dashboards/${name}`)) as DashboardJson }));
const { datasources } = parse(read('provisioning/datasources/prometheus.yml')) as {
  datasources: { uid: string; jsonData: { exemplarTraceIdDestinations: { name: string; url: string }[] } }[];
};
const rules = ['rules/recording.yml', 'rules/alerts.yml'].flatMap((file) => rulesIn(file));

/** What is wrong with the metrics and labels of a query. */
function mistakesIn(query: string): string[] {
  const { selectors, grouped } = readQuery(query);
  const known = selectors.flatMap(({ metric }) => METRICS.get(metric) ?? []);
  const isOfProcess = selectors.some(({ metric }) => METRICS.has(metric) && METRICS.get(metric) === undefined);
  return [
    ...selectors.flatMap(({ metric, labels }) => {
      if (!METRICS.has(metric)) return [`metric ${metric}`];
      const own = METRICS.get(metric);
      // Every program on Node tells of itself by the same names.
      if (own === undefined && !labels.includes('job')) return [`no job of ${metric}`];
      return labels.filter((label) => own?.includes(label) === false && !SCRAPE_LABELS.includes(label));
    }),
    ...(isOfProcess ? [] : grouped.filter((label) => label !== 'era' && ![...known, ...SCRAPE_LABELS].includes(label))),
  ].map((mistake) => `${mistake} in ${query}`);
}

/** Every text in a dashboard. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

it('the dashboards are as they are written in TypeScript: `npm run dashboards` writes them', () => {
  const written = Object.fromEntries(names.map((name) => [name, read(`dashboards/${name}`)]));
  const wanted = Object.fromEntries(Object.entries(DASHBOARDS).map(([name, one]) => [name, textOf(one)]));
  expect(written).toEqual(wanted);
});

it('there are six, each with a uid of its own, and linked to each other', () => {
  expect(new Set(dashboards.map(({ dashboard }) => dashboard.uid)).size).toBe(6);
  for (const { dashboard } of dashboards) {
    expect(dashboard.links).toEqual([expect.objectContaining({ type: 'dashboards', tags: dashboard.tags })]);
    // What has no place said of it is in sight.
    for (const one of [...dashboard.links, ...dashboard.annotations.list]) expect(one).not.toHaveProperty('placement');
  }
});

it('single messages are drawn in where decisions are timed, once a panel, and lead to the console', () => {
  const all = dashboards.flatMap(({ dashboard }) => dashboard.panels.flatMap(({ targets }) => targets));
  const drawn = all.filter(({ exemplar }) => exemplar === true).map(({ expr }) => expr);
  expect(drawn).toEqual([expect.stringContaining('tollgate_decision_seconds_bucket')]);
  const [destination] = datasources[0]?.jsonData.exemplarTraceIdDestinations ?? [];
  expect(destination).toMatchObject({ name: 'message_id', url: 'http://127.0.0.1:8080/#messages/$${__value.raw}' });
  const { ports } = (parse(read('../docker-compose.yml'), { merge: true }) as Compose).services.gateway;
  expect(ports.some((port) => port.startsWith('127.0.0.1:8080'))).toBe(true);
  expect(read('../gateway/console/app/main.tsx')).toContain("['messages', ");
});

describe('every metric of the catalogue', () => {
  const asked = new Set(
    dashboards.flatMap(({ dashboard }) =>
      dashboard.panels.flatMap(({ targets }) =>
        targets.flatMap(({ expr }) => readQuery(expr).selectors.map(({ metric }) => metric)),
      ),
    ),
  );

  it.each(Object.entries(ENTRIES))('%s is shown by some panel', (name, { type }) => {
    const series = type === 'histogram' ? SUFFIXES.map((suffix) => `${name}${suffix}`) : [name];
    expect(series.some((one) => asked.has(one))).toBe(true);
  });

  it.each(Object.entries(ENTRIES))('%s is named as Prometheus advises', (name, { type, help, labels }) => {
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    // Base units only; a name without one counts things.
    expect(name).not.toMatch(/_(ms|millis|micros|minutes|hours|kb|mb|percent|cents)(_|$)/);
    expect(help).toMatch(/\.$/);
    expect(labels.filter((label) => ['le', 'job', 'instance', 'quantile'].includes(label))).toEqual([]);
  });
});

it('no document, test or program names a metric that is not in the catalogue', () => {
  const paths = filesBelow().filter((path) => /\.(md|ts|tsx|mjs|js|yml|yaml|json|html)$/.test(path));
  const unknown = paths.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/(?<![\w:])tollgate_[a-z_]+\*?/g)].flatMap(([name]) => {
      const metric = name.replace(/\*$/, '');
      // All that begin so.
      const isKnown = metric.endsWith('_')
        ? Object.keys(ENTRIES).some((one) => one.startsWith(metric))
        : METRICS.has(metric) || metric in ENTRIES;
      return isKnown ? [] : [`${path}: ${name}`];
    }),
  );
  expect(unknown).toEqual([]);
});

describe.each(dashboards)('$name', ({ dashboard }) => {
  const targets = dashboard.panels.flatMap((panel) => panel.targets);
  const queries = targets.map(({ expr }) => expr);

  it('asks only for metrics that exist, by labels they have, in words that Prometheus understands', () => {
    expect(queries.length).toBeGreaterThan(0);
    const all = [...queries, ...dashboard.annotations.list.map(({ expr }) => expr)];
    expect(all.flatMap((query) => mistakesIn(query))).toEqual([]);
  });

  it('takes rates of counters, over the interval that Grafana derives from the scrape', () => {
    const bare = queries.flatMap((query) =>
      readQuery(query).selectors.filter(
        ({ metric, within }) =>
          /_(total|bucket|sum|count)$/.test(metric) &&
          // Its whole is what is asked for.
          metric !== 'tollgate_fees_dollars_total' &&
          !['rate', 'increase'].includes(within[0] ?? ''),
      ),
    );
    expect(bare).toEqual([]);
    expect(queries.filter((query) => /\[(?!\$__rate_interval\])/.test(query))).toEqual([]);
  });

  it('adds up over instances what each has of its own, and takes the greatest of what all tell alike', () => {
    const wrong = queries.flatMap((query) =>
      readQuery(query).selectors.filter(({ metric, within }) => {
        const isShared = ENTRIES[metric]?.isShared === true;
        const outer = within.find((name) => ['sum', 'max', 'min', 'count'].includes(name));
        return outer === undefined || (isShared && outer !== 'max');
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('has nothing on an axis of so many a second that is no rate', () => {
    const perSecond = dashboard.panels.filter(({ fieldConfig: { defaults } }) => defaults.unit === UNIT.perSecond);
    const still = perSecond.flatMap(({ targets: own }) =>
      own.flatMap(({ expr }) => readQuery(expr).selectors.filter(({ within }) => !within.includes('rate'))),
    );
    expect(still).toEqual([]);
  });

  it('shows only labels it groups by', () => {
    const lost = targets.flatMap(({ expr, legendFormat }) => {
      const { grouped } = readQuery(expr);
      return [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].flatMap(([, label = '']) =>
        grouped.includes(label) ? [] : [`{{${label}}} in ${expr}`],
      );
    });
    expect(lost).toEqual([]);
  });

  it('has variables of which each filters something, by a label that is there, and nobody types into', () => {
    const variables = dashboard.templating.list;
    expect(variables.map(({ name }) => name)).toContain('instance');
    for (const { name, definition, allowCustomValue } of variables) {
      const [, metric = '', label = ''] = /^label_values\((\w+),(\w+)\)$/.exec(definition) ?? [];
      // Others' metrics would bring their values along.
      expect(ENTRIES).toHaveProperty(metric);
      expect(label).toBe(name);
      expect(allowCustomValue).toBe(false);
      expect(queries.some((query) => query.includes(`${name}=~"$${name}"`))).toBe(true);
    }
    const used = new Set(queries.flatMap((query) => [...query.matchAll(/"\$(\w+)"/g)].map(([, name]) => name)));
    expect(used).toEqual(new Set(variables.map(({ name }) => name)));
    // A panel that forgets about the instance would say the same whichever is chosen.
    expect(queries.filter((query) => !query.includes('instance=~"$instance"'))).toEqual([]);
    // So would one that forgets about the carrier, where what it asks for has one.
    const ofCarriers = queries.filter((query) =>
      readQuery(query).selectors.some(({ metric }) => METRICS.get(metric)?.includes('carrier')),
    );
    if (variables.some(({ name }) => name === 'carrier')) {
      expect(ofCarriers.filter((query) => !query.includes('carrier=~"$carrier"'))).toEqual([]);
    }
  });

  it('puts what was chosen inside the quotes of a match of its own label, and nowhere else', () => {
    for (const { type } of dashboard.templating.list) expect(type).toBe('query');
    const loose = stringsIn(dashboard)
      .map((text) => text.replaceAll(/\$__(rate_)?interval\b|\$__all\b/g, '').replaceAll(/\b(\w+)=~"\$\1"/g, ''))
      .filter((text) => /\$|\[\[/.test(text));
    expect(loose).toEqual([]);
  });

  it('marks when the regime, the date of prices or a fault was changed', () => {
    expect(dashboard.annotations.list.map(({ name }) => name)).toEqual([
      'Regime switched',
      'Tariff date moved',
      'Fault set or cleared',
    ]);
  });

  it('colours single values by limits of their own, and by nothing where there is none', () => {
    const coloured = dashboard.panels.filter(({ type }) => type !== 'timeseries');
    for (const { title, fieldConfig } of coloured) {
      const { mode, steps = [] } = fieldConfig.defaults.thresholds ?? {};
      expect([title, mode, steps[0]?.value]).toEqual([title, 'absolute', null]);
      expect([1, 3]).toContain(steps.length);
    }
  });

  it('shows no number that was true once: only rates of counters, which do not end, have a course', () => {
    const stale = dashboard.panels.filter(({ type, targets: own }) => {
      const isRate = own.every(({ expr }) => /^(\d+ \* )?sum\(rate\([^/]*$/.test(expr));
      return type !== 'timeseries' && !isRate && !own.every(({ instant }) => instant);
    });
    expect(stale.map(({ title }) => title)).toEqual([]);
  });

  it('reads from the provisioned data source', () => {
    const known = new Set(datasources.map(({ uid }) => uid));
    const used = [...dashboard.panels, ...targets].map(({ datasource }) => datasource.uid);
    expect(used.filter((uid) => !known.has(uid))).toEqual([]);
  });

  it('has panels that say what they show, in a unit, with words for nothing, and do not lie on one another', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(40);
    expect(dashboard.description).toMatch(/\.$/);
    const { panels } = dashboard;
    expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
    expect(new Set(panels.map((panel) => panel.title)).size).toBe(panels.length);
    const silent = panels.filter(({ description, fieldConfig: { defaults } }) => {
      return !description?.endsWith('.') || !defaults.unit || !defaults.noValue;
    });
    expect(silent.map(({ title }) => title)).toEqual([]);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    // Rows are full: Grafana would push panels together otherwise.
    expect(cells.length % 24).toBe(0);
    expect(panels.filter(({ gridPos }) => gridPos.x + gridPos.w > 24)).toEqual([]);
    for (const { targets: own } of panels) expect(new Set(own.map(({ refId }) => refId)).size).toBe(own.length);
  });
});

describe('rules', () => {
  it('ask only for metrics that exist, by labels they have', () => {
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.flatMap(({ expr }) => mistakesIn(expr))).toEqual([]);
  });

  it('that alert say how bad it is, what it means, and which dashboard tells more', () => {
    const uids = new Set(dashboards.map(({ dashboard }) => dashboard.uid));
    for (const { labels, annotations } of rules.filter(({ alert }) => alert !== undefined)) {
      expect(['critical', 'warning', 'info']).toContain(labels?.['severity']);
      expect(annotations?.['summary']).toBeTruthy();
      expect(annotations?.['description']).toMatch(/\.$/);
      expect(uids.has(annotations?.['dashboard'] ?? '')).toBe(true);
    }
  });
});
