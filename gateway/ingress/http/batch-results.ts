/**
 * The results of a batch, written as bytes in the order of its messages, and what they came to in sum.
 *
 * What was accepted may yet turn out not to be known to be kept. That is known per turn: all that is decided before others get a turn is
 * kept, or not, together. Results are written as if all went well, and in the rare other case written anew.
 */
import {
  CARRIER_LABELS,
  decisionAt,
  DecisionCode,
  type MessageSlot,
  nameAt,
  REGISTRATION_REASONS,
} from '../../router/index.ts';
import { type FirstAnswer, type LimitView, type MessageAnswer, NotKept, TextBytes } from '../../messages/index.ts';
import type { FieldProblem } from '../../problem.ts';
import { AGAIN_AFTER_MS, isTaken } from './once.ts';

/** About as long as the result of an accepted message. */
const RESULT_BYTES = 192;
const INDEX = Buffer.from('{"index":');
const ID = Buffer.from(',"id":"');
const QUOTE = Buffer.from('"');
const TOTAL = Buffer.from(',"totalMicros":');
const STALE = Buffer.from(',"registryView":"stale"');
const END = Buffer.from('}');
const COMMA = Buffer.from(',');
const LINE_END = Buffer.from('\n');
const ARRAY_END = Buffer.from(']}');
const REPLAYED = ',"replayed":true}';

const STATUS_BY_CODE: Readonly<Record<number, string>> = {
  [DecisionCode.Accepted]: 'accepted',
  [DecisionCode.Queued]: 'queued',
};
const TAKEN: ReadonlySet<string> = new Set(Object.values(STATUS_BY_CODE));

/** The part of a result between its id and its segments, by decision, registration and carrier: made once each. */
const decidedParts: Buffer[] = [];

/** A result as it was written. */
interface Written {
  readonly index: number;
  readonly id?: string;
  readonly status: string;
  readonly replayed?: true;
}

/** Results, from one index up to before another, that are kept together. */
interface Turn {
  readonly from: number;
  readonly to: number;
  /** What went wrong, if anything. */
  readonly fault: Promise<Error | undefined>;
}

export class BatchResults {
  /** The longest wait that the sender of any message was told. */
  retryAfterMs = 0;
  readonly #isLines: boolean;
  readonly #separator: Buffer;
  #bytes: TextBytes;
  readonly #turns: Turn[] = [];
  #turnFrom = 0;
  #count = 0;
  #accepted = 0;
  #refused = 0;
  #invalid = 0;
  #unknown = 0;

  constructor(count: number, isLines: boolean) {
    this.#isLines = isLines;
    this.#separator = isLines ? LINE_END : COMMA;
    this.#bytes = new TextBytes(count * RESULT_BYTES);
  }

  /** Where the next result will begin. */
  get sizeBytes(): number {
    return this.#bytes.sizeBytes;
  }

  /** Whether nothing was added in this turn. */
  get isTurnEmpty(): boolean {
    return this.#turnFrom === this.#count;
  }

  /** Adds the result of what was decided into `slot`, with its id and its limit, if it has them. */
  addDecided(slot: Readonly<MessageSlot>, id: string | undefined, limit: LimitView | undefined): void {
    const bytes = this.#begin();
    if (id !== undefined) {
      bytes.addBytes(ID);
      bytes.addAscii(id);
      bytes.addBytes(QUOTE);
    }
    if (isTaken(slot.code)) this.#accepted += 1;
    else this.#refused += 1;
    bytes.addBytes(decidedPart(slot));
    bytes.addWhole(slot.units);
    bytes.addBytes(TOTAL);
    bytes.addWhole(slot.quote.totalMicros);
    if (slot.isStale) bytes.addBytes(STALE);
    if (limit !== undefined) bytes.addText(`,"limit":${JSON.stringify(limit)}`);
    if (slot.code === DecisionCode.Queued) {
      bytes.addAscii(`,"expectedWaitMs":${slot.retryAfterMs}`);
    } else if (slot.retryAfterMs > 0) {
      this.#tell(slot.retryAfterMs);
      bytes.addAscii(`,"retryAfterMs":${slot.retryAfterMs}`);
    }
    bytes.addBytes(END);
  }

  addInvalid(errors: readonly FieldProblem[]): void {
    this.#invalid += 1;
    this.#begin().addText(`,"status":"invalid","errors":${JSON.stringify(errors)}}`);
  }

  /** Adds that a message was not decided: it may be sent again. */
  addUndecided(why: FieldProblem): void {
    this.#refused += 1;
    this.#tell(AGAIN_AFTER_MS);
    const errors = JSON.stringify([why]);
    this.#begin().addText(`,"status":"undecided","errors":${errors},"retryAfterMs":${AGAIN_AFTER_MS}}`);
  }

  /** Adds the first answer to a message again. */
  addReplayed(first: FirstAnswer): void {
    const answer = JSON.parse(first.body) as MessageAnswer;
    const { id, status, decision, reason, carrier, segments, price, registryView } = answer;
    const { limit, expectedWaitMs, retryAfterMs } = answer;
    if (TAKEN.has(status)) this.#accepted += 1;
    else this.#refused += 1;
    const { totalMicros } = price;
    // In the order of a first result, whose fields it has.
    const fields = { id, status, decision, reason, carrier, segments, totalMicros, registryView, limit };
    const result = JSON.stringify({ ...fields, expectedWaitMs, retryAfterMs });
    this.#begin().addText(`,${result.slice(1, -1)}${REPLAYED}`);
  }

  /** Adds again, for the same message, the result that is written from one byte up to before another. */
  addTwin(fromByte: number, toByte: number): void {
    const written = this.#bytes.take().toString('utf8', fromByte, toByte);
    const result = written.slice(written.indexOf('{'));
    const { status } = JSON.parse(result) as Written;
    if (TAKEN.has(status)) this.#accepted += 1;
    else this.#refused += 1;
    this.#begin().addText(result.slice(result.indexOf(','), -1) + REPLAYED);
  }

  /** Ends a turn: what was added in it is kept when `kept` resolves, or at once if there is nothing to wait for. */
  endTurn(kept: Promise<unknown> | undefined): void {
    if (kept !== undefined) {
      const fault = kept.then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      );
      this.#turns.push({ from: this.#turnFrom, to: this.#count, fault });
    }
    this.#turnFrom = this.#count;
  }

  /** The whole answer, once it is known of all messages whether they are kept. Add nothing afterwards. */
  async take(): Promise<Buffer> {
    const faulty: Turn[] = [];
    for (const turn of this.#turns) {
      const fault = await turn.fault;
      if (fault === undefined) continue;
      if (!(fault instanceof NotKept)) throw fault;
      faulty.push(turn);
    }
    if (faulty.length > 0) this.#bytes = this.#withUnknown(faulty);
    const bytes = this.#bytes;
    if (this.#isLines) {
      if (this.#count > 0) bytes.addBytes(LINE_END);
      return bytes.take();
    }
    const unknown = this.#unknown === 0 ? '' : `,"unknown":${this.#unknown}`;
    const counts = `{"accepted":${this.#accepted},"refused":${this.#refused},"invalid":${this.#invalid}${unknown}`;
    return Buffer.concat([Buffer.from(`${counts},"results":[`), bytes.take(), ARRAY_END]);
  }

  /** The results with those that were taken in faulty turns, and their repetitions, in other words. */
  #withUnknown(faulty: readonly Turn[]): TextBytes {
    const text = this.#bytes.take().toString();
    // A line's end stands between results and, in JSON, never within one.
    const results = JSON.parse(`[${this.#isLines ? text.replaceAll('\n', ',') : text}]`) as Written[];
    const unknown = new Set<string | undefined>();
    for (const { from, to } of faulty) {
      for (const { status, id, replayed } of results.slice(from, to)) {
        if (TAKEN.has(status) && replayed === undefined) unknown.add(id);
      }
    }
    const written = results.map((result) => {
      const { index, id, status } = result;
      if (!TAKEN.has(status) || !unknown.has(id)) return JSON.stringify(result);
      this.#accepted -= 1;
      this.#unknown += 1;
      this.#tell(AGAIN_AFTER_MS);
      return JSON.stringify({ index, id, status: 'unknown', retryAfterMs: AGAIN_AFTER_MS });
    });
    const bytes = new TextBytes(this.#bytes.sizeBytes);
    bytes.addText(written.join(this.#separator.toString()));
    return bytes;
  }

  #begin(): TextBytes {
    const bytes = this.#bytes;
    if (this.#count > 0) bytes.addBytes(this.#separator);
    bytes.addBytes(INDEX);
    bytes.addWhole(this.#count);
    this.#count += 1;
    return bytes;
  }

  #tell(retryAfterMs: number): void {
    if (retryAfterMs > this.retryAfterMs) this.retryAfterMs = retryAfterMs;
  }
}

function decidedPart({ code, registration, carrier }: Readonly<MessageSlot>): Buffer {
  const at = (code * REGISTRATION_REASONS.length + registration) * CARRIER_LABELS.length + carrier;
  return (decidedParts[at] ??= Buffer.from(
    `,"status":"${STATUS_BY_CODE[code] ?? 'rejected'}","decision":"${decisionAt(code).name}"` +
      `,"reason":"${nameAt(REGISTRATION_REASONS, registration)}","carrier":"${nameAt(CARRIER_LABELS, carrier)}","segments":`,
  ));
}
