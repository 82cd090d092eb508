/** Makes a directory ready for CDRs, and opens the writer on it. */
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { type CdrLog, CdrWriter, type CdrWriterParts } from './cdr-writer.ts';
import { recoverFiles } from './cdr-files.ts';

/** The directory of CDRs cannot be used. */
export class CdrsUnavailable extends Error {
  constructor(directory: string, error: unknown) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    super(`${directory} cannot be written (${code}); name a directory that can be`);
    this.name = 'CdrsUnavailable';
  }
}

/**
 * Opens the writer. Files that a process which is gone left unfinished are closed first, and the log says so.
 * Rejects with CdrsUnavailable if the directory cannot be written.
 */
export async function openCdrs(parts: Omit<CdrWriterParts, 'pid'>): Promise<CdrWriter> {
  const { directory, log } = parts;
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
    await recover(directory, log);
  } catch (error) {
    throw new CdrsUnavailable(directory, error);
  }
  return new CdrWriter({ ...parts, pid: process.pid });
}

async function recover(directory: string, log: CdrLog): Promise<void> {
  for (const { name, cutBytes } of await recoverFiles(directory, isAnotherAlive)) {
    log.info({ file: name, cutBytes }, 'a CDR file that an earlier run did not close was closed');
  }
}

/** Whether a process other than this one has that id; one that had it before this is gone. */
function isAnotherAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
