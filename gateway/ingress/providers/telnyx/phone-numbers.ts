/**
 * Numbers as Telnyx's messaging API knows them: which messaging profile they are on. Any number may be had, and its id is made of it; who
 * sends from a number is not asked, so none has to be bought.
 */
import type { FastifyInstance } from 'fastify';
import { documented, type FaceParts } from '../face.ts';
import { fieldsOf, sendJson } from '../json.ts';
import type { SenderPool } from '../sender-pools.ts';
import { notFound, sendError, TAG, whenKnown } from './calls.ts';
import { telnyxError } from './errors.ts';
import { FieldReader } from './fields.ts';
import { sendPage } from './lists.ts';
import { numberOf, numberView } from './number-view.ts';
import { profilesOf } from './profiles.ts';

const NUMBERS = '/v2/phone_numbers';

export function phoneNumberRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { credentials, pools } = parts;

  app.get(
    `${NUMBERS}/messaging`,
    documented(TAG, 'List the numbers that are on messaging profiles'),
    whenKnown(credentials, (call) =>
      sendPage(
        call,
        profilesOf(parts, call.caller.account).flatMap((profile) =>
          profile.numbers.map((number) => numberView(number, profile)),
        ),
      ),
    ),
  );

  app.get(
    `${NUMBERS}/:id/messaging`,
    documented(TAG, 'Fetch the messaging profile of a number'),
    whenKnown(credentials, ({ reply, caller, params }) => {
      const number = numberOf(params['id']);
      if (number < 0) return notFound(reply);
      return sendJson(reply, { data: numberView(number, ownPool(number, caller.account)) });
    }),
  );

  app.patch(
    `${NUMBERS}/:id/messaging`,
    documented(TAG, 'Put a number on a messaging profile, or on none'),
    whenKnown(credentials, async ({ request, reply, caller, params }) => {
      const number = numberOf(params['id']);
      if (number < 0) return notFound(reply);
      const before = ownPool(number, caller.account);
      const given = fieldsOf(request.body) ?? {};
      if (!('messaging_profile_id' in given)) return sendJson(reply, { data: numberView(number, before) });
      const reader = new FieldReader(given);
      const id = reader.text('messaging_profile_id');
      if (reader.wrong !== undefined) return sendError(reply, reader.wrong);
      const profile = id === undefined ? undefined : pools.find(id, caller.account);
      if (id !== undefined && profile === undefined) {
        return sendError(reply, telnyxError(422, 10017, '/messaging_profile_id'));
      }
      if (before !== undefined) await pools.removeNumber(before, number);
      const added = profile === undefined ? 'added' : await pools.addNumber(profile, number);
      if (added === 'added') return sendJson(reply, { data: numberView(number, profile) });
      const why = added === 'full' ? 'The profile has as many numbers as it may' : 'The number is in use elsewhere';
      return sendError(reply, telnyxError(422, 10015, '/messaging_profile_id', why));
    }),
  );

  function ownPool(number: number, account: string): SenderPool | undefined {
    const pool = pools.poolOf(number);
    return pool?.account === account ? pool : undefined;
  }
}
