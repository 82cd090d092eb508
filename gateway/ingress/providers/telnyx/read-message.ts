/** A body of Telnyx's as a message; or what Telnyx says of it. */
import { formatNumber, parseNumberKey, parseSenderKey } from '../../../../registry-cache/index.ts';
import { MEDIA_COUNT_MAX, TEXT_LENGTH_MAX } from '../../../limits.ts';
import { Face } from '../../../messages/index.ts';
import type { FieldProblem } from '../../../problem.ts';
import type { Caller } from '../credentials.ts';
import type { FaceParts } from '../face.ts';
import type { JsonFields } from '../json.ts';
import type { SenderPool } from '../sender-pools.ts';
import { asE164, type FaceMessage } from '../sending.ts';
import { type TelnyxError, telnyxError } from './errors.ts';
import { FieldReader } from './fields.ts';
import type { TelnyxNotes } from './message-view.ts';

/** How far ahead a message may be scheduled (Telnyx, Schedule a message). */
const SCHEDULE_MS_MIN = 5 * 60_000;
const SCHEDULE_MS_MAX = 5 * 86_400_000;
const ENCODINGS: readonly string[] = ['auto', 'gsm7', 'ucs2'];
const TYPES: readonly string[] = ['SMS', 'MMS'];

/** What a resource of messages asks for beside what every message has. */
export interface Demands {
  readonly needs?: 'from' | 'messaging_profile_id' | 'send_at';
}

export interface ReadMessage {
  readonly message: FaceMessage;
  /** When it is to be sent, if not now. */
  readonly sendAtMs: number | undefined;
}

export function readMessage(
  fields: JsonFields,
  caller: Caller,
  { pools, clock, callbackGuard }: Pick<FaceParts, 'pools' | 'clock' | 'callbackGuard'>,
  { needs }: Demands,
): ReadMessage | TelnyxError {
  const reader = new FieldReader(fields);
  const to = reader.requiredText('to');
  if (needs !== undefined) reader.requiredText(needs);
  const from = reader.text('from');
  const profileId = reader.text('messaging_profile_id');
  const text = reader.text('text') ?? '';
  const media = reader.texts('media_urls');
  const subject = reader.text('subject');
  const url = reader.text('webhook_url');
  const failoverUrl = reader.url('webhook_failover_url', callbackGuard);
  checkContents(reader, text, media);
  const sendAtMs = readSendAt(reader, clock.nowMs());
  if (reader.wrong !== undefined) return reader.wrong;
  const pool = profileId === undefined ? poolOfNumber(from) : pools.find(profileId, caller.account);
  if (profileId !== undefined && pool === undefined) return telnyxError(422, 10017, '/messaging_profile_id');
  const sender = from ?? nextOf(pool);
  if (sender === undefined) {
    const isUnnamed = pool === undefined;
    return isUnnamed
      ? telnyxError(422, 10004, '/from', "Give a number in 'from', or a 'messaging_profile_id' that has some")
      : telnyxError(400, 40321, '/messaging_profile_id');
  }
  const message: FaceMessage = {
    caller,
    face: Face.Telnyx,
    from: sender,
    to,
    text,
    media,
    callbackUrl: url ?? pool?.statusCallbackUrl,
    notes: JSON.stringify({
      ...(pool && { profileId: pool.id }),
      ...(subject !== undefined && { subject }),
      // The addresses of a profile go together.
      ...failoverOf(failoverUrl ?? (url === undefined ? pool?.failoverUrl : undefined)),
    } satisfies TelnyxNotes),
  };
  return { message, sendAtMs };

  function poolOfNumber(number: string | undefined): SenderPool | undefined {
    const found = number === undefined ? undefined : pools.poolOf(parseSenderKey(number));
    return found?.account === caller.account ? found : undefined;
  }

  function nextOf(found: SenderPool | undefined): string | undefined {
    const number = found && pools.next(found);
    return number === undefined ? undefined : formatNumber(number);
  }
}

/** What Telnyx says of a field that our own check did not take. */
export function errorOf({ field, message }: FieldProblem, { from, to }: FaceMessage): TelnyxError {
  switch (field) {
    case 'from':
      return isNumberElsewise(from)
        ? telnyxError(400, 10016, '/from')
        : telnyxError(400, 40305, '/from', `'from' ${message}`);
    case 'to':
      if (isNumberElsewise(to)) return telnyxError(400, 10016, '/to');
      return telnyxError(400, 40310, '/to', `'to' ${message}`);
    case 'callbackUrl':
      return telnyxError(400, 10003, '/webhook_url', `'webhook_url' ${message}`);
    case 'text':
      return telnyxError(400, 10015, '/text', `'text' ${message}`);
    default:
      return telnyxError(400, 40317, '/media_urls');
  }
}

function checkContents(reader: FieldReader, text: string, media: readonly string[]): void {
  if (text === '' && media.length === 0) reader.refuse('text', 40316, undefined, 400);
  if (text.length > TEXT_LENGTH_MAX) reader.refuse('text', 40302, undefined, 400);
  if (media.length > MEDIA_COUNT_MAX) reader.refuse('media_urls', 40317, undefined, 400);
  const type = reader.text('type');
  if (type !== undefined && !TYPES.includes(type)) reader.refuse('type', 10015, `'type' must be ${TYPES.join(' or ')}`);
  if (type !== undefined && (type === 'MMS') !== media.length > 0) reader.refuse('type', 40304, undefined, 400);
  const encoding = reader.text('encoding');
  if (encoding !== undefined && !ENCODINGS.includes(encoding)) {
    reader.refuse('encoding', 10015, `'encoding' must be one of ${ENCODINGS.join(', ')}`);
  }
}

function readSendAt(reader: FieldReader, nowMs: number): number | undefined {
  const sendAt = reader.text('send_at');
  if (sendAt === undefined) return undefined;
  const atMs = Date.parse(sendAt);
  if (!(atMs >= nowMs + SCHEDULE_MS_MIN && atMs <= nowMs + SCHEDULE_MS_MAX)) {
    reader.refuse('send_at', 10015, "'send_at' must be a date of ISO 8601, 5 minutes to 5 days from now");
  }
  return atMs;
}

function failoverOf(failoverUrl: string | undefined): Pick<TelnyxNotes, 'failoverUrl'> {
  return failoverUrl === undefined ? {} : { failoverUrl };
}

/** A number that is good but for the way it is written. */
function isNumberElsewise(written: string): boolean {
  return parseNumberKey(written) < 0 && parseNumberKey(asE164(written)) >= 0;
}
