/** What a load is sent to, as far as whoever paces it has to know. */
import type { AwaitedReceipts } from './awaited-receipts.ts';
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

const UNANSWERED = 'not answered in time';

/** What an error of a connection is called in a report. */
export function nameOfError(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return UNANSWERED;
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE') return 'connection lost';
  return code ?? error.message;
}

export { UNANSWERED };
