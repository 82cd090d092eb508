// A port of loopback for a process that is yet to start. It lies below those that an operating system hands out, so that no passing
// connection takes it in the meantime, and apart from those of `redis-server.ts`.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const FROM = 20_000;
const BELOW = 30_000;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FROM, BELOW);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
