/**
 * `POST /v1/inbound`: a message from a handset to one of our numbers. It is priced, charged and counted, and kept nowhere. An account that
 * uses the API of a provider is told of it as that provider would, and who writes STOP to it gets no more messages from that number.
 */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { formatNumber, numberRefusal, parseNumberKey, parseSenderKey } from '../../../registry-cache/index.ts';
import { ACCOUNT_LENGTH_MAX, MEDIA_COUNT_MAX, TEXT_LENGTH_MAX } from '../../limits.ts';
import {
  AWAITS_LEASE,
  emptyDraft,
  Face,
  type InboundMessage,
  type Intake,
  type Keyword,
  KEYWORD_REPLIES,
  keywordOf,
  type MessageAnswer,
  priceView,
} from '../../messages/index.ts';
import {
  bindingAt,
  Binding,
  CARRIER_LABELS,
  type Clock,
  type Core,
  countSegments,
  decisionAt,
  DecisionCode,
  Encoding,
  encodingOf,
  INVALID_TEXT,
  MessageKind,
  MessageSlot,
  nameAt,
  NO_ACCOUNT,
  REGISTRATION_LABELS,
  registrationLabelIndex,
  REGISTRATION_REASONS,
  Route,
  ROUTES,
  segmentsOf,
  takeInbound,
} from '../../router/index.ts';
import { type FieldProblem, problem, sendProblem } from '../../problem.ts';
import { answers } from '../../route-answers.ts';
import { type LeaseDraws, onceLeased } from './await-lease.ts';
import { InboundAnswerSchema, ProblemSchema } from './schemas.ts';

export interface InboundRoutes {
  readonly core: Core;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly leases: LeaseDraws;
  readonly inboundTo: InboundTo;
  /** Where opt-outs are kept beyond this process; undefined if nowhere. */
  readonly optOuts: OptOutKeeper | undefined;
}

/** Keeps opt-outs, which the core's table does for this process alone. */
export interface OptOutKeeper {
  /**
   * Writes down pairs of number and handset that opted out, or back in, and then calls `written`, which changes the table here. Rejects with
   * StoreUnavailable: then nobody knows.
   */
  write(
    pairs: readonly (readonly [senderKey: number, handsetKey: number])[],
    isOut: boolean,
    written: () => void,
  ): Promise<void>;
}

/** Accounts that are told of messages to their numbers. */
export interface InboundTo {
  /** `Face` of the API that an account uses; `Face.Native` for one that is told nothing. */
  faceOf(account: string): number;
  /** Tells an account, if it has an address; the id that the message got. */
  tell(account: string, message: Omit<InboundMessage, 'customer' | 'id'>): string;
  /** Numbers of which a handset opts out together with this one, itself among them. */
  together(number: number): readonly number[];
}

const NS_PER_MS = 1e6;

const InboundBody = Type.Object(
  {
    from: Type.String({ description: 'The handset, E.164: +1 and ten digits.', examples: ['+13105550123'] }),
    to: Type.String({ description: 'Our number, E.164; it may be toll-free.', examples: ['+12125550100'] }),
    text: Type.Optional(Type.String({ description: 'Up to 1,600 characters. May be left out when there is media.' })),
    media: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: MEDIA_COUNT_MAX,
        description: 'Addresses; they make it an MMS.',
      }),
    ),
    account: Type.Optional(
      Type.String({ pattern: `^[\\x21-\\x7e]{1,${ACCOUNT_LENGTH_MAX}}$`, description: 'Whose number it is; it pays.' }),
    ),
    route: Type.Optional(Type.Enum([...ROUTES], { description: 'a2p (default), or p2p, where no carrier charges.' })),
  },
  { additionalProperties: false },
);
type InboundBody = Type.Static<typeof InboundBody>;

type InboundAnswer = Pick<
  MessageAnswer,
  'decision' | 'registration' | 'reason' | 'carrier' | 'segments' | 'encoding' | 'price' | 'limit'
> &
  Arrival;

/** What is said of a message whose account was told of it. */
interface Arrival {
  readonly id?: string;
  readonly keyword?: Keyword;
}

export const inboundRoutes: FastifyPluginCallbackTypebox<InboundRoutes> = (app, routes, done) => {
  const { core, intake, clock } = routes;
  const slot = new MessageSlot();
  const draft = emptyDraft();

  app.post(
    '/v1/inbound',
    {
      schema: {
        tags: ['messages'],
        summary: 'Take a message from a handset to one of our numbers',
        body: InboundBody,
        response: answers({
          202: InboundAnswerSchema,
          402: InboundAnswerSchema,
          422: ProblemSchema,
          503: InboundAnswerSchema,
        }),
      },
    },
    ({ body }, reply) => {
      const wrong = readInbound(body, slot);
      if (wrong !== undefined) return sendProblem(reply, problem('invalid-message', 422, 'Invalid message', [wrong]));
      const code = take(body, true);
      if (code !== AWAITS_LEASE) return answer(reply, body);
      return onceLeased(routes.leases, (mayAwaitLease) => {
        // Others have used the slot meanwhile.
        readInbound(body, slot);
        return take(body, mayAwaitLease) === AWAITS_LEASE ? undefined : answer(reply, body);
      });
    },
  );

  /** Takes the message in `slot`; its decision, or AWAITS_LEASE. */
  function take({ account }: InboundBody, mayAwaitLease: boolean): number {
    slot.account = account === undefined ? NO_ACCOUNT : core.accounts.find(account);
    slot.atMs = clock.nowMs();
    slot.pricedAtMs = intake.pricedAtMs();
    slot.uptimeMs = clock.monotonicNs() / NS_PER_MS;
    const code = takeInbound(core, slot);
    return code === DecisionCode.LimitNotLeased && mayAwaitLease ? AWAITS_LEASE : code;
  }

  /** Answers the message that was just taken, or not. */
  function answer(reply: FastifyReply, body: InboundBody): FastifyReply | Promise<FastifyReply> {
    const { code, binding } = slot;
    if (code === DecisionCode.DestinationUnassigned || code === DecisionCode.DestinationLandline) {
      const what = code === DecisionCode.DestinationLandline ? 'is a landline' : 'lies in a block that nobody holds';
      const wrong = { field: 'from', message: `${what}; give the number of a handset` };
      return sendProblem(reply, problem('invalid-message', 422, 'Invalid message', [wrong]));
    }
    const { http, name, meaning } = decisionAt(code);
    if (code !== DecisionCode.Accepted && binding === Binding.None) {
      return sendProblem(
        reply,
        problem(name.replaceAll('_', '-'), http, 'Not taken', [{ field: '', message: meaning }]),
      );
    }
    const taken = answerFrom(slot, body);
    if (code !== DecisionCode.Accepted) return reply.code(http).send(taken);
    const told = arrived(body);
    const send = (how: Arrival): FastifyReply => reply.code(http).send({ ...taken, ...how });
    return told instanceof Promise ? told.then(send) : send(told);
  }

  /**
   * Does what the message in `slot`, which was taken, asks for, and has its account know of it: after what it asks for is kept. Rejects with
   * StoreUnavailable.
   */
  function arrived({ account, from, to, text = '', media = [] }: InboundBody): Arrival | Promise<Arrival> {
    if (account === undefined || routes.inboundTo.faceOf(account) === Face.Native) return {};
    const { senderKey, destinationKey, units: segments, atMs } = slot;
    const isUcs2 = encodingOf(countSegments(text)) === Encoding.Ucs2;
    const keyword = keywordOf(text);
    const tell = (): Arrival => {
      const id = routes.inboundTo.tell(account, { from, to, text, media, segments, isUcs2, atMs });
      return { id, ...(keyword && { keyword }) };
    };
    if (keyword === undefined) return tell();
    const numbers = routes.inboundTo.together(senderKey);
    const obeyed = (): void => obey(keyword, account, senderKey, destinationKey, numbers);
    if (routes.optOuts === undefined || keyword === 'help') {
      obeyed();
      return tell();
    }
    const pairs = numbers.map((number) => [number, destinationKey] as const);
    return routes.optOuts.write(pairs, keyword === 'stop', obeyed).then(tell);
  }

  /** Opts a handset out or in, of all these numbers, and answers it: before it is out, or once it is back. */
  function obey(
    keyword: Keyword,
    account: string,
    senderKey: number,
    handsetKey: number,
    numbers: readonly number[],
  ): void {
    if (keyword === 'start') for (const number of numbers) core.optOuts.remove(number, handsetKey);
    draft.face = routes.inboundTo.faceOf(account);
    draft.account = account;
    draft.senderKey = senderKey;
    draft.destinationKey = handsetKey;
    draft.text = KEYWORD_REPLIES[keyword](formatNumber(senderKey));
    // There is nobody to wait: what cannot be decided now is not sent.
    intake.submit(draft, false);
    if (keyword === 'stop') for (const number of numbers) core.optOuts.add(number, handsetKey);
  }

  done();
};

/** Fills the slot from `body`, seen from our side; or the field that is wrong. */
function readInbound({ from, to, text = '', media, route }: InboundBody, slot: MessageSlot): FieldProblem | undefined {
  const handset = parseNumberKey(from);
  if (handset < 0) return { field: 'from', message: numberRefusal(handset).message };
  const ours = parseSenderKey(to);
  if (ours < 0) return { field: 'to', message: numberRefusal(ours).message };
  if (handset === ours) return { field: 'to', message: 'is the handset itself; give another number' };
  if (text === '' && media === undefined) return { field: 'text', message: 'is empty; write something or add media' };
  if (text.length > TEXT_LENGTH_MAX) {
    return { field: 'text', message: `has ${text.length} characters; ${TEXT_LENGTH_MAX} is the most` };
  }
  const counted = countSegments(text);
  if (counted === INVALID_TEXT) {
    return { field: 'text', message: 'holds half a surrogate pair, which is no character; send whole characters' };
  }
  slot.destinationKey = handset;
  slot.senderKey = ours;
  slot.kind = media === undefined ? MessageKind.Sms : MessageKind.Mms;
  slot.units = media === undefined ? segmentsOf(counted) : 1;
  slot.route = route === undefined ? Route.A2p : ROUTES.indexOf(route);
  return undefined;
}

function answerFrom(slot: MessageSlot, { text = '', account }: InboundBody): InboundAnswer {
  const carrier = nameAt(CARRIER_LABELS, slot.carrier);
  const answer: InboundAnswer = {
    decision: decisionAt(slot.code).name,
    registration: nameAt(REGISTRATION_LABELS, registrationLabelIndex(slot.registration)),
    reason: nameAt(REGISTRATION_REASONS, slot.registration),
    carrier,
    segments: slot.units,
    encoding: encodingOf(countSegments(text)) === Encoding.Ucs2 ? 'ucs-2' : 'gsm-7',
    price: priceView(carrier, slot.quote, account),
  };
  if (slot.binding === Binding.None || account === undefined) return answer;
  const { name, scope } = bindingAt(slot.binding);
  return { ...answer, limit: { name, scope, key: account, used: slot.limitUsed, cap: slot.limitCap } };
}
