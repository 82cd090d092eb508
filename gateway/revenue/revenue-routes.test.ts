import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProblemBody } from '../gateway-under-test.ts';
import { handleError } from '../problem.ts';
import { AccountTable, Counters } from '../router/index.ts';
import { revenueRoutes } from './revenue-routes.ts';
import { HOUR_MS, Revenue } from './revenue.ts';

// Periods that can be asked for, and those that cannot, 40 days after the start.

const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2024, 2, 1, 18, 17, 23);
const app = Fastify();
let nowMs = START_MS;

beforeAll(async () => {
  const revenue = new Revenue({ counters: new Counters(), accounts: new AccountTable() }, START_MS);
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler(handleError);
  const clock = { nowMs: () => nowMs, monotonicNs: () => 0 };
  await app.register(revenueRoutes, { revenue, clock, requireAdmin: undefined });
  // One dollar in the hour of the start, and one in every hour from then on.
  for (; nowMs < START_MS + 40 * DAY_MS; nowMs += HOUR_MS) {
    revenue.postFee({ payer: 'acme', payee: 'tcr', cause: 'hourly', micros: 1_000_000 }, nowMs);
  }
});
afterAll(() => app.close());

async function ask<Body>(query: string): Promise<{ status: number; body: Body }> {
  const { statusCode, body } = await app.inject({ method: 'GET', url: `/v1/revenue?${query}` });
  return { status: statusCode, body: JSON.parse(body) as Body };
}

test.each([
  ['', 960],
  ['from=2024-03-10T18:00Z', 31 * 24],
  ['from=2024-03-11', 30 * 24 + 18],
  ['from=2024-03-11&to=2024-03-12', 24],
  ['from=2024-04-08T10:00Z&to=2024-04-09T18:17Z', 32],
  ['from=2024-04-08T10:00Z&to=2024-04-09T18:18Z', 33],
  ['from=2024-04-09T18:18Z', 23],
  ['from=2024-04-10T18:17Z', 0],
  ['from=2024-04-09T18:17-01:00', 23],
  ['from=2024-04-09T20:18+02:00', 23],
  ['from=2024-04-09T20:18%2B02:00', 23],
  ['from=2024-04-10&to=2025-01-01', 18],
])('%s: %i dollars', async (query, dollars) => {
  const { status, body } = await ask<{ totalMicros: number; total: string }>(query);
  expect([status, body.totalMicros, body.total]).toEqual([200, dollars * 1_000_000, `$${dollars}.000000`]);
});

describe('what cannot be answered is refused, and what can is told', () => {
  test.each([
    ['by=payer', 'by: "payer" is none of payee, cause, carrier, registration, truth; put commas between them'],
    ['by=', 'by: "" is none of payee, cause, carrier, registration, truth; put commas between them'],
    ['by=payee, cause', 'by: " cause" is none of payee, cause, carrier, registration, truth; put commas between them'],
    ['by=payee,payee', 'by: has payee twice; name it once'],
    ['to=2024-03-11T10:30:30Z', 'to: lies within a minute; give a whole one, with seconds 00'],
    ['from=2024-04-08&to=2024-04-08', 'to: is not after `from`'],
    ['from=2024-03-05', 'from: lies before 2024-03-10T18:00:00.000Z, the oldest hour that is kept'],
    ['from=2020-01-01', 'from: lies before 2024-03-10T18:00:00.000Z, the oldest hour that is kept'],
    [
      'to=2024-04-08',
      'from: is missing, and the start is no longer kept; the oldest hour that is, is 2024-03-10T18:00:00.000Z',
    ],
    [
      'from=2024-04-08T10:30Z',
      'from: is no whole hour; minutes are kept from 2024-04-09T18:00:00.000Z on, before that hours',
    ],
    [
      'from=2024-04-08T10:00Z&to=2024-04-08T10:30Z',
      'to: is no whole hour; minutes are kept from 2024-04-09T18:00:00.000Z on, before that hours',
    ],
  ])('%s', async (query, told) => {
    const { status, body } = await ask<ProblemBody>(query);
    expect([status, body.detail]).toEqual([422, told]);
    expect(body.errors).toHaveLength(1);
  });

  test.each([
    'yesterday',
    '2024-03-11T10:30',
    '2024-02-30',
    '1709317800',
    '2024-03-11T25:00Z',
    '2024-03-11T10:30+0200',
  ])('from=%s is no instant', async (from) => {
    const { status, body } = await ask<ProblemBody>(`from=${from}`);
    expect([status, body.detail]).toEqual([
      422,
      'from: is not a date (midnight UTC) or an instant with its zone, such as 2024-03-01T10:30Z',
    ]);
  });

  test('every field that is wrong is named', async () => {
    const { body } = await ask<ProblemBody>('by=x&from=y');
    expect(body.errors?.map(({ field }) => field)).toEqual(['by', 'from']);
    const unknown = await ask<ProblemBody>('since=2024-03-01');
    expect([unknown.status, unknown.body.errors?.[0]?.field]).toEqual([400, 'since']);
  });
});
