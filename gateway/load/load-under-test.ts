/** Loads within a test's own process: threads that are none, and targets that do as they are told. */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { loadCarrierMap } from '../../registry-cache/index.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { loadCorpus } from '../demo/index.ts';
import { Command, Frame, Framer, PduWriter, responseTo, Status } from '../smpp/index.ts';
import type { LoadTexts } from './message-mix.ts';
import type { LoadPlan } from './plan.ts';
import { type LoadParts, type LoadReport, runLoad, type ThreadHandle } from './run-load.ts';
import { type FromThread, runLoadThread, type ThreadTask, type ToThread } from './thread.ts';

export const BLOCKS = loadCarrierMap();
export const TEXTS: LoadTexts = loadCorpus();

/** A short load of single messages, to be changed where it matters. */
export const PLAN: LoadPlan = {
  protocol: 'http',
  url: '',
  perSecond: undefined,
  arrivals: 'fixed',
  connections: 2,
  window: 1,
  batchMessages: 1,
  warmUpMs: 0,
  durationMs: 500,
  drainMs: 1_000,
  timeoutMs: 5_000,
  threads: 1,
  seed: 1,
  mix: { registeredShare: 1, spamShare: 0, destinations: { verizon: 1 }, textLength: undefined, numbers: 10 },
  account: undefined,
  authorization: undefined,
  receipts: false,
  callbackHost: '127.0.0.1',
  systemId: 'load',
  password: 'secret',
  systemType: '',
  isInsecure: false,
};

/** Runs a load to its end in this process. */
export function runPlan(own: Partial<LoadPlan>, parts: Partial<LoadParts> = {}): Promise<LoadReport> {
  return runLoad(
    { ...PLAN, ...own },
    {
      startThread,
      clock: systemClock,
      timers: systemTimers,
      onProgress: () => {},
      onWord: () => {},
      stop: new AbortController().signal,
      ...parts,
    },
  );
}

function startThread(task: ThreadTask): ThreadHandle {
  const { port1, port2 } = new MessageChannel();
  const listeners: ((error: Error) => void)[] = [];
  runLoadThread(structuredClone(task), {
    port: {
      postMessage: (message: FromThread) => port2.postMessage(message),
      on: (_event: 'message', listener: (message: ToThread) => void) => port2.on('message', listener),
    },
    clock: systemClock,
    texts: TEXTS,
    blocks: BLOCKS,
  }).catch((error: unknown) => {
    for (const listener of listeners) listener(error as Error);
  });
  return {
    postMessage: (message) => port1.postMessage(message),
    on: (event: string, listener: (given: never) => void) => {
      if (event === 'message') port1.on('message', listener as (message: FromThread) => void);
      if (event === 'error') listeners.push(listener as (error: Error) => void);
    },
    terminate: () => {
      port1.close();
      return Promise.resolve();
    },
  };
}

/** A target that answers at once, except while it stands still: then what it owes is answered together when it goes on. */
export interface Stub {
  readonly url: string;
  /** Requests, or submit_sm, that it was sent. */
  readonly count: number;
  stall(): void;
  goOn(): void;
  /** Closes all connections that there are. */
  cut(): void;
  close(): Promise<void>;
}

class Held {
  #held: (() => void)[] | undefined;

  /** Answers at once or, while it stands still, later. */
  answer(give: () => void): void {
    if (this.#held === undefined) give();
    else this.#held.push(give);
  }

  stall(): void {
    this.#held = [];
  }

  goOn(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const give of held) give();
  }
}

/** Takes messages over HTTP. `answer` says with what status and body. */
export async function startHttpStub(
  answer: (
    body: string,
    url: string,
  ) => readonly [status: number, body: string, headers?: Record<string, string>] = () => [202, '{"status":"accepted"}'],
): Promise<Stub> {
  const held = new Held();
  let count = 0;
  const server: HttpServer = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      count += 1;
      const [status, text, headers] = answer(body, request.url ?? '');
      held.answer(() => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text));
    });
  });
  await listen(server);
  return stubOf(
    server,
    'http',
    held,
    () => count,
    () => server.closeAllConnections(),
  );
}

/** Takes connections and does with each piece that it is sent what it is told to. */
export async function startRawStub(take: (socket: Socket) => void): Promise<Stub> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.on('data', () => {
      count += 1;
      take(socket);
    });
  });
  await listen(server);
  return stubOf(
    server,
    'http',
    new Held(),
    () => count,
    () => {
      for (const socket of sockets) socket.destroy();
    },
  );
}

export interface SmscStubOptions {
  /** Of the answer to a bind. */
  readonly bindStatus?: number;
  /** Of the answer to a submit_sm, by its number from 1; undefined for no answer. */
  readonly status?: (count: number) => number | undefined;
  /** Whether the receipt, if one is wanted, comes before the answer; none comes when left out. */
  readonly receipts?: 'before' | 'after' | 'other-bind' | 'receiver';
  /** How much later those of messages by the bind that came last are sent. */
  readonly lastReceiptsMs?: number;
  /** Ids as numbers: in an answer in hexadecimal digits, in a receipt in decimal ones. */
  readonly hasDecimalIds?: boolean;
}

const FIRST_NUMBER = 0xabc_000;
const BINDS: readonly number[] = [Command.BindTransceiver, Command.BindTransmitter, Command.BindReceiver];

/** Takes messages over SMPP. */
export async function startSmscStub(options: SmscStubOptions = {}): Promise<Stub> {
  const {
    bindStatus = Status.Ok,
    status = () => Status.Ok,
    receipts,
    lastReceiptsMs = 0,
    hasDecimalIds = false,
  } = options;
  const held = new Held();
  const sockets = new Set<Socket>();
  const receivers: Socket[] = [];
  let count = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    const framer = new Framer();
    const out = new PduWriter();
    socket.on('data', (chunk) => {
      framer.push(chunk);
      while (framer.next() === Frame.Pdu)
        take(framer.bytes.readUInt32BE(framer.start + 4), framer.bytes.readUInt32BE(framer.start + 12));
    });
    const send = (to: Socket): void => {
      if (!to.destroyed) to.write(out.take());
    };
    const take = (command: number, sequence: number): void => {
      if (BINDS.includes(command)) {
        if (command === Command.BindReceiver) receivers.push(socket);
        out.begin(responseTo(command), bindStatus, sequence);
        out.text('stub');
        out.end();
        send(socket);
      }
      if (command !== Command.SubmitSm) return;
      count += 1;
      const number = FIRST_NUMBER + count;
      const [id, idOfReceipt] = hasDecimalIds ? [number.toString(16), String(number)] : [`M${count}`, `M${count}`];
      const answer = status(count);
      if (answer === undefined) return;
      const receipt = (): void => {
        const other =
          receipts === 'other-bind'
            ? [...sockets].find((one) => one !== socket)
            : receipts === 'receiver'
              ? receivers.at(-1)
              : socket;
        if (other?.destroyed !== false) return;
        writeReceipt(out, idOfReceipt);
        send(other);
      };
      held.answer(() => {
        if (receipts === 'before') receipt();
        out.begin(responseTo(command), answer, sequence);
        if (answer === Status.Ok) out.text(id);
        out.end();
        send(socket);
        if (answer !== Status.Ok || receipts === undefined || receipts === 'before') return;
        if (lastReceiptsMs > 0 && socket === [...sockets].at(-1)) setTimeout(receipt, lastReceiptsMs);
        else receipt();
      });
    };
  });
  await listen(server);
  return stubOf(
    server,
    'smpp',
    held,
    () => count,
    () => {
      // In the middle of a PDU, as it comes.
      for (const socket of sockets) socket.end(Buffer.of(0, 0, 0, 16, 0x80), () => socket.destroy());
    },
  );
}

function writeReceipt(out: PduWriter, id: string): void {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2403011800 done date:2403011801 stat:DELIVRD err:000 text:`;
  out.begin(Command.DeliverSm, Status.Ok, 1);
  for (let zero = 0; zero < 3; zero += 1) out.octet(0);
  out.text('13105550100');
  out.octets2(0);
  out.text('12125550100');
  out.octet(4);
  for (let zero = 0; zero < 4; zero += 1) out.octet(0);
  out.octets4(0);
  out.octet(text.length);
  out.characters(text);
  out.end();
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function stubOf(server: Server, scheme: string, held: Held, count: () => number, cut: () => void): Stub {
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    get count() {
      return count();
    },
    stall: () => held.stall(),
    goOn: () => held.goOn(),
    cut,
    close: () =>
      new Promise((resolve) => {
        held.goOn();
        server.close(() => resolve());
        cut();
      }),
  };
}
