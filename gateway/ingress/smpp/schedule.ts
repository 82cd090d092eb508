/**
 * Messages that wait for the time they are scheduled for. Until then nothing is decided about them, and they can be asked after, taken
 * back and replaced. They wait in this process (`scheduled.ts`) or, where messages outlive it, do so too (`kept-schedule.ts`).
 */
import type { Esme } from './esmes.ts';
import type { ReadMessage } from './read-submit.ts';

export interface ScheduledMessage extends ReadMessage {
  /** Its own. */
  readonly id: string;
  /** The id that its ESME has been told: of several by one submit_multi, that of the first. */
  readonly knownAs: string;
  readonly isOfSeveral: boolean;
  /** Handle of its ESME. */
  readonly owner: number;
  readonly submittedMs: number;
  readonly dueMs: number;
}

/** Where they wait. All reject where whoever keeps them does not answer. */
export interface Schedule {
  /** For the next one. */
  newId(): Promise<string>;
  /** Whether there was room. */
  add(message: ScheduledMessage): Promise<boolean>;
  /** Those of an ESME that it knows by this id. */
  named(owner: Esme, id: string): Promise<readonly ScheduledMessage[]>;
  /** All of an ESME. */
  of(owner: Esme): Promise<readonly ScheduledMessage[]>;
  /** Has another message wait under the id of one, unless that has had its time: whether it was so. */
  replace(message: ScheduledMessage): Promise<boolean>;
  /** Takes one back, unless it has had its time: whether it was so. */
  cancel(message: ScheduledMessage, ending?: Ending): Promise<boolean>;
  /** One that has had its time is about to be taken into the store, under this id there, if nobody else does. */
  isBeingSent(message: ScheduledMessage, id: string): void;
  /** One that has had its time could not be taken by then: it is to have it again soon. */
  putOff(message: ScheduledMessage, nowMs: number): void;
  /** One that has had its time is taken, or has come to another end. */
  ended(message: ScheduledMessage, ending?: Ending): Promise<void>;
}

/** How a message ended that was never taken. */
export interface Ending {
  /** `MessageStateValue`. */
  readonly state: number;
  readonly error: number;
  readonly atMs: number;
}
