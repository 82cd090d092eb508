/** What the report does not know. */
import { verdictOf } from '../difference.ts';
import { html } from '../markup.ts';
import { MEASURE_IDS, MEASURES } from '../../measures.ts';
import { readableRange } from '../readable.ts';
import type { Assumption, Comparison } from '../../results.ts';
import { listed, quoted } from '../story.ts';
import type { Section } from './section.ts';

/** Assumptions named as the least known. */
const NAMED = 5;

export function uncertaintySection(comparison: Comparison): Section {
  const { policies, baseline, replications, assumptions, sensitivity, isPartial } = comparison;
  const others = policies.filter(({ policy }) => policy !== baseline);
  const unclear = others.flatMap((policy) => {
    const ids = MEASURE_IDS.filter((id) => verdictOf(policy.versusBaseline[id]) === 'unclear');
    return ids.length === 0
      ? []
      : [{ title: policy.title, measures: ids.map((id) => MEASURES[id].title.toLowerCase()) }];
  });
  const guessed = assumptions.filter(({ grade }) => grade === 'assumed').length;
  const least = leastKnown(assumptions);
  return {
    id: 'uncertainty',
    title: 'What is uncertain',
    body: html`<ul class="prose">
      <li>
        <b>This is a model, not a measurement.</b> It shows what follows from its assumptions. People, carriers and
        spammers do more than it knows of.
      </li>
      <li>
        <b>Intervals tell of chance only.</b> ${
          replications < 2
            ? 'With a single run of each policy there are none, and no difference can be called clear.'
            : `They come from ${replications} runs that differ in their draws. Of twenty such intervals nineteen hold what endless runs would come to, and some five in six hold the mean of as many runs with another seed; wrong assumptions are no part of them.`
        }
      </li>
      ${
        assumptions.length === 0
          ? null
          : html`<li>
              <b>${guessed} of ${assumptions.length} assumptions have no published source</b> and are marked
              <span class="grade">assumed</span> below, with the range they may lie
              in.${least.length === 0 ? '' : ` The widest ranges beside their values: ${listed(least.map(describe))}.`}
            </li>`
      }
      ${
        unclear.length === 0
          ? null
          : html`<li>
              <b>Differences to the baseline that chance may have made:</b>
              <ul>
                ${unclear.map(({ title, measures }) => html`<li>${quoted(title)}: ${listed(measures)}.</li>`)}
              </ul>
            </li>`
      }
      ${
        sensitivity === null || sensitivity.samples === 0
          ? html`<li>
              <b>Other assumptions were not tried here.</b> <code>npx tollgate sweep</code> runs the comparison again
              over the ranges and says which conclusions hold.
            </li>`
          : html`<li>
              <b>Other assumptions were tried</b>, all ranges at once, ${sensitivity.samples} times:
              ${sensitivity.conclusions.filter(({ holds, of }) => of > 0 && holds >= 0.95 * of).length} of
              ${sensitivity.conclusions.length} conclusions hold in at least 95 % of them.
            </li>`
      }
      ${isPartial ? html`<li><b>It was stopped early</b>: there are fewer days, runs or other assumptions in it than asked for.</li>` : null}
      <li>
        <b>Many comparisons, some luck.</b> Of twenty differences that are none, one is expected to look clear. Look at
        size and reason, not at the mark alone.
      </li>
    </ul>`,
  };
}

/** Those whose range is the widest beside the value. */
function leastKnown(assumptions: readonly Assumption[]): readonly Assumption[] {
  const width = ({ low, high, value }: Assumption): number => (value === 0 ? 0 : (high - low) / Math.abs(value));
  return assumptions
    .filter((one) => width(one) > 0)
    .toSorted((a, b) => width(b) - width(a))
    .slice(0, NAMED);
}

function describe({ title, low, high, unit }: Assumption): string {
  // Not the first letter of an abbreviation.
  const name = /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title;
  return `${name} (${readableRange(low, high, unit)})`;
}
