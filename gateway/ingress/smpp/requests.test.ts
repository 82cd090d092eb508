import { expect, it } from 'vitest';
import { PduWriter, Status, writePdu, type Fields, type CommandName, nameOfCommand } from '../../smpp/index.ts';
import { openSmppEdge, pdusIn } from './edge-under-test.ts';

function bytesOf(command: CommandName, fields: Partial<Fields>): Buffer {
  const writer = new PduWriter();
  writePdu(writer, { command, sequence: 7, fields });
  return writer.take();
}

it.each(['SubmitMulti', 'DataSm'] as const)('%s is answered although its messages come to nothing', async (command) => {
  const edge = openSmppEdge({
    kept: () => {
      throw new Error('unheard of');
    },
  });
  const session = edge.connect();
  edge.receive(session, bytesOf('BindTransceiver', { systemId: 'esme', interfaceVersion: 0x34 }));
  const destAddresses = ['12122000001', '12122000002'].map((address) => ({ ton: 1, npi: 1, address }));
  const sourceAddr = '12125550100';
  edge.receive(session, bytesOf(command, { sourceAddr, destAddresses, destinationAddr: '12122000001' }));
  expect(session.unanswered).toBe(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(session.unanswered).toBe(0);
  const [answer] = pdusIn(edge.sent(session));
  expect([nameOfCommand(answer?.commandId ?? 0), answer?.status]).toEqual([`${command}Resp`, Status.SystemError]);
  if (command === 'SubmitMulti') {
    expect(answer?.fields.unsuccessSmes).toEqual(destAddresses.map((to) => ({ ...to, status: Status.SystemError })));
  }
});
