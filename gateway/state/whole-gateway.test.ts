import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { QUEUEABLE } from '../messages/index.ts';
import { namedStream } from '../router/index.ts';
import { play, readable } from './traffic-under-test.ts';

// A gateway goes on from a state as the one that it was taken of: the same requests get the same answers, letter by letter, ids and draws
// included, and everything that can be read is the same.

const SEED = Number(process.env['TOLLGATE_STATE_SEED'] ?? 1);
const ROUNDS = Number(process.env['TOLLGATE_STATE_ROUNDS'] ?? 2);
const STEPS = 80;
const OPTIONS = { inbox: 8_192, overLimit: new Set(QUEUEABLE), reviewTimeScale: 0.000_001 };

const open: GatewayUnderTest[] = [];
const opened = async (seed: number, startMs?: number): Promise<GatewayUnderTest> => {
  const gateway = await openGatewayUnderTest({ ...OPTIONS, seed }, undefined, startMs);
  open.push(gateway);
  return gateway;
};
afterEach(async () => {
  for (let gateway = open.pop(); gateway !== undefined; gateway = open.pop()) await gateway.close();
});

const OCTETS = { 'content-type': 'application/octet-stream' };
const taken = async (gateway: GatewayUnderTest): Promise<Buffer<ArrayBuffer>> => {
  const answer = await fetch(`${gateway.url}/v1/snapshot`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, OCTETS['content-type']]);
  return Buffer.from(await answer.arrayBuffer());
};
const restore = async (gateway: GatewayUnderTest, file: Buffer<ArrayBuffer>): Promise<void> => {
  const answer = await fetch(`${gateway.url}/v1/snapshot`, { method: 'PUT', body: file, headers: OCTETS });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"restored"')]);
};
const traffic = (gateway: GatewayUnderTest, seed: number, name: string): Promise<string[]> =>
  play(gateway, namedStream(seed, name), STEPS);

interface Seen {
  readonly answers: readonly string[];
  readonly read: ReadonlyMap<string, string>;
}
const seen = async (gateway: GatewayUnderTest, seed: number, name: string): Promise<Seen> => {
  const answers = await traffic(gateway, seed, name);
  return { answers, read: await readable(gateway) };
};

/** Compares request by request: the first difference says enough, and pages of messages are long. */
function same(found: Seen, wanted: Seen): void {
  wanted.answers.forEach((answer, place) => sameText(`answer ${place + 1}`, found.answers[place], answer));
  for (const [path, text] of wanted.read) sameText(path, found.read.get(path), text);
}

function sameText(what: string, found = 'nothing', wanted = 'nothing'): void {
  let at = 0;
  while (at < wanted.length && found[at] === wanted[at]) at += 1;
  if (found === wanted) return;
  const excerpt = (text: string): string => text.slice(Math.max(0, at - 300), at + 100);
  throw new Error(`${what} at ${at}: wanted\n…${excerpt(wanted)}…\nand found\n…${excerpt(found)}…`);
}

const again = async (round: number, check: (seed: number) => Promise<void>): Promise<void> => {
  const seed = SEED + round;
  try {
    await check(seed);
  } catch (error) {
    const command = `TOLLGATE_STATE_SEED=${seed} TOLLGATE_STATE_ROUNDS=1 npx vitest run gateway/state/whole-gateway.test.ts`;
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nAgain: ${command}`, { cause: error });
  }
};

describe.each(Array.from({ length: ROUNDS }, (_, round) => round))('round %i', (round) => {
  test('what was restored goes on as it did before, here and in another gateway', () =>
    again(round, async (seed) => {
      const gateway = await opened(seed);
      await traffic(gateway, seed, 'before');
      const file = await taken(gateway);
      const first = await seen(gateway, seed, 'after');
      await restore(gateway, file);
      same(await seen(gateway, seed, 'after'), first);

      const other = await opened(seed, gateway.time.nowMs() + 12_345);
      await traffic(other, seed, 'anything else');
      await restore(other, file);
      same(await seen(other, seed, 'after'), first);
    }));

  test('what was reset is as it was at the start', () =>
    again(round, async (seed) => {
      const gateway = await opened(seed);
      await traffic(gateway, seed, 'before');
      expect(await gateway.ask('POST', '/v1/reset')).toMatchObject({ status: 200 });
      const fresh = await opened(seed);
      same(await seen(gateway, seed, 'after'), await seen(fresh, seed, 'after'));
    }));
});
