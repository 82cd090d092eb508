/**
 * Text of an accounts file -> accounts and what is paid into them, or every mistake in it with file, line, column and remedy.
 * The shape is shown by `starter-accounts.yaml`.
 */
import { isIP } from 'node:net';
import {
  type BookError,
  note,
  openYaml,
  type Place,
  type Problems,
  readChoice,
  readDollars,
  readFields,
  readList,
  readPart,
  readText,
  readWritten,
} from '../tariffs/index.ts';
import {
  ACCOUNTS_MAX,
  PAYMENT_MICROS_MAX,
  SMPP_ADDRESSES_MAX,
  SMPP_BINDS_DEFAULT,
  SMPP_BINDS_MAX,
  SMPP_WINDOW_DEFAULT,
  SMPP_WINDOW_MAX,
} from './limits.ts';
import { isPublicKey, PUBLIC_KEY_SHAPE } from './public-key.ts';
import { type FaceName, FACES } from './messages/index.ts';
import {
  type Account,
  ACCOUNT_BOUND_MAX,
  ACCOUNT_BOUNDS,
  ACCOUNT_ID,
  ACCOUNT_PROFILES,
  type AccountBounds,
  API_ID,
  API_ID_SHAPE,
  API_SECRET,
  API_SECRET_SHAPE,
  boundsOf,
  UNLIMITED,
} from './router/index.ts';

export interface DeclaredAccount {
  readonly account: Account;
  /** Paid in once, when the account is first declared; 0 for a postpaid one. */
  readonly balanceMicros: number;
  /** By what it uses the APIs of providers. */
  readonly api?: DeclaredApi;
  /** In whose style its webhook is told of messages to its numbers. */
  readonly face?: FaceName;
  /** By what it may bind over SMPP. */
  readonly smpp?: DeclaredBind;
}

export interface DeclaredApi {
  readonly id: string;
  readonly secret: string;
  readonly application?: DeclaredApplication;
}

/** Of Vonage: it signs with a private key. */
export interface DeclaredApplication {
  readonly id: string;
  /** RSA, in PEM. */
  readonly publicKey: string;
}

export interface DeclaredBind {
  readonly systemId: string;
  readonly password: string;
  /** Binds at once. */
  readonly binds: number;
  /** Requests unanswered at once on each, in either direction. */
  readonly window: number;
  /** Addresses and blocks of them to bind from; all if there are none. */
  readonly addresses: readonly string[];
}

export type AccountsRead =
  | { readonly ok: true; readonly accounts: readonly DeclaredAccount[] }
  | { readonly ok: false; readonly errors: readonly BookError[] };

const PREPAID = 'prepaid';
const KINDS: readonly string[] = [PREPAID, 'postpaid'];
/** SMPP 3.4, 4.1.1: 16 and 9 octets with their terminators. */
const SYSTEM_ID_LENGTH = 15;
const PASSWORD_LENGTH = 8;
const IPV4 = 4;
/** How a bound is written that a profile sets and this account shall not have. */
const NO_BOUND = 'none';

/** Parses `text`; `path` only says where errors are. Never throws. */
export function readAccounts(text: string, path: string): AccountsRead {
  const { root, problems } = openYaml(text, path);
  const accounts = root && readFile(problems, root);
  if (accounts === undefined || problems.found.length > 0) {
    return { ok: false, errors: problems.found.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, accounts };
}

function readFile(problems: Problems, root: Place): readonly DeclaredAccount[] | undefined {
  const fields = readFields(problems, root, 'the accounts file', { required: ['accounts'], optional: [] });
  if (fields === undefined) return undefined;
  const places = readPart(fields, 'accounts', (place) => readList(problems, place, 'accounts')) ?? [];
  if (places.length > ACCOUNTS_MAX) {
    note(
      problems,
      root.offset,
      `${places.length} accounts are more than a gateway takes: declare at most ${ACCOUNTS_MAX}`,
    );
    return undefined;
  }
  const seen = new Set<string>();
  const systemIds = new Set<string>();
  const apiIds = new Set<string>();
  const applicationIds = new Set<string>();
  const taken = { seen, systemIds, apiIds, applicationIds };
  return places.flatMap((place) => readAccount(problems, place, taken) ?? []);
}

function readAccount(
  problems: Problems,
  place: Place,
  {
    seen,
    systemIds,
    apiIds,
    applicationIds,
  }: Readonly<Record<'seen' | 'systemIds' | 'apiIds' | 'applicationIds', Set<string>>>,
): DeclaredAccount | undefined {
  const optional = ['balance', 'profile', 'limits', 'smpp', 'api', 'face'];
  const fields = readFields(problems, place, 'an account', { required: ['id', 'kind'], optional });
  if (fields === undefined) return undefined;
  const id = readPart(fields, 'id', (found) => readId(problems, found, seen));
  const kind = readPart(fields, 'kind', (found) => readChoice(problems, found, 'kind', KINDS));
  const profiles = Object.keys(ACCOUNT_PROFILES);
  const profile = readPart(fields, 'profile', (found) => readChoice(problems, found, 'profile', profiles));
  const limits = readPart(fields, 'limits', (found) => readLimits(problems, found));
  const smpp = readPart(fields, 'smpp', (found) => readBind(problems, found, systemIds));
  const api = readPart(fields, 'api', (found) => readApi(problems, found, apiIds, applicationIds));
  const face = readPart(fields, 'face', (found) => readChoice(problems, found, 'face', FACES.slice(1)));
  const balanceMicros = readPart(fields, 'balance', (found) => {
    if (kind !== undefined && kind !== PREPAID) {
      note(problems, found.offset, 'a balance belongs to a prepaid account: remove it, or make the kind prepaid');
    }
    return readBalance(problems, found);
  });
  if (id === undefined || kind === undefined) return undefined;
  return {
    account: { id, isPrepaid: kind === PREPAID, ...boundsOf(profile, limits) },
    balanceMicros: balanceMicros ?? 0,
    ...(api && { api }),
    ...(face !== undefined && { face }),
    ...(smpp && { smpp }),
  };
}

function readApi(
  problems: Problems,
  place: Place,
  apiIds: Set<string>,
  applicationIds: Set<string>,
): DeclaredApi | undefined {
  const fields = readFields(problems, place, 'api', { required: ['id', 'secret'], optional: ['application'] });
  if (fields === undefined) return undefined;
  const id = readPart(fields, 'id', (found) => readApiId(problems, found, 'api', apiIds));
  const secret = readPart(fields, 'secret', (found) => {
    const written = readWritten(problems, found, 'secret');
    if (written === undefined || API_SECRET.test(written)) return written;
    note(problems, found.offset, `secret ${API_SECRET_SHAPE}`);
    return undefined;
  });
  const application = readPart(fields, 'application', (found) => readApplication(problems, found, applicationIds));
  return id === undefined || secret === undefined ? undefined : { id, secret, ...(application && { application }) };
}

function readApplication(problems: Problems, place: Place, ids: Set<string>): DeclaredApplication | undefined {
  const fields = readFields(problems, place, 'application', { required: ['id', 'publicKey'], optional: [] });
  if (fields === undefined) return undefined;
  const id = readPart(fields, 'id', (found) => readApiId(problems, found, 'application', ids));
  const publicKey = readPart(fields, 'publicKey', (found) => {
    const written = readText(problems, found, 'publicKey');
    if (written === undefined || isPublicKey(written)) return written;
    note(problems, found.offset, `publicKey ${PUBLIC_KEY_SHAPE}`);
    return undefined;
  });
  return id === undefined || publicKey === undefined ? undefined : { id, publicKey };
}

function readApiId(problems: Problems, place: Place, what: string, taken: Set<string>): string | undefined {
  const written = readWritten(problems, place, 'id');
  if (written === undefined) return undefined;
  if (!API_ID.test(written)) note(problems, place.offset, `id "${written}" of an ${what} ${API_ID_SHAPE}`);
  else if (taken.has(written))
    note(problems, place.offset, `a second ${what} with the id ${written}: each is of one account`);
  taken.add(written);
  return written;
}

function readBind(problems: Problems, place: Place, systemIds: Set<string>): DeclaredBind | undefined {
  const optional = ['binds', 'window', 'addresses'];
  const fields = readFields(problems, place, 'smpp', { required: ['systemId', 'password'], optional });
  if (fields === undefined) return undefined;
  const systemId = readPart(fields, 'systemId', (found) => {
    const written = readShort(problems, found, 'systemId', SYSTEM_ID_LENGTH);
    if (written !== undefined && systemIds.has(written)) {
      note(problems, found.offset, `a second systemId ${written}: each is of one account`);
    }
    if (written !== undefined) systemIds.add(written);
    return written;
  });
  const password = readPart(fields, 'password', (found) => readShort(problems, found, 'password', PASSWORD_LENGTH));
  const binds = readPart(fields, 'binds', (found) => readCount(problems, found, 'binds', SMPP_BINDS_MAX));
  const window = readPart(fields, 'window', (found) => readCount(problems, found, 'window', SMPP_WINDOW_MAX));
  const addresses = readPart(fields, 'addresses', (found) => readAddresses(problems, found));
  if (systemId === undefined || password === undefined) return undefined;
  return {
    systemId,
    password,
    binds: binds ?? SMPP_BINDS_DEFAULT,
    window: window ?? SMPP_WINDOW_DEFAULT,
    addresses: addresses ?? [],
  };
}

/** The text is not told of in messages: it may be a password. */
function readShort(problems: Problems, place: Place, name: string, length: number): string | undefined {
  const written = readWritten(problems, place, name);
  if (written === undefined) return undefined;
  if (/^[\x21-\x7e]+$/.test(written) && written.length <= length) return written;
  note(problems, place.offset, `${name} must be 1 to ${length} printable ASCII characters, as SMPP has room for`);
  return undefined;
}

function readCount(problems: Problems, place: Place, name: string, max: number): number | undefined {
  const written = readWritten(problems, place, name);
  if (written === undefined) return undefined;
  const count = /^\d{1,6}$/.test(written) ? Number(written) : 0;
  if (count >= 1 && count <= max) return count;
  note(problems, place.offset, `${name} "${written}" must be a whole number from 1 to ${max}`);
  return undefined;
}

/** `10.0.0.7`, `10.0.0.0/8`, and the same of IPv6. */
function isAddressBlock(text: string): boolean {
  const [address = '', bits = '0', ...rest] = text.split('/');
  const bitsMax = isIP(address) === IPV4 ? 32 : 128;
  return isIP(address) !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax;
}

function readAddresses(problems: Problems, place: Place): readonly string[] | undefined {
  const places = readList(problems, place, 'addresses');
  if (places === undefined) return undefined;
  if (places.length === 0 || places.length > SMPP_ADDRESSES_MAX) {
    note(problems, place.offset, `addresses must be 1 to ${SMPP_ADDRESSES_MAX}; leave them out to allow all`);
    return undefined;
  }
  return places.flatMap((one) => {
    const written = readText(problems, one, 'address');
    if (written === undefined) return [];
    if (isAddressBlock(written)) return [written];
    note(problems, one.offset, `"${written}" must be an address or a block of them, such as 10.0.0.7 or 10.0.0.0/8`);
    return [];
  });
}

function readId(problems: Problems, place: Place, seen: Set<string>): string | undefined {
  const id = readText(problems, place, 'id');
  if (id === undefined) return undefined;
  if (!ACCOUNT_ID.test(id)) {
    const shape = 'up to 64 letters, digits, dots, dashes, underscores and @, beginning with a letter or digit';
    note(problems, place.offset, `id "${id}" must be ${shape}`);
  } else if (seen.has(id)) note(problems, place.offset, `a second ${id}: accounts are declared once`);
  seen.add(id);
  return id;
}

function readBalance(problems: Problems, place: Place): number | undefined {
  const micros = readDollars(problems, place, 'balance');
  if (micros === undefined || micros <= PAYMENT_MICROS_MAX) return micros;
  note(problems, place.offset, `balance is more than can be paid in at once: give at most ${PAYMENT_MICROS_MAX / 1e6}`);
  return undefined;
}

function readLimits(problems: Problems, place: Place): Partial<AccountBounds> | undefined {
  const fields = readFields(problems, place, 'limits', { required: [], optional: ACCOUNT_BOUNDS });
  if (fields === undefined) return undefined;
  const limits: Partial<Record<keyof AccountBounds, number>> = {};
  for (const name of ACCOUNT_BOUNDS) {
    const bound = readPart(fields, name, (found) => readBound(problems, found, name));
    if (bound !== undefined) limits[name] = bound;
  }
  return limits;
}

function readBound(problems: Problems, place: Place, name: string): number | undefined {
  const written = readWritten(problems, place, name);
  if (written === undefined) return undefined;
  if (written === NO_BOUND) return UNLIMITED;
  const bound = /^\d{1,10}$/.test(written) ? Number(written) : 0;
  if (bound >= 1 && bound <= ACCOUNT_BOUND_MAX) return bound;
  note(
    problems,
    place.offset,
    `${name} "${written}" must be a whole number from 1 to ${ACCOUNT_BOUND_MAX}, or ${NO_BOUND}`,
  );
  return undefined;
}
