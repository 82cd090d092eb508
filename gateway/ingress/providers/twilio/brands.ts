/**
 * Twilio's brand registrations (`/v1/a2p/BrandRegistrations`), mapped onto the campaign registry.
 *
 * The real ones name profiles that hold the company's data; there are none here, so a brand is registered as a company that passes the
 * registry's check, by the name of its profile. A profile whose sid ends in `fail` is one that does not.
 */
import type { FastifyInstance } from 'fastify';
import { documented, type FaceParts } from '../face.ts';
import type { Form } from '../form.ts';
import type { FaceBrand } from '../registry.ts';
import { assumedCompany } from '../assumed-company.ts';
import { sendJson } from '../json.ts';
import { type Call, sendError, whenKnown } from './calls.ts';
import { twilioError } from './errors.ts';
import { originOf, sendList } from './lists.ts';
import { sidOfText, textOfSid } from './sids.ts';

const TAG = 'twilio';
const BRANDS = '/v1/a2p/BrandRegistrations';
const BRAND_ID_LENGTH = 7;
const SOLE_PROPRIETOR = 'SOLE_PROPRIETOR';
const BRAND_TYPES = ['STANDARD', SOLE_PROPRIETOR];

export function brandSid(brandId: string): string {
  return sidOfText('BN', brandId);
}

/** The registry's id of a brand; undefined for a sid that is none. */
export function brandIdOfSid(sid: string): string | undefined {
  return textOfSid('BN', sid, BRAND_ID_LENGTH);
}

export function brandRoutes(app: FastifyInstance, { credentials, registry }: FaceParts): void {
  app.post(
    BRANDS,
    documented(TAG, 'Register a brand'),
    whenKnown(credentials, async (call) => {
      const form = (call.request.body ?? {}) as Form;
      const { CustomerProfileBundleSid: customer, A2PProfileBundleSid: profile, BrandType: type = 'STANDARD' } = form;
      if (typeof customer !== 'string') return missing(call, 'CustomerProfileBundleSid');
      if (typeof profile !== 'string') return missing(call, 'A2PProfileBundleSid');
      if (typeof type !== 'string' || !BRAND_TYPES.includes(type)) {
        return sendError(call.reply, twilioError(400, 20001, `'BrandType' must be one of ${BRAND_TYPES.join(', ')}`));
      }
      const company = { profile: customer, isSoleProprietor: type === SOLE_PROPRIETOR, mock: form['Mock'] === 'true' };
      const ordered = await registry.registerBrand(call.caller.account, assumedCompany(company));
      if (!ordered.ok) {
        const why = ordered.errors.map(({ description }) => description).join('; ');
        return sendError(call.reply, twilioError(ordered.status, ordered.status === 503 ? 20503 : 20001, why));
      }
      return sendJson(call.reply.code(201), brandView(call, ordered.value));
    }),
  );

  app.get(
    BRANDS,
    documented(TAG, 'List brand registrations'),
    whenKnown(credentials, async (call) => {
      const brands = await registry.brands(call.caller.account);
      return sendList(
        call,
        'data',
        brands.map((brand) => brandView(call, brand)),
      );
    }),
  );

  app.get(
    `${BRANDS}/:brandSid`,
    documented(TAG, 'Fetch a brand registration'),
    whenKnown(credentials, async (call) => {
      const brandId = brandIdOfSid(call.params['brandSid'] ?? '');
      const brand = brandId && (await registry.brand(call.caller.account, brandId));
      return brand ? sendJson(call.reply, brandView(call, brand)) : sendError(call.reply, twilioError(404, 20404));
    }),
  );
}

function missing({ reply }: Call, field: string): ReturnType<typeof sendError> {
  return sendError(reply, twilioError(400, 20001, `'${field}' is required`));
}

function brandView(call: Call, brand: FaceBrand): object {
  const { brandId, details, identityStatus, isScoring, mock, feedback, vettings, createdMs } = brand;
  const sid = brandSid(brandId);
  const isFailed = !isScoring && feedback.length > 0;
  const date = new Date(createdMs).toISOString();
  const url = `${originOf(call)}${BRANDS}/${sid}`;
  return {
    account_sid: call.caller.id,
    a2p_profile_bundle_sid: null,
    brand_feedback: feedback.map(({ id }) => id),
    brand_score: vettings.at(-1)?.vettingScore ?? null,
    brand_type: details.entityType === SOLE_PROPRIETOR ? SOLE_PROPRIETOR : 'STANDARD',
    customer_profile_bundle_sid: null,
    date_created: date,
    date_updated: date,
    errors: feedback.map(({ id, fields }) => ({ error_code: 30795, description: id, fields })),
    failure_reason: isFailed ? feedback.map(({ id }) => id).join(', ') : null,
    government_entity: false,
    identity_status: isScoring ? null : identityStatus,
    links: { brand_vettings: `${url}/Vettings` },
    mock,
    russell_3000: false,
    sid,
    skip_automatic_sec_vet: true,
    status: isScoring ? 'PENDING' : isFailed ? 'FAILED' : 'APPROVED',
    tax_exempt_status: null,
    tcr_id: isScoring ? null : brandId,
    url,
  };
}
