/** A brand with its campaign, as the core's tables hold it, and which carriers it is active at. Used again for whoever comes next in its place. */
import type { Core } from '../../gateway/router/index.ts';
import { CARRIERS } from '../../registry-cache/index.ts';
import { attClassOf, tmobileTierOf } from '../../tariffs/index.ts';

export const ALL_CARRIERS = (1 << CARRIERS.length) - 1;

export interface Terms {
  /** Unique in a run: what the ids of brand and campaign are made of. */
  readonly name: string;
  readonly attClass: string;
  readonly tmobileTier: string;
  readonly useCase: string;
}

export class Registration {
  readonly brand: number;
  readonly campaign: number;
  readonly terms: Terms;
  /** Carriers that suspended it, a bit each. */
  #suspended = 0;
  /** Has been fined since it was activated. */
  isFined = false;
  /** Carriers that look for it in a registry it is in. */
  #known = 0;
  readonly #core: Core;
  #complaintWeek = -1;
  readonly #complaints = new Int32Array(CARRIERS.length);

  constructor(core: Core, terms: Terms) {
    this.#core = core;
    this.terms = terms;
    this.brand = core.brands.add({ id: `B-${terms.name}`, tmobileTier: tmobileTierOf(terms.tmobileTier) });
    this.campaign = core.campaigns.add({
      id: `C-${terms.name}`,
      brand: this.brand,
      status: 0,
      attClass: attClassOf(terms.attClass),
      useCase: terms.useCase,
      expiresAtMs: Infinity,
    });
  }

  get isActive(): boolean {
    return this.#known !== 0;
  }

  /** Carriers that still take it, of those that knew it. */
  get carriersLeft(): number {
    return this.#known & ~this.#suspended;
  }

  /** Whether at least half of the carriers that knew it still take it. */
  get isWorthIt(): boolean {
    return this.isActive && 2 * bitsOf(this.carriersLeft) >= bitsOf(this.#known);
  }

  /** Approved, and known to these carriers; what an earlier one did is forgotten. */
  activate(known: number): void {
    this.#known = known;
    this.#suspended = 0;
    this.isFined = false;
    this.#complaints.fill(0);
    this.#write();
  }

  /** The same registration, known to other carriers. */
  setKnown(known: number): void {
    this.#known = known;
    this.#write();
  }

  suspend(carrier: number): void {
    this.#suspended |= 1 << carrier;
    this.#write();
  }

  end(): void {
    this.#known = 0;
    this.#write();
  }

  /** Counts a complaint of this week at a carrier; how many there are. */
  complain(carrier: number, week: number): number {
    if (week !== this.#complaintWeek) {
      this.#complaints.fill(0);
      this.#complaintWeek = week;
    }
    this.#complaints[carrier]! += 1;
    return this.#complaints[carrier]!;
  }

  #write(): void {
    this.#core.campaigns.update(this.campaign, { status: this.carriersLeft });
  }
}

function bitsOf(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
