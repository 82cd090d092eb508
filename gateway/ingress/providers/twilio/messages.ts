/** Twilio's Messages resource: create, fetch, list. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { formatNumber } from '../../../../registry-cache/index.ts';
import { MEDIA_COUNT_MAX, TEXT_LENGTH_MAX } from '../../../limits.ts';
import { Face, type MessageStore } from '../../../messages/index.ts';
import type { FieldProblem } from '../../../problem.ts';
import type { Caller } from '../credentials.ts';
import { documented, documentedSending, type FaceParts } from '../face.ts';
import { type Form, valuesOf } from '../form.ts';
import type { SenderPool, SenderPools } from '../sender-pools.ts';
import { asE164, type Decided, type FaceMessage } from '../sending.ts';
import { sendJson } from '../json.ts';
import { type Call, callerOf, sendError, whenKnown } from './calls.ts';
import { isRefused, refusalOf, type TwilioError, twilioError } from './errors.ts';
import { type MessageFilter, readFilter } from './message-filter.ts';
import {
  API_VERSION,
  firstStatus,
  idOfSid,
  messageView,
  notesFor,
  notesOf,
  scheduledView,
  sidOf,
  statusOf,
} from './message-view.ts';

const TAG = 'twilio';
const MESSAGES = `/${API_VERSION}/Accounts/:accountSid/Messages`;

/** How long a message may wait, in seconds (Twilio, Message resource: ValidityPeriod). */
const VALIDITY_S_MAX = 36_000;
const MS_PER_SECOND = 1_000;
/** How far ahead a message may be scheduled (Twilio, error 35114). */
const SCHEDULE_MS_MIN = 15 * 60_000;
const SCHEDULE_MS_MAX = 35 * 86_400_000;
/** Before the sid of the last message of a page: the rest follows on the next one. */
const TOKEN_PREFIX = 'PA';

export function messageRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { sending, store, credentials, schedule, clock } = parts;
  const readBack = parts.readBack(Face.Twilio);

  const sends = documentedSending(TAG, 'Send one message', (request) => callerOf(credentials, request));
  app.post(`${MESSAGES}.json`, sends, whenKnown(credentials, create));

  function create({ request, reply, caller }: Call): FastifyReply | Promise<FastifyReply> {
    const read = readMessage((request.body ?? {}) as Form, caller, parts);
    if ('code' in read) return sendError(reply, read);
    if ('sendAtMs' in read) return scheduled(reply, caller, read.message, read.sendAtMs);
    return sending.send(
      read,
      (wrong) => sendError(reply, errorOf(wrong)),
      (decided) => created(reply, caller, decided),
    );
  }

  async function scheduled(
    reply: FastifyReply,
    caller: Caller,
    message: FaceMessage,
    sendAtMs: number,
  ): Promise<FastifyReply> {
    const wrong = sending.check(message);
    if (wrong !== undefined) return sendError(reply, errorOf(wrong));
    const added = await schedule.add([() => message], clock.nowMs(), sendAtMs);
    return added === undefined
      ? sendError(reply, twilioError(503, 20503, 'Too many messages are scheduled'))
      : sendJson(reply.code(201), scheduledView(added, caller.id));
  }

  /** Answers a message that has just been decided. */
  function created(reply: FastifyReply, caller: Caller, { code, at, retryAfterMs }: Decided): FastifyReply {
    const refusal = refusalOf(code);
    if (refusal !== undefined) {
      if (retryAfterMs > 0) reply.header('retry-after', Math.ceil(retryAfterMs / MS_PER_SECOND));
      return sendError(reply, refusal);
    }
    if (isRefused(code)) parts.tellRefusal(at);
    const told = { status: firstStatus(notesOf(store, at)), errorCode: 0 };
    return sendJson(reply.code(201), messageView(store, at, caller.id, told));
  }

  app.get(
    `${MESSAGES}/:messageSid.json`,
    documented(TAG, 'Fetch one message'),
    whenKnown(credentials, async ({ reply, caller, params }) => {
      const id = idOfSid(params['messageSid'] ?? '');
      const waiting = id === undefined ? undefined : await schedule.find(id, caller, Face.Twilio);
      if (waiting !== undefined) return sendJson(reply, scheduledView(waiting, caller.id));
      const show = (found: MessageStore, at: number): object => messageView(found, at, caller.id);
      const view = id === undefined ? undefined : await readBack.find(id, caller, show);
      return view === undefined ? sendError(reply, twilioError(404, 20404)) : sendJson(reply, view);
    }),
  );

  app.post(
    `${MESSAGES}/:messageSid.json`,
    documented(TAG, 'Take the text out of a message that has come to its end, or cancel one that has not gone'),
    whenKnown(credentials, async ({ request, reply, caller, params }) => {
      const { Status: status, Body: body } = (request.body ?? {}) as Form;
      const id = idOfSid(params['messageSid'] ?? '');
      const waiting = id === undefined ? undefined : await schedule.find(id, caller, Face.Twilio);
      if (waiting !== undefined && status === 'canceled') {
        const isOver = waiting.state !== 'waiting' || (await schedule.cancel(waiting));
        return isOver ? sendJson(reply, scheduledView(waiting, caller.id)) : sendError(reply, TOO_LATE);
      }
      const at = await placeOf(params['messageSid'], caller);
      if (at === undefined) return sendError(reply, twilioError(404, 20404));
      if (status !== undefined && status !== 'canceled') {
        return sendError(reply, twilioError(400, 20001, "'Status' can only be set to canceled"));
      }
      // What is taken goes out at once: there is nothing left to cancel.
      if (status !== undefined) return sendError(reply, TOO_LATE);
      if (body !== '') return sendError(reply, twilioError(400, 20001, "'Body' can only be set to an empty text"));
      if (!hasEnded(store, at)) return sendError(reply, twilioError(409, 20009));
      store.texts.set(at, '');
      return sendJson(reply, messageView(store, at, caller.id));
    }),
  );

  app.delete(
    `${MESSAGES}/:messageSid.json`,
    documented(TAG, 'Delete a message that has come to its end'),
    whenKnown(credentials, async ({ reply, caller, params }) => {
      const at = await placeOf(params['messageSid'], caller);
      if (at === undefined) return sendError(reply, twilioError(404, 20404));
      if (!hasEnded(store, at)) return sendError(reply, twilioError(409, 20009));
      // This API knows it no more; that it was sent stays on record.
      store.face[at] = Face.Native;
      store.callbackUrls[at] = undefined;
      store.texts.set(at, '');
      return reply.code(204).send();
    }),
  );

  app.get(
    `${MESSAGES}.json`,
    documented(TAG, 'List messages, the latest first'),
    whenKnown(credentials, async ({ request, reply, caller }) => {
      const filter = readFilter(request.query as Form);
      if ('code' in filter) return sendError(reply, filter);
      const { page, pageSize, token } = filter;
      const before = token === undefined ? undefined : await sequenceOf(token);
      if (before !== undefined && before < 0) return sendError(reply, twilioError(400, 20001, BAD_TOKEN));
      const { places, next } = readBack.page(caller, pageSize, before, (at) => filter.matches(store, at));
      const uri = (number: number, after?: string): string => {
        const query = new URLSearchParams({ ...filter.query, PageSize: String(pageSize), Page: String(number) });
        if (after !== undefined) query.set('PageToken', after);
        return `/${API_VERSION}/Accounts/${caller.id}/Messages.json?${query.toString()}`;
      };
      const last = places.at(-1);
      return sendJson(reply, {
        end: page * pageSize + Math.max(0, places.length - 1),
        first_page_uri: uri(0),
        messages: places.map((at) => messageView(store, at, caller.id)),
        next_page_uri:
          next === undefined || last === undefined ? null : uri(page + 1, TOKEN_PREFIX + sidOf(store, last)),
        page,
        page_size: pageSize,
        previous_page_uri: page === 0 ? null : uri(page - 1, tokenBefore(filter, caller, before)),
        start: page * pageSize,
        uri: uri(page, token),
      });
    }),
  );

  /** The token of the page before the one that begins below `before`; undefined if that is the first one. */
  function tokenBefore(filter: MessageFilter, caller: Caller, before = Infinity): string | undefined {
    const isNewer = (at: number): boolean => store.sequenceAt(at) > before && filter.matches(store, at);
    const at = readBack.page(caller, Infinity, undefined, isNewer).places.at(-filter.pageSize);
    return at === undefined ? undefined : TOKEN_PREFIX + sidOf(store, at);
  }

  async function placeOf(sid = '', caller: Caller): Promise<number | undefined> {
    const id = idOfSid(sid);
    return id === undefined ? undefined : readBack.ownPlace(id, caller);
  }

  /** The sequence number of the message that a token names; negative if it names none of this process. */
  async function sequenceOf(token: string): Promise<number> {
    const id = token.startsWith(TOKEN_PREFIX) ? idOfSid(token.slice(TOKEN_PREFIX.length)) : undefined;
    return id === undefined ? -1 : store.sequenceOf(await schedule.realId(id));
  }
}

const TOO_LATE = twilioError(409, 20409, 'The message cannot be canceled any more');
const BAD_TOKEN = 'PageToken is not one that an earlier page gave';

/** A form as a message; or what Twilio says of it. */
function readMessage(
  form: Form,
  caller: Caller,
  { pools, clock }: Pick<FaceParts, 'pools' | 'clock'>,
): FaceMessage | ScheduledMessage | TwilioError {
  const repeated = ONCE.find((name) => typeof form[name] === 'object');
  if (repeated !== undefined) return twilioError(400, 20001, `'${repeated}' is there more than once`);
  const { To: to = '', Body: text = '', StatusCallback: callbackUrl = '' } = form as Record<string, string>;
  const media = valuesOf(form, 'MediaUrl');
  if (to === '') return twilioError(400, 21604);
  const sender = readSender(form, caller, pools);
  if ('code' in sender) return sender;
  if (text === '' && media.length === 0) return twilioError(400, 21602);
  if (text.length > TEXT_LENGTH_MAX) return twilioError(400, 21617);
  if (media.length > MEDIA_COUNT_MAX) return twilioError(400, 21623);
  const { ValidityPeriod: validity } = form as Record<string, string | undefined>;
  if (validity !== undefined && !isWhole(validity, 1, VALIDITY_S_MAX)) {
    return twilioError(400, 20001, `'ValidityPeriod' must be a whole number of seconds from 1 to ${VALIDITY_S_MAX}`);
  }
  const message: FaceMessage = {
    caller,
    face: Face.Twilio,
    from: sender.from,
    to: asE164(to),
    text,
    media,
    callbackUrl: callbackUrl === '' ? sender.pool?.statusCallbackUrl : callbackUrl,
    notes: notesFor(sender.pool?.id),
    ...(validity !== undefined && { validUntilMs: clock.nowMs() + Number(validity) * MS_PER_SECOND }),
  };
  // Without a service, Twilio sends at once whatever else is asked for.
  if (form['ScheduleType'] !== 'fixed' || sender.pool === undefined) return message;
  const sendAtMs = Date.parse(valuesOf(form, 'SendAt')[0] ?? '');
  const aheadMs = sendAtMs - clock.nowMs();
  return aheadMs >= SCHEDULE_MS_MIN && aheadMs <= SCHEDULE_MS_MAX ? { message, sendAtMs } : twilioError(400, 35114);
}

interface ScheduledMessage {
  readonly message: FaceMessage;
  readonly sendAtMs: number;
}

interface Sender {
  /** E.164. */
  readonly from: string;
  readonly pool: SenderPool | undefined;
}

/** The number that a message names, or that of the messaging service whose turn it is. */
function readSender(form: Form, caller: Caller, pools: SenderPools): Sender | TwilioError {
  const { From: from = '', MessagingServiceSid: serviceSid = '' } = form as Record<string, string>;
  if (from === '' && serviceSid === '') return twilioError(400, 21603);
  if (serviceSid === '') return { from: asE164(from), pool: undefined };
  const pool = pools.find(serviceSid, caller.account);
  if (pool === undefined) return twilioError(404, 21701);
  if (from !== '') return { from: asE164(from), pool };
  const number = pools.next(pool);
  return number === undefined ? twilioError(400, 21704) : { from: formatNumber(number), pool };
}

const ONCE = [
  'To',
  'From',
  'MessagingServiceSid',
  'Body',
  'StatusCallback',
  'ValidityPeriod',
  'SendAt',
  'ScheduleType',
];

function hasEnded(store: MessageStore, at: number): boolean {
  const { status } = statusOf(store, at);
  return status === 'delivered' || status === 'undelivered' || status === 'failed';
}

/** What Twilio says of a field that our own check did not take. */
function errorOf({ field, message }: FieldProblem): TwilioError {
  switch (field) {
    case 'from':
      return twilioError(400, 21212, `The 'From' number ${message}`);
    case 'to':
      return twilioError(400, message.startsWith('is the sender') ? 21266 : 21211, `The 'To' number ${message}`);
    case 'callbackUrl':
      return twilioError(400, 21609, `The StatusCallback ${message}`);
    case 'text':
      return twilioError(400, 21602, `The body ${message}`);
    default:
      return twilioError(400, 21620);
  }
}

function isWhole(text: string, min: number, max: number): boolean {
  return /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max;
}
