/**
 * Text of an accounts file -> accounts and what is paid into them, or every mistake in it with file, line, column and remedy.
 * The shape is shown by `starter-accounts.yaml`.
 */
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
import { ACCOUNTS_MAX, PAYMENT_MICROS_MAX } from './limits.ts';
import {
  type Account,
  ACCOUNT_BOUND_MAX,
  ACCOUNT_BOUNDS,
  ACCOUNT_ID,
  ACCOUNT_PROFILES,
  type AccountBounds,
  boundsOf,
  UNLIMITED,
} from './router/index.ts';

export interface DeclaredAccount {
  readonly account: Account;
  /** Paid in once, when the account is first declared; 0 for a postpaid one. */
  readonly balanceMicros: number;
}

export type AccountsRead =
  | { readonly ok: true; readonly accounts: readonly DeclaredAccount[] }
  | { readonly ok: false; readonly errors: readonly BookError[] };

const PREPAID = 'prepaid';
const KINDS: readonly string[] = [PREPAID, 'postpaid'];
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
  return places.flatMap((place) => readAccount(problems, place, seen) ?? []);
}

function readAccount(problems: Problems, place: Place, seen: Set<string>): DeclaredAccount | undefined {
  const optional = ['balance', 'profile', 'limits'];
  const fields = readFields(problems, place, 'an account', { required: ['id', 'kind'], optional });
  if (fields === undefined) return undefined;
  const id = readPart(fields, 'id', (found) => readId(problems, found, seen));
  const kind = readPart(fields, 'kind', (found) => readChoice(problems, found, 'kind', KINDS));
  const profiles = Object.keys(ACCOUNT_PROFILES);
  const profile = readPart(fields, 'profile', (found) => readChoice(problems, found, 'profile', profiles));
  const limits = readPart(fields, 'limits', (found) => readLimits(problems, found));
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
  };
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
