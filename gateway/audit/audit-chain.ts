/**
 * The lines of an audit log, each bound to the one before it.
 *
 * A line is an entry as JSON whose last member, `hash`, is the SHA-256 in hex of the line as it would stand without that member; `prev` is
 * the hash of the line before, and of the first line 64 zeros. Who changes, removes, adds or moves a line has to write all later ones anew,
 * and ends with another last hash than the one that somebody may have noted. No key is involved: any tool that hashes can check a line.
 */
import { createHash } from 'node:crypto';

/** What an entry says. Values are as `keepable` leaves them. */
export interface AuditEntry {
  /** By the machine's clock, ISO 8601. */
  readonly at: string;
  /** Null for what the gateway did itself; a user of null is anybody, where no credentials are asked for. */
  readonly who: { readonly user: string | null; readonly address: string } | null;
  /** Method and address of the request, or `opened` and `closed`. */
  readonly what: string;
  /** The body of the request. */
  readonly asked?: unknown;
  readonly status?: number;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Where a chain stands. */
export interface ChainEnd {
  /** Lines, the last of which has this number; the first has 1. */
  readonly count: number;
  /** Hash of the last line. */
  readonly head: string;
}

export const CHAIN_START: ChainEnd = { count: 0, head: '0'.repeat(64) };

const LINE = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/s;

/** The line that follows in the chain, without its line end, and where the chain stands then. */
export function chained(
  { count, head }: ChainEnd,
  entry: AuditEntry,
): { readonly line: string; readonly end: ChainEnd } {
  const next = count + 1;
  const body = JSON.stringify({ n: next, prev: head, ...entry });
  const hash = hashOf(body);
  return { line: `${body.slice(0, -1)},"hash":"${hash}"}`, end: { count: next, head: hash } };
}

/** Where the chain stands after a line, or why it does not belong there. */
export function follow({ count, head }: ChainEnd, line: string): ChainEnd | { readonly wrong: string } {
  const [, members = '', hash = ''] = LINE.exec(line) ?? [];
  if (hash === '') return { wrong: 'is no line of an audit log' };
  if (hashOf(`${members}}`) !== hash) return { wrong: 'was changed: its hash is not that of what it says' };
  const { n, prev } = JSON.parse(`${members}}`) as { n?: unknown; prev?: unknown };
  if (n === count + 1 && prev === head) return { count: n, head: hash };
  return { wrong: 'does not follow the line before it: lines were changed, removed, added or moved' };
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
