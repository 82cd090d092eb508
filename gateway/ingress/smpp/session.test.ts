import { beforeEach, describe, expect, it } from 'vitest';
import {
  SMPP_BIND_MS,
  SMPP_PDU_MS,
  SMPP_RESPONSE_MS,
  SMPP_SILENCE_MS,
  SMPP_UNBOUND_PDU_BYTES_MAX,
  SMPP_WINDOW_DEFAULT,
} from '../../limits.ts';
import {
  Command,
  type CommandName,
  type Fields,
  MessageStateValue,
  nameOfCommand,
  type Pdu,
  PduWriter,
  PLAIN_RECEIPT,
  Status,
  type SubmitSm,
  writePdu,
} from '../../smpp/index.ts';
import { pdusIn } from './edge-under-test.ts';
import { Esme } from './esmes.ts';
import { Receipt } from './receipt.ts';
import { type BindRequest, Session, type SessionHost, SessionState } from './session.ts';

const WINDOW = 3;

/** Remembers what it is asked for; answers a bind by its password, and nothing else. */
class Host implements SessionHost {
  readonly out = new PduWriter();
  readonly systemId = 'smsc';
  readonly submitted: number[] = [];
  readonly requested: Pdu[] = [];
  readonly acknowledged_: (number | undefined)[] = [];
  readonly esme = new Esme(0, { systemId: 'esme', binds: 1, window: WINDOW });

  bind(_session: Session, { password }: BindRequest): Esme | number {
    return password === 'secret' ? this.esme : Status.InvalidPassword;
  }

  submit(_session: Session, _submit: SubmitSm, sequence: number): void {
    this.submitted.push(sequence);
  }

  request(_session: Session, pdu: Pdu): void {
    this.requested.push(pdu);
  }

  acknowledged(_session: Session, _receipt: Receipt, status: number | undefined): void {
    this.acknowledged_.push(status);
  }
}

let host: Host;
let session: Session;
let nowMs: number;

beforeEach(() => {
  host = new Host();
  nowMs = 1_000;
  session = new Session(host, '127.0.0.1', nowMs);
});

function bytesOf(command: CommandName, fields: Partial<Fields> = {}, sequence = 7, status = 0): Buffer {
  const writer = new PduWriter();
  writePdu(writer, { command, fields, sequence, status });
  return writer.take();
}

/** What is written for some bytes: command, status and sequence_number of each PDU. */
function told(bytes: Buffer): (readonly [string, number, number])[] {
  session.receive(bytes, nowMs);
  return written();
}

function written(): (readonly [string, number, number])[] {
  return pdusIn(host.out.take()).map(({ commandId, status, sequence }) => [nameOfCommand(commandId), status, sequence]);
}

function bind(
  command: CommandName = 'BindTransceiver',
  own: Partial<Fields> = {},
): (readonly [string, number, number])[] {
  return told(bytesOf(command, { systemId: 'esme', password: 'secret', interfaceVersion: 0x34, ...own }));
}

function tickAfter(ms: number): (readonly [string, number, number])[] {
  nowMs += ms;
  session.tick(nowMs);
  return written();
}

function receipt(): Receipt {
  const state = MessageStateValue.Delivered;
  const subject = {
    id: 'M1',
    senderKey: 2_125_550_100,
    destinationKey: 2_125_550_101,
    text: '',
    submittedMs: 0,
    facts: 0,
    reference: -1,
  };
  return new Receipt(subject, { state, error: 0, doneMs: 0, isIntermediate: false }, PLAIN_RECEIPT, 0);
}

describe('before a bind', () => {
  it('only binds and enquiries are answered as asked', () => {
    expect(told(bytesOf('EnquireLink'))).toEqual([['EnquireLinkResp', 0, 7]]);
    for (const command of [
      'SubmitSm',
      'SubmitMulti',
      'DataSm',
      'QuerySm',
      'CancelSm',
      'ReplaceSm',
      'Unbind',
    ] as const) {
      expect(told(bytesOf(command))).toEqual([[`${command}Resp`, Status.IncorrectBindStatus, 7]]);
    }
    expect(host.submitted).toEqual([]);
    expect(host.requested).toEqual([]);
  });

  it('nothing longer than a bind is taken in', () => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32BE(SMPP_UNBOUND_PDU_BYTES_MAX + 1, 0);
    bytes.writeUInt32BE(9, 12);
    expect(told(bytes)).toEqual([['GenericNack', Status.InvalidCommandLength, 9]]);
    session = new Session(host, '', nowMs);
    bind();
    session.receive(bytes, nowMs);
    expect([written(), session.state]).toEqual([[], SessionState.Transceiver]);
  });

  it('a connection is closed when its time is over', () => {
    session.tick(nowMs + SMPP_BIND_MS - 1);
    expect(session.reason).toBeUndefined();
    session.tick(nowMs + SMPP_BIND_MS);
    expect(session.reason).toBe('no bind in time');
  });
});

describe('a bind', () => {
  it.each([
    ['BindTransmitter', SessionState.Transmitter, true, false],
    ['BindReceiver', SessionState.Receiver, false, true],
    ['BindTransceiver', SessionState.Transceiver, true, true],
  ] as const)('as %s may do what it is for', (command, state, canTransmit, canReceive) => {
    expect(bind(command)).toEqual([[`${command}Resp`, 0, 7]]);
    expect([session.state, session.canTransmit, session.canReceive]).toEqual([state, canTransmit, canReceive]);
  });

  it('of a receiver may not submit', () => {
    bind('BindReceiver');
    expect(told(bytesOf('SubmitSm'))).toEqual([['SubmitSmResp', Status.IncorrectBindStatus, 7]]);
    expect(told(bytesOf('QuerySm'))).toEqual([['QuerySmResp', Status.IncorrectBindStatus, 7]]);
  });

  it('is refused a second time, and goes on', () => {
    bind();
    expect(bind('BindReceiver')).toEqual([['BindReceiverResp', Status.AlreadyBound, 7]]);
    expect(session.state).toBe(SessionState.Transceiver);
  });

  it('that is refused is told so by a header alone, and the connection closed', () => {
    session.receive(bytesOf('BindTransmitter', { systemId: 'esme', password: 'wrong' }), nowMs);
    expect(host.out.size).toBe(16);
    expect(written()).toEqual([['BindTransmitterResp', Status.InvalidPassword, 7]]);
    expect(session.state).toBe(SessionState.Closed);
    expect(told(bytesOf('EnquireLink'))).toEqual([]);
  });

  it('with a field that is too long is refused with its status', () => {
    const bytes = bytesOf('BindTransmitter', { systemId: 'x'.repeat(15) });
    const longer = Buffer.concat([bytes.subarray(0, 16), Buffer.from('x'), bytes.subarray(16)]);
    longer.writeUInt32BE(longer.length, 0);
    expect(told(longer)).toEqual([['BindTransmitterResp', Status.InvalidSystemId, 7]]);
  });

  it.each([
    [0x34, true],
    [0x50, true],
    [0x33, false],
    [0x00, false],
  ])('of version 0x%s is told ours only if it knows parameters', (interfaceVersion, isTold) => {
    session.receive(bytesOf('BindReceiver', { password: 'secret', interfaceVersion }), nowMs);
    const [answer] = pdusIn(host.out.take());
    expect(answer?.fields.systemId).toBe('smsc');
    expect(answer?.parameters.length).toBe(isTold ? 1 : 0);
    expect(session.speaksParameters).toBe(isTold);
  });
});

describe('what cannot be understood', () => {
  it('of an unknown command is told by generic_nack, and the session goes on', () => {
    bind();
    const bytes = bytesOf('EnquireLink', {}, 99);
    bytes.writeUInt32BE(0x110, 4);
    expect(told(bytes)).toEqual([['GenericNack', Status.InvalidCommandId, 99]]);
    expect(told(bytesOf('EnquireLink'))).toEqual([['EnquireLinkResp', 0, 7]]);
  });

  it.each(['Outbind', 'AlertNotification'] as const)('of a command that is not for us: %s', (command) => {
    bind();
    expect(told(bytesOf(command))).toEqual([['GenericNack', Status.InvalidCommandId, 7]]);
  });

  it('of an unknown answer is not answered', () => {
    bind();
    const bytes = bytesOf('EnquireLink');
    bytes.writeUInt32BE(0x8000_0110, 4);
    expect(told(bytes)).toEqual([]);
    expect(told(bytesOf('GenericNack'))).toEqual([]);
    expect(told(bytesOf('SubmitSmResp'))).toEqual([]);
  });

  it('for its length is told by generic_nack, and the connection closed', () => {
    bind();
    const bytes = bytesOf('EnquireLink', {}, 99);
    bytes.writeUInt32BE(15, 0);
    expect(told(Buffer.concat([bytesOf('EnquireLink'), bytes, bytesOf('EnquireLink')]))).toEqual([
      ['EnquireLinkResp', 0, 7],
      ['GenericNack', Status.InvalidCommandLength, 99],
    ]);
    expect(session.reason).toBe('a PDU said to be 15 bytes long');
  });

  it('in a body is told by the answer to it', () => {
    bind();
    const bytes = Buffer.concat([bytesOf('QuerySm'), Buffer.alloc(0)]).subarray(0, 17);
    bytes.writeUInt32BE(17, 0);
    expect(told(bytes)).toEqual([['QuerySmResp', Status.InvalidCommandLength, 7]]);
  });
});

describe('requests under way', () => {
  it('beyond the window are refused until others are answered', () => {
    bind();
    session.unanswered = WINDOW;
    expect(told(bytesOf('SubmitSm'))).toEqual([['SubmitSmResp', Status.MessageQueueFull, 7]]);
    expect(told(bytesOf('DataSm'))).toEqual([['DataSmResp', Status.MessageQueueFull, 7]]);
    session.answered(1);
    told(bytesOf('SubmitSm', {}, 8));
    expect(host.submitted).toEqual([8]);
    expect(SMPP_WINDOW_DEFAULT).toBeGreaterThan(WINDOW);
  });

  it('are answered before an unbind is, and nothing is taken after it', () => {
    bind();
    session.unanswered = 2;
    expect(told(bytesOf('Unbind', {}, 9))).toEqual([]);
    expect(told(bytesOf('SubmitSm'))).toEqual([['SubmitSmResp', Status.IncorrectBindStatus, 7]]);
    session.answered(1);
    expect(session.state).toBe(SessionState.Unbinding);
    session.answered(1);
    expect(written()).toEqual([['UnbindResp', 0, 9]]);
    expect(session.reason).toBe('unbound');
  });

  it('that are never answered do not hold an unbind for ever', () => {
    bind();
    session.unanswered = 1;
    told(bytesOf('Unbind'));
    tickAfter(SMPP_RESPONSE_MS);
    expect(session.state).toBe(SessionState.Closed);
  });
});

describe('receipts', () => {
  it('are sent as far as the window goes, and again as they are acknowledged', () => {
    bind();
    for (let sent = 0; sent < WINDOW; sent += 1) {
      expect(session.hasRoom).toBe(true);
      session.deliver(receipt(), nowMs);
    }
    expect(session.hasRoom).toBe(false);
    const sequences = written().map(([, , sequence]) => sequence);
    expect(new Set(sequences).size).toBe(WINDOW);
    told(bytesOf('DeliverSmResp', { messageId: '' }, sequences[1]));
    expect(host.acknowledged_).toEqual([0]);
    expect(session.hasRoom).toBe(true);
    told(bytesOf('DeliverSmResp', {}, sequences[1]));
    expect(host.acknowledged_).toEqual([0]);
  });

  it('can be refused, by an answer or a generic_nack', () => {
    bind();
    session.deliver(receipt(), nowMs);
    session.deliver(receipt(), nowMs);
    const [first, second] = written().map(([, , sequence]) => sequence);
    told(bytesOf('DeliverSmResp', {}, first, Status.ReceiverTemporary));
    told(bytesOf('GenericNack', {}, second, Status.InvalidCommandId));
    expect(host.acknowledged_).toEqual([Status.ReceiverTemporary, Status.InvalidCommandId]);
  });

  it('that are not answered are given up in time', () => {
    bind();
    session.deliver(receipt(), nowMs);
    tickAfter(SMPP_RESPONSE_MS - 1);
    expect(host.acknowledged_).toEqual([]);
    tickAfter(1);
    expect(host.acknowledged_).toEqual([undefined]);
  });

  it('are left over when the session ends', () => {
    bind();
    session.deliver(receipt(), nowMs);
    session.close('whatever');
    expect(session.takeAwaited()).toHaveLength(1);
    expect(session.takeAwaited()).toHaveLength(0);
  });

  it('do not go to transmitters, or to those that do not read', () => {
    bind('BindTransmitter');
    expect(session.hasRoom).toBe(false);
    session = new Session(host, '', nowMs);
    bind('BindReceiver');
    session.isStalled = true;
    expect(session.hasRoom).toBe(false);
  });
});

describe('silence', () => {
  it('is asked about, and ends the session when two enquiries are not answered', () => {
    bind();
    expect(tickAfter(SMPP_SILENCE_MS - 1)).toEqual([]);
    expect(tickAfter(1)).toEqual([['EnquireLink', 0, 1]]);
    expect(tickAfter(SMPP_RESPONSE_MS - 1)).toEqual([]);
    expect(tickAfter(1)).toEqual([['EnquireLink', 0, 2]]);
    expect(tickAfter(SMPP_RESPONSE_MS)).toEqual([]);
    expect(session.reason).toBe('enquire_link was not answered');
  });

  it('is over with anything that is heard', () => {
    bind();
    const [[, , sequence] = ['', 0, 0]] = tickAfter(SMPP_SILENCE_MS);
    nowMs += 100;
    told(bytesOf('EnquireLinkResp', {}, sequence));
    expect(tickAfter(SMPP_SILENCE_MS - 1)).toEqual([]);
    expect(tickAfter(1)).toHaveLength(1);
  });

  it('in the middle of a PDU ends the session, however often a byte comes', () => {
    bind();
    const bytes = bytesOf('SubmitSm');
    for (let at = 0; session.state !== SessionState.Closed; at += 1) {
      session.receive(bytes.subarray(at, at + 1), nowMs);
      tickAfter(SMPP_PDU_MS / 10);
      expect(at).toBeLessThan(11);
    }
    expect(session.reason).toBe('a PDU that did not come to its end');
  });
});

describe('goodbye from this side', () => {
  it('is said, and the session ends when it is answered', () => {
    bind();
    session.unbind(nowMs);
    const [[command, , sequence] = ['', 0, 0]] = written();
    expect(command).toBe('Unbind');
    told(bytesOf('UnbindResp', {}, sequence));
    expect(session.reason).toBe('unbound');
  });

  it('waits for answers that are under way, also when it is answered first', () => {
    bind();
    session.unanswered = 1;
    session.unbind(nowMs);
    const [[, , sequence] = ['', 0, 0]] = written();
    told(bytesOf('UnbindResp', {}, sequence));
    expect(session.state).toBe(SessionState.Unbinding);
    session.answered(1);
    expect([session.state, session.reason]).toEqual([SessionState.Closed, 'unbound']);
    expect(written()).toEqual([]);
  });

  it('is not waited for for ever, and not said to who is not bound', () => {
    session.unbind(nowMs);
    expect([written(), session.state]).toEqual([[], SessionState.Closed]);
    session = new Session(host, '', nowMs);
    bind();
    session.unbind(nowMs);
    tickAfter(SMPP_RESPONSE_MS);
    expect(session.state).toBe(SessionState.Closed);
  });
});

it('has a name for each of its commands in an answer', () => {
  expect(nameOfCommand(Command.SubmitSmResp)).toBe('SubmitSmResp');
});
