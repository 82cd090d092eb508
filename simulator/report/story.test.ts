import { describe, expect, test } from 'vitest';
import { comparisonUnderTest, MADE_UP, type MadeUp, type MadeUpOptions } from './comparison-under-test.ts';
import { tell } from './story.ts';

const [TOLL, BLOCK, LOOP, , ANALYTICS] = MADE_UP as readonly [MadeUp, MadeUp, MadeUp, MadeUp, MadeUp];

/** With plain spaces. */
function told(options: MadeUpOptions): { headline: string; sentences: readonly string[]; beside: string | undefined } {
  const { headline, sentences, counterpart } = tell(comparisonUnderTest(options));
  const plain = (text: string): string => text.replaceAll('\u202f', ' ');
  return { headline: plain(headline), sentences: sentences.map(plain), beside: counterpart?.policy };
}

describe('the headline', () => {
  test('names the policy under which the least spam lands, and by how much', () => {
    const { headline, beside } = told({
      policies: [TOLL, LOOP, BLOCK, { ...BLOCK, policy: 'x', title: 'X', activity: 0.3 }],
    });
    expect(headline).toMatch(
      /^Spam that reaches phones falls most under “X”: 7\d % less than under “Toll” \(between 7\d % and 8\d %\)\.$/,
    );
    expect(beside).toBe('x');
  });

  test('names all that are best when they cannot be told apart', () => {
    const twin = { ...LOOP, policy: 'twin', title: 'Twin' };
    const { headline } = told({ policies: [TOLL, ANALYTICS, twin, LOOP] });
    expect(headline).toMatch(
      /under “(Twin|Closed loop)” and “(Twin|Closed loop)”, which cannot be told apart: 3\d % and 3\d % less than under “Toll”\.$/,
    );
  });

  test('claims no more than all spam where the interval reaches beyond', () => {
    const none = { ...LOOP, policy: 'none', title: 'None', landedShare: 0.001 };
    expect(told({ policies: [TOLL, none] }).headline).toMatch(/100 % less than under “Toll” \(at least 9\d %\)\.$/);
  });

  test('says that nothing helps, and what makes it worse', () => {
    expect(told({ policies: [TOLL, { ...ANALYTICS, activity: 1.9 }] }).headline).toBe(
      '“Analytics filter” does not clearly lower the spam that reaches phones, compared with “Toll”; it clearly raises it.',
    );
    const same = { ...TOLL, policy: 'same', title: 'Same' };
    const worse = { ...ANALYTICS, activity: 1.9 };
    expect(told({ policies: [TOLL, same, worse] }).headline).toBe(
      'None of the 2 other policies clearly lowers the spam that reaches phones, compared with “Toll”; “Analytics filter” clearly raises it.',
    );
    expect(told({ policies: [TOLL, same], replications: 3 }).headline).toBe(
      '“Same” does not clearly lower the spam that reaches phones, compared with “Toll”.',
    );
  });

  test('draws no conclusion from single runs', () => {
    expect(told({ policies: [TOLL, BLOCK], replications: 1 }).headline).toBe(
      'One run of each policy cannot tell a difference from chance: compare with more replications.',
    );
  });

  test('tells of one policy alone', () => {
    const { headline, sentences, beside } = told({ policies: [TOLL] });
    expect(headline).toBe(
      'Under “Toll”, 34.2 k spam messages reached phones in 30 days, and those who carried them earned $1,421.',
    );
    expect([sentences.length, beside]).toEqual([1, undefined]);
  });

  test('waits for the first run', () => {
    const comparison = { ...comparisonUnderTest(), replications: 0 };
    expect(tell(comparison).headline).toBe('No run was finished, so there is nothing to compare yet.');
  });
});

describe('the sentences', () => {
  test('say what good senders pay for it', () => {
    const { sentences } = told({ policies: [TOLL, BLOCK] });
    expect(sentences[0]).toMatch(
      /^Under “Toll”, the baseline, 34\.2 k of 51\.\d k spam messages reached phones in 30 days; their senders paid \$1,4\d\d to .*, \$16\d of it as surcharges on unregistered traffic\.$/,
    );
    expect(sentences[1]).toBe(
      'Under “Block unregistered”, a legitimate message that arrives costs 1.58 ¢ instead of 1.47 ¢, 7 % more, and the share of legitimate messages that are stopped is 3.1 % instead of 0.4 %.',
    );
    expect(sentences[2]).toBe(
      'Of the spam that still lands, 52 % comes past the toll, on the person-to-person route; under “Toll” it is 9 %.',
    );
  });

  test('say where chance may have made a difference, or there is none', () => {
    const { sentences } = told({
      policies: [TOLL, { ...LOOP, extraMicros: 0, legitStoppedShare: 0.004 }],
      replications: 4,
    });
    expect(sentences[1]).toBe(
      'Under “Closed loop”, a legitimate message that arrives costs the same, and the share of legitimate messages that are stopped is the same.',
    );
  });

  test('count what lowers, raises and does neither', () => {
    const same = { ...TOLL, policy: 'same', title: 'Same' };
    const { sentences } = told({ policies: [TOLL, LOOP, same, { ...ANALYTICS, activity: 1.9 }], replications: 4 });
    expect(sentences.at(-1)).toMatch(
      /^1 of the 3 other policies clearly lowers the spam that lands; “Analytics filter” \(3\d % more\) clearly raises it; “Same” cannot be told apart from “Toll”\.$/,
    );
  });
});
