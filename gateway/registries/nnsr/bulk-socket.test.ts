import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatNumber } from '../../../registry-cache/index.ts';
import { BULK_IDLE_MS, BULK_LINGER_MS, BULK_PROGRESS_MS, BULK_RUNNING_MAX, RETRY_AFTER_S } from './limits.ts';
import { authorization, linesOf, type NnsrUnderTest, NORTH, openNnsrUnderTest } from './nnsr-under-test.ts';

// Real sockets: what happens between the bytes.

let nnsr: NnsrUnderTest;
let port: number;
beforeEach(async () => {
  nnsr = await openNnsrUnderTest();
  port = Number(new URL(await nnsr.app.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterEach(() => nnsr.close());

interface Upload {
  readonly sent: ClientRequest;
  /** The head of the answer, which comes before the file is sent. */
  readonly head: Promise<IncomingMessage>;
  /** Adds to the file, waiting as long as the gateway makes it. */
  write(text: string): Promise<void>;
}

function startUpload(query = '', headers: Record<string, string> = {}): Upload {
  const sent = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: `/nnsr/v1/bulk${query}`,
    headers: { authorization: authorization(NORTH), 'content-type': 'application/x-ndjson', ...headers },
  });
  const head = new Promise<IncomingMessage>((resolve, reject) => sent.once('response', resolve).once('error', reject));
  head.catch(() => undefined);
  sent.on('error', () => undefined);
  return {
    sent,
    head,
    write: async (text) => {
      if (sent.destroyed) throw new Error('the upload is over');
      if (!sent.write(text)) await once(sent, 'drain');
    },
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 1_000; turn += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain until ${what}`);
}

const jobOf = async (id: string): Promise<Record<string, unknown>> =>
  (await nnsr.ask(NORTH, 'GET', `/nnsr/v1/bulk/${id}`)).body;

/** A line for a number of its own, as long as wanted. */
const line = (index: number, length = 0): string =>
  `{"number":"${formatNumber(2_122_000_000 + index)}","campaignId":"CNORTH1"`.padEnd(length - 2) + '}\n';
const file = (count: number): string => Array.from({ length: count }, (_, index) => line(index)).join('');

describe('an upload', () => {
  test(
    'is held back while the store is slow, and 200 MB of it never fill the memory',
    { timeout: 60_000 },
    async () => {
      const LINE_BYTES = 2_048;
      const LINES = 100_000;
      let openGate: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (openGate = resolve));
      const apply = nnsr.store.apply.bind(nnsr.store);
      nnsr.store.apply = async (...given) => {
        await gate;
        return apply(...given);
      };
      const upload = startUpload();
      const inMemory = (): number => {
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      };
      const before = inMemory();
      let most = 0;
      let written = 0;
      const sending = (async () => {
        let block = '';
        for (let index = 0; index < LINES; index += 1) {
          block += line(index, LINE_BYTES);
          if (block.length < 65_536 && index < LINES - 1) continue;
          await upload.write(block);
          written += block.length;
          block = '';
          if (index % 1_024 < 32) most = Math.max(most, inMemory() - before);
        }
        upload.sent.end();
      })();
      const answer = await upload.head;
      let last = -1;
      await until('the sender stands still', async () => {
        const stood = last === written;
        last = written;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return stood && last === written;
      });
      // What the kernel's buffers on both sides hold, and no more.
      expect(written).toBeLessThan(24 * 1_048_576);
      openGate();
      const text = await textOf(answer);
      await sending;
      expect(written).toBeGreaterThan(200_000_000);
      expect(linesOf(text).at(-1)).toMatchObject({ state: 'complete', lines: LINES, provisioned: LINES, errors: 0 });
      expect(most).toBeLessThan(128 * 1_048_576);
    },
  );

  test('that breaks off in a line has applied the whole lines before it, and goes on where it stopped', async () => {
    const text = file(5_000);
    const upload = startUpload();
    await upload.write(text.slice(0, text.indexOf('\n', 200_000) + 20));
    const job = String((await upload.head).headers['nnsr-job']);
    const whole = text.slice(0, text.indexOf('\n', 200_000)).split('\n').length;
    await until('the lines are applied', async () => (await jobOf(job))['lines'] === whole);
    upload.sent.destroy();
    await until('the break is seen', async () => (await jobOf(job))['state'] === 'stopped');
    expect(await jobOf(job)).toMatchObject({ stopped: { code: 'socket_closed' }, lines: whole, errors: 0 });
    expect(nnsr.registry.count).toBe(whole);

    const again = startUpload(`?resume=${job}`);
    again.sent.end(text);
    const answer = await again.head;
    expect(answer.headers['nnsr-job']).toBe(job);
    expect(linesOf(await textOf(answer)).at(-1)).toMatchObject({
      state: 'complete',
      lines: 5_000,
      provisioned: 5_000,
      errors: 0,
      duplicates: 0,
    });
    expect(nnsr.registry.count).toBe(5_000);
  });

  test('can break off again and again, anywhere, and still end with every line done once', async () => {
    const text = file(3_000);
    const places = [1, 61, 40_000, 40_001, 110_000, 150_000];
    let job: string | undefined;
    for (const place of places) {
      const upload = startUpload(job === undefined ? '' : `?resume=${job}`);
      await upload.write(text.slice(0, place));
      if (text.slice(0, place).includes('\n')) {
        const answer = await upload.head;
        expect(answer.statusCode).toBe(200);
        job = String(answer.headers['nnsr-job']);
        const id = job;
        const whole = text.slice(0, place).split('\n').length - 1;
        await until('the lines are applied', async () => (await jobOf(id))['lines'] === whole);
      }
      upload.sent.destroy();
      const id = job;
      if (id !== undefined) await until('the break is seen', async () => (await jobOf(id))['state'] === 'stopped');
    }
    const last = startUpload(`?resume=${job}`);
    last.sent.end(text);
    expect(linesOf(await textOf(await last.head)).at(-1)).toMatchObject({
      state: 'complete',
      lines: 3_000,
      provisioned: 3_000,
    });
  });

  test('shows progress while it lasts, and is ended when nothing comes for too long; its job can go on', async () => {
    const upload = startUpload();
    await upload.write(line(0));
    const answer = await upload.head;
    const job = String(answer.headers['nnsr-job']);
    await until('the first line is applied', async () => (await jobOf(job))['lines'] === 1);
    nnsr.time.advance(BULK_PROGRESS_MS);
    await upload.write(line(1));
    await until('the second line is applied', async () => (await jobOf(job))['lines'] === 2);
    nnsr.time.advance(BULK_IDLE_MS - 1);
    await upload.write(line(2));
    await until('the third line is applied', async () => (await jobOf(job))['lines'] === 3);
    nnsr.time.advance(BULK_IDLE_MS);
    const lines = linesOf(await textOf(answer));
    expect(lines.map(({ type }) => type)).toEqual(['job', 'progress', 'progress', 'end']);
    expect(lines.at(-1)).toMatchObject({ state: 'stopped', stopped: { code: 'idle' }, lines: 3 });
    const closed = new Promise((resolve) => upload.sent.once('close', resolve));
    nnsr.time.advance(BULK_LINGER_MS);
    await closed;
    const again = startUpload(`?resume=${job}`);
    again.sent.end(file(4));
    expect(linesOf(await textOf(await again.head)).at(-1)).toMatchObject({
      state: 'complete',
      lines: 4,
      provisioned: 4,
    });
  });

  test('that never brings a line is given up', async () => {
    const upload = startUpload();
    await upload.write('{"number"');
    await until('the gateway waits', () => nnsr.time.waitingCount > 0);
    nnsr.time.advance(BULK_IDLE_MS);
    const answer = await upload.head;
    expect([answer.statusCode, JSON.parse(await textOf(answer))]).toMatchObject([
      408,
      { type: 'urn:tollgate:problem:upload-broken' },
    ]);
  });

  test('whose client reads nothing until all is written does not stand still; what it missed is counted', async () => {
    const LINES = 200_000;
    const upload = startUpload();
    for (let index = 0; index < LINES; index += 10_000) await upload.write('x\n'.repeat(10_000));
    upload.sent.end();
    const lines = linesOf(await textOf(await upload.head));
    const told = lines.filter(({ type }) => type === 'error').length;
    const end = lines.at(-1);
    expect(end).toMatchObject({ state: 'complete', errors: LINES });
    expect(told + Number(end?.['omitted'])).toBe(LINES);
    expect(Number(end?.['omitted'])).toBeGreaterThan(0);
  });

  test('is told to wait while its job is still being read, and when too many are under way', async () => {
    const uploads = Array.from({ length: BULK_RUNNING_MAX }, () => startUpload());
    const jobs: string[] = [];
    for (const upload of uploads) {
      await upload.write(line(0));
      jobs.push(String((await upload.head).headers['nnsr-job']));
    }
    for (const [query, status] of [
      [`?resume=${jobs[0]}`, 409],
      ['', 429],
    ] as const) {
      const more = startUpload(query);
      more.sent.end(line(0));
      const answer = await more.head;
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([status, String(RETRY_AFTER_S)]);
      answer.resume();
    }
    uploads.forEach(({ sent }) => sent.end());
    for (const { head } of uploads) {
      expect(linesOf(await textOf(await head)).at(-1)).toMatchObject({ state: 'complete', provisioned: 1 });
    }
  });

  test('with async is answered at its first line and goes on', async () => {
    const upload = startUpload('?async=true');
    await upload.write(line(0));
    const answer = await upload.head;
    expect(answer.statusCode).toBe(202);
    const job = String(answer.headers['nnsr-job']);
    await until('the first line is applied', async () => (await jobOf(job))['lines'] === 1);
    expect(await jobOf(job)).toMatchObject({ state: 'running', provisioned: 1 });
    await upload.write(line(1));
    upload.sent.end();
    expect(JSON.parse(await textOf(answer))).toMatchObject({ job, state: 'complete', provisioned: 2 });
  });

  test('of a stranger is refused before it is read', async () => {
    const upload = startUpload('', { authorization: 'Basic bm9ib2R5Om5vdGhpbmc=' });
    upload.sent.end(file(50_000));
    const answer = await upload.head;
    expect([answer.statusCode, JSON.parse(await textOf(answer))]).toMatchObject([401, { status: 401 }]);
    expect(nnsr.registry.count).toBe(0);
  });
});
