/** Who pays whom: two pairs of pictures, of money from spam and from legitimate traffic, and who earned what under every policy. */
import { moneyPicture, moneySankey, type SankeyForm } from '../charts/sankey.ts';
import { html, type Markup } from '../markup.ts';
import { MEASURES } from '../../measures.ts';
import { causeName, partyName } from '../names.ts';
import { NOTHING, readable } from '../readable.ts';
import type { Comparison, MoneyFlow, PolicyFindings, Truth } from '../../results.ts';
import { quoted } from '../story.ts';
import { baselineOf, policyName } from './policy-name.ts';
import type { Section } from './section.ts';

/** Of what is earned from spam: less is not worth a sentence. */
const NOTABLE_SHARE = 0.001;
const WIDE: SankeyForm = { width: 540, showsPayers: true, reach: 190 };
const NARROW: SankeyForm = { width: 350, showsPayers: false, reach: 170 };
const TRUTHS: readonly { readonly truth: Truth; readonly of: string; readonly payers: string }[] = [
  { truth: 'spam', of: 'spam', payers: 'spammers' },
  { truth: 'legit', of: 'legitimate traffic', payers: 'good senders' },
];

export function moneySection(comparison: Comparison, counterpart: PolicyFindings | undefined): Section | null {
  const { policies, days } = comparison;
  const baseline = baselineOf(comparison);
  if (baseline === undefined || policies.every(({ money }) => money.length === 0)) return null;
  const shown = [baseline, ...(counterpart === undefined ? [] : [counterpart])];
  const beside =
    counterpart === undefined ? '' : `, under ${quoted(baseline.title)} and under ${quoted(counterpart.title)}`;
  return {
    id: 'money',
    title: 'Who pays whom',
    body: html`<p>
        What senders paid in ${days} days${beside}, as means of all runs. The two pictures of a pair are of one scale;
        the pairs are not. What victims lose to spammers is no part of it.${besides(baseline)}
      </p>
      ${TRUTHS.map((one) => pair(shown, policies, one))} ${TRUTHS.map((one) => earnings(policies, one))}`,
  };
}

/** Spammers also pay people who are no part of messaging. */
function besides({ title, money, measures }: PolicyFindings): string {
  const other = total(money.filter(({ payer }) => payer === 'spammers')) - measures.spamRevenue.mean;
  if (!(other > measures.spamRevenue.mean * NOTABLE_SHARE)) return '';
  return ` Of what spammers paid, ${readable('micros', other)} under ${quoted(title)} went to people who are no part of messaging, sellers of identities and accounts, and is not counted as “${MEASURES.spamRevenue.title}” elsewhere.`;
}

function pair(
  shown: readonly PolicyFindings[],
  policies: readonly PolicyFindings[],
  { truth, of, payers }: (typeof TRUTHS)[number],
): Markup | null {
  const flows = shown.map(({ money }) => money.filter((flow) => flow.truth === truth));
  const order = flows.flat();
  const largest = Math.max(...flows.map(total));
  if (!(largest > 0)) return null;
  return html`<h3>Money from ${of}</h3>
    <div class="pair ${truth}">
      ${shown.map((policy, index) => {
        const own = flows[index] ?? [];
        const title = `Money from ${of} under ${policy.title}: from ${payers} through what they pay for to who is paid. The amounts are in the table below the picture.`;
        const picture = (form: SankeyForm): Markup =>
          moneySankey(moneyPicture(own, order, form.showsPayers), largest, form, title);
        return html`<figure>
          <figcaption>
            ${policyName(policy, policies.indexOf(policy))} <b class="sum">${readable('micros', total(own))}</b>
          </figcaption>
          ${
            own.length === 0
              ? html`<p class="note">Nobody paid anything.</p>`
              : html`<div class="wide">${picture(WIDE)}</div>
                  <div class="narrow">${picture(NARROW)}</div>
                  ${flowsTable(own)}`
          }
        </figure>`;
      })}
    </div>`;
}

function flowsTable(flows: readonly MoneyFlow[]): Markup {
  return html`<details>
    <summary>The amounts of this picture</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Who pays</th>
            <th scope="col">What for</th>
            <th scope="col">Who is paid</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        <tbody>
          ${flows.map(
            ({ payer, cause, payee, micros }) =>
              html`<tr>
                <td class="text">${partyName(payer)}</td>
                <td class="text">${causeName(cause)}</td>
                <td class="text">${partyName(payee)}</td>
                <td>${readable('micros', micros)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

/** A column for each policy, since parties are many. */
function earnings(policies: readonly PolicyFindings[], { truth, of }: (typeof TRUTHS)[number]): Markup {
  const earned = policies.map(({ money }) => {
    const byPayee = new Map<string, number>();
    for (const flow of money) {
      if (flow.truth === truth) byPayee.set(flow.payee, (byPayee.get(flow.payee) ?? 0) + flow.micros);
    }
    return byPayee;
  });
  const payees = [...new Set(earned.flatMap((byPayee) => [...byPayee.keys()]))];
  const most = (payee: string): number => Math.max(...earned.map((byPayee) => byPayee.get(payee) ?? 0));
  payees.sort((a, b) => most(b) - most(a));
  const all = policies.map(({ money }) => total(money.filter((flow) => flow.truth === truth)));
  return html`<h3>Earned from ${of}, by party</h3>
    <div class="scroll" tabindex="0" role="region" aria-label="Earned from ${of}, by party">
      <table class="by-policy">
        <thead>
          <tr>
            <th scope="col">Party</th>
            ${policies.map((policy, place) => html`<th scope="col">${policyName(policy, place)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${payees.map(
            (payee) =>
              html`<tr>
                <th scope="row">${partyName(payee)}</th>
                ${earned.map((byPayee) => {
                  const micros = byPayee.get(payee);
                  return html`<td>${micros === undefined ? NOTHING : readable('micros', micros)}</td>`;
                })}
              </tr>`,
          )}
          <tr class="sum">
            <th scope="row">All</th>
            ${all.map((micros) => html`<td>${readable('micros', micros)}</td>`)}
          </tr>
        </tbody>
      </table>
    </div>`;
}

function total(flows: readonly MoneyFlow[]): number {
  return flows.reduce((sum, { micros }) => sum + micros, 0);
}
