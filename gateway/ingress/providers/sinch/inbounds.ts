/** Messages from handsets as Sinch shows them: one, or a list of them. */
import type { FastifyInstance } from 'fastify';
import { documented, type FaceParts } from '../face.ts';
import type { Form } from '../form.ts';
import type { LoggedInbound } from '../inbound-log.ts';
import { sendJson } from '../json.ts';
import { batchIdOf, messageIdOfBatch } from './batch-ids.ts';
import { timeOf } from './batch-view.ts';
import { sendError, whenKnown } from './calls.ts';
import { NOT_FOUND } from './errors.ts';
import { isError, listOf, readPage, sendPage } from './pages.ts';
import { SERVICE } from './paths.ts';

const TAG = 'sinch';

export function inboundRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { inbounds, clock } = parts;

  app.get(
    `${SERVICE}/inbounds`,
    documented(TAG, 'List messages from handsets, the latest first'),
    whenKnown(parts, ({ request, reply, caller }) => {
      const query = request.query as Form;
      const page = readPage(query, clock.nowMs());
      if (isError(page)) return sendError(reply, page);
      const numbers = listOf(query, 'to').map(bare);
      const found = inbounds.of(caller.account).filter(({ to, atMs }) => {
        const isTo = numbers.length === 0 || numbers.includes(bare(to));
        return isTo && atMs >= page.fromMs && atMs < page.untilMs;
      });
      return sendPage(reply, 'inbounds', page, found.map(inboundView));
    }),
  );

  app.get(
    `${SERVICE}/inbounds/:inboundId`,
    documented(TAG, 'Fetch one message from a handset'),
    whenKnown(parts, ({ reply, caller, params }) => {
      const id = messageIdOfBatch(params['inboundId'] ?? '');
      const found = inbounds.of(caller.account).find((message) => message.id === id);
      return found === undefined ? sendError(reply, NOT_FOUND) : sendJson(reply, inboundView(found));
    }),
  );
}

/** As it is told by a callback, too. */
export function inboundView({ id, from, to, text, media, atMs }: LoggedInbound): object {
  const isMms = media.length > 0;
  return {
    type: isMms ? 'mo_media' : 'mo_text',
    id: batchIdOf(id),
    from: bare(from),
    to: bare(to),
    body: isMms
      ? { message: text, media: media.map((url) => ({ url, content_type: '', status: 'Uploaded', code: 0 })) }
      : text,
    received_at: timeOf(atMs),
  };
}

function bare(number: string): string {
  return number.replace(/^\+/, '');
}
