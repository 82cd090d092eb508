/** Receivers of webhooks, each on a port of its own: all answer at once, or the first of them never does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Work } from '../processes.ts';

export interface ReceiversQuestion {
  /** What is to be done: forget what came and answer from now on as told, or say what came. */
  readonly kind: 'begin' | 'tell';
  readonly firstIsSilent?: boolean;
}

/** Of posts to receivers that answer; times from when a post was made, which its body says. */
export interface Received {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A clock that processes of one machine share, finer than a millisecond. */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now();
}

export const work: Work<
  { readonly receivers: number },
  { readonly urls: readonly string[] },
  ReceiversQuestion,
  Received
> = {
  async open({ receivers }) {
    const tookMs: number[] = [];
    let firstIsSilent = false;
    const servers = await Promise.all(
      Array.from({ length: receivers }, (_, place) =>
        listening((body, answer) => {
          if (place === 0 && firstIsSilent) return;
          tookMs.push(sharedNowMs() - (JSON.parse(body) as { at: number }).at);
          answer();
        }),
      ),
    );
    return {
      ready: { urls: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`) },
      answer(question) {
        const sorted = tookMs.toSorted((a, b) => a - b);
        const at = (quantile: number): number => sorted[Math.floor((sorted.length - 1) * quantile)] ?? 0;
        const received = { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
        if (question.kind === 'begin') {
          tookMs.length = 0;
          firstIsSilent = question.firstIsSilent === true;
        }
        return received;
      },
    };
  },
};

function listening(take: (body: string, answer: () => void) => void): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => take(body, () => response.writeHead(204).end()));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
