/** Telnyx's brands (`/10dlc/brand`), mapped onto the campaign registry, whose names for fields they have. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { documented, type FaceParts } from '../face.ts';
import { fieldsOf, type JsonFields, sendJson } from '../json.ts';
import { codeOfUuid, uuidOfCode } from '../named-ids.ts';
import type { FaceBrand } from '../registry.ts';
import { type Call, notFound, sendOrdered, TAG, whenKnown } from './calls.ts';
import { sendRecords } from './lists.ts';
import { timeOf } from './message-view.ts';

const BRANDS = '/v2/10dlc/brand';
const BRAND = `${BRANDS}/:brandId`;
const REGISTRY_ID_LENGTH = 7;

/** What Telnyx says of a brand by itself, or asks nobody for. */
const ASSUMED = { brandRelationship: 'BASIC_ACCOUNT', phone: '+12025550100' };

/** The registry's id of a brand or a campaign, by that or by Telnyx's, which is a UUID made of it. */
export function registryIdOf(id = ''): string {
  return codeOfUuid(id, REGISTRY_ID_LENGTH) ?? id;
}

export function brandRoutes(app: FastifyInstance, { credentials, registry }: FaceParts): void {
  app.post(
    BRANDS,
    documented(TAG, 'Register a brand'),
    whenKnown(credentials, async ({ request, reply, caller }) => {
      const given = registryFields(request.body);
      const brand = { ...ASSUMED, phone: given['mobilePhone'] ?? ASSUMED.phone, ...given };
      return sendOrdered(reply, await registry.registerBrand(caller.account, brand), brandView);
    }),
  );

  app.get(
    BRANDS,
    documented(TAG, 'List brands'),
    whenKnown(credentials, async (call) => {
      const brands = await registry.brands(call.caller.account);
      return sendRecords(call, brands.map(brandView));
    }),
  );

  app.get(
    BRAND,
    documented(TAG, 'Fetch a brand'),
    whenBrand(({ reply }, brand) => sendJson(reply, brandView(brand))),
  );

  app.put(
    BRAND,
    documented(TAG, 'Change a brand'),
    whenBrand(async ({ request, reply, caller }, { brandId }) =>
      sendOrdered(reply, await registry.changeBrand(caller.account, brandId, registryFields(request.body)), brandView),
    ),
  );

  app.delete(
    BRAND,
    documented(TAG, 'Delete a brand that has no active campaigns'),
    whenBrand(async ({ reply, caller }, { brandId }) => {
      const ordered = await registry.deleteBrand(caller.account, brandId);
      return ordered.ok ? reply.code(204).send() : sendOrdered(reply, ordered, brandView);
    }),
  );

  app.get(
    `${BRANDS}/feedback/:brandId`,
    documented(TAG, 'Why a brand could not be verified'),
    whenBrand(({ reply }, { brandId, feedback }) =>
      sendJson(reply, {
        brandId: uuidOfCode(brandId),
        category: feedback.map(({ id, fields }) => ({
          id,
          displayName: id.replaceAll('_', ' ').toLowerCase(),
          description: `Look over ${fields.join(', ')}`,
          fields,
        })),
      }),
    ),
  );

  /** A handler that is reached for a brand of the caller only. */
  function whenBrand(
    handle: (call: Call, brand: FaceBrand) => FastifyReply | Promise<FastifyReply>,
  ): ReturnType<typeof whenKnown> {
    return whenKnown(credentials, async (call) => {
      const brand = await registry.brand(call.caller.account, registryIdOf(call.params['brandId']));
      return brand === undefined ? notFound(call.reply) : handle(call, brand);
    });
  }
}

/** What a body says of what the registry keeps; where Telnyx would tell of it is not among that. */
function registryFields(body: unknown): JsonFields {
  const { webhookURL: _url, webhookFailoverURL: _failoverUrl, ...fields } = fieldsOf(body) ?? {};
  return fields;
}

function brandView(brand: FaceBrand): object {
  const { brandId, details, identityStatus, isScoring, feedback, mock, createdMs } = brand;
  const createdAt = timeOf(createdMs);
  const why = feedback.map(({ id, fields }) => `${id}: ${fields.join(', ')}`).join('; ');
  return {
    ...details,
    brandId: uuidOfCode(brandId),
    tcrBrandId: brandId,
    mock,
    status: isScoring ? 'REGISTRATION_PENDING' : 'OK',
    ...(!isScoring && { identityStatus }),
    ...(why !== '' && { failureReasons: why }),
    createdAt,
    updatedAt: createdAt,
  };
}
