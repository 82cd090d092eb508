/** Resellers: accounts of a service provider that campaigns can be counted to. */
import { EMAIL, PHONE } from './brands.ts';
import { refused } from './errors.ts';
import { type FieldTable, readFields } from './fields.ts';
import type { Party, Reseller } from './model.ts';
import { newId, type Registry, requireCsp } from './registry.ts';
import { change } from './tcr-store.ts';

export const RESELLER_FIELDS = {
  companyName: { kind: 'text', max: 255, required: true },
  phone: { ...PHONE, required: true },
  email: { ...EMAIL, required: true },
} as const satisfies FieldTable;

export const RESELLER_UPDATE_FIELDS = {
  companyName: { kind: 'text', max: 255 },
  phone: PHONE,
  email: EMAIL,
} as const satisfies FieldTable;

export async function createReseller(registry: Registry, party: Party, body: unknown): Promise<Reseller> {
  requireCsp(party);
  const { companyName = '', phone = '', email = '' } = readFields(RESELLER_FIELDS, body);
  const resellerId = await newId(registry, 'R');
  const reseller = { resellerId, cspId: party.id, companyName, phone, email };
  await registry.store.put('reseller', resellerId, reseller, 0);
  return reseller;
}

export async function resellerOf(registry: Registry, party: Party, resellerId: string): Promise<Reseller> {
  const found = (await registry.store.get('reseller', resellerId))?.value;
  if (found?.cspId !== party.id) throw refused('notFound', 'resellerId', 'Reseller not found');
  return found;
}

export async function updateReseller(
  registry: Registry,
  party: Party,
  resellerId: string,
  body: unknown,
): Promise<Reseller> {
  const read = readFields(RESELLER_UPDATE_FIELDS, body);
  const before = await resellerOf(registry, party, resellerId);
  return (await change(registry.store, 'reseller', resellerId, (found) => ({ ...found, ...read }))) ?? before;
}

/** Deletes a reseller that no campaign is counted to. */
export async function deleteReseller(registry: Registry, party: Party, resellerId: string): Promise<void> {
  await resellerOf(registry, party, resellerId);
  const campaigns = await registry.store.list('campaign');
  if (campaigns.some((campaign) => campaign.resellerId === resellerId)) {
    throw refused('notAllowed', 'resellerId', 'Reseller is associated with campaigns');
  }
  await registry.store.delete('reseller', resellerId);
}
