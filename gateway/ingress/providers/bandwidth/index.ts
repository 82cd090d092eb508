/** The face of Bandwidth: its Messaging API (`/users/{accountId}/messages`, with and without `/api/v2`), under `/bandwidth`. */
import { NotKept } from '../../../messages/index.ts';
import type { FacePlugin } from '../face.ts';
import { readJson } from '../json.ts';
import { tokenRoute } from '../tokens.ts';
import { sendError } from './calls.ts';
import { bandwidthError } from './errors.ts';
import { messageRoutes } from './messages.ts';

export const bandwidthFace: FacePlugin = (app, parts, done) => {
  readJson(app);
  app.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, request, reply) => {
    if (error instanceof NotKept) return sendError(reply, bandwidthError(503));
    const { statusCode = 500 } = error;
    if (statusCode === 400) return sendError(reply, bandwidthError(400, error.message));
    if (statusCode < 500) return sendError(reply, bandwidthError(statusCode));
    request.log.error({ err: error, reqId: request.id }, 'request failed');
    return sendError(reply, bandwidthError(500));
  });
  app.setNotFoundHandler((_request, reply) => sendError(reply, bandwidthError(404)));
  for (const base of ['', '/api/v2']) messageRoutes(app, base, parts);
  tokenRoute(app, '/api/v1/oauth2/token', { ...parts, tag: 'bandwidth' });
  done();
};
