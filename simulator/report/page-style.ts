/**
 * The look of the report. Light and dark from one set of names, and paper. `--p0` to `--p7` are the colours of policies, after Okabe and
 * Ito: as published on dark ground, darker on light ground where they had too little contrast. Spam is orange-red, legitimate blue.
 */
const LIGHT = `
  --ground: #f6f7f9; --card: #ffffff; --ink: #16202b; --soft: #52606d; --rule: #d9dee4; --faint: #e6eaef; --link: #0b5cad;
  --spam: #b84a00; --legit: #0b5cad; --notice: #fff4d6; --notice-rule: #b58a00;
  --p0: #33404d; --p1: #9a6200; --p2: #1f78ad; --p3: #007a59; --p4: #756b00; --p5: #0060a0; --p6: #b84a00; --p7: #a04a80;`;
const DARK = `
  --ground: #10161d; --card: #18212b; --ink: #e8edf2; --soft: #a3b0bd; --rule: #2d3945; --faint: #222d38; --link: #7db8f5;
  --spam: #f08a4b; --legit: #6fb3f2; --notice: #3a3112; --notice-rule: #d9b23c;
  --p0: #cfd8e0; --p1: #e69f00; --p2: #56b4e9; --p3: #2bbd93; --p4: #f0e442; --p5: #6fa8ff; --p6: #f0763a; --p7: #dd8fbd;`;

const each = (count: number, rule: (place: number) => string): string =>
  Array.from({ length: count }, (_, place) => rule(place)).join('\n');

/** For who listens. */
const UNSEEN =
  'position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;';

export const PAGE_STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media screen and (prefers-color-scheme: dark) { :root { ${DARK} } }
${each(8, (place) => `.p${place} { --c: var(--p${place}); }`)}
${each(8, (place) => `.fill${place} { --c: var(--p${(place + 1) % 8}); }`)}

* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto; max-width: 76rem; padding: 0 1.25rem 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.unseen { ${UNSEEN} }
.defs { position: absolute; }

/* Top */
.partial { margin: 1rem 0 0; padding: 0.75rem 1rem; border: 1px solid var(--notice-rule); border-left-width: 6px; border-radius: 6px; background: var(--notice); }
header { padding: 2rem 0 1.25rem; }
.eyebrow { margin: 0 0 0.75rem; color: var(--soft); font-size: 0.9rem; }
h1 { margin: 0 0 1.1rem; max-width: 34em; font-size: clamp(1.4rem, 1rem + 1.7vw, 2.05rem); font-weight: 650; line-height: 1.22; text-wrap: pretty; }
.lead { max-width: 50em; margin: 0 0 0.6rem; font-size: 1.06rem; text-wrap: pretty; }
.basis { max-width: 60em; margin: 0.9rem 0 0; color: var(--soft); font-size: 0.9rem; }
nav { border-block: 1px solid var(--rule); font-size: 0.9rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0.6rem 0; list-style: none; }

/* Text */
section { padding-top: 2.5rem; }
h2 { margin: 0 0 0.75rem; font-size: 1.35rem; line-height: 1.25; }
h3 { margin: 1.75rem 0 0.6rem; font-size: 1rem; }
section > p, .prose { max-width: 54em; }
section > p { margin: 0 0 1rem; }
.prose { margin: 0; padding-left: 1.25rem; }
.prose li { margin-bottom: 0.6rem; }
.prose ul { margin-top: 0.4rem; }
.prose ul li { margin-bottom: 0.2rem; }
.note { margin: 0.6rem 0; color: var(--soft); font-size: 0.9rem; }
h3 + .note { margin-top: -0.4rem; }
code { font: 0.9em/1.4 ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
pre { margin: 0.75rem 0; padding: 0.85rem 1rem; border: 1px solid var(--rule); border-radius: 8px; background: var(--card); white-space: pre-wrap; }
details { margin-top: 0.75rem; font-size: 0.9rem; }
summary { color: var(--link); cursor: pointer; }
details[open] summary { margin-bottom: 0.5rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, auto)); gap: 0.6rem 2rem; margin: 1rem 0; }
.facts dt { color: var(--soft); font-size: 0.85rem; }
.facts dd { margin: 0; }

/* Policies */
.policy { display: inline-flex; gap: 0.5rem; align-items: baseline; font-weight: 600; text-align: left; }
.badge { display: inline-flex; flex: none; gap: 0.15rem; align-items: baseline; min-width: 2.2rem; color: var(--c); font-weight: 700; }
.badge svg { align-self: center; width: 0.95em; height: 0.95em; }
.shape { fill: var(--c); stroke: var(--card); stroke-width: 1.2; paint-order: stroke; }
.rule { margin: 0.2rem 0 0 2.7rem; color: var(--soft); font-size: 0.85rem; font-weight: 400; line-height: 1.4; }
.verdict { white-space: nowrap; }
.lower, .higher { font-weight: 600; }
.verdict.unclear, .verdict.same { color: var(--soft); font-style: italic; }
.grade { display: inline-block; padding: 0 0.4em; border: 1px solid var(--rule); border-radius: 4px; background: var(--faint); font-size: 0.85em; white-space: nowrap; }

/* Tables */
.scroll { overflow-x: auto; border: 1px solid var(--rule); border-radius: 8px; background: var(--card); }
.scroll > table { border: 0; background: none; }
.scroll + .scroll { margin-top: 1rem; }
.by-policy thead .policy { flex-direction: column; gap: 0.1rem; align-items: flex-end; font-weight: 500; text-align: right; }
.by-policy thead .badge { min-width: 0; }
.by-policy th:first-child { white-space: nowrap; }
tr.sum > * { font-weight: 650; }
table { width: 100%; border: 1px solid var(--rule); border-radius: 8px; border-collapse: separate; border-spacing: 0; background: var(--card); font-size: 0.9rem; }
th, td { padding: 0.5rem 0.75rem; text-align: right; vertical-align: baseline; }
thead th { color: var(--soft); font-size: 0.82rem; font-weight: 500; line-height: 1.3; vertical-align: bottom; }
th:first-child, td.text, th.text { text-align: left; }
tbody th, tbody td { border-top: 1px solid var(--rule); font-weight: 400; }
tbody:first-child tr:first-child > * { border-top: 0; }
td { white-space: nowrap; }
td.text { white-space: normal; }
.change { display: block; color: var(--soft); font-size: 0.85em; }
.glance strong { font-size: 1.1rem; font-weight: 650; }
.glance th[scope='row'] { min-width: 17rem; }
.glance .verdict { display: block; }
.range, .remark { display: block; color: var(--soft); font-size: 0.9em; }
th code { display: block; color: var(--soft); font-size: 0.82em; }
td.chart { width: 30%; min-width: 7rem; vertical-align: middle; }
td.chart svg { display: block; width: 100%; }

/* Charts */
figure { margin: 0 0 1rem; padding: 1rem 1.1rem; border: 1px solid var(--rule); border-radius: 8px; background: var(--card); }
figcaption { margin-bottom: 0.75rem; color: var(--soft); font-size: 0.9rem; }
figure svg { display: block; width: 100%; height: auto; }
figure svg.swatch, .legend svg { display: inline-block; width: auto; vertical-align: -0.15em; }
figure .badge svg { width: 0.95em; height: 0.95em; }
svg text { fill: var(--ink); font-size: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.4rem; margin: 0 0 0.75rem; padding: 0; list-style: none; font-size: 0.9rem; }
.legend .swatch { margin-right: 0.45rem; }
.narrow, .legend.narrow { display: none; }

.axis text { fill: var(--soft); }
.axis .axis-title { fill: var(--ink); font-weight: 600; }
.grid { fill: none; stroke: var(--faint); vector-effect: non-scaling-stroke; }
.frame { fill: none; stroke: var(--rule); }
.reference { fill: none; stroke: var(--soft); stroke-dasharray: 2 4; }
.leader { fill: none; stroke: var(--rule); }
.whisker { fill: none; stroke: var(--c); stroke-width: 1.6; }
.scatter .letter { fill: var(--c); font-weight: 700; }
.scatter .figures { fill: var(--soft); font-size: 11.5px; }

.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
.pair figure { margin: 0; }
.pair figcaption { display: flex; gap: 1rem; justify-content: space-between; color: var(--ink); }
.spam { --flow: var(--spam); }
.legit { --flow: var(--legit); }
.band { fill: none; stroke: var(--flow); stroke-opacity: 0.28; }
.band.surcharge { stroke-opacity: 0.6; }
.node { fill: var(--flow); }
.sankey text { stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; paint-order: stroke; }
.sankey .amount { font-weight: 600; }
.sum { white-space: nowrap; }

.bars { border: 0; }
.bars th, .bars td { padding-inline: 0 0.9rem; vertical-align: middle; }
.bars th { width: 17rem; }
.bars td:last-child { width: 1%; padding-right: 0; }
.bars td.chart { width: auto; }
.part { stroke: var(--card); stroke-width: 1; }
.stack text { font-weight: 600; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
pattern rect { fill: color-mix(in srgb, var(--c, var(--soft)) 30%, var(--card)); }
pattern path { fill: none; stroke: var(--c, var(--soft)); stroke-width: 1.6; stroke-linecap: round; }
.fill7 path { stroke-width: 3; }

.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 46%), 1fr)); gap: 0.75rem; }
.panels figure { display: flex; flex-direction: column; margin: 0; padding: 0.6rem 0.75rem; }
.panels figcaption { flex: 1; margin-bottom: 0.4rem; color: var(--ink); font-size: 0.82rem; line-height: 1.3; }
.panels .mean { margin: 0.35rem 0 0; color: var(--soft); font-size: 0.8rem; }
.panel { height: 4.2rem !important; }
.panel path { vector-effect: non-scaling-stroke; }
.interval { fill: var(--c); fill-opacity: 0.25; }
.curve { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; }
.baseline { fill: none; stroke: var(--soft); stroke-dasharray: 4 3; }
.scale { color: var(--soft); font-size: 0.9rem; font-weight: 400; }

.conclusions th { max-width: 34em; font-size: 0.95rem; }
.held { display: block; width: 100%; min-width: 6rem; margin-top: 0.3rem; }
.held rect { fill: var(--link); }
.held .all { fill: var(--faint); }
rect.low { fill: url(#hatch); stroke: var(--link); }
rect.high { fill: var(--link); stroke: var(--link); }
.hatch { --c: var(--link); }
.tornados th[scope='row'] { width: 34%; }
.tornados td.chart { width: 40%; }
.base, .zero { stroke: var(--ink); stroke-dasharray: 3 2; }

.figures { display: grid; gap: 0.5rem; }
.measure { break-inside: avoid; }
.measure td.chart { width: 24%; }
.measure tbody th, .measure tbody td { vertical-align: middle; }
.rail { stroke: var(--rule); }
.interval-bar .whisker { stroke-width: 3; stroke-opacity: 0.55; }
.interval-bar circle { fill: var(--c); }

@media screen and (max-width: 46rem) {
  body { padding-inline: 0.9rem; }
  header { padding-top: 1.25rem; }
  figure { padding: 0.75rem; }
  .wide { display: none; }
  .narrow { display: block; }
  ul.legend.narrow { display: grid; }
  /* Rows become cards, each figure behind the name of its column. */
  .cards, .cards tbody, .cards tr, .cards th, .cards td { display: block; width: auto; }
  .cards thead { display: none; }
  .cards { border: 0; background: none; }
  .scroll:has(> .cards) { border: 0; background: none; }
  .cards tr { margin-bottom: 0.75rem; padding: 0.6rem 0.75rem; border: 1px solid var(--rule); border-radius: 8px; background: var(--card); }
  .cards tbody th, .cards tbody td { padding: 0.2rem 0; border: 0; }
  .cards td[data-label] { display: flex; flex-wrap: wrap; gap: 0 0.6rem; align-items: baseline; text-align: right; white-space: normal; }
  .cards td[data-label]::before { content: attr(data-label); flex: 1; color: var(--soft); text-align: left; }
  .cards td .change { flex-basis: 100%; }
  .cards .verdict { display: inline; }
  .cards td.text { text-align: left; white-space: normal; }
  .glance th[scope='row'] { min-width: 0; }
  .cards td.chart, .tornados td.chart, .tornados th[scope='row'] { width: auto; }
  .measure thead { display: none; }
  .measure tr { display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: baseline; padding: 0.5rem 0.75rem; border-top: 1px solid var(--rule); }
  .measure tr:first-child { border-top: 0; }
  .measure tbody th, .measure tbody td { padding: 0; border: 0; white-space: normal; }
  .measure tbody th, .measure .versus { flex-basis: 100%; text-align: left; }
  .measure .mean { font-weight: 600; }
  .measure td.chart { flex: 1; }
  .measure .ends { color: var(--soft); }
  .measure .versus { flex: none; }
  .by-policy thead .policy > :last-child { ${UNSEEN} }
  .bars, .bars tbody, .bars tr, .bars th, .bars td { display: block; width: auto; text-align: left; }
  .bars td { padding: 0.1rem 0 0.4rem; border: 0; }
}

@media print {
  @page { size: A4; margin: 14mm 12mm; }
  :root { --ground: #ffffff; font-size: 8.6pt; }
  body { max-width: none; padding: 0; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav, details { display: none; }
  header { padding-top: 0; }
  h1 { font-size: 1.9rem; }
  h2, h3, figcaption { break-after: avoid; }
  figure, tr, .measure, .partial { break-inside: avoid; }
  .scroll { overflow: visible; }
  .scroll th, .scroll td { padding-inline: 0.4rem; }
  section { padding-top: 1.6rem; }
  .pair .wide { display: none; }
  .pair .narrow { display: block; }
  .pair { grid-template-columns: 1fr 1fr; }
  .panels { grid-template-columns: repeat(3, 1fr); }
  .glance th[scope='row'] { min-width: 0; width: 34%; }
  .conclusions, .conclusions th { font-size: 0.9rem; }
}
`;
