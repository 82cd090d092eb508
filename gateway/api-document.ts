/**
 * The OpenAPI document of all routes. What they take and answer is known from their schemas; the examples are what a gateway once was
 * asked and did answer, kept in api-examples.json, which a test holds against what it answers today.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { readPackageFile } from './package-files.ts';

/** A request and its answer. */
export interface ExampleCall {
  /** What it shows, where a route has several. */
  readonly summary?: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Content type of the body. */
  readonly type?: string;
  readonly body?: unknown;
  readonly status: number;
  readonly answerType?: string;
  /** Lists may be cut short. */
  readonly answer?: unknown;
}

/** By route, as `POST /v1/messages`. */
export type ExampleCalls = Readonly<Record<string, readonly ExampleCall[]>>;

interface Media {
  schema?: unknown;
  examples?: Record<string, { readonly summary?: string; readonly value: unknown }>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  example?: unknown;
}
interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Media>; required?: boolean };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}
interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Has the routes that are added from now on described at `/docs`, and as JSON at `/docs/json`. */
export async function documentRoutes(app: FastifyInstance, version: string): Promise<void> {
  const examples = JSON.parse(readPackageFile('gateway/api-examples.json')) as ExampleCalls;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tollgate',
        version,
        description: 'The native API of the US A2P 10DLC simulator. Amounts are integer micro-dollars.',
      },
    },
    transformObject(document) {
      if (!('openapiObject' in document)) return document.swaggerObject;
      // Each call makes a new one.
      const made = document.openapiObject;
      addExamples(made as unknown as ApiDocument, examples);
      return made;
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
}

function addExamples({ paths }: ApiDocument, examples: ExampleCalls): void {
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const calls = examples[`${method.toUpperCase()} ${path}`] ?? [];
      calls.forEach((call, place) => addExample(operation, call, place));
    }
  }
}

function addExample(operation: Operation, call: ExampleCall, place: number): void {
  const { summary, path, query, type, body, status, answerType, answer } = call;
  const name = `example${place + 1}`;
  const put = (content: Record<string, Media>, mediaType: string, value: unknown): void => {
    const media = (content[mediaType] ??= {});
    media.examples = { ...media.examples, [name]: { ...(summary !== undefined && { summary }), value } };
  };
  for (const parameter of operation.parameters ?? []) {
    const value = (parameter.in === 'path' ? path : query)?.[parameter.name];
    if (value !== undefined && parameter.example === undefined) parameter.example = value;
  }
  if (type !== undefined) put((operation.requestBody ??= { content: {} }).content, type, body);
  const response = (operation.responses[status] ??= { description: 'Default Response' });
  if (answerType !== undefined) put((response.content ??= {}), answerType, answer);
}
