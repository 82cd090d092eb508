/** Reading messages back from Redis, accepted or waiting, whichever gateway they came in by. */
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import {
  emptyDraft,
  messageRecord,
  type MessageRecord,
  MessageStore,
  parseMessageId,
  ReceiptState,
} from '../messages/index.ts';
import { type Core, HandsetOutcome, MessageSlot } from '../router/index.ts';
import { BATCH_CLASSES, runKey } from './layout.ts';
import { type MessageLine, readLine } from './message-lines.ts';
import { readFate } from './outcome-bytes.ts';
import { FIND, run as runScript } from './scripts.ts';

export class MessageArchive {
  readonly #connection: RedisConnection;
  readonly #core: Core;
  readonly #draft = emptyDraft();
  readonly #slot = new MessageSlot();
  /** Holds the one message that is being shown. */
  readonly #shown = new MessageStore(1, '');

  constructor(connection: RedisConnection, core: Core) {
    this.#connection = connection;
    this.#core = core;
  }

  /**
   * The message as it is known now, or undefined if it is none that Redis keeps. Rejects if Redis cannot be asked.
   * Cost: one round trip and, there, a search through the lines of a batch.
   */
  read(id: string): Promise<MessageRecord | undefined> {
    return this.show(id, (store) => messageRecord(this.#core, store, store.sequenceAt(0)));
  }

  /** The same, with what `read` makes of it at a ring place of a store that holds nothing else and is used again. */
  async show<T>(id: string, read: (store: MessageStore, at: number) => T): Promise<T | undefined> {
    const parsed = parseMessageId(id);
    if (parsed === undefined) return undefined;
    const keys = BATCH_CLASSES.map((_, batchClass) => runKey(parsed.run, batchClass));
    const [line, fate] = (await runScript(this.#connection.client, FIND, keys, [parsed.sequence, id])) as Buffer[];
    if (line === undefined || fate === undefined) return undefined;
    const shown = this.#shown;
    readLine(JSON.parse(line.toString()) as MessageLine, this.#draft, this.#slot, this.#core);
    shown.add(this.#draft, this.#slot);
    shown.adopt(0, id, 0);
    const { receipt, outcome, error, receiptAtMs, handsetAtMs } = readFate(fate, 0);
    shown.error[0] = error;
    if (receipt !== ReceiptState.None) shown.recordReceipt(0, receipt, receiptAtMs);
    if (outcome !== HandsetOutcome.Pending) shown.recordHandset(0, outcome, handsetAtMs);
    return read(shown, 0);
  }
}
