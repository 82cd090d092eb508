/** The face of Vonage: its SMS API (`/sms/json`) and its Messages API (`/v1/messages`), under `/vonage`. */
import { NotKept } from '../../../messages/index.ts';
import type { FacePlugin } from '../face.ts';
import { readForms } from '../form.ts';
import { readJson } from '../json.ts';
import { generalProblem, NOT_FOUND, problemOf, smsError } from './errors.ts';
import { messageRoutes, sendProblem } from './messages.ts';
import { sendSmsError, smsRoutes } from './sms.ts';

const SMS_PATH = '/sms/';

export const vonageFace: FacePlugin = (app, parts, done) => {
  readJson(app);
  readForms(app);
  // What comes in another type has no parameters, as far as these APIs are concerned.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, parsed) => parsed(null, {}));
  app.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, request, reply) => {
    const isSms = request.url.includes(SMS_PATH);
    const { statusCode = 500 } = error;
    if (error instanceof NotKept) {
      return isSms ? sendSmsError(reply, smsError('5')) : sendProblem(reply, problemOf(1030, 503));
    }
    if (statusCode < 500) {
      return isSms
        ? sendSmsError(reply, smsError('3', error.message))
        : sendProblem(reply, generalProblem(statusCode, 'invalid-json', 'Invalid JSON', error.message));
    }
    request.log.error({ err: error, reqId: request.id }, 'request failed');
    return isSms ? sendSmsError(reply, smsError('5')) : sendProblem(reply, problemOf(1030, 500));
  });
  app.setNotFoundHandler((request, reply) => sendProblem(reply, NOT_FOUND));
  smsRoutes(app, parts);
  messageRoutes(app, parts);
  done();
};
