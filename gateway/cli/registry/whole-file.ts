/** A file that is there whole or not at all, whatever ends the command: written under another name beside it, then renamed. */
import { rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { systemCode, usage } from '../carry-out.ts';

/** Calls `write` with the path to write to, and gives the result its name. What `write` throws leaves no file behind. */
export async function writeWhole(path: string, write: (partPath: string) => Promise<void>): Promise<void> {
  const partPath = `${path}.part`;
  await removingOnExit(partPath, path, async () => {
    await write(partPath);
    await rename(partPath, path);
  });
}

/** Runs what writes `partPath` on the way to `path`. Leaves no part behind, even if the process ends at once. */
export async function removingOnExit(partPath: string, path: string, run: () => Promise<void>): Promise<void> {
  const remove = (): void => rmSync(partPath, { force: true });
  process.once('exit', remove);
  try {
    await run();
  } catch (error) {
    remove();
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw usage(`${path} cannot be written (${systemCode(error)}); name a file in a folder that can be written to`);
  } finally {
    process.off('exit', remove);
  }
}
