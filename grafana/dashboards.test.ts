import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE } from '../gateway/telemetry/index.ts';

/**
 * The metrics a dashboard may name, with their labels: those of the catalogue. A histogram is queried through `_bucket`,
 * `_sum` and `_count`, and its buckets also carry `le`.
 */
const METRICS: Record<string, readonly string[]> = Object.fromEntries(
  Object.entries(CATALOGUE).flatMap(([name, { type, labels }]): [string, readonly string[]][] =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, ['le', ...labels]],
          [`${name}_sum`, labels],
          [`${name}_count`, labels],
        ]
      : [[name, labels]],
  ),
);
/** Added by Prometheus to everything it scrapes. */
const SCRAPE_LABELS = ['job', 'instance'];

interface Panel {
  id: number;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource: { uid: string };
  targets: { refId: string; expr: string; datasource: { uid: string } }[];
}
interface Dashboard {
  uid: string;
  title: string;
  schemaVersion: number;
  panels: Panel[];
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const names = readdirSync(new URL('dashboards/', import.meta.url)).filter((name) => name.endsWith('.json'));
const dashboards = names.map((name) => ({ name, dashboard: JSON.parse(read(`dashboards/${name}`)) as Dashboard }));
const { datasources } = parse(read('provisioning/datasources/prometheus.yml')) as { datasources: { uid: string }[] };

it('there are dashboards, each with a uid of its own', () => {
  expect(names.length).toBeGreaterThan(0);
  expect(new Set(dashboards.map(({ dashboard }) => dashboard.uid)).size).toBe(names.length);
});

describe.each(dashboards)('$name', ({ dashboard }) => {
  const queries = dashboard.panels.flatMap((panel) => panel.targets.map(({ expr }) => ({ title: panel.title, expr })));

  it('asks only for metrics that exist, by labels they have', () => {
    expect(queries.length).toBeGreaterThan(0);
    const unknown = queries.flatMap(({ title, expr }) => {
      const metrics = [...expr.matchAll(/\b[a-z]+_[a-z_]+\b(?=\s*[{[)]|\s*$)/g)].map(([name]) => name);
      const known = metrics.filter((name) => METRICS[name] !== undefined);
      if (known.length === 0 || known.length < metrics.length) return [`${title}: metric in ${expr}`];
      const labels = new Set([...SCRAPE_LABELS, ...known.flatMap((name) => METRICS[name] ?? [])]);
      return labelsIn(expr).flatMap((label) => (labels.has(label) ? [] : [`${title}: label ${label} in ${expr}`]));
    });
    expect(unknown).toEqual([]);
  });

  it('takes rates of counters, over the interval that Grafana derives from the scrape', () => {
    const bare = queries.filter(({ expr }) =>
      /_(total|bucket|sum|count)\b(?!(\{[^}]*\})?\[\$__rate_interval\])/.test(expr),
    );
    expect(bare).toEqual([]);
  });

  it('shows only labels it groups by', () => {
    const panels = dashboard.panels.flatMap((panel) => panel.targets as { expr: string; legendFormat?: string }[]);
    const lost = panels.flatMap(({ expr, legendFormat }) => {
      const grouped = new Set(
        [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => (list ?? '').split(/,\s*/)),
      );
      return [...(legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)].flatMap(([, label]) =>
        grouped.has(label ?? '') ? [] : [`{{${label}}} in ${expr}`],
      );
    });
    expect(lost).toEqual([]);
  });

  it('reads from the provisioned data source', () => {
    const known = new Set(datasources.map(({ uid }) => uid));
    const used = dashboard.panels.flatMap((panel) => [
      panel.datasource,
      ...panel.targets.map((target) => target.datasource),
    ]);
    expect(used.filter(({ uid }) => !known.has(uid))).toEqual([]);
  });

  it('has panels that say what they show and do not lie on one another', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(40);
    expect(new Set(dashboard.panels.map((panel) => panel.id)).size).toBe(dashboard.panels.length);
    expect(dashboard.panels.filter((panel) => !panel.title || !panel.description)).toEqual([]);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ gridPos }) => gridPos.x + gridPos.w > 24)).toEqual([]);
  });
});

/** Label names in matchers and in `by (...)`. */
function labelsIn(expr: string): string[] {
  const matchers = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside]) => [
    ...(inside ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g),
  ]);
  const groups = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => (list ?? '').split(/,\s*/));
  return [...matchers.map(([, label]) => label ?? ''), ...groups].filter((label) => label !== '');
}
