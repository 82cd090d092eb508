import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import Fastify, { type FastifyInstance } from 'fastify';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import { handleError } from '../problem.ts';
import { blockRoutes } from './block-routes.ts';
import { NumberBlocks } from './number-blocks.ts';

const START_MS = Date.UTC(2024, 2, 1);
const NUMBER = 2_125_550_123;
const TOLL_FREE = 8_005_550_100;

let app: FastifyInstance;
let blocks: NumberBlocks;
beforeEach(async () => {
  blocks = new NumberBlocks();
  app = Fastify();
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler(handleError);
  await app.register(blockRoutes, { blocks, requireAdmin: undefined });
  blocks.add({ carrier: 0, number: NUMBER, sinceMs: START_MS, complaints: 10 });
  blocks.add({ carrier: 2, number: NUMBER, sinceMs: START_MS + 1_000, complaints: 10 });
  blocks.add({ carrier: 2, number: TOLL_FREE, sinceMs: START_MS + 2_000, complaints: 12 });
});
afterEach(() => app.close());

const ask = async (method: 'GET' | 'DELETE', path = '') => {
  const answer = await app.inject({ method, url: `/v1/carriers/blocks${path}` });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
};

describe('blocks', () => {
  test('are listed oldest first, of all carriers or of one', async () => {
    const all = [
      { number: '+12125550123', carrier: 'att', since: '2024-03-01T00:00:00.000Z', complaints: 10 },
      { number: '+12125550123', carrier: 'tmobile', since: '2024-03-01T00:00:01.000Z', complaints: 10 },
      { number: '+18005550100', carrier: 'tmobile', since: '2024-03-01T00:00:02.000Z', complaints: 12 },
    ];
    expect(await ask('GET')).toEqual({ status: 200, body: { count: 3, blocks: all } });
    expect(await ask('GET', '?carrier=tmobile')).toEqual({ status: 200, body: { count: 2, blocks: all.slice(1) } });
    expect(await ask('GET', '?carrier=verizon')).toEqual({ status: 200, body: { count: 0, blocks: [] } });
  });

  test('are lifted at one carrier, or at all', async () => {
    expect(await ask('DELETE', '/+12125550123?carrier=att')).toEqual({
      status: 200,
      body: { number: '+12125550123', cleared: 1 },
    });
    expect(await ask('DELETE', '/%2B12125550123')).toMatchObject({ status: 200, body: { cleared: 1 } });
    expect(await ask('DELETE', '/+18005550100')).toMatchObject({ status: 200, body: { cleared: 1 } });
    expect(blocks.count).toBe(0);
  });

  test.each([
    ['DELETE', '/+12125550199', 404, 'number', 'is not blocked there; GET /v1/carriers/blocks lists'],
    ['DELETE', '/+12125550123?carrier=verizon', 404, 'number', 'is not blocked there'],
    ['DELETE', '/12125550123', 400, 'number', 'has no + in front'],
    ['DELETE', '/+12125550123?carrier=sprint', 400, 'carrier', 'att'],
    ['GET', '?carrier=sprint', 400, 'carrier', 'att'],
    ['GET', '?carier=att', 400, 'carier', ''],
  ] as const)('%s %s is answered with %i, naming %s', async (method, path, status, field, message) => {
    const answer = await ask(method, path);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ errors: [{ field, message: expect.stringContaining(message) as string }] });
    expect(blocks.count).toBe(3);
  });

  test('that are elsewhere are not told of, nor lifted', async () => {
    await app.close();
    app = Fastify();
    await app.register(blockRoutes, { blocks: { whyNot: 'ask the workers' }, requireAdmin: undefined });
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', '/+12125550123'],
    ] as const) {
      const answer = await ask(method, path);
      expect(answer).toMatchObject({ status: 409, body: { detail: 'ask the workers' } });
    }
  });
});
