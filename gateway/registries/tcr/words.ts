/**
 * The words of the campaign registry: what its enumerations hold, its event types, and what is known of each use case.
 *
 * Taken from clients generated from the real interface description (2022) and from replies quoted in public client code;
 * where neither shows a value, the note beside it says so.
 */
import { CARRIERS, USE_CASES } from '../../../registry-cache/index.ts';

export const ENTITY_TYPES = ['PRIVATE_PROFIT', 'PUBLIC_PROFIT', 'NON_PROFIT', 'GOVERNMENT', 'SOLE_PROPRIETOR'] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

export const BRAND_STATUSES = ['ACTIVE', 'DELETED'] as const;
export const IDENTITY_STATUSES = ['SELF_DECLARED', 'UNVERIFIED', 'VERIFIED', 'VETTED_VERIFIED'] as const;
export type IdentityStatus = (typeof IDENTITY_STATUSES)[number];
export const BRAND_RELATIONSHIPS = [
  'BASIC_ACCOUNT',
  'SMALL_ACCOUNT',
  'MEDIUM_ACCOUNT',
  'LARGE_ACCOUNT',
  'KEY_ACCOUNT',
] as const;
export const ALT_BUSINESS_ID_TYPES = ['NONE', 'DUNS', 'GIIN', 'LEI'] as const;
export const STOCK_EXCHANGES =
  'NONE NASDAQ NYSE AMEX AMX ASX B3 BME BSE FRA ICEX JPX JSE KRX LON NSE OMX SEHK SGX SSE STO SWX SZSE TSX TWSE VSE OTHER'.split(
    ' ',
  );
export const CAMPAIGN_STATUSES = ['ACTIVE', 'EXPIRED'] as const;
export const OPERATION_STATUSES = ['APPROVED', 'REVIEW', 'REJECTED', 'SUSPENDED'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];
export const SHARING_STATUSES = ['PENDING', 'ACCEPTED', 'DECLINED'] as const;
export type SharingStatus = (typeof SHARING_STATUSES)[number];

/** Industries. The list is that of public client code; the real one may have grown. */
export const VERTICALS = (
  'PROFESSIONAL REAL_ESTATE HEALTHCARE HUMAN_RESOURCES ENERGY ENTERTAINMENT RETAIL TRANSPORTATION AGRICULTURE INSURANCE ' +
  'POSTAL EDUCATION HOSPITALITY FINANCIAL POLITICAL GAMBLING LEGAL CONSTRUCTION NGO MANUFACTURING GOVERNMENT TECHNOLOGY ' +
  'COMMUNICATION'
).split(' ');

export const VETTING_STATUSES = ['PENDING', 'UNSCORE', 'ACTIVE', 'FAILED', 'EXPIRED'] as const;
export type VettingStatus = (typeof VETTING_STATUSES)[number];
export const VETTING_CLASSES = ['STANDARD', 'ENHANCED', 'POLITICAL'] as const;
export type VettingClass = (typeof VETTING_CLASSES)[number];

export interface VettingProvider {
  readonly evpId: string;
  readonly displayName: string;
  /** Whether a vetting can be ordered through the registry; otherwise only imported. */
  readonly orderable: boolean;
  readonly orders: readonly VettingClass[];
  /** The class of a report that is imported. */
  readonly imports: VettingClass;
  readonly needsToken: boolean;
  readonly entityTypes: readonly EntityType[];
  readonly onlyUs: boolean;
}

export const VETTING_PROVIDERS: readonly VettingProvider[] = [
  {
    evpId: 'AEGIS',
    displayName: 'Aegis Mobile',
    orderable: true,
    orders: ['STANDARD', 'ENHANCED', 'POLITICAL'],
    imports: 'STANDARD',
    needsToken: true,
    entityTypes: ['PRIVATE_PROFIT', 'PUBLIC_PROFIT', 'NON_PROFIT', 'GOVERNMENT'],
    onlyUs: false,
  },
  {
    evpId: 'CV',
    displayName: 'Campaign Verify',
    orderable: false,
    orders: [],
    imports: 'POLITICAL',
    needsToken: false,
    entityTypes: ['NON_PROFIT'],
    onlyUs: true,
  },
  {
    evpId: 'WMC',
    displayName: 'WMC Global',
    orderable: true,
    orders: ['STANDARD'],
    imports: 'STANDARD',
    needsToken: false,
    entityTypes: ['PRIVATE_PROFIT', 'PUBLIC_PROFIT'],
    onlyUs: true,
  },
];

export const OPTIONAL_ATTRIBUTES: readonly { readonly id: string; readonly dataType: string; readonly text: string }[] =
  [
    { id: 'russell3000', dataType: 'BOOLEAN', text: 'Public company of the Russell 3000 index' },
    { id: 'taxExemptStatus', dataType: 'STRING', text: 'Tax-exempt 501c status of a non-profit brand' },
    { id: 'politicalCommitteeLocale', dataType: 'STRING', text: 'federal, state, local or tribal; by Campaign Verify' },
    { id: 'section527', dataType: 'BOOLEAN', text: 'Section 527 organization; by Campaign Verify' },
    { id: 'governmentEntity', dataType: 'BOOLEAN', text: 'Affiliated with federal, state or local government' },
  ];

/** A carrier that takes part by name. */
export interface Mno {
  readonly id: number;
  /** As the registry spells it. */
  readonly name: string;
  /** Its place in CARRIERS and so in a status bitmask. */
  readonly carrier: number;
}

const MNO_NAMES: ReadonlyMap<number, string> = new Map([[10038, 'Verizon Wireless']]);

export const MNOS: readonly Mno[] = CARRIERS.flatMap(({ mnoId, displayName }, carrier) =>
  mnoId === null ? [] : { id: mnoId, name: MNO_NAMES.get(mnoId) ?? displayName, carrier },
).sort((a, b) => a.id - b.id);

export function mnoOf(id: number): Mno | undefined {
  return MNOS.find((mno) => mno.id === id);
}

/** Place in CARRIERS of those without an MNO id, together. */
export const OTHER_CARRIER = CARRIERS.findIndex(({ mnoId }) => mnoId === null);

export interface UseCase {
  readonly code: string;
  readonly classification: 'STANDARD' | 'SPECIAL';
  readonly minSubUsecases: number;
  readonly maxSubUsecases: number;
  /** Whether it may be one of the sub-use-cases of another. */
  readonly isSubUsecase: boolean;
  /** Whether carriers look at it by hand. */
  readonly mnoReview: boolean;
}

const STANDARD = USE_CASES.slice(0, USE_CASES.indexOf('LOW_VOLUME') + 1) as readonly string[];
/** Special, and approved without a look by hand: what they need is proven by the brand. */
const PROVEN: readonly string[] = ['SOLE_PROPRIETOR', 'CHARITY', 'POLITICAL'];
/** Bounds of the sub-use-cases; none for the others. The lower bound of LOW_VOLUME and SOLE_PROPRIETOR was not found. */
const SUB_USECASES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  MIXED: [2, 5],
  LOW_VOLUME: [1, 5],
  SOLE_PROPRIETOR: [0, 5],
};

export const USE_CASE_LIST: readonly UseCase[] = USE_CASES.map((code) => {
  const [minSubUsecases, maxSubUsecases] = SUB_USECASES[code] ?? [0, 0];
  const isStandard = STANDARD.includes(code);
  return {
    code,
    classification: isStandard ? 'STANDARD' : 'SPECIAL',
    minSubUsecases,
    maxSubUsecases,
    isSubUsecase: isStandard && maxSubUsecases === 0,
    mnoReview: !isStandard && !PROVEN.includes(code),
  };
});

export function useCaseOf(code: string): UseCase | undefined {
  return USE_CASE_LIST.find((one) => one.code === code);
}

export const EVENT_CATEGORIES = ['CSP', 'BRAND', 'CAMPAIGN', 'VETTING', 'INCIDENCE'] as const;
export type EventCategory = (typeof EVENT_CATEGORIES)[number];

export const EVENT_TYPES = {
  BRAND_ADD: ['BRAND', 'Brand Added'],
  BRAND_APPEAL_COMPLETE: ['BRAND', 'Brand appeal completed'],
  BRAND_DELETE: ['BRAND', 'Brand deleted'],
  BRAND_IDENTITY_STATUS_UPDATE: ['BRAND', 'Brand identity status changed'],
  BRAND_IDENTITY_VET_UPDATE: ['BRAND', 'Brand identity vetting changed'],
  BRAND_MOCK_OTP: ['BRAND', 'Mock Brand OTP sent'],
  BRAND_OTP_VERIFIED: ['BRAND', 'Brand OTP verification completed'],
  BRAND_REVET: ['BRAND', 'Brand is vetted again'],
  BRAND_SCORE_UPDATE: ['BRAND', 'Brand Entity Score Updated'],
  BRAND_UPDATE: ['BRAND', 'Brand updated'],
  CAMPAIGN_ADD: ['CAMPAIGN', 'Campaign Added'],
  CAMPAIGN_BILLED: ['CAMPAIGN', 'Campaign is billed'],
  CAMPAIGN_DCA_COMPLETE: ['CAMPAIGN', 'Campaign DCA elections completed'],
  CAMPAIGN_EXPIRED: ['CAMPAIGN', 'Campaign Deactivated'],
  CAMPAIGN_NUDGE: ['CAMPAIGN', 'Nudge a party in connectivity partner chain'],
  CAMPAIGN_RESUBMISSION: ['CAMPAIGN', 'Campaign Re-submitted'],
  CAMPAIGN_SHARE_ACCEPT: ['CAMPAIGN', 'Campaign CNP accepted nomination'],
  CAMPAIGN_SHARE_ADD: ['CAMPAIGN', 'Campaign CNP nominated'],
  CAMPAIGN_SHARE_DELETE: ['CAMPAIGN', 'Campaign CNP declined'],
  CAMPAIGN_UPDATE: ['CAMPAIGN', 'Campaign updated'],
  CSP_ACTIVE: ['CSP', 'CSP Activated'],
  CSP_APPROVE: ['CSP', 'CSP application approved'],
  CSP_SUSPEND: ['CSP', 'CSP Suspended'],
  EVP_REPORT_EXPIRE: ['VETTING', 'Vetting Report Expired'],
  EVP_REPORT_FAIL: ['VETTING', 'Vetting provider reported Vetting Failure'],
  EVP_REPORT_IMPORT: ['VETTING', 'Vetting Report Imported'],
  EVP_REPORT_SCORE: ['VETTING', 'Vetting Provider reported Score'],
  EVP_REPORT_UNSCORE: ['VETTING', 'Vetting Provider reported UnScore'],
  EVP_REPORT_UPDATE: ['VETTING', 'Vetting Report Updated'],
  MNO_CAMPAIGN_OPERATION_APPROVED: ['CAMPAIGN', 'Campaign Approved'],
  MNO_CAMPAIGN_OPERATION_REJECTED: ['CAMPAIGN', 'MNO Campaign Rejected'],
  MNO_CAMPAIGN_OPERATION_REVIEW: ['CAMPAIGN', 'Campaign submitted for MNO review'],
  MNO_CAMPAIGN_OPERATION_SUSPENDED: ['CAMPAIGN', 'MNO Campaign Suspended'],
  MNO_CAMPAIGN_OPERATION_UNSUSPENDED: ['CAMPAIGN', 'MNO Lifted Campaign Suspension'],
  MNO_COMPLAINT: ['INCIDENCE', 'Complaint Reported by MNO'],
} as const satisfies Record<string, readonly [EventCategory, string]>;
export type EventType = keyof typeof EVENT_TYPES;
