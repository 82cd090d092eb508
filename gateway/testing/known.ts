/** What tests may write: whoever misspells something is told at once, in plain JavaScript too, and not by a test that fails or passes for it. */

/** The names of all fields of `T`; the compiler sees to it that none is missing. */
export type FieldsOf<T> = Readonly<Record<keyof T, true>>;

/** @throws TypeError for a field that there is not */
export function checkFields(what: string, given: object, fields: Readonly<Record<string, true>>): void {
  for (const field of Object.keys(given)) {
    if (Object.hasOwn(fields, field)) continue;
    throw new TypeError(`${what} has no "${field}"; use one of ${Object.keys(fields).join(', ')}`);
  }
}

/** @throws RangeError for a word that is none of `words` */
export function checkWord(field: string, word: string, words: readonly string[]): void {
  if (!words.includes(word)) throw new RangeError(`${field}: there is no "${word}"; use one of ${words.join(', ')}`);
}
