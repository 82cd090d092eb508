/**
 * How much a text looks like spam to somebody who sees only the text.
 *
 * A linear score over features that a carrier's filter can read off the characters: a link, a phone number or short
 * code to call, money, shouting, the vocabulary of prizes and alarms. It is meant to be plausible and cheap (one pass,
 * no allocation), not good: a trained classifier takes its place when carriers get one. Never sees ground truth.
 */

const LINK = 3;
const MONEY = 2;
const LONG_NUMBER = 2;
const SHOUTING = 1;
const LURE_WORD = 1;

const LURES = /\b(?:free|win|won|winner|prize|claim|urgent|account|verify|suspended|click|cash|txt|offer|bonus)\b/i;
const LINKS = /https?:|www\.|\.(?:com|net|org|co|ly|info|uk)\b/i;

/** From 0 (nothing suspicious) to 9. */
export function contentScore(text: string): number {
  let digitsInRow = 0;
  let longestDigits = 0;
  let capitals = 0;
  let hasMoney = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 48 && unit <= 57) {
      digitsInRow += 1;
      if (digitsInRow > longestDigits) longestDigits = digitsInRow;
      continue;
    }
    digitsInRow = 0;
    if (unit >= 65 && unit <= 90) capitals += 1;
    else if (unit === 0x24 || unit === 0xa3 || unit === 0x20ac) hasMoney = true;
  }
  let score = 0;
  if (LINKS.test(text)) score += LINK;
  if (hasMoney) score += MONEY;
  if (longestDigits >= 5) score += LONG_NUMBER;
  if (capitals > text.length / 5) score += SHOUTING;
  if (LURES.test(text)) score += LURE_WORD;
  return score;
}

/** The score from which a text counts as suspicious. */
export const SUSPICIOUS_SCORE = 3;
