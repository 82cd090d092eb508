/** `/v1/rate` and `/v1/tariffs`: what a message would cost and why, the books that say so, and which of them is in force. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  carrierOf,
  CARRIERS,
  isAssigned,
  isTollFree,
  numberRefusal,
  parseNumberKey,
  parseSenderKey,
} from '../../../registry-cache/index.ts';
import {
  DIRECTIONS,
  explain,
  formatMicros,
  MESSAGES,
  plainDateMs,
  type RateTable,
  SENDERS,
} from '../../../tariffs/index.ts';
import { type Intake, priceView } from '../../messages/index.ts';
import {
  bookInForce,
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
import { type FieldProblem, type Problem, problem, sendProblem } from '../../problem.ts';
import { answers } from '../../route-answers.ts';
import type { AdminHook } from './messages.ts';
import { BookBody, Price, ProblemSchema, RateBody, TariffsQueryString } from './schemas.ts';

export interface RateRoutes {
  readonly core: Core;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly requireAdmin: AdminHook;
}

const Row = Type.Object({
  book: Type.String({ description: 'The book it stands in: the one asked, or one that it extends.' }),
  line: Type.Integer({ description: 'Where in the file of that book.' }),
  from: Type.String(),
  until: Type.Union([Type.String(), Type.Null()], { description: 'null while in force.' }),
  priceMicros: Type.Integer({ description: 'Per unit, as the row has it.' }),
  confidence: Type.String(),
  sources: Type.Array(Type.Object({ key: Type.String(), citation: Type.String() })),
  note: Type.Union([Type.String(), Type.Null()]),
});

const rateAnswer = {
  book: Type.String(),
  date: Type.String(),
  carrier: Type.String(),
  sender: Type.String(),
  message: Type.String(),
  direction: Type.String(),
  registration: Type.String({ description: 'registered, or why not' }),
  segments: Type.Integer(),
  price: Price,
  total: Type.String({ description: 'The same in dollars.' }),
  lines: Type.Array(
    Type.Object({
      payee: Type.String(),
      cause: Type.String(),
      unitMicros: Type.Integer(),
      units: Type.Integer(),
      micros: Type.Integer({ description: 'unitMicros x units' }),
      row: Row,
    }),
    { description: 'Each amount with the row of the book it comes from, free of charge or not.' },
  ),
};

/** One answer at the top, or a list of them: a union of the two would have every answer checked against both. */
const RateAnswer = Type.Object({
  ...Type.Partial(Type.Object(rateAnswer)).properties,
  quotes: Type.Optional(
    Type.Array(Type.Object(rateAnswer), {
      description: 'In place of all else when `books` or `dates` are given: by date, then by book.',
    }),
  ),
});

const BooksAnswer = Type.Object({
  inForce: Type.String(),
  books: Type.Array(
    Type.Object({
      book: Type.String(),
      title: Type.String(),
      extends: Type.Union([Type.String(), Type.Null()]),
      inForce: Type.Boolean(),
    }),
  ),
});

export const rateRoutes: FastifyPluginCallbackTypebox<RateRoutes> = (app, routes, done) => {
  const { core, intake, clock } = routes;
  const slot = new MessageSlot();

  app.post(
    '/v1/rate',
    {
      schema: {
        tags: ['tariffs'],
        summary: 'Price a message without sending it, line by line, by one book or several',
        body: RateBody,
        response: answers({ 200: RateAnswer, 422: ProblemSchema }),
      },
    },
    (request, reply) => {
      const { body } = request;
      const tables = readBooks(body);
      if ('wrong' in tables) return sendProblem(reply, unpriceable(tables.wrong));
      const dates = readDates(body);
      if ('wrong' in dates) return sendProblem(reply, unpriceable(dates.wrong));
      const asked = readMessage(body);
      if ('wrong' in asked) return sendProblem(reply, unpriceable(asked.wrong));
      const quotes = [];
      for (const atMs of dates) {
        for (const table of tables) {
          const quote = quoteOf(table, asked, atMs);
          if ('wrong' in quote) return sendProblem(reply, quote.wrong);
          quotes.push(quote);
        }
      }
      return reply.send(body.books === undefined && body.dates === undefined ? quotes[0] : { quotes });
    },
  );

  app.get(
    '/v1/tariffs',
    {
      schema: {
        tags: ['tariffs'],
        summary: 'The tariff books, and of one, if not said the one in force, the dated rows with sources and grades',
        querystring: TariffsQueryString,
      },
    },
    (request, reply) => {
      const { carrier, book: name } = request.query;
      const table = name === undefined ? bookInForce(core) : bookNamed(name);
      if (table === undefined) return sendProblem(reply, noSuchBook(notLoaded('book', name)));
      const book = table.asWritten;
      if (carrier !== undefined && !book.carriers.has(carrier)) {
        const message = `is not in the book; it has ${[...book.carriers.keys()].toSorted().join(', ')}`;
        return sendProblem(reply, problem('no-such-carrier', 422, 'No such carrier', [{ field: 'carrier', message }]));
      }
      return reply.send({
        ...describeBooks(),
        book: book.book,
        title: book.title,
        extends: book.extends,
        timeZone: book.timeZone,
        date: isoDate(intake.pricedAtMs()),
        unit: 'micro-dollars per segment (sms) or message (mms)',
        carriers: Object.fromEntries(book.carriers),
        sources: Object.fromEntries(book.sources),
        rates: book.rates.filter((row) => carrier === undefined || row.carrier === carrier),
        aggregatorPrices: book.aggregatorPrices,
        dcaMargins: book.dcaMargins,
        fees: book.fees,
      });
    },
  );

  app.put(
    '/v1/tariffs',
    {
      ...(routes.requireAdmin && { onRequest: routes.requireAdmin }),
      schema: {
        tags: ['tariffs'],
        summary: 'Put another of the tariff books in force, from the next message on',
        body: BookBody,
        response: answers({ 200: BooksAnswer, 422: ProblemSchema }),
      },
    },
    (request, reply) => {
      const { book } = request.body;
      const table = bookNamed(book);
      if (table === undefined) return sendProblem(reply, noSuchBook(notLoaded('book', book)));
      core.book = core.books.indexOf(table);
      request.log.info({ book }, 'tariff book switched');
      return reply.send(describeBooks());
    },
  );

  function bookNamed(name: string): RateTable | undefined {
    return core.books.find((table) => table.book === name);
  }

  function notLoaded(field: string, name: string | undefined): FieldProblem {
    return { field, message: `"${name}" is not loaded; there are ${core.books.map(({ book }) => book).join(', ')}` };
  }

  function describeBooks(): Type.Static<typeof BooksAnswer> {
    const inForce = bookInForce(core);
    return {
      inForce: inForce.book,
      books: core.books.map((table) => ({
        book: table.book,
        title: table.asWritten.title,
        extends: table.asWritten.extends,
        inForce: table === inForce,
      })),
    };
  }

  function readBooks({ book, books }: RateBody): readonly RateTable[] | Wrong {
    if (book !== undefined && books !== undefined) return wrong('book', 'is also in `books`; leave one of them out');
    const names = book === undefined ? books : [book];
    if (names === undefined) return [bookInForce(core)];
    const tables: RateTable[] = [];
    for (const [at, name] of names.entries()) {
      const table = bookNamed(name);
      const field = book === undefined ? `books.${at}` : 'book';
      if (table === undefined) return { wrong: notLoaded(field, name) };
      tables.push(table);
    }
    return tables;
  }

  function readDates({ date, dates }: RateBody): readonly number[] | Wrong {
    if (date !== undefined && dates !== undefined) return wrong('date', 'is also in `dates`; leave one of them out');
    const days = date === undefined ? dates : [date];
    if (days === undefined) return [intake.pricedAtMs()];
    const moments = days.map((day) => plainDateMs(day));
    const bad = moments.findIndex((atMs) => Number.isNaN(atMs));
    if (bad < 0) return moments;
    return wrong(date === undefined ? `dates.${bad}` : 'date', 'is not a date; write a real day as YYYY-MM-DD');
  }

  /** Turns words into the indexes the rating takes, or names the field that cannot be. */
  function readMessage(body: RateBody): AskedMessage | Wrong {
    let { carrier } = body;
    let place = CARRIERS.findIndex(({ id }) => id === carrier);
    if (body.to !== undefined) {
      if (carrier !== undefined) return wrong('carrier', 'is already given by `to`; leave one of them out');
      const key = parseNumberKey(body.to);
      if (key < 0) return wrong('to', numberRefusal(key).message);
      const line = core.carrierMap.lookup(key);
      place = carrierOf(line);
      carrier = CARRIERS[place]?.id;
      if (!isAssigned(line) || carrier === undefined) return wrong('to', 'is a landline or assigned to nobody');
    }
    if (carrier === undefined) return wrong('to', 'is missing; give a destination, or a carrier');

    let sender = body.sender ?? '10dlc';
    let registration: number = body.registered === false ? Registration.NotInRegistry : Registration.Registered;
    if (body.from !== undefined) {
      if (body.registered !== undefined)
        return wrong('registered', 'is already given by `from`; leave one of them out');
      const key = parseSenderKey(body.from);
      if (key < 0) return wrong('from', numberRefusal(key).message);
      sender = isTollFree(key) ? 'toll-free' : '10dlc';
      if (body.sender !== undefined && body.sender !== sender)
        return wrong('sender', `is ${sender} by \`from\`; leave one of them out`);
      // The registry takes all small carriers together.
      slot.senderKey = key;
      slot.atMs = clock.nowMs();
      classifySender(core, slot, place < 0 ? OTHER_CARRIERS : place);
      registration = slot.registration;
    }

    const message = body.message ?? 'sms';
    let units = body.segments ?? 1;
    if (message === 'mms' && units > 1) return wrong('segments', 'are of an SMS; an MMS is priced as one');
    if (body.text !== undefined) {
      if (body.segments !== undefined) return wrong('segments', 'are already given by `text`; leave one of them out');
      if (body.text === '') return wrong('text', 'is empty; write something, or leave it out');
      const counted = countSegments(body.text);
      if (counted === INVALID_TEXT) return wrong('text', 'holds half a surrogate pair; send whole characters');
      units = segmentsOf(counted);
    }
    return {
      carrier,
      sender,
      message,
      direction: body.direction ?? 'out',
      units: message === 'mms' ? 1 : units,
      route: body.route ?? 'a2p',
      registration,
    };
  }

  function quoteOf(table: RateTable, asked: AskedMessage, atMs: number) {
    const { carrier, sender, message, direction, units, route, registration } = asked;
    const index = table.carriers.indexOf(carrier);
    if (index < 0) {
      const known = table.carriers.toSorted().join(', ');
      return { wrong: unpriceable({ field: 'carrier', message: `is not in the book ${table.book}; it has ${known}` }) };
    }
    const explained = explain(table, {
      carrier: index,
      sender: SENDERS.indexOf(sender),
      message: MESSAGES.findIndex((one) => one === message),
      direction: DIRECTIONS.indexOf(direction),
      registered: registration === Registration.Registered ? 1 : 0,
      units,
      route: ROUTES.indexOf(route),
      atMs,
    });
    if (typeof explained === 'number') {
      const message = `the book ${table.book} has no price for this carrier, sender and message at ${isoDate(atMs)}`;
      return { wrong: problem('no-tariff', 422, 'No tariff', [{ field: 'date', message }]) };
    }
    return {
      book: table.book,
      date: isoDate(atMs),
      carrier,
      sender,
      message,
      direction,
      registration: nameAt(REGISTRATION_REASONS, registration),
      segments: units,
      price: priceView(carrier, explained.quote),
      total: formatMicros(explained.quote.totalMicros),
      lines: explained.lines,
    };
  }

  done();
};

const OTHER_CARRIERS = CARRIERS.findIndex(({ id }) => id === 'other');

interface Wrong {
  readonly wrong: FieldProblem;
}

interface AskedMessage {
  readonly carrier: string;
  readonly sender: (typeof SENDERS)[number];
  /** One of `MESSAGES`. */
  readonly message: string;
  readonly direction: (typeof DIRECTIONS)[number];
  readonly units: number;
  readonly route: (typeof ROUTES)[number];
  /** `Registration`. */
  readonly registration: number;
}

function wrong(field: string, message: string): Wrong {
  return { wrong: { field, message } };
}

function noSuchBook(one: FieldProblem): Problem {
  return problem('no-such-book', 422, 'No such book', [one]);
}

function unpriceable(one: FieldProblem): Problem {
  return problem('invalid-rate', 422, 'Cannot be priced', [one]);
}

function isoDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
