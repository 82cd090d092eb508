/** Telnyx's messaging profiles: addresses for webhooks, and numbers that send in turn. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SENDER_POOLS_MAX } from '../../../limits.ts';
import { documented, type FaceParts } from '../face.ts';
import { fieldsOf, type JsonFields, sendJson } from '../json.ts';
import { uuidNamed } from '../named-ids.ts';
import type { SenderPool } from '../sender-pools.ts';
import { type Call, notFound, sendError, TAG, whenKnown } from './calls.ts';
import { type TelnyxError, telnyxError } from './errors.ts';
import { FieldReader } from './fields.ts';
import { sendPage } from './lists.ts';
import { timeOf } from './message-view.ts';
import { numberView } from './number-view.ts';

const PROFILES = '/v2/messaging_profiles';
const PROFILE = `${PROFILES}/:profileId`;
/** What ids of profiles begin with, and those of no other API's pools of numbers. */
const ID_HEAD = '4001';

/** The messaging profiles of an account. */
export function profilesOf({ pools }: Pick<FaceParts, 'pools'>, account: string): SenderPool[] {
  return pools.of(account).filter(({ id }) => id.startsWith(ID_HEAD));
}

export function profileRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { credentials, pools, clock, store, registry } = parts;

  app.post(
    PROFILES,
    documented(TAG, 'Make a messaging profile'),
    whenKnown(credentials, async ({ request, reply, caller }) => {
      const fields = readFields(request.body, parts, true);
      if ('code' in fields) return sendError(reply, fields);
      const nowMs = clock.nowMs();
      const named = uuidNamed(`telnyx profile ${store.idPrefix} ${pools.madeCount}`);
      const profile: SenderPool = {
        id: ID_HEAD + named.slice(ID_HEAD.length),
        account: caller.account,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        name: fields.name ?? '',
        statusCallbackUrl: fields.url,
        failoverUrl: fields.failoverUrl,
        inboundUrl: fields.url,
        campaignId: undefined,
        numbers: [],
        turn: 0,
      };
      if (await pools.add(profile)) return sendJson(reply, { data: profileView(profile) });
      return sendError(reply, telnyxError(400, 10015, undefined, `There are ${SENDER_POOLS_MAX}, which is the most`));
    }),
  );

  app.get(
    PROFILES,
    documented(TAG, 'List messaging profiles'),
    whenKnown(credentials, (call) => sendPage(call, profilesOf(parts, call.caller.account).map(profileView))),
  );

  app.get(
    PROFILE,
    documented(TAG, 'Fetch a messaging profile'),
    whenProfile(parts, ({ reply }, profile) => sendJson(reply, { data: profileView(profile) })),
  );

  app.patch(
    PROFILE,
    documented(TAG, 'Change a messaging profile'),
    whenProfile(parts, async ({ request, reply }, profile) => {
      const fields = readFields(request.body, parts, false);
      if ('code' in fields) return sendError(reply, fields);
      const { name = profile.name, url, failoverUrl, given } = fields;
      await pools.change(profile, {
        name,
        ...('webhook_url' in given && { statusCallbackUrl: url, inboundUrl: url }),
        ...('webhook_failover_url' in given && { failoverUrl }),
        updatedAtMs: clock.nowMs(),
      });
      return sendJson(reply, { data: profileView(profile) });
    }),
  );

  app.delete(
    PROFILE,
    documented(TAG, 'Delete a messaging profile'),
    whenProfile(parts, async ({ reply }, profile) => {
      if (profile.campaignId !== undefined) for (const number of profile.numbers) await registry.unassign(number);
      await pools.remove(profile);
      return sendJson(reply, { data: profileView(profile) });
    }),
  );

  app.get(
    `${PROFILE}/phone_numbers`,
    documented(TAG, 'List the numbers of a messaging profile'),
    whenProfile(parts, (call, profile) =>
      sendPage(
        call,
        profile.numbers.map((number) => numberView(number, profile)),
      ),
    ),
  );
}

/** A handler that is reached for a profile of the caller only. */
function whenProfile(
  { credentials, pools }: Pick<FaceParts, 'credentials' | 'pools'>,
  handle: (call: Call, profile: SenderPool) => FastifyReply | Promise<FastifyReply>,
): ReturnType<typeof whenKnown> {
  return whenKnown(credentials, (call) => {
    const profile = pools.find(call.params['profileId'] ?? '', call.caller.account);
    return profile === undefined ? notFound(call.reply) : handle(call, profile);
  });
}

interface ProfileFields {
  readonly name: string | undefined;
  readonly url: string | undefined;
  readonly failoverUrl: string | undefined;
  readonly given: JsonFields;
}

function readFields(
  body: unknown,
  { callbackGuard }: Pick<FaceParts, 'callbackGuard'>,
  isNew: boolean,
): ProfileFields | TelnyxError {
  const given = fieldsOf(body) ?? {};
  const reader = new FieldReader(given);
  const fields = {
    name: isNew ? reader.requiredText('name') : reader.text('name'),
    url: reader.url('webhook_url', callbackGuard),
    failoverUrl: reader.url('webhook_failover_url', callbackGuard),
    given,
  };
  return reader.wrong ?? fields;
}

function profileView(profile: SenderPool): object {
  const { id, name, statusCallbackUrl = null, failoverUrl = null, createdAtMs, updatedAtMs } = profile;
  return {
    record_type: 'messaging_profile',
    id,
    name,
    enabled: true,
    webhook_url: statusCallbackUrl,
    webhook_failover_url: failoverUrl,
    webhook_api_version: '2',
    whitelisted_destinations: ['US'],
    number_pool_settings: { long_code_weight: 1, toll_free_weight: 1, skip_unhealthy: false },
    url_shortener_settings: null,
    alpha_sender: null,
    mobile_only: false,
    mms_fall_back_to_sms: false,
    mms_transcoding: false,
    smart_encoding: false,
    daily_spend_limit_enabled: false,
    created_at: timeOf(createdAtMs),
    updated_at: timeOf(updatedAtMs),
  };
}
