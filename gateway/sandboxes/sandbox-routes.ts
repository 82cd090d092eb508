/** `/v1/sandboxes`: gateways for tests that run side by side, opened and closed over HTTP. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { SANDBOX_IDLE_MS, SANDBOX_IDLE_MS_MAX } from '../limits.ts';
import { problem, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import { type InnerGateway, type Sandbox, SANDBOX_HEADER, type Sandboxes } from './sandboxes.ts';

export interface SandboxRoutes {
  readonly sandboxes: Pick<Sandboxes<SandboxGateway>, 'all' | 'open' | 'closeOne'>;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

export interface SandboxGateway extends InnerGateway {
  readonly smppUrls: readonly string[];
  readonly store: { readonly nextSequence: number };
}

const MS_PER_SECOND = 1_000;
const IDLE_S_MAX = SANDBOX_IDLE_MS_MAX / MS_PER_SECOND;

const SandboxBody = Type.Object(
  {
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, examples: [7] })),
    tariffDate: Type.Optional(
      Type.String({ description: 'Day whose regimes and prices apply, or today.', examples: ['2024-03-01'] }),
    ),
    clock: Type.Optional(
      Type.String({
        description: 'real, frozen, or frozen@ and a moment with its offset.',
        examples: ['frozen@2024-03-01T18:00:00-08:00'],
      }),
    ),
    smpp: Type.Optional(
      Type.Boolean({
        description:
          'Whether ESMEs may bind. Where they may to the gateway, they may anyway, at the same port with the system_id of the sandbox; else it has a port of its own.',
      }),
    ),
    idleS: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: IDLE_S_MAX,
        description: `Seconds without a request after which it is closed; ${SANDBOX_IDLE_MS / MS_PER_SECOND} when left out.`,
      }),
    ),
  },
  { additionalProperties: false, examples: [{ seed: 7, clock: 'frozen' }] },
);

const SandboxAnswer = Type.Object(
  {
    id: Type.String(),
    url: Type.String({
      description: 'In front of every path, such as /v1/messages or /twilio/2010-04-01: no header is needed then.',
    }),
    header: Type.Object(
      { name: Type.String(), value: Type.String() },
      { description: 'Or send this header, to the same paths as without a sandbox.' },
    ),
    api: Type.Object(
      { id: Type.String(), secret: Type.String() },
      {
        description:
          "Or come with these: Basic authentication with both, or the secret as a bearer's token. They are the account SID and token, key and secret, of a provider's API.",
      },
    ),
    account: Type.String({ description: 'Who the messages belong to that come with these credentials.' }),
    smpp: Type.Union([
      Type.Object({ urls: Type.Array(Type.String()), systemId: Type.String(), password: Type.String() }),
      Type.Null(),
    ]),
  },
  {
    examples: [
      {
        id: 'sb4k2m9x0q1zab',
        url: 'http://127.0.0.1:8080/sandboxes/sb4k2m9x0q1zab',
        header: { name: 'Tollgate-Sandbox', value: 'sb4k2m9x0q1zab' },
        api: { id: 'AC00112233445566778899aabbccddeeff', secret: '00112233445566778899aabbccddeeff' },
        account: 'sb4k2m9x0q1zab',
        smpp: null,
      },
    ],
  },
);
type SandboxAnswer = Type.Static<typeof SandboxAnswer>;

const SandboxesAnswer = Type.Object({
  sandboxes: Type.Array(
    Type.Object({
      id: Type.String(),
      openedAt: Type.String(),
      lastUsedAt: Type.String(),
      messages: Type.Integer({ description: 'Messages sent in it so far.' }),
    }),
  ),
});

const ProblemAnswer = Type.Object(
  { type: Type.String(), title: Type.String(), status: Type.Integer(), detail: Type.String() },
  { additionalProperties: true },
);

export const sandboxRoutes: FastifyPluginCallbackTypebox<SandboxRoutes> = (app, { sandboxes, requireAdmin }, done) => {
  const guarded = requireAdmin && { onRequest: requireAdmin };

  app.post(
    '/v1/sandboxes',
    {
      ...guarded,
      schema: {
        tags: ['sandboxes'],
        summary:
          'Open a gateway of its own for one test: registries, inbox, limits, faults and clock, with magic numbers in force',
        // Who has nothing to say may send nothing.
        body: Type.Union([SandboxBody, Type.Null()]),
        response: answers({ 201: SandboxAnswer, 422: ProblemAnswer, 429: ProblemAnswer, 503: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      const { idleS, ...settings } = request.body ?? {};
      const opened = await sandboxes.open(settings, idleS === undefined ? undefined : idleS * MS_PER_SECOND);
      if ('detail' in opened) return sendProblem(reply, opened);
      return reply.code(201).send(described(opened, request));
    },
  );

  app.get(
    '/v1/sandboxes',
    {
      ...guarded,
      schema: {
        tags: ['sandboxes'],
        summary: 'The sandboxes that are open',
        response: answers({ 200: SandboxesAnswer }),
      },
    },
    () => ({
      sandboxes: sandboxes.all.map(({ id, openedAtMs, lastUsedMs, inner }) => ({
        id,
        openedAt: new Date(openedAtMs).toISOString(),
        lastUsedAt: new Date(lastUsedMs).toISOString(),
        messages: inner.store.nextSequence,
      })),
    }),
  );

  app.delete(
    '/v1/sandboxes/:id',
    {
      ...guarded,
      schema: {
        tags: ['sandboxes'],
        summary: 'Close a sandbox, with everything in it',
        params: Type.Object({ id: Type.String({ examples: ['sb4k2m9x0q1zab'] }) }),
        response: answers({ 404: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      if (await sandboxes.closeOne(request.params.id)) return reply.code(204).send(null);
      const message = 'names no sandbox that is open; GET /v1/sandboxes lists those that are';
      return sendProblem(reply, problem('no-such-sandbox', 404, 'No such sandbox', [{ field: 'id', message }]));
    },
  );

  done();
};

/** A sandbox, with addresses by the name of this machine by which it was asked for: whoever got here by it gets there too. */
function described(
  { id, password, api, inner }: Sandbox<SandboxGateway>,
  { protocol, host, hostname }: Pick<FastifyRequest, 'protocol' | 'host' | 'hostname'>,
): SandboxAnswer {
  const urls = inner.smppUrls.map((url) => `${url.slice(0, url.indexOf('//'))}//${hostname}:${new URL(url).port}`);
  return {
    id,
    url: `${protocol}://${host}/sandboxes/${id}`,
    header: { name: HEADER_NAME, value: id },
    api,
    account: id,
    smpp: urls.length === 0 ? null : { urls, systemId: id, password },
  };
}

/** Headers are written so by custom, and read in any case. */
const HEADER_NAME = SANDBOX_HEADER.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
