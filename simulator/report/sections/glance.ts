/** The whole comparison in one table, with each policy's rule in a sentence. */
import { verdictOf } from '../difference.ts';
import { html, type Markup } from '../markup.ts';
import { MEASURES, type MeasureId } from '../../measures.ts';
import { readable } from '../readable.ts';
import type { Section } from './section.ts';
import type { Comparison, PolicyFindings } from '../../results.ts';
import { differenceInWords } from '../story.ts';
import { baselineOf, policyName, verdictMark } from './policy-name.ts';

const SHOWN: readonly MeasureId[] = [
  'spamLanded',
  'spamRevenue',
  'legitCostPerMessage',
  'legitFalseBlockShare',
  'spammerProfit',
  'harm',
];

export function glanceSection(comparison: Comparison): Section {
  const { policies } = comparison;
  const baseline = baselineOf(comparison);
  return {
    id: 'glance',
    title: 'At a glance',
    body: html`<div class="scroll" tabindex="0" role="region" aria-label="Policies and their figures">
        <table class="cards glance">
          <thead>
            <tr>
              <th scope="col">Policy</th>
              ${SHOWN.map((id) => html`<th scope="col">${MEASURES[id].title}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${policies.map(
              (policy, place) =>
                html`<tr>
                  ${rowHead(policy, place)}${SHOWN.map((id) => cell(policy, baseline, id))}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="note">
        Means of all runs. <b>▼ ▲ clear</b>: the 95 % interval of the difference to the baseline, run by run on the same
        draws, leaves out zero. <b>○ unclear</b>: chance alone may have made it.
      </p>`,
  };
}

function rowHead(policy: PolicyFindings, place: number): Markup {
  return html`<th scope="row">
    ${policyName(policy, place)}
    <p class="rule">${policy.sentence}</p>
  </th>`;
}

function cell(policy: PolicyFindings, baseline: PolicyFindings | undefined, id: MeasureId): Markup {
  const { unit, title } = MEASURES[id];
  const value = readable(unit, policy.measures[id].mean);
  if (baseline === undefined || policy === baseline) {
    return html`<td data-label="${title}"><strong>${value}</strong><span class="change">baseline</span></td>`;
  }
  const verdict = verdictOf(policy.versusBaseline[id]);
  const change = verdict === 'unmeasured' || verdict === 'same' ? '' : differenceInWords(policy, baseline, id, unit);
  return html`<td data-label="${title}">
    <strong>${value}</strong><span class="change">${change} ${verdictMark(policy, id)}</span>
  </td>`;
}
