/** What messages can be searched by, besides a number: the words of the API, which a test holds against its tables. Touches no page. */
export const FILTERS = {
  truth: ['unlabelled', 'legit', 'spam', 'smishing'],
  decision: [
    'accepted',
    'unregistered_blocked',
    'unregistered_filtered',
    'att_tpm_exceeded',
    'tmobile_daily_cap_exceeded',
    'destination_landline',
    'destination_unassigned',
    'no_tariff',
    'queue_full',
    'registry_stale',
    'carrier_rate_exceeded',
    'number_rate_exceeded',
    'p2p_limit_exceeded',
    'toll_free_limit_exceeded',
    'toll_free_blocked',
    'account_rate_exceeded',
    'account_in_flight_exceeded',
    'insufficient_balance',
    'limit_not_leased',
    'tracked_numbers_full',
    'queued',
    'queue_expired',
    'opted_out',
  ],
  registration: ['registered', 'unregistered', 'not_classed'],
  carrier: ['att', 'verizon', 'tmobile', 'uscellular', 'other', 'none'],
  handset: ['delivered', 'filtered', 'undelivered', 'pending'],
  status: ['accepted', 'sent', 'delivered', 'filtered', 'undelivered', 'rejected', 'expired', 'queued'],
} as const;
export type Filter = keyof typeof FILTERS;

export const FILTER_TITLES: Readonly<Record<Filter, string>> = {
  truth: 'What it really is',
  decision: 'Decision',
  registration: 'Number was',
  carrier: 'Carrier',
  handset: 'The phone',
  status: 'Status',
};

/** What was typed into a field for a number or the id of a message. Ids have letters; numbers have them in none of their spellings. */
export function readTyped(text: string): { readonly id: string } | { readonly number: string } {
  const typed = text.trim();
  return /[A-Z]/i.test(typed) ? { id: typed } : { number: asE164(typed) };
}

/** A number as people write it, such as (212) 555-0123, as the API has it; '' for nothing. */
export function asE164(text: string): string {
  const digits = text.replaceAll(/[^\d+]/g, '');
  if (/^\d{10}$/.test(digits)) return `+1${digits}`;
  return /^1\d{10}$/.test(digits) ? `+${digits}` : digits;
}
