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
 * there are only so many, and of all. What became of the latest of those that do not wait any more is remembered, if that is asked for.
 */
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import {
  SCHEDULED_BY_FACES_MAX,
  SMPP_RECEIPT_KEPT_MS,
  SMPP_SCHEDULED_MAX,
  SMPP_SCHEDULED_OF_ESME_MAX,
  SPOOL_RECEIPTS_MAX,
  TIMETABLE_SENT_KEPT_MS,
  TIMETABLE_TAKEN_MS,
} from '../limits.ts';
import { PLANNED_KEY, sentKey, spoolKey, TIMED_KEY } from './layout.ts';
import type { Attach } from './redis-idempotency.ts';
import {
  ADD_TIMED,
  CANCEL_TIMED,
  CLAIM_TOKEN_LENGTH,
  END_TIMED,
  FIND_TIMED,
  LIST_TIMED,
  RECALL_TIMED,
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

/** Whose texts wait in a timetable. */
export interface TimetableOf {
  readonly key: string;
  /** Texts that wait, of all names and of each. */
  readonly max: number;
  readonly ofNameMax: number;
  /** Texts that do not wait any more and are remembered. */
  readonly pastMax: number;
}

export const TIMED_BY_SMPP: TimetableOf = {
  key: TIMED_KEY,
  max: SMPP_SCHEDULED_MAX,
  ofNameMax: SMPP_SCHEDULED_OF_ESME_MAX,
  pastMax: 0,
};

export const PLANNED_BY_APIS: TimetableOf = {
  key: PLANNED_KEY,
  max: SCHEDULED_BY_FACES_MAX,
  ofNameMax: SCHEDULED_BY_FACES_MAX,
  pastMax: SCHEDULED_BY_FACES_MAX,
};

/** What is known of a text. */
export type Recalled =
  | { readonly kind: 'there'; readonly text: string }
  | { readonly kind: 'sent'; readonly messageId: string }
  /** With what was to be remembered of it. */
  | { readonly kind: 'past'; readonly text: string };

/** Stands for a message, where a text was not sent. */
const NOT_SENT = '-'.repeat(CLAIM_TOKEN_LENGTH);
/** Before the id of a message, in what is remembered. */
const SENT_AS = '=';

/** All reject if Redis does not answer: then it may have been done, or not. */
export class Timetable {
  readonly #connection: RedisConnection;
  readonly #attach: Attach;
  readonly #of: TimetableOf;
  /** By it a cluster knows where all that is of it lies. */
  readonly #keys: readonly string[];
  /** Texts of all names, when last heard. */
  count = 0;

  /** @param attach of whoever keeps messages */
  constructor(connection: RedisConnection, attach: Attach, of: TimetableOf) {
    this.#connection = connection;
    this.#attach = attach;
    this.#of = of;
    this.#keys = [of.key];
  }

  /** A number that none had before. */
  newNumber(): Promise<number> {
    return this.#client.incr(`${this.#of.key}:number`);
  }

  /** Adds texts of one name; whether there was room for all. */
  async add(texts: readonly TimedText[], dueMs: number): Promise<boolean> {
    const { max, ofNameMax } = this.#of;
    const args = [texts[0]?.name ?? '', dueMs, max, ofNameMax, ...texts.flatMap(({ id, text }) => [id, text])];
    return (await runScript(this.#client, ADD_TIMED, this.#keys, args)) === 1;
  }

  /** One that waits. */
  async find(id: string): Promise<TimedText | undefined> {
    const [name, text] = (await runScript(this.#client, FIND_TIMED, this.#keys, [id])) as Buffer[];
    return name && text && { id, name: String(name), text: String(text) };
  }

  /** All of a name that wait. */
  async list(name: string): Promise<TimedText[]> {
    const found = (await runScript(this.#client, LIST_TIMED, this.#keys, [name])) as Buffer[];
    const texts: TimedText[] = [];
    for (let at = 0; at < found.length; at += 2)
      texts.push({ id: String(found[at]), name, text: String(found[at + 1]) });
    return texts;
  }

  /** Writes another text in the place of one that waits; whether one did. */
  async replace({ id, name, text }: TimedText, dueMs: number): Promise<boolean> {
    return (await runScript(this.#client, REPLACE_TIMED, this.#keys, [id, name, dueMs, text])) === 1;
  }

  /**
   * Takes back one that waits, with a receipt for its name if there is one to tell; whether it waited.
   * @param past what is remembered of it
   */
  async cancel({ id, name }: Pick<TimedText, 'id' | 'name'>, receipt?: string, past = ''): Promise<boolean> {
    const keys = [spoolKey(name), ...this.#keys];
    const args = [id, this.#of.pastMax, past, ...receiptArgs(receipt)];
    return (await runScript(this.#client, CANCEL_TIMED, keys, args)) === 1;
  }

  /** Takes those whose time has come, `count` at most: the oldest first that another took and did not come to an end with. */
  async takeDue(nowMs: number, count: number): Promise<TakenText[]> {
    const untilMs = nowMs + TIMETABLE_TAKEN_MS;
    const args = [nowMs, untilMs, count];
    const [total, ...found] = (await runScript(this.#client, TAKE_TIMED, this.#keys, args)) as [number, ...Buffer[]];
    this.count = total;
    const taken: TakenText[] = [];
    for (let at = 0; at < found.length; at += 3) {
      taken.push({ id: String(found[at]), name: String(found[at + 1]), text: String(found[at + 2]), untilMs });
    }
    return taken;
  }

  /** The message that was given last, of this id, is of this text: it is not sent if another gateway has sent it. */
  isBeingSent(id: string, messageId: string): void {
    this.#attach(sentKey(this.#of.key, id), messageId.padEnd(CLAIM_TOKEN_LENGTH), TIMETABLE_SENT_KEPT_MS);
  }

  /**
   * One that was taken is kept as a message, or else is not sent and has a receipt to tell, if there is one. Whether it was so: another
   * gateway may have had it meanwhile.
   * @param past what is remembered of it if it is not sent
   */
  async ended({ id, name, untilMs }: TakenText, isSent: boolean, receipt?: string, past = ''): Promise<boolean> {
    const { key, pastMax } = this.#of;
    const keys = [spoolKey(name), sentKey(key, id), key];
    const said = [isSent ? '' : NOT_SENT, pastMax, past];
    const args = [id, untilMs, TIMETABLE_SENT_KEPT_MS, ...said, ...receiptArgs(receipt)];
    return (await runScript(this.#client, END_TIMED, keys, args)) === 1;
  }

  /** Id of the message that one was sent as; undefined if it was not, or long ago. */
  async sentAs(id: string): Promise<string | undefined> {
    const sent = await this.#client.get(sentKey(this.#of.key, id));
    return sent === null || sent === NOT_SENT ? undefined : sent.trimEnd();
  }

  /** What is known of one, whatever became of it; undefined for one that is not remembered, or never was. */
  async recall(id: string): Promise<Recalled | undefined> {
    const keys = [sentKey(this.#of.key, id), ...this.#keys];
    const found = (await runScript(this.#client, RECALL_TIMED, keys, [id])) as Buffer[];
    const [text = '', past = '', sent = ''] = found.map(String);
    if (past.startsWith(SENT_AS)) return { kind: 'sent', messageId: past.slice(SENT_AS.length) };
    if (past !== '') return { kind: 'past', text: past };
    if (sent !== '' && sent !== NOT_SENT) return { kind: 'sent', messageId: sent.trimEnd() };
    return text === '' ? undefined : { kind: 'there', text };
  }

  get #client(): RedisConnection['client'] {
    return this.#connection.client;
  }
}

function receiptArgs(receipt: string | undefined): (string | number)[] {
  return receipt === undefined ? [] : [SPOOL_RECEIPTS_MAX, SMPP_RECEIPT_KEPT_MS, receipt];
}
