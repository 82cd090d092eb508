import { describe, expect, test } from 'vitest';
import { loadCorpus, parseSmishing, parseSpamCollection, repairText } from './corpus.ts';

describe('repairing a text', () => {
  test.each([
    ['leaves good text alone', 'See you at 5, café?\nBring €5', 'See you at 5, café?\nBring €5'],
    ['restores Windows-1252 punctuation', 'I\u0092m \u0093fine\u0094 \u0096 ok', 'I’m “fine” – ok'],
    ['reads a lost character before a digit as a pound sign', 'won \uFFFD1450 now', 'won £1450 now'],
    ['reads a lost character inside a word as an apostrophe', 'It\uFFFDs blocked', 'It’s blocked'],
    ['drops a lost character elsewhere', 'Care ph\uFFFD  12', 'Care ph  12'],
    ['undoes HTML entities, once', '&lt;#&gt; &amp;lt;', '<#> &lt;'],
    ['turns a run of control characters into a space', 'a\t\u0000b', 'a b'],
    ['keeps a line feed among control characters', 'a\t\nb', 'a \nb'],
    ['drops half a surrogate pair and keeps whole ones', '\ud83d 😀\ude00', '😀'],
    ['may leave nothing', ' \t\uFFFD', ''],
  ])('%s', (_rule, text, expected) => {
    expect(repairText(text)).toBe(expected);
  });
});

describe('parsing the collections', () => {
  test('quotes mean nothing in the spam collection', () => {
    expect(parseSpamCollection('ham\t"hi" she said\nspam\tWIN\tnow\nham\t \n')).toEqual({
      ham: ['"hi" she said'],
      spam: ['WIN now'],
    });
  });

  test('an unknown label in the spam collection is an error', () => {
    expect(() => parseSpamCollection('eggs\thi\n')).toThrow('eggs');
  });

  test('only smishing is taken from the smishing set, whatever its case', () => {
    const file =
      '\uFEFFlabel,TEXT,URL,EMAIL,PHONE\nham,hi,No,No,No\nSmishing,"a, ""b""",No,No,No\nsmishing,c,No,No,No\n';
    expect(parseSmishing(file)).toEqual(['a, "b"', 'c']);
  });
});

describe('the corpus', () => {
  const corpus = loadCorpus();

  test('holds as many texts as the collections say', () => {
    expect(corpus.ham).toHaveLength(4827);
    expect(corpus.spam).toHaveLength(747);
    expect(corpus.smishing).toHaveLength(638);
  });

  test('holds only texts a phone could have sent', () => {
    const all = [...corpus.ham, ...corpus.spam, ...corpus.smishing];
    expect(all.filter((text) => text === '' || /[^\P{Control}\n]|\p{Surrogate}|\uFFFD/u.test(text))).toEqual([]);
  });
});
