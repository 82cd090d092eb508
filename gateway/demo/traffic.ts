/**
 * The demo's messages, in the order of their time, as a pure generator.
 *
 * The caller pulls with the time it has reached and gets what is due; the generator knows no clock, no socket and no
 * timer, so the same seed gives the same messages at any speed and on any machine. Each actor owns one stream of
 * chance for its times, numbers, texts and recipients; the next message is simply the earliest of some twenty actors.
 *
 * A caller that stops pulling for a while gets the backlog when it pulls again; to skip it, pull and throw away.
 */
import { createArrivals, hourlyRates, type Arrivals } from './arrivals.ts';
import type { Route, Truth } from './cast.ts';
import { PEOPLE } from './cast.ts';
import type { Corpus } from './corpus.ts';
import type { Figures } from './figures.ts';
import { drawNumber, formatNumber, requireBlocks, type BlockGroup, type BlockSource } from './numbers.ts';
import { createStream, type Stream } from './streams.ts';
import type { Actor, SenderPlan, World } from './world.ts';

export interface DemoMessage {
  /** Whole milliseconds since the epoch. */
  readonly atMs: number;
  /** E.164. */
  readonly from: string;
  /** E.164. */
  readonly to: string;
  readonly text: string;
  readonly account: string;
  readonly route: Route;
  readonly truth: Truth;
  /** Unique within the run: the actor's name and a running number from 0. */
  readonly reference: string;
}

export interface Traffic {
  /** The next message due before `untilMs`, or nothing. Call until it returns nothing. */
  next(untilMs: number): DemoMessage | undefined;
}

export interface TrafficOptions {
  readonly seed: number;
  /** Mean over a day, by local hour between 0.3 and about twice that. Above 0. */
  readonly ratePerSecond: number;
  /** Milliseconds since the epoch: no message is earlier. */
  readonly startMs: number;
  readonly blocks: BlockSource;
  /** Made with the same seed, start and blocks. */
  readonly world: World;
  readonly corpus: Corpus;
  readonly figures: Figures;
}

/** @throws if the rate is not above 0, or a group of blocks or a class of texts is empty. */
export function createTraffic(options: TrafficOptions): Traffic {
  const { seed, ratePerSecond, startMs, blocks, world, corpus, figures } = options;
  if (!(ratePerSecond > 0 && Number.isFinite(ratePerSecond))) {
    throw new RangeError(`ratePerSecond must be above 0, got ${ratePerSecond}`);
  }
  const registered = new Set(world.registry.numbers.map((entry) => Number(entry.number.slice(2))));
  const rates = hourlyRates(world.actors, figures, ratePerSecond);
  const drawDestination = destinationDrawer(figures, blocks);
  const textsOf: Readonly<Record<Truth, readonly string[]>> = {
    legit: corpus.ham,
    spam: corpus.spam,
    smishing: corpus.smishing,
  };

  const voices = world.actors.map((actor, index): Voice => {
    const stream = createStream(seed, `traffic/${actor.name}`);
    const texts = textsOf[actor.truth];
    if (texts.length === 0) throw new Error(`no texts for ${actor.name}`);
    return {
      actor,
      stream,
      texts,
      drawSender: senderDrawer({
        plan: actor.sender,
        stream,
        blocks,
        registered,
        messagesPerDay: actor.share * ratePerSecond * 86_400,
      }),
      arrivals: createArrivals({ stream, rates: rates[index] ?? [], startMs, blast: actor.blast }),
      sent: 0,
    };
  });

  function emit(voice: Voice): DemoMessage {
    const { actor, stream } = voice;
    const message: DemoMessage = {
      atMs: Math.floor(voice.arrivals.nextAtMs),
      from: formatNumber(voice.drawSender()),
      to: formatNumber(drawDestination(stream)),
      text: voice.texts[stream.below(voice.texts.length)] ?? '',
      account: actor.account,
      route: actor.route,
      truth: actor.truth,
      reference: `${actor.name}-${voice.sent}`,
    };
    voice.sent++;
    voice.arrivals.advance();
    return message;
  }

  return {
    next(untilMs) {
      let earliest: Voice | undefined;
      let earliestAtMs = untilMs;
      // Equal times go to the actor that comes first in the cast.
      for (const voice of voices) {
        if (voice.arrivals.nextAtMs < earliestAtMs) {
          earliest = voice;
          earliestAtMs = voice.arrivals.nextAtMs;
        }
      }
      return earliest === undefined ? undefined : emit(earliest);
    },
  };
}

/** An actor at work. */
interface Voice {
  readonly actor: Actor;
  readonly stream: Stream;
  readonly texts: readonly string[];
  readonly drawSender: () => number;
  readonly arrivals: Arrivals;
  sent: number;
}

/** Draws a number from one of the groups that no brand of this world has registered. */
function unregisteredDrawer(
  source: BlockSource,
  groups: readonly BlockGroup[],
  registered: ReadonlySet<number>,
  stream: Stream,
): () => number {
  const pools = groups.map((group) => requireBlocks(source, group));
  return () => {
    const blocks = pools[stream.below(pools.length)];
    if (blocks === undefined) throw new Error('a sender needs at least one group of blocks');
    for (;;) {
      const number = drawNumber(stream, blocks);
      if (!registered.has(number)) return number;
    }
  };
}

interface SenderContext {
  readonly plan: SenderPlan;
  readonly stream: Stream;
  readonly blocks: BlockSource;
  readonly registered: ReadonlySet<number>;
  readonly messagesPerDay: number;
}

/** Returns what draws an actor's sender numbers, one per message. */
function senderDrawer({ plan, stream, blocks, registered, messagesPerDay }: SenderContext): () => number {
  switch (plan.type) {
    case 'owned':
      return () => plan.numbers[stream.below(plan.numbers.length)] ?? 0;
    case 'people': {
      const draw = unregisteredDrawer(blocks, plan.groups, registered, stream);
      const wanted = Math.ceil(messagesPerDay / PEOPLE.messagesPerDay);
      const count = Math.min(PEOPLE.maxCount, Math.max(PEOPLE.minCount, wanted));
      const numbers = Float64Array.from({ length: count }, draw);
      return () => numbers[stream.below(count)] ?? 0;
    }
    case 'cycling': {
      const draw = unregisteredDrawer(blocks, plan.groups, registered, stream);
      const [min, max] = plan.messagesPerNumber;
      const numbers = new Float64Array(plan.lines);
      const left = new Int32Array(plan.lines);
      return () => {
        const line = stream.below(plan.lines);
        if (left[line] === 0) {
          numbers[line] = draw();
          left[line] = min + stream.below(max - min + 1);
        }
        left[line] = (left[line] ?? 0) - 1;
        return numbers[line] ?? 0;
      };
    }
  }
}

function destinationDrawer(figures: Figures, source: BlockSource): (stream: Stream) => number {
  const choices = figures.destinations.map(({ group, share }) => ({ share, blocks: requireBlocks(source, group) }));
  const last = choices.at(-1);
  if (last === undefined) throw new Error('no destinations');
  return (stream) => {
    let rest = stream.next();
    for (const { share, blocks } of choices) {
      if (rest < share) return drawNumber(stream, blocks);
      rest -= share;
    }
    return drawNumber(stream, last.blocks);
  };
}
