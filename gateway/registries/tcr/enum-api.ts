/** The operations that list what the registry knows: enumerations, carriers, partners. */
import { type FieldTable, PAGING, pageOf, readFields } from './fields.ts';
import type { Party } from './model.ts';
import { is, type Operation } from './api-operation.ts';
import type { Registry } from './registry.ts';
import {
  ALT_BUSINESS_ID_TYPES,
  BRAND_RELATIONSHIPS,
  BRAND_STATUSES,
  CAMPAIGN_STATUSES,
  ENTITY_TYPES,
  IDENTITY_STATUSES,
  MNOS,
  OPERATION_STATUSES,
  OPTIONAL_ATTRIBUTES,
  STOCK_EXCHANGES,
  USE_CASE_LIST,
  VERTICALS,
  VETTING_CLASSES,
  VETTING_PROVIDERS,
  VETTING_STATUSES,
} from './words.ts';

const USECASE_QUERY = { validSubUsecase: { kind: 'flag' } } as const satisfies FieldTable;

export function enumOperations(registry: Registry): Operation[] {
  const list = (name: string, summary: string, answer: () => unknown): Operation => ({
    method: 'GET',
    url: `/enum/${name}`,
    summary,
    run: answer,
  });
  const partners = (): Party[] => [...registry.parties.values()];
  const named = ({ id, name }: Party): object => ({ id, displayName: name });
  return [
    list('altBusinessIdType', 'Kinds of other business ids', () => ALT_BUSINESS_ID_TYPES),
    {
      method: 'GET',
      url: '/enum/approvedPublicCompany',
      summary: 'Public companies the registry knows; there are none here, any may be used',
      query: PAGING,
      run: ({ query }) => pageOf(query, [], () => ({})),
    },
    list('brandIdentityStatus', 'Identity statuses of a brand', () => IDENTITY_STATUSES),
    list('brandRelationship', 'Relationships of a brand', () => BRAND_RELATIONSHIPS),
    list('brandStatus', 'Statuses of a brand', () => BRAND_STATUSES),
    list('campaignStatus', 'Statuses of a campaign', () => CAMPAIGN_STATUSES),
    list('cnp', 'Connectivity partners that a campaign can be shared with', () => partners().map(named)),
    list('dca', 'Direct connect aggregators', () =>
      partners()
        .filter(({ kind }) => kind === 'dca')
        .map(named),
    ),
    list('entityType', 'Entity types', () => ENTITY_TYPES),
    list('extVettingProvider', 'Vetting providers', () =>
      VETTING_PROVIDERS.map(({ evpId, displayName, orderable, orders, imports }) => ({
        evpId,
        displayName,
        tcrBillable: orderable,
        vettingClasses: orderable ? orders : [imports],
        vettingInstruction: '',
      })),
    ),
    list('mno', 'Mobile network operators', () =>
      MNOS.map(({ id, name, carrier }) => ({ networkId: id, displayName: name, osrBitmaskIndex: carrier })),
    ),
    list('operationStatus', 'How a campaign can stand at an MNO', () => OPERATION_STATUSES),
    list('optionalAttributeNames', 'Optional attributes of a brand', () =>
      OPTIONAL_ATTRIBUTES.map(({ id, dataType, text }) => ({ id, dataType, description: text })),
    ),
    list('stockExchange', 'Stock exchanges', () => STOCK_EXCHANGES),
    {
      method: 'GET',
      url: '/enum/usecase',
      summary: 'Use cases',
      query: USECASE_QUERY,
      run: ({ query }) => {
        const { validSubUsecase } = readFields(USECASE_QUERY, query);
        const wanted = USE_CASE_LIST.filter(({ isSubUsecase }) => is(validSubUsecase, isSubUsecase));
        return Object.fromEntries(
          wanted.map(({ code, classification, minSubUsecases, maxSubUsecases, isSubUsecase }) => [
            code,
            {
              displayName: titleOf(code),
              classification,
              minSubUsecases,
              maxSubUsecases,
              validSubUsecase: isSubUsecase,
            },
          ]),
        );
      },
    },
    list('vertical', 'Industries', () =>
      Object.fromEntries(VERTICALS.map((code) => [code, { displayName: titleOf(code) }])),
    ),
    list('vettingClass', 'Classes of vetting', () =>
      VETTING_CLASSES.map((id) => ({
        id,
        enabled: true,
        displayName: titleOf(id),
        description: '',
        validityMonths: null,
      })),
    ),
    list('vettingStatus', 'Statuses of a vetting', () => VETTING_STATUSES),
  ];
}

function titleOf(code: string): string {
  return code
    .toLowerCase()
    .replaceAll('_', ' ')
    .replace(/^./, (first) => first.toUpperCase());
}
