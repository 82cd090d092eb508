/** What becomes of a post after an attempt at it: the rules of trying again, alike for every queue. */
import { WEBHOOK_AGE_MS_MAX, WEBHOOK_ATTEMPTS_MAX, WEBHOOK_BACKOFF_MS, WEBHOOK_RETRY_AFTER_MS_MAX } from '../limits.ts';
import type { CallbackStyle } from '../messages/index.ts';
import type { Rng } from '../router/index.ts';
import type { Attempt } from './post-sender.ts';
import type { Fate } from './webhook-queue.ts';

/** Answers whose Retry-After is heeded (RFC 9110, 10.2.3; RFC 6585, 4). */
const ASK_FOR_TIME: readonly number[] = [429, 503];

/** How hard delivery of a post was tried. */
export interface Tries {
  /** This one included. */
  readonly attempts: number;
  readonly ageMs: number;
}

/** What becomes of a post in the style of an API, by that API's rules. */
export function fateInStyle(attempt: Attempt, attempts: number, style: CallbackStyle): Fate {
  const { result, status } = attempt;
  if (result === 'ok') return { kind: 'done' };
  const why = { reason: result, ...(status !== undefined && { status }) };
  const delayMs = style.waitsMs[attempts - 1];
  const isOver = delayMs === undefined || result === 'forbidden' || !style.triesAgain(attempt);
  return isOver ? { kind: 'dead', why } : { kind: 'again', delayMs, why };
}

/**
 * @param nowMs to read a Retry-After by that is a date
 */
export function fateAfter(attempt: Attempt, { attempts, ageMs }: Tries, nowMs: number, chance: Rng): Fate {
  const { result, status } = attempt;
  if (result === 'ok') return { kind: 'done' };
  const why = { reason: result, ...(status !== undefined && { status }) };
  const backoffMs = WEBHOOK_BACKOFF_MS[attempts - 1];
  const isOver = attempts >= WEBHOOK_ATTEMPTS_MAX || ageMs >= WEBHOOK_AGE_MS_MAX;
  if (result === 'gone' || result === 'forbidden' || isOver || backoffMs === undefined) return { kind: 'dead', why };
  // Full jitter: receivers that went down together are not all tried again together.
  const delayMs = Math.max(
    1,
    Math.ceil(chance.next() * backoffMs),
    Math.min(askedForMs(attempt, nowMs), WEBHOOK_RETRY_AFTER_MS_MAX),
  );
  return { kind: 'again', delayMs, why };
}

/** How long the receiver asked to be left alone; 0 if it did not, or not so that it can be read. */
export function askedForMs({ status = 0, retryAfter }: Attempt, nowMs: number): number {
  if (retryAfter === undefined || !ASK_FOR_TIME.includes(status)) return 0;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const untilMs = Date.parse(retryAfter);
  return Number.isNaN(untilMs) ? 0 : Math.max(0, untilMs - nowMs);
}
