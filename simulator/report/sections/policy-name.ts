/** What the sections share: a policy's name with its mark, and whether its figure was told apart from the baseline's. */
import { badge } from '../charts/marks.ts';
import { verdictOf, type Verdict } from '../difference.ts';
import { html, type Markup } from '../markup.ts';
import type { MeasureId } from '../../measures.ts';
import type { Comparison, PolicyFindings } from '../../results.ts';

/** Letter, shape and name. */
export function policyName({ title }: Pick<PolicyFindings, 'title'>, place: number): Markup {
  return html`<span class="policy">${badge(place)}<span>${title}</span></span>`;
}

export function baselineOf({ policies, baseline }: Comparison): PolicyFindings | undefined {
  return policies.find(({ policy }) => policy === baseline);
}

const MARKS: Readonly<Record<Verdict, { readonly sign: string; readonly words: string }>> = {
  lower: { sign: '▼', words: 'clear' },
  higher: { sign: '▲', words: 'clear' },
  same: { sign: '=', words: 'the same' },
  unclear: { sign: '○', words: 'unclear' },
  unmeasured: { sign: '', words: '' },
};

/** Sign and word of how a policy's difference to the baseline stands. */
export function verdictMark(policy: PolicyFindings, id: MeasureId): Markup {
  const verdict = verdictOf(policy.versusBaseline[id]);
  const { sign, words } = MARKS[verdict];
  return html`<span class="verdict ${verdict}"><span aria-hidden="true">${sign} </span>${words}</span>`;
}
