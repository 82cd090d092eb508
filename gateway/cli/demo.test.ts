import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { declaredBy, startDemo } from './demo.ts';
import { ControlledClock } from '../control/index.ts';
import { SimulatedCarriers } from '../delivery/index.ts';
import { createDemo } from '../demo/index.ts';
import { readMessage } from '../ingress/http/index.ts';
import { loadWorld } from '../load-world.ts';
import { openGateway } from '../main.ts';
import { emptyDraft, Intake, MessageState, MessageStore, summarise, type Summary } from '../messages/index.ts';
import { readOptions } from '../options.ts';
import type { CampaignsFile } from '../read-campaigns.ts';
import { createCore, makeRoomForLimits, namedStream, type Core } from '../router/index.ts';
import { createLog } from '../telemetry/index.ts';
import { parseNumberKey } from '../../registry-cache/index.ts';

// The demo on a clock that the test moves: the same core, store and carriers as the live gateway, no sockets, no timers.

const START = Date.UTC(2024, 2, 1, 15, 0, 0);
const RUN_MS = 600_000;
const RATE = 20;
const STEP_MS = 100;
const GOLDEN = 'gateway/golden/demo-run.seed-1.json';

interface Run {
  core: Core;
  store: MessageStore;
  summary: Summary;
  digest: string;
  /** Sum of the prices of the messages, added up one by one. */
  paidMicros: number;
}

function declare(core: Core, { brands, campaigns }: CampaignsFile): void {
  for (const { id, tmobileTier } of brands) core.brands.add({ id, tmobileTier });
  for (const campaign of campaigns) core.campaigns.add({ ...campaign, brand: core.brands.find(campaign.brand) });
  makeRoomForLimits(core);
}

function run(seed: number): Run {
  const world = loadWorld();
  const core = createCore(world);
  declare(core, world.declared);
  const store = new MessageStore(65_536, 'TEST');
  let nowMs = START;
  const clock = { nowMs: () => nowMs, monotonicNs: () => nowMs * 1e6 };
  const listener = {
    receiptArrived: () => {},
    ended: (at: number) => store.countEnd(at, core.counters),
    settled: () => {},
  };
  const carriers = new SimulatedCarriers({ store, seed, startMs: START, listener });
  const intake = new Intake({
    core,
    store,
    dispatcher: carriers,
    chance: namedStream(seed, 'regime-filter'),
    clock,
    view: { ageMs: () => 0, staleMs: 1, refusesWhenStale: false },
    tariffDateMs: START,
  });
  const demo = createDemo({ seed, ratePerSecond: RATE, startMs: START, blocks: core.carrierMap });
  declare(core, declaredBy(demo.registry));
  for (const { number, campaign, provisioningDelayMs } of demo.registry.numbers) {
    core.registry.register(parseNumberKey(number), core.campaigns.find(campaign), START + provisioningDelayMs, START);
  }

  const draft = emptyDraft();
  let paidMicros = 0;
  const step = (): void => {
    nowMs += STEP_MS;
    core.registry.settle(nowMs);
    carriers.advance(nowMs);
  };
  while (nowMs < START + RUN_MS) {
    step();
    for (let message = demo.traffic.next(nowMs); message !== undefined; message = demo.traffic.next(nowMs)) {
      const { from, to, text, account, route, truth, reference } = message;
      expect(readMessage({ from, to, text, account, route, truth, reference }, draft, () => undefined)).toBeUndefined();
      intake.submit(draft);
      paidMicros += intake.slot.quote.totalMicros;
    }
  }
  while (store.inFlightCount > 0) step();

  const hash = createHash('sha256');
  for (let at = 0; at < store.count; at += 1) {
    const columns = [
      store.senderKey[at],
      store.destinationKey[at],
      store.acceptedAtMs[at],
      store.code[at],
      store.registration[at],
      store.carrier[at],
      store.units[at],
      store.truth[at],
      store.carrierFeeMicros[at],
      store.surchargeMicros[at],
      store.dcaMicros[at],
      store.aggregatorMicros[at],
      store.receipt[at],
      store.receiptAtMs[at],
      store.outcome[at],
      store.handsetAtMs[at],
    ];
    hash.update(`${columns.join(',')}\n`);
  }
  return { core, store, summary: summarise(core, store, nowMs), digest: hash.digest('hex'), paidMicros };
}

describe('ten minutes of the demo', () => {
  const one = run(1);

  it('come out as they did when the golden file was written', () => {
    const { atMs: _, ...summary } = one.summary;
    const text = `${JSON.stringify({ digest: one.digest, messages: one.store.count, summary }, null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, text);
    expect(text, 'npm run golden rewrites it; read the change').toBe(readFileSync(GOLDEN, 'utf8'));
  });

  it('are the same again with the same seed, and others with another', () => {
    expect(run(1).digest).toBe(one.digest);
    expect(run(2).digest).not.toBe(one.digest);
  });

  it('show the point: unregistered spam lands, and carriers are paid a surcharge for it', () => {
    expect(one.summary.spamDeliveredUnregistered).toBeGreaterThan(0);
    expect(one.summary.spamSurchargeMicros).toBeGreaterThan(0);
    expect(one.summary.blocked).toBe(0);
  });

  it('leave every accepted message in exactly one final state', () => {
    const { accepted, delivered, filtered, undelivered, decided, refused } = one.summary;
    expect(delivered + filtered + undelivered).toBe(accepted);
    expect(accepted + refused).toBe(decided);
    const states = Array.from(one.store.state.subarray(0, one.store.count));
    expect(states.filter((state) => state < MessageState.Delivered)).toEqual([]);
    expect(states.filter((state) => state !== MessageState.Rejected)).toHaveLength(accepted);
  });

  it('post to payees exactly what the senders paid', () => {
    const { counters } = one.core;
    expect(counters.revenueMicros.reduce((sum, micros) => sum + micros, 0)).toBe(one.paidMicros);
    expect(counters.chargedMicros).toBe(one.paidMicros);
  });

  it('class senders for every reason there is', () => {
    expect(Array.from(one.core.counters.reasons).map((count) => count > 0)).toEqual([
      true,
      true,
      true,
      true,
      true,
      true,
    ]);
  });
});

it('a reset of the gateway leaves the demo its numbers, and takes what was sent', async () => {
  const read = readOptions({ environment: {}, flags: { port: '0', logLevel: 'silent' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const options = { ...read.options, demo: true };
  const log = createLog('silent');
  const time = new ControlledClock();
  time.freeze();
  const gateway = await openGateway({ options, world: loadWorld(options), clock: time, timers: time, log });
  const stopDemo = await startDemo(gateway, options, log, time);
  const post = async (path: string, body?: string): Promise<number> => {
    const written = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body };
    return (await fetch(gateway.url + path, { method: 'POST', ...written })).status;
  };
  const { registryNumbers } = gateway.summary();
  expect(registryNumbers).toBeGreaterThan(0);
  expect(await post('/v1/clock', '{"advanceMs":500}')).toBe(200);
  await expect.poll(() => gateway.summary().decided).toBeGreaterThan(0);
  stopDemo();
  // Nothing is restored while a batch is under way.
  await expect.poll(() => post('/v1/reset')).toBe(200);
  expect(gateway.summary()).toMatchObject({ registryNumbers, decided: 0 });
  await gateway.close(0);
});
