/**
 * Which part of a limit each gateway counts by itself, for limits that are too many to lease: those of single numbers.
 *
 * A gateway goes by a divisor: it admits 1 / divisor of each such limit. All gateways' parts together are never more than the
 * whole (`BEAT`). Beats are numbered, so that one that was held up on its way undoes nothing.
 */
import { MEMBERS_KEY } from './layout.ts';
import { type QuotaConnection, runScript } from './run-script.ts';
import { BEAT } from './scripts.ts';

/** How long a gateway counts as alive after a beat. */
export const MEMBER_MS = 3_000;

export class Membership {
  readonly #connection: QuotaConnection;
  readonly #gateway: string;
  #beat = 0;
  #divisor = 0;

  constructor(connection: QuotaConnection, gateway: string) {
    this.#connection = connection;
    this.#gateway = gateway;
  }

  /**
   * Tells which part this gateway goes by, and asks for the one it may go by from now on.
   * Answers how many gateways there are and the divisor, 0 for no part. If it is larger than before, beat again at once: others
   * wait for it. Rejects with QuotasUnavailable; the divisor then stays as it was until MEMBER_MS after the last beat.
   */
  async beat(): Promise<{ readonly gateways: number; readonly divisor: number }> {
    const [gateways, divisor] = await this.#say(0);
    if (this.#divisor > 0 && gateways > this.#divisor) this.#divisor = gateways;
    else if (divisor > 0 && (this.#divisor === 0 || divisor < this.#divisor)) this.#divisor = divisor;
    return { gateways, divisor: this.#divisor };
  }

  /** Forgets its part: it was not told in time that it lives. */
  lapse(): void {
    this.#divisor = 0;
  }

  async leave(): Promise<void> {
    await this.#say(1);
  }

  async #say(isLeaving: 0 | 1): Promise<[number, number]> {
    this.#beat += 1;
    const args = [this.#gateway, this.#beat, this.#divisor, MEMBER_MS, isLeaving];
    return (await runScript(this.#connection, BEAT, [MEMBERS_KEY], args)) as [number, number];
  }
}
