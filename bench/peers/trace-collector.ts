/** A collector of traces that takes whatever comes and looks at none of it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Work } from '../processes.ts';

export const work: Work<null, { readonly url: string }, null, number> = {
  async open() {
    let bytes = 0;
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { ready: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, answer: () => bytes };
  },
};
