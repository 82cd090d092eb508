/**
 * Receipts through a spool, where messages are kept outside of this process: what the gateway that takes a message writes down for its
 * receipt, what the worker that tells of it puts into the spool of its ESME, and what the gateway that the ESME is bound to makes of that.
 */
import { type MessageStore, parseMessageId } from '../../messages/index.ts';
import type { ReceiptFormat } from '../../smpp/index.ts';
import { Receipt, RECEIPT_TEXT_KEPT, type Subject, type Told } from './receipt.ts';
import { wantsFinal } from './submit-facts.ts';
import { toldAt } from './told.ts';

/** Where receipts wait for ESMEs, by their system_ids. */
export interface Spool {
  /** Takes receipts of each of these names, `count` at most. */
  read(names: readonly string[], count: number): Promise<readonly (readonly SpoolEntry[])[]>;
  /** Forgets receipts that are done with. */
  taken(name: string, ids: readonly string[]): Promise<void>;
  /** Gives receipts back that cannot be sent from here. */
  giveBack(name: string, ids: readonly string[]): Promise<void>;
}

export interface SpoolEntry {
  readonly id: string;
  readonly receipt: string;
}

/** A receipt as it lies in a spool, as JSON. */
type Written = readonly [
  id: string,
  senderKey: number,
  destinationKey: number,
  text: string,
  submittedMs: number,
  facts: number,
  reference: number,
  state: number,
  error: number,
  doneMs: number,
];

const RECEIPT_FOR = /^(\d+) (-?\d+) (\S*) (.*)$/s;

/** What goes with a message for its receipt. `otherId` is what receipts call it, if not by its own id. */
export function receiptFor(systemId: string, facts: number, reference: number, otherId = ''): string {
  return `${facts} ${reference} ${otherId} ${systemId}`;
}

/** Of receipts of messages in a store, those that their ESMEs asked for. */
export function spooledReceipts(
  store: MessageStore,
  receipts: readonly { readonly at: number }[],
): { readonly name: string; readonly receipt: string }[] {
  return receipts.flatMap(({ at }) => {
    const [, facts, reference, otherId, systemId] = RECEIPT_FOR.exec(store.receiptsFor[at] ?? '') ?? [];
    const { state, error, doneMs } = toldAt(store, at);
    if (systemId === undefined || doneMs === undefined || !wantsFinal(Number(facts), state)) return [];
    const subject = {
      id: otherId || store.idAt(at),
      senderKey: store.senderKey[at]!,
      destinationKey: store.destinationKey[at]!,
      text: store.texts.get(at),
      submittedMs: store.acceptedAtMs[at]!,
      facts: Number(facts),
      reference: Number(reference),
    };
    return [{ name: systemId, receipt: writeSpooled(subject, { state, error, doneMs }) }];
  });
}

/** A final receipt as it lies in a spool. */
export function writeSpooled(subject: Subject, { state, error, doneMs }: Omit<Told, 'isIntermediate'>): string {
  const { id, senderKey, destinationKey, text, submittedMs, facts, reference } = subject;
  const kept = text.slice(0, RECEIPT_TEXT_KEPT);
  const written: Written = [id, senderKey, destinationKey, kept, submittedMs, facts, reference, state, error, doneMs];
  return JSON.stringify(written);
}

/** Reads a receipt of a spool; undefined if it is none. */
export function readSpooled({ id, receipt }: SpoolEntry, format: ReceiptFormat, nowMs: number): Receipt | undefined {
  let written: Written;
  try {
    written = JSON.parse(receipt) as Written;
  } catch {
    return undefined;
  }
  if (!Array.isArray(written)) return undefined;
  const [own, senderKey, destinationKey, text, submittedMs, facts, reference, state, error, doneMs] = written;
  const sequence = format.isDecimal ? parseMessageId(own)?.sequence : undefined;
  const subject = {
    id: sequence === undefined ? own : String(sequence),
    senderKey,
    destinationKey,
    text,
    submittedMs,
    facts,
    reference,
  };
  return new Receipt(subject, { state, error, doneMs, isIntermediate: false }, format, nowMs, id);
}
