/** `/v1/rate` and `/v1/tariffs`: what a message would cost, and the book that says so. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { carrierOf, CARRIERS, isAssigned, numberRefusal, parseNumberKey } from '../../../registry-cache/index.ts';
import {
  describeRow,
  DIRECTIONS,
  formatMicros,
  MESSAGES,
  plainDateMs,
  type Quote,
  rate,
  RateCode,
  SENDERS,
  type TariffBook,
} from '../../../tariffs/index.ts';
import { type Intake, priceView } from '../../messages/index.ts';
import {
  CARRIER_LABELS,
  classifySender,
  type Clock,
  type Core,
  countSegments,
  INVALID_TEXT,
  MessageSlot,
  nameAt,
  Registration,
  REGISTRATION_REASONS,
  ROUTES,
  segmentsOf,
} from '../../router/index.ts';
import { type FieldProblem, problem, sendProblem } from '../../problem.ts';
import { answers } from '../../route-answers.ts';
import { Price, ProblemSchema, RateBody } from './schemas.ts';

export interface RateRoutes {
  readonly core: Core;
  readonly book: TariffBook;
  readonly intake: Intake;
  readonly clock: Clock;
}

const Row = Type.Object({
  carrier: Type.String(),
  sender: Type.String(),
  message: Type.String(),
  from: Type.String(),
  confidence: Type.String(),
  sources: Type.Array(Type.String()),
  note: Type.Union([Type.String(), Type.Null()]),
});

const RateAnswer = Type.Object({
  book: Type.String(),
  date: Type.String(),
  carrier: Type.String(),
  registration: Type.String({ description: 'registered, or why not' }),
  segments: Type.Integer(),
  price: Price,
  total: Type.String({ description: 'The same in dollars.' }),
  lines: Type.Array(
    Type.Object({ cause: Type.String(), micros: Type.Integer(), row: Type.Union([Row, Type.Null()]) }),
    { description: "Each posting with the row of the book it comes from; null for the parties' own prices." },
  ),
});

const P2P = ROUTES.indexOf('p2p');
const REGISTERED = 1;
const UNREGISTERED = 0;

export const rateRoutes: FastifyPluginCallbackTypebox<RateRoutes> = (app, routes, done) => {
  const { core, book, intake, clock } = routes;
  const slot = new MessageSlot();

  app.post(
    '/v1/rate',
    {
      schema: {
        tags: ['tariffs'],
        summary: 'Price a message without sending it',
        body: RateBody,
        response: answers({ 200: RateAnswer, 422: ProblemSchema }),
      },
    },
    (request, reply) => {
      const asked = readRateRequest(request.body);
      if ('wrong' in asked) return sendProblem(reply, problem('invalid-rate', 422, 'Cannot be priced', [asked.wrong]));
      const { registered, ...what } = asked;
      const quote = emptyQuote();
      if (rate(core.books[core.book]!, { ...what, registered }, quote) !== RateCode.Ok) {
        const message = `the book ${book.book} has no price for this carrier, sender and message at ${isoDate(what.atMs)}`;
        return sendProblem(reply, problem('no-tariff', 422, 'No tariff', [{ field: 'date', message }]));
      }
      const base = emptyQuote();
      if (registered === UNREGISTERED) rate(core.books[core.book]!, { ...what, registered: REGISTERED }, base);
      const carrier = nameAt(CARRIER_LABELS, what.carrier);
      const price = priceView(carrier, quote);
      return reply.send({
        book: book.book,
        date: isoDate(what.atMs),
        carrier,
        registration: nameAt(REGISTRATION_REASONS, asked.registration),
        segments: what.units,
        price,
        total: formatMicros(quote.totalMicros),
        lines: price.postings.map(({ cause, micros }) => ({ cause, micros, row: rowBehind(cause, quote, base) })),
      });
    },
  );

  app.get(
    '/v1/tariffs',
    {
      schema: {
        tags: ['tariffs'],
        summary: 'The tariff book in force: dated rows with sources and grades',
        querystring: Type.Object({ carrier: Type.Optional(Type.String()) }, { additionalProperties: false }),
      },
    },
    (request, reply) => {
      const { carrier } = request.query;
      const known = new Set(book.rates.map((row) => row.carrier));
      if (carrier !== undefined && !known.has(carrier)) {
        const message = `is not in the book; it has ${[...known].sort().join(', ')}`;
        return sendProblem(reply, problem('no-such-carrier', 422, 'No such carrier', [{ field: 'carrier', message }]));
      }
      return reply.send({
        book: book.book,
        title: book.title,
        timeZone: book.timeZone,
        date: isoDate(intake.pricedAtMs()),
        unit: 'micro-dollars per segment (sms) or message (mms)',
        sources: Object.fromEntries(book.sources),
        rates: book.rates.filter((row) => carrier === undefined || row.carrier === carrier),
        aggregatorPrices: book.aggregatorPrices,
        dcaMargins: book.dcaMargins,
        fees: book.fees,
      });
    },
  );

  /** Turns words into the indexes the rating takes, or names the field that cannot be. */
  function readRateRequest(body: Type.Static<typeof RateBody>): AskedRate | { wrong: FieldProblem } {
    const nowMs = clock.nowMs();
    const atMs = body.date === undefined ? intake.pricedAtMs() : plainDateMs(body.date);
    if (Number.isNaN(atMs)) return wrong('date', 'is not a date; write a real day as YYYY-MM-DD');

    let carrier = body.carrier === undefined ? -1 : CARRIERS.findIndex((one) => one.id === body.carrier);
    if (body.to !== undefined) {
      if (carrier >= 0) return wrong('carrier', 'is already given by `to`; leave one of them out');
      const key = parseNumberKey(body.to);
      if (key < 0) return wrong('to', numberRefusal(key).message);
      const line = core.carrierMap.lookup(key);
      carrier = carrierOf(line);
      if (!isAssigned(line) || CARRIERS[carrier] === undefined)
        return wrong('to', 'is a landline or assigned to nobody');
    }
    if (carrier < 0) return wrong('to', 'is missing; give a destination, or a carrier');

    let registration: number = body.registered === false ? Registration.NotInRegistry : Registration.Registered;
    if (body.from !== undefined) {
      if (body.registered !== undefined)
        return wrong('registered', 'is already given by `from`; leave one of them out');
      const key = parseNumberKey(body.from);
      if (key < 0) return wrong('from', numberRefusal(key).message);
      slot.senderKey = key;
      slot.atMs = nowMs;
      classifySender(core, slot, carrier);
      registration = slot.registration;
    }

    const message = MESSAGES.findIndex((one) => one === (body.message ?? 'sms'));
    let units = body.segments ?? 1;
    if (body.text !== undefined) {
      if (body.segments !== undefined) return wrong('segments', 'are already given by `text`; leave one of them out');
      const counted = countSegments(body.text);
      if (counted === INVALID_TEXT) return wrong('text', 'holds half a surrogate pair; send whole characters');
      units = segmentsOf(counted);
    }
    return {
      carrier,
      sender: SENDERS.findIndex((one) => one === (body.sender ?? '10dlc')),
      direction: DIRECTIONS.findIndex((one) => one === (body.direction ?? 'out')),
      message,
      units: MESSAGES[message] === 'mms' ? 1 : units,
      route: body.route === 'p2p' ? P2P : 0,
      atMs,
      registration,
      registered: registration === Registration.Registered ? REGISTERED : UNREGISTERED,
    };
  }

  /** The row behind a posting: the fee is the registered price, the surcharge what the unregistered row adds to it. */
  function rowBehind(cause: string, quote: Quote, base: Quote): Type.Static<typeof Row> | null {
    const row = cause === 'carrier_fee' && base.row >= 0 ? base.row : quote.row;
    const found = cause === 'carrier_fee' || cause === 'unregistered_surcharge' ? describeRow(core.books[core.book]!, row) : null;
    return found === null ? null : { ...found, sources: [...found.sources] };
  }

  done();
};

interface AskedRate {
  readonly carrier: number;
  readonly sender: number;
  readonly direction: number;
  readonly message: number;
  readonly units: number;
  readonly route: number;
  readonly atMs: number;
  readonly registration: number;
  readonly registered: number;
}

function wrong(field: string, message: string): { wrong: FieldProblem } {
  return { wrong: { field, message } };
}

function emptyQuote(): Quote {
  return { row: -1, carrierFeeMicros: 0, surchargeMicros: 0, dcaMicros: 0, aggregatorMicros: 0, totalMicros: 0 };
}

function isoDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
