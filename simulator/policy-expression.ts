/**
 * Policies as people write them: `closed-loop`, `kyc@10` for one that begins on day 10, `price=3` for one with a figure of its own, so
 * that a sweep of fees is `toll,price=2,price=4`, and `block-unregistered+closed-loop` for two at once.
 */
import type { Parameters, PolicyStart } from './run.ts';
import { boundsOf, type Parameter } from './scenarios/parameter-file.ts';

/** What there is to know of a policy before it runs. */
export interface PolicyFacts {
  readonly id: string;
  readonly title: string;
  /** The rule in one plain sentence. */
  readonly sentence: string;
  /** Why it cannot be with another, by the other's id. Said on one side it holds for both. */
  readonly contradicts: Readonly<Record<string, string>>;
  /** The parameter that a figure behind its = sets, for those that have one. */
  readonly figure?: string;
}

/** What expressions are read with. */
export interface PolicyTerms {
  readonly policies: readonly PolicyFacts[];
  readonly parameters: readonly Parameter[];
}

/** A combination of policies, or one alone. */
export interface PolicyChoice {
  /** As it was written. */
  readonly policy: string;
  readonly title: string;
  readonly sentence: string;
  readonly starts: readonly PolicyStart[];
  /** Values in place of the scenario's. */
  readonly set: Parameters;
}

/** One of a combination. */
interface Part {
  readonly facts: PolicyFacts;
  readonly day: number;
  readonly figure: { readonly parameter: Parameter; readonly value: number } | undefined;
}

export type PolicyRead =
  | { readonly ok: true; readonly choice: PolicyChoice }
  | { readonly ok: false; readonly wrong: string };

const PART = /^([^@=]*)(?:=([^@]*))?(?:@(.*))?$/;
const FIGURE = /^\d{1,9}(\.\d{1,9})?$/;
const DAY = /^\d{1,6}(\.\d{1,3})?$/;

/** Reads one expression with the policies there are. */
export function readPolicy(written: string, terms: PolicyTerms): PolicyRead {
  const wrong = (what: string): PolicyRead => ({ ok: false, wrong: what });
  const chosen: Part[] = [];
  for (const part of written.split('+')) {
    const [, id = '', figure, day] = PART.exec(part) ?? [];
    const facts = terms.policies.find((one) => one.id === id);
    if (facts === undefined) {
      const known = terms.policies.map((one) => one.id).join(', ');
      return wrong(`there is no policy "${id}" in "${written}": write some of ${known}, joined with +`);
    }
    if (day !== undefined && !DAY.test(day)) {
      const remedy = `write the days from the start of the run until ${id} begins, as ${id}@10`;
      return wrong(`"${part}" has no day behind its @: ${remedy}`);
    }
    if (chosen.some((one) => one.facts === facts)) return wrong(`"${written}" has ${id} twice: write it once`);
    const read = readFigure(facts, figure, terms);
    if ('wrong' in read) return wrong(`"${part}" ${read.wrong}`);
    chosen.push({ facts, day: Number(day ?? 0), figure: read.figure });
  }
  for (const [index, { facts: one }] of chosen.entries()) {
    for (const { facts: other } of chosen.slice(index + 1)) {
      const why = one.contradicts[other.id] ?? other.contradicts[one.id];
      if (why === undefined) continue;
      return wrong(`${one.id} and ${other.id} contradict each other in "${written}": ${why}; leave one of them out`);
    }
  }
  return { ok: true, choice: describe(written, chosen) };
}

function readFigure(
  { id, figure: name }: PolicyFacts,
  written: string | undefined,
  { policies, parameters }: PolicyTerms,
): Pick<Part, 'figure'> | { readonly wrong: string } {
  if (written === undefined) return { figure: undefined };
  const parameter = parameters.find((one) => one.id === name);
  if (parameter === undefined) {
    const known = policies.flatMap((one) => (one.figure === undefined ? [] : one.id)).join(', ');
    return { wrong: `gives ${id} a figure, and it has none: write ${id}; with a figure are ${known}` };
  }
  const { min, max, said } = boundsOf(parameter);
  const value = FIGURE.test(written) ? Number(written) : Number.NaN;
  if (value >= min && value <= max) return { figure: { parameter, value } };
  return { wrong: `has no figure behind its =: write ${said}, in ${parameter.unit}, as ${id}=${parameter.value}` };
}

function describe(written: string, parts: readonly Part[]): PolicyChoice {
  const titleOf = ({ facts, day, figure }: Part): string => {
    const amount = figure === undefined ? '' : ` (${figure.value} ${figure.parameter.unit})`;
    return `${facts.title}${amount}${day === 0 ? '' : `, from day ${day}`}`;
  };
  return {
    policy: written,
    title: parts.map(titleOf).join(' + '),
    sentence: parts.map(({ facts }) => facts.sentence).join(' '),
    starts: parts.map(({ facts, day }) => ({ id: facts.id, day })),
    set: Object.fromEntries(parts.flatMap(({ figure }) => (figure ? [[figure.parameter.id, figure.value]] : []))),
  };
}

export type PoliciesRead =
  | { readonly ok: true; readonly choices: readonly PolicyChoice[] }
  | { readonly ok: false; readonly lines: readonly string[] };

/** Reads a list such as `toll,kyc,kyc+fines`; what is wrong with it is one line each. */
export function readPolicies(written: string, terms: PolicyTerms): PoliciesRead {
  const parts = written.split(',').map((part) => part.trim());
  if (parts.includes('')) {
    return { ok: false, lines: [`"${written}" has a place without a policy: write names with one , between them`] };
  }
  const twice = parts.find((part, index) => parts.indexOf(part) !== index);
  if (twice !== undefined) return { ok: false, lines: [`"${twice}" is there twice: name every combination once`] };
  const read = parts.map((part) => readPolicy(part, terms));
  const lines = read.flatMap((one) => (one.ok ? [] : [one.wrong]));
  return lines.length > 0
    ? { ok: false, lines }
    : { ok: true, choices: read.flatMap((one) => (one.ok ? [one.choice] : [])) };
}
