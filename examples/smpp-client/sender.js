/** An ESME: binds as a transceiver, sends, and learns from receipts what became of what it sent. Knows SMPP, and nothing of Tollgate. */
import { once } from 'node:events';
import smpp from 'smpp';

const RECEIPT_ASKED_FOR = 1;
const INTERNATIONAL = { ton: 1, npi: 1 };

export class Sender {
  #session;
  /** By id of message, as receipts put it: DELIVRD, UNDELIV, ... */
  states = new Map();

  /** Connects and binds; rejects with the status if the other side does not want that. */
  static async open(url, systemId, password) {
    const sender = new Sender();
    const session = smpp.connect({ url });
    sender.#session = session;
    await once(session, 'connect');
    session.on('deliver_sm', (pdu) => {
      const [, id, state] = /^id:(\S+) .*\bstat:(\w+)/.exec(pdu.short_message.message) ?? [];
      sender.states.set(id, state);
      session.send(pdu.response());
    });
    await sender.#ask(new smpp.PDU('bind_transceiver', { system_id: systemId, password }));
    return sender;
  }

  /** Sends a message; resolves with its id. */
  async send(from, to, text) {
    const answer = await this.#ask(
      new smpp.PDU('submit_sm', {
        source_addr_ton: INTERNATIONAL.ton,
        source_addr_npi: INTERNATIONAL.npi,
        source_addr: from.slice(1),
        dest_addr_ton: INTERNATIONAL.ton,
        dest_addr_npi: INTERNATIONAL.npi,
        destination_addr: to.slice(1),
        registered_delivery: RECEIPT_ASKED_FOR,
        short_message: text,
      }),
    );
    return answer.message_id;
  }

  async close() {
    await this.#ask(new smpp.PDU('unbind'));
    this.#session.close();
    await once(this.#session, 'close');
  }

  #ask(pdu) {
    return new Promise((resolve, reject) => {
      this.#session.send(pdu, (answer) => {
        if (answer.command_status === 0) resolve(answer);
        else reject(Object.assign(new Error(`${pdu.command} was refused`), { status: answer.command_status }));
      });
    });
  }
}
