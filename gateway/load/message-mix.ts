/**
 * The messages of a load, as a pure generator: the same seed gives the same messages to the same number of threads.
 *
 * Texts are what people wrote. Numbers are real ones of companies that rent them out; those that count as registered and the others
 * come in turns from one walk through all lines of their blocks, so that no number is there twice and any of them can be told by its place.
 */
import { namedStream, type Rng } from '../router/index.ts';
import type { BlockGroup } from '../../registry-cache/index.ts';
import { type Destination, DESTINATIONS, type MixPlan } from './plan.ts';

export interface BlockSource {
  /** The assigned thousands blocks of a group, each as NPA-NXX times ten plus the block. */
  blocksOf(group: BlockGroup): Uint32Array;
}

export interface LoadTexts {
  readonly ham: readonly string[];
  readonly spam: readonly string[];
}

/** Numbers are ten digits as an integer. */
export interface LoadMessage {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly isSpam: boolean;
}

export interface MessageMixOptions {
  readonly seed: number;
  readonly thread: number;
  readonly threads: number;
  readonly mix: MixPlan;
  readonly texts: LoadTexts;
  readonly blocks: BlockSource;
}

const LINES_PER_BLOCK = 1_000;

export class MessageMix {
  readonly #chance: Rng;
  readonly #mix: MixPlan;
  readonly #texts: LoadTexts;
  readonly #senders: SenderNumbers;
  readonly #destinations: readonly { readonly share: number; readonly blocks: Uint32Array }[];
  readonly #next: { registered: number; unregistered: number };

  /** @throws RangeError if no destination has a share, or a group that has one holds no block */
  constructor({ seed, thread, threads, mix, texts, blocks }: MessageMixOptions) {
    this.#chance = namedStream(seed, `load/messages/${thread}`);
    this.#mix = mix;
    this.#texts = texts;
    this.#senders = new SenderNumbers(seed, blocks.blocksOf('cpaas'));
    this.#destinations = destinationsOf(mix, blocks);
    // Each thread begins at another place, so that the threads together do not send from one number at once.
    const first = Math.floor((mix.numbers * thread) / threads);
    this.#next = { registered: first, unregistered: first };
  }

  next(): LoadMessage {
    const { registeredShare, spamShare } = this.#mix;
    const isRegistered = this.#chance.next() < registeredShare;
    const isSpam = this.#chance.next() < spamShare;
    const from = isRegistered
      ? this.#senders.registered(this.#turn('registered'))
      : this.#senders.unregistered(this.#turn('unregistered'));
    const to = this.#destination();
    return { from, to, text: this.#text(isSpam ? this.#texts.spam : this.#texts.ham), isSpam };
  }

  #turn(kind: 'registered' | 'unregistered'): number {
    const place = this.#next[kind];
    this.#next[kind] = place + 1 === this.#mix.numbers ? 0 : place + 1;
    return place;
  }

  #destination(): number {
    let rest = this.#chance.next();
    let found = this.#destinations.at(-1);
    for (const one of this.#destinations) {
      if (rest < one.share) {
        found = one;
        break;
      }
      rest -= one.share;
    }
    const blocks = found?.blocks ?? new Uint32Array(1);
    const block = blocks[this.#below(blocks.length)] ?? 0;
    return block * LINES_PER_BLOCK + this.#below(LINES_PER_BLOCK);
  }

  #text(texts: readonly string[]): string {
    const { textLength } = this.#mix;
    let text = texts[this.#below(texts.length)] ?? '';
    if (textLength === undefined) return text;
    while (text.length < textLength) text += ` ${texts[this.#below(texts.length)] ?? ''}`;
    // Half of a pair at the end would be no character.
    return text.slice(0, textLength).replace(/[\ud800-\udbff]$/, '.');
  }

  #below(count: number): number {
    return Math.floor(this.#chance.next() * count);
  }
}

/** All numbers of some blocks in an order that only looks like chance: a walk in steps that meets every line once. */
export class SenderNumbers {
  readonly #blocks: Uint32Array;
  readonly #lines: number;
  readonly #step: number;
  readonly #first: number;

  constructor(seed: number, blocks: Uint32Array) {
    const chance = namedStream(seed, 'load/numbers');
    this.#blocks = blocks;
    this.#lines = blocks.length * LINES_PER_BLOCK;
    this.#first = Math.floor(chance.next() * this.#lines);
    let step = 1 + Math.floor(chance.next() * (this.#lines - 1));
    while (commonDivisor(step, this.#lines) !== 1) step += 1;
    this.#step = step;
  }

  /** The `place`th number that is to be registered. */
  registered(place: number): number {
    return this.#at(place * 2);
  }

  /** The `place`th that is not. */
  unregistered(place: number): number {
    return this.#at(place * 2 + 1);
  }

  #at(place: number): number {
    const line = (this.#first + place * this.#step) % this.#lines;
    return (this.#blocks[Math.floor(line / LINES_PER_BLOCK)] ?? 0) * LINES_PER_BLOCK + (line % LINES_PER_BLOCK);
  }
}

function commonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

function destinationsOf(
  { destinations }: MixPlan,
  source: BlockSource,
): { readonly share: number; readonly blocks: Uint32Array }[] {
  const wanted = DESTINATIONS.filter((group: Destination) => (destinations[group] ?? 0) > 0);
  const sum = wanted.reduce((all, group) => all + (destinations[group] ?? 0), 0);
  if (wanted.length === 0) throw new RangeError('no destination has a share');
  return wanted.map((group) => {
    const blocks = source.blocksOf(group);
    if (blocks.length === 0) throw new RangeError(`no thousands block is assigned to ${group}`);
    return { share: (destinations[group] ?? 0) / sum, blocks };
  });
}
