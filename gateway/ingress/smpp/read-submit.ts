/**
 * A submit_sm -> a draft the core can take, or the status that says what is wrong with it.
 *
 * Each submit_sm is one message of its own, also when it is a part of a longer text: by a header in the text (UDH) or by the sar_
 * parameters. A whole text, in short_message or message_payload, is one message of as many segments as it takes on the air.
 */
import { type MessageDraft } from '../../messages/index.ts';
import { countSegments, Encoding, encodingOf, MessageKind, Route, segmentsOf } from '../../router/index.ts';
import { SMPP_SCHEDULED_AHEAD_MS, TEXT_LENGTH_MAX } from '../../limits.ts';
import {
  DataCoding,
  decodeText,
  EsmClass,
  HEADER_LIES,
  isBinary,
  parseTime,
  readUserDataHeader,
  Status,
  type SubmitSm,
} from '../../smpp/index.ts';
import { NO_NUMBER, NumberReader } from './numbers.ts';

/** Octets that one message has room for on the air, a header among them, and septets (3GPP TS 23.040, 9.2.3.16). */
const AIR_OCTETS = 140;
const AIR_SEPTETS = 160;
const PART_HEADER_OCTETS = 6;
const UCS2_SINGLE = 70;
const UCS2_PART = 67;
/** Octets that a text of the greatest length may take: of pairs in any alphabet. */
const TEXT_OCTETS_MAX = TEXT_LENGTH_MAX * 2;
const TON_MAX = 6;
const NPIS: ReadonlySet<number> = new Set([0, 1, 3, 4, 6, 8, 9, 10, 14, 18]);
const PRIORITY_MAX = 3;
/** Bits of registered_delivery that are reserved. */
const REGISTERED_RESERVED = 0xe0;
const NONE = -1;
/** By esm_class: 1 if a message that is submitted may have it. */
const MAY_BE_SUBMITTED = new Uint8Array(256);
for (let esmClass = 0; esmClass < 256; esmClass += 1) {
  const type = esmClass & EsmClass.Type;
  const isType = type === 0 || type === EsmClass.DeliveryAcknowledgement || type === EsmClass.UserAcknowledgement;
  // In transaction mode the answer would have to wait for the phone.
  if (isType && (esmClass & EsmClass.Mode) !== EsmClass.Transaction) MAY_BE_SUBMITTED[esmClass] = 1;
}

/** A message that was read and is decided later. */
export interface ReadMessage {
  readonly draft: MessageDraft;
  /** `factsOf`. */
  readonly facts: number;
  readonly reference: number;
  readonly serviceType: string;
  readonly dataCoding: number;
  /** When it is to be sent; NaN for at once. */
  readonly scheduledMs: number;
  /** Whether it takes the place of one like it. */
  readonly replaces: boolean;
}

export class SubmitReader {
  /** `Spelling` of the numbers that were read last. */
  sourceSpelling = 0;
  destinationSpelling = 0;
  /** When it is to be sent, or NaN for at once. */
  scheduledMs = Number.NaN;
  readonly #numbers = new NumberReader();
  readonly #header = { length: 0, total: 0, part: 0, reference: 0 };

  /**
   * Fills `draft`, but for its account.
   * @returns `Status`: Ok, or what is wrong; the draft is then half filled
   */
  read(submit: SubmitSm, draft: MessageDraft, nowMs: number): number {
    const { bytes } = submit;
    if (submit.sourceTon > TON_MAX) return Status.InvalidSourceTon;
    if (!NPIS.has(submit.sourceNpi)) return Status.InvalidSourceNpi;
    if (submit.destinationTon > TON_MAX) return Status.InvalidDestinationTon;
    if (!NPIS.has(submit.destinationNpi)) return Status.InvalidDestinationNpi;
    const senderKey = this.#numbers.read(bytes, submit.sourceAt, submit.sourceLength, true);
    if (senderKey === NO_NUMBER) return Status.InvalidSourceAddress;
    this.sourceSpelling = this.#numbers.spelling;
    const destinationKey = this.#numbers.read(bytes, submit.destinationAt, submit.destinationLength, false);
    if (destinationKey === NO_NUMBER || destinationKey === senderKey) return Status.InvalidDestinationAddress;
    this.destinationSpelling = this.#numbers.spelling;
    if (MAY_BE_SUBMITTED[submit.esmClass] === 0) return Status.InvalidEsmClass;
    if (submit.priorityFlag > PRIORITY_MAX) return Status.InvalidPriority;
    if ((submit.registeredDelivery & REGISTERED_RESERVED) !== 0) return Status.InvalidRegisteredDelivery;
    if (submit.replaceIfPresent > 1) return Status.InvalidReplaceFlag;
    // There are no canned messages.
    if (submit.defaultMessageId !== 0) return Status.InvalidDefaultMessage;
    this.scheduledMs = Number.NaN;
    draft.validUntilMs = Infinity;
    if (submit.scheduleLength + submit.validityLength > 0) {
      const status = this.#readTimes(submit, draft, nowMs);
      if (status !== Status.Ok) return status;
    }
    draft.senderKey = senderKey;
    draft.destinationKey = destinationKey;
    draft.kind = MessageKind.Sms;
    draft.route = Route.A2p;
    draft.truth = 0;
    draft.reference = undefined;
    draft.callbackUrl = undefined;
    draft.receiptFor = undefined;
    draft.media = undefined;
    draft.draw = Number.NaN;
    return this.#readText(submit, draft);
  }

  #readTimes(submit: SubmitSm, draft: MessageDraft, nowMs: number): number {
    if (submit.scheduleLength > 0) {
      this.scheduledMs = timeAt(submit, submit.scheduleAt, submit.scheduleLength, nowMs);
      if (!(this.scheduledMs <= nowMs + SMPP_SCHEDULED_AHEAD_MS)) return Status.InvalidSchedule;
      // Of the past is at once.
      if (this.scheduledMs <= nowMs) this.scheduledMs = Number.NaN;
    }
    if (submit.validityLength > 0) {
      // A relative time begins when the message is submitted.
      const untilMs = timeAt(submit, submit.validityAt, submit.validityLength, nowMs);
      const fromMs = Number.isNaN(this.scheduledMs) ? nowMs : this.scheduledMs;
      if (!(untilMs > fromMs)) return Status.InvalidExpiry;
      draft.validUntilMs = untilMs;
    }
    return Status.Ok;
  }

  #readText(submit: SubmitSm, draft: MessageDraft): number {
    const { bytes, dataCoding, messageAt } = submit;
    const to = messageAt + submit.messageLength;
    let from = messageAt;
    let isPart = false;
    let headerOctets = 0;
    const hasSar = submit.sarReference !== NONE || submit.sarTotal !== NONE || submit.sarSegment !== NONE;
    if ((submit.esmClass & EsmClass.Udhi) !== 0) {
      if (hasSar) return Status.OptionalParameterNotAllowed;
      readUserDataHeader(bytes, messageAt, to, this.#header);
      headerOctets = this.#header.length;
      if (headerOctets === HEADER_LIES) return Status.InvalidMessageLength;
      from += headerOctets;
      isPart = true;
    } else if (hasSar) {
      const { sarReference, sarTotal, sarSegment } = submit;
      if (sarReference === NONE || sarTotal === NONE || sarSegment === NONE) return Status.MissingParameter;
      if (sarTotal === 0 || sarSegment === 0 || sarSegment > sarTotal) return Status.InvalidParameterValue;
      headerOctets = PART_HEADER_OCTETS;
      isPart = true;
    }
    // Looked at before it is decoded, and by submit_multi for each destination.
    if (to - from > TEXT_OCTETS_MAX) return Status.InvalidMessageLength;
    if (isBinary(dataCoding)) return readBinary(draft, bytes, from, to, isPart ? headerOctets : NONE);
    const text = decodeText(bytes, from, to, dataCoding);
    if (text === undefined) {
      return dataCoding === DataCoding.Ucs2 ? Status.InvalidMessageLength : Status.InvalidDataCoding;
    }
    if (text.length > TEXT_LENGTH_MAX) return Status.InvalidMessageLength;
    draft.text = text;
    if (isPart) {
      draft.units = 1;
      draft.isUcs2 = dataCoding === DataCoding.Ucs2;
      const septets = AIR_SEPTETS - Math.ceil((headerOctets * 8) / 7);
      const room = draft.isUcs2 ? AIR_OCTETS - headerOctets : septets;
      return to - from > room ? Status.InvalidMessageLength : Status.Ok;
    }
    const segments = countSegments(text);
    draft.isUcs2 = encodingOf(segments) === Encoding.Ucs2;
    draft.units = segmentsOf(segments);
    if (dataCoding === DataCoding.Ucs2 && !draft.isUcs2) {
      // Sent as UCS-2 it goes as such, whatever its characters.
      draft.isUcs2 = true;
      draft.units = text.length <= UCS2_SINGLE ? 1 : Math.ceil(text.length / UCS2_PART);
    }
    return Status.Ok;
  }
}

/** Octets that are no text are kept in hexadecimal digits. */
function readBinary(draft: MessageDraft, bytes: Buffer, from: number, to: number, headerOctets: number): number {
  const octets = to - from;
  if (octets * 2 > TEXT_LENGTH_MAX || (headerOctets !== NONE && octets > AIR_OCTETS - headerOctets)) {
    return Status.InvalidMessageLength;
  }
  draft.text = bytes.toString('hex', from, to);
  draft.isUcs2 = false;
  draft.units = octets <= AIR_OCTETS ? 1 : Math.ceil(octets / (AIR_OCTETS - PART_HEADER_OCTETS));
  return Status.Ok;
}

function timeAt({ bytes }: SubmitSm, at: number, length: number, nowMs: number): number {
  return parseTime(bytes.toString('latin1', at, at + length), nowMs);
}
