/** A server that takes callbacks and keeps them, for tests of faces. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedCallback {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export class CallbackReceiver {
  readonly callbacks: ReceivedCallback[] = [];
  /** Statuses of the answers to come; 200 when there are none left. */
  readonly statuses: number[] = [];
  readonly #server: Server;
  #wake: () => void = () => undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        this.callbacks.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(this.statuses.shift() ?? 200).end();
        this.#wake();
      });
    });
  }

  static async open(): Promise<CallbackReceiver> {
    const receiver = new CallbackReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/callbacks`;
  }

  /** The first `count` callbacks, once they have come. */
  async received(count: number): Promise<readonly ReceivedCallback[]> {
    while (this.callbacks.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.callbacks.slice(0, count);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
