/**
 * Texts that wait for their time: written down before whoever brought them is answered, taken at their time by one gateway, and taken by
 * another when that one has not come to an end with them.
 *
 * A gateway that has taken a text has it for a while only, since it may die. So two may have it, one of them late; yet it is sent once:
 *
 *   sending    sets a value in the same step in which the message is kept, where another has set none; else the message is not sent
 *   refusing   sets that value, where another has set none; else there is nothing to tell
 *
 * What is told of a text that is not sent goes into a spool of receipts in the same step. A text is nobody's in particular here; of each name
 * there are only so many, and of all.
 */
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import {
  SMPP_RECEIPT_KEPT_MS,
  SMPP_SCHEDULED_MAX,
  SMPP_SCHEDULED_OF_ESME_MAX,
  SPOOL_RECEIPTS_MAX,
  TIMETABLE_SENT_KEPT_MS,
  TIMETABLE_TAKEN_MS,
} from '../limits.ts';
import { sentKey, spoolKey, TIMED_KEY, TIMED_NUMBER_KEY } from './layout.ts';
import type { Attach } from './redis-idempotency.ts';
import {
  ADD_TIMED,
  CANCEL_TIMED,
  CLAIM_TOKEN_LENGTH,
  END_TIMED,
  FIND_TIMED,
  LIST_TIMED,
  REPLACE_TIMED,
  run as runScript,
  TAKE_TIMED,
} from './scripts.ts';

export interface TimedText {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

/** A text whose time has come. */
export interface TakenText extends TimedText {
  /** Until when it is this gateway's alone. */
  readonly untilMs: number;
}

/** By it a cluster knows where all of them are. */
const KEYS = [TIMED_KEY];
/** Stands for a message, where a text was not sent. */
const NOT_SENT = '-'.repeat(CLAIM_TOKEN_LENGTH);

/** All reject if Redis does not answer: then it may have been done, or not. */
export class Timetable {
  readonly #connection: RedisConnection;
  readonly #attach: Attach;
  /** Texts of all names, when last heard. */
  count = 0;

  /** @param attach of whoever keeps messages */
  constructor(connection: RedisConnection, attach: Attach) {
    this.#connection = connection;
    this.#attach = attach;
  }

  /** A number that none had before. */
  newNumber(): Promise<number> {
    return this.#client.incr(TIMED_NUMBER_KEY);
  }

  /** Whether there was room. */
  async add({ id, name, text }: TimedText, dueMs: number): Promise<boolean> {
    const args = [id, name, dueMs, text, SMPP_SCHEDULED_MAX, SMPP_SCHEDULED_OF_ESME_MAX];
    return (await runScript(this.#client, ADD_TIMED, KEYS, args)) === 1;
  }

  /** One that waits. */
  async find(id: string): Promise<TimedText | undefined> {
    const [name, text] = (await runScript(this.#client, FIND_TIMED, KEYS, [id])) as Buffer[];
    return name && text && { id, name: String(name), text: String(text) };
  }

  /** All of a name that wait. */
  async list(name: string): Promise<TimedText[]> {
    const found = (await runScript(this.#client, LIST_TIMED, KEYS, [name])) as Buffer[];
    const texts: TimedText[] = [];
    for (let at = 0; at < found.length; at += 2)
      texts.push({ id: String(found[at]), name, text: String(found[at + 1]) });
    return texts;
  }

  /** Writes another text in the place of one that waits; whether one did. */
  async replace({ id, name, text }: TimedText, dueMs: number): Promise<boolean> {
    return (await runScript(this.#client, REPLACE_TIMED, KEYS, [id, name, dueMs, text])) === 1;
  }

  /** Takes back one that waits, with a receipt for its name if there is one to tell; whether it waited. */
  async cancel({ id, name }: Pick<TimedText, 'id' | 'name'>, receipt?: string): Promise<boolean> {
    return (await runScript(this.#client, CANCEL_TIMED, [spoolKey(name)], [id, ...receiptArgs(receipt)])) === 1;
  }

  /** Takes those whose time has come, `count` at most: the oldest first that another took and did not come to an end with. */
  async takeDue(nowMs: number, count: number): Promise<TakenText[]> {
    const untilMs = nowMs + TIMETABLE_TAKEN_MS;
    const args = [nowMs, untilMs, count];
    const [total, ...found] = (await runScript(this.#client, TAKE_TIMED, KEYS, args)) as [number, ...Buffer[]];
    this.count = total;
    const taken: TakenText[] = [];
    for (let at = 0; at < found.length; at += 3) {
      taken.push({ id: String(found[at]), name: String(found[at + 1]), text: String(found[at + 2]), untilMs });
    }
    return taken;
  }

  /** The message that was given last, of this id, is of this text: it is not sent if another gateway has sent it. */
  isBeingSent(id: string, messageId: string): void {
    this.#attach(sentKey(id), messageId.padEnd(CLAIM_TOKEN_LENGTH), TIMETABLE_SENT_KEPT_MS);
  }

  /** One that was taken is kept as a message, or else is not sent and has a receipt to tell, if there is one. */
  async ended({ id, name, untilMs }: TakenText, isSent: boolean, receipt?: string): Promise<void> {
    const keys = [spoolKey(name), sentKey(id)];
    const said = isSent ? [''] : [NOT_SENT];
    await runScript(this.#client, END_TIMED, keys, [
      id,
      untilMs,
      TIMETABLE_SENT_KEPT_MS,
      ...said,
      ...receiptArgs(receipt),
    ]);
  }

  /** Id of the message that one was sent as; undefined if it was not, or long ago. */
  async sentAs(id: string): Promise<string | undefined> {
    const sent = await this.#client.get(sentKey(id));
    return sent === null || sent === NOT_SENT ? undefined : sent.trimEnd();
  }

  get #client(): RedisConnection['client'] {
    return this.#connection.client;
  }
}

function receiptArgs(receipt: string | undefined): (string | number)[] {
  return receipt === undefined ? [] : [SPOOL_RECEIPTS_MAX, SMPP_RECEIPT_KEPT_MS, receipt];
}
