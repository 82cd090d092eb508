/** Which campaign a number is on (`/10dlc/phone_number_campaigns`). A number waits until the campaign may have it. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { formatNumber } from '../../../../registry-cache/index.ts';
import { documented, type FaceParts } from '../face.ts';
import { fieldsOf, sendJson } from '../json.ts';
import { uuidOfCode } from '../named-ids.ts';
import type { FaceCampaign } from '../registry.ts';
import { registryIdOf } from './brands.ts';
import { type Call, notFound, sendError, TAG, whenKnown } from './calls.ts';
import { telnyxError } from './errors.ts';
import { FieldReader } from './fields.ts';
import { timeOf } from './message-view.ts';
import { numberOf } from './number-view.ts';

const NUMBERS = '/v2/10dlc/phone_number_campaigns';
const NUMBER = `${NUMBERS}/:phoneNumber`;

interface OnCampaign {
  readonly number: number;
  readonly campaign: FaceCampaign;
  readonly isWaiting: boolean;
}

export function phoneNumberCampaignRoutes(app: FastifyInstance, { credentials, registry }: FaceParts): void {
  app.post(NUMBERS, documented(TAG, 'Put a number on a campaign'), whenKnown(credentials, assign));

  app.put(NUMBER, documented(TAG, 'Put a number on another campaign'), whenKnown(credentials, assign));

  app.get(
    NUMBER,
    documented(TAG, 'Fetch the campaign of a number'),
    whenKnown(credentials, async (call) => {
      const found = await find(call);
      return found === undefined ? notFound(call.reply) : sendJson(call.reply, numberView(found));
    }),
  );

  app.delete(
    NUMBER,
    documented(TAG, 'Take a number off its campaign'),
    whenKnown(credentials, async (call) => {
      const found = await find(call);
      if (found === undefined) return notFound(call.reply);
      await registry.unassign(found.number);
      return sendJson(call.reply, { ...numberView(found), assignmentStatus: 'PENDING_UNASSIGNMENT' });
    }),
  );

  async function assign({ request, reply, caller, params }: Call): Promise<FastifyReply> {
    const reader = new FieldReader({ ...params, ...fieldsOf(request.body) });
    const written = reader.requiredText('phoneNumber');
    const campaignId = registryIdOf(reader.requiredText('campaignId'));
    if (reader.wrong !== undefined) return sendError(reply, reader.wrong);
    const number = numberOf(written);
    if (number < 0) return sendError(reply, telnyxError(422, 10016, '/phoneNumber'));
    const campaign = await registry.campaign(caller.account, campaignId);
    if (campaign === undefined) return sendError(reply, telnyxError(404, 10005, '/campaignId'));
    const refusal = await registry.assign(campaignId, number);
    if (refusal !== undefined) {
      const why = `The number registry does not take the number: ${refusal}`;
      return sendError(reply, telnyxError(400, 10015, '/phoneNumber', why));
    }
    const isWaiting = (await registry.campaignOfNumber(number))?.isWaiting ?? true;
    return sendJson(reply, numberView({ number, campaign, isWaiting }));
  }

  async function find({ caller, params }: Call): Promise<OnCampaign | undefined> {
    const number = numberOf(params['phoneNumber']);
    const found = number < 0 ? undefined : await registry.campaignOfNumber(number);
    const campaign = found && (await registry.campaign(caller.account, found.campaignId));
    return found && campaign && { number, campaign, isWaiting: found.isWaiting };
  }
}

function numberView({ number, campaign, isWaiting }: OnCampaign): object {
  const { campaignId, brandId, createdMs } = campaign;
  const createdAt = timeOf(createdMs);
  return {
    phoneNumber: formatNumber(number),
    campaignId: uuidOfCode(campaignId),
    telnyxCampaignId: uuidOfCode(campaignId),
    tcrCampaignId: campaignId,
    brandId: uuidOfCode(brandId),
    tcrBrandId: brandId,
    assignmentStatus: isWaiting ? 'PENDING_ASSIGNMENT' : 'ASSIGNED',
    createdAt,
    updatedAt: createdAt,
  };
}
