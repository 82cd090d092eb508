/** One receipt on its way to an ESME, and the deliver_sm that carries it: source and destination change places. */
import {
  Command,
  EsmClass,
  type PduWriter,
  type ReceiptFacts,
  type ReceiptFormat,
  Status,
  Tag,
  writeReceiptParameters,
  writeReceiptText,
} from '../../smpp/index.ts';
import { writeSpelled } from './numbers.ts';
import {
  destinationNpi,
  destinationSpelling,
  destinationTon,
  sourceNpi,
  sourceSpelling,
  sourceTon,
} from './submit-facts.ts';

/** What a receipt tells of a message. */
export interface Told {
  /** `MessageStateValue`. */
  readonly state: number;
  /** What `err:` says; 0 for nothing wrong. */
  readonly error: number;
  readonly doneMs: number;
  /** Whether the message is not at its end. */
  readonly isIntermediate: boolean;
}

/** The message, as a receipt needs it. */
export interface Subject {
  /** As receipts know it. */
  readonly id: string;
  readonly senderKey: number;
  readonly destinationKey: number;
  readonly text: string;
  readonly submittedMs: number;
  /** `factsOf` its submit_sm. */
  readonly facts: number;
  /** user_message_reference; -1 if it came without. */
  readonly reference: number;
}

/** A longer text is not kept for the sake of its beginning. */
export const RECEIPT_TEXT_KEPT = 200;
const TEXT_SHOWN = 20;
const NO_REFERENCE = -1;
/** protocol_id, priority_flag, two times, registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id. */
const ZEROS_BEFORE_LENGTH = 8;

export class Receipt implements ReceiptFacts {
  readonly id: string;
  readonly submittedMs: number;
  readonly doneMs: number;
  readonly state: number;
  readonly error: number;
  readonly text: string;
  /** Since when it is kept, in the machine's time. */
  readonly keptMs: number;
  /** When it was sent last. */
  sentMs = 0;
  /** What the spool calls it that it was read from; undefined if it is of this process alone. */
  readonly spoolId: string | undefined;
  readonly #senderKey: number;
  readonly #destinationKey: number;
  readonly #facts: number;
  readonly #reference: number;
  readonly #isIntermediate: boolean;
  readonly #format: ReceiptFormat;

  constructor(subject: Subject, told: Told, format: ReceiptFormat, nowMs: number, spoolId?: string) {
    const { text } = subject;
    this.id = subject.id;
    this.submittedMs = subject.submittedMs;
    this.doneMs = told.doneMs;
    this.state = told.state;
    this.error = told.error;
    this.text = text.length > RECEIPT_TEXT_KEPT ? Buffer.from(text.slice(0, TEXT_SHOWN)).toString() : text;
    this.keptMs = nowMs;
    this.spoolId = spoolId;
    this.#senderKey = subject.senderKey;
    this.#destinationKey = subject.destinationKey;
    this.#facts = subject.facts;
    this.#reference = subject.reference;
    this.#isIntermediate = told.isIntermediate;
    this.#format = format;
  }

  /** Adds the deliver_sm. */
  write(to: PduWriter, sequence: number, speaksParameters: boolean): void {
    const facts = this.#facts;
    const format = this.#format;
    const hasParameters = speaksParameters && format.hasParameters;
    // Without parameters there is only the text to tell by.
    const hasText = format.hasText || !hasParameters;
    const isPayload = speaksParameters && format.isPayload && hasText;
    to.begin(Command.DeliverSm, Status.Ok, sequence);
    to.octet(0);
    to.octet(destinationTon(facts));
    to.octet(destinationNpi(facts));
    writeSpelled(to, this.#destinationKey, destinationSpelling(facts));
    to.octet(sourceTon(facts));
    to.octet(sourceNpi(facts));
    writeSpelled(to, this.#senderKey, sourceSpelling(facts));
    to.octet(this.#isIntermediate ? EsmClass.IntermediateNotification : EsmClass.Receipt);
    for (let left = ZEROS_BEFORE_LENGTH; left > 0; left -= 1) to.octet(0);
    const lengthAt = to.size;
    to.octet(0);
    if (hasText && !isPayload) {
      writeReceiptText(to, this, format);
      to.bytes[lengthAt] = to.size - lengthAt - 1;
    }
    if (isPayload) {
      to.beginParameter(Tag.MessagePayload, 0);
      const textAt = to.size;
      writeReceiptText(to, this, format);
      to.bytes.writeUInt16BE(to.size - textAt, textAt - 2);
    }
    if (hasParameters) writeReceiptParameters(to, this);
    if (speaksParameters && this.#reference !== NO_REFERENCE) {
      to.beginParameter(Tag.UserMessageReference, 2);
      to.octets2(this.#reference);
    }
    to.end();
  }
}
