// Kannel, a real SMPP client: bearerbox, which binds to a gateway, and smsbox, which takes messages over HTTP and calls back with what
// became of them. Each on free loopback ports and in a folder of its own; both end with whoever started them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const START_MS = 20_000;
const LOOK_MS = 50;
/** Levels of its log. */
const EVERYTHING = 0;
const ERRORS = 3;
/** Debian puts the boxes where only root looks. */
const PATH = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin`;

/** What Kannel tells of a message: 1 delivered, 2 not, 4 with the carrier, 8 accepted by the SMSC, 16 refused by it. */
export interface Told {
  readonly message: string;
  readonly type: number;
  /** The receipt as it came, or the answer to submit_sm. */
  readonly answer: string;
}

export interface KannelOptions {
  readonly smppPort: number;
  readonly systemId: string;
  readonly password: string;
  /** Seconds between enquiries. */
  readonly enquireLinkSeconds?: number;
  readonly window?: number;
  /** Whether it writes down no more than what goes wrong. */
  readonly isQuiet?: boolean;
}

export class Kannel {
  readonly told: Told[] = [];
  readonly #directory: string;
  readonly #children: ChildProcess[] = [];
  readonly #callbacks: Server;
  #sendPort = 0;
  #callbackPort = 0;

  private constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'tollgate-kannel-'));
    this.#callbacks = createHttpServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
      this.told.push({
        message: searchParams.get('message') ?? '',
        type: Number(searchParams.get('type')),
        answer: searchParams.get('answer') ?? '',
      });
      response.end();
    });
  }

  /** Starts both boxes and resolves once bearerbox is bound. */
  static async start(options: KannelOptions): Promise<Kannel> {
    const kannel = new Kannel();
    try {
      await kannel.#start(options);
      return kannel;
    } catch (error) {
      await kannel.stop();
      throw error;
    }
  }

  /** Hands a message to smsbox; what it said. `name` comes back with all that is told of it. */
  async send(message: { name: string; from: string; to: string; text: string; coding?: number }): Promise<string> {
    const { name, from, to, text, coding } = message;
    const told = `http://127.0.0.1:${this.#callbackPort}/?message=${name}&type=%d&answer=%A`;
    const query = new URLSearchParams({
      username: 'tester',
      password: 'tester',
      from,
      to,
      text,
      charset: 'UTF-8',
      'dlr-mask': '31',
      'dlr-url': told,
      ...(coding !== undefined && { coding: String(coding) }),
    });
    const response = await fetch(`${this.sendUrl}?${query.toString()}`);
    return response.text();
  }

  /** Where smsbox takes a message. */
  get sendUrl(): string {
    return `http://127.0.0.1:${this.#sendPort}/cgi-bin/sendsms`;
  }

  /** What was told of a message so far, in order. */
  typesOf(name: string): number[] {
    return this.told.filter(({ message }) => message === name).map(({ type }) => type);
  }

  /** All that bearerbox wrote down, every PDU among it. */
  log(): string {
    return readFileSync(join(this.#directory, 'bearerbox.log'), 'latin1');
  }

  /** Asks bearerbox to end, as an operator would, and resolves when it has. */
  async endBearerbox(): Promise<void> {
    const [bearerbox] = this.#children;
    if (bearerbox === undefined || bearerbox.exitCode !== null) return;
    bearerbox.kill('SIGTERM');
    await once(bearerbox, 'exit');
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    this.#callbacks.closeAllConnections();
    await new Promise((resolve) => this.#callbacks.close(resolve));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #start(options: KannelOptions): Promise<void> {
    const { smppPort, systemId, password, enquireLinkSeconds = 30, window = 10, isQuiet = false } = options;
    this.#callbacks.listen(0, '127.0.0.1');
    await once(this.#callbacks, 'listening');
    this.#callbackPort = (this.#callbacks.address() as AddressInfo).port;
    const [adminPort, smsboxPort, sendPort] = await freePorts(3);
    this.#sendPort = sendPort ?? 0;
    const path = join(this.#directory, 'kannel.conf');
    writeFileSync(
      path,
      `group = core
admin-port = ${adminPort}
admin-interface = 127.0.0.1
admin-password = tester
smsbox-port = ${smsboxPort}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-file = ${join(this.#directory, 'bearerbox.log')}
log-level = ${isQuiet ? ERRORS : EVERYTHING}
dlr-storage = internal
sms-resend-freq = 2

group = smsc
smsc = smpp
smsc-id = tollgate
host = 127.0.0.1
port = ${smppPort}
smsc-username = ${systemId}
smsc-password = ${password}
system-type = ""
transceiver-mode = true
interface-version = 34
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1
enquire-link-interval = ${enquireLinkSeconds}
max-pending-submits = ${window}
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = ${smsboxPort}
sendsms-port = ${sendPort}
sendsms-interface = 127.0.0.1
log-file = ${join(this.#directory, 'smsbox.log')}
log-level = ${isQuiet ? ERRORS : EVERYTHING}

group = sendsms-user
username = tester
password = tester
max-messages = 10
concatenation = true
forced-smsc = tollgate
`,
    );
    this.#spawn('bearerbox', path);
    const status = async (): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/status.txt?password=tester`).catch(() => undefined);
      return (await answer?.text()) ?? '';
    };
    await until(async () => (await status()).includes('(online '));
    this.#spawn('smsbox', path);
    await until(() =>
      fetch(`http://127.0.0.1:${sendPort}/`).then(
        () => true,
        () => false,
      ),
    );
    await until(async () => (await status()).includes('smsbox:'));
  }

  #spawn(box: string, configuration: string): void {
    const child = spawn(box, [configuration], { stdio: 'ignore', env: { ...process.env, PATH } });
    child.on('error', () => undefined);
    this.#children.push(child);
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = START_MS; left > 0; left -= LOOK_MS) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error('Kannel did not start in time: is the Debian package kannel installed?');
}

/** Ports that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
