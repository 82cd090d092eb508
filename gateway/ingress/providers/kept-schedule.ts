/**
 * Messages that wait for their time where they outlive this process: in a timetable that all gateways share. Whichever of them looks first
 * when their time has come sends them; if it dies over that, another does, and they are sent once. Any of them tells of them and takes them
 * back.
 */
import { TIMETABLE_TAKEN_AT_ONCE } from '../../limits.ts';
import { type MessageStore, parseMessageId } from '../../messages/index.ts';
import { DecisionCode } from '../../router/index.ts';
import { answered } from './answered.ts';
import type { Caller } from './credentials.ts';
import {
  type Schedule,
  type Scheduled,
  SCHEDULED_FROM,
  scheduledFrom,
  type ScheduledMember,
  type ScheduleParts,
} from './schedule.ts';
import type { Decided } from './sending.ts';

interface Planned {
  readonly id: string;
  /** The account. */
  readonly name: string;
  readonly text: string;
}

interface PlannedTaken extends Planned {
  readonly untilMs: number;
}

/** What keeps them, as texts. */
export interface PlannedTexts {
  add(texts: readonly Planned[], dueMs: number): Promise<boolean>;
  recall(
    id: string,
  ): Promise<
    | { readonly kind: 'there' | 'past'; readonly text: string }
    | { readonly kind: 'sent'; readonly messageId: string }
    | undefined
  >;
  cancel(text: Pick<Planned, 'id' | 'name'>, receipt: undefined, past: string): Promise<boolean>;
  takeDue(nowMs: number, count: number): Promise<readonly PlannedTaken[]>;
  isBeingSent(id: string, messageId: string): void;
  ended(taken: PlannedTaken, isSent: boolean, receipt?: undefined, past?: string): Promise<boolean>;
}

/** What became of one that was to be sent: nothing if there is another time. */
type Outcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused'; readonly at: number; readonly messageId: string };

export class KeptSchedule implements Schedule {
  readonly #store: MessageStore;
  readonly #texts: PlannedTexts;
  #madeCount = 0;
  /** Those whose time has come are being sent. */
  #sending: Promise<void> | undefined;

  /** @param store whose ids theirs follow */
  constructor(store: MessageStore, texts: PlannedTexts) {
    this.#store = store;
    this.#texts = texts;
  }

  async add(members: readonly ScheduledMember[], createdAtMs: number, dueMs: number): Promise<Scheduled | undefined> {
    const made = scheduledFrom(members, this.#store, this.#madeCount, { createdAtMs, dueMs });
    this.#madeCount += made.length;
    return (await answered(this.#texts.add(made.map(write), dueMs))) ? made[0] : undefined;
  }

  async find(id: string, caller: Caller, face: number): Promise<Scheduled | undefined> {
    if (!isScheduled(id)) return undefined;
    const found = await answered(this.#texts.recall(id));
    if (found === undefined || found.kind === 'sent') return undefined;
    const scheduled = read(found.text);
    const { message } = scheduled;
    return message.caller.account === caller.account && message.face === face ? scheduled : undefined;
  }

  async realId(id: string): Promise<string> {
    if (!isScheduled(id)) return id;
    const found = await answered(this.#texts.recall(id));
    return found?.kind === 'sent' ? found.messageId : id;
  }

  async cancel(scheduled: Scheduled): Promise<boolean> {
    if (scheduled.state !== 'waiting') return false;
    const canceled: Scheduled = { ...scheduled, state: 'canceled' };
    if (!(await answered(this.#texts.cancel(write(scheduled), undefined, write(canceled).text)))) return false;
    scheduled.state = 'canceled';
    return true;
  }

  advance(nowMs: number, parts: ScheduleParts): void {
    this.#sending ??= this.#sendDue(nowMs, parts).finally(() => (this.#sending = undefined));
  }

  async atRest(): Promise<void> {
    await this.#sending;
  }

  /** Never rejects: there is another look. */
  async #sendDue(nowMs: number, parts: ScheduleParts): Promise<void> {
    try {
      const taken = await this.#texts.takeDue(nowMs, TIMETABLE_TAKEN_AT_ONCE);
      await Promise.all(taken.map((one) => this.#send(one, parts)));
    } catch {
      // What was taken is anybody's to take again after a while.
    }
  }

  async #send(taken: PlannedTaken, { store, sending, tellRefusal }: ScheduleParts): Promise<void> {
    const scheduled = read(taken.text);
    const refused = write({ ...scheduled, state: 'refused' }).text;
    const decided = ({ at, code }: Decided): Outcome | undefined => {
      if (at < 0) return undefined;
      const messageId = store.idAt(at);
      if (code !== DecisionCode.Accepted && code !== DecisionCode.Queued) return { kind: 'refused', at, messageId };
      this.#texts.isBeingSent(taken.id, messageId);
      return { kind: 'sent' };
    };
    const outcome = await sending.send<Outcome | 'wrong' | undefined>(scheduled.message, () => 'wrong', decided);
    if (outcome === undefined) return;
    if (outcome === 'wrong') {
      await this.#texts.ended(taken, false, undefined, refused);
    } else if (outcome.kind === 'sent') {
      await this.#texts.ended(taken, true);
    } else {
      const { at, messageId } = outcome;
      const isOwn = await this.#texts.ended(taken, false, undefined, refused);
      if (isOwn && store.idAt(at) === messageId) tellRefusal(at);
    }
  }
}

function isScheduled(id: string): boolean {
  return (parseMessageId(id)?.sequence ?? 0) >= SCHEDULED_FROM;
}

function write(scheduled: Scheduled): Planned {
  return { id: scheduled.id, name: scheduled.message.caller.account, text: JSON.stringify(scheduled) };
}

function read(text: string): Scheduled {
  return JSON.parse(text) as Scheduled;
}
