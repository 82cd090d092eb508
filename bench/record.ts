/** A figure with where and when it was taken: one line of `records/<bench>.jsonl`. Only appended to. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { BenchSettings, Figure } from './harness.ts';

const RECORDS = fileURLToPath(new URL('records/', import.meta.url));

export interface BenchRecord extends Figure {
  /** Short hash, with `+` behind it if there were changes on top. */
  readonly commit: string;
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number };
  readonly node: string;
  readonly seed: number;
}

export function recordsOf(figures: readonly Figure[], { seed }: BenchSettings): BenchRecord[] {
  const processors = cpus();
  const taken = {
    commit: commit(),
    date: new Date().toISOString(),
    machine: { cpu: processors[0]?.model.trim() ?? 'unknown', cores: processors.length },
    node: process.version,
    seed,
  };
  return figures.map(({ bench, figure, ...rest }) => ({ bench, figure, ...taken, ...rest }));
}

export function appendRecords(bench: string, records: readonly BenchRecord[]): void {
  mkdirSync(RECORDS, { recursive: true });
  appendFileSync(`${RECORDS}${bench}.jsonl`, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

function commit(): string {
  const git = (...words: string[]): string => spawnSync('git', words, { cwd: RECORDS, encoding: 'utf8' }).stdout ?? '';
  const hash = git('rev-parse', '--short', 'HEAD').trim();
  if (hash === '') return 'unknown';
  // Records themselves are no change of what is measured.
  return git('status', '--porcelain', '--', ':/', ':!/bench/records').trim() === '' ? hash : `${hash}+`;
}
