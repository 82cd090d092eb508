import { describe, expect, test } from 'vitest';
import { type Evidence, type MessageFields, type Reading, type Sent, violationsOf } from './chaos-checks.ts';
import type { Post } from './chaos-receiver.ts';

// A check that cannot fail is worth nothing: each of them is shown evidence in which all is well but for the one thing it is for.

const RECEIPT = { state: 'ACCEPTD', at: '2026-01-02T03:04:06.000Z', error: null };

function record(id: string, own: Partial<MessageFields> = {}): MessageFields {
  return {
    id,
    status: 'delivered',
    acceptedAt: '2026-01-02T03:04:05.000Z',
    price: { totalMicros: 7_000, postings: [{ micros: 4_000 }, { micros: 3_000 }] },
    receipt: RECEIPT,
    handset: { outcome: 'delivered', at: '2026-01-02T03:04:07.000Z' },
    ...own,
  };
}

function sent(id: string, own: Partial<Sent> = {}): Sent {
  return {
    key: `key of ${id}`,
    round: 3,
    isKeyed: true,
    asksForWebhook: true,
    sentAtMs: 0,
    ids: [id],
    acknowledgedAtMs: 10,
    lastRefusal: '',
    ...own,
  };
}

function post(messageId: string, own: Partial<Post> = {}): Post {
  const said = { event: 'receipt', receipt: RECEIPT.state, at: RECEIPT.at, error: RECEIPT.error };
  return {
    webhookId: `webhook of ${messageId}`,
    messageId,
    reference: `key of ${messageId}`,
    said,
    atMs: 0,
    isTaken: true,
    ...own,
  };
}

function readings(id: string, own: Partial<MessageFields> = {}): Reading[] {
  return ['first', 'second', 'first'].map((gateway) => ({ messageId: id, gateway, record: record(id, own) }));
}

/** Three messages of which nothing can be said: one with a webhook, one with the same twice, one without. */
function well(): Evidence {
  return {
    sent: [sent('M1'), sent('M2', { ids: ['M2', 'M2'] }), sent('M3', { asksForWebhook: false })],
    posts: [post('M1', { isTaken: false }), post('M1'), post('M2'), post('M2')],
    malformed: [],
    looks: [
      {
        messageId: 'M1',
        gateway: 'second',
        record: record('M1', { status: 'accepted', receipt: null, handset: null }),
      },
      { messageId: 'M2', gateway: 'first', record: record('M2') },
    ],
    readings: [...readings('M1'), ...readings('M2'), ...readings('M3')],
    recordCount: 3,
  };
}

const but = (own: (evidence: Evidence) => Partial<Evidence>): Evidence => ({ ...well(), ...own(well()) });
const inPlaceOf = <T extends { messageId: string }>(all: readonly T[], id: string, others: readonly T[]): T[] => [
  ...all.filter(({ messageId }) => messageId !== id),
  ...others,
];

test('of what is well nothing is said', () => {
  expect(violationsOf(well())).toEqual([]);
});

describe('what is said of a message', () => {
  const undelivered = { status: 'undelivered', handset: { outcome: 'unreachable', at: '2026-01-02T03:04:07.000Z' } };
  const planted: readonly [what: string, evidence: Evidence, message: string][] = [
    ['unanswered', but(({ sent: all }) => ({ sent: [...all, sent('M4', { ids: [] })] })), ''],
    [
      'two ids under one key',
      but(() => ({
        sent: [sent('M1'), sent('M2', { ids: ['M2', 'M9'] }), sent('M3', { asksForWebhook: false })],
        recordCount: 4,
      })),
      'M2',
    ],
    [
      'one id under two keys',
      but(({ sent: all }) => ({ sent: [...all, sent('M3', { key: 'another', asksForWebhook: false })] })),
      'M3',
    ],
    [
      'lost',
      but(({ readings: all }) => ({
        readings: [...all, { messageId: 'M1', gateway: 'second', record: undefined }],
      })),
      'M1',
    ],
    [
      'lost',
      but(({ looks: all }) => ({ looks: [...all, { messageId: 'M3', gateway: 'second', record: undefined }] })),
      'M3',
    ],
    ['lost', but(({ readings: all }) => ({ readings: inPlaceOf(all, 'M3', []) })), 'M3'],
    [
      'not at its end',
      but(({ readings: all }) => ({
        readings: inPlaceOf(all, 'M3', readings('M3', { status: 'accepted', handset: null })),
      })),
      'M3',
    ],
    [
      'two ends',
      but(({ readings: all }) => ({
        readings: [...all, { messageId: 'M3', gateway: 'second', record: record('M3', undelivered) }],
      })),
      'M3',
    ],
    [
      'two ends',
      but(({ looks: all }) => ({
        looks: [...all, { messageId: 'M1', gateway: 'first', record: record('M1', undelivered) }],
      })),
      'M1',
    ],
    [
      'wrong sum',
      but(({ readings: all }) => ({
        readings: inPlaceOf(
          all,
          'M3',
          readings('M3', { price: { totalMicros: 7_001, postings: [{ micros: 7_000 }] } }),
        ),
      })),
      'M3',
    ],
    [
      'contradicting receipts',
      but(({ posts }) => ({
        posts: [...posts, post('M2', { said: { event: 'receipt', receipt: 'UNDELIV', at: RECEIPT.at, error: null } })],
      })),
      'M2',
    ],
    [
      'receipt against record',
      but(({ posts }) => ({
        posts: inPlaceOf(posts, 'M2', [
          post('M2', { said: { receipt: 'ACCEPTD', at: RECEIPT.at, error: 'absent_subscriber' } }),
        ]),
      })),
      'M2',
    ],
    [
      'webhook missing',
      but(({ posts }) => ({ posts: inPlaceOf(posts, 'M1', [post('M1', { isTaken: false })]) })),
      'M1',
    ],
    ['webhook missing', but(({ posts }) => ({ posts: inPlaceOf(posts, 'M2', []) })), 'M2'],
    ['duplicate not marked', but(({ posts }) => ({ posts: [...posts, post('M2', { webhookId: 'another' })] })), 'M2'],
    ['webhook of nobody', but(({ posts }) => ({ posts: [...posts, post('M8', { reference: 'key of M3' })] })), 'M8'],
    ['malformed webhook', but(() => ({ malformed: ['{'] })), ''],
    ['number of records', but(() => ({ recordCount: 4 })), ''],
  ];

  test.for(planted)('%s', ([what, evidence, message]) => {
    const found = violationsOf(evidence);
    expect(found.map((one) => [one.what, one.messageId])).toEqual([[what, message]]);
    expect(found[0]?.detail).not.toBe('');
  });
});

test('of a message without a key that got no answer there may be one record and one webhook, and no more', () => {
  const unclear = sent('M4', { ids: [], isKeyed: false });
  const evidence = but(({ sent: all, posts }) => ({
    sent: [...all, unclear],
    posts: [...posts, post('M4')],
    recordCount: 4,
  }));
  expect(violationsOf(evidence)).toEqual([]);
  expect(violationsOf({ ...evidence, recordCount: 3 })).toEqual([]);
  const twice = { ...evidence, posts: [...evidence.posts, post('M5', { reference: unclear.key })], recordCount: 5 };
  expect(violationsOf(twice).map(({ what }) => what)).toEqual(['webhook of nobody', 'number of records']);
});

test('a receipt may come after the end of its message', () => {
  const evidence = but(({ looks }) => ({
    looks: [...looks, { messageId: 'M1', gateway: 'first', record: record('M1', { receipt: null }) }],
  }));
  expect(violationsOf(evidence)).toEqual([]);
});

test('a webhook is not owed for a message that got no receipt, and one that is not at its end yet is no second end', () => {
  const evidence = but(({ posts, readings: all }) => ({
    posts: inPlaceOf(posts, 'M1', []),
    readings: inPlaceOf(all, 'M1', readings('M1', { receipt: null })),
    looks: [
      { messageId: 'M1', gateway: 'first', record: record('M1', { status: 'accepted', receipt: null, handset: null }) },
    ],
  }));
  expect(violationsOf(evidence)).toEqual([]);
});
