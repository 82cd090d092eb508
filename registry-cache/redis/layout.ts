/**
 * How the registry lies in Redis: the keys, and the bytes in them.
 *
 *   tollgate:{r0}:  one such group per shard; all of a shard is in one slot, so that one script can change it whole
 *     numbers       hash: bucket -> entries of its numbers, active and pending
 *     pending       sorted set: entries of pending numbers, by the moment they become active
 *     counts        string: 4 bytes per campaign handle, how many numbers of this shard it holds
 *     notices       hash: number -> its notices
 *     notice-order  sorted set: NNID row, moment (newest first), number; all of score 0, so in this order
 *     history       hash: number -> its intervals; only if the registry keeps history
 *     feed          stream: what changed, trimmed by time
 *     meta          hash: epoch, seq (of the newest feed entry), count (of numbers), buckets, fence
 *   tollgate:{osr}: what the number registry knows of campaigns. No number, no brand
 *     campaigns     hash: campaign id -> handle and record
 *     nnids         hash: NNID -> row
 *     locks         hash: campaign handle -> who is adding numbers up to its limit just now
 *     feed, meta    as above; meta also has format, shards and history
 *   tollgate:{tcr}: what carriers are told of campaigns by the campaign registry. No number
 *     terms         hash: campaign id -> terms
 *     feed, meta    as above
 *
 * Whole numbers are written with the highest byte first. `key` is the number, `campaign` a handle, `row` that of an NNID,
 * `moment` milliseconds since the epoch.
 *
 *   entry     | key 5 | campaign 3 | row 2 |                           highest bit of campaign: pending
 *   change    | key 5 | campaign 3 | row 2 | moment 6 |                campaign 0xffffff: removed; moment 0: active
 *   notice    | row 2 | reason 1 | campaign 3 | moment 6 |             reason 0: taken over, else 1 + FAILURE_REASONS index;
 *                                                                      campaign 0xffffff: there was none of that id
 *   interval  | campaign 3 | row 2 | from 6 | until 6 |                until 0xffffffffffff: lasts
 *
 * Worked example: +12125550123, campaign 7, row 1, active. The key is 2,125,550,123 = 0x7eb1522b, so the entry is
 *
 *   00 7e b1 52 2b   00 00 07   00 01
 *
 * Scrambled, the number is 2,125,550,123 * 741,103 mod 4,294,967,291 = 3,599,354,763. With 4 shards, it is in shard
 * 3,599,354,763 mod 4 = 3, where it goes by 3,599,354,763 div 4 = 899,838,690. Among 10 buckets that is bucket 2, as
 * 899,838,690 mod 16 = 2; had it been 13, it would be in 13 - 8 = 5, of which 13 is not split off yet.
 *
 * The buckets grow one by one (linear hashing): of n, the first n - 2^k were split, 2^k being the highest power of two that
 * is no more than n. A split moves entries from bucket n - 2^k to the new bucket n and nowhere else. So whoever reads the
 * buckets from 0 up, and at the end those that were added meanwhile, misses none that is left alone.
 */
import { NO_CAMPAIGN } from '../number-registry.ts';
import {
  ANY_NNID,
  FAILURE_REASONS,
  MOMENT_MAX,
  type CampaignEntry,
  type CampaignRecord,
  type CarrierTerms,
  type ChangeOutcome,
  type Notice,
  type NumberChange,
  type NumberInterval,
  type NumberRecord,
  type SetNumber,
} from '../registry-store.ts';

export const FORMAT = 1;
export const SHARDS_MAX = 256;

/** A number is scrambled by this factor and modulus: both prime, and their product with a key is exact in a double. */
export const SCRAMBLE_FACTOR = 741_103;
export const SCRAMBLE_MODULUS = 4_294_967_291;

/** Numbers per bucket, on average, at which buckets are split. */
export const BUCKET_NUMBERS = 64;

export const KEY_BYTES = 5;
export const ENTRY_BYTES = 10;
const FEED_CHANGE_BYTES = 16;
export const NOTICE_BYTES = 12;
/** More than any handle. */
const NO_CAMPAIGN_BYTES = 0xffffff;
export const INTERVAL_BYTES = 17;
const LASTS = MOMENT_MAX;

/** Keys of one stream of the feed: the hash with its `epoch` and `seq`, and the stream itself, in one slot. */
export interface StreamKeys {
  readonly meta: string;
  readonly feed: string;
}

export interface ShardKeys extends StreamKeys {
  readonly numbers: string;
  readonly pending: string;
  readonly counts: string;
  readonly notices: string;
  readonly noticeOrder: string;
  readonly history: string;
}

export function shardKeys(shard: number): ShardKeys {
  const tag = `tollgate:{r${shard}}:`;
  return {
    meta: `${tag}meta`,
    feed: `${tag}feed`,
    numbers: `${tag}numbers`,
    pending: `${tag}pending`,
    counts: `${tag}counts`,
    notices: `${tag}notices`,
    noticeOrder: `${tag}notice-order`,
    history: `${tag}history`,
  };
}

/** What the number registry knows of campaigns. */
export const OSR_KEYS = {
  meta: 'tollgate:{osr}:meta',
  feed: 'tollgate:{osr}:feed',
  campaigns: 'tollgate:{osr}:campaigns',
  nnids: 'tollgate:{osr}:nnids',
  locks: 'tollgate:{osr}:locks',
} as const;

/** What the campaign registry tells carriers. */
export const TCR_KEYS = {
  meta: 'tollgate:{tcr}:meta',
  feed: 'tollgate:{tcr}:feed',
  terms: 'tollgate:{tcr}:terms',
} as const;

export function shardOf(key: number, shards: number): number {
  return ((key * SCRAMBLE_FACTOR) % SCRAMBLE_MODULUS) % shards;
}

/** The bucket whose entries were divided when `bucket` was added. */
export function splitFrom(bucket: number): number {
  return bucket - 2 ** Math.floor(Math.log2(bucket));
}

export function packKeys(keys: readonly number[]): Buffer {
  const packed = Buffer.alloc(keys.length * KEY_BYTES);
  keys.forEach((key, i) => packed.writeUIntBE(key, i * KEY_BYTES, KEY_BYTES));
  return packed;
}

export function packMoment(moment: number): Buffer {
  const packed = Buffer.alloc(6);
  packed.writeUIntBE(moment, 0, 6);
  return packed;
}

/**
 * A change as the script takes it. `most`: numbers of the campaign this shard may have for a limited set to be applied.
 *
 *   | kind 1 | key 5 | campaign 3 | row 2 | moment 6 | most 4, or reason of a failure |
 */
export const REQUEST_BYTES = 21;
export const REQUEST_KINDS = { set: 0, limitedSet: 1, remove: 2, removeAny: 3, fail: 4 } as const;
/** More than any shard can hold. */
export const MOST_MAX = 0xffffffff;

/** `most` is asked for sets with a limit only. */
export function packRequests(
  changes: readonly NumberChange[],
  nowMs: number,
  most: (campaign: number, numberLimit: number) => number,
): Buffer {
  const packed = Buffer.alloc(changes.length * REQUEST_BYTES);
  changes.forEach((change, i) => {
    const at = i * REQUEST_BYTES;
    packed.writeUIntBE(change.key, at + 1, 5);
    if (change.kind === 'remove') {
      packed[at] = change.nnid === ANY_NNID ? REQUEST_KINDS.removeAny : REQUEST_KINDS.remove;
      if (change.nnid !== ANY_NNID) packed.writeUInt16BE(change.nnid, at + 9);
      return;
    }
    packed.writeUIntBE(change.campaign === NO_CAMPAIGN ? NO_CAMPAIGN_BYTES : change.campaign, at + 6, 3);
    packed.writeUInt16BE(change.nnid, at + 9);
    if (change.kind === 'fail') {
      packed[at] = REQUEST_KINDS.fail;
      packed.writeUInt32BE(1 + FAILURE_REASONS.indexOf(change.reason), at + 17);
      return;
    }
    packed[at] = isLimited(change) ? REQUEST_KINDS.limitedSet : REQUEST_KINDS.set;
    if (change.activeAtMs > nowMs) packed.writeUIntBE(change.activeAtMs, at + 11, 6);
    if (isLimited(change)) packed.writeUInt32BE(most(change.campaign, change.numberLimit), at + 17);
  });
  return packed;
}

export function isLimited(change: NumberChange): change is SetNumber {
  return change.kind === 'set' && change.numberLimit !== Infinity;
}

/**
 * What the script answers for a change, and for a number it reads.
 *
 *   | status 1 | key 5 | campaign 3 | row 2 | moment 6 |     all after the status: what the number was registered to, if anything
 */
export const ANSWER_BYTES = 17;
export const ANSWER_STATUS = { none: 0, found: 1, notRegistered: 2, otherNnid: 3, numberLimit: 4, fenced: 5 } as const;

/** The outcome in an answer, or undefined if the change was left undone because somebody else has taken the lock since. */
export function outcomeAt(answers: Buffer, i: number): ChangeOutcome | undefined {
  switch (answers[i * ANSWER_BYTES]) {
    case ANSWER_STATUS.none:
    case ANSWER_STATUS.found:
      return { done: true, previous: recordAt(answers, i) };
    case ANSWER_STATUS.notRegistered:
      return { done: false, refusal: 'not_registered' };
    case ANSWER_STATUS.otherNnid:
      return { done: false, refusal: 'other_nnid' };
    case ANSWER_STATUS.numberLimit:
      return { done: false, refusal: 'number_limit' };
    default:
      return undefined;
  }
}

export function recordAt(answers: Buffer, i: number): NumberRecord | undefined {
  const at = i * ANSWER_BYTES;
  if (answers[at] !== ANSWER_STATUS.found) return undefined;
  return {
    key: answers.readUIntBE(at + 1, 5),
    campaign: answers.readUIntBE(at + 6, 3),
    nnid: answers.readUInt16BE(at + 9),
    activeAtMs: answers.readUIntBE(at + 11, 6),
  };
}

/** Whether an entry of a bucket is of a pending number, which is to be looked for in `pending`. */
export function isPendingAt(entries: Buffer, at: number): boolean {
  return entries[at + 5]! >= 0x80;
}

/** Key of an entry or of a change in the feed. */
export function keyAt(entries: Buffer, at: number): number {
  return entries[at]! * 2 ** 32 + entries.readUInt32BE(at + 1);
}

/** Campaign handle of an entry. */
export function campaignAt(entries: Buffer, at: number): number {
  return ((entries[at + 5]! & 0x7f) << 16) | (entries[at + 6]! << 8) | entries[at + 7]!;
}

/** NNID row of an entry. */
export function rowAt(entries: Buffer, at: number): number {
  return (entries[at + 8]! << 8) | entries[at + 9]!;
}

/** Called for each change of a feed entry, in order. `campaign` is NO_CAMPAIGN for a removal; `activeAtMs` is 0 for active. */
export type VisitChange = (key: number, campaign: number, activeAtMs: number) => void;

/** Walks the changes of one entry of a shard's stream, given its field `d`. Allocates nothing per change. */
export function forEachChange(changes: Buffer, visit: VisitChange): void {
  for (let at = 0; at < changes.length; at += FEED_CHANGE_BYTES) {
    const isRemoved = changes[at + 5] === 0xff;
    const moment = changes.readUInt16BE(at + 10) * 2 ** 32 + changes.readUInt32BE(at + 12);
    visit(keyAt(changes, at), isRemoved ? -1 : campaignAt(changes, at), moment);
  }
}

export function noticeAt(notices: Buffer, at: number, key: number): Notice {
  const reason = notices[at + 2]!;
  const campaign = notices.readUIntBE(at + 3, 3);
  return {
    kind: reason === 0 ? 'taken_over' : 'failed',
    key,
    nnid: notices.readUInt16BE(at),
    campaign: campaign === NO_CAMPAIGN_BYTES ? NO_CAMPAIGN : campaign,
    reason: FAILURE_REASONS[reason - 1],
    atMs: notices.readUIntBE(at + 6, 6),
  };
}

export function unpackIntervals(packed: Buffer): NumberInterval[] {
  const intervals: NumberInterval[] = [];
  for (let at = 0; at < packed.length; at += INTERVAL_BYTES) {
    const untilMs = packed.readUIntBE(at + 11, 6);
    intervals.push({
      campaign: packed.readUIntBE(at, 3),
      nnid: packed.readUInt16BE(at + 3),
      fromMs: packed.readUIntBE(at + 5, 6),
      untilMs: untilMs === LASTS ? Infinity : untilMs,
    });
  }
  return intervals;
}

/** A record as it is written: without its id, which is its field, and without Infinity, which JSON has none of. */
type WrittenRecord = Omit<CampaignRecord, 'id' | 'numberLimit' | 'expiresAtMs'> &
  Partial<Pick<CampaignRecord, 'numberLimit' | 'expiresAtMs'>>;

export function packCampaign({ id: _id, numberLimit, expiresAtMs, ...record }: CampaignRecord): string {
  const written: WrittenRecord = {
    ...record,
    ...(numberLimit !== Infinity && { numberLimit }),
    ...(expiresAtMs !== Infinity && { expiresAtMs }),
  };
  return JSON.stringify(written);
}

/** From the value of a campaign: its handle, a space and its record. */
export function unpackCampaign(id: string, value: string): CampaignEntry {
  const space = value.indexOf(' ');
  const written = JSON.parse(value.slice(space)) as WrittenRecord;
  const { dca, numberLimit = Infinity, expiresAtMs = Infinity, ...record } = written;
  return { handle: Number(value.slice(0, space)), record: { ...record, id, dca, numberLimit, expiresAtMs } };
}

export function packTerms({ campaign: _campaign, ...terms }: CarrierTerms): string {
  return JSON.stringify(terms);
}

export function unpackTerms(campaign: string, value: string): CarrierTerms {
  return { ...(JSON.parse(value) as Omit<CarrierTerms, 'campaign'>), campaign };
}

/** The campaigns of one entry of the campaigns' stream, given all its fields: `n`, the sequence number, then ids and values. */
export function campaignsOf(fields: readonly Buffer[]): CampaignEntry[] {
  return pairsOf(fields).map(([id, value]) => unpackCampaign(id, value));
}

/** The same for the stream of terms. */
export function termsOf(fields: readonly Buffer[]): CarrierTerms[] {
  return pairsOf(fields).map(([id, value]) => unpackTerms(id, value));
}

function pairsOf(fields: readonly Buffer[]): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let i = 2; i < fields.length; i += 2) pairs.push([fields[i]!.toString(), fields[i + 1]!.toString()]);
  return pairs;
}
