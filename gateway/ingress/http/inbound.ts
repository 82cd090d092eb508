/** `POST /v1/inbound`: a message from a handset to one of our numbers. It is priced, charged and counted, and kept nowhere. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { numberRefusal, parseNumberKey, parseSenderKey } from '../../../registry-cache/index.ts';
import { ACCOUNT_LENGTH_MAX, TEXT_LENGTH_MAX } from '../../limits.ts';
import { AWAITS_LEASE, type Intake, type MessageAnswer, priceView } from '../../messages/index.ts';
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
}

const NS_PER_MS = 1e6;

const InboundBody = Type.Object(
  {
    from: Type.String({ description: 'The handset, E.164: +1 and ten digits.', examples: ['+13105550123'] }),
    to: Type.String({ description: 'Our number, E.164; it may be toll-free.', examples: ['+12125550100'] }),
    text: Type.String({ description: 'Up to 1,600 characters.' }),
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
>;

export const inboundRoutes: FastifyPluginCallbackTypebox<InboundRoutes> = (app, routes, done) => {
  const { core, intake, clock } = routes;
  const slot = new MessageSlot();

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
  function answer(reply: FastifyReply, body: InboundBody): FastifyReply {
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
    return reply.code(http).send(answerFrom(slot, body));
  }

  done();
};

/** Fills the slot from `body`, seen from our side; or the field that is wrong. */
function readInbound({ from, to, text, route }: InboundBody, slot: MessageSlot): FieldProblem | undefined {
  const handset = parseNumberKey(from);
  if (handset < 0) return { field: 'from', message: numberRefusal(handset).message };
  const ours = parseSenderKey(to);
  if (ours < 0) return { field: 'to', message: numberRefusal(ours).message };
  if (handset === ours) return { field: 'to', message: 'is the handset itself; give another number' };
  if (text === '') return { field: 'text', message: 'is empty; write something' };
  if (text.length > TEXT_LENGTH_MAX) {
    return { field: 'text', message: `has ${text.length} characters; ${TEXT_LENGTH_MAX} is the most` };
  }
  const counted = countSegments(text);
  if (counted === INVALID_TEXT) {
    return { field: 'text', message: 'holds half a surrogate pair, which is no character; send whole characters' };
  }
  slot.destinationKey = handset;
  slot.senderKey = ours;
  slot.units = segmentsOf(counted);
  slot.route = route === undefined ? Route.A2p : ROUTES.indexOf(route);
  return undefined;
}

function answerFrom(slot: MessageSlot, { text, account }: InboundBody): InboundAnswer {
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
