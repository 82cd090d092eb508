/**
 * How many submit_sm a second are answered with the whole decision on, and how long an answer takes.
 *
 * Gateway and load have a process each, and on a machine with two processors one processor each. The load keeps every window full, but for
 * the times at half load, which are counted from when each message was due. The baseline is a server on the npm package `smpp`, which
 * decides nothing; what the decision costs says a bare loop of our own codec. Kannel's chain, from smsbox over bearerbox, is limited by
 * itself. Memory of idle binds is what the server's process takes more with them than without.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { formatNumber, loadCarrierMap } from '../registry-cache/index.ts';
import { PduWriter, writePdu } from '../gateway/smpp/index.ts';
import { APPEND_ONLY } from '../scripts/chaos-fleet.ts';
import { Kannel } from '../scripts/kannel.ts';
import { startRedisServer } from '../scripts/redis-server.ts';
import { type BenchSettings, type Figure, figureOf, interleave, type Series, type Target } from './harness.ts';
import { PEERS } from './peers/index.ts';
import type { Usage } from './peers/usage.ts';
import { type Peer, startPeer } from './processes.ts';
import { pressSmpp, type SmppLoad, type SmppLoadReport } from './smpp-load.ts';

const BENCH = 'smpp';
const UNIT = 'submit_sm/s';
const ANSWERED_MIN = 150_000;
const RATIO_MIN = 15;
const P99_MS_MAX = 5;
const IDLE_MIB_MAX = 300;
const MS_PER_SECOND = 1_000;
/** Messages held: more than are under way at the carriers at these rates. */
const INBOX = '2097152';
/** What is asked for when nothing else is said. */
const BINDS = 10;
const WINDOW = 100;

interface Scale {
  readonly windows: readonly number[];
  readonly binds: readonly number[];
  readonly lengths: readonly number[];
  readonly numbers: number;
  readonly campaigns: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly rounds: number;
  readonly paced: Pick<SmppLoad, 'warmUpMs' | 'durationMs'> & { readonly perSecond: number };
  readonly receiptsMs: number;
  readonly kannelMs: number;
  readonly idleBinds: number;
}

const FULL: Scale = {
  windows: [1, 10, 100, 1_000],
  binds: [1, 10, 100, 1_000],
  lengths: [20, 160, 480],
  numbers: 100_000,
  campaigns: 100_000,
  warmUpMs: 700,
  durationMs: 2_000,
  rounds: 3,
  paced: { perSecond: ANSWERED_MIN / 2, warmUpMs: 2_000, durationMs: 8_000 },
  receiptsMs: 5_000,
  kannelMs: 5_000,
  idleBinds: 10_000,
};

const TINY: Scale = {
  windows: [10],
  binds: [2],
  lengths: [20],
  numbers: 400,
  campaigns: 100,
  warmUpMs: 20,
  durationMs: 100,
  rounds: 1,
  paced: { perSecond: 500, warmUpMs: 50, durationMs: 200 },
  receiptsMs: 100,
  kannelMs: 300,
  idleBinds: 20,
};

type Server = Peer<{ readonly port: number }, null, Usage>;
type Press = (load: Partial<SmppLoad>) => Promise<SmppLoadReport>;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const scale = isTiny ? TINY : FULL;
  const closers: (() => Promise<unknown> | void)[] = [];
  const opened = async <T>(opening: Promise<T>, close: (one: T) => Promise<unknown>): Promise<T> => {
    const one = await opening;
    closers.push(() => close(one));
    return one;
  };
  const peer = <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> =>
    opened(starting, (one) => one.stop());
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-smpp-bench-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const { numbers, campaigns } = scale;
    const tls = await certificate(folder);
    const redis = await opened(startRedisServer(APPEND_ONLY), (one) => one.stop());
    const settings = { seed, numbers, campaigns, flags: { inbox: INBOX } };
    const keepingFlags = { ...settings.flags, redisUrl: redis.url, delivery: 'workers' };
    const startGateway = (flags: Readonly<Record<string, string>>) =>
      startPeer('smpp-gateway', PEERS['smpp-gateway'], { ...settings, flags });
    const [gateway, keeping, foreign, bare] = await Promise.all([
      peer(startGateway({ ...settings.flags, ...tls })),
      peer(startGateway(keepingFlags)),
      peer(startPeer('smpp-package', PEERS['smpp-package'], null)),
      peer(startPeer('codec-loop', PEERS['codec-loop'], null)),
    ]);
    const pressOn =
      (port: number, scheme = 'smpp'): Press =>
      (load) =>
        pressSmpp({
          url: `${scheme}://127.0.0.1:${port}`,
          seed,
          numbers,
          connections: BINDS,
          window: WINDOW,
          warmUpMs: scale.warmUpMs,
          durationMs: scale.durationMs,
          ...load,
        });
    const sides = {
      gateway: pressOn(gateway.ready.port),
      tls: pressOn(gateway.ready.tlsPort, 'smpps'),
      keeping: pressOn(keeping.ready.port),
      foreign: pressOn(foreign.ready.port),
      bare: pressOn(bare.ready.port),
    };
    const figures: Figure[] = [];
    const compare = async (
      figure: string,
      [subject, press]: readonly [string, Press],
      [baseline, pressBaseline]: readonly [string, Press],
      load: Partial<SmppLoad> = {},
      { own = {}, target }: { own?: Partial<SmppLoad>; target?: readonly Target[] } = {},
    ): Promise<void> => {
      const reports: SmppLoadReport[] = [];
      const measured = async (side: Press, given: Partial<SmppLoad>, isKept: boolean): Promise<number> => {
        const report = await side(given);
        if (isKept) reports.push(report);
        return report.ratePerSecond;
      };
      const [ours, theirs] = (await interleave(
        [
          { name: subject, unit: UNIT, measure: () => measured(press, { ...load, ...own }, true) },
          { name: baseline, unit: UNIT, measure: () => measured(pressBaseline, load, false) },
        ],
        scale.rounds,
        0,
      )) as [Series, Series];
      const last = reports.at(-1)!;
      figures.push(
        figureOf({
          bench: BENCH,
          figure,
          params: {
            binds: last.plan.connections,
            window: last.plan.window,
            acceptedPercent: Math.round((100 * last.messages.accepted) / last.messages.answered),
          },
          subject: ours,
          baseline: theirs,
          ...(target && !isTiny && { target }),
          note: timesOf(last),
        }),
      );
    };
    const ours = ['gateway', sides.gateway] as const;
    const npm = ['npm smpp, no decision', sides.foreign] as const;
    for (const window of scale.windows) {
      const target: readonly Target[] = [
        { measure: 'median', atLeast: ANSWERED_MIN },
        { measure: 'ratio', atLeast: RATIO_MIN },
      ];
      await compare(`answered at a window of ${window}`, ours, npm, { window }, window >= WINDOW ? { target } : {});
    }
    for (const connections of scale.binds) {
      await compare(`answered over ${connections} binds`, ours, npm, { connections });
    }
    for (const textLength of scale.lengths) {
      await compare(`answered, texts of ${textLength} characters`, ours, npm, { textLength });
    }
    await compare('answered, against no decision', ours, ['our codec, no decision', sides.bare]);
    await compare('answered over TLS', ['over TLS', sides.tls], ['in plain', sides.gateway]);
    // The first messages of a campaign wait for leases of its limits.
    const kept = { warmUpMs: 500, durationMs: Math.max(scale.durationMs, 500), window: isTiny ? 10 : 1_000 };
    await compare('answered once in Redis', ['kept in Redis', sides.keeping], ['kept nowhere', sides.gateway], kept);
    await compare(
      'answered while receipts go out',
      ['with receipts', sides.gateway],
      ['without', sides.gateway],
      {},
      {
        own: { receipts: true, drainMs: scale.receiptsMs },
      },
    );
    figures.push(...(await pacedFigures(sides.gateway, sides.bare, scale, isTiny)));
    figures.push(await kannelFigure(gateway, bare, scale));
    // Fresh ones: what others have left to be collected would count as theirs.
    const [idle, idleForeign] = await Promise.all([
      peer(startPeer('smpp-gateway', PEERS['smpp-gateway'], { ...settings, numbers: 0, flags: {} })),
      peer(startPeer('smpp-package', PEERS['smpp-package'], null)),
    ]);
    figures.push(await idleFigure(idle, idleForeign, scale.idleBinds, isTiny));
    return figures;
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

function timesOf({ latency, receipts }: SmppLoadReport): string {
  const times = `p50 ${latency.p50Ms.toFixed(2)} ms, p99 ${latency.p99Ms.toFixed(2)} ms, full windows`;
  if (receipts === undefined) return times;
  const { came, awaited, latency: told } = receipts;
  return `${times}; ${came} of ${awaited} receipts, p50 ${told.p50Ms.toFixed(0)} ms, p99 ${told.p99Ms.toFixed(0)} ms`;
}

async function pacedFigures(gateway: Press, bare: Press, scale: Scale, isTiny: boolean): Promise<Figure[]> {
  const load = { ...scale.paced, window: 1_000 };
  const baseline = await bare(load);
  const subject = await gateway(load);
  const figure = (name: string, read: (report: SmppLoadReport) => number, target?: readonly Target[]): Figure =>
    figureOf({
      bench: BENCH,
      figure: `${name} of an answer at half load`,
      params: { perSecond: scale.paced.perSecond, binds: BINDS, window: load.window },
      subject: { name: 'gateway', unit: 'ms', values: [read(subject)] },
      baseline: { name: 'our codec, no decision', unit: 'ms', values: [read(baseline)] },
      isLessBetter: true,
      ...(target && !isTiny && { target }),
      note: `the load was late by ${subject.lateness.p99Ms.toFixed(1)} ms (p99)`,
    });
  return [
    figure('p50', ({ latency }) => latency.p50Ms),
    figure('p99', ({ latency }) => latency.p99Ms, [{ measure: 'median', atMost: P99_MS_MAX }]),
  ];
}

/** Messages a second that get through smsbox and bearerbox. */
async function kannelFigure(gateway: Server, bare: Server, { kannelMs, rounds }: Scale): Promise<Figure> {
  const chains: Kannel[] = [];
  try {
    for (const { ready } of [gateway, bare]) {
      const own = { systemId: 'kannel', password: 'secret', window: WINDOW, isQuiet: true };
      chains.push(await Kannel.start({ smppPort: ready.port, ...own }));
    }
    const [ours, stub] = chains as [Kannel, Kannel];
    const [subject, baseline] = (await interleave(
      [
        { name: 'smsbox, bearerbox, gateway', unit: UNIT, measure: () => chained(ours, gateway, kannelMs) },
        { name: 'smsbox, bearerbox, our codec', unit: UNIT, measure: () => chained(stub, bare, kannelMs) },
      ],
      rounds,
      0,
    )) as [Series, Series];
    const params = { connections: KANNEL_CONNECTIONS, window: WINDOW };
    return figureOf({ bench: BENCH, figure: "through Kannel's chain", params, subject, baseline });
  } finally {
    for (const chain of chains) await chain.stop();
  }
}

const KANNEL_CONNECTIONS = 16;

async function chained({ sendUrl }: Kannel, server: Server, ms: number): Promise<number> {
  const blocks = loadCarrierMap();
  const [senders, phones] = [blocks.blocksOf('cpaas'), blocks.blocksOf('verizon')];
  const number = (of: Uint32Array, line: number): string =>
    formatNumber((of[Math.floor(line / 1_000)] ?? 0) * 1_000 + (line % 1_000));
  const agent = new Agent({ keepAlive: true, maxSockets: KANNEL_CONNECTIONS });
  const from = await server.ask(null);
  const untilMs = performance.now() + ms;
  let sent = 0;
  const keepSending = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const query = new URLSearchParams({
        username: 'tester',
        password: 'tester',
        from: number(senders, sent % 100_000),
        to: number(phones, sent % 100_000),
        text: 'Hello.',
      });
      sent += 1;
      await new Promise<void>((resolve, reject) => {
        get(`${sendUrl}?${query.toString()}`, { agent }, (response) => response.resume().on('end', resolve)).on(
          'error',
          reject,
        );
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: KANNEL_CONNECTIONS }, keepSending));
  } finally {
    agent.destroy();
  }
  const to = await server.ask(null);
  return ((to.handled - from.handled) * MS_PER_SECOND) / (to.atMs - from.atMs);
}

async function idleFigure(gateway: Server, foreign: Server, binds: number, isTiny: boolean): Promise<Figure> {
  const [ours, alone] = await grownBy(gateway, binds);
  const [theirs] = await grownBy(foreign, binds);
  return figureOf({
    bench: BENCH,
    figure: 'memory of idle binds',
    params: { binds },
    subject: { name: 'gateway', unit: 'MiB', values: [ours] },
    baseline: { name: 'npm smpp', unit: 'MiB', values: [theirs] },
    isLessBetter: true,
    ...(!isTiny && { target: [{ measure: 'median', atMost: IDLE_MIB_MAX }] }),
    note: `without binds the gateway takes ${Math.round(alone)} MiB`,
  });
}

/** The least that is told: pages are taken some at a time. */
const MIB_MIN = 0.1;
const AT_ONCE = 100;
const SETTLED_MS = 500;

/** Memory that a server takes more once so many ESMEs have bound, each as another, and what it took before. */
async function grownBy(server: Server, binds: number): Promise<[grown: number, before: number]> {
  const sockets: Socket[] = [];
  const { residentMb: before } = await server.ask(null);
  try {
    for (let at = 0; at < binds; at += AT_ONCE) {
      const some = Math.min(AT_ONCE, binds - at);
      sockets.push(...(await Promise.all(Array.from({ length: some }, (_, each) => bound(server, at + each)))));
    }
    await sleep(SETTLED_MS);
    const { residentMb } = await server.ask(null);
    return [Math.max(MIB_MIN, residentMb - before), before];
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

function bound({ ready }: Server, number: number): Promise<Socket> {
  const out = new PduWriter();
  const fields = { systemId: `esme${number}`, password: 'secret', interfaceVersion: 0x34 };
  writePdu(out, { command: 'BindTransceiver', sequence: 1, fields });
  return new Promise((resolve, reject) => {
    const socket = connect(ready.port, '127.0.0.1', () => socket.write(out.take()));
    socket.once('data', (answer) => {
      if (answer.readUInt32BE(8) === 0) resolve(socket);
      else reject(new Error(`a bind was refused: ${answer.toString('hex')}`));
    });
    socket.once('error', reject);
  });
}

/** A certificate for TLS, as options of the gateway. */
async function certificate(folder: string): Promise<Readonly<Record<string, string>>> {
  const [smppTlsKey, smppTlsCert] = [join(folder, 'smpp.key'), join(folder, 'smpp.crt')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const where = ['-subj', '/CN=localhost', '-keyout', smppTlsKey, '-out', smppTlsCert];
  await promisify(execFile)('openssl', [...words, ...where]);
  return { smppTlsPort: '0', smppTlsCert, smppTlsKey };
}
