/**
 * Receipts for those who must be connected to take them: written down by the worker that tells of them, read by whichever gateway they are
 * connected to, and forgotten when they have taken them.
 *
 * Nothing is lost, and what is told may be told twice. A worker that dies before it has written has its batch taken by another, which tells
 * again. A gateway that dies leaves what it had read and was not taken to any other: it is a reader whose key ends by time. One that did not
 * hear what it was given cannot know what it has: it goes on as another reader, and gets it back when the first is dead.
 *
 * A receipt is a text here, and nobody's in particular. Of each name there is one spool, and it is bounded.
 */
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import { SMPP_RECEIPT_KEPT_MS, SPOOL_READER_MS, SPOOL_RECEIPTS_MAX } from '../limits.ts';
import { readerKey, spoolKey } from './layout.ts';
import { BACK_TO_SPOOL, READ_SPOOLS, run as runScript, SPOOL, TAKEN_FROM_SPOOL } from './scripts.ts';

/** A receipt and whose spool it goes to. */
export interface SpooledReceipt {
  readonly name: string;
  readonly receipt: string;
}

/** A receipt that was read, and what it is called when it has been taken. */
export interface ReadReceipt {
  readonly id: string;
  readonly receipt: string;
}

/** Words that a script may be given at once are bounded, by the stack of Lua. */
const AT_ONCE = 1_000;

export class ReceiptSpool {
  readonly #connection: RedisConnection;
  readonly #run: string;
  #turn = 1;
  /** Receipts that went for want of room, as far as they went from here. */
  droppedCount = 0;

  /** @param run sets this reader apart from all others */
  constructor(connection: RedisConnection, run: string) {
    this.#connection = connection;
    this.#run = run;
  }

  /** Resolves once all are there. Rejects if Redis did not say so; then some may be. Cost: one round trip for each name. */
  async add(receipts: readonly SpooledReceipt[]): Promise<void> {
    const byName = new Map<string, string[]>();
    for (const { name, receipt } of receipts) {
      const texts = byName.get(name);
      if (texts === undefined) byName.set(name, [receipt]);
      else texts.push(receipt);
    }
    await Promise.all(
      Array.from(byName, async ([name, texts]) => {
        for (let from = 0; from < texts.length; from += AT_ONCE) {
          const args = [SPOOL_RECEIPTS_MAX, SMPP_RECEIPT_KEPT_MS, ...texts.slice(from, from + AT_ONCE)];
          this.droppedCount += Number(await runScript(this.#client, SPOOL, [spoolKey(name)], args));
        }
      }),
    );
  }

  /** Takes receipts of each of these names, `count` at most, and has them held for this reader. Rejects if Redis did not answer. */
  async read(names: readonly string[], count: number): Promise<ReadReceipt[][]> {
    const reader = `${this.#run}.${this.#turn}`;
    const keys = [readerKey(reader), ...names.map((name) => spoolKey(name))];
    try {
      const lists = (await runScript(this.#client, READ_SPOOLS, keys, [
        reader,
        SPOOL_READER_MS,
        Math.min(count, AT_ONCE),
      ])) as Buffer[][];
      return lists.map((list) => {
        const read: ReadReceipt[] = [];
        for (let at = 0; at < list.length; at += 2) read.push({ id: String(list[at]), receipt: String(list[at + 1]) });
        return read;
      });
    } catch (error) {
      this.#turn += 1;
      throw error;
    }
  }

  /** Forgets receipts that were taken. Rejects if Redis did not say so: to be done again. */
  async taken(name: string, ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      await runScript(this.#client, TAKEN_FROM_SPOOL, [spoolKey(name)], ids.slice(from, from + AT_ONCE));
    }
  }

  /** Gives receipts back that nobody here can take any more. */
  async giveBack(name: string, ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      await runScript(this.#client, BACK_TO_SPOOL, [spoolKey(name)], ids.slice(from, from + AT_ONCE));
    }
  }

  get #client(): RedisConnection['client'] {
    return this.#connection.client;
  }
}
