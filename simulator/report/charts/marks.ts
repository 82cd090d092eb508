/**
 * How a policy looks in every chart and table: a letter, a colour and a shape, by its place in the comparison. The colours are those of
 * Okabe and Ito, some made darker for light ground (see `page-style.ts`); letters and shapes tell policies apart without them.
 */
import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
  type SymbolType,
} from 'd3-shape';
import { html, type Markup } from '../markup.ts';

const COLOURS = 8;
const LETTERS = 26;
const FIRST_LETTER = 'A'.charCodeAt(0);
/** Square pixels. */
const SYMBOL_AREA = 110;

const TURNED_TRIANGLE: SymbolType = {
  draw(context, size) {
    const half = Math.sqrt(size / Math.sqrt(3));
    context.moveTo(-half, -half * 0.8);
    context.lineTo(half, -half * 0.8);
    context.lineTo(0, half * 0.95);
    context.closePath();
  },
};

const SHAPES = [
  symbolCircle,
  symbolSquare,
  symbolTriangle,
  symbolDiamond,
  symbolStar,
  TURNED_TRIANGLE,
  symbolCross,
  symbolWye,
];

/** Class that sets the colour of what is inside. */
export function colourClass(place: number): string {
  return `p${place % COLOURS}`;
}

/** A, B, ... Z, A2, B2, ... */
export function letterOf(place: number): string {
  const round = Math.floor(place / LETTERS);
  return String.fromCharCode(FIRST_LETTER + (place % LETTERS)) + (round === 0 ? '' : String(round + 1));
}

/** The shape, drawn around 0,0. */
export function shapeOf(place: number): Markup {
  // Beyond eight policies the same colour has another shape.
  const type = SHAPES[(place + Math.floor(place / COLOURS)) % SHAPES.length] ?? symbolCircle;
  return html`<path class="shape ${colourClass(place)}" d="${symbol(type, SYMBOL_AREA)() ?? ''}" />`;
}

/** Letter and shape before a policy's name. */
export function badge(place: number): Markup {
  return html`<span class="badge ${colourClass(place)}"
    ><svg viewBox="-9 -9 18 18" aria-hidden="true">${shapeOf(place)}</svg><b>${letterOf(place)}</b></span
  >`;
}
