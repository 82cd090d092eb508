/** Sinch's batches: send, dry run, fetch, list, update, replace, cancel. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Face, messageId, type MessageStore, parseMessageId } from '../../../messages/index.ts';
import type { FieldProblem } from '../../../problem.ts';
import { countSegments, Encoding, encodingOf } from '../../../router/index.ts';
import type { Caller } from '../credentials.ts';
import { documented, documentedSending, type FaceParts } from '../face.ts';
import type { Form } from '../form.ts';
import { type Member, sendGroup } from '../groups.ts';
import { fieldsOf, type JsonFields, sendJson, textsOf } from '../json.ts';
import type { Scheduled } from '../schedule.ts';
import type { Decided, FaceMessage } from '../sending.ts';
import { messageIdOfBatch } from './batch-ids.ts';
import { batchView, notesFor, notesOf, scheduledView, type SinchNotes } from './batch-view.ts';
import { type Call, callerOf, sendError, whenKnown } from './calls.ts';
import {
  ALREADY_SENT,
  constraintBroken,
  formatWrong,
  isRefused,
  NOT_FOUND,
  refusalOf,
  type SinchError,
  sinchError,
} from './errors.ts';
import { isError, listOf, readPage, sendPage } from './pages.ts';
import { SERVICE } from './paths.ts';
import { type BatchFields, partsOf, readBatch, type ReadBatch } from './read-batch.ts';

const TAG = 'sinch';
const BATCHES = `${SERVICE}/batches`;
const BATCH = `${BATCHES}/:batchId`;
const MS_PER_SECOND = 1_000;
const SHOWN_DEFAULT = 100;
const SHOWN_MAX = 1_000;
const CANNOT_SCHEDULE = sinchError(403, 'scheduling_unavailable', 'Too many batches wait; leave out send_at');

export function batchRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { sending, store, clock, schedule } = parts;
  const readBack = parts.readBack(Face.Sinch);
  const sends = (summary: string): ReturnType<typeof documentedSending> =>
    documentedSending(TAG, summary, (request) => callerOf(parts, request));

  app.post(
    BATCHES,
    sends('Send a batch: one text to one or many'),
    whenKnown(parts, ({ request, reply, caller }) => send(reply, caller, fieldsOf(request.body) ?? {})),
  );

  function send(reply: FastifyReply, caller: Caller, body: JsonFields): FastifyReply | Promise<FastifyReply> {
    const read = readBatch(body, clock.nowMs());
    if ('code' in read) return sendError(reply, read);
    const members = membersOf(read, caller);
    if (read.sendAtMs !== undefined) return plan(reply, members, read.sendAtMs);
    const refuse = (wrong: FieldProblem): FastifyReply => sendError(reply, errorOf(wrong));
    const [first] = members;
    if (first !== undefined && members.length === 1) {
      return sending.send(first(undefined), refuse, (decided) => {
        const answered = created(reply, decided, read);
        if (refusalOf(decided.code) === undefined && isRefused(decided.code)) parts.tellRefusal(decided.at);
        return answered;
      });
    }
    return sendAll(reply, read, members, refuse);
  }

  async function sendAll(
    reply: FastifyReply,
    read: ReadBatch,
    members: readonly Member[],
    refuse: (wrong: FieldProblem) => FastifyReply,
  ): Promise<FastifyReply> {
    // They are told of once all are there: a report may be about all of them.
    const refused: number[] = [];
    const note = ({ code, at }: Decided): void => void (at >= 0 && isRefused(code) && refused.push(at));
    const answered = await sendGroup(sending, store, members, {
      refuse,
      answer: (decided) => {
        if (refusalOf(decided.code) === undefined) note(decided);
        return created(reply, decided, read);
      },
      isTaken: ({ code }) => refusalOf(code) === undefined,
      other: note,
    });
    for (const at of refused) parts.tellRefusal(at);
    return answered;
  }

  /** Answers a batch whose first message has just been decided. */
  function created(reply: FastifyReply, { code, at, retryAfterMs }: Decided, { fields }: ReadBatch): FastifyReply {
    const refusal = refusalOf(code);
    if (refusal !== undefined) {
      if (retryAfterMs > 0) reply.header('retry-after', Math.ceil(retryAfterMs / MS_PER_SECOND));
      return sendError(reply, refusal);
    }
    return sendJson(reply.code(201), batchView(store, at, { batch: fields }));
  }

  /** Keeps a batch until its time has come. */
  async function plan(reply: FastifyReply, members: readonly Member[], sendAtMs: number): Promise<FastifyReply> {
    for (const member of members) {
      const wrong = sending.check(member(undefined));
      if (wrong !== undefined) return sendError(reply, errorOf(wrong));
    }
    const first = await schedule.add(members, clock.nowMs(), sendAtMs);
    return first === undefined ? sendError(reply, CANNOT_SCHEDULE) : sendJson(reply.code(201), scheduledView(first));
  }

  app.post(
    `${BATCHES}/dry_run`,
    documented(TAG, 'Count what a batch would be, and send nothing'),
    whenKnown(parts, ({ request, reply, caller }) => {
      const read = readBatch(fieldsOf(request.body) ?? {}, clock.nowMs());
      if ('code' in read) return sendError(reply, read);
      for (const member of membersOf(read, caller)) {
        const wrong = sending.check(member(undefined));
        if (wrong !== undefined) return sendError(reply, errorOf(wrong));
      }
      const query = request.query as Form;
      const [shownText = String(SHOWN_DEFAULT)] = listOf(query, 'number_of_recipients');
      const shown = Number(shownText);
      if (!(shown >= 0 && shown <= SHOWN_MAX)) {
        return sendError(reply, formatWrong('number_of_recipients', `must be a number up to ${SHOWN_MAX}`));
      }
      const { recipients, media } = read;
      const counted = recipients.map(({ to, text }) => ({
        recipient: to.slice(1),
        number_of_parts: media.length > 0 ? 1 : partsOf(text),
        body: text,
        encoding: encodingOf(countSegments(text)) === Encoding.Ucs2 ? 'unicode' : 'text',
      }));
      return sendJson(reply, {
        number_of_recipients: counted.length,
        number_of_messages: counted.reduce((sum, one) => sum + one.number_of_parts, 0),
        ...(listOf(query, 'per_recipient')[0] === 'true' && { per_recipient: counted.slice(0, shown) }),
      });
    }),
  );

  app.get(
    BATCHES,
    documented(TAG, 'List batches, the latest first'),
    whenKnown(parts, ({ request, reply, caller }) => {
      const query = request.query as Form;
      const page = readPage(query, clock.nowMs());
      if (isError(page)) return sendError(reply, page);
      const senders = listOf(query, 'from');
      const { places } = readBack.page(caller, Infinity, undefined, (at) => {
        const atMs = store.acceptedAtMs[at]!;
        const notes = notesOf(store, at);
        if (notes?.batch.to === undefined || atMs < page.fromMs || atMs >= page.untilMs) return false;
        const { from = '', client_reference: reference } = notes.batch;
        if (senders.length > 0 && !senders.includes(from)) return false;
        return page.reference === undefined || page.reference === reference;
      });
      const batches = places.map((at) => batchView(store, at, notesOf(store, at)!));
      return sendPage(reply, 'batches', page, batches);
    }),
  );

  app.get(
    BATCH,
    documented(TAG, 'Fetch one batch'),
    whenKnown(parts, async (call) => {
      const waiting = await scheduledOf(call);
      if (waiting !== undefined) return sendJson(call.reply, scheduledView(waiting));
      const view = await viewOf(call);
      return view === undefined ? sendError(call.reply, NOT_FOUND) : sendJson(call.reply, view);
    }),
  );

  app.delete(
    BATCH,
    documented(TAG, 'Cancel a batch: what of it has not gone'),
    whenKnown(parts, async (call) => {
      const { reply, caller } = call;
      const waiting = await scheduledOf(call);
      if (waiting !== undefined) {
        await cancel(waiting, caller);
        return sendJson(reply, scheduledView(waiting));
      }
      // What has gone is not called back; the batch is marked all the same.
      const at = await readBack.ownPlace(idOf(call) ?? '', caller);
      const notes = at === undefined ? undefined : notesOf(store, at);
      if (at !== undefined && notes !== undefined) store.faceNotes[at] = JSON.stringify({ ...notes, canceled: true });
      const view = await viewOf(call);
      return view === undefined ? sendError(reply, NOT_FOUND) : sendJson(reply, view);
    }),
  );

  app.put(
    BATCH,
    sends('Replace a batch that has not gone: as if it were canceled, and another one sent'),
    whenKnown(parts, (call) => change(call, fieldsOf(call.request.body) ?? {})),
  );

  app.post(
    BATCH,
    sends('Change a batch that has not gone'),
    whenKnown(parts, async (call) => {
      const { to_add: added, to_remove: removed, ...given } = fieldsOf(call.request.body) ?? {};
      const waiting = await scheduledOf(call);
      const before = waiting === undefined ? {} : (fieldsOf(scheduledView(waiting)) ?? {});
      const { to = [], body, ...rest } = before;
      const gone = textsOf(removed) ?? [];
      const recipients = [...(textsOf(to) ?? []), ...(textsOf(added) ?? [])].filter((one) => !gone.includes(one));
      return change(call, { ...rest, body, ...given, to: recipients });
    }),
  );

  async function change(call: Call, body: JsonFields): Promise<FastifyReply> {
    const { reply, caller } = call;
    const waiting = await scheduledOf(call);
    if (waiting === undefined) {
      return sendError(reply, (await viewOf(call)) === undefined ? NOT_FOUND : ALREADY_SENT);
    }
    const read = readBatch(body, clock.nowMs());
    if ('code' in read) return sendError(reply, read);
    if (waiting.state !== 'waiting') return sendError(reply, ALREADY_SENT);
    await cancel(waiting, caller);
    return send(reply, caller, body);
  }

  function membersOf({ fields, from, recipients, media, sendAtMs, expireAtMs }: ReadBatch, caller: Caller): Member[] {
    const { callback_url: callbackUrl } = fields;
    const size = recipients.length;
    const isPlanned = sendAtMs !== undefined;
    const told = size > 1 ? reportedOf(fields) : fields;
    return recipients.map(({ to, text }) => (group): FaceMessage => {
      const own: SinchNotes = { batch: fields, ...(size > 1 && { size }) };
      const notes: SinchNotes = group === undefined ? own : { batch: told, group, size };
      return {
        caller,
        face: Face.Sinch,
        from,
        to,
        text,
        media,
        callbackUrl,
        // What waits for its time is shown before it is a message with numbers of its own.
        notes: size > 1 || isPlanned ? JSON.stringify(notes) : notesFor(fields, from, to),
        ...(expireAtMs !== undefined && { validUntilMs: expireAtMs }),
      };
    });
  }

  async function scheduledOf(call: Call): Promise<Scheduled | undefined> {
    const id = idOf(call);
    return id === undefined ? undefined : schedule.find(id, call.caller, Face.Sinch);
  }

  /** Cancels all messages of a batch, of which this is the first. */
  async function cancel(first: Scheduled, caller: Caller): Promise<void> {
    const { size = 1 } = JSON.parse(first.message.notes ?? '') as SinchNotes;
    const { run = '', sequence = 0 } = parseMessageId(first.id) ?? {};
    await schedule.cancel(first);
    for (let place = 1; place < size; place += 1) {
      const member = await schedule.find(messageId(run, sequence + place), caller, Face.Sinch);
      if (member !== undefined) await schedule.cancel(member);
    }
  }

  async function viewOf(call: Call): Promise<object | undefined> {
    const id = idOf(call);
    const show = (found: MessageStore, at: number): object | undefined => {
      const notes = notesOf(found, at);
      return notes?.batch.to === undefined ? undefined : batchView(found, at, notes);
    };
    return id === undefined ? undefined : readBack.find(id, call.caller, show);
  }
}

/** Fields of a batch that reports on each of its messages go by. */
const REPORTED = ['delivery_report', 'client_reference', 'max_number_of_message_parts'];

function reportedOf(fields: BatchFields): BatchFields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => REPORTED.includes(name)));
}

/** Our id of the first message of the batch of a path. */
export function idOf({ params }: Call): string | undefined {
  return messageIdOfBatch(params['batchId'] ?? '');
}

/** What Sinch says of a field that our own check did not take. */
function errorOf({ field, message }: FieldProblem): SinchError {
  switch (field) {
    case 'text':
      return constraintBroken('body', message);
    case 'callbackUrl':
      return formatWrong('callback_url', message);
    case 'from':
    case 'to':
      return formatWrong(field, message);
    default:
      return formatWrong('body.url', message);
  }
}
