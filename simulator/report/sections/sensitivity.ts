/** What happens to the findings when the assumptions are others. */
import { spanOf, tornadoBar } from '../charts/bars.ts';
import { html, type Markup } from '../markup.ts';
import { MEASURES } from '../../measures.ts';
import { readable, readablePercent, readableRange } from '../readable.ts';
import type { Comparison, Conclusion, PolicyFindings, Tornado } from '../../results.ts';
import { quoted } from '../story.ts';
import type { Section } from './section.ts';

/** The rest moves the figure less. */
const BARS_MAX = 10;
const MARGIN = 0.04;

/** `counterpart` is the policy that the report looks at beside the baseline. */
export function sensitivitySection(comparison: Comparison, counterpart: PolicyFindings | undefined): Section | null {
  const { sensitivity, policies, assumptions, baseline } = comparison;
  if (sensitivity === null) return null;
  const { tornados, samples, conclusions } = sensitivity;
  const unitOf = (parameter: string): string => assumptions.find(({ id }) => id === parameter)?.unit ?? '';
  const titleOf = (policy: string): string => policies.find((one) => one.policy === policy)?.title ?? policy;
  const tables = (some: readonly Tornado[]): readonly (Markup | null)[] =>
    some.map((tornado) => tornadoTable(tornado, titleOf(tornado.policy), unitOf));
  // Of a parameter alone nothing was tried where no runs were asked for.
  const varied = tornados.filter(({ bars }) => bars.length > 0);
  const isFirst = ({ policy, measure }: Tornado): boolean =>
    (policy === baseline || policy === counterpart?.policy) && measure === 'spamLanded';
  const rest = varied.filter((tornado) => !isFirst(tornado));
  return {
    id: 'sensitivity',
    title: 'Which conclusions survive other assumptions',
    body: html`${conclusions.length === 0 ? null : conclusionsTable(conclusions, samples)}
    ${tables(varied.filter(isFirst))}
    ${
      rest.length === 0
        ? null
        : html`<details>
            <summary>The same for other figures and policies (${rest.length})</summary>
            ${tables(rest)}
          </details>`
    }`,
  };
}

function conclusionsTable(conclusions: readonly Conclusion[], samples: number): Markup {
  return html`<p>
      Everything was run again with ${samples} other sets of assumptions, drawn from all ranges at once. So often each
      conclusion held:
    </p>
    <table class="conclusions">
      <thead>
        <tr>
          <th scope="col">Conclusion</th>
          <th scope="col">Holds in</th>
          <th scope="col" class="text">That is</th>
        </tr>
      </thead>
      <tbody>
        ${conclusions.map(
          ({ sentence, holds, of }) =>
            html`<tr>
              <th scope="row">${sentence}</th>
              <td>
                ${holds} of
                ${of}${
                  of === 0
                    ? null
                    : html` <svg class="held" height="10" aria-hidden="true">
                        <rect class="all" width="100%" height="10" />
                        <rect width="${Math.round((holds / of) * 100)}%" height="10" />
                      </svg>`
                }
              </td>
              <td class="text"><b>${strength(holds, of)}</b></td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function strength(holds: number, of: number): string {
  if (of === 0) return 'not tried';
  const share = holds / of;
  if (share >= 0.95) return 'robust';
  if (share >= 0.8) return 'likely';
  if (share >= 0.6) return 'weak';
  return share >= 0.4 ? 'open' : 'mostly not so';
}

function tornadoTable(
  { measure, atBase, bars }: Tornado,
  policy: string,
  unitOf: (parameter: string) => string,
): Markup | null {
  const shown = bars.slice(0, BARS_MAX);
  const span = spanOf([atBase, ...shown.flatMap(({ atLow, atHigh }) => [atLow, atHigh])].map(withoutInterval), MARGIN);
  if (span === undefined) return null;
  const { title, unit } = MEASURES[measure];
  const rest = bars.length - shown.length;
  return html`<h3>${title} under ${quoted(policy)}, one assumption changed at a time</h3>
    <figure>
      <figcaption>
        From the low (<svg class="swatch" width="18" height="12" aria-hidden="true">
          <rect class="low" width="18" height="12" />
        </svg>
        hatched) to the high (<svg class="swatch" width="18" height="12" aria-hidden="true">
          <rect class="high" width="18" height="12" />
        </svg>
        plain) end of each range, all others as assumed. The dashed line is ${readable(unit, atBase.mean)}, with all as
        assumed.
      </figcaption>
      <table class="cards tornados">
        <thead>
          <tr>
            <th scope="col">Assumption and its range</th>
            <th scope="col">At its low end</th>
            <th scope="col" class="chart"><span class="unseen">Chart</span></th>
            <th scope="col">At its high end</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (bar) =>
              html`<tr>
                <th scope="row">
                  ${bar.title} <span class="range">${readableRange(bar.low, bar.high, unitOf(bar.parameter))}</span>
                </th>
                <td data-label="At its low end">
                  ${readable(unit, bar.atLow.mean)}<span class="change">${relative(bar.atLow.mean, atBase.mean)}</span>
                </td>
                <td class="chart">${tornadoBar(bar.atLow, bar.atHigh, atBase.mean, span)}</td>
                <td data-label="At its high end">
                  ${readable(unit, bar.atHigh.mean)}<span class="change"
                    >${relative(bar.atHigh.mean, atBase.mean)}</span
                  >
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
      ${rest === 0 ? null : html`<p class="note">${rest} more ${rest === 1 ? 'assumption moves' : 'assumptions move'} it less; they are in comparison.json.</p>`}
    </figure>`;
}

function withoutInterval<Part extends { readonly mean: number }>(estimate: Part): Part & { low: number; high: number } {
  return { ...estimate, low: Number.NaN, high: Number.NaN };
}

function relative(mean: number, base: number): string {
  if (!(base > 0) || Number.isNaN(mean)) return '';
  const share = mean / base - 1;
  if (Math.abs(share) < 0.005) return 'as assumed';
  return `${readablePercent(share)} ${share < 0 ? 'less' : 'more'}`;
}
