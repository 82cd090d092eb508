/**
 * Whether a campaign takes numbers of a DCA, judged by its record before anything is written; and what each reason for
 * failing means to the DCA that reads it. The words are those of the field.
 */
import type { CampaignEntry, CampaignRecord, FailureReason } from '../../../registry-cache/index.ts';

/**
 * Why the campaign takes no number of this DCA at this moment, or undefined if it does. One that is available and names no DCA
 * takes those of any. Its number limit is the store's to hold.
 */
export function whyUnavailable(
  entry: CampaignEntry | undefined,
  dca: string,
  nowMs: number,
): FailureReason | undefined {
  if (entry === undefined) return 'CAMPAIGN_NOT_AVAILABLE';
  const { record } = entry;
  // First, so that another DCA learns nothing of how the campaign stands.
  if (record.dca !== undefined && record.dca !== dca) return 'CAMPAIGN_NOT_AVAILABLE';
  if (record.expiresAtMs <= nowMs) return 'CAMPAIGN_EXPIRED';
  switch (record.standing) {
    case 'expired':
      return 'CAMPAIGN_EXPIRED';
    case 'pending_acceptance':
      return 'CAMPAIGN_PENDING_ACCEPTANCE';
    case 'declined':
      return 'CAMPAIGN_NOT_AVAILABLE';
    case 'not_shared':
      return 'MNO_SHARING_ERROR';
    case 'available':
      return whyNoCarrier(record);
  }
}

/** Of carriers that differ, the one with the most hope speaks: a review may end well, a suspension may be lifted. */
function whyNoCarrier({ operations }: CampaignRecord): FailureReason | undefined {
  if (operations.includes('approved')) return undefined;
  if (operations.includes('review')) return 'CAMPAIGN_MNO_REVIEW';
  return operations.includes('suspended') ? 'CAMPAIGN_MNO_SUSPENDED' : 'CAMPAIGN_MNO_REJECTED';
}

interface ReasonWords {
  /** Of an order, the one to change. */
  readonly field: string;
  readonly message: string;
}

/** To be read after the name of the field. */
export const REASONS: Readonly<Record<FailureReason, ReasonWords>> = {
  NUMBER_PROVISIONING_FAILED: {
    field: 'number',
    message: 'could not be provisioned to the campaign; order it again, or take another number',
  },
  CAMPAIGN_NOT_AVAILABLE: {
    field: 'campaignId',
    message:
      'is not available to this DCA; check the id, and that the campaign was shared to this DCA and accepted by it',
  },
  CAMPAIGN_PENDING_ACCEPTANCE: {
    field: 'campaignId',
    message: 'is a campaign this DCA has not accepted yet; accept it in the campaign registry, then order again',
  },
  CAMPAIGN_EXPIRED: {
    field: 'campaignId',
    message: 'is an expired campaign; renew it or take another',
  },
  CAMPAIGN_MNO_REJECTED: {
    field: 'campaignId',
    message: 'is a campaign that every carrier has rejected; take another campaign',
  },
  CAMPAIGN_MNO_SUSPENDED: {
    field: 'campaignId',
    message:
      'is a campaign no carrier has active, suspended at one or more; have the suspension lifted, then order again',
  },
  CAMPAIGN_MNO_REVIEW: {
    field: 'campaignId',
    message: 'is a campaign no carrier has approved yet, in review at one or more; order again when one has',
  },
  EXCEEDED_10DLC_LIMIT: {
    field: 'campaignId',
    message:
      'is a campaign that holds as many numbers as it may: 49 without an approved number pool, one for a sole proprietor; ' +
      'remove a number or have a pool approved',
  },
  MNO_SHARING_ERROR: {
    field: 'campaignId',
    message: 'is a campaign that has not been shared up to a DCA; share it in the campaign registry, then order again',
  },
  INVALID_NNID: {
    field: 'nnid',
    message: 'is not an NNID of this DCA; GET /nnsr/v1/nnids lists those it holds',
  },
};

/** Of an order to remove what another DCA registered. */
export const OTHER_DCAS_NUMBER =
  'is registered by another DCA, which alone may remove it; provision it to take it over';
