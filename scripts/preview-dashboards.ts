// Previews of the dashboards for the README: `npm run dashboards:preview`. The demo runs for a while under a real Prometheus, each query of
// each panel is put to it, and Chromium photographs the pages drawn from the answers.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DASHBOARDS, withoutGrafana } from '../grafana/index.ts';
import { launchBrowser } from './browser.ts';
import { type DrawnDashboard, type DrawnPanel, type NamedLine, pageOf } from './dashboard-page.ts';
import { type PrometheusServer, SCRAPE_SECONDS, type Stretch } from './prometheus-server.ts';
import { ROOT } from './source-files.ts';
import { startWatchedDemo } from './watched-demo.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '90' }, out: { type: 'string' } } });
const out = values.out ?? join(ROOT, 'docs', 'pictures');
const STEP_SECONDS = 2;
const WIDTH = 1_376;

/** A dashboard of the JSON, as far as a picture of it goes. */
interface Described {
  readonly title?: string;
  readonly description?: string;
  readonly panels?: readonly unknown[];
  readonly templating?: { readonly list?: readonly { readonly label?: string }[] };
  readonly annotations?: { readonly list?: readonly { readonly expr?: string; readonly iconColor: string }[] };
}
interface DescribedPanel {
  readonly type: DrawnPanel['type'];
  readonly title: string;
  readonly description: string;
  readonly gridPos: DrawnPanel['place'];
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string;
      readonly noValue: string;
      readonly thresholds?: { readonly steps: DrawnPanel['steps'] };
      readonly custom?: { readonly stacking?: { readonly mode?: string } };
    };
  };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string; readonly instant?: boolean }[];
}

const demo = await startWatchedDemo();
const browser = await launchBrowser();
try {
  const fromSeconds = Date.now() / 1_000;
  await demo.happen(Number(values.seconds));
  const stretch = { fromSeconds: fromSeconds + 4, toSeconds: Date.now() / 1_000, stepSeconds: STEP_SECONDS };
  await mkdir(out, { recursive: true });
  for (const [file, dashboard] of Object.entries(DASHBOARDS)) {
    const page = await browser.newPage({ viewport: { width: WIDTH, height: 800 } });
    await page.setContent(pageOf(await answered(dashboard, demo.prometheus, stretch)));
    const path = join(out, `dashboard-${file.replace('.json', '.png')}`);
    await page.screenshot({ path, fullPage: true });
    await page.close();
    console.log(path);
  }
} finally {
  await browser.close();
  await demo.stop();
}

async function answered(dashboard: Described, prometheus: PrometheusServer, stretch: Stretch): Promise<DrawnDashboard> {
  const ask = (query: string) => prometheus.range(asGrafanaAsks(query), stretch);
  const panels: DrawnPanel[] = [];
  for (const one of dashboard.panels ?? []) {
    const { type, title, description, gridPos, fieldConfig, targets } = one as DescribedPanel;
    const { unit, noValue, custom, thresholds } = fieldConfig.defaults;
    const lines: NamedLine[] = [];
    for (const { expr, legendFormat, instant = false } of targets) {
      const asked = instant ? { ...stretch, fromSeconds: stretch.toSeconds } : stretch;
      for (const { labels, points } of await prometheus.range(asGrafanaAsks(expr), asked)) {
        const name = legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
        lines.push({ name, points });
      }
    }
    const isStacked = custom?.stacking?.mode === 'normal';
    const steps = thresholds?.steps ?? [];
    panels.push({ type, title, description, unit, noValue, isStacked, place: gridPos, lines, steps });
  }
  const marks: { atSeconds: number; color: string }[] = [];
  for (const { expr = '', iconColor } of dashboard.annotations?.list ?? []) {
    const found = await ask(expr);
    const moments = new Set(found.flatMap(({ points }) => points.map(([atSeconds]) => atSeconds)));
    // What goes on over several steps is one mark.
    const begun = [...moments].filter((atSeconds) => !moments.has(atSeconds - STEP_SECONDS));
    marks.push(...begun.map((atSeconds) => ({ atSeconds, color: iconColor })));
  }
  return {
    title: dashboard.title ?? '',
    description: dashboard.description ?? '',
    panels,
    variables: (dashboard.templating?.list ?? []).map(({ label }) => label ?? ''),
    links: Object.values(DASHBOARDS).map(({ title }) => title ?? ''),
    marks,
    stretch,
  };
}

/** Everything chosen in every variable, and intervals for a scrape each second. */
function asGrafanaAsks(query: string): string {
  const words = { $__rate_interval: `${4 * SCRAPE_SECONDS}s`, $__interval: `${STEP_SECONDS}s` };
  return withoutGrafana(query, words).replaceAll(/\$(carrier|account|instance)\b/g, '.*');
}
