import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from './gateway-under-test.ts';

interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly properties: object } }>>;
  };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

let gateway: GatewayUnderTest;
let document: OpenApi;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
  document = (await gateway.ask<OpenApi>('GET', '/docs/json')).body;
});
afterAll(() => gateway.close());

test('the document is of OpenAPI 3.1 and names this version', () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(document.info).toMatchObject({
    title: 'Tollgate',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
  });
});

test('it has every route of the app but the metrics, the page and the documentation itself', () => {
  const undocumented = ['GET /', 'GET /console.js', 'GET /console.css', 'GET /metrics'];
  // What only the page asks.
  const ofThePage = / \/console\//;
  // These only say, as Bandwidth does, that there is no such method.
  const refusing = /^(PUT|PATCH|DELETE) \/bandwidth\/.*\/messages$/;
  const routes = routesOf(gateway.app.printRoutes({ commonPrefix: false }));
  const expected = routes.filter(
    (route) =>
      !undocumented.includes(route) && !/ \/docs\b/.test(route) && !ofThePage.test(route) && !refusing.test(route),
  );
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(expected.length).toBeGreaterThan(12);
  expect(documented.sort()).toEqual(expected.sort());
});

test('every route says in a sentence what it does and under which heading', () => {
  const bare = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { summary, tags }]) => summary === undefined || tags?.length !== 1)
      .map(([method]) => `${method} ${path}`),
  );
  expect(bare).toEqual([]);
});

test('sending a message is documented with its fields and with both shapes of a refusal', () => {
  const send = document.paths['/v1/messages']?.['post'];
  const fields = Object.keys(send?.requestBody?.content['application/json']?.schema.properties ?? {});
  expect(fields.sort()).toEqual(
    ['account', 'callbackUrl', 'from', 'idempotencyKey', 'media', 'reference', 'route', 'text', 'to', 'truth'].sort(),
  );
  expect(Object.keys(send?.responses ?? {})).toEqual(['202', '402', '403', '409', '422', '429', '503']);
  expect(Object.keys(send?.responses['429']?.content ?? {})).toEqual(['application/json', 'application/problem+json']);
});

test('the page loads, with all it needs from this server', async () => {
  const page = await gateway.ask('GET', '/docs');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toMatch(/^text\/html\b/);
  const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(files.length).toBeGreaterThan(3);
  for (const path of files) expect([path, (await gateway.ask('GET', path)).status]).toEqual([path, 200]);
});

/** `METHOD /path` of each route in Fastify's drawing of its tree, HEAD left out, parameters written as OpenAPI does. */
function routesOf(drawing: string): string[] {
  const parents: string[] = [];
  return drawing.split('\n').flatMap((line) => {
    const [, indent, name, methods] = /^([│├└─\s]*)(\S+)(?: \(([A-Z, ]+)\))?$/u.exec(line) ?? [];
    if (indent === undefined || name === undefined) return [];
    const depth = indent.length / 4;
    parents.length = depth;
    parents[depth] = name;
    const path = parents.join('').replaceAll(/:(\w+)/g, '{$1}');
    const each = methods?.split(', ') ?? [];
    return each.filter((method) => method !== 'HEAD').map((method) => `${method} ${path}`);
  });
}
