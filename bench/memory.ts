/** What processes take of the machine's memory over time, and whether that grows. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { linearRegression } from 'simple-statistics';
import { type Figure, figureOf, median } from './harness.ts';

/** Of what was taken after warm-up. */
const GROWTH_MAX = 1.1;
const MS_PER_HOUR = 3_600_000;
const KIB_PER_MIB = 1_024;

export interface Look {
  readonly atMs: number;
  /** Of each process, in the order of their names. */
  readonly mib: readonly number[];
}

/** Resident memory of processes, as the operating system says. */
export async function residentMib(pids: readonly number[]): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,rss=', '-p', pids.join(',')]);
  const kib = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
  );
  return pids.map((pid) => (kib.get(pid) ?? Number.NaN) / KIB_PER_MIB);
}

export interface MemoryFigure {
  readonly bench: string;
  /** Of the process. */
  readonly name: string;
  /** Of the process in each look. */
  readonly place: number;
  readonly looks: readonly Look[];
  readonly params: Readonly<Record<string, number | string>>;
  readonly isTiny: boolean;
}

/** The last third of the time against the first. The slope between is in the note. */
export function memoryFigure({ bench, name, place, looks, params, isTiny }: MemoryFigure): Figure {
  const unit = 'MiB';
  const third = Math.ceil(looks.length / 3);
  const of = (some: readonly Look[]): number => median(some.map(({ mib }) => mib[place]!));
  const { m: slope } = linearRegression(looks.map(({ atMs, mib }) => [atMs / MS_PER_HOUR, mib[place]!]));
  return figureOf({
    bench,
    figure: `resident memory of ${name}`,
    params,
    subject: { name: 'in the last third', unit, values: [of(looks.slice(-third))] },
    baseline: { name: 'in the first third', unit, values: [of(looks.slice(0, third))] },
    isLessBetter: true,
    ...(!isTiny && { target: [{ measure: 'ratio', atLeast: 1 / GROWTH_MAX }] }),
    note: `${Math.round(slope)} MiB an hour`,
  });
}
