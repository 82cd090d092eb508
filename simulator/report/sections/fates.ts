/** What became of the messages, spam and legitimate. */
import { html, type Markup } from '../markup.ts';
import { readable } from '../readable.ts';
import type { Comparison, Flow, Truth } from '../../results.ts';
import { policyName } from './policy-name.ts';
import type { Section } from './section.ts';

const OUTCOMES: readonly { readonly outcome: Flow['outcome']; readonly title: string }[] = [
  { outcome: 'delivered', title: 'Reached a phone' },
  { outcome: 'filtered', title: 'Stopped by a filter' },
  { outcome: 'blocked', title: 'Refused' },
  { outcome: 'limited', title: 'Over a limit' },
  { outcome: 'undelivered', title: 'Phone not reached' },
];

export function fatesSection({ policies }: Comparison): Section | null {
  const flows = policies.flatMap((policy) => policy.flows);
  const outcomes = OUTCOMES.filter(({ outcome }) =>
    flows.some((flow) => flow.outcome === outcome && flow.messages > 0),
  );
  if (outcomes.length === 0) return null;
  const part = (truth: Truth, title: string): Markup =>
    html`<h3>${title}</h3>
      <div class="scroll" tabindex="0" role="region" aria-label="${title}">
        <table>
          <thead>
            <tr>
              <th scope="col">Policy</th>
              ${outcomes.map((one) => html`<th scope="col">${one.title}</th>`)}
              <th scope="col">All</th>
            </tr>
          </thead>
          <tbody>
            ${policies.map((policy, place) => {
              const own = policy.flows.filter((flow) => flow.truth === truth);
              const all = sum(own);
              return html`<tr>
                <th scope="row">${policyName(policy, place)}</th>
                ${outcomes.map(({ outcome }) => {
                  const messages = sum(own.filter((flow) => flow.outcome === outcome));
                  return html`<td>
                    ${readable('messages', messages)}<span class="change"
                      >${messages === 0 ? '' : readable('share', messages / all)}</span
                    >
                  </td>`;
                })}
                <td>${readable('messages', all)}</td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>`;
  return {
    id: 'fates',
    title: 'What became of the messages',
    body: html`${part('spam', 'Spam')} ${part('legit', 'Legitimate messages')}`,
  };
}

function sum(flows: readonly Flow[]): number {
  return flows.reduce((total, { messages }) => total + messages, 0);
}
