/** Where receipts over HTTP are posted: a server of this thread, which answers each at once. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AwaitedReceipts } from './awaited-receipts.ts';
import { numberIn } from './reel.ts';
import { TargetUnfit } from './target.ts';

const NO_CONTENT = 204;

export interface ReceiptReceiver {
  /** To be given as the callback address of messages. */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on a free port of `host`. @throws TargetUnfit if that is no address of this machine */
export async function openReceiptReceiver(
  host: string,
  awaited: AwaitedReceipts,
  nowMs: () => number,
): Promise<ReceiptReceiver> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
      const number = numberIn(body);
      if (number >= 0) awaited.came(number, nowMs());
      response.writeHead(NO_CONTENT).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new TargetUnfit(
          `--callback-host: ${host} cannot be listened on (${error.code}); give an address of this machine`,
        ),
      );
    });
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/receipts`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
