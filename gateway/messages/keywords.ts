/**
 * What a handset says to opt out, to come back, or to ask who sends: one word alone, however it is written (CTIA, Messaging Principles;
 * the lists of aggregators differ little).
 */
export type Keyword = 'stop' | 'start' | 'help';

const WORDS: Readonly<Record<Keyword, readonly string[]>> = {
  stop: ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'OPTOUT', 'REVOKE'],
  start: ['START', 'YES', 'UNSTOP'],
  help: ['HELP', 'INFO'],
};

const KEYWORD_OF_WORD = new Map(
  Object.entries(WORDS).flatMap(([keyword, words]) =>
    words.map((word): [string, Keyword] => [word, keyword as Keyword]),
  ),
);

/** What the sender of a message answers to it by itself, with the number in place of a name. */
export const KEYWORD_REPLIES: Readonly<Record<Keyword, (number: string) => string>> = {
  stop: (number) => `You are unsubscribed and get no more messages from ${number}. Reply START to get them again.`,
  start: (number) => `You get messages from ${number} again. Reply STOP to end them, HELP for help.`,
  help: (number) => `These messages come from ${number}. Reply STOP to end them.`,
};

/** The keyword that a text is; undefined for any other text. */
export function keywordOf(text: string): Keyword | undefined {
  return KEYWORD_OF_WORD.get(text.trim().toUpperCase());
}
