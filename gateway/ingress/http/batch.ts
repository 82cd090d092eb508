/**
 * `POST /v1/messages/batch`: many messages in one request, as a JSON array or as NDJSON, answered in the same form.
 *
 * Each line is taken or refused on its own: a bad line never costs a good one. At some hundred thousand messages a second
 * what the time goes on is objects that outlive a collection and text made of pieces. So a line is parsed when its turn
 * comes, what was taken is let go of, and answers are written as bytes. Work is done in slices with other requests let in
 * between; the draft and the intake's slot are not used across a slice's end or a wait for a lease.
 */
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { BATCH_BODY_BYTES, BATCH_MESSAGES_MAX, BATCH_SLICE_MESSAGES } from '../../limits.ts';
import {
  Binding,
  bindingAt,
  CARRIER_LABELS,
  decisionAt,
  DecisionCode,
  type MessageSlot,
  nameAt,
  REGISTRATION_REASONS,
} from '../../router/index.ts';
import { AWAITS_LEASE, emptyDraft, NOT_STORED, TextBytes } from '../../messages/index.ts';
import { onceLeased } from './await-lease.ts';
import type { MessageRoutes } from './messages.ts';
import { type FieldProblem, fieldProblems, problem, ProblemError, sendProblem } from '../../problem.ts';
import { readMessage } from './read-message.ts';
import { MessageBody } from './schemas.ts';

const messageBody = Compile(MessageBody);

/** The same schema without its ban on other fields, for which the check would try a pattern on every key. */
const messageFields = Compile(Type.Object(MessageBody.properties));
const fieldNames: ReadonlySet<string> = new Set(Object.keys(MessageBody.properties));

function isMessageBody(value: unknown): value is MessageBody {
  if (!messageFields.Check(value)) return false;
  for (const name in value) if (!fieldNames.has(name)) return false;
  return true;
}

const MS_PER_SECOND = 1_000;
const LINE_FEED = 0x0a;
const BRACE = 0x7b;
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

const STATUS_BY_CODE: Readonly<Record<number, string>> = {
  [DecisionCode.Accepted]: 'accepted',
  [DecisionCode.Queued]: 'queued',
};

/** The part of a result between its id and its segments, by decision, registration and carrier: made once each. */
const decidedParts: Buffer[] = [];

interface Tally {
  accepted: number;
  refused: number;
  invalid: number;
  /** The longest wait any refused message was told. */
  retryAfterMs: number;
}

/** The messages of a body, taken out of it one after the other. */
interface BatchBody {
  readonly isLines: boolean;
  readonly count: number;
  /** The value at a place; NOT_JSON for a line that is none. */
  peek(index: number): unknown;
  /** The same, to be asked for once: what was taken is let go of. */
  take(index: number): unknown;
}

export const batchRoutes: FastifyPluginCallback<MessageRoutes> = (app, routes, done) => {
  const draft = emptyDraft();

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, parsed) => {
    if (text === '') {
      parsed(emptyBody());
      return;
    }
    try {
      const messages: unknown = JSON.parse(text as string);
      if (Array.isArray(messages)) parsed(null, arrayBody(messages));
      else parsed(notAnArray());
    } catch (error) {
      parsed(malformed(error));
    }
  });
  app.addContentTypeParser(
    ['application/x-ndjson', 'application/ndjson'],
    { parseAs: 'buffer' },
    (_request, bytes, parsed) => {
      parsed(null, linesBody(bytes as Buffer));
    },
  );

  app.post(
    '/v1/messages/batch',
    {
      bodyLimit: BATCH_BODY_BYTES,
      schema: {
        tags: ['messages'],
        summary: 'Send many messages: a JSON array, or one message per line as application/x-ndjson',
        description:
          'Answered in the form it came in, one result per message with its index. Results carry what a sender acts ' +
          'on; GET /v1/messages/:id has the postings.',
      },
    },
    async (request: FastifyRequest, reply: FastifyReply) => {
      // Without a body and its type no parser has run.
      if (request.body === undefined) throw emptyBody();
      const body = request.body as BatchBody;
      const { isLines, count } = body;
      if (count > BATCH_MESSAGES_MAX) {
        const message = `has ${count} messages; ${BATCH_MESSAGES_MAX} is the most, so send it in parts`;
        return sendProblem(reply, problem('batch-too-large', 413, 'Batch too large', [{ field: '', message }]));
      }
      const tally: Tally = { accepted: 0, refused: 0, invalid: 0, retryAfterMs: 0 };
      const separator = isLines ? LINE_END : COMMA;
      const results = new TextBytes(count * RESULT_BYTES);
      for (let from = 0; from < count; from += BATCH_SLICE_MESSAGES) {
        const to = Math.min(from + BATCH_SLICE_MESSAGES, count);
        let isForeseen = false;
        for (let index = from; index < to; index += 1) {
          if (index > 0) results.addBytes(separator);
          results.addBytes(INDEX);
          results.addWhole(index);
          const value = body.take(index);
          const wrong = readOne(value);
          if (wrong !== undefined) {
            addInvalid(wrong, tally, results);
            continue;
          }
          if (submitOne(true, tally, results)) continue;
          const { draw } = routes.intake.slot;
          if (!isForeseen) foreseeRest(body, index + 1, to);
          isForeseen = true;
          await onceLeased(routes.leases, (mayAwaitLease) => {
            readOne(value);
            draft.draw = draw;
            return submitOne(mayAwaitLease, tally, results) || undefined;
          });
        }
        if (to < count) await otherRequests();
      }
      if (tally.retryAfterMs > 0) reply.header('retry-after', Math.ceil(tally.retryAfterMs / MS_PER_SECOND));
      if (isLines) {
        if (count > 0) results.addBytes(separator);
        return reply.type('application/x-ndjson').send(results.take());
      }
      const { accepted, refused, invalid } = tally;
      const head = Buffer.from(`{"accepted":${accepted},"refused":${refused},"invalid":${invalid},"results":[`);
      return reply.type('application/json; charset=utf-8').send(Buffer.concat([head, results.take(), ARRAY_END]));
    },
  );

  /** Reads one value of the batch into the draft; what is wrong with it, if anything. */
  function readOne(value: unknown): readonly FieldProblem[] | undefined {
    if (!isMessageBody(value)) return describeInvalid(value);
    const wrong = readMessage(value, draft, routes.callbackGuard);
    return wrong && [wrong];
  }

  /** Lets the limits of the rest of a slice be asked for together: one wait, where each message would else have its own. */
  function foreseeRest(body: BatchBody, from: number, to: number): void {
    for (let index = from; index < to; index += 1) {
      if (readOne(body.peek(index)) === undefined) routes.intake.foresee(draft);
    }
  }

  /** Submits the message in the draft and adds its result as JSON text; false, with nothing added, if it awaits a lease. */
  function submitOne(mayAwaitLease: boolean, tally: Tally, results: TextBytes): boolean {
    const sequence = routes.intake.submit(draft, mayAwaitLease);
    if (sequence === AWAITS_LEASE) return false;
    const { slot } = routes.intake;
    if (sequence !== NOT_STORED) {
      results.addBytes(ID);
      results.addAscii(routes.store.idOf(sequence));
      results.addBytes(QUOTE);
    }
    if (slot.code === DecisionCode.Accepted || slot.code === DecisionCode.Queued) tally.accepted += 1;
    else tally.refused += 1;
    results.addBytes(decidedPart(slot));
    results.addWhole(slot.units);
    results.addBytes(TOTAL);
    results.addWhole(slot.quote.totalMicros);
    if (slot.isStale) results.addBytes(STALE);
    if (slot.binding !== Binding.None) results.addAscii(`,"limit":"${bindingAt(slot.binding).name}"`);
    if (slot.code === DecisionCode.Queued) {
      results.addAscii(`,"expectedWaitMs":${slot.retryAfterMs}`);
    } else if (slot.retryAfterMs > 0) {
      if (slot.retryAfterMs > tally.retryAfterMs) tally.retryAfterMs = slot.retryAfterMs;
      results.addAscii(`,"retryAfterMs":${slot.retryAfterMs}`);
    }
    results.addBytes(END);
    return true;
  }

  done();
};

function addInvalid(errors: readonly FieldProblem[], tally: Tally, results: TextBytes): void {
  tally.invalid += 1;
  results.addText(`,"status":"invalid","errors":${JSON.stringify(errors)}}`);
}

function decidedPart({ code, registration, carrier }: MessageSlot): Buffer {
  const at = (code * REGISTRATION_REASONS.length + registration) * CARRIER_LABELS.length + carrier;
  return (decidedParts[at] ??= Buffer.from(
    `,"status":"${STATUS_BY_CODE[code] ?? 'rejected'}","decision":"${decisionAt(code).name}"` +
      `,"reason":"${nameAt(REGISTRATION_REASONS, registration)}","carrier":"${nameAt(CARRIER_LABELS, carrier)}","segments":`,
  ));
}

/** A line that is not JSON arrives here as the NotJson it was replaced by; all else failed the schema. */
function describeInvalid(value: unknown): readonly FieldProblem[] {
  if (value instanceof NotJson) return [{ field: '', message: 'this line is not valid JSON; one message per line' }];
  const found = fieldProblems(messageBody.Errors(value));
  return found.length > 0 ? found : [{ field: '', message: 'must be a message object' }];
}

class NotJson {}
const NOT_JSON = new NotJson();

function arrayBody(messages: unknown[]): BatchBody {
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
function linesBody(bytes: Buffer): BatchBody {
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

function emptyBody(): ProblemError {
  const message = 'the body is empty; send a JSON array of messages, or NDJSON as application/x-ndjson';
  return new ProblemError(problem('malformed-json', 400, 'Empty body', [{ field: '', message }]));
}

function notAnArray(): ProblemError {
  const message = 'the body must be a JSON array of messages, or NDJSON as application/x-ndjson';
  return new ProblemError(problem('not-a-batch', 400, 'Not a batch', [{ field: '', message }]));
}

function malformed(error: unknown): ProblemError {
  const message = `the body is not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
  return new ProblemError(problem('malformed-json', 400, 'Malformed JSON', [{ field: '', message }]));
}

function otherRequests(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
