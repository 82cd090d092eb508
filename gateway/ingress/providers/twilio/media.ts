/** Media of a message, as Twilio's API shows them: nothing was fetched, so that of each there is its address, and what that looks like. */
import type { FastifyInstance } from 'fastify';
import { Face, type MessageStore } from '../../../messages/index.ts';
import { documented, type FaceParts } from '../face.ts';
import { sendJson } from '../json.ts';
import { type Call, sendError, whenKnown } from './calls.ts';
import { twilioError } from './errors.ts';
import { API_VERSION, httpDate, idOfSid } from './message-view.ts';
import { sidByCount } from './sids.ts';

const TAG = 'twilio';
const MEDIA = `/${API_VERSION}/Accounts/:accountSid/Messages/:messageSid/Media`;
/** More than a message has: its media are one page. */
const PAGE_SIZE = 50;

/** By the ending of an address; what has another is bytes. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  vcf: 'text/vcard',
};
const BYTES_TYPE = 'application/octet-stream';

interface Media {
  readonly sid: string;
  readonly [field: string]: unknown;
}

export function mediaRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { credentials, schedule } = parts;
  const readBack = parts.readBack(Face.Twilio);

  app.get(
    `${MEDIA}.json`,
    documented(TAG, 'List the media of a message'),
    whenKnown(credentials, async (call) => {
      const media = await mediaOf(call);
      if (media === undefined) return sendError(call.reply, twilioError(404, 20404));
      const uri = `${uriOf(call)}.json?PageSize=${PAGE_SIZE}&Page=0`;
      return sendJson(call.reply, {
        end: Math.max(0, media.length - 1),
        first_page_uri: uri,
        media_list: media,
        next_page_uri: null,
        page: 0,
        page_size: PAGE_SIZE,
        previous_page_uri: null,
        start: 0,
        uri,
      });
    }),
  );

  app.get(
    `${MEDIA}/:mediaSid.json`,
    documented(TAG, 'Fetch what is known of one of the media of a message'),
    whenKnown(credentials, async (call) => {
      const found = (await mediaOf(call))?.find(({ sid }) => sid === call.params['mediaSid']);
      return found === undefined ? sendError(call.reply, twilioError(404, 20404)) : sendJson(call.reply, found);
    }),
  );

  /** Those of the message of a path; undefined if there is no such message. */
  async function mediaOf(call: Call): Promise<readonly Media[] | undefined> {
    const { caller, params } = call;
    const id = idOfSid(params['messageSid'] ?? '');
    if (id === undefined) return undefined;
    const waiting = await schedule.find(id, caller, Face.Twilio);
    if (waiting !== undefined) return viewsOf(call, waiting.message.media, waiting.createdAtMs);
    return readBack.find(id, caller, (store: MessageStore, at: number) =>
      viewsOf(call, store.media[at] ?? [], store.acceptedAtMs[at]!),
    );
  }
}

function viewsOf(call: Call, addresses: readonly string[], atMs: number): readonly Media[] {
  const { caller, params } = call;
  const { messageSid = '' } = params;
  const date = httpDate(atMs);
  return addresses.map((address, place) => {
    const sid = sidByCount('ME', messageSid, place);
    return {
      account_sid: caller.id,
      content_type: contentTypeOf(address),
      date_created: date,
      date_updated: date,
      parent_sid: messageSid,
      sid,
      uri: `${uriOf(call)}/${sid}.json`,
    };
  });
}

function uriOf({ caller, params }: Call): string {
  return `/${API_VERSION}/Accounts/${caller.id}/Messages/${params['messageSid'] ?? ''}/Media`;
}

function contentTypeOf(address: string): string {
  const ending = /\.([a-z0-9]+)$/i.exec(new URL(address).pathname)?.[1]?.toLowerCase() ?? '';
  return CONTENT_TYPES[ending] ?? BYTES_TYPE;
}
