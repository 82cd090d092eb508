/** The messages of a batch's body, a JSON array or lines of NDJSON, taken out of it one after the other. */
const LINE_FEED = 0x0a;
const BRACE = 0x7b;

export interface BatchBody {
  readonly isLines: boolean;
  readonly count: number;
  /** The value at a place; NOT_JSON for a line that is none. */
  peek(index: number): unknown;
  /** The same, to be asked for once: what was taken is let go of. */
  take(index: number): unknown;
}

class NotJson {}
/** In the place of a line that is not JSON. */
export const NOT_JSON = new NotJson();

export function arrayBody(messages: unknown[]): BatchBody {
  return {
    isLines: false,
    count: messages.length,
    peek: (index) => messages[index],
    take(index) {
      const value = messages[index];
      messages[index] = undefined;
      return value;
    },
  };
}

/**
 * Lines are read when they are taken: the objects of a whole body at once would outlive many collections, each of which
 * copies them. Blank lines are skipped and do not count; every other line keeps its place.
 */
export function linesBody(bytes: Buffer): BatchBody {
  const bounds: number[] = [];
  for (let start = 0; start < bytes.length;) {
    let end = bytes.indexOf(LINE_FEED, start);
    if (end < 0) end = bytes.length;
    if (!isBlank(bytes, start, end)) bounds.push(start, end);
    start = end + 1;
  }
  const lineAt = (index: number): unknown =>
    parseLine(bytes.toString('utf8', bounds[index * 2], bounds[index * 2 + 1]));
  return { isLines: true, count: bounds.length / 2, peek: lineAt, take: lineAt };
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  // Nearly every line begins with its brace.
  return bytes[start] !== BRACE && bytes.toString('utf8', start, end).trim() === '';
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return NOT_JSON;
  }
}
