import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';
import { Binding } from '../../router/index.ts';
import {
  concatenationHeader,
  encodeText,
  type Fields,
  MessageStateValue,
  type Parameter,
  Status,
  Tag,
} from '../../smpp/index.ts';
import { connectForeign, type ForeignPdu, foreignPdu } from '../../smpp/smpp-package-under-test.ts';
import { EsmeUnderTest, type HeardPdu } from './esme-under-test.ts';

/** Carriers answer within this time, however late. */
const LONG_MS = 100_000;

let gateway: GatewayUnderTest;
const esmes: EsmeUnderTest[] = [];

afterEach(async () => {
  for (const esme of esmes.splice(0)) esme.close();
  await gateway.close();
});

async function open(own: Parameters<typeof openGatewayUnderTest>[0] = {}): Promise<void> {
  // At this date unregistered numbers may send.
  gateway = await openGatewayUnderTest({ smppPort: 0, tariffDate: Date.UTC(2022, 0, 1), ...own });
}

async function bound(
  command: 'BindTransceiver' | 'BindReceiver' | 'BindTransmitter' = 'BindTransceiver',
  own = {},
): Promise<EsmeUnderTest> {
  const esme = await EsmeUnderTest.connect(gateway.smppPorts[0] ?? 0);
  esmes.push(esme);
  expect((await esme.bind(command, own)).status).toBe(Status.Ok);
  return esme;
}

function digits(number: string): string {
  return number.slice(1);
}

function message(own: Partial<Fields> = {}): Partial<Fields> {
  return {
    sourceAddrTon: 1,
    sourceAddrNpi: 1,
    sourceAddr: digits(gateway.number('cpaas')),
    destAddrTon: 1,
    destAddrNpi: 1,
    destinationAddr: digits(gateway.number('att')),
    registeredDelivery: 1,
    shortMessage: Buffer.from('Your table is ready.'),
    ...own,
  };
}

function textOf(pdu: HeardPdu): string {
  return Buffer.from(pdu.fields.shortMessage ?? []).toString('latin1');
}

interface Recorded {
  readonly text: string;
  readonly segments: number;
  readonly price: { readonly totalMicros: number };
  readonly account: string | null;
  readonly receipt: { readonly state: string } | null;
}

async function recorded(id: string | undefined): Promise<Recorded> {
  const { body, status } = await gateway.ask<Recorded>('GET', `/v1/messages/${id}`);
  expect(status).toBe(200);
  return body;
}

async function idOf(
  esme: EsmeUnderTest,
  own: Partial<Fields> = {},
  parameters: readonly Parameter[] = [],
): Promise<string> {
  const { status, fields } = await esme.ask('SubmitSm', message(own), { parameters });
  expect(status).toBe(Status.Ok);
  return fields.messageId ?? '';
}

async function statusOf(
  esme: EsmeUnderTest,
  own: Partial<Fields> = {},
  parameters: readonly Parameter[] = [],
): Promise<number> {
  const answer = await esme.ask('SubmitSm', message(own), { parameters });
  // An answer that refuses has no body.
  if (answer.status !== 0) expect(answer.bytes).toHaveLength(16);
  return answer.status;
}

describe('a message by SMPP', () => {
  test('is answered with its id, and its receipt comes back as text and parameters', async () => {
    await open();
    const esme = await bound();
    const id = await idOf(esme, {}, [{ tag: Tag.UserMessageReference, value: Buffer.of(0x12, 0x34) }]);
    gateway.time.advance(LONG_MS);
    const receipt = await esme.nextOf('DeliverSm');
    expect(receipt.fields).toMatchObject({
      esmClass: 4,
      dataCoding: 0,
      sourceAddr: digits(gateway.number('att')),
      destinationAddr: digits(gateway.number('cpaas')),
      sourceAddrTon: 1,
      sourceAddrNpi: 1,
    });
    expect(textOf(receipt)).toMatch(
      new RegExp(
        `^id:${id} sub:001 dlvrd:000 submit date:2403011800 done date:24030118\\d\\d stat:ACCEPTD err:000 text:Your table is ready\\.$`,
      ),
    );
    const values = new Map(receipt.parameters.map(({ tag, value }) => [tag, Buffer.from(value)]));
    expect(values.get(Tag.ReceiptedMessageId)?.toString()).toBe(`${id}\0`);
    expect(values.get(Tag.MessageState)).toEqual(Buffer.of(MessageStateValue.Accepted));
    expect(values.get(Tag.NetworkErrorCode)).toEqual(Buffer.of(3, 0, 0));
    expect(values.get(Tag.UserMessageReference)).toEqual(Buffer.of(0x12, 0x34));
  });

  test('names its account by the system_id', async () => {
    await open();
    const esme = await bound('BindTransmitter', { systemId: 'starter-postpai' });
    expect((await recorded(await idOf(esme))).account).toBe('starter-postpai');
  });

  test('is read in any coding', async () => {
    await open();
    const esme = await bound('BindTransmitter');
    const texts = [
      ['Ça va [ok] €5 @home', 0],
      ['plain $5', 1],
      ['Grüße', 3],
      ['Привет 👋', 8],
    ] as const;
    for (const [text, dataCoding] of texts) {
      const id = await idOf(esme, { dataCoding, shortMessage: encodeText(text, dataCoding) });
      expect((await recorded(id)).text).toBe(text);
    }
    const id = await idOf(esme, { dataCoding: 4, shortMessage: Buffer.of(0, 1, 0xfe) });
    expect((await recorded(id)).text).toBe('0001fe');
  });

  test('spells numbers as clients do, and receipts spell them the same way', async () => {
    await open();
    const esme = await bound();
    for (const spell of [(one: string) => one, (one: string) => one.slice(1), (one: string) => one.slice(2)]) {
      const sourceAddr = spell(gateway.number('cpaas'));
      const destinationAddr = spell(gateway.number('att', 3));
      await idOf(esme, {
        sourceAddr,
        destinationAddr,
        sourceAddrTon: 0,
        sourceAddrNpi: 8,
        destAddrTon: 2,
        destAddrNpi: 0,
      });
      gateway.time.advance(LONG_MS);
      expect((await esme.nextOf('DeliverSm')).fields).toMatchObject({
        sourceAddr: destinationAddr,
        sourceAddrTon: 2,
        sourceAddrNpi: 0,
        destinationAddr: sourceAddr,
        destAddrTon: 0,
        destAddrNpi: 8,
      });
    }
  });

  test('that nobody can be asked to send is refused with the status of the field', async () => {
    await open();
    const esme = await bound();
    const wrong: [Partial<Fields>, number][] = [
      [{ sourceAddr: '' }, Status.InvalidSourceAddress],
      [{ sourceAddr: 'TOLLGATE', sourceAddrTon: 5 }, Status.InvalidSourceAddress],
      [{ sourceAddr: '491701234567' }, Status.InvalidSourceAddress],
      [{ destinationAddr: '12' }, Status.InvalidDestinationAddress],
      [{ destinationAddr: '18005550100' }, Status.InvalidDestinationAddress],
      [{ destinationAddr: digits(gateway.number('cpaas')) }, Status.InvalidDestinationAddress],
      [{ destinationAddr: digits(gateway.number('nobody')) }, Status.InvalidDestinationAddress],
      [{ sourceAddrTon: 7 }, Status.InvalidSourceTon],
      [{ sourceAddrNpi: 2 }, Status.InvalidSourceNpi],
      [{ destAddrTon: 7 }, Status.InvalidDestinationTon],
      [{ destAddrNpi: 255 }, Status.InvalidDestinationNpi],
      [{ esmClass: 2 }, Status.InvalidEsmClass],
      [{ esmClass: 4 }, Status.InvalidEsmClass],
      [{ priorityFlag: 4 }, Status.InvalidPriority],
      [{ registeredDelivery: 0x21 }, Status.InvalidRegisteredDelivery],
      [{ replaceIfPresentFlag: 2 }, Status.InvalidReplaceFlag],
      [{ smDefaultMsgId: 1 }, Status.InvalidDefaultMessage],
      [{ dataCoding: 5 }, Status.InvalidDataCoding],
      [{ dataCoding: 8, shortMessage: Buffer.of(1) }, Status.InvalidMessageLength],
      [{ scheduleDeliveryTime: '249901000000000+' }, Status.InvalidSchedule],
      [{ scheduleDeliveryTime: '250101000000000+' }, Status.InvalidSchedule],
      [{ validityPeriod: '240101000000000+' }, Status.InvalidExpiry],
      [{ esmClass: 0x40, shortMessage: Buffer.of(9, 0, 3) }, Status.InvalidMessageLength],
    ];
    for (const [own, status] of wrong) expect(await statusOf(esme, own), JSON.stringify(own)).toBe(status);
    expect(gateway.store.nextSequence).toBe(1); // One was well formed, and the core refused it.
  });

  test('refused by the core has the status of its decision, and no receipt', async () => {
    await open({ tariffDate: Date.UTC(2024, 2, 1) });
    const esme = await bound();
    // Toll-free numbers that are not verified are blocked.
    expect(await statusOf(esme, { sourceAddr: '18005550199' })).toBe(Status.SubmitFailed);
    gateway.time.advance(LONG_MS);
    await esme.ask('EnquireLink');
    expect(esme.heard).toEqual([]);
  });
});

describe('a long text', () => {
  test('by headers is one message, id, receipt and fee for each part', async () => {
    await open();
    const esme = await bound();
    const ids: string[] = [];
    for (const part of [1, 2, 3]) {
      const shortMessage = Buffer.concat([concatenationHeader(7, 3, part), Buffer.from('x'.repeat(153))]);
      ids.push(await idOf(esme, { esmClass: 0x43, shortMessage }));
    }
    expect(new Set(ids).size).toBe(3);
    const parts = await Promise.all(ids.map(recorded));
    expect(parts.map(({ segments, text }) => [segments, text.length])).toEqual(Array(3).fill([1, 153]));
    gateway.time.advance(LONG_MS);
    const told = [await esme.nextOf('DeliverSm'), await esme.nextOf('DeliverSm'), await esme.nextOf('DeliverSm')];
    expect(new Set(told.map((pdu) => /^id:(\S+)/.exec(textOf(pdu))?.[1]))).toEqual(new Set(ids));
  });

  test('by sar_ parameters is the same', async () => {
    await open();
    const esme = await bound();
    const sar = (total: number, segment: number): Parameter[] => [
      { tag: Tag.SarMessageReference, value: Buffer.of(0, 9) },
      { tag: Tag.SarTotalSegments, value: Buffer.of(total) },
      { tag: Tag.SarSegmentSequence, value: Buffer.of(segment) },
    ];
    const id = await idOf(esme, { shortMessage: Buffer.from('y'.repeat(152)) }, sar(2, 1));
    expect(await recorded(id)).toMatchObject({ segments: 1 });
    expect(await statusOf(esme, {}, sar(2, 3))).toBe(Status.InvalidParameterValue);
    expect(await statusOf(esme, {}, sar(2, 1).slice(1))).toBe(Status.MissingParameter);
    expect(await statusOf(esme, { esmClass: 0x40 }, sar(2, 1))).toBe(Status.OptionalParameterNotAllowed);
    expect(await statusOf(esme, { shortMessage: Buffer.from('y'.repeat(154)) }, sar(2, 1))).toBe(
      Status.InvalidMessageLength,
    );
  });

  test('in message_payload is one message of as many segments as it takes, with the fee of each', async () => {
    await open();
    const esme = await bound();
    const payload = (text: string): Parameter[] => [{ tag: Tag.MessagePayload, value: Buffer.from(text) }];
    const one = await recorded(await idOf(esme, { shortMessage: Buffer.alloc(0) }, payload('z'.repeat(160))));
    const four = await recorded(await idOf(esme, { shortMessage: Buffer.alloc(0) }, payload('z'.repeat(612))));
    expect([one.segments, four.segments]).toEqual([1, 4]);
    expect(four.price.totalMicros).toBe(4 * one.price.totalMicros);
    expect(one.price.totalMicros).toBeGreaterThan(0);
    expect(await statusOf(esme, {}, payload('both'))).toBe(Status.OptionalParameterNotAllowed);
    expect(await statusOf(esme, { shortMessage: Buffer.alloc(0) }, payload('z'.repeat(1_601)))).toBe(
      Status.InvalidMessageLength,
    );
  });
});

describe('receipts', () => {
  test('come for what was registered, and for nothing else', async () => {
    await open();
    const esme = await bound();
    const wanted: string[] = [];
    for (const [registeredDelivery, comes] of [
      [0, false],
      [1, true],
      [2, false],
      [3, true],
      [0x10, false],
      [0x11, true],
    ] as const) {
      const id = await idOf(esme, { registeredDelivery });
      if (comes) wanted.push(id);
    }
    gateway.time.advance(LONG_MS);
    const told: (string | undefined)[] = [];
    for (const _ of wanted) told.push(/^id:(\S+)/.exec(textOf(await esme.nextOf('DeliverSm')))?.[1]);
    expect(new Set(told)).toEqual(new Set(wanted));
    await esme.ask('EnquireLink');
    expect(esme.heard).toEqual([]);
  });

  test('wait for a bind that receives, and come again until they are acknowledged', async () => {
    await open();
    const sender = await bound('BindTransmitter');
    const id = await idOf(sender);
    gateway.time.advance(LONG_MS);
    expect((await sender.ask('DeliverSm', {})).status).toBe(Status.IncorrectBindStatus);
    const deaf = await EsmeUnderTest.connect(gateway.smppPorts[0] ?? 0);
    esmes.push(deaf);
    deaf.isPolite = false;
    await deaf.bind('BindReceiver');
    expect(textOf(await deaf.nextOf('DeliverSm'))).toContain(id);
    deaf.close();
    const receiver = await bound('BindReceiver');
    expect(textOf(await receiver.nextOf('DeliverSm'))).toContain(id);
    expect(await statusOfBind(receiver)).toBe(Status.IncorrectBindStatus);
  });

  const statusOfBind = async (esme: EsmeUnderTest): Promise<number> => (await esme.ask('SubmitSm', message())).status;

  test('go to their own ESME only', async () => {
    await open();
    const one = await bound('BindTransceiver', { systemId: 'one' });
    const other = await bound('BindTransceiver', { systemId: 'other' });
    await idOf(one);
    gateway.time.advance(LONG_MS);
    await one.nextOf('DeliverSm');
    await other.ask('EnquireLink');
    expect(other.heard).toEqual([]);
  });

  test('have no parameters for an ESME of an older version', async () => {
    await open();
    const esme = await EsmeUnderTest.connect(gateway.smppPorts[0] ?? 0);
    esmes.push(esme);
    expect((await esme.bind('BindTransceiver', { interfaceVersion: 0x33 })).parameters).toEqual([]);
    await idOf(esme);
    gateway.time.advance(LONG_MS);
    expect((await esme.nextOf('DeliverSm')).parameters).toEqual([]);
  });

  test.each([
    ['text-only', (pdu: HeardPdu) => pdu.parameters.length === 0 && textOf(pdu).startsWith('id:')],
    ['tlv-only', (pdu: HeardPdu) => pdu.parameters.length === 3 && textOf(pdu) === ''],
    [
      'payload',
      (pdu: HeardPdu) =>
        Buffer.from(pdu.parameters[0]?.value ?? [])
          .toString()
          .startsWith('id:') && textOf(pdu) === '',
    ],
    ['seconds', (pdu: HeardPdu) => /done date:\d{12} /.test(textOf(pdu))],
    ['commas', (pdu: HeardPdu) => /,stat:ACCEPTD,/.test(textOf(pdu))],
  ])('come as the operator wants: %s', async (variant, isSo) => {
    await open({ smppReceipts: [variant] });
    const esme = await bound();
    await idOf(esme);
    gateway.time.advance(LONG_MS);
    expect(isSo(await esme.nextOf('DeliverSm'))).toBe(true);
  });

  test('can have decimal ids of hexadecimal answers', async () => {
    await open({ smppReceipts: ['decimal-id'] });
    const esme = await bound();
    for (let left = 12; left > 0; left -= 1) await idOf(esme, { registeredDelivery: 0 });
    expect(await idOf(esme)).toBe('c');
    expect((await esme.ask('QuerySm', { messageId: 'c', sourceAddr: digits(gateway.number('cpaas')) })).status).toBe(0);
    gateway.time.advance(LONG_MS);
    expect(textOf(await esme.nextOf('DeliverSm'))).toMatch(/^id:12 /);
  });
});

describe('a message to several', () => {
  test('is sent to each, and those refused are told of', async () => {
    await open();
    const esme = await bound();
    const to = (address: string): { ton: number; npi: number; address: string } => ({ ton: 1, npi: 1, address });
    const destAddresses = [
      to(digits(gateway.number('att', 1))),
      to('12'),
      to(digits(gateway.number('verizon', 2))),
      to(digits(gateway.number('nobody'))),
    ];
    const answer = await esme.ask('SubmitMulti', message({ destAddresses }));
    expect(answer).toMatchObject({ command: 'SubmitMultiResp', status: 0 });
    expect(answer.fields.unsuccessSmes).toEqual([
      { ...destAddresses[1], status: Status.InvalidDestinationAddress },
      { ...destAddresses[3], status: Status.InvalidDestinationAddress },
    ]);
    gateway.time.advance(LONG_MS);
    const told = [await esme.nextOf('DeliverSm'), await esme.nextOf('DeliverSm')];
    expect(told.map((pdu) => /^id:(\S+)/.exec(textOf(pdu))?.[1])).toEqual(Array(2).fill(answer.fields.messageId));
    expect(new Set(told.map(({ fields }) => fields.sourceAddr))).toEqual(
      new Set([destAddresses[0]?.address, destAddresses[2]?.address]),
    );
  });

  test('by a distribution list is refused: there are none', async () => {
    await open();
    const esme = await bound();
    const answer = await esme.ask('SubmitMulti', message({ destAddresses: [{ list: 'everybody' }] }));
    expect(answer.status).toBe(Status.InvalidDistributionList);
  });

  test('to nobody who can be reached has the status of the first', async () => {
    await open();
    const esme = await bound();
    const answer = await esme.ask('SubmitMulti', message({ destAddresses: [{ ton: 1, npi: 1, address: '12' }] }));
    expect(answer.status).toBe(Status.InvalidDestinationAddress);
  });
});

describe('a text sent as UCS-2', () => {
  test('pays for as many parts as the same text by any other way', async () => {
    await open();
    const esme = await bound();
    // A pair that would be cut in two goes into the next part.
    for (const [text, segments] of [
      [`${'x'.repeat(66)}👋${'x'.repeat(66)}`, 3],
      ['x'.repeat(134), 2],
      ['x'.repeat(71), 2],
      ['x'.repeat(70), 1],
    ] as const) {
      const parameters = [{ tag: Tag.MessagePayload, value: encodeText(text, 8) }];
      const id = await idOf(esme, { dataCoding: 8, shortMessage: Buffer.alloc(0) }, parameters);
      expect((await recorded(id)).segments).toBe(segments);
    }
  });
});

describe('data_sm', () => {
  test('sends what its payload holds', async () => {
    await open();
    const esme = await bound();
    const { shortMessage: _, ...fields } = message();
    const parameters = [{ tag: Tag.MessagePayload, value: encodeText('By data_sm.', 0) }];
    const answer = await esme.ask('DataSm', fields, { parameters });
    expect(answer).toMatchObject({ command: 'DataSmResp', status: 0 });
    expect((await recorded(answer.fields.messageId)).text).toBe('By data_sm.');
    const longer = await esme.ask('DataSm', { ...fields, sourceAddr: '1'.repeat(64) }, { parameters });
    expect(longer.status).toBe(Status.InvalidSourceAddress);
  });
});

describe('query_sm', () => {
  test('tells what the carrier has said', async () => {
    await open();
    const esme = await bound();
    const sourceAddr = digits(gateway.number('cpaas'));
    const messageId = await idOf(esme);
    expect((await esme.ask('QuerySm', { messageId, sourceAddr })).fields).toEqual({
      messageId,
      finalDate: '',
      messageState: MessageStateValue.Enroute,
      errorCode: 0,
    });
    gateway.time.advance(LONG_MS);
    const answer = await esme.ask('QuerySm', { messageId, sourceAddr });
    expect(answer.fields).toMatchObject({ messageState: MessageStateValue.Accepted });
    expect(answer.fields.finalDate).toMatch(/^24030118\d{5}00\+$/);
  });

  test('tells nobody of what others sent, nor of what is not there', async () => {
    await open();
    const one = await bound('BindTransceiver', { systemId: 'one' });
    const other = await bound('BindTransceiver', { systemId: 'other' });
    const sourceAddr = digits(gateway.number('cpaas'));
    const messageId = await idOf(one);
    expect((await other.ask('QuerySm', { messageId, sourceAddr })).status).toBe(Status.InvalidMessageId);
    expect((await one.ask('QuerySm', { messageId, sourceAddr: '12125550100' })).status).toBe(Status.QueryFailed);
    expect((await one.ask('QuerySm', { messageId: 'nothing', sourceAddr })).status).toBe(Status.InvalidMessageId);
    expect((await other.ask('CancelSm', { messageId, sourceAddr })).status).toBe(Status.InvalidMessageId);
  });
});

describe('a scheduled message', () => {
  const HOUR_LATER = '000000010000000R';
  const HOUR_MS = 3_600_000;

  test('is sent at its time, under the id it had from the start', async () => {
    await open();
    const esme = await bound();
    const id = await idOf(esme, { scheduleDeliveryTime: HOUR_LATER, registeredDelivery: 0x11 });
    const waiting = await esme.nextOf('DeliverSm');
    expect(waiting.fields.esmClass).toBe(0x20);
    expect(textOf(waiting)).toMatch(new RegExp(`^id:${id} .* stat:ENROUTE `));
    gateway.time.advance(HOUR_MS - 1_000);
    expect(gateway.store.nextSequence).toBe(0);
    gateway.time.advance(1_000);
    await expect.poll(() => gateway.store.nextSequence).toBe(1);
    const sourceAddr = digits(gateway.number('cpaas'));
    const asked = await esme.ask('QuerySm', { messageId: id, sourceAddr });
    expect(asked.fields).toMatchObject({ messageId: id, messageState: MessageStateValue.Enroute });
    expect((await esme.ask('CancelSm', { messageId: id, sourceAddr })).status).toBe(Status.CancelFailed);
    gateway.time.advance(LONG_MS);
    expect(textOf(await esme.nextOf('DeliverSm'))).toMatch(new RegExp(`^id:${id} .* stat:ACCEPTD `));
    const answer = await esme.ask('QuerySm', { messageId: id, sourceAddr });
    expect(answer.fields.messageState).toBe(MessageStateValue.Accepted);
  });

  test('can be asked after, replaced and taken back until then', async () => {
    await open();
    const esme = await bound();
    const sourceAddr = digits(gateway.number('cpaas'));
    const messageId = await idOf(esme, { scheduleDeliveryTime: HOUR_LATER });
    expect((await esme.ask('QuerySm', { messageId, sourceAddr })).fields.messageState).toBe(MessageStateValue.Enroute);
    const replacement = { messageId, sourceAddr, shortMessage: Buffer.from('Another text'), registeredDelivery: 1 };
    expect((await esme.ask('ReplaceSm', replacement)).status).toBe(Status.Ok);
    expect((await esme.ask('CancelSm', { messageId, sourceAddr: '12125550100' })).status).toBe(Status.CancelFailed);
    expect((await esme.ask('CancelSm', { messageId, sourceAddr })).status).toBe(Status.Ok);
    expect(textOf(await esme.nextOf('DeliverSm'))).toMatch(/ stat:DELETED err:000 text:Another text$/);
    gateway.time.advance(2 * HOUR_MS);
    expect(gateway.store.nextSequence).toBe(0);
  });

  test('is taken back by its numbers too', async () => {
    await open();
    const esme = await bound();
    const { sourceAddr = '', destinationAddr = '' } = message();
    for (let left = 3; left > 0; left -= 1)
      await idOf(esme, { scheduleDeliveryTime: HOUR_LATER, registeredDelivery: 0 });
    expect((await esme.ask('CancelSm', { sourceAddr, destinationAddr })).status).toBe(Status.Ok);
    expect((await esme.ask('CancelSm', { sourceAddr, destinationAddr })).status).toBe(Status.CancelFailed);
    gateway.time.advance(2 * HOUR_MS);
    expect(gateway.store.nextSequence).toBe(0);
  });

  test('is replaced by one like it that says so', async () => {
    await open();
    const esme = await bound();
    await idOf(esme, { scheduleDeliveryTime: HOUR_LATER, registeredDelivery: 0 });
    await idOf(esme, { scheduleDeliveryTime: HOUR_LATER, registeredDelivery: 0, replaceIfPresentFlag: 1 });
    gateway.time.advance(HOUR_MS);
    await expect.poll(() => gateway.store.nextSequence).toBe(1);
  });

  test('stays as it is if what is to replace it is refused', async () => {
    await open({ tariffDate: Date.UTC(2024, 2, 1) });
    const esme = await bound();
    // Toll-free numbers that are not verified are blocked; of one that waits, that is seen at its time.
    const sourceAddr = '18005550199';
    const { destinationAddr = '' } = message();
    const messageId = await idOf(esme, { sourceAddr, scheduleDeliveryTime: HOUR_LATER });
    expect(await statusOf(esme, { sourceAddr, replaceIfPresentFlag: 1 })).toBe(Status.SubmitFailed);
    expect((await esme.ask('QuerySm', { messageId, sourceAddr })).status).toBe(Status.Ok);
    expect((await esme.ask('CancelSm', { messageId, sourceAddr, destinationAddr })).status).toBe(Status.Ok);
  });

  test('cannot be replaced by one that would expire before its time', async () => {
    await open();
    const esme = await bound();
    const { sourceAddr = '' } = message();
    const messageId = await idOf(esme, { scheduleDeliveryTime: HOUR_LATER, validityPeriod: '000000020000000R' });
    const replace = async (own: Partial<Fields>): Promise<number> =>
      (await esme.ask('ReplaceSm', { messageId, sourceAddr, shortMessage: Buffer.from('Other'), ...own })).status;
    expect(await replace({ validityPeriod: '000000003000000R' })).toBe(Status.InvalidExpiry);
    expect(await replace({ scheduleDeliveryTime: '000000030000000R' })).toBe(Status.InvalidExpiry);
    expect(await replace({ validityPeriod: '000000013000000R' })).toBe(Status.Ok);
  });

  test('that is refused at its time ends with a receipt', async () => {
    await open();
    const esme = await bound();
    const destinationAddr = digits(gateway.number('nobody'));
    const id = await idOf(esme, { scheduleDeliveryTime: HOUR_LATER, destinationAddr });
    gateway.time.advance(HOUR_MS);
    expect(textOf(await esme.nextOf('DeliverSm'))).toMatch(new RegExp(`^id:${id} .* stat:REJECTD err:300 `));
  });

  test('that was sent can be neither replaced nor taken back', async () => {
    await open();
    const esme = await bound();
    const messageId = await idOf(esme);
    const sourceAddr = digits(gateway.number('cpaas'));
    expect((await esme.ask('CancelSm', { messageId, sourceAddr })).status).toBe(Status.CancelFailed);
    expect((await esme.ask('ReplaceSm', { messageId, sourceAddr })).status).toBe(Status.ReplaceFailed);
  });
});

describe('faults of connections', () => {
  const submitted = (esme: EsmeUnderTest): Promise<HeardPdu> => esme.ask('SubmitSm', message());
  const set = async (fault: object): Promise<void> => {
    expect((await gateway.ask('PUT', '/v1/faults/own', fault)).status).toBeLessThan(300);
  };

  test('cut them, before a message is taken or in place of its answer, and are counted', async () => {
    await open();
    await set({ scope: { account: 'esme' }, disconnect: { rate: 1 } });
    const other = await bound('BindTransmitter', { systemId: 'other' });
    const count = 20;
    for (let left = count; left > 0; left -= 1) {
      const esme = await bound('BindTransmitter');
      expect((await esme.ask('EnquireLink')).status).toBe(Status.Ok);
      await expect(submitted(esme)).rejects.toThrow('closed');
    }
    expect(gateway.store.nextSequence).toBeGreaterThan(0);
    expect(gateway.store.nextSequence).toBeLessThan(count);
    expect((await submitted(other)).status).toBe(Status.Ok);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain(`tollgate_fault_applied_total{kind="disconnect",carrier="none"} ${count}`);
  });

  test('hold answers back, in their order, and nothing once they are over', async () => {
    await open();
    await set({ slow: { delayMs: 60_000 } });
    const esme = await bound('BindTransmitter');
    const answers = [submitted(esme), esme.ask('EnquireLink')];
    let isAnswered = false;
    for (const answer of answers) answer.then(() => (isAnswered = true)).catch(() => undefined);
    await expect.poll(() => gateway.store.nextSequence).toBe(1);
    gateway.time.advance(59_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isAnswered).toBe(false);
    gateway.time.advance(1_000);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([Status.Ok, Status.Ok]);
    expect((await gateway.ask('DELETE', '/v1/faults')).status).toBe(204);
    expect((await submitted(esme)).status).toBe(Status.Ok);
  });
});

describe('the client of the npm package', () => {
  test('binds, sends, hears of its message and goes', async () => {
    await open();
    const client = connectForeign({ host: '127.0.0.1', port: gateway.smppPorts[0] });
    const ask = (command: string, fields: object): Promise<ForeignPdu> =>
      new Promise((resolve) => client.send(foreignPdu(command, fields), resolve));
    const receipt = new Promise<ForeignPdu>((resolve) => {
      client.on('deliver_sm', (pdu) => {
        client.send(pdu.response());
        resolve(pdu);
      });
    });
    await new Promise<void>((resolve) => client.on('connect', resolve));
    const bind = await ask('bind_transceiver', { system_id: 'npm', password: 'secret', interface_version: 0x34 });
    expect(bind).toMatchObject({ command: 'bind_transceiver_resp', command_status: 0, sc_interface_version: 0x34 });
    const answer = await ask('submit_sm', {
      source_addr: gateway.number('cpaas'),
      destination_addr: gateway.number('att'),
      short_message: 'Grüße aus Köln ✓',
      registered_delivery: 1,
    });
    expect(answer.command_status).toBe(0);
    expect((await recorded(String(answer['message_id']))).text).toBe('Grüße aus Köln ✓');
    gateway.time.advance(LONG_MS);
    const told = await receipt;
    expect(told).toMatchObject({ esm_class: 4, receipted_message_id: answer['message_id'], message_state: 6 });
    expect((told['short_message'] as { message: string }).message).toContain(`id:${String(answer['message_id'])} `);
    const closed = new Promise<void>((resolve) => client.on('close', resolve));
    expect((await ask('unbind', {})).command).toBe('unbind_resp');
    await closed;
  });
});

describe('a message that may be late only so much', () => {
  const MINUTE_LATER = '000000000100000R';

  test('expires while its carrier cannot be reached', async () => {
    await open();
    const esme = await bound();
    const fault = { scope: { carrier: 'att' }, outage: true, forMs: 3_600_000 };
    expect((await gateway.ask('PUT', '/v1/faults/att', fault)).status).toBe(201);
    const id = await idOf(esme, { validityPeriod: MINUTE_LATER });
    gateway.time.advance(59_000);
    await esme.ask('EnquireLink');
    expect(esme.heard).toEqual([]);
    gateway.time.advance(62_000);
    expect(textOf(await esme.nextOf('DeliverSm'))).toMatch(new RegExp(`^id:${id} .* stat:EXPIRED err:020 `));
  });

  test('expires while it waits under a limit', async () => {
    await open({ overLimit: new Set([Binding.AccountSmsRate]) });
    await gateway.ask('PUT', '/v1/accounts/esme', { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    const esme = await bound();
    const ids: string[] = [];
    for (let left = 150; left > 0; left -= 1) {
      ids.push(await idOf(esme, { validityPeriod: MINUTE_LATER, registeredDelivery: 0x12 }));
    }
    const told = await esme.nextOf('DeliverSm');
    expect(told.fields.esmClass).toBe(0x20);
    expect(textOf(told)).toMatch(/ stat:ENROUTE err:000 /);
    gateway.time.advance(65_000);
    const expired = await esme.next((pdu) => textOf(pdu).includes(' stat:EXPIRED err:020 '));
    expect(ids).toContain(/^id:(\S+)/.exec(textOf(expired))?.[1]);
  });
});

describe('a state that is taken up again', () => {
  test('has messages under way and scheduled ones, each with its ESME, whoever bound first', async () => {
    await open();
    const other = await bound('BindTransceiver', { systemId: 'other' });
    const esme = await bound('BindTransmitter', { systemId: 'esme' });
    const id = await idOf(esme);
    const scheduledId = await idOf(esme, { scheduleDeliveryTime: '000000010000000R' });
    const saved = await fetch(`${gateway.url}/v1/snapshot`);
    expect(saved.status).toBe(200);
    const snapshot = await saved.arrayBuffer();
    other.close();
    esme.close();
    await gateway.close();

    await open();
    const receiver = await bound('BindReceiver', { systemId: 'esme' });
    const restored = await fetch(`${gateway.url}/v1/snapshot`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: snapshot,
    });
    expect(restored.status).toBe(200);
    gateway.time.advance(LONG_MS);
    expect(textOf(await receiver.nextOf('DeliverSm'))).toContain(`id:${id} `);
    gateway.time.advance(3_600_000);
    await expect.poll(() => gateway.store.nextSequence).toBe(2);
    gateway.time.advance(LONG_MS);
    expect(textOf(await receiver.nextOf('DeliverSm'))).toContain(`id:${scheduledId} `);
  });
});
