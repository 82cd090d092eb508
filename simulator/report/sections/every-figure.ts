/** Every measure of every policy with its interval and its difference to the baseline. */
import { intervalBar, spanOf, type Span } from '../charts/bars.ts';
import { colourClass } from '../charts/marks.ts';
import { html, type Markup } from '../markup.ts';
import { MEASURE_IDS, MEASURES, type MeasureId } from '../../measures.ts';
import { NOTHING, readable, readableInterval } from '../readable.ts';
import type { Comparison, PolicyFindings } from '../../results.ts';
import { verdictOf } from '../difference.ts';
import { differenceInterval, differenceInWords } from '../story.ts';
import { baselineOf, policyName, verdictMark } from './policy-name.ts';
import type { Section } from './section.ts';

const MARGIN = 0.05;

export function everyFigureSection(comparison: Comparison): Section {
  return {
    id: 'figures',
    title: 'Every figure',
    body: html`<p>
        Means of all runs with their 95 % intervals, and the difference to the baseline on the same draws. ${NOTHING} is
        where there was nothing to measure.
      </p>
      <div class="figures">${MEASURE_IDS.map((id) => measureTable(comparison, id))}</div>`,
  };
}

function measureTable(comparison: Comparison, id: MeasureId): Markup {
  const { policies } = comparison;
  const baseline = baselineOf(comparison);
  const { title, meaning } = MEASURES[id];
  const span = spanOf(
    policies.map(({ measures }) => measures[id]),
    MARGIN,
  );
  return html`<div class="measure">
    <h3>${title}</h3>
    <p class="note">${meaning}</p>
    <table>
      <thead>
        <tr>
          <th scope="col">Policy</th>
          <th scope="col">Mean</th>
          <th scope="col" class="chart"><span class="unseen">Chart</span></th>
          <th scope="col">95 % interval</th>
          <th scope="col">Than the baseline</th>
          <th scope="col">95 % interval of that</th>
        </tr>
      </thead>
      <tbody>
        ${policies.map((policy, place) => row(policy, place, baseline, id, span))}
      </tbody>
    </table>
  </div>`;
}

function row(
  policy: PolicyFindings,
  place: number,
  baseline: PolicyFindings | undefined,
  id: MeasureId,
  span: Span | undefined,
): Markup {
  const { unit } = MEASURES[id];
  const estimate = policy.measures[id];
  const verdict = verdictOf(policy.versusBaseline[id]);
  const isCompared = baseline !== undefined && policy !== baseline && verdict !== 'unmeasured';
  return html`<tr>
    <th scope="row">${policyName(policy, place)}</th>
    <td class="mean">${readable(unit, estimate.mean)}</td>
    <td class="chart">${span === undefined ? null : intervalBar(estimate, span, colourClass(place))}</td>
    <td class="ends">${readableInterval(unit, estimate)}</td>
    <td class="versus">
      ${isCompared ? html`${verdict === 'same' ? null : html`${differenceInWords(policy, baseline, id, unit)} `}${verdictMark(policy, id)}` : policy === baseline ? 'baseline' : NOTHING}
    </td>
    <td class="ends">${isCompared ? differenceInterval(policy, id, unit) : ''}</td>
  </tr>`;
}
