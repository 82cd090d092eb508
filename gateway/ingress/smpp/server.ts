/**
 * The sockets of the SMPP edge: each read goes into its session, and what came of it goes out in one write.
 *
 * An ESME that does not read is not read from either, and after a while closed: what it is owed stays bounded. Times here are the
 * machine's, whatever the gateway's clock says: sockets live in it.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  SMPP_BIND_MS,
  SMPP_CONNECTIONS_MAX,
  SMPP_RESPONSE_MS,
  SMPP_TICK_MS,
  SMPP_UNREAD_BYTES_MAX,
  SMPP_UNREAD_MS,
} from '../../limits.ts';
import type { Clock, Timers } from '../../router/index.ts';
import { Command, type Pdu, type PduWriter, Status, type SubmitSm } from '../../smpp/index.ts';
import type { Bind, Esme, Esmes } from './esmes.ts';
import type { PostOffice } from './post-office.ts';
import type { Receipt } from './receipt.ts';
import { type BindRequest, Session, SESSION_STATES, type SessionHost } from './session.ts';
import type { Requests } from './requests.ts';
import type { Submissions } from './submissions.ts';

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Certificate and key as PEM; plain TCP without. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** Another edge in this process. */
export interface OtherEdge {
  /** Takes over a connection that asks to bind, with what was read of it from the bind on. */
  take(socket: Socket, bytes: Buffer): void;
}

/** What fails on purpose. */
export interface ConnectionFaults {
  /** Whether there are any. */
  readonly isAnyOfConnections: boolean;
  /** What happens to a request of an account that brings messages; to be asked once for each. */
  connectionEffects(
    account: string | undefined,
    atMs: number,
  ): { readonly cut: 'before' | 'instead' | undefined; readonly slowMs: number };
}

export interface ServerParts {
  readonly systemId: string;
  readonly esmes: Esmes;
  readonly out: PduWriter;
  /** The gateway's time, by which faults go. */
  readonly clock: Clock;
  readonly timers: Timers;
  readonly faults?: ConnectionFaults | undefined;
  /** The edge whose ESME has this system_id; undefined for this one, and null if that edge is closed. */
  readonly edgeOf?: ((systemId: string) => OtherEdge | null | undefined) | undefined;
  readonly machineClock: Clock;
  readonly machineTimers: Timers;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

interface Connection {
  readonly session: Session;
  readonly socket: Socket;
  /** Hears nothing more of the socket. */
  readonly letGo: () => void;
  /** Who takes it over. */
  other: OtherEdge | undefined;
  /** Since when the ESME has left too much unread. */
  stalledMs: number | undefined;
  /** Whether it has been told that nothing more comes. */
  isEnding: boolean;
  /** How long what is sent is held back, on purpose, and until when at least: nothing overtakes. */
  slowMs: number;
  heldUntilMs: number;
  /** Bytes held back. */
  heldBytes: number;
}

/** Why a connection was closed that a fault has cut. */
const CUT = 'cut on purpose, by a fault';

export class SmppServer implements SessionHost {
  readonly out: PduWriter;
  readonly systemId: string;
  readonly #parts: ServerParts;
  readonly #servers: Server[] = [];
  readonly #connections = new Map<Bind, Connection>();
  readonly #stopTicking: () => void;
  #submissions: Submissions | undefined;
  #requests: Requests | undefined;
  #postOffice: PostOffice | undefined;
  #isClosing = false;
  #whenEmpty: (() => void) | undefined;
  #refused = 0;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.out = parts.out;
    this.systemId = parts.systemId;
    this.#stopTicking = parts.machineTimers.every(SMPP_TICK_MS, () => this.#tick());
  }

  /** To be called once, before it listens. */
  serve(submissions: Submissions, requests: Requests, postOffice: PostOffice): void {
    this.#submissions = submissions;
    this.#requests = requests;
    this.#postOffice = postOffice;
  }

  /** Begins to listen; the port it got. Rejects if the address cannot be had. */
  async listen({ host, port, tls }: Listening): Promise<number> {
    const onSocket = (socket: Socket): void => void this.#open(socket);
    const options = { noDelay: true };
    const server: Server =
      tls === undefined
        ? createServer(options, onSocket)
        : createTlsServer({ ...options, ...tls, handshakeTimeout: SMPP_BIND_MS, minVersion: 'TLSv1.2' }, onSocket);
    server.on('tlsClientError', (error: Error) => {
      this.#parts.log.info({ why: error.message }, 'an ESME could not agree on TLS');
    });
    server.maxConnections = SMPP_CONNECTIONS_MAX;
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: SMPP_CONNECTIONS_MAX }, () => {
        server.off('error', reject);
        server.on('error', (error) => this.#parts.log.warn({ why: error.message }, 'an ESME could not be connected'));
        resolve();
      });
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Sends what was written for a session, and `bytes` behind it. */
  send(bind: Bind, bytes?: Buffer): void {
    const connection = this.#connections.get(bind);
    if (connection === undefined) {
      this.out.clear();
      return;
    }
    this.#flush(connection, bytes);
  }

  bind(session: Session, request: BindRequest): Esme | number | undefined {
    const other = this.#parts.edgeOf?.(request.systemId);
    if (other) {
      this.#connections.get(session)!.other = other;
      return undefined;
    }
    const found = other === null ? Status.InvalidSystemId : this.#parts.esmes.find(request, session.address);
    if (typeof found === 'number') {
      this.#refused += 1;
      return found;
    }
    found.sessions.add(session);
    return found;
  }

  submit(session: Session, submit: SubmitSm, sequence: number): void {
    if (this.#parts.faults?.isAnyOfConnections === true) {
      this.#underFaults(session, () => this.#submissions!.submit(session, submit, sequence));
    } else {
      this.#submissions!.submit(session, submit, sequence);
    }
  }

  request(session: Session, pdu: Pdu): void {
    const bringsMessages = pdu.commandId === Command.SubmitMulti || pdu.commandId === Command.DataSm;
    if (bringsMessages && this.#parts.faults?.isAnyOfConnections === true) {
      this.#underFaults(session, () => this.#requests!.request(session, pdu));
    } else {
      this.#requests!.request(session, pdu);
    }
  }

  acknowledged(session: Session, receipt: Receipt, status: number | undefined): void {
    this.#postOffice!.answered(session.esme!, receipt, status);
  }

  get isAnyBound(): boolean {
    for (const { session } of this.#connections.values()) if (session.isBound) return true;
    return false;
  }

  /** Sessions by state, connections refused a bind since the start. */
  figures(): { readonly sessions: Readonly<Record<string, number>>; readonly bindsRefused: number } {
    const sessions = Object.fromEntries(SESSION_STATES.map((state) => [state, 0]));
    for (const { session } of this.#connections.values()) {
      const state = SESSION_STATES[session.state]!;
      sessions[state] = (sessions[state] ?? 0) + 1;
    }
    return { sessions, bindsRefused: this.#refused };
  }

  /** Takes over a connection that another edge was asked for, with what was read of it from the bind on. */
  take(socket: Socket, bytes: Buffer): void {
    const connection = this.#open(socket);
    if (this.#isClosing) return;
    // Whoever had it may have let it wait.
    socket.resume();
    this.#receive(connection, bytes);
  }

  /** Takes no more connections, unbinds all ESMEs and waits for them, `graceMs` at most. */
  async close(graceMs: number): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // Those taken over from other edges are in no server of this one.
    if (this.#connections.size > 0) closed.push(new Promise((resolve) => (this.#whenEmpty = resolve)));
    const nowMs = this.#nowMs();
    for (const connection of this.#connections.values()) {
      connection.session.unbind(nowMs);
      this.#flush(connection);
    }
    const stop = this.#parts.machineTimers.after(graceMs, () => {
      for (const { socket } of this.#connections.values()) socket.destroy();
    });
    await Promise.all(closed);
    stop();
    this.#stopTicking();
  }

  #nowMs(): number {
    return this.#parts.machineClock.monotonicNs() / 1e6;
  }

  #open(socket: Socket): Connection {
    const session = new Session(this, socket.remoteAddress ?? '', this.#nowMs());
    const onData = (chunk: Buffer): void => this.#receive(connection, chunk);
    const onDrain = (): void => this.#drained(connection);
    // What it was is told when it has closed.
    const onError = (error: Error): void => void (session.reason ??= error.message);
    const onClose = (): void => this.#closed(connection);
    const connection: Connection = {
      session,
      socket,
      letGo: () => {
        socket.off('data', onData).off('drain', onDrain).off('error', onError).off('close', onClose);
      },
      other: undefined,
      stalledMs: undefined,
      isEnding: false,
      slowMs: 0,
      heldUntilMs: 0,
      heldBytes: 0,
    };
    this.#connections.set(session, connection);
    socket.on('data', onData).on('drain', onDrain).on('error', onError).on('close', onClose);
    if (this.#isClosing) socket.destroy();
    return connection;
  }

  #receive(connection: Connection, chunk: Buffer): void {
    const { session } = connection;
    if (this.#parts.faults?.isAnyOfConnections !== true) connection.slowMs = 0;
    session.receive(chunk, this.#nowMs());
    if (connection.other !== undefined) {
      this.#handOver(connection, connection.other);
      return;
    }
    this.#submissions!.endTurn(session);
    if (session.canReceive) this.#postOffice!.fill(session.esme!, session);
    this.#flush(connection);
  }

  #handOver(connection: Connection, other: OtherEdge): void {
    const { session, socket, letGo } = connection;
    this.#flush(connection);
    letGo();
    this.#connections.delete(session);
    other.take(socket, session.leftOver!);
  }

  /** Writes what is in the writer, and closes or pauses the connection if that is due. */
  #flush(connection: Connection, bytes?: Buffer): void {
    const { session, socket } = connection;
    const { out } = this;
    if (out.size > 0) {
      const written = out.take();
      if (!connection.isEnding) this.#write(connection, written);
    }
    if (bytes !== undefined && bytes.length > 0 && !connection.isEnding) this.#write(connection, bytes);
    if (session.reason !== undefined && !connection.isEnding) {
      connection.isEnding = true;
      this.#leave(session);
      this.#inTurn(connection, () => {
        connection.stalledMs = this.#nowMs();
        if (session.reason === CUT) socket.destroySoon();
        else socket.end();
      });
      // Nothing more is heard from a client that goes on all the same.
      socket.pause();
    } else if (!session.isStalled && socket.writableLength + connection.heldBytes > SMPP_UNREAD_BYTES_MAX) {
      session.isStalled = true;
      connection.stalledMs = this.#nowMs();
      socket.pause();
    }
  }

  #write(connection: Connection, bytes: Buffer): void {
    const { socket } = connection;
    if (connection.slowMs === 0 && connection.heldBytes === 0) {
      socket.write(bytes);
      return;
    }
    connection.heldBytes += bytes.length;
    this.#inTurn(connection, () => {
      connection.heldBytes -= bytes.length;
      if (socket.writable) socket.write(bytes);
      if (connection.heldBytes === 0 && socket.writableLength === 0) this.#drained(connection);
    });
  }

  /** Does what ends a wait that a fault imposes, behind all that waits already. */
  #inTurn(connection: Connection, act: () => void): void {
    const { clock, timers } = this.#parts;
    const nowMs = clock.nowMs();
    const dueMs = Math.max(nowMs + connection.slowMs, connection.heldUntilMs);
    connection.heldUntilMs = dueMs;
    if (connection.slowMs === 0 && connection.heldBytes === 0) act();
    else timers.after(dueMs - nowMs, act);
  }

  /** Takes messages of a request, unless faults have the connection cut before, and answers, unless they have it cut instead. */
  #underFaults(session: Session, take: () => void): void {
    const { out } = this;
    const { faults, clock } = this.#parts;
    const { cut, slowMs } = faults!.connectionEffects(session.esme?.account, clock.nowMs());
    const connection = this.#connections.get(session);
    if (connection !== undefined) connection.slowMs = slowMs;
    if (cut === 'before') {
      session.close(CUT);
      return;
    }
    const { size } = out;
    take();
    if (cut === undefined) return;
    out.size = size;
    session.close(CUT);
  }

  #drained(connection: Connection): void {
    const { session, socket } = connection;
    if (!session.isStalled || connection.isEnding) return;
    session.isStalled = false;
    connection.stalledMs = undefined;
    socket.resume();
    if (session.canReceive) this.#postOffice!.hasRoom(session.esme!);
  }

  #closed({ session }: Connection): void {
    const { address } = session;
    const reason = session.reason ?? 'the ESME closed the connection';
    session.close(reason);
    this.#connections.delete(session);
    this.#leave(session);
    if (this.#connections.size === 0) this.#whenEmpty?.();
    const systemId = session.esme?.systemId;
    this.#parts.log.info({ address, systemId, why: reason }, 'SMPP connection closed');
  }

  /** What a session had that has ended is for others of its ESME, however long its connection lingers: its bind, and its receipts. */
  #leave(session: Session): void {
    const { esme } = session;
    if (esme === undefined || !esme.sessions.delete(session)) return;
    this.#postOffice!.putBack(esme, session.takeAwaited());
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    for (const connection of this.#connections.values()) {
      const { session, socket, stalledMs, isEnding } = connection;
      if (stalledMs !== undefined && nowMs - stalledMs >= (isEnding ? SMPP_RESPONSE_MS : SMPP_UNREAD_MS)) {
        session.close('what was sent is not read');
        socket.destroy();
        continue;
      }
      session.tick(nowMs);
      this.#flush(connection);
    }
    this.#postOffice?.advance();
  }
}
