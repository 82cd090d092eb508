/** A gateway that traces nothing has none of it. Files have processes of their own: what is loaded here, a gateway has loaded. */
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { Intake } from '../messages/index.ts';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

// The API alone comes along with the client for metrics.
const loaded = (): readonly string[] =>
  Object.keys(createRequire(import.meta.url).cache).filter((path) => /@opentelemetry\/(?!api\/)/.test(path));

/** How many hooks all routes have, by name. Fastify shows them to nobody. */
function hooksOf(app: FastifyInstance): Record<string, number> {
  const key = Object.getOwnPropertySymbols(app).find(({ description }) => description === 'fastify.hooks');
  const hooks = (app as unknown as Record<symbol, Record<string, readonly unknown[]>>)[key!]!;
  return Object.fromEntries(['onRequest', 'preHandler'].map((name) => [name, hooks[name]!.length]));
}

test('without traces no package of them is loaded, no hook is added, and the intake is the plain one', async () => {
  gateway = await openGatewayUnderTest();
  await gateway.send();
  const plain = hooksOf(gateway.app);
  expect(loaded()).toEqual([]);
  expect(Object.getPrototypeOf(gateway.intake)).toBe(Intake.prototype);
  expect(plain['preHandler']).toBe(0);
  await gateway.close();

  // And with them it would have been seen here.
  gateway = await openGatewayUnderTest({ tracesUrl: 'http://127.0.0.1:1', traceShare: 0 });
  expect(loaded()).not.toEqual([]);
  expect(Object.getPrototypeOf(gateway.intake)).not.toBe(Intake.prototype);
  expect(hooksOf(gateway.app)).toEqual({ onRequest: plain['onRequest']! + 1, preHandler: 1 });
});
