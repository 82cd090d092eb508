/**
 * What aggregators allow an account and each of its numbers, as published, for accounts to be declared by.
 *
 * Aggregators count segments where we do (Twilio's MPS) or messages (Telnyx), and both are held as segments here. Figures that
 * are no whole number a second are rounded down. A bound of which no figure was found is not set. A rate is also the most that fits
 * at once: where it is one segment a second, longer texts are refused, which the aggregators would queue in parts.
 */
import { type AccountBounds, UNLIMITED } from './account-table.ts';

const NO_BOUNDS: AccountBounds = {
  smsPerSecond: UNLIMITED,
  mmsPerSecond: UNLIMITED,
  numberSmsPerSecond: UNLIMITED,
  numberMmsPerSecond: UNLIMITED,
  inFlightMax: UNLIMITED,
};

/**
 * Bounds by the name they are picked by.
 *
 * Telnyx: Message rate limiting (developers.telnyx.com, copy of 2026-04-10). A long code in the US goes by its campaign alone.
 * Twilio, long codes before 10DLC: TSG Global (support.tsgglobal.com 5154370061083) and StackApp (support.stackapp.co).
 * Twilio 10DLC, the sum of what goes to AT&T, T-Mobile and Verizon, by vetting score: JustCall (help.justcall.io 8601354),
 * Aircall (support.aircall.io 10375354774557), Salesmsg (help.salesmessage.com 6209896), who all repeat Twilio's table.
 */
export const ACCOUNT_PROFILES: Readonly<Record<string, AccountBounds>> = {
  unlimited: NO_BOUNDS,
  telnyx: { ...NO_BOUNDS, smsPerSecond: 50, mmsPerSecond: 15 },
  'telnyx-toll-free': { ...NO_BOUNDS, smsPerSecond: 50, mmsPerSecond: 15, numberSmsPerSecond: 20 },
  'twilio-long-code': { ...NO_BOUNDS, numberSmsPerSecond: 1 },
  'twilio-score-75-100': { ...NO_BOUNDS, smsPerSecond: 225 },
  'twilio-score-50-74': { ...NO_BOUNDS, smsPerSecond: 120 },
  'twilio-score-1-49': { ...NO_BOUNDS, smsPerSecond: 12 },
  'twilio-low-volume': { ...NO_BOUNDS, smsPerSecond: 3 },
  'twilio-sole-proprietor': { ...NO_BOUNDS, smsPerSecond: 1 },
};

/** The bounds of a profile, or none, with some of them set otherwise. */
export function boundsOf(profile: string | undefined, own: Partial<AccountBounds> = {}): AccountBounds {
  return { ...NO_BOUNDS, ...ACCOUNT_PROFILES[profile ?? 'unlimited'], ...own };
}
