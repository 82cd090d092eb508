/**
 * The mandatory fields of every PDU in their order, with the sizes the specification allows (SMPP 3.4, chapter 4): the one table that
 * `pdu.ts` reads and writes by, and that the quick reader of submit_sm is tested against.
 *
 * A text is read up to its terminator, which counts in its size; a time is empty or 16 characters long.
 */
import { Command, Status } from './commands.ts';

/** One destination of a submit_multi: an address, or the name of a distribution list. */
export type Destination =
  | { readonly ton: number; readonly npi: number; readonly address: string }
  | { readonly list: string };

/** A destination that a submit_multi was not accepted for. */
export interface Unsuccess {
  readonly ton: number;
  readonly npi: number;
  readonly address: string;
  readonly status: number;
}

/** Every field of a PDU by its name in the specification. */
export interface Fields {
  systemId: string;
  password: string;
  systemType: string;
  interfaceVersion: number;
  addrTon: number;
  addrNpi: number;
  addressRange: string;
  serviceType: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  destAddrTon: number;
  destAddrNpi: number;
  destinationAddr: string;
  esmeAddrTon: number;
  esmeAddrNpi: number;
  esmeAddr: string;
  esmClass: number;
  protocolId: number;
  priorityFlag: number;
  scheduleDeliveryTime: string;
  validityPeriod: string;
  registeredDelivery: number;
  replaceIfPresentFlag: number;
  dataCoding: number;
  smDefaultMsgId: number;
  shortMessage: Uint8Array;
  messageId: string;
  finalDate: string;
  messageState: number;
  errorCode: number;
  destAddresses: readonly Destination[];
  unsuccessSmes: readonly Unsuccess[];
}

/** `bytes` is one octet of length and so many octets. */
export type FieldKind = 'octet' | 'text' | 'time' | 'bytes' | 'destinations' | 'unsuccess';

export interface Field {
  readonly name: keyof Fields;
  readonly kind: FieldKind;
  /** Octets at most; of a text with its terminator. */
  readonly size: number;
  /** What is said of it when it is not so. */
  readonly status: number;
}

function octet(name: keyof Fields): Field {
  return { name, kind: 'octet', size: 1, status: Status.InvalidCommandLength };
}

function text(name: keyof Fields, size: number, status: number): Field {
  return { name, kind: 'text', size, status };
}

function time(name: keyof Fields, status: number): Field {
  return { name, kind: 'time', size: 17, status };
}

const SERVICE_TYPE = text('serviceType', 6, Status.InvalidServiceType);
const MESSAGE_ID = text('messageId', 65, Status.InvalidMessageId);
const SOURCE_PLAN = [octet('sourceAddrTon'), octet('sourceAddrNpi')];
const DESTINATION_PLAN = [octet('destAddrTon'), octet('destAddrNpi')];
const SOURCE = [...SOURCE_PLAN, text('sourceAddr', 21, Status.InvalidSourceAddress)];
const DESTINATION = [...DESTINATION_PLAN, text('destinationAddr', 21, Status.InvalidDestinationAddress)];
const SCHEDULE = time('scheduleDeliveryTime', Status.InvalidSchedule);
const VALIDITY = time('validityPeriod', Status.InvalidExpiry);
const SHORT_MESSAGE: Field = {
  name: 'shortMessage',
  kind: 'bytes',
  size: 254,
  status: Status.InvalidMessageLength,
};
const MESSAGE = [
  octet('esmClass'),
  octet('protocolId'),
  octet('priorityFlag'),
  SCHEDULE,
  VALIDITY,
  octet('registeredDelivery'),
  octet('replaceIfPresentFlag'),
  octet('dataCoding'),
  octet('smDefaultMsgId'),
  SHORT_MESSAGE,
];

const BIND = [
  text('systemId', 16, Status.InvalidSystemId),
  text('password', 9, Status.InvalidPassword),
  text('systemType', 13, Status.InvalidSystemType),
  octet('interfaceVersion'),
  octet('addrTon'),
  octet('addrNpi'),
  text('addressRange', 41, Status.BindFailed),
];
const BIND_RESP = [text('systemId', 16, Status.InvalidSystemId)];
const SUBMIT = [SERVICE_TYPE, ...SOURCE, ...DESTINATION, ...MESSAGE];
const SUBMIT_RESP = [MESSAGE_ID];

/** By command_id. Requests without fields, and responses to them, have none. */
export const LAYOUTS: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [Command.GenericNack, []],
  [Command.BindReceiver, BIND],
  [Command.BindReceiverResp, BIND_RESP],
  [Command.BindTransmitter, BIND],
  [Command.BindTransmitterResp, BIND_RESP],
  [Command.BindTransceiver, BIND],
  [Command.BindTransceiverResp, BIND_RESP],
  [Command.Outbind, [text('systemId', 16, Status.InvalidSystemId), text('password', 9, Status.InvalidPassword)]],
  [Command.Unbind, []],
  [Command.UnbindResp, []],
  [Command.EnquireLink, []],
  [Command.EnquireLinkResp, []],
  [Command.SubmitSm, SUBMIT],
  [Command.SubmitSmResp, SUBMIT_RESP],
  [Command.DeliverSm, SUBMIT],
  [Command.DeliverSmResp, SUBMIT_RESP],
  [
    Command.SubmitMulti,
    [
      SERVICE_TYPE,
      ...SOURCE,
      { name: 'destAddresses', kind: 'destinations', size: 254, status: Status.InvalidNumberOfDestinations },
      ...MESSAGE,
    ],
  ],
  [
    Command.SubmitMultiResp,
    [MESSAGE_ID, { name: 'unsuccessSmes', kind: 'unsuccess', size: 255, status: Status.InvalidCommandLength }],
  ],
  [
    Command.DataSm,
    [
      SERVICE_TYPE,
      ...SOURCE_PLAN,
      text('sourceAddr', 65, Status.InvalidSourceAddress),
      ...DESTINATION_PLAN,
      text('destinationAddr', 65, Status.InvalidDestinationAddress),
      octet('esmClass'),
      octet('registeredDelivery'),
      octet('dataCoding'),
    ],
  ],
  [Command.DataSmResp, SUBMIT_RESP],
  [Command.QuerySm, [MESSAGE_ID, ...SOURCE]],
  [
    Command.QuerySmResp,
    [MESSAGE_ID, time('finalDate', Status.InvalidCommandLength), octet('messageState'), octet('errorCode')],
  ],
  [Command.CancelSm, [SERVICE_TYPE, MESSAGE_ID, ...SOURCE, ...DESTINATION]],
  [Command.CancelSmResp, []],
  [
    Command.ReplaceSm,
    [MESSAGE_ID, ...SOURCE, SCHEDULE, VALIDITY, octet('registeredDelivery'), octet('smDefaultMsgId'), SHORT_MESSAGE],
  ],
  [Command.ReplaceSmResp, []],
  [
    Command.AlertNotification,
    [
      ...SOURCE_PLAN,
      text('sourceAddr', 65, Status.InvalidSourceAddress),
      octet('esmeAddrTon'),
      octet('esmeAddrNpi'),
      text('esmeAddr', 65, Status.InvalidDestinationAddress),
    ],
  ],
]);
