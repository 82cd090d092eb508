/**
 * A small record that all gateways on a Redis share, as fields with texts. Each has a copy of it, which follows what is written there within
 * moments. A gateway changes fields only as it knows them: of two that change one at once, the other hears of it and has to ask again
 * what it wants.
 */
import { randomUUID } from 'node:crypto';
import { StoreUnavailable } from '../../registry-cache/index.ts';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import { followStore } from '../follow-store.ts';
import { RECORD_CHANGES_REMEMBERED, RECORD_ERRAND_MS, RECORD_LOOK_MS } from '../limits.ts';
import type { Timers } from '../router/index.ts';
import { PREFIX } from './layout.ts';
import { CHANGE_FIELDS, READ_FIELDS, run, TAKE_ERRAND } from './scripts.ts';

export interface FieldChange {
  readonly field: string;
  /** Undefined for a field that is there no more. */
  readonly text: string | undefined;
}

export class RecordUnavailable extends StoreUnavailable {
  constructor(name: string, options: ErrorOptions) {
    super(`the store of ${name} does not answer`, options);
    this.name = 'RecordUnavailable';
  }
}

export class SharedRecord {
  /** Hears of all that changes, whoever did; set before anything is read. */
  whenChanged: (change: FieldChange) => void = () => undefined;
  readonly #connection: RedisConnection;
  readonly #name: string;
  readonly #gatewayId: string;
  readonly #keys: readonly string[];
  readonly #fields = new Map<string, string>();
  /** Of the Redis that was read last. */
  #redisName = 'unread';
  /** Change up to which all is known. */
  #known = 0;
  /** What is written here and what is read follow each other. */
  #latest: Promise<unknown> = Promise.resolve();

  /**
   * @param name of the record there: `pools` or `orders`
   * @param gatewayId no other gateway's
   */
  constructor(connection: RedisConnection, name: string, gatewayId: string) {
    this.#connection = connection;
    this.#name = name;
    this.#gatewayId = gatewayId;
    const key = PREFIX + name;
    this.#keys = [key, `${key}:latest`, `${key}:state`];
  }

  /** Brings the copy level with what is written when this is called, or later. Rejects with RecordUnavailable. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#read());
  }

  /**
   * Changes fields, all or none, if they are as the copy has them now; `whenChanged` has heard of them when this resolves. False if they
   * are not: then the copy is level. Rejects with RecordUnavailable: then it may have been done, or not.
   */
  change(changes: readonly FieldChange[]): Promise<boolean> {
    const words = changes.flatMap(({ field, text = '' }) => [field, this.#fields.get(field) ?? '', text]);
    return this.#inTurn(async () => {
      const args = [randomUUID(), RECORD_CHANGES_REMEMBERED, ...words];
      const wasChanged = (await run(this.#connection.client, CHANGE_FIELDS, this.#keys, args)) === 1;
      await this.#read();
      return wasChanged;
    });
  }

  /**
   * Whether this gateway is the one to do what is to be done about the record: no two are at a time, unless one takes longer than
   * RECORD_ERRAND_MS. Rejects with RecordUnavailable.
   */
  isMine(): Promise<boolean> {
    const keys = [`${PREFIX}${this.#name}:errand`];
    const args = [this.#gatewayId, RECORD_ERRAND_MS];
    return this.#asked(async () => (await run(this.#connection.client, TAKE_ERRAND, keys, args)) === 1);
  }

  async #read(): Promise<void> {
    const args = [this.#redisName, this.#known];
    const reply = await run(this.#connection.client, READ_FIELDS, this.#keys, args);
    const [name, changes, isAll, found] = reply as [Buffer, number, number, Buffer[]];
    const gone = new Set(isAll === 1 ? this.#fields.keys() : []);
    for (let at = 0; at < found.length; at += 2) {
      const field = String(found[at]);
      gone.delete(field);
      this.#heard(field, String(found[at + 1]));
    }
    for (const field of gone) this.#heard(field, '');
    this.#redisName = String(name);
    this.#known = changes;
  }

  /** @param text empty for none */
  #heard(field: string, text: string): void {
    if (text === (this.#fields.get(field) ?? '')) return;
    if (text === '') this.#fields.delete(field);
    else this.#fields.set(field, text);
    this.whenChanged({ field, text: text === '' ? undefined : text });
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const acting = this.#latest.then(act, act);
    this.#latest = acting;
    return this.#asked(() => acting);
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw new RecordUnavailable(this.#name, { cause: error });
    }
  }
}

/**
 * Has a record read again and again until the returned function is called; reads it once before that. Of an outage the log has one line.
 * Rejects with RecordUnavailable.
 */
export async function followRecord(
  record: SharedRecord,
  timers: Timers,
  log: { warn(fields: object, message: string): void },
): Promise<() => void> {
  await record.refresh();
  const read = (): Promise<void> => record.refresh();
  return followStore(timers, RECORD_LOOK_MS, read, (error) =>
    log.warn({ err: error }, 'a record of all gateways cannot be read; what is known of it stays in force'),
  );
}
