/**
 * Who may bind: ESMEs that the accounts file declares or, if it declares none and only this machine can connect, anybody.
 *
 * Anybody, since the other edges of a gateway on loopback ask for no credentials either: the system_id then stands for the account that a
 * message names, as in `account` of the native API. Off loopback nobody gets in who was not declared.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIPv6 } from 'node:net';
import { SMPP_CONNECTIONS_MAX, SMPP_ESMES_MAX, SMPP_WINDOW_DEFAULT } from '../../limits.ts';
import { ACCOUNT_ID } from '../../router/index.ts';
import { Status } from '../../smpp/index.ts';
import { Mailbox } from './mailbox.ts';
import type { Receipt } from './receipt.ts';

/** A bound session, as far as receipts go over it. */
export interface Bind {
  /** Whether it is bound so that it receives. */
  readonly canReceive: boolean;
  /** Whether a receipt may be sent now. */
  readonly hasRoom: boolean;
  deliver(receipt: Receipt, nowMs: number): void;
}

/** An ESME as its operator declares it. */
export interface DeclaredEsme {
  /** Who pays for its messages. */
  readonly account: string;
  readonly systemId: string;
  readonly password: string;
  /** Binds at once. */
  readonly binds: number;
  /** Requests unanswered at once on each bind, in either direction. */
  readonly window: number;
  /** Addresses it may bind from, `10.0.0.7` or `10.0.0.0/8`; all if there are none. */
  readonly addresses: readonly string[];
}

export class Esme {
  readonly systemId: string;
  readonly account: string | undefined;
  readonly binds: number;
  readonly window: number;
  readonly mailbox = new Mailbox();
  readonly sessions = new Set<Bind>();
  /** Stands for it in columns of numbers. */
  readonly handle: number;

  constructor(
    handle: number,
    { systemId, account, binds, window }: Pick<DeclaredEsme, 'systemId' | 'binds' | 'window'> & { account?: string },
  ) {
    this.handle = handle;
    this.systemId = systemId;
    this.account = account;
    this.binds = binds;
    this.window = window;
  }
}

interface Credentials {
  readonly esme: Esme;
  readonly passwordDigest: Buffer;
  readonly allowed: BlockList | undefined;
}

export class Esmes {
  readonly #declared = new Map<string, Credentials>();
  readonly #byHandle: Esme[] = [];
  /** Those who came undeclared, where anybody may; undefined where nobody may. */
  readonly #others: Map<string, Esme> | undefined;

  /** @param isOpen whether anybody may bind if nobody is declared */
  constructor(declared: readonly DeclaredEsme[], isOpen: boolean) {
    for (const one of declared) {
      const esme = this.#add(new Esme(this.#byHandle.length, one));
      const passwordDigest = digestOf(one.password);
      this.#declared.set(one.systemId, { esme, passwordDigest, allowed: allowedOf(one.addresses) });
    }
    this.#others = isOpen && declared.length === 0 ? new Map() : undefined;
  }

  /** The ESME of a handle. */
  at(handle: number): Esme {
    return this.#byHandle[handle]!;
  }

  [Symbol.iterator](): Iterator<Esme> {
    return this.#byHandle[Symbol.iterator]();
  }

  /** Who asks to bind, or the status to refuse with. Takes as long for a system_id nobody has as for a wrong password. */
  find(
    { systemId, password }: { readonly systemId: string; readonly password: string },
    address: string,
  ): Esme | number {
    if (this.#others !== undefined) return this.#findOther(systemId);
    const credentials = this.#declared.get(systemId);
    const isRight = timingSafeEqual(digestOf(password), credentials?.passwordDigest ?? NOBODYS_DIGEST);
    if (credentials === undefined) return Status.InvalidSystemId;
    const { esme, allowed } = credentials;
    // Before the password is spoken of: who may not bind from there is not to try any.
    if (allowed !== undefined && !allowed.check(plainAddress(address), familyOf(plainAddress(address)))) {
      return Status.BindFailed;
    }
    if (!isRight) return Status.InvalidPassword;
    return esme.sessions.size < esme.binds ? esme : Status.BindFailed;
  }

  /** The ESME of a system_id, as if it had bound before; undefined if it may not. */
  named(systemId: string): Esme | undefined {
    const found = this.#others === undefined ? this.#declared.get(systemId)?.esme : this.#findOther(systemId);
    return typeof found === 'number' ? undefined : found;
  }

  #findOther(systemId: string): Esme | number {
    const others = this.#others!;
    const found = others.get(systemId);
    if (found !== undefined) return found;
    if (others.size >= SMPP_ESMES_MAX) return Status.BindFailed;
    const esme = new Esme(this.#byHandle.length, {
      systemId,
      ...(ACCOUNT_ID.test(systemId) && { account: systemId }),
      binds: SMPP_CONNECTIONS_MAX,
      window: SMPP_WINDOW_DEFAULT,
    });
    others.set(systemId, this.#add(esme));
    return esme;
  }

  #add(esme: Esme): Esme {
    this.#byHandle.push(esme);
    return esme;
  }
}

function allowedOf(addresses: readonly string[]): BlockList | undefined {
  if (addresses.length === 0) return undefined;
  const list = new BlockList();
  for (const one of addresses) {
    const [address = '', bits] = one.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** An IPv4 address as a socket of both families names it, as itself. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

function digestOf(password: string): Buffer {
  return createHash('sha256').update(password, 'latin1').digest();
}

/** What a password is compared with where there is none: no password has it. */
const NOBODYS_DIGEST = Buffer.alloc(32);
