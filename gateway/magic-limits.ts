/**
 * Limits and refusals that magic numbers always meet: a campaign and a brand that others have used up, a handset that has opted out of
 * everybody. To the decision they are limits and opt-outs like all others.
 */
import { magicNumber } from '../registry-cache/index.ts';
import { type Allowance, type Ask, pacificDayAt } from '../tariffs/index.ts';
import { MINUTE_MS, type MessageSlot, OptOuts, type SharedLimits } from './router/index.ts';

/** Of a gateway whose campaigns and brands are not declared yet. */
const NONE = -1;

/** A limit of which one key never has anything left. */
class UsedUp implements Allowance {
  /** The key. */
  usedUp = NONE;
  readonly #limit: Allowance;
  readonly #refillsMs: (cap: number, ask: Ask) => number;

  /** @param refillsMs after what time one that is empty has room for what is asked */
  constructor(limit: Allowance, refillsMs: (cap: number, ask: Ask) => number) {
    this.#limit = limit;
    this.#refillsMs = refillsMs;
  }

  ensure(keyCount: number): void {
    this.#limit.ensure(keyCount);
  }

  waitMs(key: number, cap: number, ask: Ask): number {
    return key === this.usedUp ? this.#refillsMs(cap, ask) : this.#limit.waitMs(key, cap, ask);
  }

  take(key: number, cap: number, ask: Ask): void {
    this.#limit.take(key, cap, ask);
  }

  used(key: number, cap: number, ask: Ask): number {
    return key === this.usedUp ? cap : this.#limit.used(key, cap, ask);
  }

  replaced(key: number): void {
    this.#limit.replaced?.(key);
  }
}

export interface MagicLimits {
  readonly limits: SharedLimits;
  /** To be called once the campaign and the brand have their handles. */
  useUp(campaign: number, brand: number): void;
}

export function magicLimits(limits: SharedLimits): MagicLimits {
  const aMinute = (limit: Allowance): UsedUp =>
    new UsedUp(limit, (cap, { units }) => (units > cap ? Infinity : Math.ceil((units * MINUTE_MS) / cap)));
  const campaignSms = limits.campaignSms.map((limit) => limit && aMinute(limit));
  const campaignMms = limits.campaignMms.map((limit) => limit && aMinute(limit));
  const brandDay = new UsedUp(limits.brandDay, (_cap, { atMs }) => pacificDayAt(atMs).endMs - atMs);
  return {
    limits: { ...limits, campaignSms, campaignMms, brandDay },
    useUp(campaign, brand) {
      for (const limit of [...campaignSms, ...campaignMms]) if (limit !== null) limit.usedUp = campaign;
      brandDay.usedUp = brand;
    },
  };
}

/** Opt-outs, and the handsets that want no messages from anybody. */
export class MagicOptOuts extends OptOuts {
  override has(slot: Readonly<MessageSlot>): boolean {
    return magicNumber(slot.destinationKey)?.outcome === 'opted_out' || super.has(slot);
  }
}
