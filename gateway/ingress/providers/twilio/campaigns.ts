/** Twilio's campaigns of a messaging service (`/v1/Services/:sid/Compliance/Usa2p`), mapped onto the campaign registry. */
import type { FastifyInstance } from 'fastify';
import { documented, type FaceParts } from '../face.ts';
import { type Form, valuesOf } from '../form.ts';
import { type FaceCampaign, type FaceTerms, standingOf } from '../registry.ts';
import type { SenderPool } from '../sender-pools.ts';
import { brandIdOfSid, brandSid } from './brands.ts';
import { sendJson } from '../json.ts';
import { type Call, sendError } from './calls.ts';
import { twilioError } from './errors.ts';
import { originOf, sendList } from './lists.ts';
import { whenService } from './services.ts';
import { sidOfText, textOfSid } from './sids.ts';

const TAG = 'twilio';
const CAMPAIGNS = '/v1/Services/:serviceSid/Compliance/Usa2p';
const CAMPAIGN_ID_LENGTH = 7;
const SAMPLES_MAX = 5;
const ATT = '10017';
const TMOBILE = '10035';

const STATUSES = { ended: 'SUSPENDED', failed: 'FAILED', approved: 'VERIFIED', pending: 'IN_PROGRESS' } as const;

const USE_CASES: readonly (readonly [code: string, name: string])[] = [
  ['2FA', 'Codes to sign in'],
  ['ACCOUNT_NOTIFICATION', 'Account notifications'],
  ['CUSTOMER_CARE', 'Customer care'],
  ['DELIVERY_NOTIFICATION', 'Delivery notifications'],
  ['LOW_VOLUME', 'Low volume, mixed'],
  ['MARKETING', 'Marketing'],
  ['MIXED', 'Mixed'],
];

export function campaignRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { registry, pools } = parts;

  app.post(
    CAMPAIGNS,
    documented(TAG, "Register a campaign for a messaging service; the service's numbers are put on it"),
    whenService(parts, async (call, service) => {
      const { reply, caller } = call;
      const form = (call.request.body ?? {}) as Form;
      const absent = REQUIRED.find((name) => valuesOf(form, name).every((value) => value === ''));
      if (absent !== undefined) return sendError(reply, twilioError(400, 20001, `'${absent}' is required`));
      if (service.campaignId !== undefined) {
        return sendError(reply, twilioError(409, 20409, 'The messaging service has a campaign already'));
      }
      const brandId = brandIdOfSid(valuesOf(form, 'BrandRegistrationSid')[0] ?? '');
      if (brandId === undefined)
        return sendError(reply, twilioError(404, 20404, "There is no such 'BrandRegistrationSid'"));
      const ordered = await registry.submitCampaign(caller.account, campaignOf(form, brandId));
      if (!ordered.ok) {
        const why = ordered.errors.map(({ description }) => description).join('; ');
        return sendError(reply, twilioError(ordered.status, ordered.status === 503 ? 20503 : 20001, why));
      }
      const campaign = ordered.value;
      await pools.change(service, { campaignId: campaign.campaignId });
      for (const number of service.numbers) await registry.assign(campaign.campaignId, number);
      return sendJson(reply.code(201), campaignView(call, service, campaign));
    }),
  );

  app.get(
    CAMPAIGNS,
    documented(TAG, 'List the campaign of a messaging service'),
    whenService(parts, async (call, service) => {
      const campaign = await campaignOfService(service);
      return sendList(call, 'compliance', campaign ? [campaignView(call, service, campaign)] : []);
    }),
  );

  app.get(
    `${CAMPAIGNS}/Usecases`,
    documented(TAG, 'What a brand may register a campaign for, and what carriers would give it'),
    whenService(parts, async (call) => {
      const [sid = ''] = valuesOf(call.request.query as Form, 'BrandRegistrationSid');
      const brandId = brandIdOfSid(sid);
      const found = await Promise.all(
        USE_CASES.map(async ([code, name]) => {
          const terms = brandId && (await registry.terms(call.caller.account, brandId, code));
          return terms ? usecaseView(code, name, terms) : undefined;
        }),
      );
      if (found.includes(undefined)) return sendError(call.reply, twilioError(404, 20404));
      return sendJson(call.reply, { us_app_to_person_usecases: found });
    }),
  );

  app.get(
    `${CAMPAIGNS}/:campaignSid`,
    documented(TAG, 'Fetch the campaign of a messaging service'),
    whenService(parts, async (call, service) => {
      const campaign = await asked(call, service);
      return campaign === undefined
        ? sendError(call.reply, twilioError(404, 20404))
        : sendJson(call.reply, campaignView(call, service, campaign));
    }),
  );

  app.delete(
    `${CAMPAIGNS}/:campaignSid`,
    documented(TAG, 'End the campaign of a messaging service; its numbers leave it'),
    whenService(parts, async (call, service) => {
      const campaign = await asked(call, service);
      if (campaign === undefined) return sendError(call.reply, twilioError(404, 20404));
      for (const number of service.numbers) await registry.unassign(number);
      await registry.endCampaign(campaign.campaignId);
      await pools.change(service, { campaignId: undefined });
      return call.reply.code(204).send();
    }),
  );

  async function campaignOfService({ account, campaignId }: SenderPool): Promise<FaceCampaign | undefined> {
    return campaignId === undefined ? undefined : registry.campaign(account, campaignId);
  }

  /** The campaign that a path names. */
  function asked(call: Call, service: SenderPool): Promise<FaceCampaign | undefined> {
    const id = textOfSid('QE', call.params['campaignSid'] ?? '', CAMPAIGN_ID_LENGTH);
    return id === service.campaignId ? campaignOfService(service) : Promise.resolve(undefined);
  }
}

const REQUIRED = ['BrandRegistrationSid', 'Description', 'MessageFlow', 'MessageSamples', 'UsAppToPersonUsecase'];

/** A form in the words of the campaign registry. What every carrier asks for is taken to be so: Twilio sees to it. */
function campaignOf(form: Form, brandId: string): Readonly<Record<string, unknown>> {
  const textOf = (name: string): string | undefined => valuesOf(form, name)[0];
  const samples = valuesOf(form, 'MessageSamples').slice(0, SAMPLES_MAX);
  const fields = {
    brandId,
    usecase: textOf('UsAppToPersonUsecase'),
    description: textOf('Description'),
    messageFlow: textOf('MessageFlow'),
    ...Object.fromEntries(samples.map((sample, index) => [`sample${index + 1}`, sample])),
    embeddedLink: textOf('HasEmbeddedLinks') === 'true',
    embeddedPhone: textOf('HasEmbeddedPhone') === 'true',
    ageGated: textOf('AgeGated') === 'true',
    directLending: textOf('DirectLending') === 'true',
    subscriberOptin: true,
    subscriberOptout: true,
    subscriberHelp: true,
    helpMessage: textOf('HelpMessage'),
    optinMessage: textOf('OptInMessage'),
    optoutMessage: textOf('OptOutMessage'),
    subUsecases: SUB_USECASES[textOf('UsAppToPersonUsecase') ?? ''],
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Mixed campaigns name what they are mixed of; Twilio does not ask for it. */
const SUB_USECASES: Readonly<Record<string, readonly string[]>> = {
  MIXED: ['CUSTOMER_CARE', 'MARKETING'],
  LOW_VOLUME: ['CUSTOMER_CARE', 'MARKETING'],
};

function campaignView(call: Call, service: SenderPool, campaign: FaceCampaign): object {
  const { campaignId, brandId, details, flags, usecase, mock, createdMs } = campaign;
  const sid = sidOfText('QE', campaignId);
  const standing = standingOf(campaign);
  const date = new Date(createdMs).toISOString();
  const { sample1, sample2, sample3, sample4, sample5 } = details;
  return {
    account_sid: call.caller.id,
    age_gated: flags['ageGated'] ?? false,
    brand_registration_sid: brandSid(brandId),
    campaign_id: campaignId,
    campaign_status: STATUSES[standing],
    date_created: date,
    date_updated: date,
    description: details.description,
    direct_lending: flags['directLending'] ?? false,
    errors: [],
    has_embedded_links: flags['embeddedLink'] ?? false,
    has_embedded_phone: flags['embeddedPhone'] ?? false,
    help_keywords: ['HELP', 'INFO'],
    help_message: details.helpMessage ?? null,
    is_externally_registered: false,
    message_flow: details.messageFlow ?? null,
    message_samples: [sample1, sample2, sample3, sample4, sample5].filter((sample) => sample !== undefined),
    messaging_service_sid: service.id,
    mock,
    opt_in_keywords: ['START'],
    opt_in_message: details.optinMessage ?? null,
    opt_out_keywords: ['STOP'],
    opt_out_message: details.optoutMessage ?? null,
    rate_limits: null,
    sid,
    subscriber_opt_in: true,
    us_app_to_person_usecase: usecase,
    url: `${originOf(call)}/v1/Services/${service.id}/Compliance/Usa2p/${sid}`,
  };
}

function usecaseView(code: string, name: string, terms: Readonly<Record<string, FaceTerms>>): object {
  const att = terms[ATT];
  const tmobile = terms[TMOBILE];
  return {
    code,
    description: name,
    name,
    post_approval_required: att?.mnoReview ?? false,
    rate_limits: {
      att: { mps: Math.floor((att?.tpm ?? 0) / 60), msg_class: att?.msgClass ?? null },
      tmobile: { brand_tier: tmobile?.brandTier ?? null },
    },
  };
}
