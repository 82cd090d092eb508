/**
 * How many messages a second does the gateway take in batches, as NDJSON and as one JSON array?
 *
 * Requests of 10,000 messages of the demo, several in flight; the gateway delivers what it accepted at the same time,
 * and that counts. Beside it `JSON.parse` of the same bytes in a process like the gateway's, which is a good part of
 * what any server must do with them. Every answer must be a 200.
 */
import { type BenchSettings, type Figure, figureOf, interleave, type Series, type Side } from './harness.ts';
import { PEERS } from './peers/index.ts';
import { stretch } from './peers/usage.ts';
import { startPeer } from './processes.ts';
import { BATCH_FORMS } from './traffic.ts';
import { underLoad, type UnderLoad } from './under-load.ts';

const BENCH = 'http-batch';
const UNIT = 'messages/s';
const RATE_MIN = 300_000;
const CONNECTIONS = 4;
/** Room for all that is on its way to a handset: a few seconds' worth. */
const INBOX = 2_097_152;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const seconds = isTiny ? 0.2 : 3;
  const rounds = isTiny ? 1 : 7;
  const warmUpRounds = isTiny ? 0 : 2;
  const population = { seed, campaigns: isTiny ? 200 : 40_000, numbers: isTiny ? 400 : 80_000 };
  const messagesPerRequest = isTiny ? 200 : 10_000;
  const batch = { population, messages: messagesPerRequest * 12, messagesPerRequest };
  const inbox = isTiny ? 262_144 : INBOX;
  const gateway = await startPeer('gateway', PEERS.gateway, { population, inbox });
  const figures: Figure[] = [];
  try {
    for (const form of BATCH_FORMS) {
      const [load, parser] = await Promise.all([
        startPeer('http-load', PEERS['http-load'], { connections: CONNECTIONS, load: { form, batch } }),
        startPeer('json-parse', PEERS['json-parse'], { form, batch }),
      ]);
      const taken: UnderLoad[] = [];
      const subject: Side = {
        name: 'gateway',
        unit: UNIT,
        async measure() {
          const one = await underLoad(gateway, load, seconds);
          const odd = Object.keys(one.load.statuses).filter((status) => status !== '200');
          if (odd.length > 0) throw new Error(`batches were answered with ${odd.join(', ')}`);
          taken.push(one);
          return one.perSecond;
        },
      };
      const baseline: Side = {
        name: 'JSON.parse',
        unit: UNIT,
        async measure() {
          const [before, after] = await parser.ask({ seconds: seconds / 3 });
          return stretch(before, after).perSecond;
        },
      };
      const [ours, parsed] = (await interleave([subject, baseline], rounds, warmUpRounds)) as [Series, Series];
      await Promise.all([load.stop(), parser.stop()]);
      const last = taken.at(-1)!;
      figures.push(
        figureOf({
          bench: BENCH,
          figure: form === 'ndjson' ? 'NDJSON' : 'JSON array',
          params: {
            messagesPerRequest,
            requestsInFlight: CONNECTIONS,
            seconds,
            rounds,
            inbox,
            acceptedPercent: Math.round(last.acceptedShare * 100),
          },
          subject: ours,
          baseline: parsed,
          target: [{ measure: 'median', atLeast: RATE_MIN }],
          note:
            `${last.cpuUsEach.toFixed(2)} µs of the server's processor time per message, ` +
            `${Math.round(last.collectorShare * 100)} % of the time in the collector, ` +
            `p50 ${Math.round(last.load.p50Ms)} ms per request`,
        }),
      );
    }
    return figures;
  } finally {
    await gateway.stop();
  }
}
