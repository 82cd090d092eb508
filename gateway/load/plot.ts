/** Lines over an axis as SVG, drawn here: a report shows them without scripts and without asking anybody. */

export interface PlotLine {
  readonly name: string;
  /** A colour of CSS. */
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** For a line that others may hide. */
  readonly isDashed?: boolean;
}

export interface PlotOptions {
  readonly title: string;
  readonly lines: readonly PlotLine[];
  readonly formatX: (x: number) => string;
  readonly formatY: (y: number) => string;
  /** Where the marks of the x axis stand; round steps if left out. */
  readonly marksX?: readonly number[];
  /** Each power of ten takes as much room on the y axis; what is not above 0 is left out. */
  readonly isLogarithmic?: boolean;
  /** Shaded from the left up to here: what does not count. */
  readonly shadedTo?: number;
}

const WIDTH = 860;
const HEIGHT = 260;
const LEFT = 74;
const RIGHT = 34;
const TOP = 12;
const BOTTOM = 30;
const MARKS_X = 6;
const MARKS_Y = 4;
const STEPS = [1, 2, 2.5, 5, 10];

export function plot(options: PlotOptions): string {
  const { title, formatX, formatY, shadedTo, isLogarithmic = false } = options;
  const lines = options.lines.map((line) =>
    isLogarithmic ? { ...line, points: line.points.filter(([, y]) => y > 0) } : line,
  );
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return `<p>${escapeHtml(title)}: nothing was measured.</p>`;
  const xs = points.map(([x]) => x);
  const [fromX, toX] = [Math.min(...xs), Math.max(...xs)];
  const marksY = isLogarithmic
    ? powersOfTen(points.map(([, y]) => y))
    : marksUpTo(Math.max(...points.map(([, y]) => y)));
  const scale = (y: number): number => (isLogarithmic ? Math.log10(y) : y);
  const [fromY, toY] = [scale(marksY[0] ?? 0), scale(marksY.at(-1) ?? 1)];
  const placeX = (x: number): number => LEFT + ((x - fromX) / (toX - fromX || 1)) * (WIDTH - LEFT - RIGHT);
  const placeY = (y: number): number =>
    HEIGHT - BOTTOM - ((scale(y) - fromY) / (toY - fromY)) * (HEIGHT - TOP - BOTTOM);
  const at = (value: number): string => value.toFixed(1);
  const marks = options.marksX ?? roundMarks(fromX, toX);
  const grid = marksY.map(
    (y) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(placeY(y))}" y2="${at(placeY(y))}"/>` +
      `<text x="${LEFT - 8}" y="${at(placeY(y) + 4)}" text-anchor="end">${escapeHtml(formatY(y))}</text>`,
  );
  const under = marks.map(
    (x) => `<text x="${at(placeX(x))}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(formatX(x))}</text>`,
  );
  const shade =
    shadedTo === undefined || shadedTo <= fromX
      ? ''
      : `<rect class="shade" x="${LEFT}" y="${TOP}" width="${at(placeX(Math.min(shadedTo, toX)) - LEFT)}" height="${HEIGHT - TOP - BOTTOM}"/>`;
  const drawn = lines.map(({ name, color, points: own, isDashed = false }) => {
    const path = own.map(([x, y]) => `${at(placeX(x))},${at(placeY(y))}`).join(' ');
    return `<polyline points="${path}" stroke="${color}"${isDashed ? ' stroke-dasharray="3 3"' : ''}><title>${escapeHtml(name)}</title></polyline>`;
  });
  const legend = lines.map(({ name, color }) => `<span><i style="background:${color}"></i>${escapeHtml(name)}</span>`);
  return (
    `<figure><figcaption>${escapeHtml(title)}</figcaption><p class="legend">${legend.join(' ')}</p>` +
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${shade}${grid.join('')}${under.join('')}` +
    `${drawn.join('')}</svg></figure>`
  );
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The first round number that is as large. */
function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = STEPS.find((one) => one * power >= value) ?? 10;
  return step * power;
}

/** Round steps from 0 to the first that is as large. */
function marksUpTo(most: number): number[] {
  const step = roundUp(most / MARKS_Y);
  return Array.from({ length: Math.max(1, Math.ceil(most / step)) + 1 }, (_, index) => index * step);
}

/** Round steps between two numbers. */
function roundMarks(from: number, to: number): number[] {
  const step = roundUp((to - from) / MARKS_X);
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, index) => (first + index) * step);
}

/** The powers of ten between which all of some numbers lie. */
function powersOfTen(values: readonly number[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
}
