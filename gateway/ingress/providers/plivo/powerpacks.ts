/** Plivo's powerpacks: numbers that send in turn. A powerpack has one pool of numbers, of the same id. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { formatNumber, isTollFree, parseSenderKey } from '../../../../registry-cache/index.ts';
import { SENDER_POOLS_MAX } from '../../../limits.ts';
import { documented, type FaceParts } from '../face.ts';
import { fieldsOf, textOf } from '../json.ts';
import { uuidNamed } from '../named-ids.ts';
import type { SenderPool } from '../sender-pools.ts';
import { asE164 } from '../sending.ts';
import { ACCOUNT, type Call, refuse, sendAnswer, TAG, whenKnown } from './calls.ts';
import { plivoError } from './errors.ts';
import { sendList } from './lists.ts';

const POWERPACKS = `${ACCOUNT}/Powerpack/`;
const POWERPACK = `${POWERPACKS}:uuid/`;
const NUMBERS = `${ACCOUNT}/NumberPool/:uuid/Number/`;
const NUMBER = `${NUMBERS}:number/`;
/** What ids of powerpacks begin with, and those of no other API's pools of numbers. */
const ID_HEAD = '7ac4';

export function powerpackRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { credentials, pools, clock, store } = parts;

  app.post(
    POWERPACKS,
    documented(TAG, 'Make a powerpack'),
    whenKnown(credentials, async (call) => {
      const name = textOf(fieldsOf(call.request.body) ?? {}, 'name');
      if (name === undefined) return refuse(call, plivoError(400, 'name: is required'));
      const nowMs = clock.nowMs();
      const powerpack: SenderPool = {
        id: ID_HEAD + uuidNamed(`plivo powerpack ${store.idPrefix} ${pools.madeCount}`).slice(ID_HEAD.length),
        account: call.caller.account,
        name,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        statusCallbackUrl: undefined,
        inboundUrl: undefined,
        campaignId: undefined,
        numbers: [],
        turn: 0,
      };
      if (await pools.add(powerpack)) return sendAnswer(call, 201, powerpackView(call, powerpack));
      return refuse(call, plivoError(400, `there are ${SENDER_POOLS_MAX} powerpacks, which is the most`));
    }),
  );

  app.get(
    POWERPACKS,
    documented(TAG, 'List powerpacks'),
    whenKnown(credentials, (call) => {
      const own = pools.of(call.caller.account).filter(({ id }) => id.startsWith(ID_HEAD));
      return sendList(
        call,
        'objects',
        own.map((powerpack) => powerpackView(call, powerpack)),
      );
    }),
  );

  app.get(
    POWERPACK,
    documented(TAG, 'Fetch a powerpack'),
    whenPowerpack((call, powerpack) => sendAnswer(call, 200, powerpackView(call, powerpack))),
  );

  app.post(
    POWERPACK,
    documented(TAG, 'Change a powerpack'),
    whenPowerpack(async (call, powerpack) => {
      const name = textOf(fieldsOf(call.request.body) ?? {}, 'name') ?? powerpack.name;
      await pools.change(powerpack, { name, updatedAtMs: clock.nowMs() });
      return sendAnswer(call, 200, powerpackView(call, powerpack));
    }),
  );

  app.delete(
    POWERPACK,
    documented(TAG, 'Delete a powerpack'),
    whenPowerpack(async (call, powerpack) => {
      await pools.remove(powerpack);
      return sendAnswer(call, 200, { response: 'success' });
    }),
  );

  app.get(
    NUMBERS,
    documented(TAG, 'List the numbers of a powerpack'),
    whenPowerpack((call, powerpack) =>
      sendList(
        call,
        'objects',
        powerpack.numbers.map((number) => numberView(number, powerpack)),
      ),
    ),
  );

  app.get(
    NUMBER,
    documented(TAG, 'Fetch a number of a powerpack'),
    whenPowerpack((call, powerpack) => {
      const number = numberOf(call);
      return powerpack.numbers.includes(number)
        ? sendAnswer(call, 200, numberView(number, powerpack))
        : refuse(call, plivoError(404));
    }),
  );

  app.post(
    NUMBER,
    documented(TAG, 'Put a number into a powerpack'),
    whenPowerpack(async (call, powerpack) => {
      const number = numberOf(call);
      if (number < 0) return refuse(call, plivoError(400, 'number: is no US number'));
      const added = await pools.addNumber(powerpack, number);
      if (added === 'added') return sendAnswer(call, 201, numberView(number, powerpack));
      const why = added === 'full' ? 'has as many numbers as it may' : 'or another has the number already';
      return refuse(call, plivoError(400, `number: the powerpack ${why}`));
    }),
  );

  app.delete(
    NUMBER,
    documented(TAG, 'Take a number out of a powerpack'),
    whenPowerpack(async (call, powerpack) =>
      (await pools.removeNumber(powerpack, numberOf(call)))
        ? sendAnswer(call, 200, { response: 'success' })
        : refuse(call, plivoError(404)),
    ),
  );

  /** A handler that is reached for a powerpack of the caller only. */
  function whenPowerpack(
    handle: (call: Call, powerpack: SenderPool) => FastifyReply | Promise<FastifyReply>,
  ): ReturnType<typeof whenKnown> {
    return whenKnown(credentials, (call) => {
      const powerpack = pools.find(call.params['uuid'] ?? '', call.caller.account);
      return powerpack === undefined ? refuse(call, plivoError(404)) : handle(call, powerpack);
    });
  }
}

function numberOf({ params }: Call): number {
  return parseSenderKey(asE164(params['number'] ?? ''));
}

function powerpackView({ caller }: Call, { id, name, createdAtMs }: SenderPool): object {
  return {
    uuid: id,
    name,
    number_pool: `/v1/Account/${caller.id}/NumberPool/${id}/`,
    number_priority: [],
    sticky_sender: false,
    local_connect: false,
    application_type: '',
    application_id: '',
    created_on: new Date(createdAtMs).toISOString(),
  };
}

function numberView(number: number, { id, createdAtMs }: SenderPool): object {
  return {
    number: formatNumber(number).slice(1),
    number_pool_uuid: id,
    type: isTollFree(number) ? 'tollfree' : 'fixed',
    country_iso2: 'US',
    service: 'sms',
    added_on: new Date(createdAtMs).toISOString(),
  };
}
