import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { Status } from '../smpp/index.ts';
import { DueTimes } from './due-times.ts';
import { PLAN, runPlan, startHttpStub, startRawStub, startSmscStub, type Stub } from './load-under-test.ts';
import { doubtsOf } from './report-text.ts';
import type { LoadReport } from './run-load.ts';

const stubs: Stub[] = [];

afterEach(async () => {
  for (const stub of stubs.splice(0)) await stub.close();
});

async function http(...given: Parameters<typeof startHttpStub>): Promise<Stub> {
  const stub = await startHttpStub(...given);
  stubs.push(stub);
  return stub;
}

async function smsc(...given: Parameters<typeof startSmscStub>): Promise<Stub> {
  const stub = await startSmscStub(...given);
  stubs.push(stub);
  return stub;
}

async function raw(...given: Parameters<typeof startRawStub>): Promise<Stub> {
  const stub = await startRawStub(...given);
  stubs.push(stub);
  return stub;
}

/** The target stands still for 200 ms in the midst of the load. */
async function withStall(stub: Stub, load: Promise<LoadReport>): Promise<LoadReport> {
  await sleep(300);
  stub.stall();
  await sleep(200);
  stub.goOn();
  return load;
}

describe('a load at a stated rate', () => {
  test('sends as much as it says, and has every message answered', async () => {
    const stub = await http();
    const report = await runPlan({ url: stub.url, perSecond: 400 });
    expect(report.messages).toMatchObject({ due: 200, sent: 200, answered: 200, accepted: 200, refused: 0, failed: 0 });
    expect(report.ratePerSecond).toBeGreaterThan(150);
    expect(stub.count).toBe(200);
  });

  test.each(['http', 'smpp'] as const)(
    'over %s shows a stall in every request that it kept waiting',
    async (protocol) => {
      const stub = protocol === 'http' ? await http() : await smsc();
      const plan = { protocol, url: stub.url, perSecond: 400, durationMs: 1_000 };
      const report = await withStall(stub, runPlan(plan));
      expect(report.messages.answered).toBe(400);
      // A fifth of them were due while the target stood still, and waited for what was left of that.
      expect(report.latency.p90Ms).toBeGreaterThan(70);
      expect(report.latency.p95Ms).toBeGreaterThan(120);
      expect(report.latency.maxMs).toBeLessThan(700);
    },
  );

  test('as fast as it is answered shows the same stall in no more requests than it has connections', async () => {
    const stub = await http();
    const report = await withStall(stub, runPlan({ url: stub.url, durationMs: 1_000 }));
    expect(report.latency.maxMs).toBeGreaterThan(150);
    expect(report.latency.p90Ms).toBeLessThan(70);
  });

  test('counts as failed, with the time they waited, messages that were never sent or answered', async () => {
    const stub = await http();
    stub.stall();
    const report = await runPlan({ url: stub.url, perSecond: 100, drainMs: 300, timeoutMs: 10_000 });
    expect(report.messages).toMatchObject({ due: 50, sent: 2, answered: 0, failed: 50 });
    expect(report.failed).toEqual({ 'not sent in time': 48, 'not answered in time': 2 });
    expect(report.latency.count).toBe(50);
    expect(report.latency.maxMs).toBeGreaterThan(700);
    expect(report.latency.p50Ms).toBeGreaterThan(150);
  });

  test('sends at random, by the seed, as many as were due in the stretch that counts', async () => {
    const plan = { perSecond: 400, arrivals: 'poisson', seed: 7, warmUpMs: 200, durationMs: 400 } as const;
    const due = new DueTimes({ ...PLAN, ...plan, kind: 'poisson', thread: 0, threads: 1 });
    let [all, counted] = [0, 0];
    for (; due.nextMs < 600; due.advance()) {
      all += 1;
      if (due.nextMs >= 200) counted += 1;
    }
    const stub = await http();
    const report = await runPlan({ ...plan, url: stub.url });
    expect(report.messages.due).toBe(counted);
    expect(stub.count).toBe(all);
  });

  test('that the target has no room for says how much less it was', async () => {
    const stub = await http();
    stub.stall();
    const answering = setInterval(() => (stub.goOn(), stub.stall()), 50);
    const report = await runPlan({ url: stub.url, perSecond: 200, durationMs: 1_000 });
    clearInterval(answering);
    expect(report.duePerSecond).toBe(200);
    expect(report.sentPerSecond).toBeLessThan(60);
    expect(doubtsOf(report)[0]).toMatch(
      /^the rate was not reached: \d+ of 200 messages a second .* --connections, or a lower --rate$/,
    );
  });

  test('leaves the warm-up out', async () => {
    const stub = await http();
    const report = await runPlan({ url: stub.url, perSecond: 200, warmUpMs: 300, durationMs: 300 });
    expect(report.messages.due).toBe(60);
    expect(stub.count).toBe(120);
    expect(report.timeline.at(-1)?.atMs).toBe(500);
  });
});

describe('answers over HTTP', () => {
  test('that all want other credentials are errors, and it is said which', async () => {
    const stub = await http(() => [401, '{"type":"unauthorized"}']);
    const report = await runPlan({ url: stub.url, perSecond: 100 });
    expect(report.messages).toMatchObject({ answered: 50, failed: 50 });
    expect(doubtsOf(report)).toContainEqual(expect.stringContaining('TOLLGATE_ADMIN_USER'));
  });

  test('are accepted, refused by name, or errors', async () => {
    let count = 0;
    const answers = [
      [202, '{"status":"accepted"}'],
      [429, '{"status":"rejected","decision":"att_tpm_exceeded"}'],
      [429, '{"type":"queue-full"}'],
      [401, '{"type":"unauthorized"}'],
      [500, 'oops'],
    ] as const;
    const stub = await http(() => answers[count++ % answers.length] ?? [202, '']);
    const report = await runPlan({ url: stub.url, perSecond: 200 });
    expect(report.messages).toMatchObject({ due: 100, answered: 100, accepted: 20, refused: 40, failed: 40 });
    expect(report.refused).toEqual({ att_tpm_exceeded: 20, 'HTTP 429': 20 });
    expect(report.failed).toEqual({ 'HTTP 401': 20, 'HTTP 500': 20 });
  });

  test('of a batch are counted line by line', async () => {
    const stub = await http((body) => {
      const lines = body.trim().split('\n');
      const result = (index: number): string =>
        index % 4 === 0
          ? `{"index":${index},"status":"rejected","decision":"landline"}`
          : index % 4 === 1
            ? `{"index":${index},"status":"invalid","errors":[]}`
            : `{"index":${index},"id":"M${index}","status":"${index % 4 === 2 ? 'accepted' : 'queued'}"}`;
      return [200, lines.map((_, index) => result(index)).join('\n')];
    });
    const report = await runPlan({ protocol: 'batch', url: stub.url, perSecond: 2_000, batchMessages: 20 });
    expect(stub.count).toBe(50);
    expect(report.messages).toMatchObject({ due: 1_000, answered: 1_000, accepted: 500, refused: 250, failed: 250 });
    expect(report.refused).toEqual({ landline: 250 });
    expect(report.failed).toEqual({ invalid: 250 });
    expect(report.latency.count).toBe(50);
  });

  test('of batches are counted as well when they are sent as fast as they are answered', async () => {
    const stub = await http((body) => [200, body.trim().replaceAll(/^.*$/gm, '{"status":"accepted"}')]);
    const { messages, failed } = await runPlan({ protocol: 'batch', url: stub.url, batchMessages: 10 });
    expect(failed).toEqual({});
    expect(messages.accepted).toBe(messages.due);
    expect(messages.due / 10).toBeGreaterThan(20);
    expect(stub.count).toBe(messages.due / 10);
  });

  test('that stop, when connections are cut, are errors, and the load goes on', async () => {
    const stub = await http();
    for (const perSecond of [400, undefined]) {
      const load = runPlan({ url: stub.url, perSecond });
      await sleep(200);
      stub.stall();
      await sleep(50);
      stub.cut();
      stub.goOn();
      const report = await load;
      expect(report.failed).toEqual({ 'connection lost': 2 });
      expect(report.messages.answered).toBeGreaterThan(50);
    }
  });

  test.each([undefined, 200])(
    'that end a connection each, as a server may, are answers like others (%s/s)',
    async (perSecond) => {
      const stub = await http(() => [202, '{"status":"accepted"}', { connection: 'close' }]);
      const { failed, messages } = await runPlan({ url: stub.url, perSecond });
      expect(failed).toEqual({});
      expect(messages.accepted).toBe(messages.due);
      expect(messages.due).toBe(stub.count);
    },
  );

  test.each([undefined, 200])('that break off are none (%s/s)', async (perSecond) => {
    const stub = await raw((socket) => socket.end('HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{"sta'));
    const { failed, messages } = await runPlan({ url: stub.url, perSecond });
    expect(messages).toMatchObject({ answered: 0, accepted: 0, failed: messages.due });
    expect(failed).toEqual({ 'connection lost': messages.due });
  });

  test.each([undefined, 200])('that are no HTTP are named so (%s/s)', async (perSecond) => {
    const stub = await raw((socket) => socket.write('220 mail.example ready\r\n'));
    const report = await runPlan({ url: stub.url, perSecond });
    expect(Object.keys(report.failed)).toEqual([expect.stringContaining('HTTP/1.1 protocol')]);
    expect(report.messages.failed).toBe(report.messages.due);
  });

  test.each([undefined, 200])('that come drop by drop are not waited for any longer (%s/s)', async (perSecond) => {
    const timers: NodeJS.Timeout[] = [];
    const stub = await raw((socket) => {
      socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 10000\r\n\r\n');
      timers.push(setInterval(() => socket.write('.'), 20));
    });
    const report = await runPlan({ url: stub.url, perSecond, connections: 200, timeoutMs: 300, drainMs: 2_000 });
    for (const timer of timers) clearInterval(timer);
    expect(report.failed).toEqual({ 'not answered in time': report.messages.due });
    expect(report.latency.p50Ms).toBeGreaterThanOrEqual(300);
    expect(report.latency.maxMs).toBeLessThan(600);
  });

  test("of a target that has gone are errors, whose times are not the target's", async () => {
    const stub = await startHttpStub();
    for (const perSecond of [200, undefined]) {
      const { url } = perSecond === undefined ? await http() : stub;
      const load = runPlan({ url, perSecond });
      await sleep(200);
      await (perSecond === undefined ? stubs.pop() : stub)?.close();
      const { failed, messages, latency } = await load;
      expect(failed['ECONNREFUSED']).toBeGreaterThan(5);
      expect(latency.count).toBe(messages.answered + (failed['connection lost'] ?? 0));
    }
  });

  test('end early when somebody says so', async () => {
    const stub = await http();
    const stop = new AbortController();
    const load = runPlan({ url: stub.url, perSecond: 100, durationMs: 60_000 }, { stop: stop.signal });
    while (stub.count < 20) await sleep(20);
    stop.abort(new Error('interrupted'));
    const report = await load;
    expect(report.isCutShort).toBe(true);
    expect(report.messages.answered).toBeGreaterThanOrEqual(19);
    // By the time that it took, not by that which it was to take.
    expect(report.ratePerSecond).toBeGreaterThan(30);
    expect(report.countedMs).toBeLessThan(10_000);
  });

  test('that come after it was ended early are not of its rate', async () => {
    const stub = await http();
    stub.stall();
    const stop = new AbortController();
    const load = runPlan(
      { url: stub.url, connections: 500, perSecond: 400, durationMs: 60_000 },
      { stop: stop.signal },
    );
    while (stub.count < 100) await sleep(20);
    stop.abort(new Error('interrupted'));
    await sleep(100);
    stub.goOn();
    const report = await load;
    expect(report.messages.answered).toBeGreaterThanOrEqual(100);
    expect(report.ratePerSecond).toBe(0);
  });
});

describe('a target that does not let us in', () => {
  test.each([undefined, 100])(
    'for its certificate is one nobody vouches for is named with the option (%s/s)',
    async (perSecond) => {
      const folder = mkdtempSync(join(tmpdir(), 'tollgate-load-'));
      const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
      const words = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ];
      await promisify(execFile)('openssl', [...words, '-subj', '/CN=localhost', '-keyout', key, '-out', cert]);
      const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
        request.resume().on('end', () => response.writeHead(202).end('{}'));
      });
      rmSync(folder, { recursive: true });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await expect(runPlan({ url, perSecond })).rejects.toThrow(
        /^--url: the certificate of .* is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\); --insecure takes any$/,
      );
      const { failed, messages } = await runPlan({ url, perSecond, isInsecure: true });
      expect(failed).toEqual({});
      expect(messages.accepted).toBeGreaterThan(20);
      server.close();
      server.closeAllConnections();
    },
  );

  test('is named with the option and the fix', async () => {
    const gone = await startHttpStub();
    await gone.close();
    await expect(runPlan({ url: gone.url })).rejects.toThrow(/^--url: nobody answers at .* \(ECONNREFUSED\); start/);
    const smpp = { protocol: 'smpp', url: gone.url.replace('http', 'smpp') } as const;
    await expect(runPlan(smpp)).rejects.toThrow(/^--url: no SMSC answers at .* \(ECONNREFUSED\); start/);
    const stub = await smsc({ bindStatus: Status.InvalidPassword });
    await expect(runPlan({ protocol: 'smpp', url: stub.url })).rejects.toThrow(
      /^--system-id: the bind was refused: InvalidPassword \(0x0e\); give/,
    );
    const mute = await http();
    mute.stall();
    const unbound = { protocol: 'smpp', url: mute.url.replace('http', 'smpp'), timeoutMs: 200 } as const;
    await expect(runPlan(unbound)).rejects.toThrow(/^--url: no SMSC answers at/);
    await expect(runPlan({ url: mute.url, receipts: true, callbackHost: '192.0.2.1' })).rejects.toThrow(
      /^--callback-host: 192\.0\.2\.1 cannot be listened on \(EADDRNOTAVAIL\)/,
    );
  });
});
