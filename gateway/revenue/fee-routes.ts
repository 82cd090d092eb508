/**
 * `/v1/fees`: the fees and fines of the tariff book at the tariff date, and posting one that fell due.
 *
 * Amount and payee are the book's. A fee is billed apart: it is not taken from the balance of a prepaid account.
 */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { type Fee, formatMicros } from '../../tariffs/index.ts';
import { ACCOUNT_LENGTH_MAX, FEE_COUNT_MAX, FEE_REFERENCES_MAX, REFERENCE_LENGTH_MAX } from '../limits.ts';
import { type Problem, problem, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import type { Clock } from '../router/index.ts';
import type { Revenue } from './revenue.ts';

export interface FeeRoutes {
  readonly revenue: Revenue;
  readonly references: FeeReferences;
  /** Fees of the tariff book in force, of all dates. */
  readonly fees: () => readonly Fee[];
  readonly tariffDateMs: () => number;
  readonly clock: Clock;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const FeeBody = Type.Object(
  {
    fee: Type.String({ description: 'Id of a fee of the book, such as sev0-tier1.' }),
    account: Type.String({ pattern: `^[\\x21-\\x7e]{1,${ACCOUNT_LENGTH_MAX}}$`, description: 'Who pays it.' }),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: FEE_COUNT_MAX,
        description: 'How many times it falls due; 1 when left out.',
      }),
    ),
    subject: Type.Optional(
      Type.String({
        pattern: `^[\\x20-\\x7e]{1,${REFERENCE_LENGTH_MAX}}$`,
        description: 'What it is for, as a campaign.',
      }),
    ),
    reference: Type.Optional(
      Type.String({
        pattern: `^[\\x20-\\x7e]{1,${REFERENCE_LENGTH_MAX}}$`,
        description: 'Yours. The same posting with the same reference is posted once, however often it is sent.',
      }),
    ),
  },
  { additionalProperties: false },
);
type FeeBody = Type.Static<typeof FeeBody>;

const FeeAnswer = Type.Object({
  fee: Type.String(),
  subject: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String()),
  count: Type.Integer(),
  at: Type.String({ description: 'When it was posted.' }),
  date: Type.String({ description: 'The tariff date, whose amount was posted.' }),
  posting: Type.Object({
    payer: Type.String(),
    payee: Type.String(),
    cause: Type.String(),
    micros: Type.Integer({ description: 'Micro-dollars.' }),
  }),
  dollars: Type.String(),
});
type FeeAnswer = Type.Static<typeof FeeAnswer>;

const FeesAnswer = Type.Object({
  date: Type.String({ description: 'The tariff date.' }),
  fees: Type.Array(
    Type.Object({
      fee: Type.String(),
      title: Type.String(),
      kind: Type.String(),
      per: Type.String({ description: 'What is counted.' }),
      payee: Type.String(),
      micros: Type.Integer(),
      dollars: Type.String(),
      waived: Type.Boolean({ description: 'Announced and not collected: it cannot be posted.' }),
      from: Type.Union([Type.String(), Type.Null()]),
      until: Type.Union([Type.String(), Type.Null()]),
      confidence: Type.String(),
      sources: Type.Array(Type.String()),
      note: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

/** What was posted under a reference: the body, to tell a repetition from another posting, and its answer. */
interface Remembered {
  readonly body: string;
  readonly answer: FeeAnswer;
}

/** Postings by reference, so that none is posted twice. */
export class FeeReferences {
  readonly posted = new Map<string, Remembered>();

  capture(): ReadonlyMap<string, Remembered> {
    return this.posted;
  }

  restore(posted: ReadonlyMap<string, Remembered>): void {
    this.posted.clear();
    for (const [reference, one] of posted) this.posted.set(reference, one);
  }
}

export const feeRoutes: FastifyPluginCallbackTypebox<FeeRoutes> = (app, routes, done) => {
  const { revenue, clock, requireAdmin } = routes;
  const { posted } = routes.references;

  app.get(
    '/v1/fees',
    {
      schema: {
        tags: ['revenue'],
        summary: 'Fees and fines in force at the tariff date, with grades and sources',
        response: answers({ 200: FeesAnswer }),
      },
    },
    (_request, reply) =>
      reply.send({
        date: isoDate(routes.tariffDateMs()),
        fees: inForce().map((fee) => ({
          fee: fee.id,
          title: fee.title,
          kind: fee.kind,
          per: fee.per,
          payee: fee.payee,
          micros: fee.amountMicros,
          dollars: formatMicros(fee.amountMicros),
          waived: fee.waived,
          from: fee.from,
          until: fee.until,
          confidence: fee.confidence,
          sources: [...fee.sources],
          note: fee.note,
        })),
      }),
  );

  app.post(
    '/v1/fees',
    {
      ...(requireAdmin && { onRequest: requireAdmin }),
      schema: {
        tags: ['revenue'],
        summary: 'Post a fee or a fine that fell due',
        body: FeeBody,
        response: answers({ 200: FeeAnswer, 201: FeeAnswer }),
      },
    },
    (request, reply) => {
      const { reference } = request.body;
      const remembered = reference === undefined ? undefined : posted.get(reference);
      if (remembered !== undefined) {
        if (remembered.body === bodyKey(request.body)) return reply.code(200).send(remembered.answer);
        const message = 'stands for another posting; take a new one, or send the same body as before';
        return sendProblem(reply, feeProblem('reference-taken', 409, 'Reference taken', 'reference', message));
      }
      if (reference !== undefined && posted.size >= FEE_REFERENCES_MAX) {
        const message = `cannot be remembered, as ${FEE_REFERENCES_MAX} are; leave it out, or start the gateway anew`;
        return sendProblem(reply, feeProblem('references-full', 429, 'Too many references', 'reference', message));
      }
      const made = post(request.body);
      if ('problem' in made) return sendProblem(reply, made.problem);
      if (reference !== undefined) posted.set(reference, { body: bodyKey(request.body), answer: made.answer });
      return reply.code(201).send(made.answer);
    },
  );

  function inForce(): Fee[] {
    const atMs = routes.tariffDateMs();
    return routes.fees().filter(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
  }

  function post(body: FeeBody): { answer: FeeAnswer } | { problem: Problem } {
    const { account, count = 1, subject, reference } = body;
    const known = inForce();
    const fee = known.find(({ id }) => id === body.fee);
    const refused = (field: string, message: string): { problem: Problem } => ({
      problem: feeProblem('invalid-fee', 422, 'Fee cannot be posted', field, message),
    });
    if (fee === undefined) {
      const ids = known.map(({ id }) => id).join(', ');
      return refused('fee', `is not in the book at ${isoDate(routes.tariffDateMs())}; there are ${ids}`);
    }
    if (fee.waived) return refused('fee', `is waived: ${fee.id} was announced and is not collected`);
    if (fee.amountMicros === 0) return refused('fee', `is free: ${fee.id} costs nothing`);
    const nowMs = clock.nowMs();
    const posting = { payer: account, payee: fee.payee, cause: fee.id, micros: fee.amountMicros * count };
    try {
      revenue.postFee(posting, nowMs);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return refused('count', 'brings the sum of all fees beyond what can be held exactly; give a smaller one');
    }
    return {
      answer: {
        fee: fee.id,
        ...(subject !== undefined && { subject }),
        ...(reference !== undefined && { reference }),
        count,
        at: new Date(nowMs).toISOString(),
        date: isoDate(routes.tariffDateMs()),
        posting,
        dollars: formatMicros(posting.micros),
      },
    };
  }

  done();
};

function bodyKey({ fee, account, count = 1, subject = '' }: FeeBody): string {
  return JSON.stringify([fee, account, count, subject]);
}

function feeProblem(kind: string, status: number, title: string, field: string, message: string): Problem {
  return problem(kind, status, title, [{ field, message }]);
}

function isoDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
