/** `/v1/accounts`: who pays for messages and how much they may send, and the money of those who pay in advance. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyError, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import { QuotasUnavailable } from '../../tariffs/redis/index.ts';
import { type AccountMoney, formatMicros, parseDollars } from '../../tariffs/index.ts';
import {
  ACCOUNTS_MAX,
  BALANCE_MICROS_MAX,
  PAYMENT_MICROS_MAX,
  PUBLIC_KEY_LENGTH_MAX,
  REFERENCE_LENGTH_MAX,
  URL_LENGTH_MAX,
} from '../limits.ts';
import { Face, type FaceName, FACES } from '../messages/index.ts';
import { type FieldProblem, fieldProblems, handleError, type Problem, problem, sendProblem } from '../problem.ts';
import { isPublicKey, PUBLIC_KEY_SHAPE } from '../public-key.ts';
import { answers } from '../route-answers.ts';
import {
  type Account,
  ACCOUNT_BOUND_MAX,
  ACCOUNT_BOUNDS,
  ACCOUNT_ID,
  ACCOUNT_PROFILES,
  type AccountBounds,
  API_ID,
  API_ID_SHAPE,
  API_SECRET,
  API_SECRET_SHAPE,
  boundsOf,
  type Core,
  UNLIMITED,
} from '../router/index.ts';
import { type AccountApi, AccountStoreUnavailable, type AccountWebhook } from './account-store.ts';
import type { AccountUse } from './account-use.ts';
import { type AccountOfApi, isSecret, newSecret, SECRET_SHAPE } from './account-webhooks.ts';
import type { Accounts } from './accounts.ts';

export interface AccountRoutes {
  readonly core: Core;
  readonly accounts: Accounts;
  readonly use: AccountUse;
  readonly requireAdmin: onRequestHookHandler | undefined;
  /** Why an address may not be called, or undefined if it may. */
  readonly webhookRefusal: (url: string) => string | undefined;
}

const PREPAID = 'prepaid';
const POSTPAID = 'postpaid';
/** Seconds until a store that was away is worth another try. */
const STORE_RETRY_AFTER_S = 1;
const DOLLARS_MAX = PAYMENT_MICROS_MAX / 1e6;

const AccountParams = Type.Object({ id: Type.String({ description: 'The name messages give as `account`.' }) });

const bound = (description: string): Type.TUnion<[Type.TInteger, Type.TNull]> =>
  Type.Union([Type.Integer({ minimum: 1, maximum: ACCOUNT_BOUND_MAX }), Type.Null()], { description });

const Bounds = {
  smsPerSecond: bound(
    'Segments per second over all numbers of the account; a text of more never fits. Null for no bound.',
  ),
  mmsPerSecond: bound('MMS per second over all its numbers.'),
  numberSmsPerSecond: bound('Segments per second of each of its numbers; a text of more never fits.'),
  numberMmsPerSecond: bound('MMS per second of each of its numbers.'),
  inFlightMax: bound('Messages that have not come to their end.'),
};

const WebhookBody = Type.Object(
  {
    url: Type.String({ description: 'http or https, at a host that the operator allowed.' }),
    secret: Type.Optional(
      Type.String({
        description: `What posts are signed with: ${SECRET_SHAPE}. One is made for a first webhook without any.`,
      }),
    ),
    rotateSecret: Type.Optional(Type.Boolean({ description: 'Make a new secret.' })),
  },
  { additionalProperties: false },
);
type WebhookBody = Type.Static<typeof WebhookBody>;

const AccountBody = Type.Object(
  {
    kind: Type.Enum([PREPAID, POSTPAID], {
      description: 'prepaid: what the balance does not cover is refused; postpaid: counted.',
    }),
    profile: Type.Optional(
      Type.Enum(Object.keys(ACCOUNT_PROFILES), { description: 'What an aggregator allows; unlimited when left out.' }),
    ),
    limits: Type.Optional(
      Type.Partial(Type.Object(Bounds), {
        additionalProperties: false,
        description: "In place of the profile's, field by field.",
      }),
    ),
    webhook: Type.Optional(
      Type.Union([WebhookBody, Type.Null()], {
        description:
          'Where events go of messages that name no address of their own; stays as it is when left out, ends with null.',
      }),
    ),
    api: Type.Optional(
      Type.Union(
        [
          Type.Object(
            {
              id: Type.String({
                pattern: API_ID.source,
                description: 'Such as an AccountSid or an API key; no other account has it.',
              }),
              secret: Type.String({
                pattern: API_SECRET.source,
                description: 'Such as an AuthToken; never shown again.',
              }),
              application: Type.Optional(
                Type.Object(
                  {
                    id: Type.String({
                      pattern: API_ID.source,
                      description: "What its JWTs name as application_id; no other account's does.",
                    }),
                    publicKey: Type.String({
                      maxLength: PUBLIC_KEY_LENGTH_MAX,
                      description: 'RSA, in PEM: what its JWTs by RS256 are checked with.',
                    }),
                  },
                  { additionalProperties: false, description: 'One of Vonage, which signs with a private key.' },
                ),
              ),
            },
            { additionalProperties: false },
          ),
          Type.Null(),
        ],
        { description: 'By what it uses the APIs of providers; stays as it is when left out, ends with null.' },
      ),
    ),
    face: Type.Optional(
      Type.Union([Type.Enum(FACES.filter((face) => face !== 'native')), Type.Null()], {
        description: 'In whose style its webhook is told of messages to its numbers; as with api.',
      }),
    ),
  },
  { additionalProperties: false },
);

const PaymentBody = Type.Object(
  {
    amount: Type.Optional(
      Type.String({
        pattern: String.raw`^(0|[1-9]\d{0,9})(\.\d{1,6})?$`,
        description: 'Dollars as text, at most six decimals; or give amountMicros.',
        examples: ['10.00'],
      }),
    ),
    amountMicros: Type.Optional(Type.Integer({ minimum: 1, maximum: PAYMENT_MICROS_MAX })),
    reference: Type.String({
      pattern: `^[\\x20-\\x7e]{1,${REFERENCE_LENGTH_MAX}}$`,
      description: 'Yours. The same payment sent again under it changes nothing.',
    }),
  },
  { additionalProperties: false },
);
type PaymentBody = Type.Static<typeof PaymentBody>;

const definition = {
  account: Type.String(),
  kind: Type.String({ description: `${PREPAID} or ${POSTPAID}` }),
  limits: Type.Object(Bounds),
  webhook: Type.Union([
    Type.Object({
      url: Type.String(),
      gone: Type.Boolean({ description: 'The address answered 410: nothing is sent there until it is set again.' }),
      secret: Type.Optional(Type.String({ description: 'Only in the answer to the request that had it made.' })),
    }),
    Type.Null(),
  ]),
  api: Type.Union([
    Type.Object({
      id: Type.String(),
      application: Type.Optional(Type.Object({ id: Type.String(), publicKey: Type.String() })),
    }),
    Type.Null(),
  ]),
  face: Type.Union([Type.String(), Type.Null()]),
};
const Definition = Type.Object(definition);

const Money = Type.Object({
  balanceMicros: Type.Integer({ description: 'What may still be taken, held parts included. Micro-dollars.' }),
  heldMicros: Type.Integer({ description: 'Of it, what gateways hold to decide by.' }),
  unaccountedMicros: Type.Integer({
    description: 'Held by gateways that ended without telling what they had spent of it: not in the balance.',
  }),
});

const AccountAnswer = Type.Object({
  ...definition,
  money: Money,
  spentMicros: Type.Integer({ description: 'Charges of messages of this gateway since it started.' }),
  inFlight: Type.Integer({ description: 'Messages of this gateway that have not come to their end.' }),
});

const PaymentAnswer = Type.Object({
  account: Type.String(),
  reference: Type.String(),
  amountMicros: Type.Integer({ description: 'Paid in; negative when given back.' }),
  repeated: Type.Boolean({ description: 'Whether it was there before; then nothing was paid.' }),
  money: Money,
});

const ProblemAnswer = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
});

/** What is to be given, for fields of which a schema only says what is wrong. */
const REMEDIES: Readonly<Record<string, string>> = {
  amount: `must be dollars as text, above 0 (what goes back is a refund), at most ${DOLLARS_MAX}, with at most six decimals, such as "10.00"`,
  amountMicros: `must be a whole number of micro-dollars from 1 to ${PAYMENT_MICROS_MAX}`,
  reference: `must be text of 1 to ${REFERENCE_LENGTH_MAX} printable ASCII characters that names this payment`,
  webhook: 'must be an object with a url, and a secret if you have one, or null for none',
  api: 'must be an object with an id and a secret, or null for none',
  'api.id': API_ID_SHAPE,
  'api.secret': API_SECRET_SHAPE,
  'api.application': 'must be an object with an id and a publicKey',
  'api.application.id': API_ID_SHAPE,
  'api.application.publicKey': PUBLIC_KEY_SHAPE,
  face: `must be one of ${FACES.slice(1).join(', ')}, or null for none`,
  'webhook.url': 'must be an http or https address as text',
  'webhook.secret': `must be ${SECRET_SHAPE}, or left out to have one made`,
  'webhook.rotateSecret': 'must be true or false',
  ...Object.fromEntries(
    ACCOUNT_BOUNDS.map((field) => [
      `limits.${field}`,
      `must be a whole number from 1 to ${ACCOUNT_BOUND_MAX}, or null for no bound`,
    ]),
  ),
};

export const accountRoutes: FastifyPluginCallbackTypebox<AccountRoutes> = (app, routes, done) => {
  const { core, accounts, use, webhookRefusal } = routes;
  const guarded = routes.requireAdmin && { onRequest: routes.requireAdmin };
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler(handleFailure);

  app.put(
    '/v1/accounts/:id',
    {
      ...guarded,
      schema: {
        tags: ['accounts'],
        summary: 'Declare an account, or change its kind and limits from the next message on; its money stays',
        params: AccountParams,
        body: AccountBody,
        response: answers({ 200: Definition, 201: Definition, 422: ProblemAnswer, 503: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { kind, profile, limits, webhook: given, api: givenApi, face: givenFace } = request.body;
      if (!ACCOUNT_ID.test(id)) {
        const message =
          'must be up to 64 letters, digits, dots, dashes, underscores and @, beginning with a letter or digit';
        return sendProblem(reply, problem('invalid-account', 422, 'Invalid account', [{ field: 'id', message }]));
      }
      const wrong = given == null ? undefined : webhookProblem(given, webhookRefusal);
      if (wrong !== undefined) return sendProblem(reply, problem('invalid-account', 422, 'Invalid account', [wrong]));
      // Another gateway may have set one a moment ago.
      await accounts.refresh();
      const before = accounts.webhooks.of(id);
      const webhook = given === undefined ? before : given === null ? undefined : webhookOf(given, before);
      const api = givenApi === undefined ? accounts.webhooks.apiOf(id) : (givenApi ?? undefined);
      const wrongApi = api && apiProblem(id, api, accounts.webhooks.apis);
      if (wrongApi !== undefined)
        return sendProblem(reply, problem('invalid-account', 422, 'Invalid account', [wrongApi]));
      const face = givenFace === undefined ? faceOf(id) : ((givenFace ?? undefined) as FaceName | undefined);
      const account = {
        id,
        isPrepaid: kind === PREPAID,
        ...boundsOf(profile, readBounds(limits)),
        ...(webhook && { webhook }),
        ...(api && { api }),
        ...(face && { face }),
      };
      const outcome = await accounts.put(account);
      if (outcome === 'full') {
        const message = `there are ${ACCOUNTS_MAX} accounts, which is the most; change one of them`;
        return sendProblem(reply, problem('too-many-accounts', 422, 'Too many accounts', [{ field: 'id', message }]));
      }
      request.log.info({ account: id, kind }, 'account declared');
      const isMade = webhook !== undefined && webhook.secret !== before?.secret && webhook.secret !== given?.secret;
      const answer = describe(accounts.find(id) ?? account, webhook, isMade);
      return reply.code(outcome === 'created' ? 201 : 200).send(answer);
    },
  );

  app.get(
    '/v1/accounts',
    {
      ...guarded,
      schema: {
        tags: ['accounts'],
        summary: 'The accounts there are, without their money',
        response: answers({ 200: Type.Object({ accounts: Type.Array(Definition) }) }),
      },
    },
    (_request, reply) =>
      reply.send({
        accounts: [...core.accounts].map((account) => describe(account)),
      }),
  );

  app.get(
    '/v1/accounts/:id',
    {
      ...guarded,
      schema: {
        tags: ['accounts'],
        summary: 'One account: kind, limits, money, and what its messages here have in flight and have been charged',
        params: AccountParams,
        response: answers({ 200: AccountAnswer, 404: ProblemAnswer, 503: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      const account = accounts.find(request.params.id);
      if (account === undefined) return sendProblem(reply, noSuchAccount(request.params.id));
      const money = await accounts.money(account.id);
      const definitionOf = describe(account);
      return reply.send({ ...definitionOf, money: moneyOf(money), ...use.of(core.accounts.find(account.id)) });
    },
  );

  app.post(
    '/v1/accounts/:id/top-ups',
    {
      ...guarded,
      schema: {
        tags: ['accounts'],
        summary: 'Pay into an account, once per reference',
        params: AccountParams,
        body: PaymentBody,
        response: answers({
          200: PaymentAnswer,
          404: ProblemAnswer,
          409: ProblemAnswer,
          422: ProblemAnswer,
          503: ProblemAnswer,
        }),
      },
    },
    (request, reply) => pay(request, reply, 'top-up'),
  );

  app.post(
    '/v1/accounts/:id/refunds',
    {
      ...guarded,
      schema: {
        tags: ['accounts'],
        summary: 'Give money of an account back, once per reference and never below zero',
        params: AccountParams,
        body: PaymentBody,
        response: answers({
          200: PaymentAnswer,
          404: ProblemAnswer,
          409: ProblemAnswer,
          422: ProblemAnswer,
          503: ProblemAnswer,
        }),
      },
    },
    (request, reply) => pay(request, reply, 'refund'),
  );

  function faceOf(account: string): FaceName | undefined {
    const face = accounts.webhooks.faceOf(account);
    return face === Face.Native ? undefined : FACES[face];
  }

  function describe(
    account: Account,
    webhook = accounts.webhooks.of(account.id),
    showsSecret = false,
  ): Type.Static<typeof Definition> {
    const api = accounts.webhooks.apiOf(account.id);
    return {
      ...describeTerms(account, webhook, showsSecret),
      api: api ? { id: api.id, ...(api.application && { application: api.application }) } : null,
      face: faceOf(account.id) ?? null,
    };
  }

  async function pay(
    request: FastifyRequest<{ Params: { id: string }; Body: PaymentBody }>,
    reply: FastifyReply,
    kind: 'top-up' | 'refund',
  ): Promise<FastifyReply> {
    const { id } = request.params;
    const { reference } = request.body;
    if (accounts.find(id) === undefined) return sendProblem(reply, noSuchAccount(id));
    const read = readAmount(request.body);
    if ('wrong' in read) return sendProblem(reply, invalidPayment([read.wrong]));
    const amountMicros = kind === 'top-up' ? read.micros : -read.micros;
    const { balanceMicros } = await accounts.money(id);
    if (balanceMicros + amountMicros > BALANCE_MICROS_MAX) {
      const message = `would bring the account over ${formatMicros(BALANCE_MICROS_MAX)}, the most it may hold; pay in less`;
      return sendProblem(reply, invalidPayment([{ field: read.field, message }]));
    }
    // The word before it lets a refund carry the reference of the payment it gives back.
    const { outcome, money } = await accounts.credit(id, amountMicros, `${kind}:${reference}`);
    if (outcome === 'conflict') {
      const message = `was used for a ${kind} of another amount; give this one a reference of its own`;
      return sendProblem(reply, problem('reference-taken', 409, 'Reference taken', [{ field: 'reference', message }]));
    }
    if (outcome === 'insufficient') {
      const message = `is more than can be given back of the ${formatMicros(money.balanceMicros)} there are; refund less`;
      return sendProblem(
        reply,
        problem('insufficient-balance', 409, 'Insufficient balance', [{ field: read.field, message }]),
      );
    }
    const repeated = outcome === 'repeated';
    request.log.info({ account: id, amountMicros, repeated }, 'account paid');
    return reply.send({ account: id, reference, amountMicros, repeated, money: moneyOf(money) });
  }

  done();
};

type ReadAmount =
  | { readonly micros: number; readonly field: 'amount' | 'amountMicros' }
  | { readonly wrong: FieldProblem };

function readAmount({ amount, amountMicros }: PaymentBody): ReadAmount {
  if (amount === undefined) {
    if (amountMicros !== undefined) return { micros: amountMicros, field: 'amountMicros' };
    return { wrong: { field: 'amount', message: 'is missing; give it in dollars, or amountMicros' } };
  }
  if (amountMicros !== undefined) {
    return { wrong: { field: 'amountMicros', message: 'is given beside amount; leave one of them out' } };
  }
  const parsed = parseDollars(amount);
  if (parsed.ok && parsed.micros > 0 && parsed.micros <= PAYMENT_MICROS_MAX) {
    return { micros: parsed.micros, field: 'amount' };
  }
  return { wrong: { field: 'amount', message: REMEDIES['amount'] ?? '' } };
}

/** Garbage in a request about money is well-formed and wrong: 422, with what to give instead. */
function handleFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof AccountStoreUnavailable || error instanceof QuotasUnavailable) {
    const message = 'the store of accounts does not answer; ask again, a payment under the same reference';
    reply.header('retry-after', STORE_RETRY_AFTER_S);
    return sendProblem(reply, problem('accounts-unavailable', 503, 'Accounts unavailable', [{ field: '', message }]));
  }
  if (error.validation === undefined) return handleError(error, request, reply);
  const found = fieldProblems(error.validation as unknown as TLocalizedValidationError[]);
  const mended = found.map(({ field, message }) => ({
    field,
    message: message.startsWith('is ') ? message : (REMEDIES[field] ?? message),
  }));
  return sendProblem(reply, problem('invalid-request', 422, 'Invalid body', mended));
}

function invalidPayment(errors: readonly FieldProblem[]): Problem {
  return problem('invalid-payment', 422, 'Invalid payment', errors);
}

function noSuchAccount(id: string): Problem {
  const message = `there is no account ${id}; declare it with PUT /v1/accounts/${id}, or see GET /v1/accounts`;
  return problem('no-such-account', 404, 'No such account', [{ field: 'id', message }]);
}

function readBounds(limits: Type.Static<typeof AccountBody>['limits'] = {}): Partial<AccountBounds> {
  return Object.fromEntries(Object.entries(limits).map(([field, value]) => [field, value ?? UNLIMITED]));
}

function webhookProblem(
  { url, secret, rotateSecret }: WebhookBody,
  refusal: (url: string) => string | undefined,
): FieldProblem | undefined {
  const isTooLong = url.length > URL_LENGTH_MAX;
  const wrong = isTooLong ? `has ${url.length} characters; ${URL_LENGTH_MAX} is the most` : refusal(url);
  if (wrong !== undefined) return { field: 'webhook.url', message: wrong };
  if (secret !== undefined && !isSecret(secret))
    return { field: 'webhook.secret', message: REMEDIES['webhook.secret'] ?? '' };
  if (secret !== undefined && rotateSecret === true) {
    return { field: 'webhook.rotateSecret', message: 'is given beside a secret; leave one of them out' };
  }
  return undefined;
}

function apiProblem(account: string, api: AccountApi, all: readonly AccountOfApi[]): FieldProblem | undefined {
  const others = all.filter((one) => one.account !== account);
  const message = 'is the id of another account; give each its own';
  if (others.some((one) => one.api.id === api.id)) return { field: 'api.id', message };
  const { application } = api;
  if (application === undefined) return undefined;
  if (others.some((one) => one.api.application?.id === application.id)) return { field: 'api.application.id', message };
  return isPublicKey(application.publicKey)
    ? undefined
    : { field: 'api.application.publicKey', message: PUBLIC_KEY_SHAPE };
}

/** A webhook as it is after a request, which also says that an address that was gone is there again. */
function webhookOf({ url, secret, rotateSecret }: WebhookBody, before: AccountWebhook | undefined): AccountWebhook {
  const kept = rotateSecret === true ? undefined : before?.secret;
  return { url, secret: secret ?? kept ?? newSecret(), isGone: false };
}

/** @param showsSecret for the one answer that shows it */
function describeTerms(
  account: Account,
  webhook: AccountWebhook | undefined,
  showsSecret: boolean,
): Omit<Type.Static<typeof Definition>, 'api' | 'face'> {
  const limitOf = (field: keyof AccountBounds): number | null => (account[field] === UNLIMITED ? null : account[field]);
  return {
    account: account.id,
    kind: account.isPrepaid ? PREPAID : POSTPAID,
    limits: {
      smsPerSecond: limitOf('smsPerSecond'),
      mmsPerSecond: limitOf('mmsPerSecond'),
      numberSmsPerSecond: limitOf('numberSmsPerSecond'),
      numberMmsPerSecond: limitOf('numberMmsPerSecond'),
      inFlightMax: limitOf('inFlightMax'),
    },
    webhook: webhook
      ? { url: webhook.url, gone: webhook.isGone, ...(showsSecret && { secret: webhook.secret }) }
      : null,
  };
}

function moneyOf({ balanceMicros, heldMicros, unaccountedMicros }: AccountMoney): Type.Static<typeof Money> {
  return { balanceMicros, heldMicros, unaccountedMicros };
}
