/** A server on the npm package `smpp`, as its readme has one, that answers each submit_sm with an id. */
import type { AddressInfo, Server } from 'node:net';
// @ts-expect-error -- no types
import smpp from 'smpp';
import type { Work } from '../processes.ts';
import { type Usage, usageReader } from './usage.ts';

interface Pdu {
  response(fields?: object): Pdu;
}

interface Session {
  on(event: string, heard: (pdu: Pdu) => void): void;
  send(pdu: Pdu): void;
}

const npm = smpp as { createServer(serve: (session: Session) => void): Server };

export const work: Work<null, { readonly port: number }, null, Usage> = {
  async open() {
    let handled = 0;
    const server = npm.createServer((session) => {
      session.on('error', () => {});
      for (const asked of ['bind_transceiver', 'enquire_link', 'unbind']) {
        session.on(asked, (pdu) => session.send(pdu.response()));
      }
      session.on('submit_sm', (pdu) => {
        handled += 1;
        session.send(pdu.response({ message_id: `M${handled}` }));
      });
    });
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, resolve));
    const usage = usageReader(() => ({ handled, accepted: handled }));
    return { ready: { port: (server.address() as AddressInfo).port }, answer: usage };
  },
};
