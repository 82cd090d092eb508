/** Messages that wait for their time in this process, and those that have gone, the latest. */
import { SCHEDULED_BY_FACES_MAX } from '../../limits.ts';
import type { MessageStore } from '../../messages/index.ts';
import { DecisionCode, type Stateful } from '../../router/index.ts';
import type { Caller } from './credentials.ts';
import { type Schedule, type Scheduled, scheduledFrom, type ScheduledMember, type ScheduleParts } from './schedule.ts';

interface OwnScheduled extends Scheduled {
  /** The id of the message it became. */
  sentAs: string | undefined;
}

export class OwnSchedule implements Schedule, Stateful {
  readonly #store: MessageStore;
  readonly #all = new Map<string, OwnScheduled>();
  /** Those that wait, the next one last. */
  #waiting: OwnScheduled[] = [];
  #madeCount = 0;

  /** @param store whose ids theirs follow */
  constructor(store: MessageStore) {
    this.#store = store;
  }

  add(members: readonly ScheduledMember[], createdAtMs: number, dueMs: number): Promise<Scheduled | undefined> {
    if (this.#waiting.length + members.length > SCHEDULED_BY_FACES_MAX) return Promise.resolve(undefined);
    const made = scheduledFrom(members, this.#store, this.#madeCount, { createdAtMs, dueMs });
    this.#madeCount += made.length;
    const own = made.map((one): OwnScheduled => ({ ...one, sentAs: undefined }));
    for (const one of own) this.#all.set(one.id, one);
    const after = this.#waiting.findLastIndex((one) => one.dueMs > dueMs);
    this.#waiting.splice(after + 1, 0, ...own.toReversed());
    for (const id of this.#all.keys()) {
      if (this.#all.size <= 2 * SCHEDULED_BY_FACES_MAX) break;
      this.#all.delete(id);
    }
    return Promise.resolve(own[0]);
  }

  find(id: string, caller: Caller, face: number): Promise<Scheduled | undefined> {
    const found = this.#all.get(id);
    const isOf = found?.message.caller.account === caller.account && found.message.face === face;
    return Promise.resolve(isOf && found.sentAs === undefined ? found : undefined);
  }

  realId(id: string): Promise<string> {
    return Promise.resolve(this.#all.get(id)?.sentAs ?? id);
  }

  cancel(scheduled: Scheduled): Promise<boolean> {
    if (scheduled.state !== 'waiting') return Promise.resolve(false);
    scheduled.state = 'canceled';
    this.#waiting = this.#waiting.filter((one) => one !== scheduled);
    return Promise.resolve(true);
  }

  advance(nowMs: number, parts: ScheduleParts): void {
    for (let next = this.#waiting.at(-1); next !== undefined && next.dueMs <= nowMs; next = this.#waiting.at(-1)) {
      this.#waiting.pop();
      this.#send(next, parts);
    }
  }

  atRest(): Promise<void> {
    return Promise.resolve();
  }

  capture(): { readonly all: readonly OwnScheduled[]; readonly madeCount: number } {
    return { all: [...this.#all.values()], madeCount: this.#madeCount };
  }

  restore({ all, madeCount }: ReturnType<OwnSchedule['capture']>): void {
    this.#all.clear();
    for (const one of all) this.#all.set(one.id, { ...one });
    this.#waiting = [...this.#all.values()].filter(({ state }) => state === 'waiting').toReversed();
    this.#waiting.sort((one, other) => other.dueMs - one.dueMs);
    this.#madeCount = madeCount;
  }

  #send(scheduled: OwnScheduled, { store, sending, tellRefusal }: ScheduleParts): void {
    scheduled.state = 'refused';
    const sent = sending.send(
      scheduled.message,
      () => undefined,
      ({ at, code }) => {
        if (at < 0) return;
        scheduled.state = 'sent';
        scheduled.sentAs = store.idAt(at);
        if (code !== DecisionCode.Accepted && code !== DecisionCode.Queued) tellRefusal(at);
      },
    );
    // Whoever asks for it is told what is known of it.
    if (sent instanceof Promise) sent.catch(() => undefined);
  }
}
