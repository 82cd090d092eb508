/** Providers that rent places in their registered campaigns to whoever pays: while carriers take the campaign, it is as good as a brand's own. */
import { EventKind } from './events.ts';
import type { Registration } from './registration.ts';
import { DAY_MS, type World } from './world.ts';

const COUNT = 3;
/** A provider that was fined stays away so many times longer. */
const FINED_FACTOR = 4;

export class Renters {
  readonly #world: World;
  readonly #registrations: readonly Registration[];

  constructor(world: World) {
    this.#world = world;
    const count = Math.max(1, Math.round(COUNT * world.request.scale));
    this.#registrations = Array.from({ length: count }, (_, index) => {
      const registration = world.addRegistration({
        name: `renter-${index}`,
        attClass: 'D',
        tmobileTier: 'UPPER_MID',
        useCase: 'MIXED',
      });
      registration.activate(world.carriersKnowing(true));
      return registration;
    });
  }

  /** The registration that the sender at a place rents in. */
  registrationFor(place: number): Registration {
    return this.#registrations[place % this.#registrations.length]!;
  }

  isOpen(place: number): boolean {
    return this.registrationFor(place).isWorthIt;
  }

  isOfRenter(registration: Registration): boolean {
    return this.#registrations.includes(registration);
  }

  /** Its campaign is of no use any more: it gets itself another. */
  lose(registration: Registration, isFined: boolean): void {
    const world = this.#world;
    if (!registration.isActive) return;
    registration.end();
    const days = world.parameter('rentedAgainDays') * (isFined ? FINED_FACTOR : 1);
    world.queue.push(world.nowMs + days * DAY_MS, EventKind.RenterBack, this.#registrations.indexOf(registration));
  }

  back(index: number): void {
    this.#registrations[index]!.activate(this.#world.carriersKnowing(true));
  }

  adapt(): void {
    for (const registration of this.#registrations) {
      if (registration.isActive) registration.setKnown(this.#world.carriersKnowing(true));
    }
  }
}
