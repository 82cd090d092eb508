import { registerSchema, validate, type Validator } from '@hyperjump/json-schema/openapi-3-1';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExampleCall } from './api-document.ts';
import { tellApiStory } from './api-story-under-test.ts';
import { type GatewayUnderTest, openGatewayUnderTest } from './gateway-under-test.ts';

// UPDATE_GOLDEN=1 writes the examples anew, as the gateway gives them now.
const FILE = new URL('api-examples.json', import.meta.url);
const DIALECT = 'https://spec.openapis.org/oas/3.1/schema-base';
const DOCUMENT = 'https://example.com/tollgate-openapi';

type Json = Parameters<Validator>[0];

interface Media {
  readonly schema?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: Json }>>;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}
interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** What can only be refused here: nothing is blocked without complaints of people, and two operations of the real service are not simulated. */
const REFUSED = ['DELETE /v1/carriers/blocks/{number}', 'GET /tcr/v2/pft/brand', 'POST /tcr/v2/pft/participant'];

let told: Readonly<Record<string, readonly ExampleCall[]>>;
let gateway: GatewayUnderTest;
let document: ApiDocument;
let operations: [route: string, operation: Operation][];
beforeAll(async () => {
  told = await tellApiStory();
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, written(told));
  gateway = await openGatewayUnderTest();
  document = (await gateway.ask<ApiDocument>('GET', '/docs/json')).body;
  operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
});
afterAll(() => gateway.close());

describe('the examples of the OpenAPI document', () => {
  it('are what the gateway answers; after a change of answers: UPDATE_GOLDEN=1 npx vitest run gateway/api-examples.test.ts', () => {
    expect(told).toEqual(JSON.parse(readFileSync(FILE, 'utf8')));
  });

  it('show every route at work: what it takes, and what it answers when all is well', () => {
    const bare = operations
      .map(([route]) => route)
      .filter((route) => !(told[route] ?? []).some(({ status }) => status < 400));
    expect(bare.toSorted()).toEqual(REFUSED.toSorted());
    expect(Object.keys(told).filter((route) => !operations.some(([one]) => one === route))).toEqual([]);
  });

  it('fill in every parameter of a path, every body and every answer that has one', () => {
    const without = operations.flatMap(([route, { parameters = [], requestBody, responses }]) => {
      const open = parameters.filter((one) => one.in === 'path' && one.example === undefined).map(({ name }) => name);
      const bodies = Object.values(requestBody?.content ?? {});
      const answers = Object.entries(responses).flatMap(([status, { content }]) =>
        status.startsWith('2') ? Object.values(content ?? {}) : [],
      );
      const isShown = (all: readonly Media[]): boolean =>
        all.length === 0 || all.some((one) => one.examples !== undefined);
      return [
        ...open.map((name) => `${route}: ${name}`),
        ...(isShown(bodies) ? [] : [`${route}: body`]),
        ...(isShown(answers) || REFUSED.includes(route) ? [] : [`${route}: answer`]),
      ];
    });
    expect(without).toEqual([]);
  });

  it('keep to the schemas of their routes, refusals of a field apart', async () => {
    registerSchema({ ...document, $schema: DIALECT } as never, DOCUMENT, DIALECT);
    const wrong: string[] = [];
    for (const [route, { requestBody, responses }] of operations) {
      const [method = '', path = ''] = route.split(' ');
      const here = `${DOCUMENT}#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method.toLowerCase()}`;
      const all: [where: string, content: Readonly<Record<string, Media>>][] = [
        ['requestBody', requestBody?.content ?? {}],
        ...Object.entries(responses).map(([status, { content = {} }]): [string, Record<string, Media>] => [
          `responses/${status}`,
          content,
        ]),
      ];
      for (const [where, content] of all) {
        for (const [type, { schema, examples = {} }] of Object.entries(content)) {
          if (schema === undefined) continue;
          const check = await validate(encodeURI(`${here}/${where}/content/${type.replaceAll('/', '~1')}/schema`));
          for (const [name, { value }] of Object.entries(examples)) {
            if (!check(value).valid) wrong.push(`${route} ${where} ${name}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

it('the document is valid OpenAPI 3.1, with every schema in it, says a validator that is not ours', async () => {
  const asked = (one: object) => validate(DIALECT, one as Json, 'BASIC');
  expect(await asked(document)).toEqual({ valid: true });
  expect((await asked({ ...document, paths: { '/x': { get: { responses: { 200: {} } } } } })).valid).toBe(false);
});

/** A line for each route, so that a change shows where it is. */
function written(calls: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(calls).map(([route, of]) => `${JSON.stringify(route)}: ${JSON.stringify(of)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}
