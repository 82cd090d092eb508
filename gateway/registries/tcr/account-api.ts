/** The operations on one's own account: profile, resellers, tags; and those that Tollgate leaves out. */
import { ERROR_CODES, refused } from './errors.ts';
import { type FieldTable, PAGING, pageOf, readFields } from './fields.ts';
import { holds, is, type Operation } from './api-operation.ts';
import type { Registry } from './registry.ts';
import {
  createReseller,
  deleteReseller,
  RESELLER_FIELDS,
  RESELLER_UPDATE_FIELDS,
  resellerOf,
  updateReseller,
} from './resellers.ts';
import { deleteTag, setTag, TAG_FIELDS, tagsOf } from './tags.ts';

/** Version of the interface; the real service answers with that of its software. */
const API_VERSION = '2.0';

const RESELLER_QUERY = { ...PAGING, companyName: { kind: 'text', max: 255 } } as const satisfies FieldTable;
const TAG_QUERY = {
  ...PAGING,
  name: { kind: 'text', max: 50 },
  recordId: { kind: 'text', max: 7 },
  recordType: { kind: 'text', max: 10 },
} as const satisfies FieldTable;

export function accountOperations(registry: Registry): Operation[] {
  const absent = (method: Operation['method'], url: string, summary: string): Operation => ({
    method,
    url,
    summary,
    run: () => {
      throw refused('notSimulated', null);
    },
  });
  return [
    {
      method: 'GET',
      url: '/csp/profile',
      summary: 'Who I am and which features I have',
      run: ({ party }) => ({
        cspId: party.id,
        displayName: party.name,
        platformFreeTrialEnabled: false,
        soleProprietorEnabled: registry.settings.soleProprietor,
        ucaasEnabled: true,
      }),
    },
    { method: 'GET', url: '/version', summary: 'Version of this interface', run: () => API_VERSION },
    {
      method: 'GET',
      url: '/error',
      summary: 'All error codes',
      run: () => Object.values(ERROR_CODES).map(({ code, description }) => ({ code, description })),
    },
    {
      method: 'POST',
      url: '/reseller',
      summary: 'Create a reseller',
      body: RESELLER_FIELDS,
      run: ({ party, body }) => createReseller(registry, party, body),
    },
    {
      method: 'GET',
      url: '/reseller',
      summary: 'Search resellers',
      query: RESELLER_QUERY,
      run: async ({ party, query }) => {
        const { companyName } = readFields(RESELLER_QUERY, query);
        const found = (await registry.store.list('reseller'))
          .filter((reseller) => reseller.cspId === party.id && holds(reseller.companyName, companyName))
          .sort((a, b) => (a.resellerId < b.resellerId ? -1 : 1));
        return pageOf(query, found, (reseller) => reseller);
      },
    },
    {
      method: 'GET',
      url: '/reseller/:resellerId',
      summary: 'A reseller',
      run: ({ party, params }) => resellerOf(registry, party, params['resellerId'] ?? ''),
    },
    {
      method: 'PUT',
      url: '/reseller/:resellerId',
      summary: 'Change a reseller',
      body: RESELLER_UPDATE_FIELDS,
      run: ({ party, params, body }) => updateReseller(registry, party, params['resellerId'] ?? '', body),
    },
    {
      method: 'DELETE',
      url: '/reseller/:resellerId',
      summary: 'Delete a reseller without campaigns',
      run: ({ party, params }) => deleteReseller(registry, party, params['resellerId'] ?? ''),
    },
    {
      method: 'PUT',
      url: '/tag',
      summary: 'Hang a tag on a brand or campaign',
      body: TAG_FIELDS,
      run: ({ party, body }) => setTag(registry, party, body),
    },
    {
      method: 'GET',
      url: '/tag',
      summary: 'Search tags',
      query: TAG_QUERY,
      run: async ({ party, query }) => {
        const asked = readFields(TAG_QUERY, query);
        const found = (await tagsOf(registry, party)).filter(
          (tag) =>
            is(asked.name?.toLowerCase(), tag.name) &&
            is(asked.recordId, tag.recordId) &&
            is<string>(asked.recordType, tag.recordType),
        );
        return pageOf(query, found, (tag) => tag);
      },
    },
    {
      method: 'DELETE',
      url: '/tag/name/:name/recordType/:recordType/recordId/:recordId',
      summary: 'Take a tag off',
      run: ({ party, params }) => deleteTag(registry, party, params),
    },
    absent('GET', '/pft/brand', 'The brand of a free-trial programme; not simulated'),
    // Its body holds a long code, and the campaign registry here has no place for one.
    absent('POST', '/pft/participant', 'A number given to a trial user; not simulated'),
  ];
}
