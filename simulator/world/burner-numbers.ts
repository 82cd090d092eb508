/** Numbers of spammers: bought, used up, thrown away. */
import { Route } from '../../gateway/router/index.ts';
import type { Renters } from './renters.ts';
import type { Registration } from './registration.ts';
import { type Spammer, spend } from './spammer.ts';
import { isP2p, registers, Strategy } from './strategies.ts';
import type { World } from './world.ts';

/** Numbers in use at once: a spammer with more is several here. */
export const NUMBERS_MAX = 32;
/** A number is used for no fewer messages than this, or there would be more numbers than anybody can handle. */
const MESSAGES_MIN = 50;

export class BurnerNumbers {
  readonly #world: World;
  readonly #renters: Renters;

  constructor(world: World, renters: Renters) {
    this.#world = world;
    this.#renters = renters;
  }

  priceMicros(strategy: number): number {
    return this.#world.micros(strategy === Strategy.SimFarm ? 'simPrice' : 'numberPrice');
  }

  /** After so many messages at a price a number is thrown away: few where it costs little against the messages. */
  messagesPerNumber(strategy: number, messageMicros: number): number {
    const most = this.#world.parameter('numberSpendShare') * Math.max(1, messageMicros);
    return Math.max(MESSAGES_MIN, Math.round(this.priceMicros(strategy) / most));
  }

  /** Has as many in use as are wanted, or as can be paid. */
  use(spammer: Spammer, wanted: number): void {
    const { sender } = spammer;
    while (sender.linesInUse > wanted) this.#throwAway(spammer, sender.linesInUse - 1);
    while (sender.linesInUse < wanted && this.#take(spammer)) sender.linesInUse += 1;
  }

  /** Another number in place of one in use, if there is money for it; else one fewer. */
  change(spammer: Spammer, at: number): void {
    this.#throwAway(spammer, at);
    if (this.#take(spammer)) spammer.sender.linesInUse += 1;
  }

  /** Changes those that have sent `most` messages. Numbers under a registration are used for as long as it lasts. */
  changeUsed(spammer: Spammer, most: number): void {
    const { lines } = this.#world;
    const { sender, strategy } = spammer;
    if (registers(strategy) || strategy === Strategy.RentedCampaign) return;
    for (let at = sender.linesInUse - 1; at >= 0; at -= 1) {
      if (lines.sent[sender.lines[at]!]! >= most) this.change(spammer, at);
    }
  }

  /** The last of those in use takes the place of the one thrown away. */
  #throwAway(spammer: Spammer, at: number): void {
    const world = this.#world;
    const { sender } = spammer;
    const line = sender.lines[at]!;
    if (world.lines.sent[line]! > 0) world.numbersBurnt += 1;
    world.core.registry.unregister(world.lines.key[line]!);
    sender.linesInUse -= 1;
    sender.lines[at] = sender.lines[sender.linesInUse]!;
    sender.lines[sender.linesInUse] = line;
  }

  /** Buys a number and puts it behind those in use; false if it cannot be paid. */
  #take(spammer: Spammer): boolean {
    const world = this.#world;
    const { sender, strategy } = spammer;
    const { fortunes } = sender;
    const isSim = strategy === Strategy.SimFarm;
    const canSpoof = strategy === Strategy.CycleNumbers || strategy === Strategy.GreyRoute;
    const isInvalid = fortunes.next() < world.parameter('spoofedShare') && canSpoof;
    const seenShare = world.parameter(isSim ? 'bypassSeenShareSim' : 'bypassSeenShareGrey');
    const isConspicuous = fortunes.next() < seenShare && isP2p(strategy);
    if (!isInvalid) {
      const seller = isSim ? 'sim_seller' : 'number_seller';
      if (!spend(world, spammer, seller, isSim ? 'sim_card' : 'number', this.priceMicros(strategy))) return false;
    }
    const key = isInvalid ? world.drawInvalidNumber(fortunes) : this.#drawNumber(spammer, isSim);
    const line = this.#nextPlace(spammer);
    world.lines.start(line, { key, route: isP2p(strategy) ? Route.P2p : Route.A2p, isInvalid, isConspicuous });
    const registration = this.#registrationOf(spammer);
    if (registration !== undefined) {
      world.core.registry.register(key, registration.campaign, world.nowMs, world.nowMs);
    }
    return true;
  }

  #drawNumber({ sender }: Spammer, isSim: boolean): number {
    const { fortunes } = sender;
    return isSim ? this.#world.drawMobileNumber(fortunes) : this.#world.drawRentedNumber(fortunes, 'spam');
  }

  /** An unused place, moved behind those in use. Places come in turn, so that late complaints about the number before still find it. */
  #nextPlace(spammer: Spammer): number {
    const { lines, linesInUse } = spammer.sender;
    spammer.nextPlace = (spammer.nextPlace + 1) % (lines.length - linesInUse);
    const from = linesInUse + spammer.nextPlace;
    const line = lines[from]!;
    lines[from] = lines[linesInUse]!;
    lines[linesInUse] = line;
    return line;
  }

  #registrationOf(spammer: Spammer): Registration | undefined {
    const { strategy, sender } = spammer;
    if (strategy === Strategy.RentedCampaign) return this.#renters.registrationFor(sender.place);
    return registers(strategy) ? spammer.registrationFor(strategy) : undefined;
  }
}
