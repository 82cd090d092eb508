/**
 * How many single messages a second does the gateway take by the API of each provider, and how much of what it takes by its own is that?
 *
 * One gateway, pressed by one API at a time, all in turns; the messages are the same. Neither asks for callbacks.
 */
import { MEASURED_FACES } from './face-requests.ts';
import { type BenchSettings, type Figure, figureOf, interleave, type Series, type Side } from './harness.ts';
import type { LoadAnswer, LoadQuestion, LoadSettings } from './peers/http-load.ts';
import { PEERS } from './peers/index.ts';
import { type Peer, startPeer } from './processes.ts';
import { underLoad } from './under-load.ts';

const BENCH = 'faces';
const CONNECTIONS = 48;
const RATIO_MIN = 0.8;
const INBOX = 262_144;

type Load = Peer<null, LoadQuestion, LoadAnswer>;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const seconds = isTiny ? 0.2 : 2;
  const rounds = isTiny ? 1 : 7;
  const warmUpRounds = isTiny ? 0 : 2;
  const population = { seed, campaigns: isTiny ? 200 : 10_000, numbers: isTiny ? 400 : 20_000 };
  const single = { population, messages: isTiny ? 200 : 40_000 };
  const startLoad = (load: LoadSettings['load']): Promise<Load> =>
    startPeer('http-load', PEERS['http-load'], { connections: CONNECTIONS, load });
  const [gateway, ...loads] = await Promise.all([
    startPeer('gateway', PEERS.gateway, { population, inbox: INBOX }),
    startLoad({ single }),
    ...MEASURED_FACES.map((face) => startLoad({ single, face })),
  ]);
  try {
    const sides = ['our own API', ...MEASURED_FACES].map((name, place): Side => ({
      name,
      unit: 'requests/s',
      measure: async () => (await underLoad(gateway, loads[place]!, seconds)).perSecond,
    }));
    const [baseline, ...faces] = (await interleave(sides, rounds, warmUpRounds)) as [Series, ...Series[]];
    return faces.map((subject) =>
      figureOf({
        bench: BENCH,
        figure: `requests by the API of ${subject.name}`,
        params: { connections: CONNECTIONS, seconds, rounds },
        subject,
        baseline,
        target: [{ measure: 'ratio', atLeast: RATIO_MIN }],
      }),
    );
  } finally {
    await Promise.all([gateway.stop(), ...loads.map((load) => load.stop())]);
  }
}
