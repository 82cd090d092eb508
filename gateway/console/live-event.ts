/** What `/v1/live` tells, twice a second. */
import type { MessageRecord, Summary } from '../messages/index.ts';
import type { FlowRow } from './flow.ts';

/** What one carrier does with unregistered messages now. */
export interface RegimeNow {
  readonly carrier: string;
  readonly regime: string;
  /** Of `filter`, which part of unregistered messages is refused. */
  readonly share: number;
  /** Set at run time rather than by the dated rows. */
  readonly switched: boolean;
}

/** One event of `/v1/live`. Each is whole, so a reader that missed some has missed nothing it needs. */
export interface LiveEvent {
  /** No other run of the gateway has this, not even one that began at the same moment of a clock that stands. */
  readonly run: string;
  /** When counting began, milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly tariffDate: string;
  readonly regimes: readonly RegimeNow[];
  /** The tariff book in force. */
  readonly book: string;
  readonly summary: Summary;
  readonly flow: readonly FlowRow[];
  /** A few of the messages that passed some seconds ago. Not all: what passes unseen is still counted. */
  readonly passing: readonly MessageRecord[];
  /** Whether texts and numbers are left out of them: who hears this gave no credentials, and reading messages asks for some. */
  readonly withheld: boolean;
}
