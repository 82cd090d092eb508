/**
 * Scheduled messages where they outlive this process: in a timetable that all gateways share. Whichever of them looks first when their time
 * has come submits them; if it dies over that, another does, and they are sent once.
 */
import { TIMETABLE_TAKEN_AT_ONCE } from '../../limits.ts';
import { emptyDraft, type MessageStore } from '../../messages/index.ts';
import type { Esme, Esmes } from './esmes.ts';
import type { MessageNames } from './message-names.ts';
import type { Archive } from './requests.ts';
import type { Ending, Schedule, ScheduledMessage } from './schedule.ts';
import { writeSpooled } from './spool.ts';
import { wantsFinal } from './submit-facts.ts';

export interface Timed {
  readonly id: string;
  /** The system_id of its ESME. */
  readonly name: string;
  readonly text: string;
}

export interface TimedTaken extends Timed {
  readonly untilMs: number;
}

/** What keeps them, as texts. */
export interface Timetable {
  /** Of all ESMEs of all gateways, when last heard. */
  readonly count: number;
  newNumber(): Promise<number>;
  add(timed: readonly Timed[], dueMs: number): Promise<boolean>;
  find(id: string): Promise<Timed | undefined>;
  list(name: string): Promise<readonly Timed[]>;
  replace(timed: Timed, dueMs: number): Promise<boolean>;
  cancel(timed: Pick<Timed, 'id' | 'name'>, receipt?: string): Promise<boolean>;
  takeDue(nowMs: number, count: number): Promise<readonly TimedTaken[]>;
  isBeingSent(id: string, messageId: string): void;
  ended(taken: TimedTaken, isSent: boolean, receipt?: string): Promise<boolean>;
  sentAs(id: string): Promise<string | undefined>;
}

/** A message as it lies there, as JSON. */
type Written = readonly [
  knownAs: string,
  isOfSeveral: boolean,
  senderKey: number,
  destinationKey: number,
  text: string,
  units: number,
  isUcs2: boolean,
  /** Null for as long as routes try. */
  validUntilMs: number | null,
  facts: number,
  reference: number,
  serviceType: string,
  dataCoding: number,
  submittedMs: number,
  dueMs: number,
];

export class KeptSchedule implements Schedule, Archive {
  readonly #timetable: Timetable;
  readonly #archive: Archive;
  readonly #names: MessageNames;
  readonly #esmes: Esmes;
  /** Of each ESME, what it asked for last: one thing after another, so that much that is asked at once is not there at once. */
  readonly #turns = new Map<Esme, Promise<unknown>>();
  readonly #taken = new Map<string, TimedTaken>();

  constructor(timetable: Timetable, archive: Archive, names: MessageNames, esmes: Esmes) {
    this.#timetable = timetable;
    this.#archive = archive;
    this.#names = names;
    this.#esmes = esmes;
  }

  async newId(): Promise<string> {
    return this.#names.ofScheduled(await this.#timetable.newNumber());
  }

  add(message: ScheduledMessage): Promise<boolean> {
    return this.#inTurn(this.#esmes.at(message.owner), () =>
      this.#timetable.add([this.#write(message)], message.dueMs),
    );
  }

  named(owner: Esme, id: string): Promise<readonly ScheduledMessage[]> {
    if (!this.#names.isScheduled(id)) return Promise.resolve([]);
    return this.#inTurn(owner, async () => {
      const timed = await this.#timetable.find(id);
      if (timed?.name !== owner.systemId) return [];
      const first = read(timed, owner);
      if (first?.isOfSeveral !== true) return first ? [first] : [];
      return (await this.#list(owner)).filter(({ knownAs }) => knownAs === id);
    });
  }

  of(owner: Esme): Promise<readonly ScheduledMessage[]> {
    return this.#inTurn(owner, () => this.#list(owner));
  }

  replace(message: ScheduledMessage): Promise<boolean> {
    return this.#timetable.replace(this.#write(message), message.dueMs);
  }

  cancel(message: ScheduledMessage, ending?: Ending): Promise<boolean> {
    return this.#timetable.cancel(
      { id: message.id, name: this.#esmes.at(message.owner).systemId },
      this.#told(message, ending),
    );
  }

  isBeingSent({ id }: ScheduledMessage, messageId: string): void {
    this.#timetable.isBeingSent(id, messageId);
  }

  putOff(): void {
    // It is taken again when nobody has it any more.
  }

  async ended(message: ScheduledMessage, ending?: Ending): Promise<void> {
    const taken = this.#taken.get(message.id);
    if (taken !== undefined) await this.#timetable.ended(taken, ending === undefined, this.#told(message, ending));
  }

  /** Has those submitted whose time has come, as many as are taken at once. Rejects if they cannot be asked for. */
  async submitDue(nowMs: number, submit: (due: ScheduledMessage) => Promise<void>): Promise<void> {
    const taken = await this.#timetable.takeDue(nowMs, TIMETABLE_TAKEN_AT_ONCE);
    await Promise.all(taken.map((timed) => this.#submit(timed, submit)));
  }

  /** Also by the ids of scheduled messages that were sent. */
  async show<T>(id: string, show: (store: MessageStore, at: number) => T): Promise<T | undefined> {
    const sentAs = this.#names.isScheduled(id) ? await this.#timetable.sentAs(id) : id;
    return sentAs === undefined ? undefined : this.#archive.show(sentAs, show);
  }

  /** Never rejects: what does not come to its end is taken again. */
  async #submit(timed: TimedTaken, submit: (due: ScheduledMessage) => Promise<void>): Promise<void> {
    const owner = this.#esmes.named(timed.name);
    // One that is not declared here is another gateway's to send.
    if (owner === undefined) return;
    this.#taken.set(timed.id, timed);
    try {
      const message = read(timed, owner);
      if (message === undefined) await this.#timetable.ended(timed, false);
      else await submit(message);
    } catch {
      // There is another time.
    }
    this.#taken.delete(timed.id);
  }

  async #list(owner: Esme): Promise<ScheduledMessage[]> {
    const all = await this.#timetable.list(owner.systemId);
    return all.flatMap((timed) => read(timed, owner) ?? []);
  }

  #told(message: ScheduledMessage, ending: Ending | undefined): string | undefined {
    if (ending === undefined || !wantsFinal(message.facts, ending.state)) return undefined;
    const { senderKey, destinationKey, text } = message.draft;
    const { submittedMs, facts, reference } = message;
    const id = this.#names.toReceipt(message.knownAs);
    const { state, error, atMs: doneMs } = ending;
    return writeSpooled(
      { id, senderKey, destinationKey, text, submittedMs, facts, reference },
      { state, error, doneMs },
    );
  }

  #write(message: ScheduledMessage): Timed {
    const { draft, facts, reference, serviceType, dataCoding, submittedMs, dueMs } = message;
    const written: Written = [
      message.knownAs,
      message.isOfSeveral,
      draft.senderKey,
      draft.destinationKey,
      draft.text,
      draft.units,
      draft.isUcs2,
      draft.validUntilMs === Infinity ? null : draft.validUntilMs,
      facts,
      reference,
      serviceType,
      dataCoding,
      submittedMs,
      dueMs,
    ];
    return { id: message.id, name: this.#esmes.at(message.owner).systemId, text: JSON.stringify(written) };
  }

  #inTurn<T>(esme: Esme, ask: () => Promise<T>): Promise<T> {
    const asked = (this.#turns.get(esme) ?? Promise.resolve()).then(ask, ask);
    this.#turns.set(esme, asked);
    const forget = (): void => void (this.#turns.get(esme) === asked && this.#turns.delete(esme));
    asked.then(forget, forget);
    return asked;
  }
}

/** Reads a message; undefined if it is none. */
function read({ id, text: json }: Timed, { handle, account }: Esme): ScheduledMessage | undefined {
  let written: Written;
  try {
    written = JSON.parse(json) as Written;
  } catch {
    return undefined;
  }
  if (!Array.isArray(written)) return undefined;
  const [knownAs, isOfSeveral, senderKey, destinationKey, text, units, isUcs2, validUntilMs, ...others] = written;
  const [facts, reference, serviceType, dataCoding, submittedMs, dueMs] = others;
  const draft = { ...emptyDraft(), account, senderKey, destinationKey, text, units, isUcs2 };
  return {
    id,
    knownAs,
    isOfSeveral,
    owner: handle,
    draft: { ...draft, validUntilMs: validUntilMs ?? Infinity },
    facts,
    reference,
    serviceType,
    dataCoding,
    submittedMs,
    dueMs,
    scheduledMs: dueMs,
    replaces: false,
  };
}
