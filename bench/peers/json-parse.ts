/** The bodies of a batch turned into objects by `JSON.parse` and dropped: the least that reading them as JSON can cost. */
import { consume } from '../harness.ts';
import type { Work } from '../processes.ts';
import { batchBodies, type BatchForm, type BatchOptions } from '../traffic.ts';
import { type Usage, usageReader } from './usage.ts';

export interface ParseSettings {
  readonly form: BatchForm;
  readonly batch: BatchOptions;
}

/** Parses for so many seconds; what was used before and after. */
export const work: Work<ParseSettings, null, { readonly seconds: number }, readonly [Usage, Usage]> = {
  open({ form, batch }) {
    const bodies = batchBodies(form, batch);
    let parsed = 0;
    const usage = usageReader(() => ({ handled: parsed, accepted: parsed }));
    return Promise.resolve({
      ready: null,
      answer({ seconds }) {
        const before = usage();
        const untilMs = performance.now() + seconds * 1_000;
        for (let next = 0; performance.now() < untilMs; next += 1) {
          const text = bodies[next % bodies.length]!.toString('utf8');
          parsed += form === 'ndjson' ? parseLines(text) : (JSON.parse(text) as unknown[]).length;
        }
        return [before, usage()];
      },
    });
  },
};

function parseLines(text: string): number {
  let lines = 0;
  for (let start = 0; start < text.length; lines += 1) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const { to } = JSON.parse(text.slice(start, end)) as { to: string };
    consume(to.length);
    start = end + 1;
  }
  return lines;
}
