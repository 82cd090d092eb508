// Trains the classifier by which simulated carriers tell spam from its text, and writes gateway/delivery/spam-words.json:
//
//   npx tsx scripts/train-spam-words.ts
//
// A logistic regression, fitted by plain gradient descent from zero: the same corpora give the same bytes. Texts that differ only in
// digits, case or punctuation count as one, since copies of one text in both parts would flatter the figures. Which part a text falls
// into depends on its words alone. What is kept back is never trained on, and the figures in the file are of that part.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { SpamWords, type SpamWeights, TEXT_SHAPES, TextFeatures, wordHash } from '../gateway/delivery/index.ts';
import { loadCorpus } from '../gateway/demo/index.ts';

const FILE = new URL('../gateway/delivery/spam-words.json', import.meta.url);

const WORDS = 250;
const TEXTS_WITH_WORD_MIN = 4;
/** Texts of which one is kept back. */
const KEPT_BACK = 5;
const ROUNDS = 400;
const STEP = 4;
const PENALTY = 2e-4;

type Label = 'ham' | 'spam' | 'smishing';

interface Sample {
  readonly text: string;
  readonly label: Label;
  readonly words: readonly string[];
}

interface Share {
  readonly texts: number;
  readonly found: number;
}

export interface TrainedWords extends SpamWeights {
  /** Different texts trained on. */
  readonly trainedOn: Readonly<Record<Label, number>>;
  /** Of the texts kept back: how many there are, and how many score above 0. */
  readonly keptBack: Readonly<Record<Label, Share>>;
}

export function trainSpamWords(): TrainedWords {
  const samples = differentSamples();
  const isKeptBack = (sample: Sample): boolean => (wordHash(sample.words.join(' ')) >>> 8) % KEPT_BACK === 0;
  const training = samples.filter((sample) => !isKeptBack(sample));
  const kept = samples.filter(isKeptBack);
  const weights = fit(training);
  const words = new SpamWords(weights);
  const ofLabel = (some: readonly Sample[], label: Label): Sample[] => some.filter((one) => one.label === label);
  const shareOf = (label: Label): Share => {
    const texts = ofLabel(kept, label);
    return { texts: texts.length, found: texts.filter(({ text }) => words.score(text) > 0).length };
  };
  const countOf = (label: Label): number => ofLabel(training, label).length;
  return {
    trainedOn: { ham: countOf('ham'), spam: countOf('spam'), smishing: countOf('smishing') },
    keptBack: { ham: shareOf('ham'), spam: shareOf('spam'), smishing: shareOf('smishing') },
    ...weights,
  };
}

/** One of each set of texts that read alike. Where labels differ the first stands: ham before spam before smishing. */
function differentSamples(): Sample[] {
  const corpus = loadCorpus();
  const byWords = new Map<string, Sample>();
  for (const label of ['ham', 'spam', 'smishing'] as const) {
    for (const text of corpus[label]) {
      const words = wordsOf(text);
      const key = words.join(' ');
      if (!byWords.has(key)) byWords.set(key, { text, label, words });
    }
  }
  return [...byWords.values()];
}

/** The words of a text as `TextFeatures` hashes them. */
export function wordsOf(text: string): string[] {
  return (text.match(/[a-z0-9]+/gi) ?? []).map((word) => word.toLowerCase().replace(/\d/g, '0'));
}

function fit(samples: readonly Sample[]): SpamWeights {
  const vocabulary = tellingWords(samples);
  const placeOf = new Map(vocabulary.map((word, place) => [word, place + TEXT_SHAPES.length]));
  const features = new TextFeatures();
  const rows = samples.map(({ text, words }) => {
    features.read(text);
    const shapes = TEXT_SHAPES.flatMap((_, shape) => ((features.shapes & (1 << shape)) === 0 ? [] : [shape]));
    return Int32Array.from([...shapes, ...[...new Set(words)].flatMap((word) => placeOf.get(word) ?? [])]);
  });
  const isSpam = samples.map(({ label }) => label !== 'ham');
  const weights = new Float64Array(TEXT_SHAPES.length + vocabulary.length);
  const slopes = new Float64Array(weights.length);
  let bias = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    slopes.fill(0);
    let biasSlope = 0;
    for (const [index, row] of rows.entries()) {
      let logOdds = bias;
      for (const place of row) logOdds += weights[place] ?? 0;
      const error = 1 / (1 + Math.exp(-logOdds)) - (isSpam[index] === true ? 1 : 0);
      biasSlope += error;
      for (const place of row) slopes[place] = (slopes[place] ?? 0) + error;
    }
    bias -= (STEP * biasSlope) / rows.length;
    for (const [place, weight] of weights.entries()) {
      weights[place] = weight - STEP * ((slopes[place] ?? 0) / rows.length + PENALTY * weight);
    }
  }
  const hundredths = (value = 0): number => Math.round(value * 100) + 0;
  return {
    bias: hundredths(bias),
    shapes: Object.fromEntries(TEXT_SHAPES.map((shape, place) => [shape, hundredths(weights[place])])),
    words: Object.fromEntries(
      [...placeOf]
        .map(([word, place]) => [word, hundredths(weights[place])] as const)
        .filter(([, weight]) => weight !== 0)
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    ),
  };
}

/** The words that tell most about the label, by mutual information; of equals the first in the alphabet. */
function tellingWords(samples: readonly Sample[]): string[] {
  const spamCount = samples.filter(({ label }) => label !== 'ham').length;
  const counts = new Map<string, [ham: number, spam: number]>();
  for (const { words, label } of samples) {
    for (const word of new Set(words)) {
      const count = counts.get(word) ?? [0, 0];
      count[label === 'ham' ? 0 : 1] += 1;
      counts.set(word, count);
    }
  }
  const total = samples.length;
  const part = (joint: number, one: number, other: number): number =>
    joint === 0 ? 0 : (joint / total) * Math.log((joint * total) / (one * other));
  return [...counts]
    .filter(([, [ham, spam]]) => ham + spam >= TEXTS_WITH_WORD_MIN)
    .map(([word, [ham, spam]]) => {
      const withWord = ham + spam;
      const hams = total - spamCount;
      const told =
        part(ham, withWord, hams) +
        part(spam, withWord, spamCount) +
        part(hams - ham, total - withWord, hams) +
        part(spamCount - spam, total - withWord, spamCount);
      return { word, told };
    })
    .sort((one, other) => other.told - one.told || (one.word < other.word ? -1 : 1))
    .slice(0, WORDS)
    .map(({ word }) => word);
}

/** The file's text. */
export function spamWordsFile(): string {
  return `${JSON.stringify(trainSpamWords(), null, 1)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(FILE, spamWordsFile());
  const { trainedOn, keptBack } = trainSpamWords();
  console.log(JSON.stringify({ trainedOn, keptBack }));
}
