/**
 * How fast are the segments of a text counted? Beside the two packages on npm that do the same, on texts that all three
 * count alike. Many different texts, so that no compiler learns one by heart.
 */
import { createRequire } from 'node:module';
import { countSegments, namedStream, segmentsOf } from '../gateway/router/index.ts';
import {
  allocatedBytesPerOp,
  type BenchSettings,
  type Figure,
  figureOf,
  interleave,
  type Loop,
  loopSide,
  type Series,
} from './harness.ts';

// Both are CommonJS, and only one of them ships types.
const require = createRequire(import.meta.url);
const splitSms = require('split-sms') as { split(text: string, options: { summary: boolean }): { parts: unknown[] } };
const { SegmentedMessage } = require('sms-segments-calculator') as typeof import('sms-segments-calculator');

const UNIT = 'texts/s';
const TEXTS = 256;
const GSM = 'Your code is 482913. Reply STOP to end, HELP for help; msg & data rates may apply @ £2/week ';
const UCS2 = 'Ваш код 482913. Никому его не сообщайте – даже банку ✓ ';

const KINDS = [
  { name: '78 characters of GSM', alphabet: GSM, length: 78 },
  { name: '300 characters of GSM', alphabet: GSM, length: 300 },
  { name: '120 characters of UCS-2', alphabet: UCS2, length: 120 },
] as const;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const figures: Figure[] = [];
  const rounds = isTiny ? 2 : 9;
  for (const { name, alphabet, length } of KINDS) {
    const chance = namedStream(seed, `bench/segments/${name}`);
    const texts = Array.from({ length: TEXTS }, () =>
      flat(Array.from({ length }, () => alphabet[Math.floor(chance.next() * alphabet.length)]!)),
    );
    const ours = (text: string): number => segmentsOf(countSegments(text));
    const split = (text: string): number => splitSms.split(text, { summary: true }).parts.length;
    const calculated = (text: string): number => new SegmentedMessage(text).segmentsCount;
    for (const text of texts) {
      if (ours(text) !== split(text) || ours(text) !== calculated(text)) throw new Error(`counts differ for "${text}"`);
    }

    const loops = isTiny ? 2_048 : 1_048_576;
    const [subject, first, second] = (await interleave(
      [
        loopSide('countSegments', UNIT, loops, over(texts, ours)),
        loopSide('split-sms', UNIT, loops / 32, over(texts, split)),
        loopSide('sms-segments-calculator', UNIT, loops / 256, over(texts, calculated)),
      ],
      rounds,
    )) as [Series, Series, Series];
    const allocated = await allocatedBytesPerOp(over(texts, ours), { isTiny });
    for (const baseline of [first, second]) {
      figures.push(
        figureOf({
          bench: 'segments',
          figure: `${name} against ${baseline.name}`,
          params: { texts: TEXTS, rounds },
          subject,
          baseline,
          allocatedBytesPerOp: allocated,
          target: [{ measure: 'allocatedBytesPerOp', atMost: 0 }],
        }),
      );
    }
  }
  return figures;
}

function over(texts: readonly string[], count: (text: string) => number): Loop {
  return (loops) => {
    let sum = 0;
    for (let i = 0; i < loops; i += 1) sum += count(texts[i % TEXTS]!);
    return sum;
  };
}

/** One string in one piece, as a parser makes them; joining would leave a tree of pieces. */
function flat(characters: readonly string[]): string {
  return JSON.parse(JSON.stringify(characters.join(''))) as string;
}
