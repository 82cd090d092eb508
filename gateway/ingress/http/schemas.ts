/**
 * The native API's bodies and answers, once: the same schemas validate, serialise and document.
 */
import Type from 'typebox';
import { MESSAGE_STATES, RECEIPT_STATES } from '../../messages/index.ts';
import {
  ACCOUNT_LENGTH_MAX,
  MEDIA_COUNT_MAX,
  QUOTE_BOOKS_MAX,
  QUOTE_DATES_MAX,
  REFERENCE_LENGTH_MAX,
} from '../../limits.ts';
import {
  CARRIER_LABELS,
  DECISIONS,
  MESSAGE_KINDS,
  REGIMES,
  REGISTRATION_LABELS,
  REGISTRATION_REASONS,
  ROUTES,
  TRUTHS,
} from '../../router/index.ts';

export const MessageBody = Type.Object(
  {
    from: Type.String({ description: 'Sender, E.164: +1 and ten digits.', examples: ['+12125550100'] }),
    to: Type.String({ description: 'Destination, E.164.', examples: ['+13105550123'] }),
    text: Type.Optional(Type.String({ description: 'Up to 1,600 characters. May be left out when there is media.' })),
    account: Type.Optional(
      Type.String({ pattern: `^[\\x21-\\x7e]{1,${ACCOUNT_LENGTH_MAX}}$`, description: 'Whose message it is.' }),
    ),
    route: Type.Optional(
      Type.Enum([...ROUTES], { description: 'a2p (default) pays 10DLC fees; p2p is the bypass that pays none.' }),
    ),
    truth: Type.Optional(
      Type.Enum(TRUTHS.slice(1), { description: 'What the message really is. Counted; no rule reads it.' }),
    ),
    media: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: MEDIA_COUNT_MAX,
        description: 'http or https addresses; they make the message an MMS. Counted and priced, never fetched.',
      }),
    ),
    callbackUrl: Type.Optional(Type.String({ description: 'Where the receipt is posted. Loopback unless allowed.' })),
    reference: Type.Optional(
      Type.String({ pattern: `^[\\x20-\\x7e]{1,${REFERENCE_LENGTH_MAX}}$`, description: 'Yours; comes back as sent.' }),
    ),
    idempotencyKey: Type.Optional(
      Type.String({
        description:
          'Yours, 1 to 255 printable ASCII characters: the same message sent again under it is not sent twice, but gets the first answer ' +
          'again. For a single message also as the header Idempotency-Key.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type MessageBody = Type.Static<typeof MessageBody>;

const Posting = Type.Object({
  payer: Type.String({ description: 'The account, or `sender`.' }),
  payee: Type.String(),
  cause: Type.String(),
  micros: Type.Integer({ description: 'Micro-dollars.' }),
});

export const Price = Type.Object({
  totalMicros: Type.Integer({ description: 'What the sender pays; always the sum of the postings.' }),
  postings: Type.Array(Posting),
});

const answerFields = {
  id: Type.String(),
  status: Type.String({ description: MESSAGE_STATES.join(', ') }),
  decision: Type.String({ description: DECISIONS.map((one) => one.name).join(', ') }),
  registration: Type.String({ description: REGISTRATION_LABELS.join(', ') }),
  reason: Type.String({ description: REGISTRATION_REASONS.join(', ') }),
  carrier: Type.String({ description: CARRIER_LABELS.join(', ') }),
  segments: Type.Integer(),
  encoding: Type.String({ description: 'gsm-7, ucs-2, or none for an MMS' }),
  price: Price,
  limit: Type.Optional(
    Type.Object(
      { name: Type.String(), scope: Type.String(), key: Type.String(), used: Type.Number(), cap: Type.Number() },
      {
        description:
          'The limit or rule that refused the message, or that it waits for. Of a balance: the price, and what is left.',
      },
    ),
  ),
  retryable: Type.Optional(
    Type.Boolean({ description: 'Of a message that a limit or rule refused: whether it can be taken later as it is.' }),
  ),
  retryAfterMs: Type.Optional(
    Type.Number({ description: 'When the same message would fit; left out where waiting does not help.' }),
  ),
  expectedWaitMs: Type.Optional(
    Type.Number({ description: 'Of a queued message: until its turn, at least. Others of its limit are before it.' }),
  ),
  registryView: Type.Optional(
    Type.String({ description: '`stale` if the view of the registry was older than the operator allows.' }),
  ),
  reference: Type.Optional(Type.String()),
};

export const MessageAnswerSchema = Type.Object(answerFields);

const InboundDecisionSchema = Type.Pick(MessageAnswerSchema, [
  'decision',
  'registration',
  'reason',
  'carrier',
  'segments',
  'encoding',
  'price',
  'limit',
]);

export const InboundAnswerSchema = Type.Object({
  ...InboundDecisionSchema.properties,
  id: Type.Optional(
    Type.String({ description: 'Of a message that the account is told of, in the style of its face.' }),
  ),
  keyword: Type.Optional(
    Type.Enum(['stop', 'start', 'help'], {
      description: 'What the text is, if it is one of these words alone: it was acted upon, and answered.',
    }),
  ),
});

export const MessageRecordSchema = Type.Object({
  ...answerFields,
  from: Type.String(),
  to: Type.String(),
  text: Type.String(),
  message: Type.String({ description: MESSAGE_KINDS.join(' or ') }),
  route: Type.String(),
  truth: Type.String(),
  account: Type.Optional(Type.String()),
  campaign: Type.Optional(Type.String()),
  media: Type.Optional(Type.Array(Type.String())),
  acceptedAt: Type.String(),
  book: Type.String({ description: 'The tariff book that was in force.' }),
  tariff: Type.Union([
    Type.Object({ from: Type.String(), confidence: Type.String(), sources: Type.Array(Type.String()) }),
    Type.Null(),
  ]),
  receipt: Type.Union([
    Type.Object({
      state: Type.String({ description: RECEIPT_STATES.filter((state) => state !== null).join(', ') }),
      error: Type.Union([Type.String(), Type.Null()], {
        description: 'The name of the error it tells of; null if of none.',
      }),
      at: Type.String(),
    }),
    Type.Null(),
  ]),
  handset: Type.Union([Type.Object({ outcome: Type.String(), at: Type.String() }), Type.Null()]),
  error: Type.Union([Type.Object({ name: Type.String(), meaning: Type.String() }), Type.Null()], {
    description:
      'What went wrong on the way, also where the receipt does not tell; of a message that is tried again, why.',
  }),
});

export const KeyHeader = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      description:
        'Of a single message, the same as its field idempotencyKey. A repeated answer carries Idempotent-Replayed: true.',
    }),
  ),
});

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  },
  { description: 'RFC 9457 problem details: the request never became a message.' },
);

export const InboxQueryString = Type.Object(
  {
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    decision: Type.Optional(Type.Enum(DECISIONS.map((one) => one.name))),
    truth: Type.Optional(Type.Enum([...TRUTHS])),
    since: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'The `next` of the page before.' })),
    limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$', description: 'Messages on a page, 1 to 1000.' })),
  },
  { additionalProperties: false },
);

export const NumberBody = Type.Object(
  {
    campaign: Type.String({ description: 'Campaign id.' }),
    provisioningDelayMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 31_536_000_000, description: 'Until the number counts as registered.' }),
    ),
  },
  { additionalProperties: false },
);

export const RegimeBody = Type.Object(
  {
    regime: Type.Enum([...REGIMES, 'dated'], { description: '`dated` goes back to the regime of the tariff date.' }),
    carrier: Type.Optional(Type.Enum(CARRIER_LABELS.slice(0, -1), { description: 'All carriers when left out.' })),
    share: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Share that `filter` refuses; 0.5 when left out.' }),
    ),
  },
  { additionalProperties: false },
);

export const RateBody = Type.Object(
  {
    to: Type.Optional(Type.String({ description: 'Destination, E.164; or name the carrier.' })),
    carrier: Type.Optional(Type.String({ description: 'Any carrier of the book, such as att.' })),
    from: Type.Optional(Type.String({ description: 'Sender, E.164, classed by the registry; or say registered.' })),
    registered: Type.Optional(Type.Boolean()),
    text: Type.Optional(Type.String({ description: 'Segments are counted from it; or give segments.' })),
    segments: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
    message: Type.Optional(Type.Enum([...MESSAGE_KINDS])),
    direction: Type.Optional(Type.Enum(['out', 'in'])),
    sender: Type.Optional(Type.Enum(['10dlc', 'toll-free', 'short-code'])),
    route: Type.Optional(Type.Enum([...ROUTES])),
    date: Type.Optional(Type.String({ description: 'YYYY-MM-DD; the tariff date when left out.' })),
    dates: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: QUOTE_DATES_MAX })),
    book: Type.Optional(Type.String({ description: 'The tariff book to price by; the one in force when left out.' })),
    books: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, maxItems: QUOTE_BOOKS_MAX, description: 'Several side by side.' }),
    ),
  },
  { additionalProperties: false },
);
export type RateBody = Type.Static<typeof RateBody>;

export const BookBody = Type.Object(
  { book: Type.String({ description: 'One of the books that `GET /v1/tariffs` lists.' }) },
  { additionalProperties: false },
);

export const TariffsQueryString = Type.Object(
  {
    carrier: Type.Optional(Type.String({ description: 'Rows of this carrier alone.' })),
    book: Type.Optional(Type.String({ description: 'The book in force when left out.' })),
  },
  { additionalProperties: false },
);
