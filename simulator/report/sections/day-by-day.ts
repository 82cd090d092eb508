/** What happened day by day, as small multiples. */
import { daysPerPoint, panel, pointsOf, topOf } from '../charts/small-multiples.ts';
import { dateOfDay, readableDate } from '../dates.ts';
import { html, type Markup } from '../markup.ts';
import { SERIES, SERIES_IDS, type SeriesId } from '../../measures.ts';
import { readable } from '../readable.ts';
import type { Comparison, Estimate } from '../../results.ts';
import { baselineOf, policyName } from './policy-name.ts';
import type { Section } from './section.ts';

export function dailySection(comparison: Comparison): Section | null {
  const { policies, scenario } = comparison;
  const days = Math.max(...policies.map(({ daily }) => daily.spamLanded.length));
  // One day makes no curve.
  if (days < 2) return null;
  const [first, last] = [0, days - 1].map((day) => readableDate(dateOfDay(scenario.start, day)));
  const each = daysPerPoint(days);
  const means = each === 1 ? '' : ` Each point is the mean of ${each} days, and so are the bands.`;
  return {
    id: 'daily',
    title: 'Day by day',
    body: html`<p>
        From ${first ?? ''} at the left to ${last ?? ''} at the right. The line is the mean of all runs, the band its 95
        % interval, the dashed line the baseline. All pictures of a row share their scale.${means}
      </p>
      ${SERIES_IDS.map((id) => series(comparison, id))}`,
  };
}

function series(comparison: Comparison, id: SeriesId): Markup {
  const { policies } = comparison;
  const baseline = baselineOf(comparison);
  const { title, unit } = SERIES[id];
  const points = policies.map(({ daily }) => pointsOf(daily[id]));
  const top = topOf(points);
  const reference = baseline && pointsOf(baseline.daily[id]);
  return html`<h3>${title} <span class="scale">each from 0 to ${readable(unit, top)} a day</span></h3>
    <div class="panels">
      ${policies.map((policy, place) => {
        const mean = `${readable(unit, meanOf(policy.daily[id]))} a day`;
        return html`<figure>
          <figcaption>${policyName(policy, place)}</figcaption>
          ${panel(points[place] ?? [], policy === baseline ? undefined : reference, top, place, `${title} under ${policy.title}: ${inWords(policy.daily[id], unit)}`)}
          <p class="mean">${mean}</p>
        </figure>`;
      })}
    </div>`;
}

function meanOf(daily: readonly Estimate[]): number {
  const measured = daily.filter(({ mean }) => !Number.isNaN(mean));
  return measured.reduce((sum, { mean }) => sum + mean, 0) / measured.length;
}

/** The curve for who does not see it. */
function inWords(daily: readonly Estimate[], unit: (typeof SERIES)[SeriesId]['unit']): string {
  const third = Math.max(1, Math.floor(daily.length / 3));
  const [begin, end] = [daily.slice(0, third), daily.slice(-third)].map((some) => readable(unit, meanOf(some)));
  return `${begin} a day in the first third of the time, ${end} in the last`;
}
