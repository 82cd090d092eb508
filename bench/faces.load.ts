/**
 * How many single messages a second does the gateway take by the API of each provider, and how much of what it takes by its own is that?
 *
 * One gateway, pressed by one API at a time, in turns; the messages are the same. Neither asks for callbacks.
 */
import { MEASURED_FACES } from './face-requests.ts';
import { type BenchSettings, type Figure, figureOf, interleave, type Series, type Side } from './harness.ts';
import { PEERS } from './peers/index.ts';
import { startPeer } from './processes.ts';
import { underLoad } from './under-load.ts';

const BENCH = 'faces';
const CONNECTIONS = 48;
const RATIO_MIN = 0.8;
const INBOX = 262_144;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const seconds = isTiny ? 0.2 : 3;
  const rounds = isTiny ? 1 : 7;
  const warmUpRounds = isTiny ? 0 : 2;
  const population = { seed, campaigns: isTiny ? 200 : 10_000, numbers: isTiny ? 400 : 20_000 };
  const single = { population, messages: isTiny ? 200 : 2_000 };
  const figures: Figure[] = [];
  for (const face of MEASURED_FACES) {
    const [gateway, own, imitated] = await Promise.all([
      startPeer('gateway', PEERS.gateway, { population, inbox: INBOX }),
      startPeer('http-load', PEERS['http-load'], { connections: CONNECTIONS, load: { single } }),
      startPeer('http-load', PEERS['http-load'], { connections: CONNECTIONS, load: { single, face } }),
    ]);
    try {
      const side = (name: string, load: typeof own): Side => ({
        name,
        unit: 'requests/s',
        measure: async () => (await underLoad(gateway, load, seconds)).perSecond,
      });
      const sides = [side(face, imitated), side('our own API', own)];
      const [subject, baseline] = (await interleave(sides, rounds, warmUpRounds)) as [Series, Series];
      figures.push(
        figureOf({
          bench: BENCH,
          figure: `requests by the API of ${face}`,
          params: { connections: CONNECTIONS, seconds, rounds },
          subject,
          baseline,
          target: [{ measure: 'ratio', atLeast: RATIO_MIN }],
        }),
      );
    } finally {
      await Promise.all([gateway.stop(), own.stop(), imitated.stop()]);
    }
  }
  return figures;
}
