// A picture of a dashboard as its JSON describes it, with what Prometheus answered to its queries: one HTML page without scripts. It follows
// Grafana's grid, units, legends and words for nothing, and is no Grafana: how that draws it nobody has seen here.
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { Line, Stretch } from './prometheus-server.ts';

/** What a page needs to know of a panel. */
export interface DrawnPanel {
  readonly type: 'stat' | 'timeseries' | 'bargauge';
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly noValue: string;
  readonly isStacked: boolean;
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly lines: readonly NamedLine[];
  /** From which value on a number or a bar has which colour, by Grafana's names; null is the least. */
  readonly steps: readonly { readonly value: number | null; readonly color: string }[];
}

export interface NamedLine {
  readonly name: string;
  readonly points: Line['points'];
}

export interface DrawnDashboard {
  readonly title: string;
  readonly description: string;
  readonly panels: readonly DrawnPanel[];
  readonly variables: readonly string[];
  readonly links: readonly string[];
  /** Moments at which something was changed on purpose, with the colour to mark them in. */
  readonly marks: readonly { readonly atSeconds: number; readonly color: string }[];
  readonly stretch: Stretch;
}

/** Pixels of Grafana's grid. */
const COLUMN = 56;
const ROW = 30;
const GAP = 8;
const PAGE_WIDTH = 24 * COLUMN;
const AXIS = 58;
/** Room for a time below the axis. */
const TIME_LABEL = 90;
const LEGEND_LINES_MAX = 8;
/** What Grafana draws by these names. */
const NAMED: Readonly<Record<string, string>> = {
  blue: '#5794f2',
  green: '#73bf69',
  orange: '#ff9830',
  red: '#f2495c',
};
const COLORS = [
  '#73bf69',
  '#f2cc0c',
  '#5794f2',
  '#ff780a',
  '#f2495c',
  '#b877d9',
  '#37872d',
  '#fade2a',
  '#1f60c4',
  '#fa6400',
];

const STYLE = `
  body { margin: 0; padding: 16px; width: ${PAGE_WIDTH}px; background: #111217; color: #ccccdc; font: 13px/1.35 Inter, 'DejaVu Sans', sans-serif; }
  h1 { font-size: 20px; font-weight: 500; margin: 0; } .about { color: #9d9da8; margin: 2px 0 10px; }
  .bar { display: flex; gap: 8px; margin-bottom: 12px; } .bar span { white-space: nowrap; font-size: 12px; background: #181b1f; border: 1px solid #2c2e33; padding: 3px 9px; border-radius: 3px; }
  .bar .link { color: #6e9fff; margin-left: 0; } .bar .note { margin-left: auto; border: 0; background: none; color: #9d9da8; }
  .grid { position: relative; } .panel { position: absolute; box-sizing: border-box; background: #181b1f; border: 1px solid #2c2e33; border-radius: 3px; padding: 6px 10px; overflow: hidden; }
  .panel h2 { font-size: 13px; font-weight: 500; margin: 0 0 2px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .none { position: absolute; inset: 0; display: grid; place-items: center; color: #9d9da8; }
  .value { font-size: 30px; font-weight: 500; position: relative; } .value small { font-size: 13px; color: #9d9da8; margin-left: 8px; }
  .legend { display: flex; flex-wrap: wrap; gap: 0 12px; font-size: 11px; color: #b4b4c0; } .legend i { display: inline-block; width: 12px; height: 3px; border-radius: 2px; margin-right: 5px; vertical-align: middle; }
  .row { display: grid; grid-template-columns: 40% 1fr 76px; align-items: center; gap: 8px; font-size: 12px; margin-top: 4px; } .row b { display: block; height: 16px; border-radius: 2px; } .row .track { background: #22252b; }
  svg { display: block; } svg text { fill: #9d9da8; font-size: 11px; } .spark { position: absolute; left: 0; bottom: 0; }
`;

export function pageOf(dashboard: DrawnDashboard): string {
  const { title, description, panels, variables, links } = dashboard;
  const height = Math.max(...panels.map(({ place }) => place.y + place.h)) * (ROW + GAP);
  const chips = [
    ...variables.map((name) => `<span>${escaped(name)}: All</span>`),
    ...links.map((name) => `<span class="link">${escaped(name)}</span>`),
    '<span class="note">preview from the JSON and a real Prometheus; not Grafana</span>',
  ];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style>
<h1>${escaped(title)}</h1><p class="about">${escaped(description)}</p><div class="bar">${chips.join('')}</div>
<div class="grid" style="height:${height}px">${panels.map((panel) => panelOf(panel, dashboard)).join('\n')}</div></html>`;
}

function panelOf(panel: DrawnPanel, { stretch, marks }: DrawnDashboard): string {
  const { place, title, type, noValue } = panel;
  const box = { width: place.w * COLUMN - GAP, height: place.h * (ROW + GAP) - GAP };
  const style = `left:${place.x * COLUMN}px;top:${place.y * (ROW + GAP)}px;width:${box.width}px;height:${box.height}px`;
  const isEmpty = panel.lines.every(({ points }) => points.length === 0);
  const draw = { stat, timeseries, bargauge }[type];
  const inside = isEmpty ? `<div class="none">${escaped(noValue)}</div>` : draw(panel, box, stretch, marks);
  return `<section class="panel" style="${style}"><h2>${escaped(title)}</h2>${inside}</section>`;
}

interface Box {
  readonly width: number;
  readonly height: number;
}

function stat({ lines, unit, steps }: DrawnPanel, box: Box, stretch: Stretch): string {
  const drawn = lines.filter(({ points }) => points.length > 0);
  const values = drawn.map(({ name, points }) => {
    const value = points.at(-1)?.[1] ?? 0;
    const label = drawn.length > 1 ? `<small>${escaped(name)}</small>` : '';
    return `<div class="value" style="color:${colorAt(value, steps)}">${format(value, unit)}${label}</div>`;
  });
  const [points = []] = drawn.map((one) => one.points);
  const color = colorAt(points.at(-1)?.[1] ?? 0, steps);
  const x = scaleLinear([stretch.fromSeconds, stretch.toSeconds], [0, box.width]);
  const y = scaleLinear([0, Math.max(...points.map(([, value]) => value), 1e-12)], [44, 2]);
  const shape = area<readonly [number, number]>(
    ([at]) => x(at),
    44,
    ([, value]) => y(value),
  );
  return `${values.join('')}<svg class="spark" width="${box.width}" height="44"><path d="${shape(points) ?? ''}" fill="${color}" fill-opacity="0.18"/></svg>`;
}

function bargauge({ lines, unit, steps }: DrawnPanel): string {
  const last = lines.map(({ name, points }) => ({ name, value: points.at(-1)?.[1] ?? 0 }));
  const most = Math.max(...last.map(({ value }) => value), 1e-12);
  return last
    .map(({ name, value }) => {
      const bar = `<span class="track"><b style="width:${(100 * value) / most}%;background:${colorAt(value, steps)}"></b></span>`;
      return `<div class="row"><span>${escaped(name)}</span>${bar}<span>${format(value, unit)}</span></div>`;
    })
    .join('');
}

function timeseries(
  { lines, unit, isStacked }: DrawnPanel,
  box: Box,
  stretch: Stretch,
  marks: DrawnDashboard['marks'],
): string {
  const legend = lines.slice(0, LEGEND_LINES_MAX).map(({ name }, place) => {
    return `<span><i style="background:${colorOf(place)}"></i>${escaped(name)}</span>`;
  });
  const more = lines.length > LEGEND_LINES_MAX ? `<span>and ${lines.length - LEGEND_LINES_MAX} more</span>` : '';
  const height = box.height - 92;
  const width = box.width - 22;
  const bands = isStacked
    ? stacked(lines)
    : lines.map(({ points }) => points.map(([at, value]) => [at, 0, value] as const));
  const tops = bands.flatMap((band) => band.map(([, , top]) => top));
  const most = Math.max(...tops) || 1;
  const x = scaleLinear([stretch.fromSeconds, stretch.toSeconds], [AXIS, width]);
  const y = scaleLinear([0, most], [height, 6]).nice(4);
  const ticks = y.ticks(4).map((tick) => {
    const at = y(tick);
    return `<line x1="${AXIS}" x2="${width}" y1="${at}" y2="${at}" stroke="#2c2e33"/><text x="${AXIS - 6}" y="${at + 4}" text-anchor="end">${format(tick, unit)}</text>`;
  });
  const times = x.ticks(Math.floor(width / TIME_LABEL)).map((tick) => {
    const clock = new Date(tick * 1_000).toISOString().slice(11, 19);
    return `<text x="${x(tick)}" y="${height + 15}" text-anchor="middle">${clock}</text>`;
  });
  const shapes = bands.map((band, place) => {
    const fill = area<readonly [number, number, number]>(
      ([at]) => x(at),
      ([, low]) => y(low),
      ([, , top]) => y(top),
    );
    const edge = line<readonly [number, number, number]>(
      ([at]) => x(at),
      ([, , top]) => y(top),
    );
    const color = colorOf(place);
    return `<path d="${fill([...band]) ?? ''}" fill="${color}" fill-opacity="${isStacked ? 0.4 : 0.06}"/><path d="${edge([...band]) ?? ''}" fill="none" stroke="${color}" stroke-width="1.4"/>`;
  });
  const changed = marks.map(({ atSeconds, color }) => {
    return `<line x1="${x(atSeconds)}" x2="${x(atSeconds)}" y1="0" y2="${height}" stroke="${color}" stroke-dasharray="4 3"/>`;
  });
  const svg = [...ticks, ...times, ...shapes, ...changed].join('');
  return `<svg width="${width}" height="${height + 20}">${svg}</svg><div class="legend">${legend.join('')}${more}</div>`;
}

/** Each line on top of those before it, at the times of all. */
function stacked(lines: readonly NamedLine[]): (readonly [number, number, number])[][] {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].toSorted((a, b) => a - b);
  const below = new Map(times.map((at) => [at, 0]));
  return lines.map(({ points }) => {
    const own = new Map(points);
    return times.map((at) => {
      const low = below.get(at) ?? 0;
      const top = low + (own.get(at) ?? 0);
      below.set(at, top);
      return [at, low, top] as const;
    });
  });
}

function colorAt(value: number, steps: DrawnPanel['steps']): string {
  const step = steps.findLast((one) => one.value === null || value >= one.value);
  return NAMED[step?.color ?? ''] ?? '';
}

function colorOf(place: number): string {
  return COLORS[place % COLORS.length] ?? '';
}

/** A value in one of the units of the dashboards, by Grafana's name for it. */
export function format(value: number, unit: string): string {
  switch (unit) {
    case 'currencyUSD':
      return `$${short(value)}`;
    case 'percentunit':
      return `${short(value * 100)}%`;
    case 'cps':
      return `${short(value)} c/s`;
    case 's':
      return value === 0
        ? '0 s'
        : value < 1e-3
          ? `${short(value * 1e6)} µs`
          : value < 1
            ? `${short(value * 1e3)} ms`
            : `${short(value)} s`;
    case 'bytes':
      return value < 2 ** 20 ? `${short(value / 2 ** 10)} KiB` : `${short(value / 2 ** 20)} MiB`;
    case 'Bps':
      return `${short(value / 1e3)} kB/s`;
    case 'dateTimeAsIso':
      return new Date(value).toISOString().slice(0, 10);
    default:
      return short(value);
  }
}

function short(value: number): string {
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (Math.abs(value) >= 1e4) return `${Number((value / 1e3).toPrecision(3))} K`;
  return String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
