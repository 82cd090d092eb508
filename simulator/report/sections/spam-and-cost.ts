/** Spam landed against the cost of a legitimate message, policy by policy. */
import { scatter, type ScatterPoint } from '../charts/scatter.ts';
import { html } from '../markup.ts';
import { readable, readableInterval } from '../readable.ts';
import type { Section } from './section.ts';
import type { Comparison } from '../../results.ts';
import { listed, quoted } from '../story.ts';
import { policyName } from './policy-name.ts';

const WIDE = { width: 960, height: 500, nameWidth: 27 };
const NARROW = { width: 350, height: 380, nameWidth: 0 };

export function scatterSection({ policies }: Comparison): Section | null {
  const all = policies.map(({ title, measures }, place): ScatterPoint => ({
    place,
    title,
    x: measures.legitCostPerMessage,
    y: measures.spamLanded,
  }));
  const points = all.filter(({ x, y }) => !Number.isNaN(x.mean + y.mean));
  if (points.length === 0) return null;
  const missing = all.filter((point) => !points.includes(point)).map(({ title }) => quoted(title));
  const x = { title: 'Cost of a legitimate message', unit: 'micros' } as const;
  const y = { title: 'Spam messages that reached phones', unit: 'messages' } as const;
  const title =
    'Spam that reached phones against the cost of a legitimate message. The figures are in the table below the chart.';
  return {
    id: 'spam-and-cost',
    title: 'Less spam, and at whose cost',
    body: html`<figure>
      <figcaption>
        Further down is less spam, further left is cheaper for good senders. Dotted lines go through the baseline. Bars
        are 95 % intervals of each policy by itself; differences are surer than they look here, since all policies are
        run on the same draws.
        ${missing.length === 0 ? null : `Not shown, since no legitimate message arrived: ${listed(missing)}.`}
      </figcaption>
      <div class="wide">${scatter(points, x, y, WIDE, title)}</div>
      <div class="narrow">${scatter(points, x, y, NARROW, title)}</div>
      <details>
        <summary>The figures of this chart</summary>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Policy</th>
                <th scope="col">${y.title}</th>
                <th scope="col">95 % interval</th>
                <th scope="col">${x.title}</th>
                <th scope="col">95 % interval</th>
              </tr>
            </thead>
            <tbody>
              ${points.map(
                (point) =>
                  html`<tr>
                    <th scope="row">${policyName(point, point.place)}</th>
                    <td>${readable(y.unit, point.y.mean)}</td>
                    <td>${readableInterval(y.unit, point.y)}</td>
                    <td>${readable(x.unit, point.x.mean)}</td>
                    <td>${readableInterval(x.unit, point.x)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
      </details>
      <ul class="legend narrow">
        ${points.map((point) => html`<li>${policyName(point, point.place)}</li>`)}
      </ul>
    </figure>`,
  };
}
