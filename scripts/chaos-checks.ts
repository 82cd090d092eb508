// What must be true of all messages after a chaos run, held against what senders, readers and the receiver of webhooks saw and
// nothing else: no check trusts what a process says of itself, but for the number of records.
import type { Post } from './chaos-receiver.ts';

/** A message as its sender knows it. */
export interface Sent {
  /** Its reference, and as a rule its key of idempotency: one for each message, kept when it is sent again. */
  readonly key: string;
  readonly round: number;
  /** Whether its key is one of idempotency. Without it is sent once, and of one that got no clear answer nobody can tell. */
  readonly isKeyed: boolean;
  readonly asksForWebhook: boolean;
  readonly sentAtMs: number;
  /** The id of every acknowledgement, in the order in which they came. */
  readonly ids: string[];
  /** When the first acknowledgement came. */
  acknowledgedAtMs: number | undefined;
  /** The last answer that was none. */
  lastRefusal: string;
}

/** The fields of a record that are looked at. */
export interface MessageFields {
  readonly id: string;
  readonly status: string;
  readonly acceptedAt: string;
  readonly price: { readonly totalMicros: number; readonly postings: readonly { readonly micros: number }[] };
  readonly receipt: Readonly<Record<string, unknown>> | null;
  readonly handset: Readonly<Record<string, unknown>> | null;
}

/** One reading of a record. */
export interface Reading {
  readonly messageId: string;
  /** The gateway that was asked. */
  readonly gateway: string;
  /** Undefined if the gateway said that there is no such message. */
  readonly record: MessageFields | undefined;
}

export interface Evidence {
  readonly sent: readonly Sent[];
  readonly posts: readonly Post[];
  /** Webhooks that could not be read. */
  readonly malformed: readonly string[];
  /** What was read during the run. */
  readonly looks: readonly Reading[];
  /** What was read when everything had come to rest: at least once of every gateway, of one twice. */
  readonly readings: readonly Reading[];
  /** How many messages the store says it has; undefined if there is none to ask. */
  readonly recordCount: number | undefined;
}

export type Broken =
  | 'unanswered'
  | 'two ids under one key'
  | 'one id under two keys'
  | 'lost'
  | 'not at its end'
  | 'two ends'
  | 'wrong sum'
  | 'contradicting receipts'
  | 'receipt against record'
  | 'webhook missing'
  | 'duplicate not marked'
  | 'webhook of nobody'
  | 'malformed webhook'
  | 'number of records';

export interface Violation {
  readonly what: Broken;
  readonly round: number;
  readonly messageId: string;
  readonly key: string;
  readonly detail: string;
}

const ENDS: ReadonlySet<string> = new Set(['delivered', 'filtered', 'undelivered', 'expired', 'rejected']);

export function isAtItsEnd({ status }: MessageFields): boolean {
  return ENDS.has(status);
}

/** Whether a webhook is owed for a message with this record. */
export function owesWebhook(sent: Sent, record: MessageFields): boolean {
  return sent.asksForWebhook && record.receipt !== null;
}

/** Everything that is not as it must be, by message in the order of sending. */
export function violationsOf(evidence: Evidence): Violation[] {
  const readings = byMessage(evidence.readings);
  const looks = byMessage(evidence.looks);
  const posts = byMessage(evidence.posts);
  const known = new Map<string, Sent>();
  return [
    ...evidence.sent.flatMap((sent) => {
      const [id] = sent.ids;
      if (id === undefined && !sent.isKeyed) return [];
      if (id === undefined)
        return [violation('unanswered', sent, `never acknowledged; last ${sent.lastRefusal || 'nothing'}`)];
      return [
        ...ofAnswers(sent, known),
        ...ofRecord(sent, readings.get(id) ?? [], looks.get(id) ?? []),
        ...ofWebhooks(sent, posts.get(id) ?? [], readings.get(id) ?? []),
      ];
    }),
    ...ofStrangers(evidence, known),
    ...ofCount(evidence, known),
  ];
}

function violation(what: Broken, sent: Sent, detail: string): Violation {
  return { what, round: sent.round, messageId: sent.ids[0] ?? '', key: sent.key, detail };
}

/** `known` is who was given each id so far. */
function ofAnswers(sent: Sent, known: Map<string, Sent>): Violation[] {
  const ids = [...new Set(sent.ids)];
  const found = ids
    .slice(1)
    .map((other) => violation('two ids under one key', sent, `acknowledged as ${ids[0]} and as ${other}`));
  for (const id of ids) {
    const other = known.get(id);
    if (other !== undefined) found.push(violation('one id under two keys', sent, `${other.key} has ${id} as well`));
    known.set(id, sent);
  }
  return found;
}

function ofRecord(sent: Sent, readings: readonly Reading[], looks: readonly Reading[]): Violation[] {
  const lost = [...looks, ...readings].filter(({ record }) => record === undefined);
  if (lost.length > 0) {
    const where = [...new Set(lost.map(({ gateway }) => gateway))].join(', ');
    return [violation('lost', sent, `acknowledged, and unknown to ${where}`)];
  }
  const found: Violation[] = [];
  const [first] = readings;
  if (first?.record === undefined) return [violation('lost', sent, 'acknowledged, and never read back')];
  const { record } = first;
  if (!isAtItsEnd(record)) found.push(violation('not at its end', sent, `still ${record.status}`));
  for (const other of [...readings, ...looks]) {
    if (other.record === undefined || !isAtItsEnd(other.record)) continue;
    // A receipt may come after the end; once it is there it stays as it is.
    const isEarly = looks.includes(other) && other.record.receipt === null;
    const names = differences(record, other.record).filter((name) => !(isEarly && name === 'receipt'));
    if (names.length === 0) continue;
    const detail = `${names.join(', ')}: ${told(record, names)} at ${first.gateway}, ${told(other.record, names)} at ${other.gateway}`;
    found.push(violation('two ends', sent, detail));
    break;
  }
  const { totalMicros, postings } = record.price;
  const sum = postings.reduce((all, { micros }) => all + micros, 0);
  if (sum !== totalMicros)
    found.push(violation('wrong sum', sent, `postings sum to ${sum}, the total is ${totalMicros}`));
  return found;
}

function ofWebhooks(sent: Sent, posts: readonly Post[], readings: readonly Reading[]): Violation[] {
  const found: Violation[] = [];
  const [first] = posts;
  const contradiction = posts.find(({ said }) => JSON.stringify(said) !== JSON.stringify(first?.said));
  if (first !== undefined && contradiction !== undefined) {
    const detail = `said ${JSON.stringify(first.said)} and ${JSON.stringify(contradiction.said)}`;
    found.push(violation('contradicting receipts', sent, detail));
  }
  const marks = new Set(posts.map(({ webhookId }) => webhookId));
  if (marks.size > 1)
    found.push(violation('duplicate not marked', sent, `one receipt came as ${[...marks].join(' and ')}`));
  const record = readings[0]?.record;
  if (record === undefined) return found;
  if (first !== undefined && !saysTheSame(first.said, record)) {
    const detail = `the receiver was told ${JSON.stringify(first.said)}, the record says ${JSON.stringify(record.receipt)}`;
    found.push(violation('receipt against record', sent, detail));
  }
  if (owesWebhook(sent, record) && !posts.some(({ isTaken }) => isTaken)) {
    found.push(
      violation('webhook missing', sent, `its receipt is recorded; ${posts.length} attempts reached the receiver`),
    );
  }
  return found;
}

/** Webhooks of messages that nobody was told were accepted: of those that were sent twice, as a rule. */
function ofStrangers({ posts, malformed, sent }: Evidence, known: ReadonlyMap<string, Sent>): Violation[] {
  const byKey = new Map(sent.map((one) => [one.key, one]));
  const strangers = new Map<string, Post>();
  const untold = new Map<string, string>();
  for (const post of posts) {
    const { messageId, reference } = post;
    const meant = byKey.get(reference ?? '');
    const isUntold = meant !== undefined && isUnclear(meant) && (untold.get(meant.key) ?? messageId) === messageId;
    if (isUntold) untold.set(meant.key, messageId);
    else if (!known.has(messageId)) strangers.set(messageId, post);
  }
  return [
    ...Array.from(strangers.values(), ({ messageId, reference }): Violation => {
      const meant = byKey.get(reference ?? '');
      const detail = `its sender knows ${meant?.ids[0] ?? 'no message'} under this key`;
      return { what: 'webhook of nobody', round: meant?.round ?? -1, messageId, key: reference ?? '', detail };
    }),
    ...malformed.map((detail): Violation => ({ what: 'malformed webhook', round: -1, messageId: '', key: '', detail })),
  ];
}

function ofCount({ recordCount, sent }: Evidence, known: ReadonlyMap<string, Sent>): Violation[] {
  if (recordCount === undefined) return [];
  const most = known.size + sent.filter(isUnclear).length;
  if (recordCount >= known.size && recordCount <= most) return [];
  const unclear = most === known.size ? '' : ` and ${most - known.size} more may have been`;
  const detail = `${known.size} messages were acknowledged${unclear}, ${recordCount} are recorded`;
  return [{ what: 'number of records', round: -1, messageId: '', key: '', detail }];
}

/** Whether nobody can tell if a message was accepted: it was sent once and got no answer that says so. */
function isUnclear({ isKeyed, ids }: Sent): boolean {
  return !isKeyed && ids.length === 0;
}

/** Names of the fields that two readings of one record tell differently. */
function differences(one: MessageFields, other: MessageFields): string[] {
  const [a, b] = [one, other] as unknown as Readonly<Record<string, unknown>>[];
  const names = new Set([...Object.keys(a!), ...Object.keys(b!)]);
  return [...names].filter((name) => JSON.stringify(a![name]) !== JSON.stringify(b![name]));
}

/** Of a value that is told differently, enough to see which. */
const TOLD_LENGTH = 120;

function told(record: MessageFields, names: readonly string[]): string {
  const values = record as unknown as Readonly<Record<string, unknown>>;
  return names.map((name) => (JSON.stringify(values[name]) ?? 'nothing').slice(0, TOLD_LENGTH)).join(', ');
}

/** A webhook names the receipt and its time; an error, where there is one, is the record's. */
function saysTheSame(said: Readonly<Record<string, unknown>>, { receipt }: MessageFields): boolean {
  if (receipt === null) return false;
  const isSame = (name: string, own: unknown): boolean => said[name] === undefined || same(said[name], own);
  return (
    same(said['receipt'], receipt['state']) && isSame('at', receipt['at']) && isSame('error', receipt['error'] ?? null)
  );
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function byMessage<T extends { readonly messageId: string }>(all: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const group = found.get(one.messageId);
    if (group === undefined) found.set(one.messageId, [one]);
    else group.push(one);
  }
  return found;
}
