/**
 * submit_sm, read in one pass into a record that is used again and again: where each field lies in the bytes, and no object for any of
 * them. deliver_sm has the same fields, and clients read it by the same record.
 *
 *   offset 16  service_type z | ton npi source_addr z | ton npi destination_addr z | esm_class protocol_id priority_flag |
 *   schedule_delivery_time z | validity_period z | registered_delivery replace_if_present data_coding sm_default_msg_id |
 *   sm_length short_message | (tag 2, length 2, value)*
 *
 * `z` ends a text. Nothing is decoded here: the text is read once, by whoever needs it (`text-coding.ts`).
 * Source: SMPP 3.4, 4.4.1 and 5.3.2. The slow reader of `pdu.ts` gives the same answers; a test compares them.
 */
import { HEADER_BYTES, SHORT_MESSAGE_BYTES_MAX, Status, Tag } from './commands.ts';

const NOTHING = Buffer.alloc(0);
const SERVICE_TYPE_SIZE = 6;
const ADDRESS_SIZE = 21;
const TIME_SIZE = 17;
const PARAMETER_HEAD_BYTES = 4;
const NONE = -1;

export class SubmitSm {
  /** The read buffer; good until the next read. */
  bytes: Buffer = NOTHING;
  serviceTypeAt = 0;
  serviceTypeLength = 0;
  sourceTon = 0;
  sourceNpi = 0;
  sourceAt = 0;
  sourceLength = 0;
  destinationTon = 0;
  destinationNpi = 0;
  destinationAt = 0;
  destinationLength = 0;
  esmClass = 0;
  protocolId = 0;
  priorityFlag = 0;
  scheduleAt = 0;
  /** 0, or 16. */
  scheduleLength = 0;
  validityAt = 0;
  validityLength = 0;
  registeredDelivery = 0;
  replaceIfPresent = 0;
  dataCoding = 0;
  defaultMessageId = 0;
  /** short_message, or message_payload if the message came there. */
  messageAt = 0;
  messageLength = 0;
  /** Of a part of a long text; -1 where the parameter is missing. */
  sarReference = NONE;
  sarTotal = NONE;
  sarSegment = NONE;
  /** -1 if it came without. */
  userMessageReference = NONE;

  /**
   * Reads the PDU that lies in `bytes` from `start` to `end`, which the framer has found.
   * @returns `Status`: Ok, or what is wrong; the record is then half filled
   */
  read(bytes: Buffer, start: number, end: number): number {
    this.bytes = bytes;
    let at = start + HEADER_BYTES;

    let zero = textEnd(bytes, at, end, SERVICE_TYPE_SIZE);
    if (zero < 0) return missing(zero, Status.InvalidServiceType);
    this.serviceTypeAt = at;
    this.serviceTypeLength = zero - at;
    at = zero + 1;

    if (at + 2 > end) return Status.InvalidCommandLength;
    this.sourceTon = bytes[at]!;
    this.sourceNpi = bytes[at + 1]!;
    at += 2;
    zero = textEnd(bytes, at, end, ADDRESS_SIZE);
    if (zero < 0) return missing(zero, Status.InvalidSourceAddress);
    this.sourceAt = at;
    this.sourceLength = zero - at;
    at = zero + 1;

    if (at + 2 > end) return Status.InvalidCommandLength;
    this.destinationTon = bytes[at]!;
    this.destinationNpi = bytes[at + 1]!;
    at += 2;
    zero = textEnd(bytes, at, end, ADDRESS_SIZE);
    if (zero < 0) return missing(zero, Status.InvalidDestinationAddress);
    this.destinationAt = at;
    this.destinationLength = zero - at;
    return this.#readMessage(zero + 1, end);
  }

  /** The rest, which begins with esm_class. */
  #readMessage(from: number, end: number): number {
    const { bytes } = this;
    let at = from;
    if (at + 3 > end) return Status.InvalidCommandLength;
    this.esmClass = bytes[at]!;
    this.protocolId = bytes[at + 1]!;
    this.priorityFlag = bytes[at + 2]!;
    at += 3;

    let zero = textEnd(bytes, at, end, TIME_SIZE);
    if (zero < 0) return missing(zero, Status.InvalidSchedule);
    this.scheduleAt = at;
    this.scheduleLength = zero - at;
    if (zero !== at && zero - at !== TIME_SIZE - 1) return Status.InvalidSchedule;
    at = zero + 1;

    zero = textEnd(bytes, at, end, TIME_SIZE);
    if (zero < 0) return missing(zero, Status.InvalidExpiry);
    this.validityAt = at;
    this.validityLength = zero - at;
    if (zero !== at && zero - at !== TIME_SIZE - 1) return Status.InvalidExpiry;
    at = zero + 1;

    if (at + 5 > end) return Status.InvalidCommandLength;
    this.registeredDelivery = bytes[at]!;
    this.replaceIfPresent = bytes[at + 1]!;
    this.dataCoding = bytes[at + 2]!;
    this.defaultMessageId = bytes[at + 3]!;
    const length = bytes[at + 4]!;
    at += 5;
    if (length > SHORT_MESSAGE_BYTES_MAX || at + length > end) return Status.InvalidMessageLength;
    this.messageAt = at;
    this.messageLength = length;
    this.sarReference = NONE;
    this.sarTotal = NONE;
    this.sarSegment = NONE;
    this.userMessageReference = NONE;
    at += length;
    return at === end ? Status.Ok : this.#readParameters(at, end);
  }

  /** Optional parameters; those that mean nothing here are passed over, and less than the head of one more. */
  #readParameters(from: number, end: number): number {
    const { bytes } = this;
    let wrong: number = Status.Ok;
    let at = from;
    while (at + PARAMETER_HEAD_BYTES <= end) {
      const tag = (bytes[at]! << 8) | bytes[at + 1]!;
      const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      const valueAt = at + PARAMETER_HEAD_BYTES;
      at = valueAt + length;
      if (at > end) return Status.InvalidOptionalPart;
      const status = this.#readParameter(tag, valueAt, length);
      if (wrong === Status.Ok) wrong = status;
    }
    return wrong;
  }

  #readParameter(tag: number, at: number, length: number): number {
    const { bytes } = this;
    switch (tag) {
      case Tag.MessagePayload:
        if (this.messageLength > 0) return Status.OptionalParameterNotAllowed;
        this.messageAt = at;
        this.messageLength = length;
        return Status.Ok;
      case Tag.SarMessageReference:
        if (length !== 2) return Status.InvalidParameterLength;
        this.sarReference = (bytes[at]! << 8) | bytes[at + 1]!;
        return Status.Ok;
      case Tag.SarTotalSegments:
        if (length !== 1) return Status.InvalidParameterLength;
        this.sarTotal = bytes[at]!;
        return Status.Ok;
      case Tag.SarSegmentSequence:
        if (length !== 1) return Status.InvalidParameterLength;
        this.sarSegment = bytes[at]!;
        return Status.Ok;
      case Tag.UserMessageReference:
        if (length !== 2) return Status.InvalidParameterLength;
        this.userMessageReference = (bytes[at]! << 8) | bytes[at + 1]!;
        return Status.Ok;
      default:
        return Status.Ok;
    }
  }
}

const UNTERMINATED = -1;
const MISSING = -2;

/** Where a text ends that begins at `at` and takes `size` octets at most, its terminator among them; or a negative reason. */
function textEnd(bytes: Buffer, at: number, end: number, size: number): number {
  if (at >= end) return MISSING;
  const last = at + size < end ? at + size : end;
  for (let here = at; here < last; here += 1) if (bytes[here] === 0) return here;
  return UNTERMINATED;
}

function missing(reason: number, status: number): number {
  return reason === MISSING ? Status.InvalidCommandLength : status;
}
