/** Curves of the last two minutes. The canvas says nothing to a screen reader, so the same is said in words. */
import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { effect } from '@preact/signals';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { CHART_MS, type Curve, perSecond, rate, type Sample } from './figures.ts';
import { samples } from './live.ts';

export interface Line {
  readonly curve: Curve;
  readonly label: string;
  /** A colour of the style sheet, by the name of its variable. */
  readonly colour: string;
  readonly isDashed?: boolean;
}

const HEIGHT = 190;
const MS_PER_SECOND = 1_000;

export function Chart({ title, lines }: { title: string; lines: readonly Line[] }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    let plot = draw(element, lines);
    const redraw = (): void => {
      plot.destroy();
      plot = draw(element, lines);
      plot.setData(dataOf(samples.value, lines));
    };
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', redraw);
    const size = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    size.observe(element);
    const stop = effect(() => plot.setData(dataOf(samples.value, lines)));
    return () => {
      stop();
      size.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.destroy();
    };
  }, []);
  const last = samples.value.length - 1;
  const now = lines.map((line) => ({ ...line, value: rate(perSecond(samples.value, last, line.curve) ?? 0) }));
  return (
    <figure class="card chart">
      <figcaption>
        <h2>{title}</h2>
        <ul class="legend">
          {now.map(({ curve, label, value, isDashed = false }) => (
            <li key={curve} data-curve={curve} data-dashed={isDashed}>
              {label} <b>{value}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="plot" aria-hidden="true" />
    </figure>
  );
}

function draw(element: HTMLElement, lines: readonly Line[]): UPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--soft'), grid: { stroke: colour('--rule'), width: 1 }, ticks: { show: false } };
  return new UPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [-CHART_MS / MS_PER_SECOND, 0] },
        y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.15)] },
      },
      axes: [
        {
          ...axis,
          size: 26,
          grid: { show: false },
          values: (_plot, splits) => splits.map((at) => (at === 0 ? 'now' : `${at} s`)),
        },
        { ...axis, size: 42 },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          stroke: colour(line.colour),
          width: 2,
          ...(line.isDashed === true
            ? { dash: [6, 4] }
            : { fill: `color-mix(in srgb, ${colour(line.colour)} 14%, transparent)` }),
          points: { show: false },
        })),
      ],
    },
    [[], ...lines.map(() => [])],
    element,
  );
}

function dataOf(kept: readonly Sample[], lines: readonly Line[]): UPlot.AlignedData {
  const nowMs = kept.at(-1)?.atMs ?? 0;
  return [
    kept.map(({ atMs }) => (atMs - nowMs) / MS_PER_SECOND),
    ...lines.map(({ curve }) => kept.map((_, index) => perSecond(kept, index, curve) ?? null)),
  ];
}
