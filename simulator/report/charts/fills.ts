/** Patterns that parts of bars are filled with, so that they differ without colour. */
import { html, type Markup } from '../markup.ts';

const STROKES: readonly string[] = [
  '',
  'M0,8L8,0M-2,2L2,-2M6,10L10,6',
  'M0,0L8,8M-2,6L2,10M6,-2L10,2',
  'M0,4H8',
  'M4,0V8',
  'M0,4H8M4,0V8',
  'M0,0L8,8M0,8L8,0',
  'M2,2h0.01M6,6h0.01',
];

/** To be in the page once, before what uses them. */
export function fillPatterns(): Markup {
  return html`<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false">
    <defs>
      ${STROKES.map(
        (stroke, place) =>
          html`<pattern id="fill-${place}" class="fill${place}" width="8" height="8" patternUnits="userSpaceOnUse">
            <rect width="8" height="8" /><path d="${stroke}"
          /></pattern>`,
      )}
      <pattern id="hatch" class="hatch" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="6" height="6" />
        <path d="M0,6L6,0M-1,1L1,-1M5,7L7,5" />
      </pattern>
    </defs>
  </svg>`;
}
