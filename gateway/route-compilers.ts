/**
 * What checks requests and writes answers, compiled when a route first needs it and once in a process for each schema.
 *
 * A gateway has some hundred routes with several schemas each, and compiling them all takes longer than everything else at its start;
 * most are never asked, and a second gateway in the same process has the same ones.
 */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance, type FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

type Validator = ReturnType<typeof TypeBoxValidatorCompiler>;
type SerializerCompiler = NonNullable<FastifyInstance['serializerCompiler']>;
type Serializer = ReturnType<SerializerCompiler>;

/** By the text of their schema. The schemas are those of the program, so there is a bound to them. */
const validators = new Map<string, Validator>();
const serializers = new Map<string, Serializer>();

const DISPLAY_NAME = Symbol.for('fastify.display-name');

/**
 * Names plugins as they are registered, also inside of others: for one without a name of this kind Fastify looks through all modules that
 * were ever required.
 */
export function namePlugins(app: FastifyInstance): void {
  const own = app as { register: (this: unknown, plugin: object, options?: unknown) => unknown };
  const { register } = own;
  own.register = function named(plugin, options) {
    const { name, [DISPLAY_NAME]: known } = plugin as { name?: string; [DISPLAY_NAME]?: string };
    if (known === undefined) Object.assign(plugin, { [DISPLAY_NAME]: name });
    return register.call(this, plugin, options);
  };
}

/** For `setValidatorCompiler`. A schema that cannot be compiled throws at the first request. */
export const lazyValidators: FastifySchemaCompiler<TSchema> = (route) => {
  let validate: Validator | undefined;
  return (value) => {
    validate ??= once(validators, `${route.httpPart} ${JSON.stringify(route.schema)}`, () =>
      TypeBoxValidatorCompiler(route),
    );
    return validate(value);
  };
};

/** For `setSerializerCompiler`: those that Fastify makes by itself, later. */
export async function lazySerializers(): Promise<SerializerCompiler> {
  const compile = await (fastifys ??= fastifysOwn());
  return (route) => {
    let serialize: Serializer | undefined;
    return (value) => {
      serialize ??= once(serializers, JSON.stringify(route.schema), () => compile(route));
      return serialize(value);
    };
  };
}

let fastifys: Promise<SerializerCompiler> | undefined;

/** The compiler that Fastify gives an instance which brings none; it makes it for the first route that has a schema. */
async function fastifysOwn(): Promise<SerializerCompiler> {
  const app = Fastify();
  app.get('/', { schema: { response: { 200: { type: 'string' } } } }, () => '');
  await app.ready();
  const { serializerCompiler } = app;
  if (serializerCompiler === undefined) throw new Error('Fastify has no compiler of serializers');
  return serializerCompiler;
}

function once<T>(made: Map<string, T>, key: string, make: () => T): T {
  let found = made.get(key);
  if (found === undefined) made.set(key, (found = make()));
  return found;
}
