/**
 * What a carrier's filter makes of a message: whether it looks like spam, to somebody who sees the text, how much the number has sent to
 * this carrier of late, and since when it is known there. The class of the sender sets how many of those it drops (carrier-profiles.ts).
 *
 * The weight of the text is learned (spam-words.ts). Those of volume and age are assumptions, kept below what a text of either
 * kind usually scores: they tip a doubtful text. Spammers sent thousands of messages a day from each account, a hundred times what people
 * do (Murynets and Piqueras Jover, IMC 2012).
 */
import type { SenderHistory } from './sender-history.ts';
import type { SpamWords } from './spam-words.ts';

/** Messages an hour from one number that stand out: a person's thousand a day (CTIA), spread over it, and then some. */
const MANY_AN_HOUR = 60;
/** Hundredths of log-odds for each doubling beyond that, and for all of them. */
const PER_DOUBLING = 25;
const VOLUME_MAX = 150;
const NEW_FOR_MS = 24 * 3_600_000;
const NEW_NUMBER = 50;

/** Whether a message looks like spam. Scoring its text is the dearest part of a delivery: ask only where it decides something. */
export function looksLikeSpam(text: string, words: SpamWords, sender: SenderHistory): boolean {
  const excess = sender.recentCount / MANY_AN_HOUR;
  const volume = excess <= 1 ? 0 : Math.min(VOLUME_MAX, PER_DOUBLING * Math.log2(excess));
  return words.score(text) + volume + (sender.ageMs < NEW_FOR_MS ? NEW_NUMBER : 0) > 0;
}
