import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatBookError } from '../tariffs/index.ts';
import { readParties } from './read-parties.ts';

const CSP = '{ id: SDEMO01, name: Example, apiKey: k, apiSecret: s }';

function errorsOf(text: string): string[] {
  const read = readParties(text, 'p.yaml');
  return read.ok ? [] : read.errors.map((error) => formatBookError(error));
}

describe('readParties', () => {
  it('reads the parties that ship', () => {
    const read = readParties(readFileSync(new URL('starter-parties.yaml', import.meta.url), 'utf8'), 'starter');
    expect(read).toMatchObject({ ok: true });
    if (!read.ok) return;
    expect(read.file.csps.map((csp) => csp.id)).toEqual(['SDEMO01']);
    expect(read.file.partners.map(({ id, kind, nnids }) => [id, kind, nnids.length])).toEqual([
      ['NORTH', 'dca', 2],
      ['SOUTH', 'dca', 1],
      ['RELAY', 'cnp', 0],
    ]);
  });

  it.each([
    ['csps: []', 'p.yaml:1:1 the parties file has no "partners"'],
    [`csps: [{ id: X1, name: a, apiKey: k, apiSecret: s }]\npartners: []`, 'id "X1" must be S and six capital'],
    [`csps: [${CSP}, ${CSP}]\npartners: []`, 'a second SDEMO01: ids, keys and NNIDs are given once'],
    [
      `csps: [{ id: SDEMO01, name: a, apiKey: 'k:k', apiSecret: s }]\npartners: []`,
      'apiKey "k:k" must be text without',
    ],
    [`csps: []\npartners: [{ id: NORTH, name: a, kind: dca, apiKey: k, apiSecret: s }]`, 'a DCA needs nnids'],
    [
      `csps: []\npartners: [{ id: NORTH, name: a, kind: dca, apiKey: k, apiSecret: s, nnids: ['12'] }]`,
      'nnid "12" must be six digits',
    ],
    [
      `csps: []\npartners: [{ id: RELAY, name: a, kind: cnp, apiKey: k, apiSecret: s, nnids: ['104801'] }]`,
      'nnids belong to a DCA',
    ],
    [`csps: []\npartners: [{ id: NORTH, name: a, kind: bank, apiKey: k, apiSecret: s }]`, 'dca, cnp'],
  ])('refuses %s', (text, message) => {
    expect(errorsOf(text).join('\n')).toContain(message);
  });
});
