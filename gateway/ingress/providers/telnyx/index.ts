/** The face of Telnyx: its messaging API and its 10DLC API (`/v2`), under `/telnyx`. */
import type { FastifyError } from 'fastify';
import { NotKept } from '../../../messages/index.ts';
import { documented, type FacePlugin } from '../face.ts';
import { readJson, sendJson } from '../json.ts';
import { brandRoutes } from './brands.ts';
import { notFound, sendError, TAG } from './calls.ts';
import { campaignRoutes } from './campaigns.ts';
import { telnyxError } from './errors.ts';
import { messageRoutes } from './messages.ts';
import { phoneNumberCampaignRoutes } from './phone-number-campaigns.ts';
import { phoneNumberRoutes } from './phone-numbers.ts';
import { profileRoutes } from './profiles.ts';
import { TELNYX_PUBLIC_KEY } from './signing.ts';

const MEDIA_TYPE = 415;
const MALFORMED_JSON = 'FST_ERR_CTP_INVALID_JSON_BODY';

export const telnyxFace: FacePlugin = (app, parts, done) => {
  readJson(app);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof NotKept) return sendError(reply, telnyxError(503, 10007));
    const { statusCode = 500, message } = error;
    if (statusCode === MEDIA_TYPE) return sendError(reply, telnyxError(statusCode, 10014));
    if (error.code === MALFORMED_JSON) return sendError(reply, telnyxError(400, 10023));
    if (statusCode < 500) return sendError(reply, telnyxError(statusCode, 10015, undefined, message));
    request.log.error({ err: error, reqId: request.id }, 'request failed');
    return sendError(reply, telnyxError(500, 10007));
  });
  app.setNotFoundHandler((_request, reply) => notFound(reply));
  app.get('/v2/public_key', documented(TAG, 'The key that webhooks are signed with'), (_request, reply) =>
    sendJson(reply, { data: { public: TELNYX_PUBLIC_KEY } }),
  );
  messageRoutes(app, parts);
  profileRoutes(app, parts);
  phoneNumberRoutes(app, parts);
  brandRoutes(app, parts);
  campaignRoutes(app, parts);
  phoneNumberCampaignRoutes(app, parts);
  done();
};
