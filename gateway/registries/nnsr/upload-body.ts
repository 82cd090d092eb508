/**
 * The body of a request, block by block at the reader's pace: while nobody asks, the socket is not read, and the sender waits.
 */
import type { Readable } from 'node:stream';
import type { Timers } from '../../router/index.ts';
import { BULK_IDLE_MS, BULK_LINGER_MS } from './limits.ts';

/** The bytes ended before the body did. */
export class UploadBroken extends Error {
  readonly code: 'socket_closed' | 'idle';

  constructor(code: 'socket_closed' | 'idle', message: string) {
    super(message);
    this.code = code;
  }
}

export class UploadBody {
  readonly #raw: Readable;
  readonly #timers: Timers;
  #isBroken = false;
  #wake: () => void = () => undefined;

  constructor(raw: Readable, timers: Timers) {
    this.#raw = raw;
    this.#timers = timers;
    const wake = (): void => this.#wake();
    const broke = (): void => {
      this.#isBroken = !raw.readableEnded;
      this.#wake();
    };
    raw.on('readable', wake).on('end', wake).on('error', broke).on('close', broke);
  }

  /** The next bytes, or undefined at the end. Rejects with UploadBroken when there will be no end, or none in time. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const block = this.#raw.read() as Buffer | null;
      if (block !== null) return block;
      if (this.#raw.readableEnded) return undefined;
      if (this.#isBroken) throw new UploadBroken('socket_closed', 'the connection closed before the end of the file');
      if (await this.#isIdle()) {
        throw new UploadBroken('idle', `no byte came for ${BULK_IDLE_MS / 1_000} seconds, so the upload was ended`);
      }
    }
  }

  /** Lets the sender finish, for a while, with nobody listening: one that is cut off while it writes never sees the answer. */
  discard(): void {
    const { readableEnded, destroyed } = this.#raw;
    if (readableEnded || destroyed) return;
    this.#raw.removeAllListeners('readable').resume();
    const stop = this.#timers.after(BULK_LINGER_MS, () => this.#raw.destroy());
    this.#raw.once('close', stop);
  }

  /** Waits until something has happened; true if nothing has. */
  #isIdle(): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.#timers.after(BULK_IDLE_MS, () => resolve(true));
      this.#wake = () => {
        stop();
        resolve(false);
      };
    });
  }
}
