/** Plivo's campaigns (`/10dlc/Campaign/`) and the numbers on them, mapped onto the campaign registry and the number registry. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { parseSenderKey } from '../../../../registry-cache/index.ts';
import { documented, type FaceParts } from '../face.ts';
import { fieldsOf, type JsonFields, textsOf } from '../json.ts';
import { type FaceCampaign, standingOf } from '../registry.ts';
import { asE164 } from '../sending.ts';
import { ACCOUNT, type Call, refuse, sendAnswer, sendOrdered, TAG, whenKnown } from './calls.ts';
import { plivoError } from './errors.ts';
import { sendList } from './lists.ts';

const CAMPAIGNS = `${ACCOUNT}/10dlc/Campaign/`;
const CAMPAIGN = `${CAMPAIGNS}:campaignId/`;
const NUMBERS = `${CAMPAIGN}Number/`;
const NUMBER = `${NUMBERS}:number/`;

const STATUSES = { ended: 'EXPIRED', failed: 'FAILED', approved: 'COMPLETED', pending: 'PROCESSING' } as const;

/** Plivo's names for what a campaign says of itself, and the registry's. */
const FIELDS: Readonly<Record<string, string>> = {
  brand_id: 'brandId',
  vertical: 'vertical',
  usecase: 'usecase',
  sub_usecases: 'subUsecases',
  description: 'description',
  embedded_link: 'embeddedLink',
  embedded_phone: 'embeddedPhone',
  age_gated: 'ageGated',
  direct_lending: 'directLending',
  subscriber_optin: 'subscriberOptin',
  subscriber_optout: 'subscriberOptout',
  subscriber_help: 'subscriberHelp',
  affiliate_marketing: 'affiliateMarketing',
  sample1: 'sample1',
  sample2: 'sample2',
  sample3: 'sample3',
  sample4: 'sample4',
  sample5: 'sample5',
  message_flow: 'messageFlow',
  help_message: 'helpMessage',
  optin_message: 'optinMessage',
  optout_message: 'optoutMessage',
  optin_keywords: 'optinKeywords',
  optout_keywords: 'optoutKeywords',
  help_keywords: 'helpKeywords',
};

export function campaignRoutes(app: FastifyInstance, { credentials, registry }: FaceParts): void {
  app.post(
    CAMPAIGNS,
    documented(TAG, 'Register a campaign'),
    whenKnown(credentials, async (call) => {
      const ordered = await registry.submitCampaign(call.caller.account, registryFields(call.request.body));
      return sendOrdered(call, 202, ordered, ({ campaignId }) => ({
        campaign_id: campaignId,
        message: 'The campaign is being registered',
      }));
    }),
  );

  app.get(
    CAMPAIGNS,
    documented(TAG, 'List campaigns, those of a brand or a use case if one is named'),
    whenKnown(credentials, async (call) => {
      const { brand_id: brandId, usecase } = call.request.query as Readonly<Record<string, string | undefined>>;
      const all = await registry.campaigns(call.caller.account);
      const wanted = all.filter(
        (one) =>
          (brandId === undefined || one.brandId === brandId) && (usecase === undefined || one.usecase === usecase),
      );
      return sendList(call, 'campaigns', wanted.map(campaignView));
    }),
  );

  app.get(
    CAMPAIGN,
    documented(TAG, 'Fetch a campaign'),
    whenCampaign((call, campaign) => sendAnswer(call, 200, { campaign: campaignView(campaign) })),
  );

  app.post(
    CAMPAIGN,
    documented(TAG, 'Change what a campaign says of itself'),
    whenCampaign(async (call, { campaignId }) => {
      const changed = await registry.changeCampaign(call.caller.account, campaignId, registryFields(call.request.body));
      return sendOrdered(call, 200, changed, (campaign) => ({ campaign: campaignView(campaign) }));
    }),
  );

  app.delete(
    CAMPAIGN,
    documented(TAG, 'End a campaign'),
    whenCampaign(async (call, { campaignId }) => {
      await registry.endCampaign(campaignId);
      return sendAnswer(call, 200, { campaign_id: campaignId, message: 'The campaign has ended' });
    }),
  );

  app.post(
    NUMBERS,
    documented(TAG, 'Put numbers on a campaign, now or once it may have them'),
    whenCampaign(async (call, { campaignId }) => {
      const written = textsOf(fieldsOf(call.request.body)?.['numbers']);
      if (written === undefined) return refuse(call, plivoError(400, 'numbers: must be a list of texts'));
      const numbers = written.map((one) => parseSenderKey(asE164(one)));
      const wrong = written.find((_, place) => numbers[place]! < 0);
      if (wrong !== undefined) return refuse(call, plivoError(400, 'numbers: there is one that is no US number'));
      for (const number of numbers) {
        const reason = await registry.assign(campaignId, number);
        if (reason !== undefined) {
          return refuse(call, plivoError(400, `numbers: the number registry does not take one: ${reason}`));
        }
      }
      return sendAnswer(call, 202, { message: 'The numbers are being linked' });
    }),
  );

  app.get(
    NUMBER,
    documented(TAG, 'How a number stands on a campaign'),
    whenNumber((call, { campaignId, usecase }, isWaiting) =>
      sendAnswer(call, 200, {
        campaign_id: campaignId,
        usecase,
        number: call.params['number'],
        status: isWaiting ? 'PROCESSING' : 'COMPLETED',
      }),
    ),
  );

  app.delete(
    NUMBER,
    documented(TAG, 'Take a number off a campaign'),
    whenNumber(async (call) => {
      await registry.unassign(numberOf(call));
      return sendAnswer(call, 200, { message: 'The number is being unlinked' });
    }),
  );

  /** A handler that is reached for a campaign of the caller only. */
  function whenCampaign(
    handle: (call: Call, campaign: FaceCampaign) => FastifyReply | Promise<FastifyReply>,
  ): ReturnType<typeof whenKnown> {
    return whenKnown(credentials, async (call) => {
      const campaign = await registry.campaign(call.caller.account, call.params['campaignId'] ?? '');
      return campaign === undefined ? refuse(call, plivoError(404)) : handle(call, campaign);
    });
  }

  /** The same for a number that is on such a campaign. */
  function whenNumber(
    handle: (call: Call, campaign: FaceCampaign, isWaiting: boolean) => FastifyReply | Promise<FastifyReply>,
  ): ReturnType<typeof whenKnown> {
    return whenCampaign(async (call, campaign) => {
      const number = numberOf(call);
      const found = number < 0 ? undefined : await registry.campaignOfNumber(number);
      return found?.campaignId === campaign.campaignId
        ? handle(call, campaign, found.isWaiting)
        : refuse(call, plivoError(404));
    });
  }
}

function numberOf({ params }: Call): number {
  return parseSenderKey(asE164(params['number'] ?? ''));
}

function registryFields(body: unknown): JsonFields {
  const given = fieldsOf(body) ?? {};
  return Object.fromEntries(
    Object.entries(FIELDS).flatMap(([name, registryName]) =>
      given[name] === undefined ? [] : [[registryName, given[name]]],
    ),
  );
}

function campaignView(campaign: FaceCampaign): object {
  const { campaignId, brandId, usecase, subUsecases, details, operations, createdMs } = campaign;
  const { description, messageFlow = null, helpMessage = null, optinMessage = null, optoutMessage = null } = details;
  return {
    campaign_id: campaignId,
    brand_id: brandId,
    usecase,
    sub_usecase: subUsecases.join(','),
    registration_status: STATUSES[standingOf(campaign)],
    mno_metadata: Object.fromEntries(operations.map(({ mnoId, status }) => [mnoId, { status }])),
    description,
    message_flow: messageFlow,
    help_message: helpMessage,
    optin_message: optinMessage,
    optout_message: optoutMessage,
    sample1: details.sample1 ?? null,
    sample2: details.sample2 ?? null,
    campaign_source: 'plivo',
    created_at: new Date(createdMs).toISOString(),
  };
}
