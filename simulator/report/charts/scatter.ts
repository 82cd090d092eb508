/** Spam landed against what good senders pay, a mark with interval bars for each policy. Names stand beside the plot, tied to their marks. */
import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { html, type Markup } from '../markup.ts';
import { readable, type Unit } from '../readable.ts';
import type { Estimate } from '../../results.ts';
import { spread, wrap } from './labels.ts';
import { colourClass, letterOf, shapeOf } from './marks.ts';

export interface ScatterPoint {
  /** Of the policy in the comparison. */
  readonly place: number;
  readonly title: string;
  readonly x: Estimate;
  readonly y: Estimate;
}

export interface ScatterAxis {
  readonly title: string;
  readonly unit: Unit;
}

export interface ScatterForm {
  readonly width: number;
  readonly height: number;
  /** Characters of a name beside the plot; 0 leaves the letter alone. */
  readonly nameWidth: number;
}

const TOP = 40;
const BOTTOM = 52;
const LEFT = 64;
const CHARACTER = 7;
const LINE = 15;
/** For the letter and the gap before it. */
const LETTER_WIDTH = 42;
const CAP = 4;
/** An axis begins at 0 unless all figures are in its upper part. */
const FROM_ZERO_BELOW = 0.5;
const PADDING = 0.08;

export function scatter(
  points: readonly ScatterPoint[],
  x: ScatterAxis,
  y: ScatterAxis,
  form: ScatterForm,
  title: string,
): Markup {
  const { width, height, nameWidth } = form;
  const names = nameWidth * CHARACTER + LETTER_WIDTH;
  const right = width - names;
  const bottom = height - BOTTOM;
  const xScale = scaleLinear(domainOf(points.map((point) => point.x)), [LEFT, right]).nice(5);
  const yScale = scaleLinear(domainOf(points.map((point) => point.y)), [bottom, TOP]).nice(5);
  const sorted = points.toSorted((a, b) => b.y.mean - a.y.mean);
  const lines = sorted.map((point) => (nameWidth === 0 ? [] : wrap(point.title, nameWidth, 2)));
  const middles = spread(
    sorted.map((point, place) => ({
      at: yScale(point.y.mean),
      height: nameWidth === 0 ? 20 : ((lines[place]?.length ?? 0) + 1) * LINE + 12,
    })),
    8,
    height - 8,
  );
  const [base] = points;
  return html`<svg class="scatter" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
    ${axes(xScale, yScale, x, y, right, bottom)}
    ${
      base === undefined
        ? null
        : html`<path
            class="reference"
            d="M${px(xScale(base.x.mean))},${TOP}V${bottom}M${LEFT},${px(yScale(base.y.mean))}H${right}"
          />`
    }
    ${sorted.map((point, place) => {
      const middle = middles[place] ?? 0;
      const at = { x: xScale(point.x.mean), y: yScale(point.y.mean) };
      return html`<path
        class="leader"
        d="M${px(at.x)},${px(at.y)}H${px(right - 6)}L${px(right + 14)},${px(middle)}"
      />`;
    })}
    ${sorted.map((point) => mark(point, xScale, yScale))}
    ${sorted.map((point, place) => nameOf(point, lines[place] ?? [], right + 18, middles[place] ?? 0, x, y))}
  </svg>`;
}

function domainOf(estimates: readonly Estimate[]): [number, number] {
  const ends = estimates.flatMap(({ mean, low, high }) => [mean, low, high]).filter((end) => !Number.isNaN(end));
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const padding = (most - least) * PADDING || Math.abs(most) * PADDING || 1;
  const from = least >= 0 && (least < most * FROM_ZERO_BELOW || least - padding < 0) ? 0 : least - padding;
  return [from, most + padding];
}

type Scale = ScaleLinear<number, number>;

function axes(xScale: Scale, yScale: Scale, x: ScatterAxis, y: ScatterAxis, right: number, bottom: number): Markup {
  const xTicks = xScale.ticks(Math.max(4, Math.floor((right - LEFT) / 90)));
  return html`<g class="axis">
    ${yScale.ticks(5).map((tick) => {
      const at = px(yScale(tick));
      return html`<path class="grid" d="M${LEFT},${at}H${right}" /><text
          x="${LEFT - 8}"
          y="${at}"
          dy="0.35em"
          text-anchor="end"
          >${readable(y.unit, tick)}</text
        >`;
    })}
    ${xTicks.map((tick) => {
      const at = px(xScale(tick));
      return html`<path class="grid" d="M${at},${TOP}V${bottom}" /><text
          x="${at}"
          y="${bottom + 18}"
          text-anchor="middle"
          >${readable(x.unit, tick)}</text
        >`;
    })}
    <path class="frame" d="M${LEFT},${TOP}V${bottom}H${right}" />
    <text class="axis-title" x="4" y="18">↑ ${y.title}</text>
    <text class="axis-title" x="${right}" y="${bottom + 42}" text-anchor="end">${x.title} →</text>
  </g>`;
}

function mark({ place, x, y }: ScatterPoint, xScale: Scale, yScale: Scale): Markup {
  const at = { x: px(xScale(x.mean)), y: px(yScale(y.mean)) };
  const [left, right, low, high] = [xScale(x.low), xScale(x.high), yScale(y.low), yScale(y.high)].map(px);
  const across = Number.isNaN(x.low)
    ? ''
    : `M${left},${at.y}H${right}M${left},${at.y - CAP}v${2 * CAP}M${right},${at.y - CAP}v${2 * CAP}`;
  const upright = Number.isNaN(y.low)
    ? ''
    : `M${at.x},${low}V${high}M${at.x - CAP},${low}h${2 * CAP}M${at.x - CAP},${high}h${2 * CAP}`;
  return html`<g class="${colourClass(place)}">
    <path class="whisker" d="${across}${upright}" />
    <g transform="translate(${at.x},${at.y})">${shapeOf(place)}</g>
  </g>`;
}

function nameOf(
  { place, x, y }: ScatterPoint,
  lines: readonly string[],
  left: number,
  middle: number,
  xAxis: ScatterAxis,
  yAxis: ScatterAxis,
): Markup {
  const count = lines.length + (lines.length === 0 ? 0 : 1);
  const top = middle - ((count - 1) * LINE) / 2;
  const letterAt = count === 0 ? middle : top;
  return html`<g class="name">
    <text class="letter ${colourClass(place)}" x="${left}" y="${px(letterAt)}" dy="0.35em">${letterOf(place)}</text>
    ${lines.map((line, row) => html`<text x="${left + 18}" y="${px(top + row * LINE)}" dy="0.35em">${line}</text>`)}
    ${
      count === 0
        ? null
        : html`<text class="figures" x="${left + 18}" y="${px(top + lines.length * LINE)}" dy="0.35em"
            >${readable(yAxis.unit, y.mean)} · ${readable(xAxis.unit, x.mean)}</text
          >`
    }
  </g>`;
}

function px(value: number): number {
  return Math.round(value * 10) / 10;
}
