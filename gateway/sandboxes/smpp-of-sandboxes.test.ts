import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { EsmeUnderTest } from '../ingress/smpp/esme-under-test.ts';
import { PduWriter, Status, writePdu } from '../smpp/index.ts';
import { connectForeign, type ForeignPdu, foreignPdu } from '../smpp/smpp-package-under-test.ts';
import { SANDBOX_HEADER } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-sandboxes-'));
const cert = join(directory, 'smpp.crt');
const key = join(directory, 'smpp.key');

beforeAll(async () => {
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await promisify(execFile)('openssl', [...words, '-subj', '/CN=localhost', '-keyout', key, '-out', cert]);
  withSmpp = await openGatewayUnderTest({ smppPort: 0, magicNumbers: true });
});
afterAll(async () => {
  await withSmpp.close();
  rmSync(directory, { recursive: true });
});

/** One with SMPP in plain, for most tests; and the one of a test. */
let withSmpp: GatewayUnderTest;
let gateway: GatewayUnderTest;
const esmes: EsmeUnderTest[] = [];
beforeEach(() => {
  gateway = withSmpp;
});
afterEach(async () => {
  for (const esme of esmes.splice(0)) esme.close();
  if (gateway !== withSmpp) await gateway.close();
});

interface Opened {
  readonly id: string;
  readonly smpp: { readonly urls: readonly string[]; readonly systemId: string; readonly password: string };
}

async function sandbox(settings: object = {}): Promise<Opened> {
  const { status, body } = await gateway.ask<Opened>('POST', '/v1/sandboxes', settings);
  expect(status).toBe(201);
  return body;
}

async function connect(port = gateway.smppPorts[0], tls?: { ca: string }): Promise<EsmeUnderTest> {
  const esme = await EsmeUnderTest.connect(port ?? 0, tls);
  esmes.push(esme);
  return esme;
}

async function bound({ smpp }: Opened, ...where: Parameters<typeof connect>): Promise<EsmeUnderTest> {
  const esme = await connect(...where);
  expect((await esme.bind('BindTransceiver', smpp)).status).toBe(Status.Ok);
  return esme;
}

const message = (text: string) => ({
  sourceAddrTon: 1,
  sourceAddr: '15005556000',
  destAddrTon: 1,
  destinationAddr: '15005550000',
  registeredDelivery: 1,
  shortMessage: Buffer.from(text),
});

const textsIn = async (headers: Record<string, string> = {}): Promise<string[]> => {
  const { body } = await gateway.ask<{ messages: { text: string }[] }>('GET', '/v1/messages', undefined, headers);
  return body.messages.map(({ text }) => text);
};
const textsOf = ({ id }: Opened): Promise<string[]> => textsIn({ [SANDBOX_HEADER]: id });

describe('at the SMPP port of a gateway', () => {
  test('ESMEs of sandboxes and of the gateway bind side by side, each in its own world', async () => {
    const [one, other] = [await sandbox(), await sandbox()];
    expect(one.smpp.urls).toEqual([`smpp://127.0.0.1:${gateway.smppPorts[0]}`]);
    const [ofOne, ofOther, outside] = [await bound(one), await bound(other), await connect()];
    expect((await outside.bind('BindTransceiver', { systemId: 'acme' })).status).toBe(Status.Ok);
    for (const [esme, text] of [
      [ofOne, 'one'],
      [ofOther, 'other'],
      [outside, 'outside'],
    ] as const) {
      expect((await esme.ask('SubmitSm', message(text))).status).toBe(Status.Ok);
    }
    expect([await textsOf(one), await textsOf(other), await textsIn()]).toEqual([['one'], ['other'], ['outside']]);
    const receipts = await Promise.all([ofOne, ofOther].map((esme) => esme.nextOf('DeliverSm')));
    for (const { fields } of receipts) expect(String(fields.shortMessage)).toMatch(/ stat:ACCEPTD /);
    expect(outside.heard).toEqual([]);
    expect(gateway.smpp?.figures().sessions['transceiver']).toBe(1);
  });

  test('a wrong password is refused', async () => {
    const { smpp } = await sandbox();
    const esme = await connect();
    const answer = await esme.bind('BindTransceiver', { ...smpp, password: 'wrong' });
    expect([answer.command, answer.status]).toEqual(['BindTransceiverResp', Status.InvalidPassword]);
    await esme.closed();
  });

  test('what comes before the bind, with it and behind it is answered in order, however it is cut', async () => {
    const one = await sandbox();
    const writer = new PduWriter();
    writePdu(writer, { command: 'EnquireLink', sequence: 1 });
    writePdu(writer, { command: 'BindTransmitter', sequence: 2, fields: { ...one.smpp, interfaceVersion: 0x34 } });
    for (const sequence of [3, 4]) {
      writePdu(writer, { command: 'SubmitSm', sequence, fields: message(`${sequence}`) });
    }
    const bytes = Buffer.from(writer.take());
    for (const piece of [bytes.length, 7]) {
      const esme = await connect();
      for (let at = 0; at < bytes.length; at += piece) {
        esme.socket.write(bytes.subarray(at, at + piece));
        if (piece < bytes.length) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await esme.next(({ sequence }) => sequence === 1);
      const bind = await esme.next();
      expect([bind.command, bind.status]).toEqual(['BindTransmitterResp', Status.Ok]);
      for (const sequence of [3, 4]) expect(await esme.next()).toMatchObject({ sequence, status: Status.Ok });
    }
    expect(await textsOf(one)).toEqual(['3', '4', '3', '4']);
  });

  test('over TLS all is the same', async () => {
    gateway = await openGatewayUnderTest({ smppTlsPort: 0, smppTlsCert: cert, smppTlsKey: key });
    const one = await sandbox();
    expect(one.smpp.urls).toEqual([`smpps://127.0.0.1:${gateway.smppPorts[0]}`]);
    const esme = await bound(one, gateway.smppPorts[0], { ca: readFileSync(cert, 'utf8') });
    expect((await esme.ask('SubmitSm', message('Hi'))).status).toBe(Status.Ok);
    expect(await textsOf(one)).toEqual(['Hi']);
    expect(await textsIn()).toEqual([]);
    await gateway.ask('DELETE', `/v1/sandboxes/${one.id}`);
    await esme.closed();
  });

  test('a client that knows nothing of sandboxes is served, and hears of its message', async () => {
    const { smpp } = await sandbox();
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
    const { systemId: system_id, password } = smpp;
    expect((await ask('bind_transceiver', { system_id, password })).command_status).toBe(0);
    const answer = await ask('submit_sm', {
      source_addr: '+15005556000',
      destination_addr: '+15005550000',
      short_message: 'Hi',
      registered_delivery: 1,
    });
    const told = await receipt;
    expect((told['short_message'] as { message: string }).message).toContain(`id:${String(answer['message_id'])} `);
    const closed = new Promise<void>((resolve) => client.on('close', resolve));
    expect((await ask('unbind', {})).command).toBe('unbind_resp');
    await closed;
  });
});

describe('a sandbox that is closed', () => {
  test('says goodbye to its ESMEs and to no others, and they cannot bind again', async () => {
    const [one, other] = [await sandbox(), await sandbox()];
    const [ofOne, ofOther, outside] = [await bound(one), await bound(other), await connect()];
    await outside.bind('BindTransceiver', { systemId: 'acme' });
    const beganMs = performance.now();
    await gateway.ask('DELETE', `/v1/sandboxes/${one.id}`);
    await ofOne.nextOf('Unbind');
    await ofOne.closed();
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    for (const esme of [ofOther, outside]) {
      expect((await esme.ask('EnquireLink')).status).toBe(Status.Ok);
    }
    const again = await connect();
    expect((await again.bind('BindTransceiver', one.smpp)).status).toBe(Status.InvalidSystemId);
    await again.closed();
  });

  test('is none while an ESME is bound to it, though nobody asks for it over HTTP', async () => {
    const one = await sandbox({ idleS: 1 });
    const esme = await bound(one);
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect((await esme.ask('SubmitSm', message('Still there'))).status).toBe(Status.Ok);
    esme.close();
    await expect.poll(async () => (await gateway.ask('GET', '/v1/sandboxes')).text).not.toContain(one.id);
  });
});

test('behind a gateway without SMPP a sandbox has a port of its own if it is asked for, and else none', async () => {
  gateway = await openGatewayUnderTest();
  expect((await sandbox()).smpp).toBeNull();
  const one = await sandbox({ smpp: true });
  const esme = await bound(one, Number(new URL(one.smpp.urls[0] ?? '').port));
  expect((await esme.ask('SubmitSm', message('Hi'))).status).toBe(Status.Ok);
  expect(await textsOf(one)).toEqual(['Hi']);
});
