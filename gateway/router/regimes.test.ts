import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { formatBookError } from '../../tariffs/index.ts';
import { readRegimes } from './read-regimes.ts';
import { Regime, REGIMES, RegimeTable } from './regime-table.ts';

const CARRIER_IDS = CARRIERS.map((carrier) => carrier.id);

const FILE = `regimes: test
title: Test
timeZone: UTC
sources:
  KEY: somewhere
rows:
  - carrier: att
    from: 2024-01-01
    regime: charge-more
    confidence: A
    source: [KEY]
  - carrier: att
    from: 2024-06-01
    regime: filter
    share: 0.25
    confidence: C
    source: [KEY]
`;

function errorsOf(text: string): string[] {
  const read = readRegimes(text, 'r.yaml', CARRIER_IDS);
  return read.ok ? [] : read.errors.map((error) => formatBookError(error));
}

function tableOf(text: string): RegimeTable {
  const read = readRegimes(text, 'r.yaml', CARRIER_IDS);
  if (!read.ok) throw new Error('does not read');
  return new RegimeTable(read.rows, CARRIER_IDS);
}

describe('a regime table', () => {
  it('answers with the newest row that has begun, and lets everything pass before the first', () => {
    const table = tableOf(FILE);
    expect(table.regimeAt(0, { pricedAtMs: Date.UTC(2023, 11, 31) })).toBe(Regime.ChargeMore);
    expect(table.rowAt(0, { pricedAtMs: Date.UTC(2023, 11, 31) })).toBe(-1);
    expect(table.regimeAt(0, { pricedAtMs: Date.UTC(2024, 5, 1) - 1 })).toBe(Regime.ChargeMore);
    expect(table.regimeAt(0, { pricedAtMs: Date.UTC(2024, 5, 1) })).toBe(Regime.Filter);
    expect(table.shareAt(0, { pricedAtMs: Date.UTC(2030, 0, 1) })).toBe(0.25);
  });

  it('does not care about the order of the rows in the file', () => {
    const [head, first, second] = FILE.split(/(?= {2}- carrier)/);
    const turned = tableOf(`${head}${second}${first}`);
    for (const atMs of [Date.UTC(2023, 0, 1), Date.UTC(2024, 2, 1), Date.UTC(2025, 0, 1)]) {
      expect(turned.regimeAt(0, { pricedAtMs: atMs })).toBe(tableOf(FILE).regimeAt(0, { pricedAtMs: atMs }));
    }
  });

  it('keeps carriers apart, also when one is switched', () => {
    const table = tableOf(FILE);
    table.override(1, Regime.Block, 0);
    expect([table.regimeAt(0, { pricedAtMs: 0 }), table.regimeAt(1, { pricedAtMs: 0 })]).toEqual([
      Regime.ChargeMore,
      Regime.Block,
    ]);
    expect([table.isOverridden(0), table.isOverridden(1)]).toEqual([false, true]);
    table.clearOverride(1);
    expect(table.regimeAt(1, { pricedAtMs: 0 })).toBe(Regime.ChargeMore);
  });
});

describe('the regime file', () => {
  it.each([
    ['an unknown carrier', FILE.replace('carrier: att', 'carrier: sprint'), 'r.yaml:7:14 unknown carrier'],
    ['an unknown regime', FILE.replace('charge-more', 'charge-less'), 'r.yaml:9:13 unknown regime'],
    ['a day that is none', FILE.replace('2024-01-01', '2024-02-30'), 'r.yaml:8:11'],
    ['a source that is not listed', FILE.replace('[KEY]', '[KEX]'), 'r.yaml:11:14 unknown source'],
    ['a filter without its share', FILE.replace('    share: 0.25\n', ''), 'r.yaml:12:5 a filter row has a share'],
    ['a share without a filter', FILE.replace('regime: filter', 'regime: block'), 'r.yaml:12:5 a filter row has'],
    ['a share above one', FILE.replace('0.25', '1.25'), 'r.yaml:15:12'],
    ['two rows of one date', FILE.replace('2024-06-01', '2024-01-01'), 'r.yaml:12:5 a second row for att'],
    ['an unknown key', FILE.replace('title', 'titel'), 'r.yaml:2:1 unknown key "titel"'],
    ['another time zone', FILE.replace('UTC', 'PST'), 'r.yaml:3:11 unknown timeZone'],
    ['no rows at all', FILE.slice(0, FILE.indexOf('rows')), 'has no "rows"'],
    ['text that is not YAML', `${FILE}\n : [`, 'not valid YAML'],
  ])('with %s is refused at its place', (_, text, expected) => {
    expect(errorsOf(text).join('\n')).toContain(expected);
  });

  it('that ships with the package reads, and covers every carrier', () => {
    const table = tableOf(readFileSync('gateway/router/us-10dlc.regimes.yaml', 'utf8'));
    for (let carrier = 0; carrier < CARRIERS.length; carrier += 1) {
      expect(table.rowAt(carrier, { pricedAtMs: Date.UTC(2024, 2, 1) })).toBeGreaterThanOrEqual(0);
    }
    const inTheSeedWorld = CARRIER_IDS.map(
      (_, carrier) => REGIMES[table.regimeAt(carrier, { pricedAtMs: Date.UTC(2024, 2, 1) })],
    );
    expect(inTheSeedWorld).toEqual(CARRIER_IDS.map(() => 'charge-more'));
    const today = CARRIER_IDS.map(
      (_, carrier) => REGIMES[table.regimeAt(carrier, { pricedAtMs: Date.UTC(2026, 10, 1) })],
    );
    expect(today).toEqual(['block', 'block', 'block', 'block', 'charge-more']);
  });
});
