/**
 * A receipt as a deliver_sm carries it: text in short_message, optional parameters, or both (SMPP 3.4, appendix B and 5.3.2).
 *
 *   id:MT3X1-7Q sub:001 dlvrd:001 submit date:2403011805 done date:2403011806 stat:DELIVRD err:000 text:Your table is ready.
 *
 * Providers vary it, so what varies is a format. `err:` is what its carrier or provider says, three digits as a rule.
 */
import { MessageStateValue, Tag } from './commands.ts';
import type { PduWriter } from './pdu-writer.ts';
import { MinuteStamp, receiptTime } from './smpp-time.ts';
import { plainSeptet } from './text-coding.ts';

export interface ReceiptFormat {
  /** Whether it is said in text, and in optional parameters. At least one. */
  readonly hasText: boolean;
  readonly hasParameters: boolean;
  /** Dates with seconds. */
  readonly hasSeconds: boolean;
  /** `Text:` in place of `text:`. */
  readonly isCapital: boolean;
  /** Commas between the fields in place of spaces. */
  readonly hasCommas: boolean;
  /** The text in message_payload in place of short_message. */
  readonly isPayload: boolean;
  /** Ids are numbers: hexadecimal in submit_sm_resp, decimal in the receipt. */
  readonly isDecimal: boolean;
}

export const PLAIN_RECEIPT: ReceiptFormat = {
  hasText: true,
  hasParameters: true,
  hasSeconds: false,
  isCapital: false,
  hasCommas: false,
  isPayload: false,
  isDecimal: false,
};

/** What each word changes of a plain receipt. */
export const RECEIPT_VARIANTS: Readonly<Record<string, Partial<ReceiptFormat>>> = {
  'text-only': { hasParameters: false },
  'tlv-only': { hasText: false },
  seconds: { hasSeconds: true },
  'capital-text': { isCapital: true },
  commas: { hasCommas: true },
  payload: { isPayload: true },
  'decimal-id': { isDecimal: true },
};

/** Of a message, for its receipt. */
export interface ReceiptFacts {
  readonly id: string;
  readonly submittedMs: number;
  readonly doneMs: number;
  /** `MessageStateValue`. */
  readonly state: number;
  /** What the carrier or provider says went wrong; 0 for nothing. */
  readonly error: number;
  /** Of the message, of which the first characters are told. */
  readonly text: string;
}

/** By `MessageStateValue`. */
const WORDS: readonly string[] = [
  'SCHEDLD',
  'ENROUTE',
  'DELIVRD',
  'EXPIRED',
  'DELETED',
  'UNDELIV',
  'ACCEPTD',
  'UNKNOWN',
  'REJECTD',
];
const TEXT_CHARACTERS = 20;
/** network_error_code: GSM, as there is none for "of an aggregator". */
const NETWORK_GSM = 3;
const OCTETS_2_MAX = 0xffff;
const submitted = new MinuteStamp();
const done = new MinuteStamp();

/** Writes the text of a receipt, in the GSM alphabet. Allocates nothing but for seconds. */
export function writeReceiptText(to: PduWriter, facts: ReceiptFacts, format: ReceiptFormat): void {
  const between = format.hasCommas ? ',' : ' ';
  to.characters('id:');
  to.characters(facts.id);
  to.characters(between);
  to.characters('sub:001');
  to.characters(between);
  to.characters(facts.state === MessageStateValue.Delivered ? 'dlvrd:001' : 'dlvrd:000');
  to.characters(between);
  to.characters('submit date:');
  writeTime(to, submitted, facts.submittedMs, format);
  to.characters(between);
  to.characters('done date:');
  writeTime(to, done, facts.doneMs, format);
  to.characters(between);
  to.characters('stat:');
  to.characters(WORDS[facts.state] ?? 'UNKNOWN');
  to.characters(between);
  to.characters('err:');
  if (facts.error < 100) to.characters(facts.error < 10 ? '00' : '0');
  to.decimal(facts.error);
  to.characters(between);
  to.characters(format.isCapital ? 'Text:' : 'text:');
  const { text } = facts;
  const count = Math.min(TEXT_CHARACTERS, text.length);
  for (let index = 0; index < count; index += 1) to.octet(plainSeptet(text.charCodeAt(index)));
}

/** Writes the parameters of a receipt. */
export function writeReceiptParameters(to: PduWriter, facts: ReceiptFacts): void {
  to.beginParameter(Tag.ReceiptedMessageId, facts.id.length + 1);
  to.text(facts.id);
  to.beginParameter(Tag.MessageState, 1);
  to.octet(facts.state);
  to.beginParameter(Tag.NetworkErrorCode, 3);
  to.octet(NETWORK_GSM);
  to.octets2(Math.min(facts.error, OCTETS_2_MAX));
}

function writeTime(to: PduWriter, stamp: MinuteStamp, ms: number, { hasSeconds }: ReceiptFormat): void {
  if (hasSeconds) to.characters(receiptTime(ms, true));
  else stamp.write(to, ms);
}
