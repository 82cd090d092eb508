/** What spammers do instead: shares of spam sent by strategy. */
import { fillOf, stack } from '../charts/bars.ts';
import { html } from '../markup.ts';
import { inOrder, strategyName } from '../names.ts';
import { NOTHING, readable } from '../readable.ts';
import type { Comparison } from '../../results.ts';
import { policyName } from './policy-name.ts';
import type { Section } from './section.ts';

export function strategiesSection({ policies }: Comparison): Section | null {
  const used = policies.flatMap(({ strategies }) => Object.keys(strategies).filter((id) => (strategies[id] ?? 0) > 0));
  const names = inOrder([...new Set(used)]);
  if (names.length === 0) return null;
  return {
    id: 'strategies',
    title: 'What spammers turn to',
    body: html`<figure>
      <figcaption>
        Each bar is all spam sent under a policy, by how it was sent. Where a way is closed and the others stay open,
        spam moves; the figure beside the bar says how much was sent at all.
      </figcaption>
      <ul class="legend">
        ${names.map(
          (name, fill) =>
            html`<li>
              <svg class="swatch" width="18" height="14" aria-hidden="true">
                <rect class="part" x="1" y="1" width="16" height="12" fill="${fillOf(fill)}" /></svg
              >${strategyName(name)}
            </li>`,
        )}
      </ul>
      <table class="bars">
        <thead class="unseen">
          <tr>
            <th scope="col">Policy</th>
            <th scope="col">By strategy</th>
            <th scope="col">Spam sent</th>
          </tr>
        </thead>
        <tbody>
          ${policies.map((policy, place) => {
            const parts = names.map((name, fill) => ({
              name: strategyName(name),
              share: policy.strategies[name] ?? 0,
              fill,
            }));
            const words = parts
              .filter(({ share }) => share > 0)
              .map(({ name, share }) => `${name} ${readable('share', share)}`);
            const sent = policy.measures.spamSent.mean;
            return html`<tr>
              <th scope="row">${policyName(policy, place)}</th>
              <td class="chart">${words.length === 0 ? NOTHING : stack(parts, words.join(', '))}</td>
              <td>${readable('messages', sent)} sent</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </figure>`,
  };
}
