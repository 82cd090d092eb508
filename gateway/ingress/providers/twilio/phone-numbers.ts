/**
 * Twilio's IncomingPhoneNumbers, as far as messaging services need them: any number may be had, and its sid is made of it. Who sends from
 * a number is not asked, so none has to be bought.
 */
import type { FastifyInstance } from 'fastify';
import { formatNumber, parseSenderKey } from '../../../../registry-cache/index.ts';
import { documented, type FaceParts } from '../face.ts';
import { type Form, valuesOf } from '../form.ts';
import { asE164 } from '../sending.ts';
import { sendJson } from '../json.ts';
import { sendError, whenKnown } from './calls.ts';
import { twilioError } from './errors.ts';
import { API_VERSION, httpDate } from './message-view.ts';
import { sidOfText, textOfSid } from './sids.ts';

const NUMBERS = `/${API_VERSION}/Accounts/:accountSid/IncomingPhoneNumbers`;
const KEY_DIGITS = 10;

export function phoneNumberSid(number: number): string {
  return sidOfText('PN', String(number));
}

/** The number (NANP key) of a sid; undefined for what is none. */
export function numberOfSid(sid: string): number | undefined {
  const digits = textOfSid('PN', sid, KEY_DIGITS);
  return digits === undefined ? undefined : Number(digits);
}

export function phoneNumberRoutes(app: FastifyInstance, { credentials, clock, pools }: FaceParts): void {
  const show = (accountSid: string, number: number): object => {
    const sid = phoneNumberSid(number);
    const date = httpDate(clock.nowMs());
    return {
      account_sid: accountSid,
      api_version: API_VERSION,
      capabilities: { mms: true, sms: true, voice: false, fax: false },
      date_created: date,
      date_updated: date,
      friendly_name: formatNumber(number),
      phone_number: formatNumber(number),
      sid,
      status: 'in-use',
      uri: `/${API_VERSION}/Accounts/${accountSid}/IncomingPhoneNumbers/${sid}.json`,
    };
  };

  app.post(
    `${NUMBERS}.json`,
    documented('twilio', 'Have a phone number'),
    whenKnown(credentials, ({ request, reply, caller }) => {
      const [written = ''] = valuesOf((request.body ?? {}) as Form, 'PhoneNumber');
      const number = parseSenderKey(asE164(written));
      if (number < 0) return sendError(reply, twilioError(400, 21421));
      return sendJson(reply.code(201), show(caller.id, number));
    }),
  );

  app.get(
    `${NUMBERS}.json`,
    documented('twilio', 'List phone numbers: the one that is asked for, or those of the messaging services'),
    whenKnown(credentials, ({ request, reply, caller }) => {
      const [written] = valuesOf(request.query as Form, 'PhoneNumber');
      const asked = written === undefined ? undefined : parseSenderKey(asE164(written));
      const own = pools.of(caller.account).flatMap(({ numbers }) => numbers);
      const numbers = asked === undefined ? own : asked < 0 ? [] : [asked];
      const uri = `/${API_VERSION}/Accounts/${caller.id}/IncomingPhoneNumbers.json`;
      return sendJson(reply, {
        end: Math.max(0, numbers.length - 1),
        first_page_uri: uri,
        incoming_phone_numbers: numbers.map((number) => show(caller.id, number)),
        next_page_uri: null,
        page: 0,
        page_size: numbers.length,
        previous_page_uri: null,
        start: 0,
        uri,
      });
    }),
  );
}
