import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Line, SCRAPE_SECONDS } from '../scripts/prometheus-server.ts';
import { startWatchedDemo, type WatchedDemo } from '../scripts/watched-demo.ts';
import { ask } from '../scripts/ask.ts';
import { DASHBOARDS } from './dashboards/index.ts';
import { withoutGrafana } from './promql.ts';

// A real Prometheus scrapes gateways under traffic, and answers what Grafana would ask it.

const SECONDS = 10;
let demo: WatchedDemo;
let fromSeconds: number;

beforeAll(async () => {
  demo = await startWatchedDemo();
  fromSeconds = Date.now() / 1_000;
  await demo.happen(SECONDS);
}, 120_000);
afterAll(() => demo?.stop());

/** What Prometheus answers to a query as Grafana would put it, everything chosen in every variable. */
function linesOf(query: string): Promise<Line[]> {
  const asked = withoutGrafana(query, {
    $__rate_interval: `${4 * SCRAPE_SECONDS}s`,
    $__interval: `${SCRAPE_SECONDS}s`,
  });
  const stretch = { fromSeconds, toSeconds: Date.now() / 1_000, stepSeconds: SCRAPE_SECONDS };
  return demo.prometheus.range(asked.replaceAll(/\$(carrier|account|instance)\b/g, '.*'), stretch);
}

describe.each(Object.entries(DASHBOARDS))('%s', (_, dashboard) => {
  const panels = (dashboard.panels ?? []).map(
    (panel) => panel as unknown as { title: string; targets: { expr: string }[] },
  );

  test.each(panels.map(({ title, targets }) => [title, targets] as const))('%s has data', async (_title, targets) => {
    expect(targets.length).toBeGreaterThan(0);
    for (const { expr } of targets) {
      // On a busy machine scrapes come late.
      const hasData = async () => [expr, (await linesOf(expr)).some(({ points }) => points.length > 0)];
      await expect.poll(hasData, { timeout: 8_000 }).toEqual([expr, true]);
    }
  });
});

test('a regime that was switched and a fault that was set are marked, and what was not changed is not', async () => {
  const marks = new Map<string, Line[]>();
  for (const { name, expr } of DASHBOARDS['the-toll.json'].annotations?.list ?? []) {
    marks.set(name, await linesOf(expr ?? ''));
  }
  const switched = marks.get('Regime switched')?.map(({ labels }) => labels) ?? [];
  expect(switched).toContainEqual({ carrier: 'tmobile', regime: 'block' });
  expect(switched.filter(({ carrier }) => carrier !== 'tmobile')).toEqual([]);
  expect(marks.get('Fault set or cleared')?.map(({ labels }) => labels['kind'])).toContain('latency');
  expect(marks.get('Tariff date moved')).toEqual([]);
});

test('two gateways are told apart, and their sum is what both counted', async () => {
  const lines = await linesOf('sum by (instance) (tollgate_messages_total{truth="unlabelled"})');
  expect(lines.length).toBe(2);
  const [, second = ''] = demo.gateways;
  const told = await ask(`${second}/metrics`);
  const counted = [...told.text.matchAll(/^tollgate_messages_total\{.*truth="(?:spam|unlabelled)".*\} (\d+)$/gm)];
  const sum = counted.reduce((total, [, value]) => total + Number(value), 0);
  expect(sum).toBeGreaterThan(0);
  await expect
    .poll(async () => {
      const [line] = await linesOf(
        `sum(tollgate_messages_total{instance="${second.replace('http://', '')}",truth=~"spam|unlabelled"})`,
      );
      return line?.points.at(-1)?.[1];
    })
    .toBe(sum);
});

test('all rules are evaluated without an error, and nothing that should not be is wrong', async () => {
  const { groups } = (await demo.prometheus.api('rules')) as {
    groups: { rules: { name: string; health: string; state?: string; lastError?: string }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  expect(rules.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([]);
});
