/** What one operation of the interface is, and what searching for lists has in common. */
import type { FieldTable } from './fields.ts';
import type { Party } from './model.ts';

export interface Asked {
  readonly party: Party;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly summary: string;
  readonly query?: FieldTable;
  readonly body?: FieldTable;
  /** The answer: a text goes as plain text, undefined as 204. */
  run(asked: Asked): unknown;
}

/** Whether an entity has what a filter asks for; what is not asked for does not matter. */
export const is = <T>(asked: T | undefined, has: T | null | undefined): boolean => asked === undefined || asked === has;
export const hasAll = (asked: readonly string[] = [], has: readonly string[]): boolean =>
  asked.every((one) => has.includes(one.toLowerCase()));
/** Whether a text holds another, case aside. */
export const holds = (text: string, part: string | undefined): boolean =>
  part === undefined || text.toLowerCase().includes(part.toLowerCase());

/** A list in an order that does not depend on the store. */
export function oldestFirst<T extends { readonly createdMs: number }>(
  all: readonly T[],
  idOf: (one: T) => string,
): T[] {
  return all.toSorted((a, b) => a.createdMs - b.createdMs || (idOf(a) < idOf(b) ? -1 : 1));
}
