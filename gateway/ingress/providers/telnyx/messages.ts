/** Telnyx's messages: send, schedule, cancel, fetch. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Face } from '../../../messages/index.ts';
import { documented, documentedSending, type FaceParts } from '../face.ts';
import { fieldsOf, sendJson } from '../json.ts';
import type { Decided, FaceMessage } from '../sending.ts';
import { messageIdOfUuid } from '../vendor-ids.ts';
import { type Call, callerOf, notFound, sendError, TAG, whenKnown } from './calls.ts';
import { endOf, refusalOf, telnyxError } from './errors.ts';
import { messageView, QUEUED, scheduledView } from './message-view.ts';
import { type Demands, errorOf, readMessage } from './read-message.ts';

const MESSAGES = '/v2/messages';
const MS_PER_SECOND = 1_000;

export function messageRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { sending, store, credentials, schedule, clock } = parts;
  const readBack = parts.readBack(Face.Telnyx);

  const send = (path: string, summary: string, demands: Demands): void => {
    app.post(
      MESSAGES + path,
      documentedSending(TAG, summary, (request) => callerOf(credentials, request)),
      whenKnown(credentials, (call) => create(call, demands)),
    );
  };
  send('', 'Send one message', {});
  send('/long_code', 'Send one message from a number', { needs: 'from' });
  send('/number_pool', "Send one message from a messaging profile's next number", { needs: 'messaging_profile_id' });
  send('/schedule', 'Send one message later', { needs: 'send_at' });

  function create({ request, reply, caller }: Call, demands: Demands): FastifyReply | Promise<FastifyReply> {
    const fields = fieldsOf(request.body);
    if (fields === undefined) return sendError(reply, telnyxError(400, 10015, undefined, 'Send an object of JSON'));
    const read = readMessage(fields, caller, parts, demands);
    if ('code' in read) return sendError(reply, read);
    const { message, sendAtMs } = read;
    if (sendAtMs !== undefined) return later(reply, message, sendAtMs);
    return sending.send(
      message,
      (wrong) => sendError(reply, errorOf(wrong, message)),
      (decided) => created(reply, decided),
    );
  }

  async function later(reply: FastifyReply, message: FaceMessage, sendAtMs: number): Promise<FastifyReply> {
    const wrong = sending.check(message);
    if (wrong !== undefined) return sendError(reply, errorOf(wrong, message));
    const added = await schedule.add([() => message], clock.nowMs(), sendAtMs);
    return added === undefined
      ? sendError(reply, telnyxError(503, 10007, undefined, 'Too many messages are scheduled'))
      : sendJson(reply, { data: scheduledView(added) });
  }

  /** Answers a message that has just been decided. */
  function created(reply: FastifyReply, { code, at, retryAfterMs }: Decided): FastifyReply {
    const refusal = refusalOf(code);
    if (refusal !== undefined) {
      if (retryAfterMs > 0) reply.header('retry-after', Math.ceil(retryAfterMs / MS_PER_SECOND));
      return sendError(reply, refusal);
    }
    if (endOf(code) !== undefined) parts.tellRefusal(at);
    return sendJson(reply, { data: messageView(store, at, QUEUED) });
  }

  app.get(
    `${MESSAGES}/:id`,
    documented(TAG, 'Fetch one message'),
    whenKnown(credentials, async ({ reply, caller, params }) => {
      const id = messageIdOfUuid(params['id'] ?? '');
      if (id === undefined) return notFound(reply);
      const waiting = await schedule.find(id, caller, Face.Telnyx);
      const view = waiting ? scheduledView(waiting) : await readBack.find(id, caller, messageView);
      return view === undefined ? notFound(reply) : sendJson(reply, { data: view });
    }),
  );

  app.delete(
    `${MESSAGES}/:id`,
    documented(TAG, 'Cancel a message that is scheduled'),
    whenKnown(credentials, async ({ reply, caller, params }) => {
      const id = messageIdOfUuid(params['id'] ?? '');
      if (id === undefined) return notFound(reply);
      const waiting = await schedule.find(id, caller, Face.Telnyx);
      // Alone of all answers, this one has no `data` around it.
      if (waiting !== undefined && (await schedule.cancel(waiting))) return sendJson(reply, scheduledView(waiting));
      const isKnown = waiting ?? (await readBack.find(id, caller, () => true));
      return isKnown === undefined
        ? notFound(reply)
        : sendError(reply, telnyxError(400, 10015, '/id', 'Only a message that is scheduled can be cancelled'));
    }),
  );
}
