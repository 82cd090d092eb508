import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LIMIT_CATALOGUE, limitsTable } from '../tariffs/index.ts';
import { BINDINGS } from './router/index.ts';

const README = 'README.md';
const BEGIN = '<!-- limits: written by `npm run golden` -->\n';
const END = '<!-- end of limits -->';

test('the README has the table of all limits as the code knows them', () => {
  const text = readFileSync(README, 'utf8');
  const [before, rest] = text.split(BEGIN) as [string, string];
  const after = rest.slice(rest.indexOf(END));
  const written = `${before}${BEGIN}\n${limitsTable().trim()}\n\n${after}`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(README, written);
  expect(readFileSync(README, 'utf8')).toBe(written);
});

test('every limit of the table can bind, and every limit that can bind is in it', () => {
  const described = LIMIT_CATALOGUE.flatMap(({ names }) => names);
  // Rules and bounds of the gateway itself, which ARCHITECTURE.md lists.
  const others = [
    'none',
    'carrier_regime',
    'in_flight_messages',
    'registry_age_ms',
    'cdr_pending_bytes',
    'delivery_backlog',
  ];
  expect(described.toSorted()).toEqual(
    BINDINGS.map(({ name }) => name)
      .filter((name) => !others.includes(name))
      .toSorted(),
  );
});
