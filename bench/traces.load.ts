/**
 * What do traces cost a gateway that takes single messages: of one request in a hundred, and of all?
 *
 * Three gateways, one of them without traces, have a process each and are under the load of `http-one` in turns. Their collector has a
 * process of its own, and takes everything.
 */
import { type BenchSettings, type Figure, figureOf, interleave, type Side } from './harness.ts';
import { PEERS } from './peers/index.ts';
import { startPeer } from './processes.ts';
import { underLoad, type UnderLoad } from './under-load.ts';

const BENCH = 'traces';
const CONNECTIONS = 48;
const INBOX = 262_144;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const seconds = isTiny ? 0.2 : 3;
  const rounds = isTiny ? 1 : 7;
  const warmUpRounds = isTiny ? 0 : 2;
  const population = { seed, campaigns: isTiny ? 200 : 10_000, numbers: isTiny ? 400 : 20_000 };
  const collector = await startPeer('trace-collector', PEERS['trace-collector'], null);
  const tracesUrl = collector.ready.url;
  const flagsOf = {
    'without traces': {},
    'one in a hundred': { tracesUrl, traceShare: '0.01' },
    'every request': { tracesUrl, traceShare: '1' },
  };
  const gateways = await Promise.all(
    Object.entries(flagsOf).map(async ([name, flags]) => {
      const server = await startPeer('gateway', PEERS.gateway, { population, inbox: INBOX, flags });
      return { name, server, taken: [] as UnderLoad[] };
    }),
  );
  const load = await startPeer('http-load', PEERS['http-load'], {
    connections: CONNECTIONS,
    load: { single: { population, messages: isTiny ? 200 : 40_000 } },
  });
  try {
    const sides = gateways.map(({ name, server, taken }): Side => ({
      name,
      unit: 'requests/s',
      async measure() {
        const one = await underLoad(server, load, seconds);
        taken.push(one);
        return one.perSecond;
      },
    }));
    await interleave(sides, rounds, warmUpRounds);
    if ((await collector.ask(null)) === 0 && !isTiny) throw new Error('the collector was sent nothing');
    const params = { connections: CONNECTIONS, seconds, rounds };
    const [baseline, ...traced] = gateways;
    const series = ({ name, taken }: (typeof gateways)[number], unit: string, read: (one: UnderLoad) => number) => ({
      name,
      unit,
      values: taken.slice(-rounds).map((one) => read(one)),
    });
    return traced.flatMap((one) => [
      figureOf({
        bench: BENCH,
        figure: `requests, ${one.name} traced`,
        params,
        subject: series(one, 'requests/s', ({ perSecond }) => perSecond),
        baseline: series(baseline!, 'requests/s', ({ perSecond }) => perSecond),
      }),
      figureOf({
        bench: BENCH,
        figure: `processor time, ${one.name} traced`,
        params,
        subject: series(one, 'µs/request', ({ cpuUsEach }) => cpuUsEach),
        baseline: series(baseline!, 'µs/request', ({ cpuUsEach }) => cpuUsEach),
        isLessBetter: true,
      }),
    ]);
  } finally {
    await Promise.all([collector, load, ...gateways.map(({ server }) => server)].map((peer) => peer.stop()));
  }
}
