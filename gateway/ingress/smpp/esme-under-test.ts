/** An ESME for tests: the codec over a socket, every PDU it hears kept in order, and nothing answered unless the test says so. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  Command,
  type CommandName,
  Frame,
  Framer,
  type Fields,
  nameOfCommand,
  type Parameter,
  type Pdu,
  PduWriter,
  readPdu,
  writePdu,
} from '../../smpp/index.ts';
import { readForeign } from '../../smpp/smpp-package-under-test.ts';

export interface HeardPdu extends Pdu {
  readonly command: string;
  readonly bytes: Buffer;
}

export class EsmeUnderTest {
  readonly socket: Socket;
  /** What was heard and not taken by `next`. */
  readonly heard: HeardPdu[] = [];
  isClosed = false;
  /** Whether receipts and enquiries are answered by themselves. */
  isPolite = true;
  readonly #waiting: (() => void)[] = [];
  readonly #framer = new Framer();
  #sequence = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#hear(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  static connect(port: number, tls?: { readonly ca: string }): Promise<EsmeUnderTest> {
    return new Promise((resolve, reject) => {
      const target = { host: '127.0.0.1', port };
      const socket =
        tls === undefined ? connect(target) : connectTls({ ...target, ca: tls.ca, servername: 'localhost' });
      socket.once('error', reject);
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve(new EsmeUnderTest(socket)));
    });
  }

  /** Sends a PDU; its sequence_number. */
  send(
    command: CommandName,
    fields: Partial<Fields> = {},
    {
      parameters = [],
      sequence,
      status = 0,
    }: { parameters?: readonly Parameter[]; sequence?: number; status?: number } = {},
  ): number {
    const own = sequence ?? (this.#sequence += 1);
    const writer = new PduWriter();
    writePdu(writer, { command, sequence: own, fields, parameters, status });
    this.socket.write(writer.take());
    return own;
  }

  /** Sends a PDU and hears its answer, which it takes. */
  async ask(
    command: CommandName,
    fields: Partial<Fields> = {},
    more: { parameters?: readonly Parameter[]; sequence?: number } = {},
  ): Promise<HeardPdu> {
    const sequence = this.send(command, fields, more);
    return this.next((pdu) => pdu.sequence === sequence && pdu.commandId >= Command.GenericNack);
  }

  bind(command: CommandName = 'BindTransceiver', fields: Partial<Fields> = {}): Promise<HeardPdu> {
    return this.ask(command, { systemId: 'esme', password: 'secret', interfaceVersion: 0x34, ...fields });
  }

  /** Takes the first PDU that fits, waiting for it if need be. Rejects when the connection closes without one. */
  async next(fits: (pdu: HeardPdu) => boolean = () => true): Promise<HeardPdu> {
    for (;;) {
      const at = this.heard.findIndex(fits);
      const [found] = at < 0 ? [] : this.heard.splice(at, 1);
      if (found !== undefined) return found;
      if (this.isClosed) throw new Error('the connection is closed');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  nextOf(command: CommandName): Promise<HeardPdu> {
    return this.next((pdu) => pdu.commandId === Command[command]);
  }

  /** Resolves when the other side has closed the connection. */
  async closed(): Promise<void> {
    while (!this.isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.socket.destroy();
  }

  #hear(chunk: Buffer): void {
    const framer = this.#framer;
    framer.push(chunk);
    while (framer.next() === Frame.Pdu) {
      const bytes = Buffer.from(framer.bytes.subarray(framer.start, framer.end));
      const read = readPdu(bytes, 0, bytes.length);
      if (!read.ok) throw new Error(`the gateway sent what cannot be read: ${bytes.toString('hex')}`);
      const { pdu } = read;
      // Everything the gateway sends is also read by others.
      const foreign = readForeign(bytes);
      if (
        foreign.command_length !== bytes.length ||
        foreign.sequence_number !== pdu.sequence ||
        foreign.command === 'unknown'
      ) {
        throw new Error(`others read otherwise: ${bytes.toString('hex')}`);
      }
      if (this.isPolite && pdu.commandId === Command.DeliverSm) {
        this.send('DeliverSmResp', { messageId: '' }, { sequence: pdu.sequence });
      }
      if (this.isPolite && pdu.commandId === Command.EnquireLink) {
        this.send('EnquireLinkResp', {}, { sequence: pdu.sequence });
        continue;
      }
      this.heard.push({ ...pdu, command: nameOfCommand(pdu.commandId), bytes });
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
