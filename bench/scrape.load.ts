/**
 * How long does a scrape take while the gateway is busy, and what does it cost those who send?
 *
 * 100,000 messages a second come by SMPP; meanwhile a process of its own asks for the metrics and, in turns, for /healthz, which costs
 * nothing: what both wait for is the event loop, and the rest is the scrape. Then the same load once more with nobody asking. A run that
 * did not get its rate through gives no figure.
 */
import { type BenchSettings, type Figure, figureOf, median, type Series } from './harness.ts';
import { PEERS } from './peers/index.ts';
import { startPeer } from './processes.ts';
import { pressSmpp, type SmppLoad, type SmppLoadReport } from './smpp-load.ts';

const BENCH = 'scrape';
const SCRAPE_MS_MAX = 20;
const SMPP = { connections: 10, window: 1_000 };
const INBOX = '1048576';
/** Of the rate asked for, what must have got through. */
const SHARE_MIN = 0.98;

interface Scale {
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly everyMs: number;
  readonly rounds: number;
  readonly numbers: number;
  readonly campaigns: number;
}

const FULL: Scale = {
  perSecond: 100_000,
  warmUpMs: 2_000,
  durationMs: 6_000,
  everyMs: 100,
  rounds: 3,
  numbers: 100_000,
  campaigns: 10_000,
};
const TINY: Scale = {
  perSecond: 500,
  warmUpMs: 50,
  durationMs: 300,
  everyMs: 20,
  rounds: 1,
  numbers: 400,
  campaigns: 200,
};

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const scale = isTiny ? TINY : FULL;
  const { perSecond, warmUpMs, durationMs, everyMs, rounds, numbers, campaigns } = scale;
  const settings = { seed, numbers, campaigns, flags: { inbox: INBOX } };
  const gateway = await startPeer('smpp-gateway', PEERS['smpp-gateway'], settings);
  const scraper = await startPeer('scraper', PEERS.scraper, null);
  try {
    const { url, port } = gateway.ready;
    const load: SmppLoad = { url: `smpp://127.0.0.1:${port}`, seed, numbers, ...SMPP, perSecond, warmUpMs, durationMs };
    const pressed = async (): Promise<SmppLoadReport> => {
      const report = await pressSmpp(load);
      const got = report.messages.accepted / (durationMs / 1_000);
      if (!isTiny && got < SHARE_MIN * perSecond)
        throw new Error(`only ${Math.round(got)} messages a second got through`);
      return report;
    };
    const scrapes: number[] = [];
    const rests: number[] = [];
    const all: number[] = [];
    const watched: number[] = [];
    const alone: number[] = [];
    let lines = 0;
    for (let round = 0; round < rounds; round += 1) {
      const asking = scraper.ask({
        urls: [`${url}/metrics`, `${url}/healthz`],
        everyMs,
        durationMs: warmUpMs + durationMs,
      });
      watched.push((await pressed()).latency.p99Ms);
      const [metrics, health] = await asking;
      scrapes.push(median(metrics!.tookMs));
      rests.push(median(health!.tookMs));
      all.push(...metrics!.tookMs);
      lines = metrics!.lines;
      alone.push((await pressed()).latency.p99Ms);
    }
    const params = { perSecond, rounds, lines, everyMs: 2 * everyMs };
    const sorted = all.toSorted((a, b) => a - b);
    const p99Ms = sorted[Math.ceil(0.99 * sorted.length) - 1]!;
    return [
      figureOf({
        bench: BENCH,
        figure: 'a scrape under load',
        params,
        subject: series('/metrics', scrapes),
        baseline: series('/healthz', rests),
        isLessBetter: true,
        ...(!isTiny && { target: [{ measure: 'median', atMost: SCRAPE_MS_MAX }] }),
        note: `of ${all.length} scrapes p99 ${p99Ms.toFixed(1)} ms, the slowest ${sorted.at(-1)!.toFixed(1)} ms`,
      }),
      figureOf({
        bench: BENCH,
        figure: 'p99 of an answer to a sender, scraped five times a second',
        params,
        subject: series('while somebody scrapes', watched),
        baseline: series('while nobody scrapes', alone),
        isLessBetter: true,
      }),
    ];
  } finally {
    await Promise.all([gateway.stop(), scraper.stop()]);
  }
}

function series(name: string, values: readonly number[]): Series {
  return { name, unit: 'ms', values };
}
