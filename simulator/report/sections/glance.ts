/** The whole comparison in one table, with each policy's rule in a sentence. */
import { verdictOf } from '../difference.ts';
import { html, type Markup } from '../markup.ts';
import { MEASURES, type MeasureId } from '../../measures.ts';
import { readable } from '../readable.ts';
import type { Section } from './section.ts';
import type { Comparison, PolicyFindings } from '../../results.ts';
import { differenceInWords } from '../story.ts';
import { baselineOf, policyName, verdictMark } from './policy-name.ts';

/** Who gains and who loses, and behind it what good senders lose on the way, who is found, and where spam goes. */
const TABLES: readonly { readonly label: string; readonly shown: readonly MeasureId[]; readonly hasRules: boolean }[] =
  [
    {
      label: 'Policies and their figures',
      shown: ['spamLanded', 'spamRevenue', 'legitCostPerMessage', 'legitFalseBlockShare', 'spammerProfit', 'harm'],
      hasRules: true,
    },
    {
      label: 'Losses on the way, traces, and where spam goes',
      shown: ['legitLostInGap', 'traceSuccessShare', 'traceHours', 'spamTolledShare', 'spamLandedP2p', 'numbersBurnt'],
      hasRules: false,
    },
  ];

export function glanceSection(comparison: Comparison): Section {
  return {
    id: 'glance',
    title: 'At a glance',
    body: html`${TABLES.map((one) => table(comparison, one))}
      <p class="note">
        Means of all runs. <b>▼ ▲ clear</b>: the 95 % interval of the difference to the baseline, run by run on the same
        draws, leaves out zero. <b>○ unclear</b>: chance alone may have made it.
      </p>`,
  };
}

function table(comparison: Comparison, { label, shown, hasRules }: (typeof TABLES)[number]): Markup {
  const baseline = baselineOf(comparison);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table class="cards glance">
      <thead>
        <tr>
          <th scope="col">Policy</th>
          ${shown.map((id) => html`<th scope="col">${MEASURES[id].title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${comparison.policies.map(
          (policy, place) =>
            html`<tr>
              ${rowHead(policy, place, hasRules)}${shown.map((id) => cell(policy, baseline, id))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function rowHead(policy: PolicyFindings, place: number, hasRule: boolean): Markup {
  return html`<th scope="row">
    ${policyName(policy, place)} ${hasRule ? html`<p class="rule">${policy.sentence}</p>` : null}
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
