/** CDRs as the rows of a table: what is inside a record of NDJSON is a column of its own here, and the postings are one by cause. */
import { MESSAGE_CAUSES } from '../../tariffs/index.ts';
import type { Cdr } from './cdr.ts';

export type CdrValue = string | number | null;

export interface CdrColumn {
  readonly name: string;
  /** `time` reads as text, as in a record; `whole` numbers are exact, `number` need not be whole. */
  readonly type: 'text' | 'time' | 'whole' | 'number';
  readonly isNullable: boolean;
  read(cdr: Cdr): CdrValue;
}

const column = (name: string, type: CdrColumn['type'], read: (cdr: Cdr) => string | number): CdrColumn => ({
  name,
  type,
  isNullable: false,
  read,
});
const nullable = (name: string, type: CdrColumn['type'], read: (cdr: Cdr) => CdrValue): CdrColumn => ({
  name,
  type,
  isNullable: true,
  read,
});

function microsOf(cdr: Cdr, cause: string): number {
  let micros = 0;
  for (const posting of cdr.postings) if (posting.cause === cause) micros += posting.micros;
  return micros;
}

export const CDR_COLUMNS: readonly CdrColumn[] = [
  column('id', 'text', ({ id }) => id),
  column('accepted_at', 'time', ({ acceptedAt }) => acceptedAt),
  nullable('receipt_at', 'time', ({ receipt }) => receipt?.at ?? null),
  nullable('receipt', 'text', ({ receipt }) => receipt?.state ?? null),
  nullable('handset_at', 'time', ({ handset }) => handset?.at ?? null),
  nullable('handset', 'text', ({ handset }) => handset?.outcome ?? null),
  nullable('error', 'text', ({ error }) => error ?? null),
  nullable('account', 'text', ({ account }) => account),
  // FROM and TO alone are words of SQL.
  column('from_number', 'text', ({ from }) => from),
  column('to_number', 'text', ({ to }) => to),
  column('sender', 'text', ({ sender }) => sender),
  nullable('campaign', 'text', ({ campaign }) => campaign),
  column('carrier', 'text', ({ carrier }) => carrier),
  column('route', 'text', ({ route }) => route),
  column('direction', 'text', ({ direction }) => direction),
  column('message', 'text', ({ message }) => message),
  column('encoding', 'text', ({ encoding }) => encoding),
  column('segments', 'whole', ({ segments }) => segments),
  column('registration', 'text', ({ registration }) => registration),
  column('reason', 'text', ({ reason }) => reason),
  column('decision', 'text', ({ decision }) => decision),
  nullable('limit_name', 'text', ({ limit }) => limit?.name ?? null),
  nullable('limit_scope', 'text', ({ limit }) => limit?.scope ?? null),
  nullable('limit_used', 'number', ({ limit }) => limit?.used ?? null),
  nullable('limit_cap', 'number', ({ limit }) => limit?.cap ?? null),
  column('truth', 'text', ({ truth }) => truth),
  column('priced_at', 'time', ({ pricedAt }) => pricedAt),
  column('book', 'text', ({ book }) => book),
  nullable('era_from', 'text', ({ era }) => era?.from ?? null),
  nullable('era_confidence', 'text', ({ era }) => era?.confidence ?? null),
  nullable('era_sources', 'text', ({ era }) => era?.sources.join(' ') ?? null),
  nullable('payer', 'text', ({ postings }) => postings[0]?.payer ?? null),
  ...MESSAGE_CAUSES.map((cause) => column(`${cause}_micros`, 'whole', (cdr) => microsOf(cdr, cause))),
  column('total_micros', 'whole', ({ totalMicros }) => totalMicros),
];
