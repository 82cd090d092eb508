/** One small picture for each policy of a figure day by day, all of one scale: the mean as a line in its interval, the baseline dashed. */
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import { html, type Markup } from '../markup.ts';
import type { Estimate } from '../../results.ts';
import { colourClass } from './marks.ts';

const WIDTH = 200;
const HEIGHT = 64;
/** More days than that are drawn as means of several. */
const POINTS_MAX = 120;

/** Days that one point of the picture stands for. */
export function daysPerPoint(days: number): number {
  return Math.max(1, Math.ceil(days / POINTS_MAX));
}

/** Means over as many days as a point stands for; an incomplete end is left out, unless it is all there is. */
export function pointsOf(daily: readonly Estimate[]): readonly Estimate[] {
  const days = daysPerPoint(daily.length);
  if (days === 1) return daily;
  return Array.from({ length: Math.floor(daily.length / days) }, (_, point) => {
    const some = daily.slice(point * days, (point + 1) * days);
    const meanOf = (key: 'mean' | 'low' | 'high' | 'runs'): number =>
      some.reduce((sum, one) => sum + one[key], 0) / some.length;
    return { mean: meanOf('mean'), low: meanOf('low'), high: meanOf('high'), runs: meanOf('runs') };
  });
}

/** A round figure above all of them. */
export function topOf(series: readonly (readonly Estimate[])[]): number {
  let most = 0;
  for (const points of series)
    for (const { mean, high } of points)
      most = Math.max(most, Number.isNaN(mean) ? 0 : mean, Number.isNaN(high) ? 0 : high);
  return most === 0 ? 1 : (scaleLinear([0, most], [0, 1]).nice(4).domain()[1] ?? most);
}

export function panel(
  points: readonly Estimate[],
  baseline: readonly Estimate[] | undefined,
  top: number,
  place: number,
  title: string,
): Markup {
  const x = scaleLinear([0, Math.max(1, points.length - 1)], [0, WIDTH]);
  const y = scaleLinear([0, top], [HEIGHT, 0]).clamp(true);
  const curve = line<Estimate>(
    (_, index) => x(index),
    ({ mean }) => y(mean),
  )
    .defined(({ mean }) => !Number.isNaN(mean))
    .digits(1);
  const band = area<Estimate>(
    (_, index) => x(index),
    ({ low }) => y(low),
    ({ high }) => y(high),
  )
    .defined(({ low }) => !Number.isNaN(low))
    .digits(1);
  return html`<svg
    class="panel ${colourClass(place)}"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${title}"
  >
    <path class="grid" d="M0,0H${WIDTH}M0,${HEIGHT / 2}H${WIDTH}M0,${HEIGHT}H${WIDTH}" />
    <path class="interval" d="${band(points) ?? ''}" />
    ${baseline === undefined ? null : html`<path class="baseline" d="${curve(baseline) ?? ''}" />`}
    <path class="curve" d="${curve(points) ?? ''}" />
  </svg>`;
}
