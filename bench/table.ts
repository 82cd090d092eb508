/** Figures for people: a line each, with what they are held to. */
import type { Figure, Summary, Target } from './harness.ts';

const HEADINGS = ['figure', 'median', 'baseline', 'ratio', 'target', 'met'];

export function tableOf(bench: string, figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figures.map((figure) => rowOf(figure))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const notes = figures.flatMap(({ figure, note }) => (note === undefined ? [] : [`  ${figure}: ${note}`]));
  return [`${bench}`, ...lines.map((line) => `  ${line}`), ...notes, ''].join('\n');
}

function rowOf({ figure, subject, baseline, ratio, target, met, allocatedBytesPerOp }: Figure): string[] {
  const allocated = allocatedBytesPerOp === undefined ? '' : `, ${allocatedBytesPerOp} bytes each`;
  return [
    figure,
    `${amount(subject)}${allocated}`,
    `${amount(baseline)} ${baseline.name}`,
    `${ratio} x`,
    target?.map((one) => bound(one)).join(', ') ?? '',
    met === undefined ? '' : met ? 'yes' : 'NO',
  ];
}

const MEASURES: Readonly<Record<Target['measure'], string>> = {
  median: '',
  ratio: ' x',
  allocatedBytesPerOp: ' bytes each',
};

function bound({ measure, atLeast, atMost }: Target): string {
  const text = atLeast !== undefined ? `>= ${grouped(atLeast)}` : `<= ${grouped(atMost ?? 0)}`;
  return text + MEASURES[measure];
}

function amount({ median, unit }: Summary): string {
  return `${grouped(median)} ${unit}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}
