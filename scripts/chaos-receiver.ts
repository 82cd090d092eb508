// Where webhooks go in a chaos run: takes them and remembers each, and now and then fails, answers nothing or hangs up.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultKind } from './chaos-plan.ts';
import { nowMs } from './gateway-fleet.ts';

/** One webhook as it came in. */
export interface Post {
  /** What marks a duplicate as one. */
  readonly webhookId: string;
  readonly messageId: string;
  /** What the message was sent with: the key of its sender. */
  readonly reference: string | null;
  /** All that it says of the message besides its id: what two of them may not say differently. */
  readonly said: Readonly<Record<string, unknown>>;
  readonly atMs: number;
  /** Whether it was answered as received. One that was not comes again. */
  readonly isTaken: boolean;
}

export interface ChaosReceiver {
  readonly url: string;
  readonly posts: readonly Post[];
  /** Webhooks that were no JSON, or lacked what marks them. */
  readonly malformed: readonly string[];
  /** Has a fault of the receiver happen for some time; leaves others alone. */
  befall(what: FaultKind, forMs: number): void;
  close(): Promise<void>;
}

type Mood = 'well' | 'receiver fails' | 'receiver stalls' | 'receiver hangs up';

const MOODS: ReadonlySet<FaultKind> = new Set(['receiver fails', 'receiver stalls', 'receiver hangs up']);
const BODY_MAX = 65_536;

export async function startChaosReceiver(): Promise<ChaosReceiver> {
  const posts: Post[] = [];
  const malformed: string[] = [];
  let mood: Mood = 'well';
  let moodUntilMs = 0;

  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      if (body.length < BODY_MAX) body += chunk;
    });
    request.on('error', () => {});
    request.on('end', () => {
      const held = nowMs() < moodUntilMs ? mood : 'well';
      const post = read(request.headers['webhook-id'], body, held === 'well');
      if (post === undefined) malformed.push(`${String(request.headers['webhook-id'])}: ${body.slice(0, 200)}`);
      else posts.push(post);
      answer(response, held);
    });
  });
  server.keepAliveTimeout = 60_000;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/receipts`,
    posts,
    malformed,
    befall(what, forMs) {
      if (!MOODS.has(what)) return;
      mood = what as Mood;
      moodUntilMs = nowMs() + forMs;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse, mood: Mood): void {
  if (mood === 'well') response.writeHead(204).end();
  else if (mood === 'receiver fails') response.writeHead(503).end();
  else if (mood === 'receiver hangs up') response.destroy();
  // A stalled one is left to the sender's timeout.
}

function read(webhookId: string | string[] | undefined, body: string, isTaken: boolean): Post | undefined {
  try {
    const { id, reference, ...said } = JSON.parse(body) as Record<string, unknown>;
    if (typeof webhookId !== 'string' || typeof id !== 'string') return undefined;
    return {
      webhookId,
      messageId: id,
      reference: typeof reference === 'string' ? reference : null,
      said,
      atMs: nowMs(),
      isTaken,
    };
  } catch {
    return undefined;
  }
}
