import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { loadWorld } from '../load-world.ts';
import { SHUTDOWN_GRACE_MS } from '../limits.ts';
import { openGateway } from '../main.ts';
import { readOptions } from '../options.ts';
import { createLog } from './log.ts';

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

describe('ten thousand of whatever senders and operators may name', () => {
  const IDENTITIES = 10_000;
  const BATCH = 1_000;
  const HOST_EVERY = 50;
  const hostOf = (one: number): string => `127.${1 + (one >> 8)}.${one & 255}.1`;
  /** Lines of a scrape in which every label has every value it was seen with here, with room for a few metrics more. */
  const LINES_MAX = 1_200;

  /** Sends as many messages whose accounts, references, senders and hosts to be told are of `count` kinds. */
  async function drive(gateway: GatewayUnderTest, count: number): Promise<void> {
    const carriers = ['att', 'verizon', 'tmobile', 'uscellular', 'other'] as const;
    const messages = Array.from({ length: IDENTITIES }, (_, place) => {
      const one = place % count;
      return {
        from: gateway.number('cpaas', one),
        to: gateway.number(carriers[place % carriers.length] ?? 'att', one),
        text: `text ${one}`,
        // A quarter of them are declared.
        account: `account-${one}`,
        reference: `reference-${one}`,
        // Refused at once; each is a host with a breaker of its own.
        ...(one % HOST_EVERY === 0 && { callbackUrl: `http://${hostOf(one)}:9/hook-${one}` }),
        truth: place % 2 === 0 ? 'spam' : 'legit',
      };
    });
    for (let first = 0; first < count; first += BATCH) {
      const declared = Array.from({ length: Math.min(BATCH, count - first) / 4 }, (_, place) => first / 4 + place);
      await Promise.all(
        declared.map((place) => gateway.ask('PUT', `/v1/accounts/account-${place}`, { kind: 'postpaid' })),
      );
    }
    for (let first = 0; first < messages.length; first += BATCH) {
      await gateway.ask('POST', '/v1/messages/batch', messages.slice(first, first + BATCH));
      gateway.time.advance(1_000);
    }
    gateway.time.advance(60_000);
  }

  test('make no more lines in a scrape than four hundred do', async () => {
    const callbackHosts = Array.from({ length: IDENTITIES / HOST_EVERY }, (_, place) => hostOf(place * HOST_EVERY));
    const gateway = await openGatewayUnderTest({ inbox: 65_536, callbackHosts });
    try {
      const lines = async (): Promise<string[]> => {
        const { text } = await gateway.ask('GET', '/metrics');
        return text.split('\n').filter((line) => line.startsWith('tollgate_'));
      };
      // The first scrape is a request to be timed itself.
      await lines();
      await drive(gateway, 400);
      const few = await lines();
      await drive(gateway, IDENTITIES);
      const many = await lines();
      expect(gateway.summary().decided).toBe(2 * IDENTITIES);
      const named = (all: readonly string[]): string[] => all.map((line) => line.replace(/ \S+$/, ''));
      const before = new Set(named(few));
      expect(named(many).filter((name) => !before.has(name))).toEqual([]);
      expect(many.length).toBeLessThan(LINES_MAX);
      expect(many.filter((line) => line.startsWith('tollgate_account_charged_dollars_total'))).toHaveLength(52);
      // Nor do exemplars pile up: one for a bucket.
      const { text } = await gateway.ask('GET', '/metrics', undefined, { accept: OPEN_METRICS });
      expect(text.split('message_id').length - 1).toBeLessThanOrEqual(12);
    } finally {
      await gateway.close();
    }
  });
});

/** What a scrape came to: a whole answer, or none at all. Half an answer is an error. */
async function scrape(url: string, accept: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/metrics`, { agent: false, headers: { accept } }, (response) => {
      let text = '';
      const half = (): void => reject(new Error(`${text.length} characters of an answer that goes on`));
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', half).on('aborted', half);
      response.on('end', () => {
        if (response.statusCode === 503) resolve(undefined);
        else if (response.statusCode === 200) resolve(text);
        else reject(new Error(`answered ${response.statusCode}: ${text}`));
      });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '')) resolve(undefined);
      else reject(error);
    });
    request.end();
  });
}

/** Asks again and again and reads nothing, or little at a time. */
function slowScraper(url: string, { readsSlowly }: { readonly readsSlowly: boolean }): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  socket.pause();
  socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: ${OPEN_METRICS}\r\n\r\n`.repeat(600));
  if (readsSlowly) {
    const reading = setInterval(() => void socket.read(100), 20);
    socket.on('close', () => clearInterval(reading));
  }
  return socket;
}

test('while the gateway closes with messages in flight, a scrape is answered whole or not at all, and none holds it up', async () => {
  const read = readOptions({ environment: {}, flags: { port: '0', logLevel: 'silent' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const gateway = await openGateway({
    options: read.options,
    world: loadWorld(),
    clock: systemClock,
    timers: systemTimers,
    log: createLog('silent'),
  });
  const served: Socket[] = [];
  gateway.app.server.on('connection', (socket: Socket) => served.push(socket));
  const slow = [true, false].map((readsSlowly) => slowScraper(gateway.url, { readsSlowly }));
  // Answers have filled all there is between the two ends, and more wait.
  const waiting = (): string =>
    served
      .filter((one) => one.writableLength > 0)
      .map((one) => one.bytesWritten)
      .join();
  const areStuck = async (): Promise<boolean> => {
    const before = waiting();
    await sleep(300);
    return before.split(',').length === slow.length && waiting() === before;
  };
  const found: (string | undefined)[] = [];
  let isOver = false;
  const scraping = Array.from({ length: 4 }, async (_, place) => {
    const accept = place % 2 === 0 ? OPEN_METRICS : 'text/plain';
    while (!isOver) {
      found.push(await scrape(gateway.url, accept));
      await sleep(1);
    }
  });
  try {
    await expect.poll(() => found.filter((one) => one !== undefined).length).toBeGreaterThan(8);
    await expect.poll(areStuck).toBe(true);
    const burst = Array.from({ length: 500 }, (_, place) => ({
      from: '+12125550123',
      to: `+1201916${1_000 + place}`,
      text: 'hi',
    }));
    await fetch(`${gateway.url}/v1/messages/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(burst),
    });
    expect(gateway.store.inFlightCount).toBeGreaterThan(0);
    const beganMs = performance.now();
    await gateway.close();
    expect(performance.now() - beganMs).toBeLessThan(2 * SHUTDOWN_GRACE_MS);
    expect(gateway.store.inFlightCount).toBe(0);
  } finally {
    isOver = true;
    await gateway.close();
    for (const one of slow) one.destroy();
    const ends = await Promise.allSettled(scraping);
    expect(ends.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))).toEqual([]);
  }
  const whole = found.filter((text) => text !== undefined);
  // The last of a scrape, in either format.
  const isWhole = (text: string): boolean => text.endsWith('\n# EOF\n') || /nodejs_gc_\w+(\{.*\})? \S+\n$/.test(text);
  expect(whole.filter((text) => !isWhole(text)).map((text) => text.slice(-200))).toEqual([]);
  expect(found.at(-1)).toBeUndefined();
});
