/**
 * Judgements of the feed, without the feed: does an entry follow the one before it, is the store still the one that was
 * read, what time is it there, and how stale is a view.
 *
 * Stream ids alone cannot tell a gap: a trimmed entry leaves no trace, and a store that lost its last writes in a failover
 * goes on from an earlier state under later ids. So every entry carries a sequence number, one higher than the last, and
 * the store an epoch, drawn anew whenever it starts from nothing. With both, whatever happened is one of few things.
 */

/** Where a stream has been read to: the last entry taken, and who held the store then. */
export interface Cursor {
  readonly epoch: string;
  /** Of the server, another one after each restart and failover: only then can writes have been lost. */
  readonly server: string;
  /** Of the last entry; 0 before the first. */
  readonly sequence: number;
  /** Of the last entry, as Redis writes it: `milliseconds-counter`. */
  readonly id: string;
}

/**
 * Why a view cannot go on from where it is and must be read anew.
 * `trimmed`: entries it needs are gone from the stream. `rewound`: the store lost writes that the view has seen.
 * `replaced`: the store was emptied, or is another one. `unreadable`: an entry makes no sense to this release.
 */
export const RELOAD_REASONS = ['trimmed', 'rewound', 'replaced', 'unreadable'] as const;
export type ReloadReason = (typeof RELOAD_REASONS)[number];

/** What an entry is to a cursor. A `duplicate` has been taken before, and is skipped. */
export function judgeEntry(cursor: Cursor, id: string, sequence: number): 'next' | 'duplicate' | ReloadReason {
  const isLater = compareStreamIds(id, cursor.id) > 0;
  if (sequence <= cursor.sequence) return isLater ? 'rewound' : 'duplicate';
  if (!isLater) return 'rewound';
  return sequence === cursor.sequence + 1 ? 'next' : 'trimmed';
}

/** What the store holds around a cursor, all seen at one moment. */
export interface Probe {
  readonly epoch: string;
  readonly server: string;
  /** Of the newest entry ever written, trimmed since or not. */
  readonly sequence: number;
  readonly lastId: string;
  /** Sequence number of the entry under the cursor's id, if it is still there. */
  readonly held: number | undefined;
  /** Whether there is any entry older than that. */
  readonly hasOlder: boolean;
  /** Sequence number of the first entry after the cursor's id. */
  readonly next: number | undefined;
}

/**
 * Whether a cursor stands at the end of its stream or can get there by reading on. Finds what reading alone would not: a
 * gap nothing came after, a store whose clock went back, which writes entries that a reader by id never sees, and one that
 * lost writes, made up for their number and was trimmed since. Hence a reader that lost its connection asks for this first.
 * Rests on no id being given twice, which takes a clock that goes back further than a failover lasts.
 */
export function judgeProbe(cursor: Cursor, probe: Probe): 'level' | 'behind' | ReloadReason {
  if (probe.epoch !== cursor.epoch) return 'replaced';
  if (probe.sequence < cursor.sequence) return 'rewound';
  // Trimming takes the oldest first, so it cannot have taken this entry and left an older one.
  const isOther = probe.held === undefined ? probe.hasOlder : probe.held !== cursor.sequence;
  if (isOther) return 'rewound';
  if (probe.sequence === cursor.sequence) return probe.lastId === cursor.id ? 'level' : 'rewound';
  // Of a trimmed entry another server cannot show that it was the one taken; nor need it where none was.
  if (probe.held === undefined && probe.server !== cursor.server && cursor.sequence > 0) return 'rewound';
  if (probe.next === undefined) return 'trimmed';
  if (probe.next <= cursor.sequence) return 'rewound';
  return probe.next === cursor.sequence + 1 ? 'behind' : 'trimmed';
}

/** Order of two stream ids: below 0, 0 or above 0. */
export function compareStreamIds(a: string, b: string): number {
  const [aMs, aCounter] = splitStreamId(a);
  const [bMs, bCounter] = splitStreamId(b);
  return aMs - bMs || aCounter - bCounter;
}

/** Milliseconds since the epoch by the store's clock at which an entry was written. */
export function streamIdMs(id: string): number {
  return splitStreamId(id)[0];
}

function splitStreamId(id: string): readonly [number, number] {
  const dash = id.indexOf('-');
  return dash < 0 ? [Number(id), 0] : [Number(id.slice(0, dash)), Number(id.slice(dash + 1))];
}

/** Exchanges remembered; the quickest of them is believed. */
const EXCHANGES_MAX = 8;

/**
 * What time it is by the clock of a store, learnt from exchanges with it. The store read its clock at some moment between
 * asking and hearing, so the offset is known to half of that time; an exchange that was quick says most.
 */
export class StoreClock {
  private exchanges: { readonly tookMs: number; readonly offsetMs: number }[] = [];

  /** Forgets what it learnt, as when another server has taken over. */
  reset(): void {
    this.exchanges = [];
  }

  /** One exchange: asked and heard by the local clock, `storeMs` by the store's. All in milliseconds since the epoch. */
  learn(askedMs: number, heardMs: number, storeMs: number): void {
    this.exchanges.push({ tookMs: heardMs - askedMs, offsetMs: storeMs - (askedMs + heardMs) / 2 });
    if (this.exchanges.length > EXCHANGES_MAX) this.exchanges.shift();
  }

  /** A moment of the store by the local clock. Taken for the same before the first exchange. */
  toLocalMs(storeMs: number): number {
    let best = { tookMs: Infinity, offsetMs: 0 };
    for (const exchange of this.exchanges) if (exchange.tookMs < best.tookMs) best = exchange;
    return storeMs - best.offsetMs;
  }
}

/**
 * How a view stands to its store. `loading`: nothing to answer from yet. `live`: follows it. `behind`: the store answers, and
 * the view is catching up or being read anew. `away`: the store does not answer. Except in `loading`, lookups are answered.
 */
export type FeedState = 'loading' | 'live' | 'behind' | 'away';

export interface FeedCondition {
  readonly isLoaded: boolean;
  readonly isAnswering: boolean;
  readonly isReloading: boolean;
  readonly ageMs: number;
  /** Age above which a view is behind. */
  readonly liveAgeMaxMs: number;
}

export function feedState(condition: FeedCondition): FeedState {
  if (!condition.isLoaded) return 'loading';
  if (!condition.isAnswering) return 'away';
  return condition.isReloading || condition.ageMs > condition.liveAgeMaxMs ? 'behind' : 'live';
}

/** Whether every shard of a view has come as far as `wanted`. */
export function hasReached(position: readonly number[], wanted: readonly number[]): boolean {
  return wanted.every((sequence, shard) => (position[shard] ?? 0) >= sequence);
}
