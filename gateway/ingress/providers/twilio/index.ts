/** The face of Twilio: its Programmable Messaging API (`/2010-04-01`) and its messaging services (`/v1`), under `/twilio`. */
import { NotKept } from '../../../messages/index.ts';
import type { FacePlugin } from '../face.ts';
import { readForms } from '../form.ts';
import { sendError } from './calls.ts';
import { twilioError } from './errors.ts';
import { brandRoutes } from './brands.ts';
import { campaignRoutes } from './campaigns.ts';
import { mediaRoutes } from './media.ts';
import { messageRoutes } from './messages.ts';
import { phoneNumberRoutes } from './phone-numbers.ts';
import { serviceRoutes } from './services.ts';

export const twilioFace: FacePlugin = (app, parts, done) => {
  app.removeAllContentTypeParsers();
  readForms(app);
  // What comes in another type has no parameters, as far as this API is concerned.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, parsed) => parsed(null, {}));
  app.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, request, reply) => {
    if (error instanceof NotKept) return sendError(reply, twilioError(503, 20503));
    const { statusCode = 500 } = error;
    if (statusCode < 500) return sendError(reply, twilioError(statusCode, 20001, error.message));
    request.log.error({ err: error, reqId: request.id }, 'request failed');
    return sendError(reply, twilioError(500, 20500));
  });
  app.setNotFoundHandler((_request, reply) => sendError(reply, twilioError(404, 20404)));
  messageRoutes(app, parts);
  mediaRoutes(app, parts);
  phoneNumberRoutes(app, parts);
  serviceRoutes(app, parts);
  brandRoutes(app, parts);
  campaignRoutes(app, parts);
  done();
};
