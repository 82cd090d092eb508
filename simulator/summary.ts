/** A comparison for a terminal: what it says in words, then a table, then how sure it is. The report has all of it. */
import { MEASURES, type MeasureId } from './measures.ts';
import { verdictOf } from './report/difference.ts';
import { readable, readableValue } from './report/readable.ts';
import { differenceInWords, tell } from './report/story.ts';
import type { Comparison, PolicyFindings, Sensitivity } from './results.ts';

const WIDTH = 100;
const INDENT = '  ';
/** A row of the table is a policy: its name, spam landed beside the baseline, and these. */
const COLUMNS: readonly (readonly [id: MeasureId, heading: string])[] = [
  ['spamTolledShare', 'of it paid the toll'],
  ['spamRevenue', 'earned from spam'],
  ['spammerProfit', "spammers' profit"],
  ['legitCostPerMessage', 'a good message costs'],
  ['legitFalseBlockShare', 'good ones stopped'],
];
const FIGURE_WIDTH = 12;
/** Bars of a tornado that are told here. */
const BARS_TOLD = 5;

export function formatComparison(comparison: Comparison): string {
  const { scenario, days, scale, seed, replications, policies, sensitivity, isPartial, digest, command } = comparison;
  const { headline, sentences } = tell(comparison);
  const size = scale === 1 ? '' : `, scale ${scale}`;
  const lines = [
    ...(isPartial ? ['PARTIAL: stopped before all runs were done; this is of what there was.', ''] : []),
    ...wrapped(headline),
    '',
    // Of one policy they say what the headline says.
    ...(policies.length === 1 ? [] : [...sentences.flatMap((sentence) => wrapped(sentence)), '']),
    `${scenario.title}: ${days} days from ${scenario.start}${size}, ${replications} ${replications === 1 ? 'run' : 'runs'}${policies.length === 1 ? '' : ' of each policy'}`,
    '',
    ...table(comparison),
    ...(policies.length > 1 ? ['', `~ cannot be told apart from ${comparison.baseline}`] : []),
    ...(sensitivity === null ? [] : ['', ...sensitivityLines(sensitivity, comparison)]),
    '',
    `seed     ${seed}`,
    `digest   ${digest}`,
    `again    ${command}`,
  ];
  return `${lines.join('\n')}\n`;
}

function table({ policies, baseline: id }: Comparison): string[] {
  const baseline = policies.length > 1 ? policies.find(({ policy }) => policy === id) : undefined;
  const names = policies.map(({ policy }) => nameLines(policy));
  const nameWidth = Math.max(...names.flat().map((line) => line.length)) + INDENT.length;
  const headings = [
    'spam landed',
    ...(baseline === undefined ? [] : ['beside baseline']),
    ...COLUMNS.map(([, heading]) => heading),
  ];
  const broken = headings.map((heading) => brokenAt(heading, FIGURE_WIDTH - 1));
  const tall = Math.max(...broken.map((lines) => lines.length));
  const row = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(nameWidth)}${cells.map((cell) => cell.padStart(FIGURE_WIDTH)).join('')}`.trimEnd();
  return [
    ...Array.from({ length: tall }, (_, line) =>
      row(
        '',
        broken.map((lines) => lines[line - tall + lines.length] ?? ''),
      ),
    ),
    ...policies.flatMap((policy, place) => {
      const [name = '', ...more] = names[place] ?? [];
      return [row(name, cellsOf(policy, baseline)), ...more];
    }),
  ];
}

function cellsOf(policy: PolicyFindings, baseline: PolicyFindings | undefined): string[] {
  const landed = readable('messages', policy.measures.spamLanded.mean);
  const figures = COLUMNS.map(([id]) => {
    const figure = readable(MEASURES[id].unit, policy.measures[id].mean);
    const isUnclear =
      baseline !== undefined && policy !== baseline && verdictOf(policy.versusBaseline[id]) === 'unclear';
    return isUnclear ? `~${figure}` : figure;
  });
  return [landed, ...besideBaseline(policy, baseline), ...figures];
}

function besideBaseline(policy: PolicyFindings, baseline: PolicyFindings | undefined): string[] {
  if (baseline === undefined) return [];
  if (policy === baseline) return [''];
  switch (verdictOf(policy.versusBaseline.spamLanded)) {
    case 'lower':
    case 'higher':
      return [differenceInWords(policy, baseline, 'spamLanded', 'messages')];
    case 'same':
      return ['the same'];
    case 'unclear':
    case 'unmeasured':
      return ['~'];
  }
}

function sensitivityLines({ samples, conclusions, tornados }: Sensitivity, { baseline }: Comparison): string[] {
  const tornado = tornados.find(({ policy, measure }) => policy === baseline && measure === 'spamLanded');
  const bars = tornado?.bars.slice(0, BARS_TOLD) ?? [];
  const at = (value: number, landed: number): string =>
    `${readable('messages', landed)} at ${readableValue(value)}`.padStart(FIGURE_WIDTH * 2);
  return [
    `In how many of ${samples} draws of all uncertain parameters it holds:`,
    ...conclusions.map(
      ({ holds, of, sentence }) => `${INDENT}${`${holds} of ${of}`.padStart(FIGURE_WIDTH)}  ${sentence}`,
    ),
    ...(bars.length === 0 ? [] : ['', `What spam landed under ${baseline} hangs on most:`]),
    ...bars.map(({ title, low, high, atLow, atHigh }) => `${at(low, atLow.mean)}${at(high, atHigh.mean)}  ${title}`),
  ];
}

/** A combination is broken before each +, since its name is longer than the table has room for. */
function nameLines(policy: string): string[] {
  return policy.split('+').map((part, index) => (index === 0 ? part : `${INDENT}+${part}`));
}

function wrapped(text: string): string[] {
  return brokenAt(text, WIDTH);
}

function brokenAt(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
