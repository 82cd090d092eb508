/**
 * This gateway's part of limits that are not leased, being those of millions of single numbers: each gateway admits an equal part
 * of them by its own count.
 */
import { Membership, MEMBER_MS, type QuotaConnection } from '../../tariffs/redis/index.ts';

/** How much earlier than Redis a gateway takes itself for dead. */
const MARGIN_MS = 100;

export class NumberShare {
  /** Gateways alive by the last answer, this one included. */
  gateways = 1;
  readonly #membership: Membership;
  readonly #uptimeMs: () => number;
  readonly #onShare: (gateways: number) => void;
  readonly #whenAway: number;
  #share = Infinity;
  #aliveUntilMs = -Infinity;
  #isBeating = false;

  /**
   * @param onShare told over how many gateways the limits are spread, when that changes; Infinity, as at first, for no part at all
   * @param whenAway what it is told when Redis did not answer for too long
   */
  constructor(options: {
    connection: QuotaConnection;
    gatewayId: string;
    uptimeMs: () => number;
    onShare: (gateways: number) => void;
    whenAway: number;
  }) {
    this.#membership = new Membership(options.connection, options.gatewayId);
    this.#uptimeMs = options.uptimeMs;
    this.#onShare = options.onShare;
    this.#whenAway = options.whenAway;
  }

  /** Says that this gateway lives, and hears of the others. Never rejects. To be called some times in MEMBER_MS. */
  async beat(): Promise<void> {
    this.#checkAlive();
    if (this.#isBeating) return;
    this.#isBeating = true;
    try {
      let mustTell = true;
      while (mustTell) {
        const sentMs = this.#uptimeMs();
        const { gateways, divisor } = await this.#membership.beat();
        if (gateways === 0) return;
        this.gateways = gateways;
        this.#aliveUntilMs = sentMs + MEMBER_MS - MARGIN_MS;
        // The others wait to hear that this one takes less.
        mustTell = divisor > this.#share;
        this.#setShare(divisor === 0 ? Infinity : divisor);
      }
    } catch {
      // The leases tell whoever is to know that Redis is away.
    } finally {
      this.#isBeating = false;
      this.#checkAlive();
    }
  }

  async leave(): Promise<void> {
    this.#setShare(Infinity);
    await this.#membership.leave();
  }

  #checkAlive(): void {
    if (this.#uptimeMs() < this.#aliveUntilMs) return;
    this.#membership.lapse();
    this.#setShare(this.#whenAway);
  }

  #setShare(share: number): void {
    if (share === this.#share) return;
    this.#share = share;
    this.#onShare(share);
  }
}
