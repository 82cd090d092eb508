/**
 * The way of a message: drawn, decided by the core, filtered, landed or not, complained about or not, counted, and forgotten.
 *
 * Every message takes four words of its sender's chance, whatever becomes of it. So the next message draws the same under every policy.
 */
import {
  clearQuote,
  decide,
  DecisionCode,
  foresee,
  NO_ACCOUNT,
  Registration,
  Route,
} from '../../gateway/router/index.ts';
import { CARRIERS } from '../../registry-cache/index.ts';
import { normalOf } from '../engine/normal.ts';
import { EventKind } from './events.ts';
import { FilterClass } from './filters.ts';
import { type Sender, SPAM } from './sender.ts';
import { flowCell, Outcome } from './tallies.ts';
import { DAY_MS, HOUR_MS, RECIPIENT_BITS, type World } from './world.ts';

const CARRIER_COUNT = CARRIERS.length;
const TMOBILE = CARRIERS.findIndex(({ id }) => id === 'tmobile');
const RECIPIENT_SHIFT = 32 - RECIPIENT_BITS;
const TWO_POW_24 = 2 ** 24;

/** Complaints on their way about one sender: more are not waited for, so that memory goes by senders. */
const COMPLAINTS_PENDING_MAX = 1_024;
const COMPLAINT_SPREAD = 1.2;
const COMPLAINT_MAX_MS = 7 * DAY_MS;

/** What a refusal of the core counts as. */
const OUTCOME_OF_CODE = new Uint8Array(32).fill(Outcome.Limited);
OUTCOME_OF_CODE[DecisionCode.Accepted] = Outcome.Delivered;
OUTCOME_OF_CODE[DecisionCode.UnregisteredBlocked] = Outcome.Blocked;
OUTCOME_OF_CODE[DecisionCode.UnregisteredFiltered] = Outcome.Blocked;
OUTCOME_OF_CODE[DecisionCode.DestinationLandline] = Outcome.Undelivered;
OUTCOME_OF_CODE[DecisionCode.DestinationUnassigned] = Outcome.Undelivered;
OUTCOME_OF_CODE[DecisionCode.NoTariff] = Outcome.Undelivered;

/** Sends `count` messages of a sender, which has a line in use, now. Fewer if its money is spent. Allocates nothing but complaints. */
export function send(world: World, sender: Sender, count: number): void {
  const { core, slot, lines, flows, filters, rules, segments } = world;
  const { words } = sender.messages;
  const { truth, recipients } = sender;
  const { thresholds, separation } = filters;
  const { counters } = core;
  const isSpam = truth === SPAM;
  const complaintsBelow = world.complaintsBelow[truth]!;
  const { unreachableBelow } = world;
  slot.atMs = world.nowMs;
  slot.uptimeMs = world.nowMs;
  slot.pricedAtMs = world.pricedAtMs;
  for (let sent = 0; sent < count; sent += 1) {
    const recipient = words.next();
    const reading = words.next();
    const reaction = words.next();
    const rest = words.next();
    const line = sender.nextLine();
    // On the P2P route bulk that is recognised goes on as the business traffic that it is.
    const isRerouted = rules.closesBypass && lines.isConspicuous[line] === 1;
    const route = isRerouted ? Route.A2p : lines.route[line]!;
    const isFlatRate = sender.isFlatRate && route === Route.P2p;
    slot.senderKey = lines.key[line]!;
    slot.destinationKey = recipients[recipient >>> RECIPIENT_SHIFT]!;
    slot.units = segments[(recipient >>> 4) & 0xff]!;
    slot.route = route;
    slot.account = isFlatRate ? NO_ACCOUNT : sender.account;
    slot.draw = (rest >>> 8) / TWO_POW_24;

    let outcome: number;
    const isTurnedAway =
      (sender.isRefused && route === Route.A2p) || (rules.refusesInvalidNumbers && lines.isInvalid[line] === 1);
    if (isTurnedAway) {
      world.turnedAway += 1;
      outcome = OUTCOME_OF_CODE[foresee(core, slot)]! === Outcome.Undelivered ? Outcome.Undelivered : Outcome.Blocked;
    } else {
      const code = decide(core, slot);
      if (code === DecisionCode.InsufficientBalance) return;
      if (isFlatRate) clearQuote(slot);
      counters.countDecision(slot, truth);
      outcome = OUTCOME_OF_CODE[code]!;
    }
    const { carrier, registration } = slot;
    if (outcome === Outcome.Delivered) {
      const isRegistered = registration === Registration.Registered;
      if (route === Route.P2p) lines.p2pToday[line]! += 1;
      else if (isRegistered && carrier === TMOBILE)
        world.tmobileUnits[core.campaigns.brand(slot.campaign)]! += slot.units;
      const filterClass =
        route === Route.P2p ? FilterClass.P2p : isRegistered ? FilterClass.Registered : FilterClass.Unregistered;
      const score = isSpam ? normalOf(reading) + separation[carrier]! : normalOf(reading);
      if ((lines.blocked[line]! & (1 << carrier)) !== 0) outcome = Outcome.Blocked;
      else if (score > thresholds[filterClass * CARRIER_COUNT + carrier]!) outcome = Outcome.Filtered;
      else if ((reading & 0xffff) < unreachableBelow) outcome = Outcome.Undelivered;
      else {
        sender.landedToday += 1;
        if (isSpam && slot.quote.surchargeMicros > 0) world.spamTolled += 1;
        if (reaction >>> 0 < complaintsBelow) expectComplaint(world, sender, line, carrier);
      }
    } else if (outcome === Outcome.Blocked && sender.isWaiting && !isSpam) {
      world.lostInGap += 1;
    }
    sender.sentToday += 1;
    lines.sent[line]! += 1;
    flows[flowCell(truth, route, registration === Registration.Registered ? 0 : 1, carrier, outcome)]! += 1;
  }
}

/** Somebody who got a message from this number will complain about it, hours to days later. */
function expectComplaint(world: World, sender: Sender, line: number, carrier: number): void {
  const delayMs = sender.complaints.lognormal(world.parameter('complaintHours') * HOUR_MS, COMPLAINT_SPREAD);
  if (sender.complaintsPending === COMPLAINTS_PENDING_MAX) return;
  sender.complaintsPending += 1;
  const atMs = world.nowMs + Math.min(delayMs, COMPLAINT_MAX_MS);
  world.queue.push(atMs, EventKind.Complaint, line, carrier, world.lines.generation[line]);
}
