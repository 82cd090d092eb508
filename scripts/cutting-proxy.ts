// A TCP proxy that fails on command: what a network between a gateway and Redis can do to them, and nothing about Redis.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** Drops all connections and refuses new ones. */
  cut(): void;
  /** Keeps connections open, accepts new ones, and forwards nothing; what comes meanwhile waits for heal(). */
  hang(): void;
  /** Forwards each piece this much later, both ways. 0 for at once. */
  delay(ms: number): void;
  /** Ends cut() and hang(). A delay stays. */
  heal(): void;
  close(): Promise<void>;
}

/** Forwards a free loopback port to `targetPort`. */
export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  let state: 'forward' | 'cut' | 'hang' = 'forward';
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];

  // Timers of one length fire in the order they were set, but a delay that shrinks must not let a later piece overtake.
  function pipe(source: Socket, target: Socket): void {
    let last = Promise.resolve();
    const inTurn = (pass: () => void) => {
      const due = new Promise<void>((resolve) => (delayMs === 0 ? resolve() : setTimeout(resolve, delayMs)));
      last = last.then(() => due).then(() => (state === 'hang' ? void held.push(pass) : pass()));
    };
    source.on('data', (chunk: Buffer) => inTurn(() => target.writable && target.write(chunk)));
    source.on('end', () => inTurn(() => target.end()));
    source.on('error', () => target.destroy());
    source.on('close', () => sockets.delete(source));
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    // A refused connection cannot be told from one reset at once, and the port stays ours.
    if (state === 'cut') return void near.resetAndDestroy();
    const far = connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true });
    sockets.add(near).add(far);
    pipe(near, far);
    pipe(far, near);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const drop = () => {
    held.length = 0;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut';
      drop();
    },
    hang() {
      state = 'hang';
    },
    delay(ms) {
      delayMs = ms;
    },
    heal() {
      state = 'forward';
      for (const pass of held.splice(0)) pass();
    },
    async close() {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}
