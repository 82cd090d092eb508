/** The OpenAPI file that comes with Bandwidth's SDK, as checks of what a test was sent. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Schema from 'typebox/schema';
import { parse } from 'yaml';

type Node = Readonly<Record<string, unknown>>;

const file = createRequire(import.meta.url).resolve('bandwidth-sdk/bandwidth.yml');
const root = parse(readFileSync(file, 'utf8')) as Node;

/** What is wrong with a value, by the schema of this name; an empty list if nothing is. Fields that the schema does not name are wrong. */
export function faultsBySchema(name: string, value: unknown): readonly string[] {
  const { schemas } = (root as { components: { schemas: Record<string, Node> } }).components;
  const schema = schemas[name];
  if (schema === undefined) throw new RangeError(`there is no schema ${name}`);
  const [, errors] = Schema.Errors(asJsonSchema(schema, true) as object, value);
  return errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** A schema of OpenAPI 3.0 as JSON Schema: references resolved, `nullable` as a type, and objects closed where they stand alone. */
function asJsonSchema(node: unknown, isAlone: boolean): unknown {
  if (Array.isArray(node)) return node.map((one) => asJsonSchema(one, false));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref, nullable, example: _example, discriminator: _discriminator, ...rest } = node as Node;
  if (typeof $ref === 'string') return asJsonSchema(resolve($ref), isAlone);
  const schema = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      key === 'properties'
        ? Object.fromEntries(Object.entries(value as Node).map(([name, one]) => [name, asJsonSchema(one, true)]))
        : asJsonSchema(value, key === 'items'),
    ]),
  );
  const isClosed = isAlone && 'properties' in schema && !('allOf' in schema);
  return {
    ...schema,
    ...(nullable === true && { type: [schema['type'], 'null'] }),
    ...(isClosed && { additionalProperties: false }),
  };
}

function resolve(ref: string): unknown {
  return ref
    .split('/')
    .slice(1)
    .reduce<unknown>((node, name) => (node as Node)[name], root);
}
