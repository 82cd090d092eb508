/** The time of a gateway under test. */
import type { ControlledClock } from '../control/index.ts';
import type { Ask } from './ask.ts';
import { checkFields, type FieldsOf } from './known.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface Duration {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly ms?: number;
}

const DURATION: FieldsOf<Duration> = { days: true, hours: true, minutes: true, seconds: true, ms: true };

export class TestClock {
  readonly #clock: ControlledClock;
  readonly #ask: Ask;

  constructor(clock: ControlledClock, ask: Ask) {
    this.#clock = clock;
    this.#ask = ask;
  }

  now(): Date {
    return new Date(this.#clock.nowMs());
  }

  get isFrozen(): boolean {
    return this.#clock.isFrozen;
  }

  /** Stops time: limits, carriers, provisioning, reviews and retries stand. At a later moment, if one is given, with its offset. */
  async freeze(at?: string | Date): Promise<void> {
    const moment = at instanceof Date ? at.toISOString() : at;
    await this.#ask('POST', '/v1/clock', moment === undefined ? { freeze: true } : { at: moment });
  }

  /** Moves time that stands, by milliseconds or a duration; resolves when all that fell due has happened, webhooks included. */
  async advance(by: number | Duration): Promise<void> {
    await this.#ask('POST', '/v1/clock', { advanceMs: Math.round(msOf(by)), settle: true });
  }

  /** Lets time pass by itself again, from where it stands. */
  async resume(): Promise<void> {
    await this.#ask('POST', '/v1/clock', { real: true });
  }
}

function msOf(by: number | Duration): number {
  if (typeof by === 'number') return by;
  checkFields('a duration', by, DURATION);
  const { days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0 } = by;
  return days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS + ms;
}
