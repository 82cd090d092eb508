/** Text in pictures: where it breaks and how labels keep out of each other's way. SVG does neither. */

/** Breaks between words into at most `lines` lines of `width` characters; what does not fit ends in an ellipsis. */
export function wrap(text: string, width: number, lines: number): readonly string[] {
  const wrapped: string[] = [];
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const last = wrapped.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) wrapped[wrapped.length - 1] = `${last} ${word}`;
    else wrapped.push(word);
  }
  const kept = wrapped.slice(0, lines);
  return kept.map((line, place) => {
    const isCut = place === lines - 1 && wrapped.length > lines;
    const whole = isCut ? `${line} …` : line;
    return whole.length <= width ? whole : `${line.slice(0, width - 1).trimEnd()}…`;
  });
}

export interface Wanted {
  /** Where the middle would best be. */
  readonly at: number;
  readonly height: number;
}

/**
 * Middles of labels, in the order given, each as near to where it would best be as the others allow, none over another and all between
 * `from` and `to` if they fit there. Expects `wanted` sorted by `at`.
 */
export function spread(wanted: readonly Wanted[], from: number, to: number): readonly number[] {
  const tops: number[] = [];
  let free = from;
  for (const { at, height } of wanted) {
    const top = Math.max(free, at - height / 2);
    tops.push(top);
    free = top + height;
  }
  let limit = Math.max(to, from + wanted.reduce((sum, { height }) => sum + height, 0));
  for (let place = wanted.length - 1; place >= 0; place -= 1) {
    const height = wanted[place]?.height ?? 0;
    const top = Math.min(tops[place] ?? 0, limit - height);
    tops[place] = top;
    limit = top;
  }
  return tops.map((top, place) => top + (wanted[place]?.height ?? 0) / 2);
}
