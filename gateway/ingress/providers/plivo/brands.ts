/**
 * Plivo's brands (`/10dlc/Brand/`), mapped onto the campaign registry. A brand names a profile that holds the company's data; there are no
 * profiles here, so the company is made of the profile's id.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { assumedCompany } from '../assumed-company.ts';
import { documented, type FaceParts } from '../face.ts';
import { fieldsOf, textOf } from '../json.ts';
import type { FaceBrand } from '../registry.ts';
import { ACCOUNT, type Call, refuse, sendAnswer, sendOrdered, TAG, whenKnown } from './calls.ts';
import { plivoError } from './errors.ts';
import { sendList } from './lists.ts';

const BRANDS = `${ACCOUNT}/10dlc/Brand/`;
const BRAND = `${BRANDS}:brandId/`;
const STARTER = 'STARTER';

export function brandRoutes(app: FastifyInstance, { credentials, registry }: FaceParts): void {
  app.post(
    BRANDS,
    documented(TAG, 'Register a brand'),
    whenKnown(credentials, async (call) => {
      const fields = fieldsOf(call.request.body) ?? {};
      const displayName = textOf(fields, 'brand_alias');
      const profile = textOf(fields, 'profile_uuid');
      if (displayName === undefined) return refuse(call, plivoError(400, 'brand_alias: is required'));
      if (profile === undefined) return refuse(call, plivoError(400, 'profile_uuid: is required'));
      const isSoleProprietor = textOf(fields, 'brand_type') === STARTER;
      const company = assumedCompany({ profile, displayName, isSoleProprietor, mock: false });
      const ordered = await registry.registerBrand(call.caller.account, company);
      return sendOrdered(call, 202, ordered, ({ brandId }) => ({
        brand_id: brandId,
        profile_uuid: profile,
        message: 'The brand is being registered',
      }));
    }),
  );

  app.get(
    BRANDS,
    documented(TAG, 'List brands'),
    whenKnown(credentials, async (call) => {
      const brands = await registry.brands(call.caller.account);
      return sendList(call, 'brands', brands.map(brandView));
    }),
  );

  app.get(
    BRAND,
    documented(TAG, 'Fetch a brand'),
    whenBrand((call, brand) => sendAnswer(call, 200, { brand: brandView(brand) })),
  );

  app.delete(
    BRAND,
    documented(TAG, 'Delete a brand that has no active campaigns'),
    whenBrand(async (call, { brandId }) =>
      sendOrdered(call, 200, await registry.deleteBrand(call.caller.account, brandId), () => ({
        brand_id: brandId,
        message: 'The brand is deleted',
      })),
    ),
  );

  app.get(
    `${BRAND}usecases/`,
    documented(TAG, 'What a brand may register a campaign for'),
    whenBrand((call, { brandId }) => {
      const words = registry.enumeration('usecase') as Readonly<Record<string, { readonly displayName: string }>>;
      const usecases = Object.entries(words).map(([code, { displayName }]) => ({ code, name: displayName }));
      return sendAnswer(call, 200, { brand_id: brandId, use_cases: usecases });
    }),
  );

  /** A handler that is reached for a brand of the caller only. */
  function whenBrand(
    handle: (call: Call, brand: FaceBrand) => FastifyReply | Promise<FastifyReply>,
  ): ReturnType<typeof whenKnown> {
    return whenKnown(credentials, async (call) => {
      const brand = await registry.brand(call.caller.account, call.params['brandId'] ?? '');
      return brand === undefined ? refuse(call, plivoError(404)) : handle(call, brand);
    });
  }
}

function brandView({ brandId, details, identityStatus, isScoring, feedback, createdMs }: FaceBrand): object {
  const isFailed = !isScoring && feedback.length > 0;
  return {
    brand_id: brandId,
    brand_alias: details.displayName,
    brand_type: details.entityType === 'SOLE_PROPRIETOR' ? STARTER : 'STANDARD',
    company_name: details.companyName ?? null,
    ein: details.ein ?? null,
    entity_type: details.entityType,
    registration_status: isScoring ? 'PROCESSING' : isFailed ? 'FAILED' : 'COMPLETED',
    vetting_status: isScoring ? null : identityStatus,
    declined_reasons: feedback.map(({ id, fields }) => ({ code: id, message: fields.join(', ') })),
    created_at: new Date(createdMs).toISOString(),
  };
}
