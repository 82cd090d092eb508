/**
 * A million spoiled PDUs, over sockets, and whether the gateway bears them: each connection binds, sends some hundred, and an enquiry behind
 * them that is answered unless the connection was closed. An ESME beside all these has its messages answered the while, or the bench
 * ends with an error, which names the seed. The baseline are the same PDUs as they should be: what comes broken must not be much dearer
 * than what it was meant to be, or it were a weapon.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { namedStream, type Rng } from '../gateway/router/index.ts';
import { Command, Frame, Framer } from '../gateway/smpp/index.ts';
import { bindBytes, enquiry, ENQUIRY_SEQUENCE, intact, spoiled } from '../scripts/spoiled-pdus.ts';
import { type BenchSettings, type Figure, figureOf, interleave, type Series } from './harness.ts';
import { PEERS } from './peers/index.ts';
import { startPeer } from './processes.ts';
import { pressSmpp } from './smpp-load.ts';

const BENCH = 'smpp-fuzz';
const UNIT = 'PDUs/s';
const COUNT = 1_000_000;
const COUNT_TINY = 1_000;
const ROUNDS = 5;
const CONNECTIONS = 20;
const AT_ONCE = 100;
const NUMBERS = 400;
const ANSWER_MS = 10_000;
const MS_PER_SECOND = 1_000;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const count = (isTiny ? COUNT_TINY : COUNT) / ROUNDS;
  const settings = { seed, numbers: NUMBERS, campaigns: NUMBERS, flags: { inbox: '1048576' } };
  const gateway = await startPeer('smpp-gateway', PEERS['smpp-gateway'], settings);
  const { port } = gateway.ready;
  let closed = 0;
  const perSecond = async (make: (chance: Rng) => Buffer, round: number): Promise<number> => {
    const startMs = performance.now();
    const each = count / CONNECTIONS;
    const presses = Array.from({ length: CONNECTIONS }, async (_, place) => {
      const chance = namedStream(seed, `spoiled ${round} ${place}`);
      let sum = 0;
      for (let left = each; left > 0; left -= AT_ONCE) {
        const pdus = Array.from({ length: Math.min(left, AT_ONCE) }, () => make(chance));
        if (!(await isBorne(port, pdus))) sum += 1;
      }
      return sum;
    });
    for (const sum of await Promise.all(presses)) closed += sum;
    return (count * MS_PER_SECOND) / (performance.now() - startMs);
  };
  try {
    let round = 0;
    const [subject, baseline] = (await interleave(
      [
        { name: 'spoiled', unit: UNIT, measure: () => perSecond(spoiled, round) },
        { name: 'as they should be', unit: UNIT, measure: () => perSecond(intact, round++) },
      ],
      ROUNDS,
      0,
    )) as [Series, Series];
    // The others were not harmed.
    const plan = { url: `smpp://127.0.0.1:${port}`, seed, numbers: NUMBERS, connections: 1, window: 10 };
    const { messages } = await pressSmpp({ ...plan, warmUpMs: 0, durationMs: isTiny ? 50 : MS_PER_SECOND });
    if (messages.accepted === 0) throw new Error('nobody is served any more');
    const params = { pdus: count * ROUNDS, connections: CONNECTIONS, atOnce: AT_ONCE };
    const note = `${closed} of ${(2 * count * ROUNDS) / AT_ONCE} connections were closed`;
    return [figureOf({ bench: BENCH, figure: 'PDUs borne', params, subject, baseline, note })];
  } finally {
    await gateway.stop();
  }
}

/** Sends PDUs over a connection of their own: whether it was there to answer an enquiry behind them. Throws if it neither answers nor closes. */
async function isBorne(port: number, pdus: readonly Buffer[]): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const framer = new Framer();
  let isAnswered = false;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    framer.push(chunk);
    while (framer.next() === Frame.Pdu) {
      const { bytes, start } = framer;
      isAnswered ||=
        bytes.readUInt32BE(start + 4) === Command.EnquireLinkResp &&
        bytes.readUInt32BE(start + 12) === ENQUIRY_SEQUENCE;
    }
    if (isAnswered) socket.destroy();
  });
  const limit = setTimeout(() => socket.destroy(new Error('late')), ANSWER_MS);
  const closed = once(socket, 'close') as Promise<[boolean]>;
  socket.end(Buffer.concat([bindBytes, ...pdus, enquiry]));
  await closed;
  clearTimeout(limit);
  if (socket.errored?.message === 'late') throw new Error('an enquiry behind spoiled PDUs had no answer, nor an end');
  return isAnswered;
}
