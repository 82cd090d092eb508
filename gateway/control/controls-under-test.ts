/** A server with the controls and one route by which messages are sent, on a free loopback port, with time that the test moves. */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyRequest } from 'fastify';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import { handleError } from '../problem.ts';
import { clockRoutes } from './clock-routes.ts';
import { ControlledClock } from './controlled-clock.ts';
import { type OpenedFaults, openFaults } from './open-faults.ts';

export const START_MS = Date.UTC(2024, 2, 1, 18);

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface ControlsUnderTest {
  readonly clock: ControlledClock;
  readonly faults: OpenedFaults;
  readonly url: string;
  /** Accounts of the messages that were taken. */
  readonly taken: (string | undefined)[];
  /** What the clock's routes take for webhooks under way. */
  underWay: number;
  ask<Body = { detail: string; errors?: { field: string; message: string }[] }>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<Body>>;
  close(): Promise<void>;
}

/** @param connection shares faults; then time is real, as it is for a gateway with Redis */
export async function openControls(connection?: RedisConnection, seed = 1): Promise<ControlsUnderTest> {
  const clock = new ControlledClock();
  if (connection === undefined) clock.freeze(START_MS);
  const app = Fastify({ forceCloseConnections: true });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler(handleError);
  const faults = await openFaults({ connection, clock, timers: clock, log: app.log, seed });
  const taken: (string | undefined)[] = [];
  await faults.register(app, undefined);
  await app.register(clockRoutes, {
    clock,
    control: connection === undefined ? clock : { whyNot: 'Redis has the time' },
    webhooksUnderWay: () => controls.underWay,
    requireAdmin: undefined,
  });
  const bringsMessagesOf = ({ body }: FastifyRequest): string | undefined => (body as { account?: string }).account;
  app.post('/v1/messages', { config: { bringsMessagesOf } }, (request, reply) => {
    taken.push(bringsMessagesOf(request));
    return reply.code(202).send({ id: taken.length });
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const controls: ControlsUnderTest = {
    clock,
    faults,
    url,
    taken,
    underWay: 0,
    async ask<Body>(method: string, path: string, body?: unknown) {
      const response = await fetch(url + path, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as Body };
    },
    async close() {
      faults.close();
      clock.resume();
      await app.close();
    },
  };
  return controls;
}
