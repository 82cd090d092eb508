/** What a load is sent to, as far as whoever paces it has to know. */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AwaitedReceipts } from './awaited-receipts.ts';
import type { LoadPlan } from './plan.ts';
import type { Tally } from './tally.ts';

export interface Target {
  /** Whether another request may be sent at once. */
  readonly hasRoom: boolean;
  /** Requests without an answer. */
  readonly inFlight: number;
  /** Called whenever there is room again. */
  onRoom: () => void;
  /** Sends one request, due at a time on the clock of the thread. There is room. */
  send(dueMs: number): void;
  /** To be called after some calls of `send`: what was sent leaves then at the latest. */
  flush(): void;
  /** Gives up requests whose answers are overdue, and does what else time brings. */
  tick(nowMs: number): void;
  /** Gives up all that is not answered. */
  abandon(nowMs: number): void;
  /** Connections end; what is under way is not waited for. */
  close(): Promise<void>;
}

export interface TargetParts {
  readonly tally: Tally;
  /** Undefined if no receipts are asked for. */
  readonly awaited: AwaitedReceipts | undefined;
  readonly nowMs: () => number;
  /** Says something that people should know, in one line. */
  readonly say: (line: string) => void;
}

/** There is nothing at the target, or it does not let us in: a line for people that names the option. */
export class TargetUnfit extends Error {
  constructor(line: string) {
    super(line);
    this.name = 'TargetUnfit';
  }
}

/** What a request is called that was given up, and one that its connection took with it. */
export const UNANSWERED = 'not answered in time';
export const LOST = 'connection lost';

/** Counts a request that will not be answered. One that reached nobody has waited for nothing: its time says nothing of the target. */
export function countFailed(
  tally: Tally,
  request: { readonly dueMs: number; readonly nowMs: number },
  messages: number,
  why: string,
): void {
  if (why === UNANSWERED || why === LOST) tally.failed(request.dueMs, request.nowMs, why);
  else tally.wrong(request.dueMs, why, messages);
}

/** What an error of a connection is called in a report. */
export function nameOfError(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return UNANSWERED;
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE') return LOST;
  return code ?? error.message;
}

/** What is wrong with a target whose certificate is; undefined if something else is. */
export function untrusted(url: string, why: string): TargetUnfit | undefined {
  if (!/CERT|VERIFY/.test(why)) return undefined;
  return new TargetUnfit(`--url: the certificate of ${url} is not trusted (${why}); --insecure takes any`);
}

/** Resolves if somebody takes connections at the address of a plan. @throws TargetUnfit if nobody does, or nobody who is trusted */
export function reach({ url, timeoutMs, isInsecure }: LoadPlan): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const isTls = protocol === 'https:';
  const where = { host: withoutBrackets(hostname), port: Number(port) || (isTls ? 443 : 80) };
  return new Promise((resolve, reject) => {
    const socket = isTls ? connectTls({ ...where, rejectUnauthorized: !isInsecure }) : connect(where);
    const refuse = (why: string): void => {
      socket.destroy();
      reject(
        untrusted(url, why) ??
          new TargetUnfit(
            `--url: nobody answers at ${url} (${why}); start a gateway with tollgate serve, or give its address`,
          ),
      );
    };
    socket.setTimeout(timeoutMs, () => refuse('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => refuse(error.code ?? error.message));
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** The host of an address, as sockets want it. */
export function withoutBrackets(hostname: string): string {
  return hostname.replaceAll(/[[\]]/g, '');
}
