/**
 * A company for the campaign registry, where a provider's call names a profile that holds the company's data and there are no profiles
 * here: one that passes the registry's check, by the name of its profile. A profile whose id ends in `fail` is one that does not.
 */
import { createHash } from 'node:crypto';

const TAX_ID_DIGITS = 7;

export interface AssumedCompany {
  readonly profile: string;
  readonly displayName?: string;
  readonly isSoleProprietor: boolean;
  readonly mock: boolean;
}

/** A brand, in the fields of the campaign registry. */
export function assumedCompany(company: AssumedCompany): Readonly<Record<string, unknown>> {
  const { profile, displayName = `Customer ${profile}`, isSoleProprietor, mock } = company;
  const brand = { displayName, country: 'US', email: 'customer@example.com', phone: '+12025550100', mock };
  if (isSoleProprietor) {
    const person = { firstName: 'Sole', lastName: 'Proprietor', referenceId: profile };
    return { ...brand, ...person, entityType: 'SOLE_PROPRIETOR' };
  }
  return {
    ...brand,
    entityType: 'PRIVATE_PROFIT',
    companyName: displayName,
    ein: taxIdOf(profile),
    brandRelationship: 'BASIC_ACCOUNT',
    vertical: 'TECHNOLOGY',
  };
}

/** Alike for a profile whenever it is asked for, and none that means trouble but by wish. */
function taxIdOf(profile: string): string {
  if (profile.endsWith('fail')) return '000000001';
  const hash = Number.parseInt(createHash('sha256').update(profile).digest('hex').slice(0, 8), 16);
  const digits = String(hash % 10 ** TAX_ID_DIGITS).padStart(TAX_ID_DIGITS, '0');
  return `1${digits}8`;
}
