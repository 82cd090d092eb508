import { beforeEach, describe, expect, it } from 'vitest';
import { Route } from '../../gateway/router/index.ts';
import { CARRIERS } from '../../registry-cache/index.ts';
import { runLab, requestUnderTest } from '../lab-under-test.ts';
import { loadInputs } from '../load-inputs.ts';
import { Brands } from './brands.ts';
import { Complaints } from './complaints.ts';
import { EventKind } from './events.ts';
import { Renters } from './renters.ts';
import { send } from './send.ts';
import { type Sender, SPAM } from './sender.ts';
import { Spammers } from './spammers.ts';
import { STRATEGIES } from './strategies.ts';
import { flowsOf, sumOf } from './tallies.ts';
import { HOUR_MS, World } from './world.ts';

const ATT = CARRIERS.findIndex(({ id }) => id === 'att');
const LARGE = ['att', 'verizon', 'tmobile'];
const NOTICE_HOURS = 5;
const MINUTE_MS = 60_000;

let world: World;
let complaints: Complaints;
/** A spammer, and the number that it sends from. */
let sender: Sender;
let line: number;
let generation: number;

beforeEach(() => {
  // Nobody complains unless told to.
  const set = {
    complaintShareSpam: 0,
    complaintsToBlock: 4,
    complaintsToTrace: 1e6,
    noticeHours: NOTICE_HOURS,
    brandCount: 2,
    spammerBudget: 1e5,
  };
  world = new World(requestUnderTest({ set, scale: 0.3 }), loadInputs(), STRATEGIES.length);
  const renters = new Renters(world);
  const brands = new Brands(world);
  const spammers = new Spammers(world, renters);
  complaints = new Complaints(world, { brands, spammers, renters });
  world.makeRoom();
  spammers.payIn();
  spammers.startDay();
  const { lines } = world;
  sender = world.senders.find(
    ({ truth, linesInUse, lines: own }) => truth === SPAM && linesInUse === 1 && lines.route[own[0]!] === Route.A2p,
  )!;
  line = sender.lines[0]!;
  generation = lines.generation[line]!;
});

/** Of some hundreds of messages of the spammer, those that land, by carrier. A few at a time, since carriers have limits. */
function landed(): Record<string, number> {
  world.flows.fill(0);
  for (let minute = 0; minute < 200; minute += 1) {
    world.nowMs += MINUTE_MS;
    send(world, sender, 3);
  }
  const flows = flowsOf(world.flows);
  return Object.fromEntries(
    LARGE.map((id) => [id, sumOf(flows, ({ carrier, outcome }) => carrier === id && outcome === 'delivered')]),
  );
}

function complain(times: number): void {
  for (let time = 0; time < times; time += 1) complaints.arrive(line, ATT, generation);
}

/** When spammers see that a number is blocked, hours from now. */
function noticesAfter(): number[] {
  const { queue } = world;
  const found: number[] = [];
  while (queue.next()) {
    if (queue.kind === EventKind.BlockNoticed && queue.a === line) found.push((queue.timeMs - world.nowMs) / HOUR_MS);
  }
  return found;
}

describe('a number with complaints', () => {
  it('is blocked at the carrier that got enough of them, and at no other', () => {
    complain(3);
    expect(Object.values(landed()).every((count) => count > 50)).toBe(true);
    complain(1);
    const { att, ...others } = landed();
    expect(att).toBe(0);
    expect(Object.values(others).every((count) => count > 50)).toBe(true);
  });

  it('is seen to be blocked hours later, once', () => {
    complain(12);
    expect(noticesAfter()).toEqual([NOTICE_HOURS]);
  });

  it('is shut off at all carriers when a trace named its sender, which sees it hours later', () => {
    complaints.named(line, generation, sender.identity);
    expect(noticesAfter()).toEqual([NOTICE_HOURS]);
    expect(landed()).toEqual({ att: 0, verizon: 0, tmobile: 0 });
  });

  it('is out of reach once it was thrown away', () => {
    const key = world.lines.key[line]!;
    world.lines.start(line, { key, route: Route.A2p, isInvalid: false, isConspicuous: false });
    complain(12);
    complaints.named(line, generation, sender.identity);
    expect(Object.values(landed()).every((count) => count > 50)).toBe(true);
  });
});

it('blocked numbers stop spam where spammers do not see it: whack-a-mole is a matter of changing numbers', () => {
  const set = {
    brandCount: 2,
    rentShare: 0,
    greyShare: 0,
    simFarmShare: 0,
    dcaCare: 1,
    dcaCareSpread: 0,
    reviewWaitHours: 1e6,
    complaintShareSpam: 0.05,
    complaintsToBlock: 2,
    complaintsToTrace: 1e6,
    // So dear that a number is used for thousands of messages.
    numberPrice: 3,
    numberSpendShare: 0.02,
    spammerExplores: 0,
  };
  const [seen, unseen] = [1, 1e6].map((noticeHours) =>
    runLab({ set: { ...set, noticeHours }, days: 8, scale: 0.5 }),
  ) as [ReturnType<typeof runLab>, ReturnType<typeof runLab>];
  const share = ({ measures }: typeof seen): number => measures.spamLanded / measures.spamSent;
  expect(share(unseen)).toBeLessThan(0.6 * share(seen));
});
