/**
 * How many single messages a second does the gateway take, and how much of what Fastify alone would do is that?
 *
 * Gateway, bare route and load each have a process; only one server is under load at a time, in turns. The processor
 * time of the server per request is given as well: it hardly depends on what else the machine is doing.
 */
import { type BenchSettings, type Figure, figureOf, interleave, type Series, type Side } from './harness.ts';
import { PEERS } from './peers/index.ts';
import { startPeer } from './processes.ts';
import { underLoad, type UnderLoad } from './under-load.ts';

const BENCH = 'http-one';
const CONNECTIONS = 48;
const RATIO_MIN = 0.9;
const INBOX = 262_144;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const seconds = isTiny ? 0.2 : 4;
  const rounds = isTiny ? 1 : 9;
  const warmUpRounds = isTiny ? 0 : 2;
  const population = { seed, campaigns: isTiny ? 200 : 10_000, numbers: isTiny ? 400 : 20_000 };
  const [gateway, bare, load] = await Promise.all([
    startPeer('gateway', PEERS.gateway, { population, inbox: INBOX }),
    startPeer('bare-route', PEERS['bare-route'], null),
    startPeer('http-load', PEERS['http-load'], {
      connections: CONNECTIONS,
      load: { single: { population, messages: isTiny ? 200 : 40_000 } },
    }),
  ]);
  try {
    const taken = { gateway: [] as UnderLoad[], bare: [] as UnderLoad[] };
    const side = (name: string, server: typeof gateway, keep: UnderLoad[]): Side => ({
      name,
      unit: 'requests/s',
      async measure() {
        const one = await underLoad(server, load, seconds);
        keep.push(one);
        return one.perSecond;
      },
    });
    const [subject, baseline] = (await interleave(
      [side('gateway', gateway, taken.gateway), side('bare Fastify route', bare, taken.bare)],
      rounds,
      warmUpRounds,
    )) as [Series, Series];

    const last = taken.gateway.at(-1)!;
    const params = {
      connections: CONNECTIONS,
      seconds,
      rounds,
      acceptedPercent: Math.round(last.acceptedShare * 100),
    };
    const cost = (figure: string, unit: string, read: (one: UnderLoad) => number): Figure =>
      figureOf({
        bench: BENCH,
        figure,
        params,
        subject: { name: 'gateway', unit, values: taken.gateway.slice(-rounds).map((one) => read(one)) },
        baseline: { name: 'bare Fastify route', unit, values: taken.bare.slice(-rounds).map((one) => read(one)) },
        isLessBetter: true,
      });
    return [
      figureOf({
        bench: BENCH,
        figure: 'requests',
        params,
        subject,
        baseline,
        target: [{ measure: 'ratio', atLeast: RATIO_MIN }],
      }),
      cost('processor time of the server', 'µs/request', (one) => one.cpuUsEach),
      cost('p50 at full load', 'ms', (one) => one.load.p50Ms),
      cost('p99 at full load', 'ms', (one) => one.load.p99Ms),
    ];
  } finally {
    await Promise.all([gateway.stop(), bare.stop(), load.stop()]);
  }
}
