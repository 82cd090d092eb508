import { describe, expect, test } from 'vitest';
import { carrierOf, CARRIERS, formatNumber, parseNumberKey } from '../../registry-cache/index.ts';
import { BLOCKS, PLAN, TEXTS } from './load-under-test.ts';
import { type LoadMessage, MessageMix, SenderNumbers } from './message-mix.ts';
import type { MixPlan } from './plan.ts';

const SPAM = new Set(TEXTS.spam);

function messages(count: number, mix: Partial<MixPlan> = {}, seed = 1, thread = 0, threads = 1): LoadMessage[] {
  const made = new MessageMix({ seed, thread, threads, mix: { ...PLAN.mix, ...mix }, texts: TEXTS, blocks: BLOCKS });
  return Array.from({ length: count }, () => made.next());
}

const partOf = <T>(all: readonly T[], is: (one: T) => boolean): number => all.filter(is).length / all.length;

describe('the messages of a load', () => {
  test('are the same for the same seed and threads, and others for another', () => {
    expect(messages(50)).toEqual(messages(50));
    expect(messages(50)).not.toEqual(messages(50, {}, 2));
    expect(messages(50, {}, 1, 0, 2)).not.toEqual(messages(50, {}, 1, 1, 2));
  });

  test('have the shares that were asked for, each by itself', () => {
    const mix = { registeredShare: 0.7, spamShare: 0.2, destinations: { att: 3, tmobile: 1 }, numbers: 100 } as const;
    const numbers = new SenderNumbers(1, BLOCKS.blocksOf('cpaas'));
    const registered = new Set(Array.from({ length: 100 }, (_, place) => numbers.registered(place)));
    const made = messages(4_000, mix);
    const isRegistered = ({ from }: LoadMessage): boolean => registered.has(from);
    expect(partOf(made, isRegistered)).toBeCloseTo(0.7, 1);
    expect(partOf(made, ({ isSpam }) => isSpam)).toBeCloseTo(0.2, 1);
    expect(partOf(made.filter(isRegistered), ({ isSpam }) => isSpam)).toBeCloseTo(0.2, 1);
    expect(made.every(({ isSpam, text }) => !isSpam || SPAM.has(text))).toBe(true);
    const carriers = made.map(({ to }) => CARRIERS[carrierOf(BLOCKS.lookup(to))]?.id);
    expect(partOf(carriers, (carrier) => carrier === 'att')).toBeCloseTo(0.75, 1);
    expect(new Set(carriers)).toEqual(new Set(['att', 'tmobile']));
  });

  test('use every number in turns, each thread beginning at another', () => {
    const numbers = new SenderNumbers(1, BLOCKS.blocksOf('cpaas'));
    const from = (thread: number): number[] => messages(20, {}, 1, thread, 2).map((message) => message.from);
    const turns = Array.from({ length: 20 }, (_, index) => numbers.registered(index % 10));
    expect(from(0)).toEqual(turns);
    expect(from(1)).toEqual([...turns.slice(5), ...turns.slice(0, 5)]);
  });

  test('are of a length, if one is given, and end in no half character', () => {
    for (const textLength of [1, 160, 700]) {
      const made = messages(300, { textLength, spamShare: 0.5 });
      expect(new Set(made.map(({ text }) => text.length))).toEqual(new Set([textLength]));
      expect(made.every(({ text }) => !/[\ud800-\udbff]$/.test(text))).toBe(true);
    }
  });

  test('need somebody to be sent to', () => {
    expect(() => messages(1, { destinations: { att: 0 } })).toThrow('no destination has a share');
  });
});

test('no number that sends is there twice, and each can exist', () => {
  const numbers = new SenderNumbers(5, BLOCKS.blocksOf('cpaas'));
  const all = Array.from({ length: 50_000 }, (_, place) => [
    numbers.registered(place),
    numbers.unregistered(place),
  ]).flat();
  expect(new Set(all).size).toBe(100_000);
  expect(all.filter((number) => parseNumberKey(formatNumber(number)) !== number)).toEqual([]);
});
