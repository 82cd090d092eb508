/**
 * What all dashboards have in common: the data source, variables, links to each other, marks where the world was changed, and three
 * kinds of panel. The dashboards are written in TypeScript with Grafana's own builders and kept as JSON beside it
 * (`npm run dashboards`), which is what Grafana reads; a test compares the two.
 */
import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** The uid of `provisioning/datasources/prometheus.yml`. */
const SOURCE = { type: 'prometheus', uid: 'tollgate-prometheus' };
const TAG = 'tollgate';
const SCHEMA_VERSION = 42;
const COLUMNS = 24;
const STAT_HEIGHT = 4;
const CHART_HEIGHT = 8;
const NO_VALUE = 'nothing yet';

/** Units by Grafana's names. */
export const UNIT = {
  messages: 'short',
  perSecond: 'cps',
  seconds: 's',
  dollars: 'currencyUSD',
  bytes: 'bytes',
  bytesPerSecond: 'Bps',
  share: 'percentunit',
  date: 'dateTimeAsIso',
} as const;
type Unit = (typeof UNIT)[keyof typeof UNIT];

/** A query and what its lines are called, with labels in double braces. */
export type Query = readonly [expr: string, legend: string];

/** A panel that has no place yet. */
export interface Unplaced {
  readonly height: number;
  readonly place: (width: number, id: number) => Builder<Panel>;
}

interface About {
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Only the value of now is asked for: what ended is gone at once, and has no course. */
  readonly isLatest?: boolean;
  /** Whether single messages are drawn in, as dots that lead to them: exemplars of the histogram that is asked for. */
  readonly hasExemplars?: boolean;
}

/**
 * One number for each series: the value of now, or of a rate the last one with its course behind it.
 * From the first of `limits` on it is orange, from the second on red.
 */
export function number({ limits, ...about }: About & { readonly limits?: readonly [number, number] }): Unplaced {
  return panelOf(about, STAT_HEIGHT, () =>
    new stat.PanelBuilder()
      .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
      .colorMode(BigValueColorMode.Value)
      .graphMode(about.isLatest ? BigValueGraphMode.None : BigValueGraphMode.Area)
      .thresholds(colored(limits)),
  );
}

/** Lines over time, or areas on one another. */
export function chart({ isStacked = false, ...about }: About & { readonly isStacked?: boolean }): Unplaced {
  return panelOf(about, CHART_HEIGHT, () => {
    const panel = new timeseries.PanelBuilder()
      .min(0)
      .fillOpacity(isStacked ? 40 : 8)
      .showPoints(VisibilityMode.Never)
      .legend(
        new VizLegendOptionsBuilder()
          .showLegend(true)
          .displayMode(LegendDisplayMode.List)
          .placement(LegendPlacement.Bottom),
      )
      .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
    return isStacked ? panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)) : panel;
  });
}

/** A bar for each series: its last value. */
export function bars(about: About): Unplaced {
  return panelOf({ ...about, isLatest: true }, CHART_HEIGHT, () =>
    new bargauge.PanelBuilder()
      .min(0)
      .orientation(VizOrientation.Horizontal)
      .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
      .thresholds(colored()),
  );
}

/** One colour, or three where there are limits. Said of every panel, as Grafana's own default is red from 80 on, of whatever. */
function colored(limits?: readonly [number, number]): ThresholdsConfigBuilder {
  const steps =
    limits === undefined
      ? [{ value: null, color: 'blue' }]
      : [
          { value: null, color: 'green' },
          { value: limits[0], color: 'orange' },
          { value: limits[1], color: 'red' },
        ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

type AnyPanel = stat.PanelBuilder | timeseries.PanelBuilder | bargauge.PanelBuilder;

function panelOf(
  { title, description, unit, queries, isLatest = false, hasExemplars = false }: About,
  height: number,
  create: () => AnyPanel,
): Unplaced {
  return {
    height,
    place(width, id) {
      const panel = create()
        .id(id)
        .title(title)
        .description(description)
        .unit(unit)
        .noValue(NO_VALUE)
        .datasource(SOURCE)
        .span(width)
        .height(height);
      queries.forEach(([expr, legend], place) => {
        const target = queryOf(expr, legend, 'ABCDEFGH'.charAt(place), isLatest);
        // Once: they would be the same ones for each quantile.
        panel.withTarget(hasExemplars && place === 0 ? target.exemplar(true) : target);
      });
      return panel;
    },
  };
}

function queryOf(expr: string, legend: string, refId: string, isLatest: boolean): DataqueryBuilder {
  const query = new DataqueryBuilder().datasource(SOURCE).refId(refId).expr(expr).legendFormat(legend);
  return isLatest ? query.instant() : query.range();
}

const VARIABLES = {
  carrier: { label: 'Carrier', from: 'tollgate_regime', about: 'Carrier of the handset.' },
  account: { label: 'Account', from: 'tollgate_account_charged_dollars_total', about: 'Account of the sender.' },
  instance: { label: 'Instance', from: 'tollgate_build_info', about: 'Gateway or worker.' },
} as const;
export type Variable = keyof typeof VARIABLES;

function variableOf(name: Variable): QueryVariableBuilder {
  const { label, from, about } = VARIABLES[name];
  const all = { selected: true, text: ['All'], value: ['$__all'] };
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .description(about)
      .datasource(SOURCE)
      .query({
        qryType: 1,
        query: `label_values(${from},${name})`,
        refId: 'PrometheusVariableQueryEditor-VariableQuery',
      })
      .definition(`label_values(${from},${name})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      // Only what Prometheus knows can be chosen, so that nothing typed gets into a query.
      .allowCustomValue(false)
      .current(all)
  );
}

/** What was changed on purpose, marked on every dashboard at the moment it was. */
const MARKS = [
  {
    name: 'Regime switched',
    color: 'red',
    expr: 'max by (carrier, regime) (tollgate_regime > tollgate_regime offset $__interval)',
    title: '{{carrier}}: {{regime}}',
  },
  {
    name: 'Tariff date moved',
    color: 'blue',
    expr: 'max(abs(delta(tollgate_tariff_date_seconds[$__rate_interval]))) > 86400',
    title: 'Prices of another day',
  },
  {
    name: 'Fault set or cleared',
    color: 'orange',
    // Of a fault that was cleared nothing is in force, and Grafana marks only what is greater than 0.
    expr: 'max by (kind) (tollgate_faults_in_force != bool tollgate_faults_in_force offset $__interval) > 0',
    title: 'Fault {{kind}}',
  },
];

export interface Contents {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  /** From the top; those of one row share its width. */
  readonly rows: readonly (readonly Unplaced[])[];
}

/** A dashboard as Grafana imports it. */
export function dashboardOf({ uid, title, description, variables, rows }: Contents): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .version(1)
    .readonly()
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('5s')
    .time({ from: 'now-15m', to: 'now' })
    .variables(variables.map(variableOf))
    .link(
      new DashboardLinkBuilder('Tollgate')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
    .annotations(
      MARKS.map((mark) =>
        new AnnotationQueryBuilder()
          .name(mark.name)
          .datasource(SOURCE)
          .enable(true)
          .iconColor(mark.color)
          .expr(mark.expr)
          .titleFormat(mark.title)
          .step('5s'),
      ),
    );
  let id = 1;
  for (const row of rows) {
    row.forEach(({ place }, column) => {
      const width = Math.floor(COLUMNS / row.length);
      const isLast = column === row.length - 1;
      builder.withPanel(place(isLast ? COLUMNS - width * (row.length - 1) : width, id));
      id += 1;
    });
  }
  const dashboard = builder.build();
  // The builders put links and marks into a menu, where newer versions of Grafana hide them.
  for (const one of [...(dashboard.links ?? []), ...(dashboard.annotations.list ?? [])]) delete one.placement;
  return { ...dashboard, schemaVersion: SCHEMA_VERSION };
}

/** `rate` of a counter over the interval that Grafana derives from the scrape. */
export function rate(selector: string): string {
  return `rate(${selector}[$__rate_interval])`;
}

/** What share of the rate of `whole` that of `part` is. A counter that has counted nothing yet may not be there; its share is 0. */
export function share(part: string, whole: string): string {
  return `(sum(${rate(part)}) or vector(0)) / sum(${rate(whole)})`;
}

/** Quantiles of a histogram over all instances, one line each. */
export function quantiles(name: string, matchers = INSTANCE): Query[] {
  return [0.5, 0.99, 0.999].map((quantile) => [
    `histogram_quantile(${quantile}, sum by (le) (${rate(`${name}_bucket{${matchers}}`)}))`,
    `p${quantile * 100}`,
  ]);
}

export const INSTANCE = 'instance=~"$instance"';
/** Of what every process of Node tells, not ours alone. */
export const PROCESS = `job=~"tollgate.*",${INSTANCE}`;
export const CARRIER = `carrier=~"$carrier",${INSTANCE}`;
export const SPAM = 'truth=~"spam|smishing"';
