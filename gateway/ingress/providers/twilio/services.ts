/** Twilio's messaging services (`/v1/Services`) and the phone numbers in them. A number of a service with a campaign is put on it. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { formatNumber } from '../../../../registry-cache/index.ts';
import { SENDER_POOL_NUMBERS_MAX, SENDER_POOLS_MAX } from '../../../limits.ts';
import { documented, type FaceParts } from '../face.ts';
import type { Form } from '../form.ts';
import type { SenderPool } from '../sender-pools.ts';
import { sendJson } from '../json.ts';
import { type Call, sendError, whenKnown } from './calls.ts';
import { type TwilioError, twilioError } from './errors.ts';
import { originOf, sendList } from './lists.ts';
import { numberOfSid, phoneNumberSid } from './phone-numbers.ts';
import { sidByCount } from './sids.ts';

const TAG = 'twilio';
const SERVICES = '/v1/Services';
const SERVICE = `${SERVICES}/:serviceSid`;
const NUMBERS = `${SERVICE}/PhoneNumbers`;

/** A handler that is reached for a service of the caller only. */
export function whenService(
  { credentials, pools }: Pick<FaceParts, 'credentials' | 'pools'>,
  handle: (call: Call, service: SenderPool) => FastifyReply | Promise<FastifyReply>,
): ReturnType<typeof whenKnown> {
  return whenKnown(credentials, (call) => {
    const service = pools.find(call.params['serviceSid'] ?? '', call.caller.account);
    return service === undefined ? sendError(call.reply, twilioError(404, 20404)) : handle(call, service);
  });
}

export function serviceRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { credentials, clock, pools, store, callbackGuard, registry } = parts;

  app.post(
    SERVICES,
    documented(TAG, 'Make a messaging service'),
    whenKnown(credentials, async (call) => {
      const { reply, caller } = call;
      const fields = readFields((call.request.body ?? {}) as Form, callbackGuard);
      if ('code' in fields) return sendError(reply, fields);
      const { name, statusCallbackUrl, inboundUrl } = fields;
      if (name === undefined) return sendError(reply, twilioError(400, 20001, "'FriendlyName' is required"));
      const nowMs = clock.nowMs();
      const service: SenderPool = {
        id: sidByCount('MG', store.idPrefix, pools.madeCount),
        account: caller.account,
        name,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        statusCallbackUrl,
        inboundUrl,
        campaignId: undefined,
        numbers: [],
        turn: 0,
      };
      if (!(await pools.add(service))) {
        return sendError(
          reply,
          twilioError(400, 20001, `There are ${SENDER_POOLS_MAX} messaging services, which is the most`),
        );
      }
      return sendJson(reply.code(201), serviceView(call, service));
    }),
  );

  app.get(
    SERVICES,
    documented(TAG, 'List messaging services'),
    whenKnown(credentials, (call) =>
      sendList(
        call,
        'services',
        pools.of(call.caller.account).map((service) => serviceView(call, service)),
      ),
    ),
  );

  app.get(
    SERVICE,
    documented(TAG, 'Fetch a messaging service'),
    whenService(parts, (call, service) => sendJson(call.reply, serviceView(call, service))),
  );

  app.post(
    SERVICE,
    documented(TAG, 'Change a messaging service'),
    whenService(parts, async (call, service) => {
      const fields = readFields((call.request.body ?? {}) as Form, callbackGuard);
      if ('code' in fields) return sendError(call.reply, fields);
      await pools.change(service, {
        name: fields.name ?? service.name,
        statusCallbackUrl: fields.statusCallbackUrl ?? service.statusCallbackUrl,
        inboundUrl: fields.inboundUrl ?? service.inboundUrl,
        updatedAtMs: clock.nowMs(),
      });
      return sendJson(call.reply, serviceView(call, service));
    }),
  );

  app.delete(
    SERVICE,
    documented(TAG, 'Delete a messaging service; its numbers leave its campaign'),
    whenService(parts, async ({ reply }, service) => {
      if (service.campaignId !== undefined) for (const number of service.numbers) await registry.unassign(number);
      await pools.remove(service);
      return reply.code(204).send();
    }),
  );

  app.post(
    NUMBERS,
    documented(TAG, 'Put a phone number into a messaging service, and on its campaign'),
    whenService(parts, async (call, service) => {
      const { PhoneNumberSid: sid } = (call.request.body ?? {}) as Form;
      const number = typeof sid === 'string' ? numberOfSid(sid) : undefined;
      if (number === undefined)
        return sendError(call.reply, twilioError(404, 20404, "There is no such 'PhoneNumberSid'"));
      const added = await pools.addNumber(service, number);
      if (added === 'taken') {
        return sendError(call.reply, twilioError(409, pools.poolOf(number) === service ? 21710 : 21712));
      }
      if (added === 'full') {
        const most = `A messaging service has ${SENDER_POOL_NUMBERS_MAX} phone numbers at most`;
        return sendError(call.reply, twilioError(400, 21714, most));
      }
      if (service.campaignId !== undefined) await registry.assign(service.campaignId, number);
      return sendJson(call.reply.code(201), numberView(call, service, number));
    }),
  );

  app.get(
    NUMBERS,
    documented(TAG, 'List the phone numbers of a messaging service'),
    whenService(parts, (call, service) =>
      sendList(
        call,
        'phone_numbers',
        service.numbers.map((number) => numberView(call, service, number)),
      ),
    ),
  );

  app.get(
    `${NUMBERS}/:numberSid`,
    documented(TAG, 'Fetch a phone number of a messaging service'),
    whenService(parts, (call, service) => {
      const number = numberOfSid(call.params['numberSid'] ?? '');
      return number === undefined || !service.numbers.includes(number)
        ? sendError(call.reply, twilioError(404, 20404))
        : sendJson(call.reply, numberView(call, service, number));
    }),
  );

  app.delete(
    `${NUMBERS}/:numberSid`,
    documented(TAG, 'Take a phone number out of a messaging service, and off its campaign'),
    whenService(parts, async ({ reply, params }, service) => {
      const number = numberOfSid(params['numberSid'] ?? '');
      if (number === undefined || !(await pools.removeNumber(service, number)))
        return sendError(reply, twilioError(404, 20404));
      if (service.campaignId !== undefined) await registry.unassign(number);
      return reply.code(204).send();
    }),
  );
}

interface ServiceFields {
  readonly name: string | undefined;
  readonly statusCallbackUrl: string | undefined;
  readonly inboundUrl: string | undefined;
}

function readFields(form: Form, guard: FaceParts['callbackGuard']): ServiceFields | TwilioError {
  const { FriendlyName: name, StatusCallback: statusCallbackUrl, InboundRequestUrl: inboundUrl } = form;
  for (const [field, url] of Object.entries({ StatusCallback: statusCallbackUrl, InboundRequestUrl: inboundUrl })) {
    if (url === undefined) continue;
    const refusal = typeof url === 'string' ? guard(url) : 'is there more than once';
    if (refusal !== undefined) return twilioError(400, 20001, `'${field}' ${refusal}`);
  }
  const textOf = (value: Form[string]): string | undefined => (typeof value === 'string' ? value : undefined);
  return { name: textOf(name), statusCallbackUrl: textOf(statusCallbackUrl), inboundUrl: textOf(inboundUrl) };
}

function serviceView(call: Call, service: SenderPool): object {
  const { id: sid, name, statusCallbackUrl = null, inboundUrl = null, campaignId } = service;
  const url = `${originOf(call)}${SERVICES}/${sid}`;
  return {
    account_sid: call.caller.id,
    area_code_geomatch: true,
    date_created: new Date(service.createdAtMs).toISOString(),
    date_updated: new Date(service.updatedAtMs).toISOString(),
    fallback_method: 'POST',
    fallback_to_long_code: true,
    fallback_url: null,
    friendly_name: name,
    inbound_method: 'POST',
    inbound_request_url: inboundUrl,
    links: {
      phone_numbers: `${url}/PhoneNumbers`,
      us_app_to_person: `${url}/Compliance/Usa2p`,
      us_app_to_person_usecases: `${url}/Compliance/Usa2p/Usecases`,
    },
    mms_converter: true,
    sid,
    smart_encoding: false,
    status_callback: statusCallbackUrl,
    sticky_sender: false,
    us_app_to_person_registered: campaignId !== undefined,
    use_inbound_webhook_on_number: false,
    usecase: 'undeclared',
    url,
    validity_period: 36_000,
  };
}

function numberView(call: Call, service: SenderPool, number: number): object {
  const sid = phoneNumberSid(number);
  const date = new Date(service.createdAtMs).toISOString();
  return {
    account_sid: call.caller.id,
    capabilities: ['SMS', 'MMS'],
    country_code: 'US',
    date_created: date,
    date_updated: date,
    phone_number: formatNumber(number),
    service_sid: service.id,
    sid,
    url: `${originOf(call)}${SERVICES}/${service.id}/PhoneNumbers/${sid}`,
  };
}
