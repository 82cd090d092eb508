/** Plivo's messages: send to one or many, fetch, list. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Face } from '../../../messages/index.ts';
import { documented, documentedSending, type FaceParts } from '../face.ts';
import type { Form } from '../form.ts';
import { fieldsOf } from '../json.ts';
import type { Decided, FaceMessage } from '../sending.ts';
import { messageIdOfUuid, uuidOf } from '../vendor-ids.ts';
import { ACCOUNT, type Call, callerOf, refuse, sendAnswer, TAG, whenKnown } from './calls.ts';
import { endOf, type PlivoError, plivoError, refusalOf } from './errors.ts';
import { metaOf, readWindow, sendList } from './lists.ts';
import { readFilter } from './message-filter.ts';
import { messageView } from './message-view.ts';
import { errorOf, readMessages, type ReadMessages } from './read-message.ts';

const MESSAGES = `${ACCOUNT}/Message/`;
const MS_PER_SECOND = 1_000;

/** A message of many: the id it has, or why it has none. */
type Outcome = { readonly uuid: string } | PlivoError;

export function messageRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { sending, store, credentials } = parts;
  const readBack = parts.readBack(Face.Plivo);

  app.post(
    MESSAGES,
    documentedSending(TAG, 'Send a message to one recipient, or to several', (request) =>
      callerOf(credentials, request),
    ),
    whenKnown(credentials, (call) => {
      const fields = fieldsOf(call.request.body);
      if (fields === undefined) return refuse(call, plivoError(400, 'the body must be an object of JSON'));
      const read = readMessages(fields, call.caller, parts);
      if ('error' in read) return refuse(call, read);
      const [first, ...rest] = read.messages;
      if (first === undefined) return refuse(call, plivoError(400, 'dst: is required'));
      return rest.length === 0 ? sendOne(call, first) : sendMany(call, read);
    }),
  );

  function sendOne(call: Call, message: FaceMessage): FastifyReply | Promise<FastifyReply> {
    return sending.send(
      message,
      (wrong) => refuse(call, errorOf(wrong)),
      ({ code, at, retryAfterMs }) => {
        const refusal = refusalOf(code);
        if (refusal === undefined) return sendTaken(call, [taken(code, at)], []);
        // It has no id that anybody was told: this API does not know it.
        if (at >= 0) store.face[at] = Face.Native;
        if (retryAfterMs > 0) call.reply.header('retry-after', Math.ceil(retryAfterMs / MS_PER_SECOND));
        return refuse(call, refusal);
      },
    );
  }

  /** Those that cannot be sent do not keep the others; what is over a rate is taken, and fails. */
  async function sendMany(call: Call, { messages, written }: ReadMessages): Promise<FastifyReply> {
    const outcomes = await Promise.all(
      messages.map(async (message) => sending.send<Outcome>(message, errorOf, outcomeOf)),
    );
    const uuids = outcomes.flatMap((one) => ('uuid' in one ? one.uuid : []));
    const [error] = outcomes.flatMap((one) => ('error' in one ? one : []));
    const isNone = uuids.length === 0 && error !== undefined;
    const invalid = written.filter((_, place) => 'error' in outcomes[place]!);
    return isNone ? refuse(call, error) : sendTaken(call, uuids, invalid);
  }

  function sendTaken(call: Call, uuids: readonly string[], invalid: readonly string[]): FastifyReply {
    const invalidNumbers = invalid.length > 0 && { invalid_number: invalid };
    return sendAnswer(call, 202, { message: 'message(s) queued', message_uuid: uuids, ...invalidNumbers });
  }

  function outcomeOf({ code, at }: Decided): Outcome {
    const refusal = refusalOf(code);
    return at < 0 && refusal !== undefined ? refusal : { uuid: taken(code, at) };
  }

  /** The id of a message that is answered as queued, whatever becomes of it. */
  function taken(code: number, at: number): string {
    if (endOf(code) !== undefined) parts.tellRefusal(at);
    return uuidOf(store.idAt(at));
  }

  app.get(
    MESSAGES,
    documented(TAG, 'List messages, the latest first'),
    whenKnown(credentials, (call) => {
      const query = call.request.query as Form;
      const window = readWindow(query);
      if ('error' in window) return refuse(call, window);
      const filter = readFilter(query);
      if ('error' in filter) return refuse(call, filter);
      const { limit, offset } = window;
      const { places, next } = readBack.page(call.caller, offset + limit, undefined, (at) => filter(store, at));
      return sendAnswer(call, 200, {
        meta: metaOf(call, window, next !== undefined),
        objects: places.slice(offset).map((at) => messageView(store, at, call.caller.id)),
      });
    }),
  );

  app.get(
    `${MESSAGES}:uuid/`,
    documented(TAG, 'Fetch one message'),
    whenKnown(credentials, async (call) => {
      const id = messageIdOfUuid(call.params['uuid'] ?? '');
      const { caller } = call;
      const view = id && (await readBack.find(id, caller, (found, at) => messageView(found, at, caller.id)));
      return view ? sendAnswer(call, 200, view) : refuse(call, plivoError(404));
    }),
  );

  app.get(
    `${MESSAGES}:uuid/Media/`,
    documented(TAG, 'List the media of a message'),
    whenKnown(credentials, async (call) => {
      const { uuid = '' } = call.params;
      const id = messageIdOfUuid(uuid);
      const media = id && (await readBack.find(id, call.caller, (found, at) => found.media[at] ?? []));
      if (!media) return refuse(call, plivoError(404));
      const views = media.map((url, place) => ({ media_id: `${uuid}-${place}`, media_url: url, message_uuid: uuid }));
      return sendList(call, 'objects', views);
    }),
  );
}
