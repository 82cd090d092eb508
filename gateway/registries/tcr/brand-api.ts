/** The operations on brands and their vettings. */
import { BRAND_FIELDS, createBrand, deleteBrand, NEW_BRAND_FIELDS, revetBrand, updateBrand } from './brands.ts';
import { type FieldTable, PAGING, pageOf, readFields } from './fields.ts';
import { hasAll, holds, is, oldestFirst, type Operation } from './api-operation.ts';
import { brandOf, type Registry } from './registry.ts';
import type { TcrService } from './service.ts';
import {
  CV_TOKEN_FIELDS,
  importVetting,
  mockCvToken,
  orderVetting,
  VETTING_IMPORT_FIELDS,
  VETTING_ORDER_FIELDS,
} from './vettings.ts';
import { brandView, feedbackView, vettingView } from './views.ts';
import { BRAND_STATUSES, ENTITY_TYPES, IDENTITY_STATUSES } from './words.ts';

const BRAND_QUERY = {
  ...PAGING,
  referenceId: { kind: 'text', max: 50 },
  displayName: { kind: 'text', max: 255, about: 'Or a part of it.' },
  entityType: { kind: 'choice', of: ENTITY_TYPES },
  identityStatus: { kind: 'choice', of: IDENTITY_STATUSES },
  status: { kind: 'choice', of: BRAND_STATUSES, about: 'ACTIVE if left out.' },
  state: { kind: 'text', max: 20 },
  country: { kind: 'text', max: 2 },
  ein: { kind: 'text', max: 21 },
  resellerId: { kind: 'text', max: 7 },
  tag: { kind: 'texts', max: 10 },
  mock: { kind: 'flag' },
} as const satisfies FieldTable;

const VETTING_QUERY = {
  vettingStatus: { kind: 'texts', max: 5 },
  evpId: { kind: 'text', max: 20 },
  vettingClass: { kind: 'text', max: 20 },
} as const satisfies FieldTable;
const REVET_QUERY = { nonBlocking: { kind: 'flag', about: 'True if left out.' } } as const satisfies FieldTable;

export function brandOperations(registry: Registry, service: TcrService): Operation[] {
  return [
    {
      method: 'POST',
      url: '/brand',
      summary: 'Create a brand and wait until it is scored',
      body: NEW_BRAND_FIELDS,
      run: async ({ party, body }) => {
        const { brandId } = await createBrand(registry, party, body);
        return brandView(await service.scored(brandId));
      },
    },
    {
      method: 'POST',
      url: '/brand/nonBlocking',
      summary: 'Create a brand; the event BRAND_SCORE_UPDATE tells when it is scored',
      body: NEW_BRAND_FIELDS,
      run: async ({ party, body }) => brandView(await createBrand(registry, party, body)),
    },
    {
      method: 'GET',
      url: '/brand',
      summary: 'Search brands',
      query: BRAND_QUERY,
      run: async ({ party, query }) => {
        const asked = readFields(BRAND_QUERY, query);
        const campaigns = asked.resellerId === undefined ? [] : await registry.store.list('campaign');
        const ofReseller = new Set(
          campaigns.filter(({ resellerId }) => resellerId === asked.resellerId).map(({ brandId }) => brandId),
        );
        const found = (await registry.store.list('brand')).filter(
          ({ cspId, details, ...brand }) =>
            cspId === party.id &&
            brand.status === (asked.status ?? 'ACTIVE') &&
            holds(details.displayName, asked.displayName) &&
            is(asked.referenceId, brand.referenceId) &&
            is(asked.entityType, details.entityType) &&
            is(asked.identityStatus, brand.identityStatus) &&
            is(asked.state, details.state) &&
            is(asked.country, details.country) &&
            is(asked.ein, details.ein) &&
            is(asked.mock, brand.mock) &&
            hasAll(asked.tag, brand.tags) &&
            (asked.resellerId === undefined || ofReseller.has(brand.brandId)),
        );
        return pageOf(
          query,
          oldestFirst(found, ({ brandId }) => brandId),
          brandView,
        );
      },
    },
    {
      method: 'GET',
      url: '/brand/:brandId',
      summary: 'A brand',
      run: async ({ party, params }) => brandView(await brandOf(registry, party, params['brandId'] ?? '')),
    },
    {
      method: 'PUT',
      url: '/brand/:brandId',
      summary: 'Change a brand',
      body: BRAND_FIELDS,
      run: async ({ party, params, body }) =>
        brandView(await updateBrand(registry, party, params['brandId'] ?? '', body)),
    },
    {
      method: 'DELETE',
      url: '/brand/:brandId',
      summary: 'Delete a brand that has no active campaigns',
      run: ({ party, params }) => deleteBrand(registry, party, params['brandId'] ?? ''),
    },
    {
      method: 'GET',
      url: '/brand/feedback/:brandId',
      summary: 'Why a brand could not be verified, and by which fields',
      run: async ({ party, params }) => feedbackView(await brandOf(registry, party, params['brandId'] ?? '')),
    },
    {
      method: 'PUT',
      url: '/brand/:brandId/revet',
      summary: 'Have a brand scored again',
      query: REVET_QUERY,
      run: async ({ party, params, query }) => {
        const { nonBlocking = true } = readFields(REVET_QUERY, query);
        const brand = await revetBrand(registry, party, params['brandId'] ?? '');
        return brandView(nonBlocking ? brand : await service.scored(brand.brandId));
      },
    },
    {
      method: 'GET',
      url: '/brand/:brandId/externalVetting',
      summary: 'External vettings of a brand',
      query: VETTING_QUERY,
      run: async ({ party, params, query }) => {
        const { vettingStatus, evpId, vettingClass } = readFields(VETTING_QUERY, query);
        const { vettings } = await brandOf(registry, party, params['brandId'] ?? '');
        return vettings
          .filter((vetting) => vettingStatus === undefined || vettingStatus.includes(vetting.vettingStatus))
          .filter((vetting) => is(evpId, vetting.evpId) && is(vettingClass, vetting.vettingClass))
          .map(vettingView);
      },
    },
    {
      method: 'POST',
      url: '/brand/:brandId/externalVetting',
      summary: 'Order an external vetting',
      body: VETTING_ORDER_FIELDS,
      run: async ({ party, params, body }) =>
        vettingView(await orderVetting(registry, party, params['brandId'] ?? '', body)),
    },
    {
      method: 'PUT',
      url: '/brand/:brandId/externalVetting',
      summary: 'Import an external vetting',
      body: VETTING_IMPORT_FIELDS,
      run: async ({ party, params, body }) =>
        vettingView(await importVetting(registry, party, params['brandId'] ?? '', body)),
    },
    {
      method: 'POST',
      url: '/brand/:brandId/externalVetting/mockCvToken',
      summary: 'A Campaign Verify token to test with',
      body: CV_TOKEN_FIELDS,
      run: ({ party, params, body }) => mockCvToken(registry, party, params['brandId'] ?? '', body),
    },
  ];
}
