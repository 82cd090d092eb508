/**
 * Does the live page stutter while thousands of messages a second pass, and does it grow while it stays open?
 *
 * One page in Chromium, open all the time: for some seconds nothing is sent, then messages come by SMPP, and so on in turns. What is read
 * off the page is the time between animation frames, tasks longer than 50 ms, and how long its main thread worked; and, after a collection,
 * its heap and nodes. Browser, gateway and load share the processors of one machine, and without a graphics card the browser draws with
 * them too: frames are late for want of a processor, which idle seconds have and loaded ones do not. The work of the main thread is the
 * fairer figure: it is what the page itself asks for.
 */
import type { CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../scripts/browser.ts';
import { type BenchSettings, type Figure, figureOf, type Series } from './harness.ts';
import { PEERS } from './peers/index.ts';
import { startPeer } from './processes.ts';
import { pressSmpp } from './smpp-load.ts';

const BENCH = 'console';
const SMPP = { connections: 4, window: 500 };
const MIX = { registeredShare: 0.6, spamShare: 0.4 };
const VIEWPORT = { width: 1280, height: 900 };
const LONG_FRAME_MS = 50;
/** A tenth of a processor: what is left is for whatever else the browser shows. */
const BUSY_MS_MAX = 100;
const BYTES_PER_MB = 1_048_576;
const MS_PER_SECOND = 1_000;
/** Of the rate asked for, what must have got through. */
const SHARE_MIN = 0.98;

interface Scale {
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly rounds: number;
  readonly numbers: number;
  readonly campaigns: number;
}

const FULL: Scale = {
  perSecond: 20_000,
  warmUpMs: 2_000,
  durationMs: 8_000,
  rounds: 3,
  numbers: 100_000,
  campaigns: 10_000,
};
const TINY: Scale = { perSecond: 300, warmUpMs: 100, durationMs: 700, rounds: 1, numbers: 400, campaigns: 200 };

/** What the page saw of its own frames. */
interface Frames {
  readonly betweenMs: readonly number[];
  readonly longTasks: number;
}

interface Seen extends Frames {
  /** Of the main thread, for each second. */
  readonly busyMs: number;
  readonly scriptMs: number;
}

/** Run in the page: what is measured are its frames, all of them, for `ms`. */
const WATCH = `(ms) => new Promise((resolve) => {
  const betweenMs = [];
  let longTasks = 0;
  const observer = new PerformanceObserver((list) => { longTasks += list.getEntries().length; });
  observer.observe({ type: 'longtask' });
  const startMs = performance.now();
  let lastMs = startMs;
  const frame = () => {
    const nowMs = performance.now();
    betweenMs.push(nowMs - lastMs);
    lastMs = nowMs;
    if (nowMs - startMs < ms) { requestAnimationFrame(frame); return; }
    observer.disconnect();
    resolve({ betweenMs, longTasks });
  };
  requestAnimationFrame(frame);
})`;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const scale = isTiny ? TINY : FULL;
  const { perSecond, warmUpMs, durationMs, rounds, numbers, campaigns } = scale;
  const gateway = await startPeer('smpp-gateway', PEERS['smpp-gateway'], { seed, numbers, campaigns, flags: {} });
  const browser = await launchBrowser();
  try {
    const { url, port } = gateway.ready;
    const page = await browser.newPage({ viewport: VIEWPORT });
    const wrong: string[] = [];
    page.on('pageerror', ({ message }) => wrong.push(message));
    await page.goto(url);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    const pressed = async (): Promise<Seen> => {
      const load = { url: `smpp://127.0.0.1:${port}`, seed, numbers, ...SMPP, ...MIX, perSecond, warmUpMs, durationMs };
      const pressing = pressSmpp(load);
      await sleep(warmUpMs);
      const [report, seen] = await Promise.all([pressing, watched(page, devtools, durationMs)]);
      const got = report.messages.answered / (durationMs / MS_PER_SECOND);
      if (!isTiny && got < SHARE_MIN * perSecond)
        throw new Error(`only ${Math.round(got)} messages a second got through`);
      return seen;
    };
    // The first events fill the page, and its code is compiled.
    await pressed();
    const sizes = [await sizeOf(devtools)];
    const idle: Seen[] = [];
    const loaded: Seen[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await sleep(warmUpMs);
      idle.push(await watched(page, devtools, durationMs));
      loaded.push(await pressed());
      sizes.push(await sizeOf(devtools));
    }
    if (wrong.length > 0) throw new Error(`the page failed: ${wrong[0]}`);
    const params = { perSecond, rounds, seconds: durationMs / MS_PER_SECOND, ...VIEWPORT };
    const first = sizes[0]!;
    const last = sizes.at(-1)!;
    return [
      figureOf({
        bench: BENCH,
        figure: 'main thread of the live page, for each second',
        params,
        subject: series('while messages pass', loaded, ({ busyMs }) => busyMs),
        baseline: series('while none passes', idle, ({ busyMs }) => busyMs),
        isLessBetter: true,
        ...(!isTiny && { target: [{ measure: 'median', atMost: BUSY_MS_MAX }] }),
        note: `of it script ${mean(loaded.map(({ scriptMs }) => scriptMs)).toFixed(1)} ms and ${mean(idle.map(({ scriptMs }) => scriptMs)).toFixed(1)} ms`,
      }),
      figureOf({
        bench: BENCH,
        figure: 'p99 between frames of the live page',
        params,
        subject: series('while messages pass', loaded, ({ betweenMs }) => quantile(betweenMs, 0.99)),
        baseline: series('while none passes', idle, ({ betweenMs }) => quantile(betweenMs, 0.99)),
        isLessBetter: true,
        note: `${framesOf(loaded)}; idle ${framesOf(idle)}`,
      }),
      figureOf({
        bench: BENCH,
        figure: 'heap of the live page, collected',
        params,
        subject: { name: 'at the end', unit: 'MB', values: [last.heapMb] },
        baseline: { name: 'after the first messages', unit: 'MB', values: [first.heapMb] },
        isLessBetter: true,
        note: `nodes ${first.nodes} to ${last.nodes}; heap by round ${sizes.map(({ heapMb }) => heapMb.toFixed(1)).join(', ')} MB`,
      }),
    ];
  } finally {
    await browser.close();
    await gateway.stop();
  }
}

async function watched(page: Page, devtools: CDPSession, ms: number): Promise<Seen> {
  const before = await metricsOf(devtools);
  const frames = await page.evaluate<Frames>(`(${WATCH})(${ms})`);
  const after = await metricsOf(devtools);
  const perSecond = (name: string): number => {
    const seconds = after('Timestamp') - before('Timestamp');
    return ((after(name) - before(name)) / seconds) * MS_PER_SECOND;
  };
  return { ...frames, busyMs: perSecond('TaskDuration'), scriptMs: perSecond('ScriptDuration') };
}

async function sizeOf(devtools: CDPSession): Promise<{ readonly heapMb: number; readonly nodes: number }> {
  await devtools.send('HeapProfiler.collectGarbage');
  const metric = await metricsOf(devtools);
  return { heapMb: metric('JSHeapUsedSize') / BYTES_PER_MB, nodes: metric('Nodes') };
}

async function metricsOf(devtools: CDPSession): Promise<(name: string) => number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return (name) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
}

function framesOf(seen: readonly Seen[]): string {
  const all = seen.flatMap(({ betweenMs }) => betweenMs);
  const late = all.filter((ms) => ms > LONG_FRAME_MS).length / all.length;
  const longTasks = seen.reduce((sum, one) => sum + one.longTasks, 0);
  return (
    `p50 ${quantile(all, 0.5).toFixed(1)} ms, the longest ${Math.max(...all).toFixed(0)} ms, ` +
    `${(late * 100).toFixed(2)} % over ${LONG_FRAME_MS} ms, ${longTasks} long tasks`
  );
}

function series(name: string, seen: readonly Seen[], of: (one: Seen) => number): Series {
  return { name, unit: 'ms', values: seen.map(of) };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
