/** `/v1/revenue`: who earned how much, by whatever one wants to look at it by; `/v1/ledger`: what each party paid and received. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { formatMicros, instantMs, plainDateMs } from '../../tariffs/index.ts';
import { type FieldProblem, problem, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import { type Clock, MINUTE_MS, type RevenueAxis } from '../router/index.ts';
import { type Earned, HOUR_MS, type Revenue, revenueBy, totalOf } from './revenue.ts';

export interface RevenueRoutes {
  readonly revenue: Revenue;
  readonly clock: Clock;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

const AXES: readonly RevenueAxis[] = ['payee', 'cause', 'carrier', 'registration', 'truth'];
const BY_DEFAULT = 'payee,cause';
const INSTANT = 'a date (midnight UTC) or an instant with its zone, such as 2024-03-01T10:30Z';

const RevenueQuery = Type.Object(
  {
    by: Type.Optional(
      Type.String({ description: `Any of ${AXES.join(', ')}, with commas between; ${BY_DEFAULT} when left out.` }),
    ),
    from: Type.Optional(Type.String({ description: `${INSTANT}; the start of the gateway when left out.` })),
    to: Type.Optional(Type.String({ description: `The first instant that no longer counts, as \`from\`.` })),
  },
  { additionalProperties: false },
);

const RevenueAnswer = Type.Object({
  startedAt: Type.String({ description: 'What this gateway earned before is not known to it.' }),
  from: Type.String(),
  to: Type.String(),
  by: Type.Array(Type.String()),
  totalMicros: Type.Integer({ description: 'Micro-dollars; always the sum of the rows.' }),
  total: Type.String({ description: 'The same in dollars.' }),
  rows: Type.Array(
    Type.Object({
      ...Object.fromEntries(AXES.map((axis) => [axis, Type.Optional(Type.String())])),
      micros: Type.Integer(),
      dollars: Type.String(),
    }),
    { description: 'The largest first. A fee is of no message: `not_classed`, `unlabelled`.' },
  ),
});

const LedgerAnswer = Type.Object({
  paidMicros: Type.Integer(),
  receivedMicros: Type.Integer({ description: 'Always the same as what was paid.' }),
  parties: Type.Array(
    Type.Object({
      party: Type.String({ description: '`sender` stands for all whose account nobody declared.' }),
      paidMicros: Type.Integer(),
      receivedMicros: Type.Integer(),
      balanceMicros: Type.Integer({ description: 'Received less paid.' }),
    }),
  ),
});

export const revenueRoutes: FastifyPluginCallbackTypebox<RevenueRoutes> = (app, routes, done) => {
  const { revenue, clock, requireAdmin } = routes;

  app.get(
    '/v1/revenue',
    {
      schema: {
        tags: ['revenue'],
        summary: 'What carriers, aggregators and registries earned, from messages and from fees',
        querystring: RevenueQuery,
        response: answers({ 200: RevenueAnswer }),
      },
    },
    (request, reply) => {
      const nowMs = clock.nowMs();
      const by = readAxes(request.query.by ?? BY_DEFAULT);
      const period = readPeriod(request.query, revenue, nowMs);
      const wrong = [by, period].flatMap((read) => ('wrong' in read ? [read.wrong] : []));
      if ('wrong' in by || 'wrong' in period) {
        return sendProblem(reply, problem('invalid-revenue-query', 422, 'Invalid query', wrong));
      }
      const earned: Earned[] =
        period.fromMs === undefined && period.toMs === undefined
          ? revenue.sinceStart()
          : revenue.between(period.fromMs ?? -Infinity, period.toMs ?? Infinity, nowMs);
      const rows = revenueBy(by.axes, earned);
      const totalMicros = totalOf(earned);
      if (totalOf(rows) !== totalMicros) throw new Error(`rows do not sum to ${totalMicros} micro-dollars`);
      return reply.send({
        startedAt: isoTime(revenue.startMs),
        from: isoTime(period.fromMs ?? revenue.startMs),
        to: isoTime(period.toMs ?? nowMs),
        by: by.axes,
        totalMicros,
        total: formatMicros(totalMicros),
        rows: rows.map(({ labels, micros }) => ({ ...labels, micros, dollars: formatMicros(micros) })),
      });
    },
  );

  app.get(
    '/v1/ledger',
    {
      ...(requireAdmin && { onRequest: requireAdmin }),
      schema: {
        tags: ['revenue'],
        summary: 'What every party paid and received since the start',
        querystring: Type.Object({}, { additionalProperties: false }),
        response: answers({ 200: LedgerAnswer }),
      },
    },
    (_request, reply) => {
      const balances = revenue.balances();
      return reply.send({
        paidMicros: balances.reduce((sum, { paidMicros }) => sum + paidMicros, 0),
        receivedMicros: balances.reduce((sum, { receivedMicros }) => sum + receivedMicros, 0),
        parties: balances.map((one) => ({ ...one, balanceMicros: one.receivedMicros - one.paidMicros })),
      });
    },
  );

  done();
};

function readAxes(text: string): { axes: RevenueAxis[] } | { wrong: FieldProblem } {
  const axes: RevenueAxis[] = [];
  for (const name of text.split(',')) {
    const axis = AXES.find((one) => one === name);
    if (axis === undefined) return wrong('by', `"${name}" is none of ${AXES.join(', ')}; put commas between them`);
    if (axes.includes(axis)) return wrong('by', `has ${axis} twice; name it once`);
    axes.push(axis);
  }
  return { axes };
}

/** Undefined where the caller set no end. */
interface AskedPeriod {
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

function readPeriod(
  asked: { readonly from?: string; readonly to?: string },
  revenue: Revenue,
  nowMs: number,
): AskedPeriod | { wrong: FieldProblem } {
  const kept = revenue.keptSince(nowMs);
  const times = { from: Number.NaN, to: Number.NaN };
  for (const field of ['from', 'to'] as const) {
    const text = asked[field];
    if (text === undefined) continue;
    const atMs = readInstant(text);
    if (Number.isNaN(atMs)) return wrong(field, `is not ${INSTANT}`);
    if (atMs % MINUTE_MS !== 0) return wrong(field, 'lies within a minute; give a whole one, with seconds 00');
    times[field] = atMs;
  }
  if (times.from >= times.to) return wrong('to', 'is not after `from`');
  // Before the start nothing was earned, so nothing of it can be lost.
  if (Math.max(times.from, kept.firstMs) < kept.hoursMs) {
    return wrong('from', `lies before ${isoTime(kept.hoursMs)}, the oldest hour that is kept`);
  }
  for (const field of ['from', 'to'] as const) {
    const atMs = Math.max(times[field], kept.firstMs);
    if (atMs < kept.minutesMs && atMs % HOUR_MS !== 0) {
      return wrong(field, `is no whole hour; minutes are kept from ${isoTime(kept.minutesMs)} on, before that hours`);
    }
  }
  const fromMs = asked.from === undefined ? undefined : times.from;
  const toMs = asked.to === undefined ? undefined : times.to;
  if (fromMs === undefined && toMs !== undefined && kept.firstMs < kept.hoursMs) {
    return wrong(
      'from',
      `is missing, and the start is no longer kept; the oldest hour that is, is ${isoTime(kept.hoursMs)}`,
    );
  }
  return { fromMs, toMs };
}

/** In a query string an unescaped plus means a space; nobody who writes `+02:00` means one. */
function readInstant(text: string): number {
  const written = text.replace(' ', '+');
  const dayMs = plainDateMs(written);
  return Number.isNaN(dayMs) ? instantMs(written) : dayMs;
}

function wrong(field: string, message: string): { wrong: FieldProblem } {
  return { wrong: { field, message } };
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
