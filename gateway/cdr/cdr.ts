/**
 * A call detail record, CDR: everything that a bill or a dispute asks of one message, but not its text.
 *
 * The schema says what a line of a CDR file holds; reading checks against it and against the sum of the postings.
 * Words are those of the native API, times are UTC with milliseconds, money is integer micro-dollars.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { DIRECTIONS, MESSAGE_CAUSES, SENDERS } from '../../tariffs/index.ts';
import { fieldProblems } from '../problem.ts';
import {
  CARRIER_LABELS,
  HANDSET_OUTCOMES,
  MESSAGE_KINDS,
  REGISTRATION_LABELS,
  REGISTRATION_REASONS,
  ROUTES,
  TRUTHS,
} from '../router/index.ts';

/** Who pays for a message that named no account. */
export const NAMELESS_PAYER = 'sender';

const text = Type.String();
const micros = Type.Integer({ minimum: 0 });
const moment = Type.String({ pattern: String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$` });
const number = Type.String({ pattern: String.raw`^\+1\d{10}$` });
const orNull = <T extends Type.TSchema>(schema: T): Type.TUnion<[T, Type.TNull]> => Type.Union([schema, Type.Null()]);
const oneOf = (words: readonly string[]): Type.TEnum<string[]> => Type.Enum([...words]);

const CdrLine = Type.Object({
  id: text,
  acceptedAt: moment,
  receipt: orNull(Type.Object({ state: text, at: moment })),
  /** What the phone got. */
  handset: orNull(Type.Object({ outcome: oneOf(HANDSET_OUTCOMES), at: moment })),
  /** The error on the way, or null; files of versions that had none do not say. */
  error: Type.Optional(orNull(text)),
  account: orNull(text),
  from: number,
  to: number,
  /** Kind of the sending number. */
  sender: oneOf(SENDERS),
  campaign: orNull(text),
  carrier: oneOf(CARRIER_LABELS),
  route: oneOf(ROUTES),
  direction: oneOf(DIRECTIONS),
  message: oneOf(MESSAGE_KINDS),
  encoding: text,
  segments: Type.Integer({ minimum: 1 }),
  registration: oneOf(REGISTRATION_LABELS),
  reason: oneOf(REGISTRATION_REASONS),
  decision: text,
  /** The limit or rule that bound. */
  limit: orNull(Type.Object({ name: text, scope: text, used: orNull(Type.Number()), cap: orNull(Type.Number()) })),
  truth: oneOf(TRUTHS),
  /** The date whose regime and tariff applied. */
  pricedAt: moment,
  book: text,
  /** The row of the book that set the carrier's price; null where no carrier was paid. */
  era: orNull(Type.Object({ from: text, confidence: text, sources: Type.Array(text) })),
  postings: Type.Array(Type.Object({ payer: text, payee: text, cause: oneOf(MESSAGE_CAUSES), micros })),
  totalMicros: micros,
});
const cdrLine = Compile(CdrLine);

export type Cdr = Type.Static<typeof CdrLine>;

/** Reads one line of a CDR file: the record, or what is wrong with the line and what to do about it. */
export function readCdr(line: string): Cdr | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'is not a JSON object; the line may be cut: remove it';
  }
  if (!cdrLine.Check(value)) {
    return fieldProblems(cdrLine.Errors(value))
      .map(({ field, message }) => `${field} ${message}`.trimStart())
      .join('; ');
  }
  const postedMicros = value.postings.reduce((sum, posting) => sum + posting.micros, 0);
  if (postedMicros === value.totalMicros) return value;
  return `totalMicros is ${value.totalMicros}, but the postings sum to ${postedMicros}; one of them was changed by hand`;
}

/** Whether anything was asked for the message: it was accepted, or the carrier charges for refused ones of its kind. */
export function isCharged({ decision, totalMicros }: Cdr): boolean {
  return decision === 'accepted' || totalMicros > 0;
}
