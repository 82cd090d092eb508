/**
 * The audit log of one process: a file that only grows, in which every line is bound to the one before it.
 *
 * An entry counts as written when the disk has it. Entries that come while others are written go together in the next write. What the disk
 * refuses waits in memory and is written first once it can be; until then `ready` rejects, and nothing should be changed. The file is
 * one gateway's: where it is found longer or shorter than this one left it, or gone, nothing more is written to it.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { AUDIT_VALUE_BYTES_MAX } from '../limits.ts';
import type { Clock } from '../router/index.ts';
import { type AuditEntry, chained, type ChainEnd } from './audit-chain.ts';
import { readChain } from './read-chain.ts';

/** Why the audit log cannot be gone on with. */
export class AuditUnavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AuditUnavailable';
  }
}

export interface AuditLogOptions {
  readonly path: string;
  /** The machine's: what is audited is when somebody did something, not what time it was in the simulation. */
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** What the first entry says of this gateway. */
  readonly opened: Readonly<Record<string, unknown>>;
}

export class AuditLog {
  /** Entries on the disk that this process wrote. */
  entryCount = 0;
  /** Times they could not be written. */
  errorCount = 0;
  readonly #options: AuditLogOptions;
  readonly #file: FileHandle;
  /** Lines that stood in the file before. */
  readonly #foundCount: number;
  #sizeBytes: number;
  #end: ChainEnd;
  #pending: string[] = [];
  #writing: Promise<void> | undefined;
  #failure: string | undefined;

  private constructor(options: AuditLogOptions, file: FileHandle, sizeBytes: number, end: ChainEnd) {
    this.#options = options;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
    this.#foundCount = end.count;
    this.#end = end;
  }

  /**
   * Goes on from the last line of the file, or begins one, and writes that it was opened. What is left of a line that an earlier gateway
   * was stopped in is taken out, and kept in that entry. Rejects with AuditUnavailable where the chain is broken or the disk refuses.
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const { path, log } = options;
    let file: FileHandle | undefined;
    try {
      file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
      const chain = await readChain(path);
      if (!chain.isWhole) {
        throw new AuditUnavailable(
          `${path}:${chain.line} ${chain.wrong}; keep the file as it is, and name another to begin a new one`,
        );
      }
      const torn = chain.torn.slice(0, AUDIT_VALUE_BYTES_MAX);
      if (torn !== '') {
        log.warn({ path, line: chain.end.count + 1 }, 'the audit log ends within a line, which is taken out and kept');
        await file.truncate(chain.sizeBytes);
      }
      const audit = new AuditLog(options, file, chain.sizeBytes, chain.end);
      await audit.append({ who: null, what: 'opened', after: { ...options.opened, ...(torn !== '' && { torn }) } });
      return audit;
    } catch (error) {
      await file?.close();
      if (error instanceof AuditUnavailable) throw error;
      throw new AuditUnavailable(`${path} cannot be written (${codeOf(error)}); name a file that can be`);
    }
  }

  /** Where the chain stands, what waits included. */
  get end(): ChainEnd {
    return this.#end;
  }

  /** Resolves when the entry is on the disk. Rejects with AuditUnavailable if it has to wait. */
  async append(entry: Omit<AuditEntry, 'at'>): Promise<void> {
    const at = new Date(this.#options.clock.nowMs()).toISOString();
    const { line, end } = chained(this.#end, { at, ...entry });
    this.#end = end;
    this.#pending.push(line);
    // Not for what others add meanwhile.
    while (this.#foundCount + this.entryCount < end.count) await this.#written();
  }

  /** Resolves when everything is on the disk and the file as this gateway left it. Rejects with AuditUnavailable if not. */
  async ready(): Promise<void> {
    do await this.#written();
    while (this.#pending.length > 0);
  }

  /** Writes that it was closed. What the disk does not take then is lost, and said to be. */
  async close(): Promise<void> {
    try {
      await this.append({ who: null, what: 'closed' });
    } catch {
      this.#options.log.error({ entries: this.#pending.length }, 'entries of the audit log are lost');
    }
    await this.#file.close();
  }

  /** Resolves when what is being written now is, or else what waits. */
  #written(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { path, log } = this.#options;
    const lines = this.#pending;
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    this.#pending = [];
    try {
      await this.#refuseForeign();
      for (let written = 0; written < bytes.length;) {
        const { bytesWritten } = await this.#file.write(bytes, written, undefined, this.#sizeBytes + written);
        written += bytesWritten;
      }
      if (lines.length > 0) await this.#file.datasync();
    } catch (error) {
      this.#pending = [...lines, ...this.#pending];
      this.errorCount += 1;
      const isForeign = error instanceof AuditUnavailable;
      if (!isForeign) await this.#file.truncate(this.#sizeBytes).catch(() => {});
      const why = isForeign ? error.message : `${path} cannot be written (${codeOf(error)})`;
      if (why !== this.#failure) log.error({ path, why }, 'the audit log cannot be written: no change is made');
      this.#failure = why;
      throw new AuditUnavailable(why);
    }
    if (this.#failure !== undefined) log.warn({ path }, 'the audit log is written again');
    this.#failure = undefined;
    this.#sizeBytes += bytes.length;
    this.entryCount += lines.length;
  }

  /** Throws where the file is not as this gateway left it. */
  async #refuseForeign(): Promise<void> {
    const { path } = this.#options;
    const own = await this.#file.stat();
    const found = await stat(path).catch(() => undefined);
    if (found?.ino === own.ino && found.dev === own.dev && found.size === this.#sizeBytes) return;
    throw new AuditUnavailable(`${path} was changed, moved or removed by somebody else`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
