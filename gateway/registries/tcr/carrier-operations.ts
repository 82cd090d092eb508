/**
 * How a campaign stands at each carrier: their own look at it after a DCA has accepted it, and what an operator makes
 * a carrier do.
 */
import { CARRIERS } from '../../../registry-cache/index.ts';
import { refused } from './errors.ts';
import type { Campaign } from './model.ts';
import { dcaOf, operationAt } from './record.ts';
import { dueMs, noCampaign, postFee, type Registry, requireActive, type Timed } from './registry.ts';
import type { Delay } from './settings.ts';
import { tellOperation } from './telling.ts';
import { type EventType, mnoOf, MNOS, OTHER_CARRIER, type OperationStatus } from './words.ts';

const TMOBILE_ID = 10035;
/** For an MNO whose time nobody set. */
const AT_ONCE: Delay = [0, 0];

/** When each carrier will be done with a campaign that a DCA accepts at this moment. */
export function reviewTasks(registry: Registry, campaign: Campaign): readonly Timed[] {
  return campaign.operations
    .filter(({ status }) => status === 'REVIEW')
    .map(({ mnoId }) => {
      const task = `mno:${campaign.campaignId}:${mnoId}`;
      return { task, atMs: dueMs(registry, task, registry.settings.delays.mnoReview[mnoId] ?? AT_ONCE) };
    });
}

/** The task `mno`: a carrier is done with its look. */
export async function finishReview(registry: Registry, campaignId: string, mnoId: number): Promise<void> {
  const campaign = await registry.publisher.changeCampaign(campaignId, (found) => {
    const operation = found.operations.find((one) => one.mnoId === mnoId);
    const isWaiting = found.status === 'ACTIVE' && operation?.status === 'REVIEW';
    return isWaiting && dcaOf(found, registry.parties) !== undefined
      ? withOperation(found, mnoId, 'APPROVED')
      : undefined;
  });
  if (campaign === undefined) return;
  if (mnoId === TMOBILE_ID && campaign.usecase !== 'SOLE_PROPRIETOR') {
    const fee = registry.fees.at('tmobile-campaign-activation', registry.tariffDateMs());
    await postFee(registry, fee, { payer: campaign.cspId, subject: campaignId, occasion: 1 });
  }
  await tellOperation(registry, 'MNO_CAMPAIGN_OPERATION_APPROVED', campaign, mnoId);
}

function withOperation(campaign: Campaign, mnoId: number, status: OperationStatus): Campaign {
  const others = campaign.operations.filter((one) => one.mnoId !== mnoId);
  const operations = [...others, { mnoId, status }].sort((a, b) => a.mnoId - b.mnoId);
  return { ...campaign, operations };
}

export const CARRIER_ACTIONS = ['approve', 'reject', 'review', 'suspend', 'unsuspend', 'complain'] as const;
export type CarrierAction = (typeof CARRIER_ACTIONS)[number];

const OUTCOMES: Readonly<Record<CarrierAction, readonly [status: OperationStatus | undefined, eventType: EventType]>> =
  {
    approve: ['APPROVED', 'MNO_CAMPAIGN_OPERATION_APPROVED'],
    reject: ['REJECTED', 'MNO_CAMPAIGN_OPERATION_REJECTED'],
    review: ['REVIEW', 'MNO_CAMPAIGN_OPERATION_REVIEW'],
    suspend: ['SUSPENDED', 'MNO_CAMPAIGN_OPERATION_SUSPENDED'],
    unsuspend: ['APPROVED', 'MNO_CAMPAIGN_OPERATION_UNSUSPENDED'],
    complain: [undefined, 'MNO_COMPLAINT'],
  };

/**
 * Makes a carrier (an id of CARRIERS) do something about a campaign. A campaign is unsuspended only where it is suspended.
 * `note` goes into the webhook. The campaign as it is then.
 */
export async function operate(
  registry: Registry,
  campaignId: string,
  carrierId: string,
  action: CarrierAction,
  note?: string,
): Promise<Campaign> {
  const carrier = CARRIERS.findIndex(({ id }) => id === carrierId);
  if (carrier < 0)
    throw refused('notFound', 'carrier', `carrier must be one of ${CARRIERS.map(({ id }) => id).join(', ')}`);
  const mnoId = MNOS.find((mno) => mno.carrier === carrier)?.id;
  const [status, eventType] = OUTCOMES[action];
  const found = (await registry.store.get('campaign', campaignId))?.value;
  if (found === undefined) throw noCampaign();
  const changed =
    status &&
    (await registry.publisher.changeCampaign(campaignId, (one) => {
      requireActive(one);
      if (action === 'unsuspend' && operationAt(one, carrier) !== 'SUSPENDED') {
        throw refused('notAllowed', 'carrier', `Campaign is not suspended at ${carrierId}`);
      }
      return carrier === OTHER_CARRIER || mnoId === undefined
        ? { ...one, otherOperation: status }
        : withOperation(one, mnoId, status);
    }));
  const campaign = changed ?? found;
  if (mnoId !== undefined) await tellOperation(registry, eventType, campaign, mnoId, note);
  return campaign;
}

/** `operationStatus` as the API has it: by MNO id. */
export function operationStatuses(campaign: Campaign): Readonly<Record<string, OperationStatus>> {
  return Object.fromEntries(
    campaign.operations.flatMap(({ mnoId, status }) => (mnoOf(mnoId) === undefined ? [] : [[String(mnoId), status]])),
  );
}
