/** Who scrapes, as Prometheus does: one request after the other, at even distances, over a connection that stays. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../../scripts/ask.ts';
import type { Work } from '../processes.ts';

interface ScrapeQuestion {
  /** Asked in turns. */
  readonly urls: readonly string[];
  readonly everyMs: number;
  readonly durationMs: number;
}

/** As Prometheus has it, which is answered with exemplars. */
const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

/** By address: how long each answer took until it was whole, and the lines of the last. */
type ScrapeAnswer = readonly { readonly tookMs: readonly number[]; readonly lines: number }[];

export const work: Work<null, null, ScrapeQuestion, ScrapeAnswer> = {
  open: () => Promise.resolve({ ready: null, answer }),
};

async function answer({ urls, everyMs, durationMs }: ScrapeQuestion): Promise<ScrapeAnswer> {
  const found = urls.map(() => ({ tookMs: [] as number[], lines: 0 }));
  const untilMs = performance.now() + durationMs;
  for (let turn = 0; performance.now() < untilMs; turn += 1) {
    const place = turn % urls.length;
    const beganMs = performance.now();
    const { status, text } = await ask(urls[place]!, { headers: { accept: ACCEPT } });
    const tookMs = performance.now() - beganMs;
    if (status !== 200) throw new Error(`${urls[place]} answered ${status}`);
    found[place]!.tookMs.push(tookMs);
    found[place]!.lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    await sleep(Math.max(0, everyMs - tookMs));
  }
  return found;
}
