/**
 * An accepted message as a line: a JSON array of what it was sent with and what was decided. Handles are this process's own, so campaign,
 * account and book go by their ids; whoever reads a line looks them up in his own tables, or leaves it.
 *
 * The line of a message that waits under a limit, or waited, also says what was decided.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import { type MessageDraft, type MessageStore, type TextBytes } from '../messages/index.ts';
import {
  Binding,
  BINDINGS,
  clearResult,
  type Core,
  DecisionCode,
  type MessageSlot,
  NO_ACCOUNT,
} from '../router/index.ts';

const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const NULL = Buffer.from(',null');
const END = 0x5d;
const START = 0x5b;

/** A line read as JSON, by place. */
export type MessageLine = readonly [
  sequence: number,
  index: number,
  senderKey: number,
  destinationKey: number,
  kind: number,
  route: number,
  units: number,
  isUcs2: number,
  registration: number,
  carrier: number,
  truth: number,
  isStale: number,
  wasQueued: number,
  acceptedAtMs: number,
  pricedAtMs: number,
  carrierFeeMicros: number,
  surchargeMicros: number,
  dcaMicros: number,
  aggregatorMicros: number,
  tariffRow: number,
  book: string,
  campaign: string | null,
  text: string,
  account: string | null,
  reference: string | null,
  callbackUrl: string | null,
  media: readonly string[] | null,
  /** Null for as long as routes try. */
  validUntilMs: number | null,
  receiptFor: string | null,
  face: number,
  faceNotes: string | null,
  code?: number,
  binding?: number,
  limitUsed?: number,
  limitCap?: number,
  retryAfterMs?: number,
  draw?: number,
];

/** Adds the line of the accepted message at ring place `at`, a line feed before it. */
export function addLine(lines: TextBytes, core: Core, store: MessageStore, at: number, index: number): void {
  addSent(lines, core, store, at, index, store.sequence[at]!);
  lines.addByte(END);
}

/** The same for a message that waits or waited. */
export function addWaitedLine(
  lines: TextBytes,
  core: Core,
  store: MessageStore,
  at: number,
  { index, sequence, draw }: { readonly index: number; readonly sequence: number; readonly draw: number },
): void {
  addSent(lines, core, store, at, index, sequence);
  addNumber(lines, store.code[at]!);
  addNumber(lines, store.binding[at]!);
  for (const value of [store.limitUsed[at]!, store.limitCap[at]!, store.retryAfterMs[at]!, draw]) {
    lines.addByte(COMMA);
    lines.addAscii(JSON.stringify(value));
  }
  lines.addByte(END);
}

function addSent(lines: TextBytes, core: Core, store: MessageStore, at: number, index: number, sequence: number): void {
  lines.addByte(LINE_FEED);
  lines.addByte(START);
  lines.addWhole(sequence);
  addNumber(lines, index);
  addNumber(lines, store.senderKey[at]!);
  addNumber(lines, store.destinationKey[at]!);
  addNumber(lines, store.kind[at]!);
  addNumber(lines, store.route[at]!);
  addNumber(lines, store.units[at]!);
  addNumber(lines, store.isUcs2[at]!);
  addNumber(lines, store.registration[at]!);
  addNumber(lines, store.carrier[at]!);
  addNumber(lines, store.truth[at]!);
  addNumber(lines, store.isStale[at]!);
  addNumber(lines, store.wasQueued[at]!);
  addNumber(lines, store.acceptedAtMs[at]!);
  addNumber(lines, store.pricedAtMs[at]!);
  addNumber(lines, store.carrierFeeMicros[at]!);
  addNumber(lines, store.surchargeMicros[at]!);
  addNumber(lines, store.dcaMicros[at]!);
  addNumber(lines, store.aggregatorMicros[at]!);
  addRow(lines, store.tariffRow[at]!);
  addText(lines, core.books[store.book[at]!]!.book);
  const campaign = store.campaign[at]!;
  addText(lines, campaign >= 0 ? core.campaigns.id(campaign) : undefined);
  addText(lines, store.texts.get(at));
  addText(lines, store.accounts[at]);
  addText(lines, store.references[at]);
  addText(lines, store.callbackUrls[at]);
  const media = store.media[at];
  if (media === undefined) {
    lines.addBytes(NULL);
  } else {
    lines.addByte(COMMA);
    lines.addText(JSON.stringify(media));
  }
  const validUntilMs = store.validUntilMs[at]!;
  if (validUntilMs === Infinity) lines.addBytes(NULL);
  else addNumber(lines, validUntilMs);
  addText(lines, store.receiptsFor[at]);
  addNumber(lines, store.face[at]!);
  addText(lines, store.faceNotes[at]);
}

function addNumber(lines: TextBytes, value: number): void {
  lines.addByte(COMMA);
  lines.addWhole(value);
}

/** A message that no book prices, as on the P2P route, has no row. */
function addRow(lines: TextBytes, row: number): void {
  if (row >= 0) addNumber(lines, row);
  else lines.addBytes(NO_ROW);
}

const NO_ROW = Buffer.from(',-1');

function addText(lines: TextBytes, text: string | undefined): void {
  if (text === undefined) {
    lines.addBytes(NULL);
    return;
  }
  lines.addByte(COMMA);
  lines.addJson(text);
}

/** All lines of a batch. Throws SyntaxError for what is no JSON. */
export function parseLines(lines: Buffer): MessageLine[] {
  return JSON.parse(`[${lines.toString('utf8').slice(1).replaceAll('\n', ',')}]`) as MessageLine[];
}

/** Fills a draft and a slot, as of a message that has just been decided; handles are left out without a core to look in. */
export function readLine(line: MessageLine, draft: MessageDraft, slot: MessageSlot, core?: Core): void {
  clearResult(slot);
  draft.senderKey = slot.senderKey = line[2];
  draft.destinationKey = slot.destinationKey = line[3];
  draft.kind = slot.kind = line[4];
  draft.route = slot.route = line[5];
  draft.units = slot.units = line[6];
  draft.isUcs2 = line[7] === 1;
  slot.registration = line[8];
  slot.carrier = Math.min(line[9], CARRIERS.length - 1);
  draft.truth = line[10];
  slot.isStale = line[11] === 1;
  slot.atMs = line[13];
  slot.pricedAtMs = line[14];
  slot.quote.carrierFeeMicros = line[15];
  slot.quote.surchargeMicros = line[16];
  slot.quote.dcaMicros = line[17];
  slot.quote.aggregatorMicros = line[18];
  slot.quote.totalMicros = line[15] + line[16] + line[17] + line[18];
  slot.quote.row = line[19];
  slot.book = Math.max(0, core?.books.findIndex(({ book }) => book === line[20]) ?? 0);
  slot.campaign = line[21] === null || core === undefined ? -1 : core.campaigns.find(line[21]);
  draft.text = line[22];
  draft.account = line[23] ?? undefined;
  draft.reference = line[24] ?? undefined;
  draft.callbackUrl = line[25] ?? undefined;
  draft.media = line[26] ?? undefined;
  draft.validUntilMs = line[27] ?? Infinity;
  draft.receiptFor = line[28] ?? undefined;
  draft.face = line[29];
  draft.faceNotes = line[30] ?? undefined;
  slot.account = draft.account === undefined || core === undefined ? NO_ACCOUNT : core.accounts.find(draft.account);
  slot.code = line[31] ?? DecisionCode.Accepted;
  slot.binding = isKnownHere(line[32] ?? Binding.None, slot) ? line[32]! : Binding.None;
  slot.limitUsed = line[33] ?? 0;
  slot.limitCap = line[34] ?? 0;
  slot.retryAfterMs = line[35] ?? 0;
  slot.draw = line[36] ?? Number.NaN;
  slot.holdsInFlight = false;
}

/** Whether there is a limit, and here it can be said whose: another gateway may have known more campaigns and accounts. */
function isKnownHere(binding: number, { campaign, account }: MessageSlot): boolean {
  const scope = BINDINGS[binding]?.scope;
  if (binding === Binding.None || scope === undefined) return false;
  if (scope === 'campaign' || scope === 'brand') return campaign >= 0;
  return scope !== 'account' || account !== NO_ACCOUNT;
}
