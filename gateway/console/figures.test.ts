import { describe, expect, test } from 'vitest';
import { endOf, explain } from './app/explain.ts';
import {
  dollars,
  flowSince,
  headline,
  type Message,
  perSecond,
  recently,
  remember,
  type Sample,
} from './app/figures.ts';
import { layOut } from './app/flow-layout.ts';
import { asE164, FILTERS, readTyped } from './app/search.ts';
import { MESSAGE_STATES } from '../messages/index.ts';
import { CARRIER_LABELS, DECISIONS, HANDSET_OUTCOMES, REGISTRATION_LABELS, TRUTHS } from '../router/index.ts';
import type { FlowRow } from './flow.ts';

const sample = (atMs: number, rest: Partial<Sample> = {}): Sample => ({
  atMs,
  decided: 0,
  delivered: 0,
  filtered: 0,
  blocked: 0,
  registered: 0,
  unregistered: 0,
  flow: [],
  ...rest,
});

describe('the sentence', () => {
  const summary = { decided: 100, spamDeliveredUnregistered: 1_204, spamSurchargeMicros: 4_816_000, blocked: 0 };

  test('says what reached handsets and what it earned', () => {
    expect(headline(summary)).toBe(
      'The registry did not stop it: 1,204 spam messages from unregistered numbers reached handsets, and carriers ' +
        'earned $4.8160 in surcharges on unregistered spam. No unregistered message was blocked.',
    );
  });

  test('counts what was blocked, in the right number', () => {
    expect(headline({ ...summary, blocked: 1 })).toMatch(/spam\. 1 unregistered message was blocked\.$/);
    expect(headline({ ...summary, blocked: 2_000 })).toMatch(/spam\. 2,000 unregistered messages were blocked\.$/);
    expect(headline({ ...summary, spamDeliveredUnregistered: 1 })).toContain(' 1 spam message from ');
  });

  test('claims nothing where everything was blocked from the start', () => {
    expect(headline({ ...summary, spamDeliveredUnregistered: 0, blocked: 12 })).toBe(
      'No spam from unregistered numbers has reached a handset so far. 12 unregistered messages were blocked.',
    );
  });

  test('waits for traffic', () => {
    expect(headline({ ...summary, decided: 0 })).toMatch(/^Waiting for traffic/);
  });
});

describe('a search', () => {
  test('offers the words of the API, all of them', () => {
    const offered = Object.entries(FILTERS).map(([name, words]) => [name, [...words].toSorted()]);
    const tables = {
      truth: TRUTHS,
      decision: DECISIONS.map(({ name }) => name),
      registration: REGISTRATION_LABELS,
      carrier: CARRIER_LABELS,
      handset: HANDSET_OUTCOMES,
      status: MESSAGE_STATES,
    };
    expect(offered).toEqual(Object.entries(tables).map(([name, words]) => [name, [...words].toSorted()]));
  });

  test.each([
    ['+12125550123', { number: '+12125550123' }],
    [' (212) 555-0123 ', { number: '+12125550123' }],
    ['1 212 555 0123', { number: '+12125550123' }],
    ['911', { number: '911' }],
    ['', { number: '' }],
    ['MS9OKO0-6', { id: 'MS9OKO0-6' }],
  ])('reads %j', (text, read) => {
    expect(readTyped(text)).toEqual(read);
    if ('number' in read) expect(asE164(text)).toBe(read.number);
  });
});

describe('lately', () => {
  test('compares with the reading of ten seconds ago, so that a switched regime shows at once', () => {
    const samples = [
      sample(0, { registered: 0, unregistered: 0 }),
      sample(5_000, { registered: 10, unregistered: 40 }),
      sample(15_000, { registered: 12, unregistered: 40, blocked: 9 }),
    ];
    expect(recently(samples.slice(0, 2))).toBe(
      'In the last 5 s: 50 spam messages reached handsets, 40 from unregistered numbers; no unregistered message blocked.',
    );
    expect(recently(samples)).toBe(
      'In the last 10 s: 2 spam messages reached handsets, none from unregistered numbers; 9 unregistered messages blocked.',
    );
  });

  test('says so when nothing landed, and nothing where there is nothing to compare', () => {
    expect(recently([sample(0), sample(4_000)])).toContain('In the last 4 s: no spam reached a handset;');
    expect(recently([])).toBe('');
    expect(recently([sample(9), sample(9)])).toBe('');
  });
});

describe('readings', () => {
  test('of the last two minutes are kept, never more than 300', () => {
    let samples: readonly Sample[] = [];
    for (let i = 0; i < 1_000; i += 1) samples = remember(samples, sample(i * 500));
    expect(samples.length).toBe(245);
    expect(samples.at(-1)!.atMs - samples[0]!.atMs).toBe(122_000);
    for (let i = 0; i < 1_000; i += 1) samples = remember(samples, sample(500_000 + i));
    expect(samples.length).toBe(300);
  });

  test('are forgotten when counting began anew or time went back', () => {
    const samples = [sample(0, { decided: 5 }), sample(500, { decided: 9 })];
    expect(remember(samples, sample(1_000, { decided: 2 })).length).toBe(1);
    expect(remember(samples, sample(400, { decided: 10 })).length).toBe(1);
  });

  test('give a rate over two seconds, and none while time stands still', () => {
    const samples = [0, 500, 1_000, 1_500, 2_000, 2_500].map((atMs, i) => sample(atMs, { decided: i * 10 }));
    expect(perSecond(samples, 5, 'decided')).toBe(20);
    expect(perSecond(samples, 1, 'decided')).toBe(20);
    expect(perSecond(samples, 0, 'decided')).toBeUndefined();
    expect(perSecond([sample(7), sample(7)], 1, 'decided')).toBeUndefined();
  });
});

test('sums below ten dollars keep four decimals, others two', () => {
  expect([0, 3_000, 9_999_900, 10_000_000, 1_234_567_891].map((micros) => dollars(micros))).toEqual([
    '$0.00',
    '$0.0030',
    '$9.9999',
    '$10.00',
    '$1,234.57',
  ]);
});

const row = (rest: Partial<FlowRow>): FlowRow => ({
  kind: 'spam',
  registration: 'unregistered',
  carrier: 'att',
  delivered: 0,
  filtered: 0,
  undelivered: 0,
  blocked: 0,
  refused: 0,
  accepted: 0,
  carrierFeeMicros: 0,
  surchargeMicros: 0,
  aggregatorMicros: 0,
  ...rest,
});

describe('the flow picture', () => {
  const rows = [
    row({ kind: 'wanted', registration: 'registered', delivered: 60, carrierFeeMicros: 600, aggregatorMicros: 60 }),
    row({
      delivered: 30,
      filtered: 8,
      blocked: 2,
      carrierFeeMicros: 380,
      surchargeMicros: 3_040,
      aggregatorMicros: 38,
    }),
  ];

  test('has a node for all that occurred and for nothing else', () => {
    const { nodes, total } = layOut(rows);
    expect(total).toBe(100);
    expect(nodes.map(({ id, detail }) => [id, detail])).toEqual([
      ['wanted', '60'],
      ['spam', '40'],
      ['registered', '60'],
      ['unregistered', '40, $0.0030 surcharge'],
      ['att', '100, earned $0.0040'],
      ['delivered', '90'],
      ['filtered', '8'],
      ['blocked', '2'],
    ]);
  });

  test('is as high at each step as messages are many, and pays on the way what was charged', () => {
    const { nodes, ribbons } = layOut(rows);
    const height = (id: string): number => nodes.find((node) => node.id === id)!.height;
    expect(height('registered') / height('unregistered')).toBeCloseTo(1.5);
    expect(height('delivered') / height('filtered')).toBeCloseTo(90 / 8);
    expect(ribbons.find(({ id }) => id === 'spam unregistered unregistered')!.money).toBe('$0.0035');
    expect(ribbons.find(({ id }) => id === 'unregistered att unregistered')!.money).toBe('$0.0034');
    expect(ribbons.every(({ path }) => !path.includes('NaN'))).toBe(true);
  });

  test('of nothing is empty, not broken', () => {
    expect(layOut([row({})])).toEqual({ nodes: [], ribbons: [], total: 0 });
    expect(layOut([])).toEqual({ nodes: [], ribbons: [], total: 0 });
  });

  test('shows what came lately, or all', () => {
    const samples = [sample(0, { flow: [row({ delivered: 10 })] }), sample(20_000, { flow: [row({ delivered: 17 })] })];
    const later = [...samples, sample(30_000, { flow: [row({ delivered: 22, surchargeMicros: 5 })] })];
    expect(flowSince(later, 15_000)[0]).toMatchObject({ delivered: 5, surchargeMicros: 5 });
    expect(flowSince(later, undefined)[0]!.delivered).toBe(22);
    expect(flowSince([], 15_000)).toEqual([]);
  });
});

describe('why a message passed', () => {
  const message: Message = {
    id: 'M1-1',
    status: 'delivered',
    decision: 'accepted',
    registration: 'unregistered',
    reason: 'not_in_registry',
    carrier: 'att',
    segments: 1,
    encoding: 'gsm-7',
    price: {
      totalMicros: 18_400,
      postings: [
        { payer: 'sender', payee: 'att', cause: 'carrier_fee', micros: 2_000 },
        { payer: 'sender', payee: 'att', cause: 'unregistered_surcharge', micros: 8_000 },
      ],
    },
    from: '+12125550123',
    to: '+12019161000',
    text: 'WIN',
    message: 'sms',
    route: 'a2p',
    truth: 'spam',
    acceptedAt: '2024-03-01T10:00:00.000Z',
    book: 'us-10dlc',
    tariff: { from: '2023-06-01', confidence: 'B', sources: ['X'] },
    receipt: { state: 'ACCEPTD', error: null, at: '2024-03-01T10:00:01.000Z' },
    handset: { outcome: 'delivered', at: '2024-03-01T10:00:02.000Z' },
    error: null,
  };

  test('is told step by step', () => {
    expect(explain(message).map(({ title, text, verdict }) => `${verdict} ${title}: ${text}`)).toEqual([
      'passed Carrier: +12019161000 is a number of AT&T.',
      'passed Registry: +12125550123 is in no registry: unregistered.',
      'passed Decision: Accepted although unregistered: AT&T does not refuse it, it charges $0.0080 more.',
      'passed Price: 1 segment cost $0.0184, by the tariff in force since 2023-06-01 (evidence grade B).',
      'passed Receipt: ACCEPTD at 10:00:01.',
      'passed Handset: On the phone at 10:00:02.',
    ]);
    expect(endOf(message)).toBe('delivered');
  });

  test('by another way than the regime rules', () => {
    const price = { totalMicros: 7_900, postings: [] };
    expect(explain({ ...message, route: 'p2p', price })[2]!.text).toContain('by P2P, which no regime rules');
  });

  test('or not: refused by the regime, dropped behind a good receipt, still on its way', () => {
    const price = { totalMicros: 0, postings: [] };
    const blocked = {
      ...message,
      status: 'rejected',
      decision: 'unregistered_blocked',
      price,
      receipt: null,
      handset: null,
    };
    expect(explain(blocked).at(-1)).toMatchObject({ title: 'Decision', verdict: 'stopped' });
    expect(explain(blocked).at(-1)!.text).toContain('Refused: unregistered blocked.');
    expect(endOf(blocked)).toBe('blocked');

    const filtered = { ...message, handset: { outcome: 'filtered', at: message.acceptedAt } };
    expect(explain(filtered).at(-1)!.text).toBe(
      'Dropped by the spam filter of AT&T, after a receipt that said all was well.',
    );

    const early = { ...message, status: 'sent', receipt: null, handset: null };
    expect(
      explain(early)
        .slice(-2)
        .map(({ verdict }) => verdict),
    ).toEqual(['waiting', 'waiting']);
    expect(endOf(early)).toBe('on its way');
  });
});
