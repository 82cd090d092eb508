/** Batches and delivery reports as Sinch shows them: out of columns of a store. */
import { formatNumber } from '../../../../registry-cache/index.ts';
import type { MessageStore } from '../../../messages/index.ts';
import { MessageKind } from '../../../router/index.ts';
import { type GroupNotes, groupIdOf } from '../groups.ts';
import { networkCodeOf } from '../networks.ts';
import { changedAtMs } from '../progress.ts';
import type { Scheduled } from '../schedule.ts';
import { batchIdOf } from './batch-ids.ts';
import { QUEUED, type SinchStatus, statusOf } from './errors.ts';
import { type BatchFields, KEPT_MS } from './read-batch.ts';

/** What this face keeps with a message. */
export interface SinchNotes extends GroupNotes {
  /** Of the first message of a batch all of it, of the others what reports say. */
  readonly batch: BatchFields;
  readonly canceled?: true;
}

/**
 * Notes of most batches: one recipient, nothing asked for, both numbers written in one way. Constants, since a text made for each message
 * is the collector's work for as long as the message is kept.
 */
const PLAIN_NOTES: Readonly<Record<string, string>> = { '+': '{"plain":"+"}', '': '{"plain":""}' };

/** What is kept of a batch to one: `from` and `to` are its numbers, E.164. */
export function notesFor(batch: BatchFields, from: string, to: string): string {
  const way = batch.from?.startsWith('+') === true ? '+' : '';
  const isPlain =
    batch.delivery_report === 'none' &&
    batch.type === 'mt_text' &&
    batch.from === way + from.slice(1) &&
    batch.to?.[0] === way + to.slice(1) &&
    Object.keys(batch).length === PLAIN_FIELDS;
  return isPlain ? PLAIN_NOTES[way]! : JSON.stringify({ batch } satisfies SinchNotes);
}

/** delivery_report, from, to, type. */
const PLAIN_FIELDS = 4;

/** Undefined for a message that this API did not send: an automatic reply. */
export function notesOf(store: MessageStore, at: number): SinchNotes | undefined {
  const notes = store.faceNotes[at];
  if (notes === undefined) return undefined;
  const read = JSON.parse(notes) as SinchNotes | { readonly plain: string };
  if ('batch' in read) return read;
  const written = (key: number): string => read.plain + digitsOf(key);
  const batch = { to: [written(store.destinationKey[at]!)], from: written(store.senderKey[at]!), type: 'mt_text' };
  return { batch: { ...batch, delivery_report: 'none' } };
}

interface Batch {
  readonly id: string;
  readonly notes: SinchNotes;
  /** Of its first message. */
  readonly text: string;
  readonly createdAtMs: number;
  readonly isCanceled: boolean;
}

function viewOf({ id, notes, text, createdAtMs, isCanceled }: Batch): object {
  const { batch } = notes;
  const createdAt = timeOf(createdAtMs);
  return {
    id: batchIdOf(id),
    to: batch.to,
    from: batch.from,
    canceled: isCanceled,
    body: text,
    flash_message: false,
    feedback_enabled: false,
    created_at: createdAt,
    modified_at: createdAt,
    expire_at: timeOf((batch.send_at === undefined ? createdAtMs : Date.parse(batch.send_at)) + KEPT_MS),
    ...batch,
  };
}

/** The batch whose first message is at ring place `at`. */
export function batchView(store: MessageStore, at: number, notes: SinchNotes): object {
  const [text, createdAtMs] = [store.texts.get(at), store.acceptedAtMs[at]!];
  return viewOf({ id: groupIdOf(store, at, notes), notes, text, createdAtMs, isCanceled: notes.canceled === true });
}

/** The same of one that waits for its time. */
export function scheduledView({ id, message, createdAtMs, state }: Scheduled): object {
  const notes = JSON.parse(message.notes ?? '') as SinchNotes;
  return viewOf({ id, notes, text: message.text, createdAtMs, isCanceled: state === 'canceled' });
}

/** What is told of one recipient. */
export interface RecipientReport extends SinchStatus {
  readonly type: string;
  readonly batch_id: string;
  /** Digits alone. */
  readonly recipient: string;
  readonly at: string;
  readonly [field: string]: unknown;
}

/** @param told where the message is, if something other than `statusOf` is to be said */
export function recipientReport(
  store: MessageStore,
  at: number,
  notes: SinchNotes,
  told = statusOf(store, at),
): RecipientReport {
  const { batch } = notes;
  const time = timeOf(changedAtMs(store, at));
  const { client_reference: reference, max_number_of_message_parts: partsMax } = batch;
  const operator = networkCodeOf(store.carrier[at]!);
  return {
    type: `recipient_${reportType(store, at)}`,
    batch_id: batchIdOf(groupIdOf(store, at, notes)),
    recipient: digitsOf(store.destinationKey[at]!),
    code: told.code,
    status: told.status,
    at: time,
    ...(store.receiptAtMs[at]! > 0 && { operator_status_at: time }),
    ...(reference !== undefined && { client_reference: reference }),
    ...(partsMax !== undefined && { number_of_message_parts: store.units[at]! }),
    ...(operator !== undefined && { operator }),
  };
}

export function reportType(store: MessageStore, at: number): string {
  return store.kind[at] === MessageKind.Mms ? 'delivery_report_mms' : 'delivery_report_sms';
}

/** A report on a batch: how many of its messages are where, and which, if `isFull`. */
export function batchReport(
  reports: readonly RecipientReport[],
  { size = 1 }: GroupNotes,
  isFull: boolean,
): object | undefined {
  const [first] = reports;
  if (first === undefined) return undefined;
  const statuses = new Map<string, RecipientReport[]>();
  for (const report of reports) {
    const key = `${report.code} ${report.status}`;
    statuses.set(key, [...(statuses.get(key) ?? []), report]);
  }
  const { client_reference: reference } = first;
  return {
    type: first.type.replace('recipient_', ''),
    batch_id: first.batch_id,
    total_message_count: Math.max(size, reports.length),
    statuses: [...statuses.values()].map((alike) => ({
      code: alike[0]!.code,
      status: alike[0]!.status,
      count: alike.length,
      ...(isFull && { recipients: alike.map(({ recipient }) => recipient) }),
    })),
    ...(reference !== undefined && { client_reference: reference }),
  };
}

/** The report on a batch that waits for its time, or was canceled before that: then there is nothing in it. */
export function waitingReport({ id, message, state }: Scheduled): object {
  const { size = 1 } = JSON.parse(message.notes ?? '') as SinchNotes;
  return {
    type: message.media.length > 0 ? 'delivery_report_mms' : 'delivery_report_sms',
    batch_id: batchIdOf(id),
    total_message_count: size,
    statuses: state === 'waiting' ? [{ ...QUEUED, count: size }] : [],
  };
}

export function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** A number as Sinch writes it. */
export function digitsOf(key: number): string {
  return formatNumber(key).slice(1);
}
