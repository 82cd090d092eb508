import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { MessageStore } from '../../messages/index.ts';
import type { Clock, Timers } from '../../router/index.ts';
import { Status } from '../../smpp/index.ts';
import { openIntake } from './edge-under-test.ts';
import { EsmeUnderTest } from './esme-under-test.ts';
import type { DeclaredEsme } from './esmes.ts';
import { openSmpp, type Smpp } from './index.ts';
import type { Listening } from './server.ts';

/** The machine's clock, moved on by hand; what repeats is run then. */
class MovedTime implements Clock, Timers {
  #movedMs = 0;
  readonly #repeated = new Set<() => void>();

  nowMs(): number {
    return Date.now() + this.#movedMs;
  }

  monotonicNs(): number {
    return (performance.now() + this.#movedMs) * 1e6;
  }

  every(_periodMs: number, run: () => void): () => void {
    this.#repeated.add(run);
    return () => this.#repeated.delete(run);
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  }

  move(ms: number): void {
    this.#movedMs += ms;
    for (const run of this.#repeated) run();
  }
}

interface Closed {
  readonly why: string;
}

let smpp: Smpp;
let time: MovedTime;
let closings: Closed[];
const esmes: EsmeUnderTest[] = [];
const directory = mkdtempSync(join(tmpdir(), 'tollgate-smpp-'));

afterAll(() => rmSync(directory, { recursive: true }));
afterEach(async () => {
  for (const esme of esmes.splice(0)) esme.close();
  await smpp.close();
});

async function open(declared: readonly DeclaredEsme[] = [], listening: Partial<Listening> = {}): Promise<void> {
  time = new MovedTime();
  const closed: Closed[] = [];
  closings = closed;
  const store = new MessageStore(1_000, 'TEST');
  smpp = await openSmpp({
    intake: openIntake(store),
    store,
    leases: { answered: () => Promise.resolve() },
    declared,
    isOpen: true,
    receiptVariants: [],
    listening: [{ host: '127.0.0.1', port: 0, ...listening }],
    clock: { nowMs: () => Date.UTC(2022, 2, 1), monotonicNs: () => 0 },
    timers: time,
    machineClock: time,
    machineTimers: time,
    log: { info: (fields) => closed.push(fields as Closed), warn: () => undefined },
  });
}

async function connect(tls?: { ca: string }): Promise<EsmeUnderTest> {
  const esme = await EsmeUnderTest.connect(smpp.ports[0] ?? 0, tls);
  esmes.push(esme);
  return esme;
}

const submit = { sourceAddr: '12125550100', destinationAddr: '12122000001', shortMessage: Buffer.from('Hello.') };

/** Whether another ESME is served as ever. */
async function isServing(): Promise<boolean> {
  const esme = await connect();
  await esme.bind('BindTransmitter', { systemId: 'witness' });
  return (await esme.ask('SubmitSm', submit)).status === Status.Ok;
}

describe('an ESME', () => {
  test('that is declared binds with its password, as often and from where it may', async () => {
    const esme = {
      account: 'acme',
      systemId: 'acme',
      password: 'secret',
      binds: 1,
      window: 5,
      addresses: ['127.0.0.0/8'],
    };
    await open([esme, { ...esme, account: 'far', systemId: 'far', addresses: ['10.0.0.0/8'] }]);
    const one = await connect();
    expect((await one.bind('BindTransmitter', { systemId: 'acme' })).status).toBe(Status.Ok);
    for (const [own, status] of [
      [{ systemId: 'acme' }, Status.BindFailed],
      [{ systemId: 'far' }, Status.BindFailed],
      [{ systemId: 'acme', password: 'wrong' }, Status.InvalidPassword],
      [{ systemId: 'nobody' }, Status.InvalidSystemId],
    ] as const) {
      const refused = await connect();
      const answer = await refused.bind('BindTransmitter', own);
      expect(answer.status).toBe(status);
      expect(answer.bytes).toHaveLength(16);
      await refused.closed();
    }
    one.close();
    await expect.poll(() => smpp.figures().sessions['transmitter']).toBe(0);
    expect((await (await connect()).bind('BindReceiver', { systemId: 'acme' })).status).toBe(Status.Ok);
    expect(smpp.figures().bindsRefused).toBe(4);
  });

  test('is told goodbye when the gateway closes, and answers', async () => {
    await open();
    const esme = await connect();
    await esme.bind();
    const unbound = await connect();
    await unbound.ask('EnquireLink');
    const closing = smpp.close();
    const goodbye = await esme.nextOf('Unbind');
    esme.send('UnbindResp', {}, { sequence: goodbye.sequence });
    await esme.closed();
    await unbound.closed();
    await closing;
    await expect(EsmeUnderTest.connect(smpp.ports[0] ?? 0)).rejects.toThrow('ECONNREFUSED');
  });

  test('that has left may bind again, although its connection lingers', async () => {
    await open([{ account: 'acme', systemId: 'acme', password: 'secret', binds: 1, window: 5, addresses: [] }]);
    const one = await connect();
    await one.bind('BindTransceiver', { systemId: 'acme' });
    // More than it should say: nobody reads it, and so nobody sees the end of the connection.
    one.send('Unbind');
    one.send('EnquireLink');
    expect((await one.nextOf('UnbindResp')).status).toBe(Status.Ok);
    const other = await connect();
    expect((await other.bind('BindTransceiver', { systemId: 'acme' })).status).toBe(Status.Ok);
  });

  test('that leaves is answered first', async () => {
    await open();
    const esme = await connect();
    await esme.bind();
    esme.send('SubmitSm', submit);
    esme.send('Unbind');
    expect((await esme.nextOf('SubmitSmResp')).status).toBe(Status.Ok);
    expect((await esme.nextOf('UnbindResp')).status).toBe(Status.Ok);
    await esme.closed();
    await expect.poll(() => closings.map(({ why }) => why)).toEqual(['unbound']);
  });
});

describe('over TLS', () => {
  test('everything is the same, and plain bytes are turned away', async () => {
    const key = join(directory, 'smpp.key');
    const cert = join(directory, 'smpp.crt');
    const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    await promisify(execFile)('openssl', [...words, '-subj', '/CN=localhost', '-keyout', key, '-out', cert]);
    await open([], { tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } });
    const ca = readFileSync(cert, 'utf8');
    const esme = await connect({ ca });
    expect((await esme.bind()).status).toBe(Status.Ok);
    expect((await esme.ask('SubmitSm', submit)).status).toBe(Status.Ok);
    const plain = await connect();
    plain.send('EnquireLink');
    await plain.closed();
    expect((await esme.ask('EnquireLink')).status).toBe(Status.Ok);
  });
});

describe('a client that means harm', () => {
  test.each([0, 15, 70_001, 2 ** 31])('and announces %d bytes is told so, and closed', async (length) => {
    await open();
    const esme = await connect();
    await esme.bind();
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32BE(length, 0);
    bytes.writeUInt32BE(55, 12);
    esme.socket.write(bytes);
    expect(await esme.nextOf('GenericNack')).toMatchObject({ status: Status.InvalidCommandLength, sequence: 55 });
    await esme.closed();
    await expect.poll(() => closings.map(({ why }) => why)).toEqual([`a PDU said to be ${length} bytes long`]);
    expect(await isServing()).toBe(true);
  });

  test('and never binds is closed in time', async () => {
    await open();
    const esme = await connect();
    await esme.ask('EnquireLink');
    time.move(6_000);
    await esme.closed();
    await expect.poll(() => closings.map(({ why }) => why)).toEqual(['no bind in time']);
  });

  test('and sends one byte a minute is closed', async () => {
    await open();
    const esme = await connect();
    await esme.bind();
    esme.socket.write(Buffer.of(0));
    await new Promise((resolve) => setTimeout(resolve, 50));
    time.move(60_000);
    await esme.closed();
    expect(await isServing()).toBe(true);
  });

  test('and answers nothing is closed', async () => {
    await open();
    const esme = await connect();
    await esme.bind();
    esme.isPolite = false;
    time.move(31_000);
    await esme.nextOf('EnquireLink');
    time.move(11_000);
    await esme.nextOf('EnquireLink');
    time.move(11_000);
    await esme.closed();
    await expect.poll(() => closings.map(({ why }) => why)).toEqual(['enquire_link was not answered']);
  });

  test('and never reads is not read from either, keeps nothing of the others waiting, and is closed', async () => {
    await open();
    const esme = await connect();
    await esme.bind('BindTransmitter');
    esme.socket.pause();
    const enquiries = Buffer.concat(
      Array.from({ length: 2_000 }, (_, index) => {
        const bytes = Buffer.from('00000010000000150000000000000000', 'hex');
        bytes.writeUInt32BE(index + 1, 12);
        return bytes;
      }),
    );
    // It sends until nobody takes more: what it is owed is bounded by then, and what it sent waits in its own socket.
    let sentBytes = 0;
    while (esme.socket.writableLength < 4_000_000 && sentBytes < 64_000_000) {
      esme.socket.write(enquiries);
      sentBytes += enquiries.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sentBytes).toBeLessThan(64_000_000);
    expect(await isServing()).toBe(true);
    time.move(31_000);
    await expect.poll(() => closings.map(({ why }) => why)).toContain('what was sent is not read');
  });

  test('and floods is answered one for one', async () => {
    await open();
    const esme = await connect();
    await esme.bind('BindTransmitter');
    const count = 3_000;
    for (let sent = 0; sent < count; sent += 1) esme.send('SubmitSm', submit);
    const witness = await connect();
    expect((await witness.ask('EnquireLink')).status).toBe(Status.Ok);
    const statuses = new Map<number, number>();
    for (let heard = 0; heard < count; heard += 1) {
      const { status } = await esme.nextOf('SubmitSmResp');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    // As many as its number may send and there is room for.
    const known: number[] = [Status.Ok, Status.MessageQueueFull, Status.Throttled];
    expect([...statuses.keys()].filter((status) => !known.includes(status))).toEqual([]);
    expect(statuses.get(Status.Ok)).toBeGreaterThan(0);
  });

  test('and binds a thousand times over one connection stays bound once', async () => {
    await open();
    const esme = await connect();
    await esme.bind();
    for (let left = 1_000; left > 0; left -= 1) esme.send('BindTransceiver', { systemId: 'esme' });
    for (let left = 1_000; left > 0; left -= 1) {
      expect((await esme.nextOf('BindTransceiverResp')).status).toBe(Status.AlreadyBound);
    }
    expect(smpp.figures().sessions['transceiver']).toBe(1);
  });

  test('and connects and goes leaves nothing behind', async () => {
    await open();
    for (let left = 200; left > 0; left -= 1) {
      const esme = await EsmeUnderTest.connect(smpp.ports[0] ?? 0);
      if (left % 2 === 0) esme.send('BindTransceiver', { systemId: `esme${left}` });
      esme.close();
    }
    await expect.poll(() => Object.values(smpp.figures().sessions).reduce((sum, one) => sum + one, 0)).toBe(0);
    expect(await isServing()).toBe(true);
  });
});
