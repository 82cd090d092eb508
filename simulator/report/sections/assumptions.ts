/** What the comparison rests on, and how anybody makes it again. */
import { html, type Markup } from '../markup.ts';
import { readableRange, readableValue } from '../readable.ts';
import type { Assumption, Comparison } from '../../results.ts';
import { quoted } from '../story.ts';
import type { Section } from './section.ts';

const GRADES: readonly (readonly [string, string])[] = [
  ['A', 'the document of who sets the figure'],
  ['B', 'one reseller or a copy'],
  ['C', 'second hand, or a date that is not known'],
  ['D', 'sources disagree'],
  ['assumed', 'nobody has published it'],
];

export function assumptionsSection({ assumptions }: Comparison): Section | null {
  if (assumptions.length === 0) return null;
  return {
    id: 'assumptions',
    title: 'What it rests on',
    body: html`<p>
        Grades:
        ${GRADES.map(([grade, meaning], place) => html`${place === 0 ? '' : '; '}<span class="grade">${grade}</span> ${meaning}`)}.
        A <span class="grade">◆ scenario</span> value is this scenario’s own.
      </p>
      <table class="cards assumptions">
        <thead>
          <tr>
            <th scope="col">Assumption</th>
            <th scope="col">Value</th>
            <th scope="col">Range</th>
            <th scope="col">Grade</th>
            <th scope="col" class="text">Source</th>
          </tr>
        </thead>
        <tbody>
          ${assumptions.map(row)}
        </tbody>
      </table>`,
  };
}

function row({ id, title, unit, value, low, high, grade, source, note, isOfScenario }: Assumption): Markup {
  const shown = unit === 'share' ? `${readableValue(value * 100)} %` : `${readableValue(value)} ${unit}`;
  return html`<tr>
    <th scope="row">${title} <code>${id}</code></th>
    <td data-label="Value">${shown}${isOfScenario ? html` <span class="grade">◆ scenario</span>` : null}</td>
    <td data-label="Range">${low === high ? 'no range' : readableRange(low, high, unit)}</td>
    <td data-label="Grade"><span class="grade">${grade}</span></td>
    <td data-label="Source" class="text">
      ${source}${note === '' ? null : html` <span class="remark">${note}</span>`}
    </td>
  </tr>`;
}

export function reproduceSection({ command, seed, digest, version, policies, scenario, scale }: Comparison): Section {
  return {
    id: 'again',
    title: 'How to make it again',
    body: html`<p>The same version of Tollgate makes the same figures, byte for byte, with</p>
      <pre><code>${command}</code></pre>
      <dl class="facts">
        <div>
          <dt>Scenario</dt>
          <dd><code>${scenario.id}</code>, ${quoted(scenario.title)}</dd>
        </div>
        <div>
          <dt>Seed</dt>
          <dd><code>${seed}</code></dd>
        </div>
        <div>
          <dt>Scale</dt>
          <dd>${readableValue(scale)}</dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd>${version}</dd>
        </div>
        <div>
          <dt>Digest</dt>
          <dd><code class="digest">${digest}</code></dd>
        </div>
      </dl>
      <details>
        <summary>Digests of all runs</summary>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Policy</th>
                <th scope="col">By replication, from 0 on</th>
              </tr>
            </thead>
            <tbody>
              ${policies.map(
                ({ policy, digests }) =>
                  html`<tr>
                    <th scope="row"><code>${policy}</code></th>
                    <td class="text">${digests.map((one) => html`<code class="digest">${one}</code> `)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
      </details>
      <p class="note">
        Beside this page: comparison.json, and as CSV and Parquet measures, versus-baseline, daily and money.
      </p>`,
  };
}
