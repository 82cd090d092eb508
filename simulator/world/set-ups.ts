/** What spammers have to set up before they can use it, what that costs, and how it ends: accounts, registrations, checks of identity. */
import { EventKind } from './events.ts';
import { CHECK, pay, type Spammer, State } from './spammer.ts';
import { registers, Strategy } from './strategies.ts';
import { DAY_MS, HOUR_MS, type World } from './world.ts';

const BRAND_FEE = 'tcr-brand-registration';
const REVIEW_FEE = 'dca-campaign-review';
const ACTIVATION_FEE = 'tmobile-campaign-activation';

export class SetUps {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** What setting up a strategy, or CHECK, costs, micro-dollars. */
  costMicros(what: number): number {
    const world = this.#world;
    if (what === CHECK) return world.micros('kycPrice') + world.micros('identityPrice');
    if (!registers(what)) return world.micros('accountPrice');
    const fees = this.#feesOf(what).reduce((sum, id) => sum + (world.fee(id)?.micros ?? 0), 0);
    return this.#namePrice(what) + fees * this.#registries;
  }

  /** Begins to set it up, if it has to be and the money is there. */
  begin(spammer: Spammer, what: number): void {
    const world = this.#world;
    const { sender, states } = spammer;
    if (states[what] !== State.None || world.balances.micros(sender.account) < this.costMicros(what)) return;
    states[what] = State.UnderWay;
    const fromMs = Math.max(world.nowMs, spammer.backAtMs);
    if (what === CHECK) {
      pay(world, spammer, 'carrier_kyc', 'identity_check', world.micros('kycPrice'));
      pay(world, spammer, 'identity_seller', 'identity', world.micros('identityPrice'));
      const isCaught = sender.fortunes.next() < world.parameter('kycCatchShare');
      this.#expect(spammer, what, fromMs + world.parameter('kycDays') * DAY_MS, isCaught);
    } else if (registers(what)) {
      this.#register(spammer, what, fromMs);
    } else {
      pay(world, spammer, 'identity_seller', 'account', world.micros('accountPrice'));
      this.#expect(spammer, what, fromMs, false);
    }
  }

  /** What is paid by the month for the registrations it has, day by day. */
  payDaily({ registrations }: Spammer, payFee: (id: string) => void): void {
    const monthly = ['tcr-campaign-sole-proprietor', 'tcr-campaign-standard'];
    for (const [index, registration] of registrations.entries()) if (registration.isActive) payFee(monthly[index]!);
  }

  get #registries(): number {
    return this.#world.rules.registries === 'split' ? 2 : 1;
  }

  #feesOf(strategy: number): string[] {
    return strategy === Strategy.SoleProprietor ? [BRAND_FEE, REVIEW_FEE] : [BRAND_FEE, REVIEW_FEE, ACTIVATION_FEE];
  }

  /** What the name to register under costs. */
  #namePrice(strategy: number): number {
    return this.#world.micros(strategy === Strategy.SoleProprietor ? 'accountPrice' : 'identityPrice');
  }

  #register(spammer: Spammer, strategy: number, fromMs: number): void {
    const world = this.#world;
    const { fortunes, dca } = spammer.sender;
    pay(world, spammer, 'identity_seller', 'identity', this.#namePrice(strategy));
    for (const id of this.#feesOf(strategy)) {
      const fee = world.fee(id);
      if (fee !== undefined) pay(world, spammer, fee.payee, id, fee.micros * this.#registries);
    }
    const isCaught = fortunes.next() < world.careOf(dca);
    const reviewedMs = world.reviewedMs(fortunes);
    this.#expect(spammer, strategy, Math.max(fromMs, reviewedMs) + dca.provisioningHours * HOUR_MS, isCaught);
  }

  #expect({ index, sender }: Spammer, what: number, atMs: number, isCaught: boolean): void {
    const identity = isCaught ? -1 - sender.identity : sender.identity;
    this.#world.queue.push(atMs, EventKind.SpammerReady, index, what, identity);
  }
}
