/**
 * Who calls the API of a provider: an account, by the pair of credentials its operator gave it.
 *
 * One pair serves every API; each has its own words for the halves (AccountSid and AuthToken, user and password), and some ask for the
 * secret alone. Where no account has a pair and only this machine can connect, anybody may come with anything, as over SMPP: the id
 * then names the account, or the secret where there is only that.
 */
import { createHash, createPublicKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { PROVIDER_CALLERS_MAX } from '../../limits.ts';
import { ACCOUNT_ID, API_ID, API_SECRET } from '../../router/index.ts';

/** An account as it came to one of these APIs. */
export interface Caller {
  /** What its messages carry as `account`. */
  readonly account: string;
  readonly id: string;
  readonly secret: string;
}

/** The accounts that have credentials. */
export interface ApiAccounts {
  /** Another list after every change. */
  readonly apis: readonly {
    readonly account: string;
    readonly api: {
      readonly id: string;
      readonly secret: string;
      readonly application?: { readonly id: string; readonly publicKey: string };
    };
  }[];
}

interface Known {
  readonly caller: Caller;
  readonly digest: Buffer;
}

interface Application {
  readonly caller: Caller;
  readonly publicKey: KeyObject;
}

const BASIC = 'Basic ';
const BEARER = 'Bearer ';

export class Credentials {
  readonly #accounts: ApiAccounts;
  readonly #isLoopback: boolean;
  /** The list that the tables below were made of. */
  #read: ApiAccounts['apis'] | undefined;
  #byId = new Map<string, Known>();
  /** By the digest of the secret, in hexadecimal digits: looking it up tells nobody where two secrets differ. */
  #bySecret = new Map<string, Known>();
  #byApplication = new Map<string, Application>();
  /** Those who came where anybody may, by account: what they are told is signed with what they came with. */
  readonly #others = new Map<string, Caller>();

  constructor(accounts: ApiAccounts, { isLoopback }: { readonly isLoopback: boolean }) {
    this.#accounts = accounts;
    this.#isLoopback = isLoopback;
  }

  /** Who comes with `Authorization: Basic`; undefined if that is nobody. */
  basic(authorization: string | undefined): Caller | undefined {
    const [id, secret] = readBasic(authorization);
    return this.pair(id, secret);
  }

  /** Who comes with `Authorization: Bearer` and a secret alone. */
  bearer(authorization: string | undefined): Caller | undefined {
    return authorization?.startsWith(BEARER) === true ? this.secret(authorization.slice(BEARER.length)) : undefined;
  }

  /** Who has both halves. Takes as long for an id nobody has as for a wrong secret. */
  pair(id: string, secret: string): Caller | undefined {
    this.#refresh();
    if (this.#isOpen) return this.#other({ account: id, id, secret });
    const known = this.#byId.get(id);
    const isRight = timingSafeEqual(digestOf(secret), known?.digest ?? NOBODYS_DIGEST);
    return isRight ? known?.caller : undefined;
  }

  /** Who has the secret. */
  secret(secret: string): Caller | undefined {
    this.#refresh();
    if (this.#isOpen) return this.#other({ account: secret, id: secret, secret });
    return this.#bySecret.get(digestOf(secret).toString('hex'))?.caller;
  }

  /**
   * Who has this id, if `proves` takes the secret for the one that something was signed with. Where anybody may come, nothing is asked.
   */
  proven(id: string, proves: (secret: string) => boolean): Caller | undefined {
    if (this.isOpen) return this.#others.get(id) ?? this.#other({ account: id, id, secret: id });
    const known = this.#byId.get(id);
    return known !== undefined && proves(known.caller.secret) ? known.caller : undefined;
  }

  /** The same by the id and the public key of an application. */
  provenByKey(id: string, proves: (publicKey: KeyObject) => boolean): Caller | undefined {
    if (this.isOpen) return this.proven(id, () => true);
    const application = this.#byApplication.get(id);
    return application !== undefined && proves(application.publicKey) ? application.caller : undefined;
  }

  /** Whether anybody may come. */
  get isOpen(): boolean {
    this.#refresh();
    return this.#isOpen;
  }

  /** By what an account came that has no credentials of its own, where anybody may. */
  cameBy(account: string): Caller | undefined {
    return this.#others.get(account);
  }

  get #isOpen(): boolean {
    return this.#isLoopback && this.#byId.size === 0;
  }

  #other(caller: Caller): Caller | undefined {
    if (!ACCOUNT_ID.test(caller.account) || !API_ID.test(caller.id) || !API_SECRET.test(caller.secret))
      return undefined;
    const found = this.#others.get(caller.account);
    if (found?.secret === caller.secret && found.id === caller.id) return found;
    this.#others.delete(caller.account);
    this.#others.set(caller.account, caller);
    const [oldest] = this.#others.keys();
    if (this.#others.size > PROVIDER_CALLERS_MAX && oldest !== undefined) this.#others.delete(oldest);
    return caller;
  }

  #refresh(): void {
    const { apis } = this.#accounts;
    if (this.#read === apis) return;
    this.#read = apis;
    const known = apis.map(({ account, api: { id, secret, application } }) => ({
      caller: { account, id, secret },
      digest: digestOf(secret),
      application,
    }));
    this.#byApplication = new Map(
      known.flatMap(({ caller, application }) =>
        application === undefined
          ? []
          : [[application.id, { caller, publicKey: createPublicKey(application.publicKey) }] as const],
      ),
    );
    this.#byId = new Map(known.map((one) => [one.caller.id, one]));
    this.#bySecret = new Map(known.map((one) => [one.digest.toString('hex'), one]));
  }
}

/** User and password of `Authorization: Basic`; both empty where there is nothing of the kind. */
export function readBasic(authorization: string | undefined): readonly [user: string, password: string] {
  if (authorization?.startsWith(BASIC) !== true) return ['', ''];
  const text = Buffer.from(authorization.slice(BASIC.length), 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon < 0 ? ['', ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret, 'latin1').digest();
}

/** What a secret is compared with where there is none: no secret has it. */
const NOBODYS_DIGEST = Buffer.alloc(32);
