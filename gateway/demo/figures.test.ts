import { describe, expect, test } from 'vitest';
import { loadFigures, parseDestinations, parseHourShares } from './figures.ts';

describe('figures', () => {
  const figures = loadFigures();

  test('hours of each shape sum to one day', () => {
    for (const shares of Object.values(figures.hourShares)) {
      expect(shares).toHaveLength(24);
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...shares)).toBeGreaterThan(0);
    }
  });

  test('destinations sum to one, the large carriers in the order of the last period', () => {
    const share = Object.fromEntries(figures.destinations.map((entry) => [entry.group, entry.share]));
    expect(figures.destinations.reduce((sum, entry) => sum + entry.share, 0)).toBeCloseTo(1, 12);
    expect(share['verizon']).toBeCloseTo(0.94 * 0.3605, 3);
    expect(share['tmobile']).toBeCloseTo(0.94 * 0.3457, 3);
    expect(share['att']).toBeCloseTo(0.94 * 0.2938, 3);
  });

  test('a file that lacks something is an error and not a silent zero', () => {
    expect(() => parseHourShares('series,hour,messages,share\nexais_received_ham,0,5,1\n')).toThrow(
      'exais_received_ham',
    );
    expect(() => parseDestinations('period,carrier,share_of_listed\n2030,att,1\n')).toThrow('verizon');
  });
});
