/**
 * What tests wait for: the first start of the test library in a process, its end, another sandbox, and answers while there are many.
 *
 * The first start is that of a process of its own each time, modules loaded and nothing else; its baseline is that of a bare Fastify with
 * one route. Two hundred sandboxes are then filled side by side, and each must hold its own messages and no others, or there is no figure.
 */
import Fastify from 'fastify';
import { magicFrom, magicTo, type SandboxWorld, startTollgate, type Tollgate } from '../gateway/testing/index.ts';
import { type BenchSettings, type Figure, figureOf, type Series } from './harness.ts';
import { PEERS } from './peers/index.ts';
import type { Started, Starting } from './peers/starting.ts';
import { startPeer } from './processes.ts';

const BENCH = 'testing';

interface Scale {
  readonly rounds: number;
  readonly sandboxes: number;
  readonly messagesEach: number;
}

const FULL: Scale = { rounds: 7, sandboxes: 200, messagesEach: 50 };
const TINY: Scale = { rounds: 2, sandboxes: 4, messagesEach: 5 };

const START_MS_MAX = 300;
const CLOSE_MS_MAX = 100;
/** Requests under way at once. */
const AT_ONCE = 32;
const MS_PER_SECOND = 1_000;
const BYTES_PER_MB = 1_000_000;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const { rounds, sandboxes, messagesEach } = isTiny ? TINY : FULL;
  const library: Started[] = [];
  const bare: Started[] = [];
  for (let round = 0; round < rounds; round += 1) {
    library.push(await startedFirst('tollgate'));
    bare.push(await startedFirst('bare'));
  }
  const compared = (figure: string, pick: (one: Started) => number, atMost: number): Figure =>
    figureOf({
      bench: BENCH,
      figure,
      params: { rounds },
      subject: series('test library', 'ms', library.map(pick)),
      baseline: series('bare Fastify', 'ms', bare.map(pick)),
      isLessBetter: true,
      target: [{ measure: 'median', atMost }],
    });
  const tollgate = await startTollgate({ seed });
  try {
    return [
      compared('first start in a process', ({ startMs }) => startMs, START_MS_MAX),
      compared('close with a message in flight', ({ closeMs }) => closeMs, CLOSE_MS_MAX),
      ...(await sideBySide(tollgate, sandboxes, messagesEach)),
    ];
  } finally {
    await tollgate.close();
  }
}

async function startedFirst(what: Starting): Promise<Started> {
  const peer = await startPeer('starting', PEERS.starting, {});
  try {
    return await peer.ask(what);
  } finally {
    await peer.stop();
  }
}

async function sideBySide(tollgate: Tollgate, count: number, messagesEach: number): Promise<Figure[]> {
  const openMs: number[] = [];
  const bareMs: number[] = [];
  const worlds: SandboxWorld[] = [];
  const before = process.memoryUsage().rss;
  for (let place = 0; place < count; place += 1) {
    const beganMs = performance.now();
    worlds.push(await tollgate.sandbox());
    openMs.push(performance.now() - beganMs);
    bareMs.push(await bareReadyMs());
  }
  const perSandboxMb = (process.memoryUsage().rss - before) / count / BYTES_PER_MB;
  const many: number[] = [];
  const alone: number[] = [];
  for (let turn = 0; turn < messagesEach; turn += 1) {
    many.push(await sent(worlds.map(({ url }, place) => [url, `${place}/${turn}`] as const)));
    alone.push(await sent(worlds.map((_, place) => [tollgate.url, `${place}/${turn}`] as const)));
  }
  for (const [place, { messages }] of worlds.entries()) {
    const texts = messages.all().map(({ text }) => text);
    const own = Array.from({ length: messagesEach }, (_, turn) => `${place}/${turn}`);
    if (texts.join() !== own.join()) throw new Error(`sandbox ${place} holds ${texts.join(' ')}`);
  }
  const beganMs = performance.now();
  await Promise.all(worlds.map((world) => world.close()));
  const closeMs = performance.now() - beganMs;
  const note = `${perSandboxMb.toFixed(1)} MB each; all closed in ${closeMs.toFixed(0)} ms`;
  return [
    figureOf({
      bench: BENCH,
      figure: 'another sandbox',
      params: { sandboxes: count },
      subject: series('sandbox', 'ms', openMs),
      baseline: series('bare Fastify, not listening', 'ms', bareMs),
      isLessBetter: true,
      note,
    }),
    figureOf({
      bench: BENCH,
      figure: 'messages to sandboxes side by side',
      params: { sandboxes: count, messagesEach, atOnce: AT_ONCE },
      subject: series('one to each in turn', 'messages/s', many),
      baseline: series('all to one gateway', 'messages/s', alone),
      note: 'each sandbox held its own messages and no others',
    }),
  ];
}

async function bareReadyMs(): Promise<number> {
  const beganMs = performance.now();
  const app = Fastify();
  app.get('/', () => '');
  await app.ready();
  const readyMs = performance.now() - beganMs;
  await app.close();
  return readyMs;
}

/** Sends one message for each; how many a second. */
async function sent(messages: readonly (readonly [url: string, text: string])[]): Promise<number> {
  const waiting = [...messages];
  const beganMs = performance.now();
  const sendOn = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [url, text] = next;
      const answer = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ from: magicFrom('registered'), to: magicTo('delivered', 'tmobile'), text }),
      });
      if (answer.status !== 202) throw new Error(`${text}: ${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendOn));
  return (messages.length * MS_PER_SECOND) / (performance.now() - beganMs);
}

function series(name: string, unit: string, values: readonly number[]): Series {
  return { name, unit, values };
}
