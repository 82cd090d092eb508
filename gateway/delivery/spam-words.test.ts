import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spamWordsFile, wordsOf } from '../../scripts/train-spam-words.ts';
import { readPackageFile } from '../package-files.ts';
import { loadSpamWords, SpamWords } from './spam-words.ts';
import { TEXT_SHAPES, TextFeatures, wordHash } from './text-features.ts';

const features = new TextFeatures();
function shapesOf(text: string): string[] {
  features.read(text);
  return TEXT_SHAPES.filter((_, shape) => (features.shapes & (1 << shape)) !== 0);
}

test('training anew gives the file that ships, byte for byte', () => {
  expect(spamWordsFile(), 'npx tsx scripts/train-spam-words.ts writes it').toBe(
    readPackageFile('gateway/delivery/spam-words.json'),
  );
});

test('of texts it was not trained on it finds nine in ten that are spam, and takes one in a hundred at most for it that is not', () => {
  const { keptBack } = JSON.parse(readPackageFile('gateway/delivery/spam-words.json')) as {
    keptBack: Record<'ham' | 'spam' | 'smishing', { texts: number; found: number }>;
  };
  const shareFound = ({ texts, found }: { texts: number; found: number }): number => found / texts;
  expect(keptBack.ham.texts).toBeGreaterThan(800);
  expect(shareFound(keptBack.ham)).toBeLessThan(0.01);
  expect(shareFound(keptBack.spam)).toBeGreaterThan(0.9);
  expect(shareFound(keptBack.smishing)).toBeGreaterThan(0.9);
});

describe('the score of a text', () => {
  const words = loadSpamWords();

  test.each([
    ['URGENT: you WON $900! Claim at http://prize.example.com', true],
    ['Your account is suspended. Call 08001234567 now to claim your refund', true],
    // The corpora are older than this kind, and know none of its words.
    ['Your parcel is held, pay the fee at bit.ly/x7Yq2', false],
    ['Your table is ready.', false],
    ['Running late, be there in ten. Start without me', false],
    ['', false],
  ])('%j', (text, isSpam) => {
    expect(words.score(text) > 0).toBe(isSpam);
  });

  test('counts a word once, however often it comes, and does not depend on what was scored before', () => {
    const weighed = new SpamWords({ bias: -300, shapes: { link: 50 }, words: { prize: 120, table: -40 } });
    expect(weighed.score('Prize')).toBe(-180);
    expect(weighed.score('prize PRIZE, prize. table')).toBe(-220);
    expect(weighed.score('prize')).toBe(-180);
    expect(weighed.score('nothing known')).toBe(-300);
    expect(weighed.score('www.prize.example')).toBe(-130);
  });

  test('is refused where two words could not be told apart, or a weight says nothing', () => {
    expect(() => new SpamWords({ bias: 0, shapes: {}, words: { a1: 5, a2: 5 } })).toThrow('a2 has the hash of another');
    expect(() => new SpamWords({ bias: 0, shapes: {}, words: { a: 0.5 } })).toThrow('must be whole');
  });
});

describe('the shapes of a text', () => {
  test.each([
    ['Your table is ready.', []],
    ['See www.example.org', ['link']],
    ['See example.com', ['link']],
    ['at https://x', ['link']],
    ['bit.ly/abc', ['link', 'short_link']],
    ['a little bit. ly ok', []],
    ['We met at noon.in the end it rained', ['link']], // a full stop without a space, which is what a link looks like
    ['You owe $5', ['money']],
    ['Call 8005550100', ['long_number', 'digits']],
    ['Call 8 005 550 100 for the tickets you asked me about on Monday', ['digits']],
    ['WELL DONE', ['capitals']],
    ['Really! No!', ['exclamation']],
    ['', []],
  ])('%j', (text, shapes) => {
    expect(shapesOf(text)).toEqual(shapes);
  });
});

test('the words of any text are hashed as the training names them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      features.read(text);
      expect(Array.from(features.words.subarray(0, features.wordCount))).toEqual(wordsOf(text).map(wordHash));
    }),
  );
});
