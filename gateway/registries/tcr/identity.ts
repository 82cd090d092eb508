/**
 * Whether a brand is who it says: the tax id against the legal name, as the registry checks it when a brand is submitted.
 *
 * There is no tax office to ask, so the answer follows from the tax id. An operator may give a table of tax id -> legal
 * name, which then decides alone for the ids in it. For all others every tax id is right but these, made up for tests:
 *
 *   begins with 00     not assigned to anybody                      TAX_ID (ein)
 *   ends in 0000       belongs to another company                   TAX_ID (ein, companyName)
 *   ends in 1111       of a NON_PROFIT: no 501c status found        NONPROFIT (entityType)
 *   ends in 2222       of a GOVERNMENT: not a government entity     GOVERNMENT_ENTITY (entityType)
 *   ends in 3333       of a PUBLIC_PROFIT: stock does not match     STOCK_SYMBOL (stockSymbol, stockExchange)
 *   ends in 3000       of a PUBLIC_PROFIT: in the Russell 3000
 *   ends in 4444       of a NON_PROFIT: 501c4 instead of 501c3
 *   ends in 0527       of a NON_PROFIT: no 501c status, as an organization of section 527 has none
 */
import type { BrandDetails, Feedback, OptionalAttributes } from './model.ts';
import type { IdentityStatus } from './words.ts';

export interface Identity {
  readonly status: IdentityStatus;
  readonly feedback: readonly Feedback[];
  readonly attributes: OptionalAttributes;
}

export const FEEDBACK_WORDS: Readonly<Record<Feedback['id'], readonly [displayName: string, description: string]>> = {
  TAX_ID: ['Tax ID', 'Data mismatch related to tax id and its associated properties.'],
  STOCK_SYMBOL: [
    'Stock Symbol',
    'Non public entity registered as a public for profit entity or the stock information mismatch.',
  ],
  GOVERNMENT_ENTITY: [
    'Government Entity',
    'Non government entity registered as a government entity. Must be a U.S. government entity.',
  ],
  NONPROFIT: ['Non-Profit', 'No IRS 501c tax-exempt status found.'],
  OTHERS: ['Others', 'Details of the data misrepresentation if any.'],
};

/** The tax id without punctuation. */
export function plainEin(ein: string): string {
  return ein.replaceAll(/[^0-9A-Za-z]/g, '').toUpperCase();
}

/** Checks a brand. `legalNames` is the operator's table, by plain tax id. */
export function checkIdentity(details: BrandDetails, legalNames: ReadonlyMap<string, string>): Identity {
  if (details.entityType === 'SOLE_PROPRIETOR') return { status: 'SELF_DECLARED', feedback: [], attributes: {} };
  const ein = plainEin(details.ein ?? '');
  const feedback = doubts(details, ein, legalNames.get(ein));
  if (feedback.length > 0) return { status: 'UNVERIFIED', feedback, attributes: {} };
  return { status: 'VERIFIED', feedback, attributes: attributesOf(details, ein) };
}

function doubts(
  { entityType, companyName = '' }: BrandDetails,
  ein: string,
  legalName: string | undefined,
): Feedback[] {
  if (legalName !== undefined) {
    return plainName(legalName) === plainName(companyName) ? [] : [{ id: 'TAX_ID', fields: ['ein', 'companyName'] }];
  }
  if (ein.startsWith('00')) return [{ id: 'TAX_ID', fields: ['ein'] }];
  if (ein.endsWith('0000')) return [{ id: 'TAX_ID', fields: ['ein', 'companyName'] }];
  if (entityType === 'NON_PROFIT' && ein.endsWith('1111')) return [{ id: 'NONPROFIT', fields: ['entityType'] }];
  if (entityType === 'GOVERNMENT' && ein.endsWith('2222')) return [{ id: 'GOVERNMENT_ENTITY', fields: ['entityType'] }];
  if (entityType === 'PUBLIC_PROFIT' && ein.endsWith('3333')) {
    return [{ id: 'STOCK_SYMBOL', fields: ['stockSymbol', 'stockExchange'] }];
  }
  return [];
}

function attributesOf({ entityType }: BrandDetails, ein: string): OptionalAttributes {
  if (entityType === 'GOVERNMENT') return { governmentEntity: true };
  if (entityType === 'PUBLIC_PROFIT' && ein.endsWith('3000')) return { russell3000: true };
  if (entityType === 'NON_PROFIT' && !ein.endsWith('0527')) {
    return { taxExemptStatus: ein.endsWith('4444') ? '501c4' : '501c3' };
  }
  return {};
}

/** Case, punctuation and spaces do not tell companies apart. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}
