/**
 * The files of a CDR directory: their names, the one being written, and what an earlier run left unfinished.
 *
 *   cdr-20240301T180000.000Z-S9M2RK-4711.ndjson         closed and whole
 *   cdr-20240301T190000.000Z-S9M2RK-4711.ndjson.part    being written, or left by a process that was killed
 *
 * Names sort by the time the file was opened, then carry the run (as in the ids of its messages) and the process. So gateways
 * of one machine can share a directory, and each knows from the process whether a `.part` is still being written.
 */
import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

export const PART = '.part';
const NAME = /^cdr-\d{8}T\d{6}\.\d{3}Z-[0-9A-Z]+-(\d+)\.ndjson(\.part)?$/;
/** CDRs hold whole phone numbers: nobody else gets to read them. */
const FILE_MODE = 0o600;
const LINE_FEED = 0x0a;
const TAIL_BYTES = 65_536;

/** Name of the file that the process `pid` of the run `run` opens at `openedMs`. */
export function cdrFileName(openedMs: number, run: string, pid: number): string {
  const moment = new Date(openedMs).toISOString().replaceAll(/[-:]/g, '');
  return `cdr-${moment}-${run}-${pid}.ndjson`;
}

/** Names of the CDR files in a directory, oldest first, those not closed included. */
export async function cdrFileNames(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => NAME.test(name)).toSorted();
}

/** A CDR file being written. */
export class CdrFile {
  readonly path: string;
  readonly openedMs: number;
  /** What the file holds. */
  sizeBytes = 0;
  recordCount = 0;
  #handle: FileHandle | undefined;

  private constructor(path: string, openedMs: number, handle: FileHandle) {
    this.path = path;
    this.openedMs = openedMs;
    this.#handle = handle;
  }

  /** Makes the file, and its directory if that is gone. Rejects if there is one of this name. */
  static async open(directory: string, name: string, openedMs: number): Promise<CdrFile> {
    await mkdir(directory, { recursive: true });
    const path = join(directory, name);
    return new CdrFile(path, openedMs, await open(path + PART, 'wx', FILE_MODE));
  }

  /** Writes some of the bytes at the end of what it holds; how many. What a failed call wrote, the next one writes over. */
  async append(bytes: Uint8Array): Promise<number> {
    if (this.#handle === undefined) throw new Error(`${this.path} is closed`);
    const { bytesWritten } = await this.#handle.write(bytes, 0, bytes.length, this.sizeBytes);
    this.sizeBytes += bytesWritten;
    return bytesWritten;
  }

  /** Brings it to the disk, closes it and gives it its name. After a failure it can be called again. */
  async finish(): Promise<void> {
    if (this.#handle !== undefined) {
      await this.#handle.datasync();
      const handle = this.#handle;
      this.#handle = undefined;
      await handle.close();
    }
    await rename(this.path + PART, this.path);
  }
}

/** What became of a file that an earlier run did not close. */
export interface Recovered {
  readonly name: string;
  /** Bytes of a last line that was not finished; they are cut off. */
  readonly cutBytes: number;
}

/**
 * Closes the files of `directory` that processes which are gone left behind: every whole line stays.
 * A file without any is removed. `isAlive` tells whether a process still runs.
 */
export async function recoverFiles(directory: string, isAlive: (pid: number) => boolean): Promise<Recovered[]> {
  const recovered: Recovered[] = [];
  for (const name of await cdrFileNames(directory)) {
    const pid = Number(NAME.exec(name)?.[1]);
    if (!name.endsWith(PART) || isAlive(pid)) continue;
    const path = join(directory, name);
    const handle = await open(path, 'r+');
    let wholeBytes: number;
    let sizeBytes: number;
    try {
      sizeBytes = (await handle.stat()).size;
      wholeBytes = await endOfLastLine(handle, sizeBytes);
      await handle.truncate(wholeBytes);
    } finally {
      await handle.close();
    }
    if (wholeBytes === 0) await unlink(path);
    else await rename(path, path.slice(0, -PART.length));
    recovered.push({ name, cutBytes: sizeBytes - wholeBytes });
  }
  return recovered;
}

/** Bytes up to and with the last line feed. */
async function endOfLastLine(handle: FileHandle, sizeBytes: number): Promise<number> {
  const tail = Buffer.alloc(TAIL_BYTES);
  for (let end = sizeBytes; end > 0; end -= TAIL_BYTES) {
    const from = Math.max(0, end - TAIL_BYTES);
    const { bytesRead } = await handle.read(tail, 0, end - from, from);
    const at = tail.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (at >= 0) return from + at + 1;
  }
  return 0;
}
