/**
 * Opt-outs that all gateways on a Redis share. Each goes by a table of its own in memory, which follows what is written there: every message
 * looks into it, and nobody waits for Redis.
 *
 * Changes are numbered, and a pair of number and handset stands there once, as out or as back in, with the number of its latest change. So a
 * gateway asks for what is beyond the change that it has heard of. It reads everything anew when it cannot know what it missed: at its
 * start, when Redis was emptied, when more handsets opted back in than are remembered. Until it has all of it, it goes by what it had.
 */
import { randomUUID } from 'node:crypto';
import { StoreUnavailable } from '../../registry-cache/index.ts';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import { followStore } from '../follow-store.ts';
import { OPT_INS_REMEMBERED_MAX, OPT_OUTS_LOOK_MS, OPT_OUTS_READ_MAX, OPT_OUTS_WRITTEN_AT_ONCE } from '../limits.ts';
import { OPT_OUTS_MAX, OptOuts, type Timers } from '../router/index.ts';
import { OPT_OUT_KEYS } from './layout.ts';
import { CHANGE_OPT_OUTS, READ_OPT_OUTS, run } from './scripts.ts';

/** A number that sends, and a handset. */
export type OptOutPair = readonly [senderKey: number, handsetKey: number];

export class OptOutsUnavailable extends StoreUnavailable {
  constructor(options: ErrorOptions) {
    super('the store of opt-outs does not answer', options);
    this.name = 'OptOutsUnavailable';
  }
}

export class SharedOptOuts {
  readonly #connection: RedisConnection;
  readonly #optOuts: OptOuts;
  /** Of the Redis that was read last. */
  #name = 'unread';
  /** Change up to which all is known. */
  #known = 0;
  /** Change before which nothing may have been forgotten: behind the one above while everything is read. */
  #since = 0;
  /** What is being read anew. */
  #fresh: OptOuts | undefined;
  /** What is written here and what is read follow each other, so that nothing is heard of before whoever wrote it. */
  #latest: Promise<unknown> = Promise.resolve();

  /** @param optOuts the core's, which is kept level */
  constructor(connection: RedisConnection, optOuts: OptOuts) {
    this.#connection = connection;
    this.#optOuts = optOuts;
  }

  /** Reads what has changed again and again until the returned function is called. Of an outage the log has one line. */
  follow(timers: Timers, log: { warn(fields: object, message: string): void }): () => void {
    const read = (): Promise<void> => this.refresh();
    return followStore(timers, OPT_OUTS_LOOK_MS, read, (error) =>
      log.warn({ err: error }, 'the store of opt-outs does not answer; those known stay in force'),
    );
  }

  /** Brings the table level with what is written when this is called, or later. Rejects with OptOutsUnavailable. */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      while (await this.#readPage());
    });
  }

  /**
   * Writes down pairs that opted out, or back in, and then calls `written`, before this gateway hears of them by reading: it is the
   * caller's to have the table changed. All of them are there at once if they are not more than OPT_OUTS_WRITTEN_AT_ONCE; those there is
   * no room for are not made. Rejects with OptOutsUnavailable: then they may be there, or not.
   */
  write(pairs: readonly OptOutPair[], isOut: boolean, written: () => void): Promise<void> {
    return this.#inTurn(async () => {
      for (let at = 0; at < pairs.length; at += OPT_OUTS_WRITTEN_AT_ONCE) {
        const words = pairs.slice(at, at + OPT_OUTS_WRITTEN_AT_ONCE).map((pair) => pair.join(' '));
        const args = [randomUUID(), isOut ? 1 : 0, OPT_OUTS_MAX, OPT_INS_REMEMBERED_MAX, ...words];
        await run(this.#connection.client, CHANGE_OPT_OUTS, OPT_OUT_KEYS, args);
      }
      written();
    });
  }

  /** Whether there is more to read. */
  async #readPage(): Promise<boolean> {
    const args = [this.#name, this.#known, this.#since, OPT_OUTS_READ_MAX];
    const reply = await run(this.#connection.client, READ_OPT_OUTS, OPT_OUT_KEYS, args);
    const [name, changes, upTo, isAnew, out, back] = reply as [Buffer, number, number, number, Buffer[], Buffer[]];
    if (isAnew === 1) {
      this.#name = String(name);
      this.#since = changes;
      this.#fresh = new OptOuts();
    }
    const table = this.#fresh ?? this.#optOuts;
    for (const pair of back) table.remove(...read(pair));
    for (const pair of out) table.add(...read(pair));
    this.#known = upTo;
    if (upTo < changes) return true;
    this.#since = upTo;
    if (this.#fresh !== undefined) this.#optOuts.become(this.#fresh);
    this.#fresh = undefined;
    return false;
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const acting = this.#latest.then(act, act);
    this.#latest = acting;
    try {
      await acting;
    } catch (error) {
      throw new OptOutsUnavailable({ cause: error });
    }
  }
}

function read(pair: Buffer): [senderKey: number, handsetKey: number] {
  const [senderKey = '', handsetKey = ''] = String(pair).split(' ');
  return [Number(senderKey), Number(handsetKey)];
}
