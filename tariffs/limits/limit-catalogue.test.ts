import { expect, test } from 'vitest';
import { LIMIT_CATALOGUE, limitsTable } from './limit-catalogue.ts';

test('no limit is described twice', () => {
  const names = LIMIT_CATALOGUE.flatMap((limit) => limit.names);
  expect(new Set(names).size).toBe(names.length);
});

test('every figure that is not a setting of the gateway has a source that can be opened', () => {
  for (const limit of LIMIT_CATALOGUE) {
    if (limit.since !== 'as set') expect(limit.sources, limit.names.join()).not.toHaveLength(0);
    for (const { address } of limit.sources) expect(new URL(address).protocol).toBe('https:');
  }
});

test('the table has a row for each limit and as many cells in every row', () => {
  const lines = limitsTable().trimEnd().split('\n');
  expect(lines).toHaveLength(LIMIT_CATALOGUE.length + 2);
  expect(new Set(lines.map((line) => line.split(' | ').length)).size).toBe(1);
});

test('the table says the figures that the limits go by', () => {
  const table = limitsTable();
  expect(table).toContain('A B K X 4,500 (MMS 2,400)');
  expect(table).toContain('G N unregistered 60 (MMS 50)');
  expect(table).toContain('TOP 200,000, UPPER_MID 40,000');
  expect(table).toContain('500, pending 2,000');
  expect(table).toContain('refused, fits later; may wait; charged');
});
