/** The door of SMPP 3.4 on the wire: PDUs, texts and times, for a server and for clients alike. Pure: bytes in, bytes out. */
export {
  Command,
  type CommandName,
  DataCoding,
  EsmClass,
  HEADER_BYTES,
  INTERFACE_VERSION,
  isResponse,
  MessageStateValue,
  PDU_BYTES_MAX,
  RegisteredDelivery,
  responseTo,
  SEQUENCE_MAX,
  Status,
  Tag,
} from './commands.ts';
export { Frame, Framer } from './framer.ts';
export type { Destination, Fields, Unsuccess } from './layouts.ts';
export { isKnownCommand, nameOfCommand, type Parameter, type Pdu, readPdu, writePdu } from './pdu.ts';
export { PduWriter } from './pdu-writer.ts';
export {
  PLAIN_RECEIPT,
  RECEIPT_VARIANTS,
  type ReceiptFacts,
  type ReceiptFormat,
  writeReceiptParameters,
  writeReceiptText,
} from './receipt.ts';
export { formatTime, parseTime } from './smpp-time.ts';
export { SubmitSm } from './submit-sm.ts';
export { codingFor, decodeText, encodeText, isBinary } from './text-coding.ts';
export { concatenationHeader, HEADER_LIES, readUserDataHeader } from './user-data-header.ts';
