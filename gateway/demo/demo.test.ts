import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hourlyRates, localHour } from './arrivals.ts';
import { ACCOUNTS, SHARES } from './cast.ts';
import { loadCorpus } from './corpus.ts';
import { loadFigures } from './figures.ts';
import { createDemo } from './index.ts';
import type { BlockGroup, BlockSource } from './numbers.ts';
import { createTraffic, type DemoMessage } from './traffic.ts';
import { createWorld, type World } from './world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2024, 0, 15, 17); // In New York.

/** One area code per group, so that a number tells who holds it. */
const AREA: Readonly<Record<BlockGroup, number>> = {
  att: 212,
  verizon: 312,
  tmobile: 415,
  uscellular: 515,
  other: 602,
  landline: 702,
  cpaas: 802,
};
const blocks: BlockSource = {
  blocksOf: (group) => Uint32Array.from({ length: 7000 }, (_, i) => AREA[group] * 10_000 + 2300 + i),
};
const groupByArea = new Map(Object.entries(AREA).map(([group, npa]) => [String(npa), group]));
const groupOf = (number: string): string => groupByArea.get(number.slice(2, 5)) ?? 'none';

const corpus = loadCorpus();
const figures = loadFigures();
const worldOf = (seed: number): World => createWorld({ seed, startMs: NOON, blocks });

interface Run {
  seed?: number;
  ratePerSecond?: number;
  forMs?: number;
  world?: World;
}
function run({ seed = 1, ratePerSecond = 50, forMs = 10 * MINUTE, world = worldOf(seed) }: Run): DemoMessage[] {
  const traffic = createTraffic({ seed, ratePerSecond, startMs: NOON, blocks, world, corpus, figures });
  const messages: DemoMessage[] = [];
  for (let message = traffic.next(NOON + forMs); message !== undefined; message = traffic.next(NOON + forMs)) {
    messages.push(message);
  }
  return messages;
}
const digest = (messages: readonly DemoMessage[]): string =>
  createHash('sha256').update(JSON.stringify(messages)).digest('hex');
const actorOf = (message: DemoMessage): string => message.reference.replace(/-\d+$/, '');

describe('the world', () => {
  const { registry, actors } = worldOf(1);

  test('is the same for the same seed and another for another', () => {
    expect(worldOf(1)).toEqual(worldOf(1));
    expect(worldOf(2).registry).not.toEqual(registry);
  });

  test('has shares that sum to one', () => {
    expect(Object.values(SHARES).reduce<number>((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(actors.reduce((sum, actor) => sum + actor.share, 0)).toBeCloseTo(1, 12);
  });

  test('names its brands and campaigns as the campaign registry does', () => {
    for (const brand of registry.brands) expect(brand.id).toMatch(/^B[A-Z0-9]{6}$/);
    for (const campaign of registry.campaigns) expect(campaign.id).toMatch(/^C[A-Z0-9]{6}$/);
    const ids = [...registry.brands, ...registry.campaigns].map((entry) => entry.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(actors.map((actor) => actor.name)).size).toBe(actors.length);
  });

  test('refers only to what it declares, and each number once', () => {
    const brandIds = new Set(registry.brands.map((brand) => brand.id));
    const campaignIds = new Set(registry.campaigns.map((campaign) => campaign.id));
    expect(registry.campaigns.every((campaign) => brandIds.has(campaign.brand))).toBe(true);
    expect(registry.numbers.every((entry) => campaignIds.has(entry.campaign))).toBe(true);
    expect(new Set(registry.numbers.map((entry) => entry.number)).size).toBe(registry.numbers.length);
    expect(registry.numbers.every((entry) => groupOf(entry.number) === 'cpaas')).toBe(true);
    expect(actors.every((actor) => ACCOUNTS.includes(actor.account))).toBe(true);
  });

  test('gives each brand 1 to 20 numbers, and a sole proprietor one', () => {
    for (const campaign of registry.campaigns) {
      const count = registry.numbers.filter((entry) => entry.campaign === campaign.id).length;
      expect(count).toBeGreaterThanOrEqual(1);
      expect(count).toBeLessThanOrEqual(campaign.useCase === 'SOLE_PROPRIETOR' ? 1 : 20);
    }
  });

  test('says by name which group has no blocks', () => {
    const empty: BlockSource = { blocksOf: () => new Uint32Array() };
    expect(() => createWorld({ seed: 1, startMs: NOON, blocks: empty })).toThrow('cpaas');
  });
});

describe('the traffic', () => {
  const messages = run({});

  test('is the same for the same seed and another for another', () => {
    expect(digest(run({}))).toBe(digest(messages));
    expect(digest(run({ seed: 2 }))).not.toBe(digest(messages));
  });

  test('is the same however far each pull reaches', () => {
    const traffic = createTraffic({
      seed: 1,
      ratePerSecond: 50,
      startMs: NOON,
      blocks,
      world: worldOf(1),
      corpus,
      figures,
    });
    const pulled: DemoMessage[] = [];
    for (let untilMs = NOON; untilMs <= NOON + 30 * SECOND; untilMs += 7) {
      for (let message = traffic.next(untilMs); message !== undefined; message = traffic.next(untilMs)) {
        expect(message.atMs).toBeLessThan(untilMs);
        pulled.push(message);
      }
    }
    expect(pulled.length).toBeGreaterThan(1000);
    expect(pulled).toEqual(messages.slice(0, pulled.length));
  });

  test('comes in the order of time, from the start on, with unique references', () => {
    expect(messages[0]?.atMs).toBeGreaterThanOrEqual(NOON);
    expect(messages.every((message, i) => message.atMs >= (messages[i - 1]?.atMs ?? NOON))).toBe(true);
    expect(messages.every((message) => Number.isInteger(message.atMs))).toBe(true);
    expect(new Set(messages.map((message) => message.reference)).size).toBe(messages.length);
  });

  test('of one actor does not change when another draws differently', () => {
    const world = worldOf(1);
    const changed: World = {
      ...world,
      actors: world.actors.map((actor) =>
        actor.sender.type === 'cycling' ? { ...actor, sender: { ...actor.sender, messagesPerNumber: [1, 2] } } : actor,
      ),
    };
    const cyclers = new Set(changed.actors.filter((actor) => actor.sender.type === 'cycling').map((it) => it.name));
    const others = (all: DemoMessage[]): DemoMessage[] => all.filter((message) => !cyclers.has(actorOf(message)));
    expect(digest(others(run({ world: changed })))).toBe(digest(others(messages)));
    expect(digest(run({ world: changed }))).not.toBe(digest(messages));
  });

  test('has only numbers of the plan and texts of the corpus', () => {
    const texts = { legit: new Set(corpus.ham), spam: new Set(corpus.spam), smishing: new Set(corpus.smishing) };
    const plan = /^\+1[2-9]\d{2}[2-9]\d{6}$/;
    expect(messages.filter((message) => !plan.test(message.from) || !plan.test(message.to))).toEqual([]);
    expect(messages.filter((message) => !texts[message.truth].has(message.text))).toEqual([]);
  });

  test('in an hour is as dense as that hour of the day should be', () => {
    const hour = run({ ratePerSecond: 10, forMs: HOUR });
    const rates = hourlyRates(worldOf(1).actors, figures, 10);
    const perMs = rates.reduce((sum, actor) => sum + (actor[localHour(NOON)] ?? 0), 0);
    expect(hour.length / (perMs * HOUR)).toBeCloseTo(1, 1);
    expect(perMs * 1000).toBeGreaterThan(10); // Noon is a busy hour.
    expect(perMs * 1000).toBeLessThan(20);
  });

  test('refuses a rate of nothing', () => {
    expect(() => run({ ratePerSecond: 0 })).toThrow(RangeError);
  });
});

describe('a day of traffic', () => {
  const RATE = 2;
  const world = worldOf(3);
  const day = run({ seed: 3, ratePerSecond: RATE, forMs: DAY, world });
  const kindOf = new Map(world.actors.map((actor) => [actor.name, actor.kind]));
  const registered = new Map(world.registry.numbers.map((entry) => [entry.number, entry]));

  test('has the mean rate asked for', () => {
    expect(day.length / (RATE * 86_400)).toBeCloseTo(1, 1);
  });

  test('never falls far below 30 % of it', () => {
    const perHour = Array.from({ length: 24 }, () => 0);
    for (const message of day) {
      const hour = Math.floor((message.atMs - NOON) / HOUR);
      perHour[hour] = (perHour[hour] ?? 0) + 1;
    }
    expect(Math.min(...perHour)).toBeGreaterThan(0.25 * RATE * 3600);
    expect(Math.max(...perHour)).toBeLessThan(2.2 * RATE * 3600);
  });

  test.each(Object.entries(SHARES))('has its share of %s', (kind, share) => {
    const count = day.filter((message) => kindOf.get(actorOf(message)) === kind).length;
    expect(Math.abs(count / day.length - share)).toBeLessThan(0.02);
  });

  test.each(figures.destinations.map(({ group, share }) => [group, share] as const))('goes to %s', (group, share) => {
    const count = day.filter((message) => groupOf(message.to) === group).length;
    expect(Math.abs(count / day.length - share)).toBeLessThan(0.005);
  });

  test('labels brands and people legit, the rented campaign spam, and takes two routes', () => {
    const wrong = day.filter((message) => {
      const kind = kindOf.get(actorOf(message));
      const owned = kind === 'established' || kind === 'late' || kind === 'rented';
      const legit = kind === 'established' || kind === 'late' || kind === 'people';
      const p2p = kind === 'people' || kind === 'grey';
      return (
        owned !== registered.has(message.from) ||
        legit !== (message.truth === 'legit') ||
        p2p !== (message.route === 'p2p')
      );
    });
    expect(wrong).toEqual([]);
  });

  test('has spammers who drop a number after tens to hundreds of messages', () => {
    for (const actor of world.actors) {
      if (actor.sender.type !== 'cycling') continue;
      const [, max] = actor.sender.messagesPerNumber;
      const numbers = day.filter((message) => actorOf(message) === actor.name).map((message) => message.from);
      const uses = new Map<string, number>();
      for (const number of numbers) uses.set(number, (uses.get(number) ?? 0) + 1);
      expect(uses.size).toBeGreaterThan(2 * actor.sender.lines);
      expect(Math.max(...uses.values())).toBeLessThanOrEqual(max);
      expect(new Set([...uses.keys()].map(groupOf))).toEqual(new Set(actor.sender.groups));
    }
  });

  test('has people who write little', () => {
    const uses = new Map<string, number>();
    for (const message of day) {
      if (kindOf.get(actorOf(message)) === 'people') uses.set(message.from, (uses.get(message.from) ?? 0) + 1);
    }
    expect(Math.max(...uses.values())).toBeLessThan(200);
  });

  test('holds every reason for being unregistered, and registered spam', () => {
    const campaignOf = (message: DemoMessage) => {
      const id = registered.get(message.from)?.campaign;
      return world.registry.campaigns.find((campaign) => campaign.id === id);
    };
    const reasons = {
      notInRegistry: (message: DemoMessage) => !registered.has(message.from) && message.route === 'a2p',
      notYetProvisioned: (message: DemoMessage) =>
        message.atMs < NOON + (registered.get(message.from)?.provisioningDelayMs ?? 0),
      provisionedLater: (message: DemoMessage) => {
        const delayMs = registered.get(message.from)?.provisioningDelayMs ?? 0;
        return delayMs > 0 && message.atMs >= NOON + delayMs;
      },
      campaignExpired: (message: DemoMessage) => (campaignOf(message)?.expiresAtMs ?? Infinity) < NOON,
      notActiveAtCarrier: (message: DemoMessage) => {
        const carriers: readonly string[] | undefined = campaignOf(message)?.carriers;
        const to = groupOf(message.to);
        return carriers !== undefined && to !== 'landline' && !carriers.includes(to);
      },
      registeredSpam: (message: DemoMessage) => message.truth === 'spam' && registered.has(message.from),
      legitUnregistered: (message: DemoMessage) =>
        message.truth === 'legit' && message.atMs < NOON + (registered.get(message.from)?.provisioningDelayMs ?? 0),
    };
    for (const [reason, holds] of Object.entries(reasons)) {
      expect(day.filter(holds).length, reason).toBeGreaterThan(100);
    }
  });

  test("brings a small brand over AT&T's segments per minute now and then", () => {
    const bakery = day.filter((m) => actorOf(m) === 'example-corner-bakery' && groupOf(m.to) === 'att');
    const perMinute = new Map<number, number>();
    for (const message of bakery) {
      const minute = Math.floor(message.atMs / 60_000);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    expect(Math.max(...perMinute.values())).toBeGreaterThan(75); // Class T.
  });
});

test('the door opens a demo that agrees with itself', () => {
  const open = () => createDemo({ seed: 9, ratePerSecond: 20, startMs: NOON, blocks });
  const demo = open();
  const again = open();
  expect(again.registry).toEqual(demo.registry);
  for (let i = 0; i < 500; i++) {
    const message = demo.traffic.next(Infinity);
    expect(message).toEqual(again.traffic.next(Infinity));
    expect(demo.accounts).toContain(message?.account);
  }
});
