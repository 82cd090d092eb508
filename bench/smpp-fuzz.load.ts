/**
 * A million spoiled PDUs, over sockets, and whether the gateway bears them: behind each comes an enquiry, which is answered unless the
 * connection is closed; then another one binds. An ESME beside all these has its messages answered at the end, or the bench ends with an
 * error. The baseline are the same PDUs as they should be: what comes broken must not be much dearer than what it was meant to be, or
 * it were a weapon.
 */
import { connect, type Socket } from 'node:net';
import { namedStream, type Rng } from '../gateway/router/index.ts';
import { Command, Frame, Framer } from '../gateway/smpp/index.ts';
import { bindBytes, enquiry, ENQUIRY_SEQUENCE, intact, isWhole, spoiled } from '../scripts/spoiled-pdus.ts';
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
      const line = new Line(port);
      for (let left = each; left > 0; left -= 1) await line.bears(make(chance));
      line.close();
      return line.closings;
    });
    for (const closings of await Promise.all(presses)) closed += closings;
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
    const params = { pdus: count * ROUNDS, connections: CONNECTIONS };
    const note = `connections closed over them, and over as many unspoiled: ${closed}`;
    return [figureOf({ bench: BENCH, figure: 'PDUs borne', params, subject, baseline, note })];
  } finally {
    await gateway.stop();
  }
}

/** A connection, and another one once it was closed. */
class Line {
  closings = 0;
  readonly #port: number;
  #socket: Socket | undefined;
  #settle: ((error?: Error) => void) | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves when an enquiry behind the bytes is answered, or the connection is closed. Rejects if neither comes. */
  bears(bytes: Buffer): Promise<void> {
    const socket = this.#socket ?? this.#open();
    const borne = new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => this.#settle?.(new Error('neither an answer nor an end')), ANSWER_MS);
      this.#settle = (error) => {
        clearTimeout(limit);
        this.#settle = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    socket.write(Buffer.concat([bytes, enquiry]));
    // What is not whole takes the enquiry for its rest, and waits for more.
    if (!isWhole(bytes)) socket.end();
    return borne;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    const framer = new Framer();
    this.#socket = socket;
    socket.write(bindBytes);
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.closings += 1;
      this.#settle?.();
    });
    socket.on('data', (chunk) => {
      framer.push(chunk);
      while (framer.next() === Frame.Pdu) {
        const { bytes, start } = framer;
        const isAnswer = bytes.readUInt32BE(start + 4) === Command.EnquireLinkResp;
        if (isAnswer && bytes.readUInt32BE(start + 12) === ENQUIRY_SEQUENCE) this.#settle?.();
      }
    });
    return socket;
  }
}
