/**
 * `POST /v1/messages/batch`: many messages in one request, as a JSON array or as NDJSON, answered in the same form.
 *
 * Each line is taken or refused on its own: a bad line never costs a good one. At some hundred thousand messages a second
 * what the time goes on is objects that outlive a collection and text made of pieces. So a line is parsed when its turn
 * comes, what was taken is let go of, and answers are written as bytes. Work is done in slices with other requests let in
 * between; the draft and the intake's slot are not used across a slice's end or a wait for a lease.
 *
 * Keys of idempotency are looked for line by line, so that who sends none pays nothing: at the first one of a slice all that are left in
 * it are claimed in one call.
 */
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { BATCH_BODY_BYTES, BATCH_MESSAGES_MAX, BATCH_SLICE_MESSAGES } from '../../limits.ts';
import { Binding, bindingAt } from '../../router/index.ts';
import {
  AWAITS_LEASE,
  type ClaimOf,
  emptyDraft,
  fingerprintOf,
  type HeldKey,
  limitView,
  type LimitView,
  messageAnswer,
  NOT_STORED,
} from '../../messages/index.ts';
import { onceLeased } from './await-lease.ts';
import { arrayBody, type BatchBody, linesBody, NOT_JSON } from './batch-body.ts';
import { BatchKeys } from './batch-keys.ts';
import { BatchResults } from './batch-results.ts';
import type { MessageRoutes } from './messages.ts';
import { bothKept, keepAnswer } from './once.ts';
import { type FieldProblem, fieldProblems, problem, ProblemError, sendProblem } from '../../problem.ts';
import { readKey, readMessage } from './read-message.ts';
import { MessageBody } from './schemas.ts';

const messageBody = Compile(MessageBody);

/** Whose the first message of a batch is: faults of an account concern the whole. */
function accountOfFirst(body: BatchBody | undefined): string | undefined {
  const account: unknown = (body?.peek(0) as { account?: unknown } | null | undefined)?.account;
  return typeof account === 'string' ? account : undefined;
}

/** The same schema without its ban on other fields, for which the check would try a pattern on every key. */
const messageFields = Compile(Type.Object(MessageBody.properties));
const fieldNames: ReadonlySet<string> = new Set(Object.keys(MessageBody.properties));

function isMessageBody(value: unknown): value is MessageBody {
  if (!messageFields.Check(value)) return false;
  for (const name in value) if (!fieldNames.has(name)) return false;
  return true;
}

const MS_PER_SECOND = 1_000;
/** What a message without a limit of its own was refused by, as other limits name whom they are of. */
const GATEWAY = 'gateway';

export const batchRoutes: FastifyPluginCallback<MessageRoutes> = (app, routes, done) => {
  const { core, store, intake } = routes;
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
      config: { bringsMessagesOf: ({ body }) => accountOfFirst(body as BatchBody | undefined) },
      schema: {
        tags: ['messages'],
        summary: 'Send many messages: a JSON array, or one message per line as application/x-ndjson',
        description:
          'Answered in the form it came in, one result per message with its index. Results carry what a sender acts ' +
          'on, the limit that bound as for a single message; GET /v1/messages/:id has the postings. The status of a result is ' +
          'accepted, queued, rejected, invalid, undecided (not taken: its key could not be had; send again) or unknown (it could ' +
          'not be said in time whether it was kept; send again under its key). With an idempotencyKey each message is taken once; a ' +
          'repeated result says replayed.',
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
      if (request.headers['idempotency-key'] !== undefined) {
        const message = 'is of single messages; give each message of a batch a field idempotencyKey of its own';
        const wrong = { field: 'Idempotency-Key', message };
        return sendProblem(reply, problem('invalid-message', 422, 'Invalid batch', [wrong]));
      }
      const results = new BatchResults(count, isLines);
      intake.batchesUnderWay += 1;
      await decideAll(body, results).finally(() => (intake.batchesUnderWay -= 1));
      const answer = await results.take();
      if (results.retryAfterMs > 0) reply.header('retry-after', Math.ceil(results.retryAfterMs / MS_PER_SECOND));
      return reply.type(isLines ? 'application/x-ndjson' : 'application/json; charset=utf-8').send(answer);
    },
  );

  async function decideAll(body: BatchBody, results: BatchResults): Promise<void> {
    const keys = new BatchKeys(routes);
    try {
      for (let from = 0; from < body.count; from += BATCH_SLICE_MESSAGES) {
        const to = Math.min(from + BATCH_SLICE_MESSAGES, body.count);
        await decideSlice(body, from, to, results, keys);
        if (to < body.count) await otherRequests();
      }
    } catch (error) {
      await keys.release();
      throw error;
    }
  }

  async function decideSlice(
    body: BatchBody,
    from: number,
    to: number,
    results: BatchResults,
    keys: BatchKeys,
  ): Promise<void> {
    let isForeseen = false;
    let isClaimed = false;
    for (let index = from; index < to; index += 1) {
      const value = body.take(index);
      const wrong = readOne(value);
      if (wrong !== undefined) {
        results.addInvalid(wrong);
        continue;
      }
      let held: HeldKey | undefined;
      if ((value as MessageBody).idempotencyKey !== undefined) {
        if (!isClaimed) {
          endTurn(results, keys);
          await keys.claim(claimsOf(value, body, index, to));
          readOne(value);
          isClaimed = true;
        }
        held = keys.heldFor(index, results);
        if (held === undefined) continue;
      }
      const fromByte = held === undefined ? 0 : results.sizeBytes;
      if (!submitOne(true, results, held)) {
        const { draw } = intake.slot;
        if (!isForeseen) foreseeRest(body, index + 1, to);
        isForeseen = true;
        endTurn(results, keys);
        await onceLeased(routes.leases, (mayAwaitLease) => {
          readOne(value);
          draft.draw = draw;
          if (!submitOne(mayAwaitLease, results, held)) return undefined;
          endTurn(results, keys);
          return true;
        });
      }
      if (held !== undefined) keys.wrote(index, fromByte, results.sizeBytes);
    }
    endTurn(results, keys);
  }

  /** To be called before others get a turn, in the turn in which messages were submitted. */
  function endTurn(results: BatchResults, keys: BatchKeys): void {
    if (!results.isTurnEmpty) results.endTurn(bothKept(intake.kept(), keys.kept()));
  }

  /** Reads one value of the batch into the draft; what is wrong with it, if anything. */
  function readOne(value: unknown): readonly FieldProblem[] | undefined {
    if (!isMessageBody(value)) return describeInvalid(value);
    const wrong = readMessage(value, draft, routes.callbackGuard) ?? wrongKey(value.idempotencyKey);
    return wrong && [wrong];
  }

  /** Lets the limits of the rest of a slice be asked for together: one wait, where each message would else have its own. */
  function foreseeRest(body: BatchBody, from: number, to: number): void {
    for (let index = from; index < to; index += 1) {
      if (readOne(body.peek(index)) === undefined) intake.foresee(draft);
    }
  }

  /** The keys of the rest of a slice, which begins with `value` at `from`. */
  function claimsOf(value: unknown, body: BatchBody, from: number, to: number): ReadonlyMap<number, ClaimOf> {
    const claims = new Map<number, ClaimOf>();
    for (let index = from; index < to; index += 1) {
      const one = index === from ? value : body.peek(index);
      if (readOne(one) !== undefined) continue;
      const { account, idempotencyKey: key } = one as MessageBody;
      if (key !== undefined) claims.set(index, { account, key, fingerprint: fingerprintOf(draft) });
    }
    return claims;
  }

  /** Submits the message in the draft and adds its result; false, with nothing added, if it awaits a lease. */
  function submitOne(mayAwaitLease: boolean, results: BatchResults, held: HeldKey | undefined): boolean {
    const sequence = intake.submit(draft, mayAwaitLease);
    if (sequence === AWAITS_LEASE) return false;
    const { slot } = intake;
    if (sequence === NOT_STORED) {
      held?.release();
      results.addDecided(slot, undefined, gatewayLimit());
      return true;
    }
    if (held !== undefined) keepAnswer(held, slot.code, messageAnswer(core, store, sequence));
    const limit = slot.binding === Binding.None ? undefined : limitView(core, store, sequence % store.capacity);
    results.addDecided(slot, store.idOf(sequence), limit);
    return true;
  }

  /** What a message was not even taken in for. */
  function gatewayLimit(): LimitView {
    const { binding, limitUsed: used, limitCap: cap } = intake.slot;
    const { name, scope } = bindingAt(binding);
    return { name, scope, key: GATEWAY, used, cap };
  }

  done();
};

function wrongKey(key: string | undefined): FieldProblem | undefined {
  const read = key === undefined ? undefined : readKey(undefined, key);
  return read !== undefined && 'wrong' in read ? read.wrong : undefined;
}

/** All but a line that is not JSON failed the schema. */
function describeInvalid(value: unknown): readonly FieldProblem[] {
  if (value === NOT_JSON) return [{ field: '', message: 'this line is not valid JSON; one message per line' }];
  const found = fieldProblems(messageBody.Errors(value));
  return found.length > 0 ? found : [{ field: '', message: 'must be a message object' }];
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
