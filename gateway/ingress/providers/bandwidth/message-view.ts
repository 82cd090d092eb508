/** Messages as Bandwidth's API shows them: out of columns of a store. */
import { CARRIERS, formatNumber } from '../../../../registry-cache/index.ts';
import type { MessageStore } from '../../../messages/index.ts';
import { type Core, MessageKind } from '../../../router/index.ts';
import { type GroupNotes, groupIdOf } from '../groups.ts';
import { type Progress, progressOf } from '../progress.ts';
import { uuidOf } from '../vendor-ids.ts';
import { errorCodeOf } from './errors.ts';

/** What this face keeps with a message. */
export interface BandwidthNotes extends GroupNotes {
  readonly applicationId: string;
  readonly tag?: string;
  readonly priority?: string;
  /** As it was asked for, E.164; of a message to one it is left out. */
  readonly to?: readonly string[];
}

/** Undefined for a message that this API did not send: an automatic reply. */
export function notesOf(store: MessageStore, at: number): BandwidthNotes | undefined {
  const notes = store.faceNotes[at];
  return notes === undefined ? undefined : (JSON.parse(notes) as BandwidthNotes);
}

export function idOf(store: MessageStore, at: number, notes?: BandwidthNotes): string {
  return uuidOf(groupIdOf(store, at, notes));
}

/** As Bandwidth spells names of carriers. */
const CARRIER_NAMES: readonly string[] = CARRIERS.map(({ id, displayName }) =>
  id === 'tmobile' ? 'TMobile' : id === 'other' ? 'other' : displayName,
);

export function carrierNameOf(store: MessageStore, at: number): string | null {
  return CARRIER_NAMES[store.carrier[at]!] ?? null;
}

/** ISO 8601 with microseconds. */
export function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000Z');
}

/** What a message says of itself wherever it is told of. */
export function messageFields(store: MessageStore, at: number, notes: BandwidthNotes): object {
  const { applicationId, tag, priority } = notes;
  const from = formatNumber(store.senderKey[at]!);
  const media = store.media[at];
  return {
    id: idOf(store, at, notes),
    owner: from,
    applicationId,
    time: timeOf(store.acceptedAtMs[at]!),
    segmentCount: store.units[at]!,
    direction: 'out',
    to: notes.to ?? [formatNumber(store.destinationKey[at]!)],
    from,
    ...(media && { media }),
    ...(tag !== undefined && { tag }),
    ...(priority !== undefined && { priority }),
  };
}

const STATUSES: Readonly<Record<Progress, string>> = {
  queued: 'QUEUED',
  trying: 'SENDING',
  sent: 'SENT',
  delivered: 'DELIVERED',
  undelivered: 'UNDELIVERED',
  refused: 'FAILED',
};

/** A message in a list. */
export interface ListedMessage {
  readonly messageId: string;
  readonly sourceTn: string;
  readonly destinationTn: string;
  readonly messageStatus: string;
  readonly messageType: string;
  readonly segmentCount: number;
  readonly errorCode: number;
  readonly receiveTime: string;
  readonly carrierName: string | null;
  readonly campaignId: string | null;
  readonly [field: string]: unknown;
}

export function listedMessage(core: Core, store: MessageStore, at: number, accountId: string): ListedMessage {
  const campaign = store.campaign[at]!;
  const isMms = store.kind[at] === MessageKind.Mms;
  return {
    messageId: idOf(store, at),
    accountId,
    sourceTn: formatNumber(store.senderKey[at]!),
    destinationTn: formatNumber(store.destinationKey[at]!),
    messageStatus: STATUSES[progressOf(store, at)],
    messageDirection: 'OUTBOUND',
    messageType: isMms ? 'mms' : 'sms',
    segmentCount: store.units[at]!,
    errorCode: errorCodeOf(store, at),
    receiveTime: timeOf(store.acceptedAtMs[at]!),
    carrierName: carrierNameOf(store, at),
    messageSize: null,
    messageLength: store.texts.get(at).length,
    attachmentCount: isMms ? (store.media[at]?.length ?? 0) : null,
    recipientCount: notesOf(store, at)?.to?.length ?? 1,
    campaignClass: null,
    campaignId: campaign >= 0 ? core.campaigns.id(campaign) : null,
    bwLatency: null,
    carrierLatency: null,
    callingNumberCountryA3: 'USA',
    calledNumberCountryA3: 'USA',
    product: null,
    location: null,
  };
}
