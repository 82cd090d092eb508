/**
 * Whether the gateway's memory stays where it is while 50,000 submit_sm a second come over ten binds for ten minutes, each answered and
 * most of them told of by a receipt.
 *
 * The gateway has a process of its own; its ring has been round once when warm-up is over. The baseline is the same process then: the
 * median of the first third of the time, against that of the last third.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchSettings, type Figure, figureOf } from './harness.ts';
import { type Look, memoryFigure, residentMib } from './memory.ts';
import { PEERS } from './peers/index.ts';
import { startPeer } from './processes.ts';
import { pressSmpp } from './smpp-load.ts';

const BENCH = 'smpp-soak';
const BINDS = 10;
const WINDOW = 1_000;

const FULL = {
  perSecond: 50_000,
  warmUpMs: 60_000,
  durationMs: 600_000,
  lookMs: 2_000,
  numbers: 100_000,
  inbox: '1048576',
};
const TINY = { perSecond: 500, warmUpMs: 200, durationMs: 600, lookMs: 20, numbers: 400, inbox: '4096' };

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const { perSecond, warmUpMs, durationMs, lookMs, numbers, inbox } = isTiny ? TINY : FULL;
  const settings = { seed, numbers, campaigns: numbers, flags: { inbox } };
  const gateway = await startPeer('smpp-gateway', PEERS['smpp-gateway'], settings);
  try {
    const looks: Look[] = [];
    const startMs = performance.now() + warmUpMs;
    let isOver = false;
    const looking = (async () => {
      await sleep(warmUpMs);
      for (; !isOver && performance.now() < startMs + durationMs; await sleep(lookMs)) {
        looks.push({ atMs: performance.now() - startMs, mib: await residentMib([gateway.pid]) });
      }
    })();
    const { port } = gateway.ready;
    const plan = { url: `smpp://127.0.0.1:${port}`, seed, numbers, connections: BINDS, window: WINDOW, receipts: true };
    const report = await pressSmpp({ ...plan, perSecond, warmUpMs, durationMs }).finally(() => (isOver = true));
    await looking;
    const { messages, receipts, latency } = report;
    const params = {
      perSecond,
      seconds: durationMs / 1_000,
      acceptedPercent: Math.round((100 * messages.accepted) / messages.answered),
    };
    return [
      memoryFigure({ bench: BENCH, name: 'the gateway', place: 0, looks, params, isTiny }),
      figureOf({
        bench: BENCH,
        figure: 'receipts that came',
        params,
        subject: { name: 'came', unit: 'receipts', values: [receipts!.came] },
        baseline: { name: 'of messages accepted', unit: 'receipts', values: [receipts!.awaited] },
        note: `an answer p50 ${latency.p50Ms.toFixed(2)} ms, p99 ${latency.p99Ms.toFixed(2)} ms`,
      }),
    ];
  } finally {
    await gateway.stop();
  }
}
