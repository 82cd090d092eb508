/** Requests over HTTP, taken from a reel: single messages or batches as NDJSON, each message with a number of its own. */
import type { LoadPlan } from './plan.ts';
import { type Reel, writeNumber } from './reel.ts';

export class HttpRequests {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #reel: Reel;
  readonly #messages: number;
  #piece = 0;
  /** Of the next message. */
  number = 0;

  constructor(reel: Reel, { protocol, url, batchMessages, authorization }: LoadPlan) {
    const isBatch = protocol === 'batch';
    this.path = new URL(isBatch ? 'v1/messages/batch' : 'v1/messages', `${url}/`).pathname;
    this.headers = {
      'content-type': isBatch ? 'application/x-ndjson' : 'application/json',
      ...(authorization !== undefined && { authorization }),
    };
    this.#reel = reel;
    this.#messages = batchMessages;
  }

  /** The body of the next request, nobody else's. */
  take(): Buffer {
    const reel = this.#reel;
    let size = 0;
    for (let message = 0, piece = this.#piece; message < this.#messages; message += 1) {
      size += reel.end(piece) - reel.start(piece);
      piece = piece + 1 === reel.count ? 0 : piece + 1;
    }
    const body = Buffer.allocUnsafe(size);
    let at = 0;
    for (let message = 0; message < this.#messages; message += 1) {
      const piece = this.#piece;
      reel.bytes.copy(body, at, reel.start(piece), reel.end(piece));
      writeNumber(body, at, this.number);
      at += reel.end(piece) - reel.start(piece);
      this.number += 1;
      this.#piece = piece + 1 === reel.count ? 0 : piece + 1;
    }
    return body;
  }
}
