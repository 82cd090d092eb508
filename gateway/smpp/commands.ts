/**
 * The numbers of SMPP 3.4: commands, statuses and tags of optional parameters, by the names the specification gives them.
 * Source: SMPP 3.4 issue 1.2: 5.1.2 (commands), 5.1.3 (statuses), 5.3.2 (tags). Those marked 5.0 are of that version.
 */
export const Command = {
  GenericNack: 0x8000_0000,
  BindReceiver: 0x01,
  BindReceiverResp: 0x8000_0001,
  BindTransmitter: 0x02,
  BindTransmitterResp: 0x8000_0002,
  QuerySm: 0x03,
  QuerySmResp: 0x8000_0003,
  SubmitSm: 0x04,
  SubmitSmResp: 0x8000_0004,
  DeliverSm: 0x05,
  DeliverSmResp: 0x8000_0005,
  Unbind: 0x06,
  UnbindResp: 0x8000_0006,
  ReplaceSm: 0x07,
  ReplaceSmResp: 0x8000_0007,
  CancelSm: 0x08,
  CancelSmResp: 0x8000_0008,
  BindTransceiver: 0x09,
  BindTransceiverResp: 0x8000_0009,
  Outbind: 0x0b,
  EnquireLink: 0x15,
  EnquireLinkResp: 0x8000_0015,
  SubmitMulti: 0x21,
  SubmitMultiResp: 0x8000_0021,
  AlertNotification: 0x102,
  DataSm: 0x103,
  DataSmResp: 0x8000_0103,
} as const;
export type CommandName = keyof typeof Command;

const RESPONSE_BIT = 0x8000_0000;

/** Whether a command, known or not, is an answer to one. */
export function isResponse(commandId: number): boolean {
  return commandId >= RESPONSE_BIT;
}

/** The command that answers a request. */
export function responseTo(commandId: number): number {
  return commandId + RESPONSE_BIT;
}

/** command_status. */
export const Status = {
  Ok: 0x00,
  InvalidMessageLength: 0x01,
  InvalidCommandLength: 0x02,
  InvalidCommandId: 0x03,
  IncorrectBindStatus: 0x04,
  AlreadyBound: 0x05,
  InvalidPriority: 0x06,
  InvalidRegisteredDelivery: 0x07,
  SystemError: 0x08,
  InvalidSourceAddress: 0x0a,
  InvalidDestinationAddress: 0x0b,
  InvalidMessageId: 0x0c,
  BindFailed: 0x0d,
  InvalidPassword: 0x0e,
  InvalidSystemId: 0x0f,
  CancelFailed: 0x11,
  ReplaceFailed: 0x13,
  MessageQueueFull: 0x14,
  InvalidServiceType: 0x15,
  InvalidNumberOfDestinations: 0x33,
  InvalidDistributionList: 0x34,
  InvalidDestinationFlag: 0x40,
  InvalidEsmClass: 0x43,
  SubmitFailed: 0x45,
  InvalidSourceTon: 0x48,
  InvalidSourceNpi: 0x49,
  InvalidDestinationTon: 0x50,
  InvalidDestinationNpi: 0x51,
  InvalidSystemType: 0x53,
  InvalidReplaceFlag: 0x54,
  Throttled: 0x58,
  InvalidSchedule: 0x61,
  InvalidExpiry: 0x62,
  InvalidDefaultMessage: 0x63,
  /** Of an ESME: it cannot take the message now, never, or refuses it. */
  ReceiverTemporary: 0x64,
  ReceiverPermanent: 0x65,
  ReceiverReject: 0x66,
  QueryFailed: 0x67,
  InvalidOptionalPart: 0xc0,
  OptionalParameterNotAllowed: 0xc1,
  InvalidParameterLength: 0xc2,
  MissingParameter: 0xc3,
  InvalidParameterValue: 0xc4,
  /** 5.0. */
  InvalidDataCoding: 0x104,
} as const;

/** Optional parameters that mean something here. */
export const Tag = {
  ReceiptedMessageId: 0x001e,
  UserMessageReference: 0x0204,
  SarMessageReference: 0x020c,
  SarTotalSegments: 0x020e,
  SarSegmentSequence: 0x020f,
  ScInterfaceVersion: 0x0210,
  NetworkErrorCode: 0x0423,
  MessagePayload: 0x0424,
  MoreMessagesToSend: 0x0426,
  MessageState: 0x0427,
} as const;

/** message_state (5.2.28). */
export const MessageStateValue = {
  Enroute: 1,
  Delivered: 2,
  Expired: 3,
  Deleted: 4,
  Undeliverable: 5,
  Accepted: 6,
  Unknown: 7,
  Rejected: 8,
} as const;

/** Bits of esm_class (5.2.12). */
export const EsmClass = {
  Mode: 0x03,
  Datagram: 0x01,
  Transaction: 0x02,
  StoreAndForward: 0x03,
  Type: 0x3c,
  Receipt: 0x04,
  DeliveryAcknowledgement: 0x08,
  UserAcknowledgement: 0x10,
  IntermediateNotification: 0x20,
  Udhi: 0x40,
  ReplyPath: 0x80,
} as const;

/** Bits of registered_delivery (5.2.17). */
export const RegisteredDelivery = {
  Receipt: 0x03,
  Any: 0x01,
  FailureOnly: 0x02,
  /** 5.0. */
  SuccessOnly: 0x03,
  Acknowledgement: 0x0c,
  Intermediate: 0x10,
} as const;

export const DataCoding = { Default: 0, Ascii: 1, Octets: 2, Latin1: 3, Binary: 4, Ucs2: 8 } as const;

export const INTERFACE_VERSION = 0x34;
export const HEADER_BYTES = 16;
/** The longest PDU with a message_payload of 64 kB and room for what else it may hold. */
export const PDU_BYTES_MAX = 70_000;
export const SHORT_MESSAGE_BYTES_MAX = 254;
export const SEQUENCE_MAX = 0x7fff_ffff;
