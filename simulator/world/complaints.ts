/**
 * What carriers make of complaints: they block the number, suspend its campaign, and have the number traced. What a trace is good for depends on the
 * rules: today it names a sender if a DCA feels like it, and then one number is shut off; where the loop is closed the sender loses all it has.
 *
 * None of this looks at what the messages were. Good senders draw complaints too, only fewer; whom a trace names among them is taken to show that
 * its recipients asked for the messages, and loses nothing.
 */
import { Route } from '../../gateway/router/index.ts';
import { CARRIERS, NO_CAMPAIGN, STILL_PENDING } from '../../registry-cache/index.ts';
import type { Brands } from './brands.ts';
import { takeMoreCare } from './dcas.ts';
import { EventKind } from './events.ts';
import type { Registration } from './registration.ts';
import type { Renters } from './renters.ts';
import type { Sender } from './sender.ts';
import type { Spammers } from './spammers.ts';
import { HOUR_MS, type World } from './world.ts';

const DAYS_PER_WEEK = 7;
const TRACE_SPREAD = 0.8;

export class Complaints {
  readonly #world: World;
  readonly #brands: Brands;
  readonly #spammers: Spammers;
  readonly #renters: Renters;

  constructor(world: World, parties: { brands: Brands; spammers: Spammers; renters: Renters }) {
    this.#world = world;
    this.#brands = parties.brands;
    this.#spammers = parties.spammers;
    this.#renters = parties.renters;
  }

  /** A complaint about the number that a line was, arriving at a carrier. */
  arrive(line: number, carrier: number, generation: number): void {
    const world = this.#world;
    const { lines, rules } = world;
    const sender = world.senders[lines.owner[line]!]!;
    sender.complaintsPending -= 1;
    if (lines.generation[line] !== generation) {
      // The number is gone. Only who keeps a history can still ask whose it was.
      if (rules.closesLoop) this.#complainOfPast(sender, line, generation);
      return;
    }
    const week = Math.floor(world.day / DAYS_PER_WEEK);
    const isP2p = lines.route[line] === Route.P2p;
    const factor = isP2p ? world.parameter('p2pBlockFactor') : 1;
    const count = lines.complain(line, carrier, week);
    if (count >= world.parameter('complaintsToBlock') * factor && (lines.blocked[line]! & (1 << carrier)) === 0) {
      lines.block(line, carrier);
      if (!this.#brands.isBrand(sender.place)) this.#expectNotice(line, generation);
    }
    if (isP2p) return;
    const campaign = world.core.registry.find(lines.key[line]!, world.nowMs);
    if (campaign !== NO_CAMPAIGN && campaign !== STILL_PENDING) {
      this.#complainOfCampaign(world.registrations[campaign]!, sender, carrier, week);
    }
    if (lines.complaints[line] === Math.max(1, Math.round(world.parameter('complaintsToTrace')))) {
      this.#trace(sender, line, generation);
    }
  }

  /** A trace has come to its end: what happens to the one it names. */
  named(line: number, generation: number, identity: number): void {
    const world = this.#world;
    const { lines, rules } = world;
    const place = lines.owner[line]!;
    const sender = world.senders[place]!;
    const isBrand = this.#brands.isBrand(place);
    if (isBrand) return;
    if (rules.closesLoop) takeMoreCare(sender.dca, world.parameter('accountabilityStep'));
    const isCurrent = lines.generation[line] === generation;
    const campaign = isCurrent ? world.core.registry.find(lines.key[line]!, world.nowMs) : NO_CAMPAIGN;
    const registration = campaign >= 0 ? world.registrations[campaign] : undefined;
    if (registration !== undefined && rules.fines) this.#fine(registration, sender, TMOBILE_INDEX);
    if (rules.closesLoop || rules.checksIdentity) {
      if (registration !== undefined && this.#renters.isOfRenter(registration))
        this.#renters.lose(registration, rules.fines);
      this.#spammers.loseIdentity(place, identity);
    } else if (isCurrent) {
      lines.blockEverywhere(line);
      this.#expectNotice(line, generation);
    }
  }

  /** A spammer sees after a while that nothing lands from a number. */
  #expectNotice(line: number, generation: number): void {
    const world = this.#world;
    const noticedMs = world.nowMs + world.parameter('noticeHours') * HOUR_MS;
    world.queue.push(noticedMs, EventKind.BlockNoticed, line, generation);
  }

  #complainOfCampaign(registration: Registration, sender: Sender, carrier: number, week: number): void {
    const world = this.#world;
    const count = registration.complain(carrier, week);
    if (count < world.parameter('complaintsToSuspend') || (registration.carriersLeft & (1 << carrier)) === 0) return;
    registration.suspend(carrier);
    if (this.#brands.isBrand(sender.place)) {
      this.#brands.suspended(sender.place);
      return;
    }
    if (world.rules.fines) this.#fine(registration, sender, carrier);
    if (this.#renters.isOfRenter(registration) && !registration.isWorthIt) {
      this.#renters.lose(registration, world.rules.fines);
    }
  }

  /** One fine for a registration found to send spam. The sender pays, or else the DCA that handed it in, which learns from it. */
  #fine(registration: Registration, sender: Sender, carrier: number): void {
    const world = this.#world;
    if (registration.isFined) return;
    registration.isFined = true;
    const payee = CARRIERS[carrier]!.id;
    const micros = world.micros('fineAmount');
    const wouldPay = sender.complaints.next() < world.parameter('finePaidShare');
    if (wouldPay && this.#spammers.fine(sender.place, payee, micros)) return;
    world.money.post('dca', payee, 'fine', 'spam', micros);
    takeMoreCare(sender.dca, world.parameter('accountabilityStep'));
  }

  #complainOfPast(sender: Sender, line: number, generation: number): void {
    sender.complaintsPast += 1;
    if (sender.complaintsPast < this.#world.parameter('complaintsToTrace')) return;
    sender.complaintsPast = 0;
    this.#trace(sender, line, generation);
  }

  #trace(sender: Sender, line: number, generation: number): void {
    const world = this.#world;
    const { closesLoop } = world.rules;
    world.tracesAsked += 1;
    const [answer, patience] = [sender.complaints.next(), sender.complaints.lognormal(1, TRACE_SPREAD)];
    const share = closesLoop ? world.parameter('traceClosedShare') : sender.dca.cooperation;
    if (answer >= share) return;
    const hours = patience * world.parameter(closesLoop ? 'traceClosedHours' : 'traceActionHours');
    world.tracesFound += 1;
    world.traceHours += hours;
    world.queue.push(world.nowMs + hours * HOUR_MS, EventKind.SenderNamed, line, generation, sender.identity);
  }
}

const TMOBILE_INDEX = CARRIERS.findIndex(({ id }) => id === 'tmobile');
