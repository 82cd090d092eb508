/** Lines over an axis as SVG, drawn here: a report shows them without scripts and without asking anybody. */

export interface PlotLine {
  readonly name: string;
  /** A colour of CSS. */
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface PlotOptions {
  readonly title: string;
  readonly lines: readonly PlotLine[];
  readonly formatX: (x: number) => string;
  readonly formatY: (y: number) => string;
  /** Where the marks of the x axis stand; even steps if left out. */
  readonly marksX?: readonly number[];
  /** Shaded from the left up to here: what does not count. */
  readonly shadedTo?: number;
}

const WIDTH = 860;
const HEIGHT = 260;
const LEFT = 74;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 30;
const MARKS = 5;
const STEPS = [1, 2, 2.5, 5, 10];

export function plot({ title, lines, formatX, formatY, marksX, shadedTo }: PlotOptions): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return `<p>${escapeHtml(title)}: nothing was measured.</p>`;
  const xs = points.map(([x]) => x);
  const [fromX, toX] = [Math.min(...xs), Math.max(...xs)];
  const toY = niceTop(Math.max(...points.map(([, y]) => y)));
  const placeX = (x: number): number => LEFT + ((x - fromX) / (toX - fromX || 1)) * (WIDTH - LEFT - RIGHT);
  const placeY = (y: number): number => HEIGHT - BOTTOM - (y / toY) * (HEIGHT - TOP - BOTTOM);
  const at = (value: number): string => value.toFixed(1);
  const marks = marksX ?? Array.from({ length: MARKS + 1 }, (_, index) => fromX + ((toX - fromX) * index) / MARKS);
  const grid = Array.from({ length: MARKS }, (_, index) => (toY * index) / (MARKS - 1)).map(
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
  const drawn = lines.map(({ name, color, points: own }) => {
    const path = own.map(([x, y]) => `${at(placeX(x))},${at(placeY(Math.min(y, toY)))}`).join(' ');
    return `<polyline points="${path}" stroke="${color}"><title>${escapeHtml(name)}</title></polyline>`;
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
function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = STEPS.find((one) => one * power >= value) ?? 10;
  return step * power;
}
