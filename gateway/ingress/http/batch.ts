/**
 * `POST /v1/messages/batch`: many messages in one request, as a JSON array or as NDJSON, answered in the same form.
 *
 * Each line is taken or refused on its own: a bad line never costs a good one. The body is parsed by hand and the
 * answers are written as text, because at some hundred thousand messages a second one object more per message is what
 * the time goes on. Work is done in slices with other requests let in between; the draft and the intake's slot are not
 * used across a slice's end.
 */
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import { BATCH_BODY_BYTES, BATCH_MESSAGES_MAX, BATCH_SLICE_MESSAGES } from '../../limits.ts';
import {
  bindingAt,
  CARRIER_LABELS,
  decisionAt,
  DecisionCode,
  nameAt,
  REGISTRATION_REASONS,
} from '../../router/index.ts';
import { emptyDraft, NOT_STORED } from '../../messages/index.ts';
import type { MessageRoutes } from './messages.ts';
import { type FieldProblem, fieldProblems, problem, ProblemError, sendProblem } from './problem.ts';
import { readMessage } from './read-message.ts';
import { MessageBody } from './schemas.ts';

const messageBody = Compile(MessageBody);

const MS_PER_SECOND = 1_000;

interface Tally {
  accepted: number;
  refused: number;
  invalid: number;
  /** The longest wait any refused message was told. */
  retryAfterMs: number;
}

/** The body as values; a line of NDJSON that is not JSON stands as NOT_JSON. */
interface BatchBody {
  readonly isLines: boolean;
  readonly messages: readonly unknown[];
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
      if (!Array.isArray(messages)) parsed(notAnArray());
      else parsed(null, { isLines: false, messages } satisfies BatchBody);
    } catch (error) {
      parsed(malformed(error));
    }
  });
  app.addContentTypeParser(
    ['application/x-ndjson', 'application/ndjson'],
    { parseAs: 'string' },
    (_request, text, parsed) => {
      parsed(null, { isLines: true, messages: parseLines(text as string) } satisfies BatchBody);
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
      const { isLines, messages } = request.body as BatchBody;
      if (messages.length > BATCH_MESSAGES_MAX) {
        const message = `has ${messages.length} messages; ${BATCH_MESSAGES_MAX} is the most, so send it in parts`;
        return sendProblem(reply, problem('batch-too-large', 413, 'Batch too large', [{ field: '', message }]));
      }
      const tally: Tally = { accepted: 0, refused: 0, invalid: 0, retryAfterMs: 0 };
      const separator = isLines ? '\n' : ',';
      let results = '';
      for (let from = 0; from < messages.length; from += BATCH_SLICE_MESSAGES) {
        const to = Math.min(from + BATCH_SLICE_MESSAGES, messages.length);
        for (let index = from; index < to; index += 1) {
          if (index > 0) results += separator;
          results += submitOne(messages[index], index, tally);
        }
        if (to < messages.length) await otherRequests();
      }
      if (tally.retryAfterMs > 0) reply.header('retry-after', Math.ceil(tally.retryAfterMs / MS_PER_SECOND));
      if (isLines) return reply.type('application/x-ndjson').send(results === '' ? '' : `${results}\n`);
      const { accepted, refused, invalid } = tally;
      return reply
        .type('application/json; charset=utf-8')
        .send(`{"accepted":${accepted},"refused":${refused},"invalid":${invalid},"results":[${results}]}`);
    },
  );

  /** Takes one value of the batch and returns its result as JSON text. */
  function submitOne(value: unknown, index: number, tally: Tally): string {
    if (!messageBody.Check(value)) return invalid(index, describeInvalid(value), tally);
    const wrong = readMessage(value, draft, routes.callbackGuard);
    if (wrong !== undefined) return invalid(index, [wrong], tally);
    const sequence = routes.intake.submit(draft);
    const { slot } = routes.intake;
    const head =
      sequence === NOT_STORED ? `{"index":${index}` : `{"index":${index},"id":"${routes.store.idOf(sequence)}"`;
    if (slot.code === DecisionCode.Accepted) tally.accepted += 1;
    else tally.refused += 1;
    let tail = '}';
    if (slot.retryAfterMs > 0) {
      if (slot.retryAfterMs > tally.retryAfterMs) tally.retryAfterMs = slot.retryAfterMs;
      tail = `,"limit":"${bindingAt(slot.binding).name}","retryAfterMs":${slot.retryAfterMs}}`;
    }
    const status = slot.code === DecisionCode.Accepted ? 'accepted' : 'rejected';
    return (
      `${head},"status":"${status}","decision":"${decisionAt(slot.code).name}"` +
      `,"reason":"${nameAt(REGISTRATION_REASONS, slot.registration)}","carrier":"${nameAt(CARRIER_LABELS, slot.carrier)}"` +
      `,"segments":${slot.units},"totalMicros":${slot.quote.totalMicros}${tail}`
    );
  }

  done();
};

function invalid(index: number, errors: readonly FieldProblem[], tally: Tally): string {
  tally.invalid += 1;
  return `{"index":${index},"status":"invalid","errors":${JSON.stringify(errors)}}`;
}

/** A line that is not JSON arrives here as the NotJson it was replaced by; all else failed the schema. */
function describeInvalid(value: unknown): readonly FieldProblem[] {
  if (value instanceof NotJson) return [{ field: '', message: 'this line is not valid JSON; one message per line' }];
  const found = fieldProblems(messageBody.Errors(value));
  return found.length > 0 ? found : [{ field: '', message: 'must be a message object' }];
}

class NotJson {}
const NOT_JSON = new NotJson();

/** Blank lines are skipped and do not count; every other line keeps its place. */
function parseLines(text: string): unknown[] {
  const messages: unknown[] = [];
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end);
    start = end + 1;
    if (line.trim() === '') continue;
    messages.push(parseLine(line));
  }
  return messages;
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
