import { describe, expect, it } from 'vitest';
import { type PolicyFacts, readPolicies, readPolicy } from './policy-expression.ts';
import { parameterUnderTest } from './run-under-test.ts';

const facts = (id: string, contradicts: PolicyFacts['contradicts'] = {}): PolicyFacts => ({
  id,
  title: id.toUpperCase(),
  sentence: `It is ${id}.`,
  contradicts,
});
const POLICIES = [
  facts('toll'),
  facts('kyc'),
  facts('fines'),
  facts('block', { price: 'what is blocked pays no price' }),
  { ...facts('price'), figure: 'surchargeFactor' },
];
const PARAMETERS = [parameterUnderTest('surchargeFactor', { value: 3 })];
const TERMS = { policies: POLICIES, parameters: PARAMETERS };

function choiceOf(written: string): object {
  const read = readPolicy(written, TERMS);
  if (!read.ok) throw new Error(read.wrong);
  return read.choice;
}

function wrongOf(written: string): string {
  const read = readPolicy(written, TERMS);
  return read.ok ? 'nothing' : read.wrong;
}

describe('an expression', () => {
  it('is one policy, from the first day on', () => {
    expect(choiceOf('kyc')).toEqual({
      policy: 'kyc',
      title: 'KYC',
      sentence: 'It is kyc.',
      starts: [{ id: 'kyc', day: 0 }],
      set: {},
    });
  });

  it('is several, each from its own day', () => {
    expect(choiceOf('kyc@10+fines+block@2.5')).toEqual({
      policy: 'kyc@10+fines+block@2.5',
      title: 'KYC, from day 10 + FINES + BLOCK, from day 2.5',
      sentence: 'It is kyc. It is fines. It is block.',
      starts: [
        { id: 'kyc', day: 10 },
        { id: 'fines', day: 0 },
        { id: 'block', day: 2.5 },
      ],
      set: {},
    });
  });

  it('may give a policy its figure', () => {
    expect(choiceOf('kyc+price=2.5@4')).toMatchObject({
      title: 'KYC + PRICE (2.5 times), from day 4',
      starts: [
        { id: 'kyc', day: 0 },
        { id: 'price', day: 4 },
      ],
      set: { surchargeFactor: 2.5 },
    });
  });

  it.each([
    ['kyd', 'there is no policy "kyd" in "kyd": write some of toll, kyc, fines, block, price, joined with +'],
    ['kyc+', 'there is no policy "" in "kyc+": write some of toll, kyc, fines, block, price, joined with +'],
    ['kyc@', '"kyc@" has no day behind its @: write the days from the start of the run until kyc begins, as kyc@10'],
    [
      'kyc@-1',
      '"kyc@-1" has no day behind its @: write the days from the start of the run until kyc begins, as kyc@10',
    ],
    ['price=', '"price=" has no figure behind its =: write 0 or more, in times, as price=3'],
    ['price=-2', '"price=-2" has no figure behind its =: write 0 or more, in times, as price=3'],
    ['kyc=2', '"kyc=2" gives kyc a figure, and it has none: write kyc; with a figure are price'],
    ['kyc+fines+kyc@3', '"kyc+fines+kyc@3" has kyc twice: write it once'],
    [
      'block+price',
      'block and price contradict each other in "block+price": what is blocked pays no price; leave one of them out',
    ],
    [
      'price+kyc+block@3',
      'price and block contradict each other in "price+kyc+block@3": what is blocked pays no price; leave one of them out',
    ],
  ])('%s is told what is wrong with it', (written, wrong) => {
    expect(wrongOf(written)).toBe(wrong);
  });
});

describe('a list of them', () => {
  it('keeps its order, the baseline first', () => {
    const read = readPolicies('toll, kyc+fines', TERMS);
    expect(read.ok && read.choices.map(({ policy }) => policy)).toEqual(['toll', 'kyc+fines']);
  });

  it('tells all mistakes at once', () => {
    const read = readPolicies('toll,kyd,block+price', TERMS);
    expect(!read.ok && read.lines).toEqual([wrongOf('kyd'), wrongOf('block+price')]);
  });

  it('has each combination once', () => {
    expect(readPolicies('toll,kyc,toll', TERMS)).toEqual({
      ok: false,
      lines: ['"toll" is there twice: name every combination once'],
    });
  });
});
