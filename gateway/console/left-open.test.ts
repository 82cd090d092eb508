import Fastify from 'fastify';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchBrowser } from '../../scripts/browser.ts';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { consoleRoutes } from './index.ts';

// People leave the page open. Hours of events are told to it in seconds here: each half second of the gateway's passes in a few milliseconds.

const TEST_MS = 60_000;
vi.setConfig({ testTimeout: TEST_MS });
const EVENT_MS = 500;
/** Until the curves are as long as they get, all code is compiled, and the tables are full. */
const FILLING = 700;
const EVENTS = 2_000;
const AT_ONCE = 20;
const MESSAGES = 200;
/** A thousand events kept would be some two megabytes, a thousand rows of messages some sixteen thousand nodes. */
const GROWTH_BYTES_MAX = 250_000;
const GROWTH_NODES_MAX = 100;

let world: GatewayUnderTest;
beforeAll(async () => {
  world = await openGatewayUnderTest();
});
afterAll(() => world.close());

test(`after ${EVENTS} events the page holds no more than after ${FILLING}`, async () => {
  let tick = (): void => undefined;
  let readings = 0;
  const app = Fastify();
  await app.register(consoleRoutes, {
    core: world.core,
    store: world.store,
    requireAdmin: undefined,
    asksWho: false,
    summary: () => {
      readings += 1;
      return { ...world.summary(), decided: readings, delivered: readings, atMs: readings * EVENT_MS };
    },
    regimes: () => [{ carrier: 'att', regime: 'charge-more', share: 0, switched: false }],
    tariffDate: () => '2024-03-01',
    timers: {
      every: (_periodMs, run) => {
        tick = run;
        return () => undefined;
      },
      after: () => () => undefined,
    },
    clock: { nowMs: () => 0, monotonicNs: () => 0 },
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const wrong: string[] = [];
    page.on('pageerror', ({ message }) => wrong.push(message));
    await page.goto(url);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    const size = async (): Promise<Record<string, number>> => {
      await devtools.send('HeapProfiler.collectGarbage');
      const { metrics } = await devtools.send('Performance.getMetrics');
      return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    };
    /** Tells so many more, no faster than they are read: a page that does not keep up would be sent away. */
    const tell = async (count: number): Promise<void> => {
      for (const until = readings + count; readings < until;) {
        if (readings % (EVENTS / MESSAGES) < AT_ONCE) await world.send({ text: `Message ${readings}` });
        for (let event = 0; event < AT_ONCE; event += 1) tick();
        await page.getByText(`${readings.toLocaleString('en-US')} so far`).waitFor();
      }
    };
    await tell(FILLING);
    const before = await size();
    await tell(EVENTS - FILLING);
    const after = await size();
    expect(await page.locator('.messages tbody tr').count()).toBeGreaterThan(5);
    expect(after['JSHeapUsedSize']! - before['JSHeapUsedSize']!).toBeLessThan(GROWTH_BYTES_MAX);
    expect(after['Nodes']! - before['Nodes']!).toBeLessThan(GROWTH_NODES_MAX);
    expect(after['JSEventListeners']).toBe(before['JSEventListeners']);
    expect(wrong).toEqual([]);
  } finally {
    await browser.close();
    await app.close();
  }
});
