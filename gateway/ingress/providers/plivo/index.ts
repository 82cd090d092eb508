/** The face of Plivo: its messaging API and its 10DLC API (`/v1/Account/...`), under `/plivo`. */
import { NotKept } from '../../../messages/index.ts';
import type { FacePlugin } from '../face.ts';
import { readJson } from '../json.ts';
import { brandRoutes } from './brands.ts';
import { sendError } from './calls.ts';
import { campaignRoutes } from './campaigns.ts';
import { plivoError } from './errors.ts';
import { messageRoutes } from './messages.ts';
import { powerpackRoutes } from './powerpacks.ts';

const MEDIA_TYPE = 415;

export const plivoFace: FacePlugin = (app, parts, done) => {
  readJson(app);
  app.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, request, reply) => {
    if (error instanceof NotKept) return sendError(request, reply, plivoError(503));
    const { statusCode = 500, message } = error;
    if (statusCode < 500) {
      return sendError(request, reply, plivoError(statusCode, statusCode === MEDIA_TYPE ? undefined : message));
    }
    request.log.error({ err: error, reqId: request.id }, 'request failed');
    return sendError(request, reply, plivoError(500));
  });
  app.setNotFoundHandler((request, reply) => sendError(request, reply, plivoError(404)));
  messageRoutes(app, parts);
  powerpackRoutes(app, parts);
  brandRoutes(app, parts);
  campaignRoutes(app, parts);
  done();
};
