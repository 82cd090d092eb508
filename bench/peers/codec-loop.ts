/** A server that only reads submit_sm with our codec and answers each with an id: what is left of the gateway without any decision. */
import { createServer, type AddressInfo } from 'node:net';
import { Command, Frame, Framer, PduWriter, responseTo, Status, SubmitSm } from '../../gateway/smpp/index.ts';
import type { Work } from '../processes.ts';
import { type Usage, usageReader } from './usage.ts';

export const work: Work<null, { readonly port: number }, null, Usage> = {
  async open() {
    let handled = 0;
    const submit = new SubmitSm();
    const out = new PduWriter();
    const take = (bytes: Buffer, start: number, end: number): void => {
      const command = bytes.readUInt32BE(start + 4);
      const sequence = bytes.readUInt32BE(start + 12);
      if (command === Command.SubmitSm && submit.read(bytes, start, end) === Status.Ok) {
        handled += 1;
        out.begin(Command.SubmitSmResp, Status.Ok, sequence);
        out.characters('MBARE-');
        out.base36(handled);
        out.octet(0);
        out.end();
      } else if (command === Command.BindTransceiver) {
        out.begin(responseTo(command), Status.Ok, sequence);
        out.text('bare');
        out.end();
      } else if (command < Command.GenericNack) {
        out.header(responseTo(command), Status.Ok, sequence);
      }
    };
    const server = createServer({ noDelay: true }, (socket) => {
      const framer = new Framer();
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        framer.push(chunk);
        while (framer.next() === Frame.Pdu) take(framer.bytes, framer.start, framer.end);
        if (out.size > 0) socket.write(out.take());
      });
    });
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, resolve));
    const usage = usageReader(() => ({ handled, accepted: handled }));
    return { ready: { port: (server.address() as AddressInfo).port }, answer: usage };
  },
};
