/**
 * How full the limits of campaigns, brands and accounts are, for whoever watches: of each limit the fullest of those it is set for.
 *
 * Who they are goes into no label. Limits of numbers are left out: they may have millions of rows. Of campaigns, brands and accounts
 * a bounded number is looked at each time, the next ones the next time, so that a look takes a millisecond or two however many there are.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import { type Allowance, type Ask, ATT_CLASSES, attMmsTpm, attSmsTpm, TMOBILE_TIERS } from '../../tariffs/index.ts';
import { UNLIMITED } from './account-table.ts';
import { CAMPAIGN_BINDING } from './admit.ts';
import { Binding, BINDINGS } from './codes.ts';
import type { Core } from './core.ts';
import type { Cell } from './counters.ts';

/** Campaigns, brands and accounts looked at in one go, of each. */
const LIMIT_USE_KEYS = 10_000;

/** When it is: on the wall, on the clock that leases end by, and in the tariffs. */
export interface LimitUseTimes {
  readonly atMs: number;
  readonly uptimeMs: number;
  readonly pricedAtMs: number;
}

const WATCHED: readonly number[] = [
  ...new Set(CAMPAIGN_BINDING),
  Binding.TmobileBrandDay,
  Binding.AccountSmsRate,
  Binding.AccountMmsRate,
  Binding.AccountInFlight,
];

export class LimitUse {
  readonly #core: Core;
  readonly #keysMax: number;
  readonly #turns = { campaigns: 0, brands: 0, accounts: 0 };
  /** By binding. */
  readonly #fullest = new Float64Array(BINDINGS.length);

  constructor(core: Core, keysMax = LIMIT_USE_KEYS) {
    this.#core = core;
    this.#keysMax = keysMax;
  }

  /** By limit, the greatest share in use, from 0 to 1; 0 where nobody has that limit. */
  read({ atMs, uptimeMs, pricedAtMs }: LimitUseTimes): Cell<'limit'>[] {
    const { accounts, brands, campaigns, limits } = this.#core;
    const ask = { units: 1, atMs, uptimeMs, senderKey: Number.NaN, destinationKey: Number.NaN };
    this.#fullest.fill(0);
    this.#each('campaigns', campaigns.count, (campaign) => {
      const attClass = campaigns.attClass(campaign);
      if (ATT_CLASSES[attClass]?.scope !== 'campaign') return;
      const sms = attSmsTpm(attClass, { pricedAtMs });
      const mms = attMmsTpm(attClass, { pricedAtMs });
      for (let carrier = 0; carrier < CARRIERS.length; carrier += 1) {
        const binding = CAMPAIGN_BINDING[carrier]!;
        this.#note(binding, limits.campaignSms[carrier], campaign, sms, ask);
        this.#note(binding, limits.campaignMms[carrier], campaign, mms, ask);
      }
    });
    this.#each('brands', brands.count, (brand) => {
      const cap = TMOBILE_TIERS[brands.tmobileTier(brand)]?.dailyCap ?? Infinity;
      this.#note(Binding.TmobileBrandDay, limits.brandDay, brand, cap, ask);
    });
    this.#each('accounts', accounts.count, (handle) => {
      const { smsPerSecond, mmsPerSecond, inFlightMax } = accounts.at(handle);
      this.#note(Binding.AccountSmsRate, limits.accountSms, handle, smsPerSecond, ask);
      this.#note(Binding.AccountMmsRate, limits.accountMms, handle, mmsPerSecond, ask);
      this.#note(Binding.AccountInFlight, limits.accountInFlight, handle, inFlightMax, ask);
    });
    return WATCHED.map((binding) => ({
      labels: { limit: BINDINGS[binding]!.name },
      value: this.#fullest[binding]!,
    }));
  }

  #each(kind: 'campaigns' | 'brands' | 'accounts', count: number, look: (handle: number) => void): void {
    const from = this.#turns[kind] < count ? this.#turns[kind] : 0;
    const looks = Math.min(count, this.#keysMax);
    for (let turn = 0; turn < looks; turn += 1) look((from + turn) % count);
    this.#turns[kind] = count > looks ? (from + looks) % count : 0;
  }

  #note(binding: number, allowance: Allowance | null | undefined, key: number, cap: number, ask: Ask): void {
    if (allowance == null || cap === UNLIMITED || cap === Infinity) return;
    const share = Math.min(1, allowance.used(key, cap, ask) / cap);
    if (share > this.#fullest[binding]!) this.#fullest[binding] = share;
  }
}
