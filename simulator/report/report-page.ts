/**
 * The report as one page for readers who are no engineers: what the comparison says first, pictures next, every figure after them, and
 * what all of it rests on at the end. It loads nothing and runs nothing, and its policy of content says so to the browser.
 */
import { createHash } from 'node:crypto';
import type { Comparison } from '../results.ts';
import { html, Markup } from './markup.ts';
import { PAGE_STYLE } from './page-style.ts';
import { assumptionsSection, reproduceSection } from './sections/assumptions.ts';
import { everyFigureSection } from './sections/every-figure.ts';
import { fatesSection } from './sections/fates.ts';
import { glanceSection } from './sections/glance.ts';
import { dailySection } from './sections/day-by-day.ts';
import { moneySection } from './sections/money.ts';
import { scatterSection } from './sections/spam-and-cost.ts';
import { sensitivitySection } from './sections/sensitivity.ts';
import { strategiesSection } from './sections/strategies.ts';
import { uncertaintySection } from './sections/uncertainty.ts';
import { readableDate } from './dates.ts';
import { readableValue } from './readable.ts';
import { tell } from './story.ts';
import { fillPatterns } from './charts/fills.ts';

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%230b5cad'/%3E%3Cpath d='M4 13V3M4 5l9 3-9 1' stroke='%23fff' stroke-width='2' fill='none'/%3E%3C/svg%3E";

export function reportPage(comparison: Comparison): string {
  const { scenario, days, scale, replications, isPartial, policies } = comparison;
  const story = tell(comparison);
  const sections = [
    glanceSection(comparison),
    scatterSection(comparison),
    moneySection(comparison, story.counterpart),
    strategiesSection(comparison),
    dailySection(comparison),
    fatesSection(comparison),
    sensitivitySection(comparison, story.counterpart),
    uncertaintySection(comparison),
    reproduceSection(comparison),
    everyFigureSection(comparison),
    assumptionsSection(comparison),
  ].filter((section) => section !== null);
  // The hash is of every character between the tags.
  const style = new Markup(`<style>${PAGE_STYLE}</style>`);
  const hash = createHash('sha256').update(PAGE_STYLE).digest('base64');
  const size = scale === 1 ? '' : `, at ${readableValue(scale)} of its size`;
  const runs = `${replications} ${replications === 1 ? 'run' : 'runs'} of each`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${scenario.title}: policies compared</title>
        <link rel="icon" href="${ICON}" />
        ${style}
      </head>
      <body>
        ${fillPatterns()}
        ${
          isPartial
            ? html`<p class="partial" role="note">
                <strong>Partial report.</strong> The comparison was stopped before all runs were done. What follows
                rests on the ${replications} ${replications === 1 ? 'replication' : 'replications'} that every policy
                has.
              </p>`
            : null
        }
        <header>
          <p class="eyebrow">Tollgate policy lab · ${scenario.title}</p>
          <h1>${story.headline}</h1>
          ${story.sentences.map((sentence) => html`<p class="lead">${sentence}</p>`)}
          <p class="basis">
            ${days} simulated ${days === 1 ? 'day' : 'days'} from ${readableDate(scenario.start)}${size} ·
            ${policies.length} ${policies.length === 1 ? 'policy' : 'policies'} · ${runs}, all policies on the same
            draws of chance · intervals are 95 %
          </p>
          ${scenario.description === '' ? null : html`<p class="basis">${scenario.description}</p>`}
        </header>
        <nav aria-label="In this report">
          <ul>
            ${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
          </ul>
        </nav>
        <main>
          ${sections.map(
            ({ id, title, body }) =>
              html`<section id="${id}" aria-labelledby="${id}-title">
                <h2 id="${id}-title">${title}</h2>
                ${body}
              </section>`,
          )}
        </main>
      </body>
    </html> `;
  return page.text;
}
