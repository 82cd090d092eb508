/** The face of Sinch: its SMS REST API (`/xms/v1/{plan or project}`), and tokens for projects (`/oauth2/token`), under `/sinch`. */
import { NotKept } from '../../../messages/index.ts';
import type { FacePlugin } from '../face.ts';
import { readJson } from '../json.ts';
import { tokenRoute } from '../tokens.ts';
import { batchRoutes } from './batches.ts';
import { sendError } from './calls.ts';
import { deliveryReportRoutes } from './delivery-reports.ts';
import { NOT_FOUND, sinchError } from './errors.ts';
import { inboundRoutes } from './inbounds.ts';

export const sinchFace: FacePlugin = (app, parts, done) => {
  readJson(app);
  app.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, request, reply) => {
    if (error instanceof NotKept) {
      return sendError(reply, sinchError(503, 'service_unavailable', 'The service is not available now'));
    }
    const { statusCode = 500 } = error;
    if (statusCode === 400) return sendError(reply, sinchError(400, 'syntax_invalid_json', error.message));
    if (statusCode < 500)
      return sendError(reply, sinchError(statusCode, 'syntax_invalid_json', 'The body must be application/json'));
    request.log.error({ err: error, reqId: request.id }, 'request failed');
    return sendError(reply, sinchError(500, 'internal_error', 'The server failed to answer'));
  });
  app.setNotFoundHandler((_request, reply) => sendError(reply, NOT_FOUND));
  batchRoutes(app, parts);
  deliveryReportRoutes(app, parts);
  inboundRoutes(app, parts);
  tokenRoute(app, '/oauth2/token', { ...parts, tag: 'sinch' });
  done();
};
