import { describe, expect, test } from 'vitest';
import type { Summary } from '../messages/index.ts';

interface Sample {
  atMs: number;
  decided: number;
  blocked: number;
  registered: number;
  unregistered: number;
}
interface Curve {
  line: string;
  area: string;
  now: number;
}
/** The half of the page's script that works without a page. */
interface LivePage {
  dollars(micros: number): string;
  headline(summary: Partial<Summary>): string;
  recently(samples: Sample[]): string;
  remember(samples: Sample[], next: Sample): void;
  perSecond(samples: Sample[], index: number, key: string): number | undefined;
  scaleTop(value: number): number;
  drawChart(samples: Sample[]): { top: number; registered: Curve; unregistered: Curve; words: string };
}
const page = (await import(new URL('./public/live.js', import.meta.url).href)) as LivePage;

const sample = (atMs: number, rest: Partial<Sample> = {}): Sample => ({
  atMs,
  decided: 0,
  blocked: 0,
  registered: 0,
  unregistered: 0,
  ...rest,
});

describe('the sentence', () => {
  const summary = { decided: 100, spamDeliveredUnregistered: 1_204, spamSurchargeMicros: 4_816_000, blocked: 0 };

  test('says what reached handsets and what it earned', () => {
    expect(page.headline(summary)).toBe(
      'The registry did not stop it: 1,204 spam messages from unregistered numbers reached handsets, and carriers ' +
        'earned $4.8160 in surcharges on unregistered spam. No unregistered message was blocked.',
    );
  });

  test('counts what was blocked, in the right number', () => {
    expect(page.headline({ ...summary, blocked: 1 })).toMatch(/spam\. 1 unregistered message was blocked\.$/);
    expect(page.headline({ ...summary, blocked: 2_000 })).toMatch(/spam\. 2,000 unregistered messages were blocked\.$/);
    expect(page.headline({ ...summary, spamDeliveredUnregistered: 1 })).toContain(' 1 spam message from ');
  });

  test('claims nothing where everything was blocked from the start', () => {
    expect(page.headline({ ...summary, spamDeliveredUnregistered: 0, blocked: 12 })).toBe(
      'No spam from unregistered numbers has reached a handset so far. 12 unregistered messages were blocked.',
    );
  });

  test('waits for traffic', () => {
    expect(page.headline({ ...summary, decided: 0 })).toMatch(/^Waiting for traffic/);
  });
});

describe('lately', () => {
  test('compares with the reading of ten seconds ago, so that a switched regime shows at once', () => {
    const samples = [
      sample(0, { registered: 0, unregistered: 0 }),
      sample(5_000, { registered: 10, unregistered: 40 }),
      sample(15_000, { registered: 12, unregistered: 40, blocked: 9 }),
    ];
    expect(page.recently(samples.slice(0, 2))).toBe(
      'In the last 5 s: 50 spam messages reached handsets, 40 from unregistered numbers; no unregistered message blocked.',
    );
    expect(page.recently(samples)).toBe(
      'In the last 10 s: 2 spam messages reached handsets, none from unregistered numbers; 9 unregistered messages blocked.',
    );
  });

  test('says so when nothing landed, and nothing where there is nothing to compare', () => {
    expect(page.recently([sample(0), sample(4_000)])).toContain('In the last 4 s: no spam reached a handset;');
    expect(page.recently([])).toBe('');
    expect(page.recently([sample(9), sample(9)])).toBe('');
  });
});

describe('readings', () => {
  test('of the last two minutes are kept, never more than 300', () => {
    const samples: Sample[] = [];
    for (let i = 0; i < 1_000; i += 1) page.remember(samples, sample(i * 500));
    expect(samples.length).toBe(245);
    expect(samples.at(-1)!.atMs - samples[0]!.atMs).toBe(122_000);
    for (let i = 0; i < 1_000; i += 1) page.remember(samples, sample(500_000 + i));
    expect(samples.length).toBe(300);
  });

  test('are forgotten when counting began anew or time went back', () => {
    const samples = [sample(0, { decided: 5 }), sample(500, { decided: 9 })];
    page.remember(samples, sample(1_000, { decided: 2 }));
    expect(samples.length).toBe(1);
    page.remember(samples, sample(900, { decided: 3 }));
    expect(samples.length).toBe(1);
  });

  test('give a rate over two seconds, and none while time stands still', () => {
    const samples = [0, 500, 1_000, 1_500, 2_000, 2_500].map((atMs, i) => sample(atMs, { decided: i * 10 }));
    expect(page.perSecond(samples, 5, 'decided')).toBe(20);
    expect(page.perSecond(samples, 1, 'decided')).toBe(20);
    expect(page.perSecond(samples, 0, 'decided')).toBeUndefined();
  });
});

describe('the chart', () => {
  test('puts now at the right, nought at the bottom, and the scale above the highest point', () => {
    const samples = [0, 2_000, 4_000].map((atMs, i) => sample(atMs, { unregistered: i * 8, registered: i * 2 }));
    const { top, registered, unregistered, words } = page.drawChart(samples);
    expect(top).toBe(5);
    expect(unregistered.line).toBe('M118.00 20.00L120.00 20.00');
    expect(unregistered.area).toBe('M118.00 100L118.00 20.00L120.00 20.00L120.00 100Z');
    expect(registered.line).toBe('M118.00 80.00L120.00 80.00');
    expect(words).toContain('From unregistered numbers: 4.0 now, 4.0 at most. From registered numbers: 1.0 now');
  });

  test('is empty, not broken, before there are two readings', () => {
    for (const samples of [[], [sample(5)]]) {
      const { top, unregistered } = page.drawChart(samples);
      expect([top, unregistered.line, unregistered.area]).toEqual([1, '', '']);
    }
  });

  test.each([
    [0, 1],
    [1, 1],
    [1.2, 2],
    [5, 5],
    [5.1, 10],
    [99, 100],
    [100, 100],
    [2_345, 5_000],
  ])('a highest value of %d has a scale up to %d', (value, top) => {
    expect(page.scaleTop(value)).toBe(top);
  });
});

test('sums below ten dollars keep four decimals, others two', () => {
  expect([0, 3_000, 9_999_900, 10_000_000, 1_234_567_891].map((micros) => page.dollars(micros))).toEqual([
    '$0.00',
    '$0.0030',
    '$9.9999',
    '$10.00',
    '$1,234.57',
  ]);
});
