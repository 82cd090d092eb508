/** What a list of messages is asked for: which messages, and which page of them. */
import { formatNumber } from '../../../../registry-cache/index.ts';
import type { MessageStore } from '../../../messages/index.ts';
import { type Form, valuesOf } from '../form.ts';
import { asE164 } from '../sending.ts';
import { type TwilioError, twilioError } from './errors.ts';

const PAGE_SIZE_DEFAULT = 50;
const PAGE_SIZE_MAX = 1_000;
const DAY_MS = 86_400_000;

export interface MessageFilter {
  readonly page: number;
  readonly pageSize: number;
  readonly token: string | undefined;
  /** The conditions as they were asked for, to be repeated in the addresses of pages. */
  readonly query: Readonly<Record<string, string>>;
  matches(store: MessageStore, at: number): boolean;
}

/** A query as a filter; or what Twilio says of it. A larger page than there is comes as the largest. */
export function readFilter(form: Form): MessageFilter | TwilioError {
  const query: Record<string, string> = {};
  for (const name of ['To', 'From', 'DateSent', 'DateSent<', 'DateSent>']) {
    const [value] = valuesOf(form, name);
    if (value !== undefined && value !== '') query[name] = value;
  }
  const [pageSizeText = String(PAGE_SIZE_DEFAULT)] = valuesOf(form, 'PageSize');
  const [pageText = '0'] = valuesOf(form, 'Page');
  if (!/^\d{1,9}$/.test(pageSizeText) || Number(pageSizeText) === 0) {
    return twilioError(400, 20001, `'PageSize' must be a whole number from 1 to ${PAGE_SIZE_MAX}`);
  }
  if (!/^\d{1,9}$/.test(pageText)) return twilioError(400, 20001, "'Page' must be a whole number");
  const times = { from: -Infinity, until: Infinity };
  for (const [name, text] of Object.entries(query)) {
    if (!name.startsWith('DateSent')) continue;
    const atMs = Date.parse(text);
    if (Number.isNaN(atMs)) return twilioError(400, 20001, `'${name}' must be a date, such as 2024-03-01`);
    if (name === 'DateSent<') times.until = atMs;
    else if (name === 'DateSent>') times.from = atMs;
    else {
      times.from = atMs - (atMs % DAY_MS);
      times.until = times.from + DAY_MS - 1;
    }
  }
  const to = query['To'] === undefined ? undefined : asE164(query['To']);
  const from = query['From'] === undefined ? undefined : asE164(query['From']);
  return {
    page: Number(pageText),
    pageSize: Math.min(PAGE_SIZE_MAX, Number(pageSizeText)),
    token: valuesOf(form, 'PageToken')[0],
    query,
    matches(store, at) {
      const atMs = store.acceptedAtMs[at]!;
      return (
        atMs >= times.from &&
        atMs <= times.until &&
        (to === undefined || formatNumber(store.destinationKey[at]!) === to) &&
        (from === undefined || formatNumber(store.senderKey[at]!) === from)
      );
    },
  };
}
