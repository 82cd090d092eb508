import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Line, SCRAPE_SECONDS } from '../scripts/prometheus-server.ts';
import { startWatchedDemo, type WatchedDemo } from '../scripts/watched-demo.ts';
import { ask } from '../scripts/ask.ts';
import { DASHBOARDS } from './dashboards/index.ts';
import { share } from './panels.ts';
import { withoutGrafana } from './promql.ts';

// A real Prometheus scrapes gateways under traffic, and answers what Grafana would ask it.

const SECONDS = 10;
let demo: WatchedDemo;
let fromSeconds: number;

beforeAll(async () => {
  demo = await startWatchedDemo();
  fromSeconds = Date.now() / 1_000;
  await demo.happen(SECONDS);
});
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
      await expect.poll(hasData).toEqual([expr, true]);
    }
  });
});

describe('a value of a variable that nobody offered, as a link may bring it', () => {
  const NASTY = [
    '.*',
    'att|.*',
    '[a-z]+',
    '")) or sum(tollgate_messages_total',
    '"} or tollgate_messages_total or up{job=~"',
    'x",job=~".*',
    "'",
    '\\',
    'att\\',
    '${instance}',
    '$__all',
    '\n',
    ' ',
  ];

  /** As Grafana writes what was chosen: a regular expression inside of quotes, of which older versions leave a quote as it is. */
  function chosen(values: readonly string[], hasQuotesEscaped: boolean): string {
    const escaped = values.map((value) => {
      const inRegex = value.replaceAll('\\', '\\\\\\\\').replaceAll(/[$^*{}[\]'+?.()|]/g, '\\\\$&');
      return hasQuotesEscaped ? inRegex.replaceAll('"', '\\"').replaceAll('\n', '\\n') : inRegex;
    });
    return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
  }

  /** What Prometheus finds now, or undefined if it does not take the query. */
  async function found(query: string): Promise<unknown[] | undefined> {
    const words = { $__rate_interval: `${4 * SCRAPE_SECONDS}s`, $__interval: `${SCRAPE_SECONDS}s` };
    const answer = demo.prometheus.api(`query?query=${encodeURIComponent(withoutGrafana(query, words))}`);
    return answer.then(
      (data) => (data as { result: unknown[] }).result,
      (error: unknown) => {
        expect(String(error)).toContain('bad_data');
        return undefined;
      },
    );
  }

  const queries = Object.values(DASHBOARDS).flatMap(({ panels = [] }) =>
    panels.flatMap((panel) => (panel as unknown as { targets: { expr: string }[] }).targets.map(({ expr }) => expr)),
  );
  const VARIABLE = /\$(carrier|account|instance)\b/g;

  test('finds nothing, and is a query still', async () => {
    const all = chosen(NASTY, true);
    const one = chosen(['.*'], true);
    for (const query of queries) {
      expect([query, await found(query.replaceAll(VARIABLE, () => all))]).toEqual([query, []]);
      expect([query, await found(query.replaceAll(VARIABLE, () => one))]).toEqual([query, []]);
    }
  });

  test('finds nothing either where quotes are left as they are: it is no query, or one that asks for less', async () => {
    const [query = ''] = queries.filter(
      (expr) => expr.includes('$carrier') && expr.includes('tollgate_messages_total'),
    );
    expect(query).not.toBe('');
    for (const value of NASTY) {
      const asked = query.replaceAll(VARIABLE, () => chosen([value], false));
      expect([value, (await found(asked)) ?? []]).toEqual([value, []]);
    }
    // The same query does find something when asked for what there is.
    expect((await found(query.replaceAll('$carrier', 'att').replaceAll(VARIABLE, '.*')))?.length).toBeGreaterThan(0);
  });
});

test('the latest slow decisions lead to their messages', async () => {
  const [first = '', second = ''] = demo.gateways;
  const end = Math.ceil(Date.now() / 1_000);
  const words = new URLSearchParams({
    query: 'sum by (le) (rate(tollgate_decision_seconds_bucket[1m]))',
    start: String(Math.floor(fromSeconds)),
    end: String(end),
  });
  const series = (await demo.prometheus.api(`query_exemplars?${words.toString()}`)) as {
    seriesLabels: Record<string, string>;
    exemplars: { labels: Record<string, string>; value: string; timestamp: number }[];
  }[];
  expect(new Set(series.map(({ seriesLabels }) => seriesLabels['instance'])).size).toBe(2);
  for (const { seriesLabels, exemplars } of series) {
    const { labels, value, timestamp } = exemplars.at(-1)!;
    const of = [first, second].find((url) => url.endsWith(seriesLabels['instance'] ?? '-'));
    const { status, text } = await ask(`${of}/v1/messages/${labels['message_id']}`);
    expect([labels, status]).toEqual([labels, 200]);
    const message = JSON.parse(text) as { id: string; decision: string; acceptedAt: string };
    expect(message.id).toBe(labels['message_id']);
    expect(message.decision).toBeTruthy();
    expect(Number(value)).toBeLessThanOrEqual(Number(seriesLabels['le']?.replace('+Inf', 'Infinity')));
    expect(Math.abs(Date.parse(message.acceptedAt) / 1_000 - timestamp)).toBeLessThan(0.01);
  }
});

test('a share of what has not happened yet is 0', async () => {
  const lines = await linesOf(share('tollgate_messages_total{decision="no_tariff"}', 'tollgate_messages_total'));
  expect(lines.map(({ points }) => points.at(-1)?.[1])).toEqual([0]);
});

test('each process says what it is, workers too', async () => {
  const lines = await linesOf('count by (job) (tollgate_build_info{version!="",node!=""})');
  const counts = lines.map(({ labels, points }) => [labels['job'], points.at(-1)?.[1]]);
  expect(Object.fromEntries(counts)).toEqual({ tollgate: 2, 'tollgate-worker': 1 });
});

test('a regime that was switched and a fault that was set or cleared are marked, and what was not changed is not', async () => {
  // As Grafana does, which marks the times at which a line is greater than 0.
  const marked = async (name: string): Promise<Line[]> => {
    const { list = [] } = DASHBOARDS['the-toll.json'].annotations;
    const lines = await linesOf(list.find((one) => one.name === name)?.expr ?? '');
    return lines
      .map(({ labels, points }) => ({ labels, points: points.filter(([, value]) => value > 0) }))
      .filter(({ points }) => points.length > 0);
  };
  const switched = (await marked('Regime switched')).map(({ labels }) => labels);
  expect(switched).toContainEqual({ carrier: 'tmobile', regime: 'block' });
  expect(switched.filter(({ carrier }) => carrier !== 'tmobile')).toEqual([]);
  // How many are in force at the marks: one once it was set, none once it was cleared.
  const inForceAtMarks = async (): Promise<Set<unknown>> => {
    const [inForce] = await linesOf('max(tollgate_faults_in_force{kind="latency"})');
    const counts = new Map(inForce?.points);
    const marks = (await marked('Fault set or cleared')).find(({ labels }) => labels['kind'] === 'latency');
    return new Set(marks?.points.map(([atSeconds]) => counts.get(atSeconds)));
  };
  await expect.poll(inForceAtMarks).toEqual(new Set([0, 1]));
  expect(await marked('Tariff date moved')).toEqual([]);
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
