/** Charts of rows that are as wide as the page allows: positions across are in per cent, so text in them keeps its size. */
import { html, type Markup } from '../markup.ts';
import { readable } from '../readable.ts';
import type { Estimate } from '../../results.ts';

/** Below that there is no room for the figure in a part. */
const LABELLED_SHARE = 0.12;
const FILLS = 8;

export function fillOf(place: number): string {
  return `url(#fill-${place % FILLS})`;
}

export interface StackPart {
  readonly name: string;
  /** Of the whole bar. */
  readonly share: number;
  /** Which fill it has. */
  readonly fill: number;
}

/** One bar of parts that sum to 1, or to less. */
export function stack(parts: readonly StackPart[], title: string): Markup {
  let left = 0;
  return html`<svg class="stack" height="28" role="img" aria-label="${title}">
    ${parts
      .filter(({ share }) => share > 0)
      .map(({ name, share, fill }) => {
        const from = left;
        left += share;
        return html`<rect
            x="${percent(from)}"
            y="1"
            width="${percent(share)}"
            height="26"
            fill="${fillOf(fill)}"
            class="part"
            ><title>${name}: ${readable('share', share)}</title></rect
          >
          ${share < LABELLED_SHARE ? null : html`<text x="${percent(from + share / 2)}" y="14" dy="0.35em" text-anchor="middle">${readable('share', share, 2)}</text>`}`;
      })}
  </svg>`;
}

/** Where figures lie between the ends of a row. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** From the least to the greatest of all ends, with 0 in it if it is not far. */
export function spanOf(estimates: readonly Estimate[], margin: number): Span | undefined {
  const ends = estimates.flatMap(({ mean, low, high }) => [mean, low, high]).filter((end) => !Number.isNaN(end));
  if (ends.length === 0) return undefined;
  let [least, most] = [Math.min(...ends), Math.max(...ends)];
  if (least > 0 && least < most / 2) least = 0;
  if (least === most) [least, most] = [Math.min(0, least), Math.max(0, most)];
  const room = (most - least || 1) * margin;
  return { from: least === 0 ? 0 : least - room, to: most + room };
}

const within = ({ from, to }: Span, value: number): string => percent((value - from) / (to - from));

/** A mean with its interval. The figures stand beside it in the table. */
export function intervalBar({ mean, low, high }: Estimate, span: Span, colour: string): Markup | null {
  if (Number.isNaN(mean)) return null;
  return html`<svg class="interval-bar ${colour}" height="14" aria-hidden="true">
    ${span.from < 0 && span.to > 0 ? html`<line class="zero" x1="${within(span, 0)}" x2="${within(span, 0)}" y1="0" y2="14" />` : null}
    <line class="rail" x1="0" x2="100%" y1="7" y2="7" />
    ${Number.isNaN(low) ? null : html`<line class="whisker" x1="${within(span, low)}" x2="${within(span, high)}" y1="7" y2="7" />`}
    <circle cx="${within(span, mean)}" cy="7" r="4" />
  </svg>`;
}

/** From what a measure is at the low end of a parameter's range (hatched) and at the high end (plain) to what it is in the middle. */
export function tornadoBar(atLow: Estimate, atHigh: Estimate, atBase: number, span: Span): Markup {
  const end = (mean: number, kind: 'low' | 'high'): Markup | null =>
    Number.isNaN(mean)
      ? null
      : html`<rect
          class="${kind}"
          x="${within(span, Math.min(mean, atBase))}"
          width="${percent(Math.abs(mean - atBase) / (span.to - span.from))}"
          y="${kind === 'low' ? 2 : 11}"
          height="9"
        />`;
  const base = within(span, atBase);
  return html`<svg class="tornado" height="22" aria-hidden="true">
    ${end(atLow.mean, 'low')} ${end(atHigh.mean, 'high')}
    <line class="base" x1="${base}" x2="${base}" y1="0" y2="22" />
  </svg>`;
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100}%`;
}
