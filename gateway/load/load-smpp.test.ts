import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Status } from '../smpp/index.ts';
import { runPlan, startSmscStub, type Stub } from './load-under-test.ts';

const stubs: Stub[] = [];

afterEach(async () => {
  for (const stub of stubs.splice(0)) await stub.close();
});

async function smsc(...given: Parameters<typeof startSmscStub>): Promise<Stub> {
  const stub = await startSmscStub(...given);
  stubs.push(stub);
  return stub;
}

describe('answers over SMPP', () => {
  test('are accepted, refused by name, or errors', async () => {
    const statuses = [Status.Ok, Status.Throttled, Status.MessageQueueFull, Status.SystemError];
    const stub = await smsc({ status: (count) => statuses[count % 4] ?? 0 });
    const report = await runPlan({ protocol: 'smpp', url: stub.url, perSecond: 400, window: 10 });
    expect(report.messages).toMatchObject({ due: 200, answered: 200, accepted: 50, refused: 100, failed: 50 });
    expect(report.refused).toEqual({ 'Throttled (0x58)': 50, 'MessageQueueFull (0x14)': 50 });
    expect(report.failed).toEqual({ 'SystemError (0x08)': 50 });
  });

  test.each(['before', 'after', 'other-bind'] as const)('with receipts that come %s', async (receipts) => {
    const stub = await smsc({ receipts });
    const report = await runPlan({
      protocol: 'smpp',
      url: stub.url,
      perSecond: 400,
      window: 10,
      receipts: true,
      threads: 2,
      drainMs: 20_000,
    });
    expect(report.messages.accepted).toBe(200);
    expect(report.receipts).toMatchObject({ awaited: 200, came: 200, lost: 0, latency: { count: 200 } });
    expect(report.receipts?.latency.maxMs).toBeLessThan(20_000);
  });

  test('without receipts that were asked for are losses', async () => {
    const stub = await smsc();
    const report = await runPlan({ protocol: 'smpp', url: stub.url, perSecond: 100, receipts: true, drainMs: 200 });
    expect(report.receipts).toMatchObject({ awaited: 50, came: 0, lost: 50 });
  });

  test.each(['before', 'after', 'other-bind'] as const)(
    'with receipts that come %s, whose ids are decimal and those of answers hexadecimal',
    async (receipts) => {
      const stub = await smsc({ receipts, hasDecimalIds: true });
      const plan = { perSecond: 400, window: 10, receipts: true, threads: 2, drainMs: 3_000 };
      const report = await runPlan({ protocol: 'smpp', url: stub.url, ...plan });
      expect(report.receipts).toMatchObject({ awaited: 200, came: 200, lost: 0 });
    },
  );

  test('with receipts that come to a thread which has all of its own', async () => {
    const stub = await smsc({ receipts: 'other-bind', lastReceiptsMs: 500 });
    const plan = { perSecond: 400, window: 10, receipts: true, threads: 2, drainMs: 3_000 };
    const report = await runPlan({ protocol: 'smpp', url: stub.url, ...plan });
    expect(report.receipts).toMatchObject({ awaited: 200, came: 200, lost: 0 });
  });

  test('to transmitters, with receipts to receivers', async () => {
    const stub = await smsc({ receipts: 'receiver' });
    const plan = { perSecond: 400, window: 10, receipts: true, binds: 'tx+rx', drainMs: 3_000 } as const;
    const report = await runPlan({ protocol: 'smpp', url: stub.url, ...plan });
    expect(report.messages.accepted).toBe(200);
    expect(report.receipts).toMatchObject({ awaited: 200, came: 200, lost: 0 });
  });

  test.each([undefined, 100])('that never come leave room for others after a while (%s/s)', async (perSecond) => {
    const stub = await smsc({ status: (count) => (count <= 10 ? undefined : Status.Ok) });
    const plan = { connections: 2, window: 5, timeoutMs: 200, durationMs: 1_000 };
    const report = await runPlan({ protocol: 'smpp', url: stub.url, perSecond, ...plan });
    expect(report.failed).toEqual({ 'not answered in time': 10 });
    expect(report.messages.accepted).toBeGreaterThanOrEqual(90);
    expect(report.latency.maxMs).toBeLessThan(500);
  });

  test('keep a window full, and no more than that', async () => {
    const stub = await smsc();
    stub.stall();
    const load = runPlan({
      protocol: 'smpp',
      url: stub.url,
      window: 7,
      connections: 3,
      drainMs: 300,
      timeoutMs: 10_000,
    });
    await sleep(300);
    expect(stub.count).toBe(21);
    stub.goOn();
    const report = await load;
    expect(report.messages.answered).toBeGreaterThan(1_000);
    expect(report.messages.failed).toBe(0);
  });

  test('that stop, when binds are cut, are errors; they are bound again, and people are told', async () => {
    const stub = await smsc();
    const words: string[] = [];
    const plan = { protocol: 'smpp', url: stub.url, perSecond: 200, durationMs: 2_000 } as const;
    const load = runPlan(plan, { onWord: (line) => words.push(line) });
    await sleep(300);
    stub.stall();
    await sleep(50);
    stub.cut();
    stub.goOn();
    const report = await load;
    expect(report.failed).toEqual({ 'connection lost': 2 });
    expect(report.messages.answered).toBe(398);
    expect(words).toEqual(['a bind was lost (connection lost) and is bound again']);
    expect(report.latency.maxMs).toBeGreaterThan(800);
  });
});
