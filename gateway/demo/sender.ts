/**
 * Sends the demo over HTTP like any other client: numbers first, then messages as they fall due.
 *
 * One message of every turn goes alone and the rest as one NDJSON batch, so both doors of the gateway see traffic. One
 * turn waits for the turn before; a demo that cannot keep up drops what it owes instead of growing a queue, and says so.
 */
import { Agent, request } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import type { Clock, Timers } from '../router/index.ts';
import type { DemoRegistry } from './world.ts';
import type { DemoMessage, Traffic } from './traffic.ts';

const TURN_MS = 100;
/** A turn this late, as after a laptop woke up, skips what fell due meanwhile. */
const BACKLOG_MS_MAX = 2_000;
const BATCH_MESSAGES_MAX = 10_000;

export interface DemoSenderOptions {
  /** The gateway's address. */
  readonly url: string;
  /** Value of the Authorization header, where the gateway wants one. */
  readonly authorization: string | undefined;
  readonly registry: DemoRegistry;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Told of whatever goes wrong: a refused connection, an answer that is not 2xx or a refusal of the core. */
  readonly onTrouble: (what: string) => void;
}

/** Registers the demo's numbers and starts sending. The function returned stops it. */
export async function startSending(options: DemoSenderOptions): Promise<() => void> {
  const { clock, traffic } = options;
  const agent = new Agent({ keepAlive: true });
  const send = (method: string, path: string, type: string, body: string): Promise<number> =>
    exchange(agent, options, { method, path, type, body });

  for (const { number, campaign, provisioningDelayMs } of options.registry.numbers) {
    const status = await send(
      'PUT',
      `/v1/numbers/${number}`,
      'application/json',
      JSON.stringify({ campaign, provisioningDelayMs }),
    );
    if (status >= 400) options.onTrouble(`registering ${campaign}'s number: HTTP ${status}`);
  }

  let sentUntilMs = clock.nowMs();
  let isBusy = false;
  let isStopped = false;
  const turn = async (): Promise<void> => {
    const nowMs = clock.nowMs();
    const isLate = nowMs - sentUntilMs > BACKLOG_MS_MAX;
    const [first, ...others] = takeDue(traffic, nowMs);
    sentUntilMs = nowMs;
    if (first === undefined) return;
    if (isLate) {
      options.onTrouble(`fell behind and dropped ${others.length + 1} messages`);
      return;
    }
    await send('POST', '/v1/messages', 'application/json', bodyOf(first));
    for (let from = 0; from < others.length; from += BATCH_MESSAGES_MAX) {
      const lines = others.slice(from, from + BATCH_MESSAGES_MAX).map((message) => bodyOf(message));
      const status = await send('POST', '/v1/messages/batch', 'application/x-ndjson', lines.join('\n'));
      if (status !== 200) options.onTrouble(`a batch of ${lines.length}: HTTP ${status}`);
    }
  };

  const stopTurns = options.timers.every(TURN_MS, () => {
    if (isBusy) return;
    isBusy = true;
    turn()
      .catch((error: unknown) => {
        // Stopping cuts off the turn under way; that is no trouble.
        if (!isStopped) options.onTrouble(error instanceof Error ? error.message : String(error));
      })
      .finally(() => {
        isBusy = false;
      });
  });
  return () => {
    isStopped = true;
    stopTurns();
    agent.destroy();
  };
}

function takeDue(traffic: Traffic, nowMs: number): DemoMessage[] {
  const due: DemoMessage[] = [];
  for (let message = traffic.next(nowMs); message !== undefined; message = traffic.next(nowMs)) due.push(message);
  return due;
}

function bodyOf({ from, to, text, account, route, truth, reference }: DemoMessage): string {
  return JSON.stringify({ from, to, text, account, route, truth, reference });
}

/** One request and its status; the answer is read to its end so that the connection can be used again. */
function exchange(
  agent: Agent,
  { url, authorization }: DemoSenderOptions,
  { method, path, type, body }: { method: string; path: string; type: string; body: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      ...(authorization !== undefined && { authorization }),
    };
    const outgoing = request(new URL(path, url), { method, agent, headers }, (answer) => {
      readAll(answer).then(() => resolve(answer.statusCode ?? 0), reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
