/**
 * What the campaign registry would know of made-up campaigns: a brand each, use case, AT&T class and T-Mobile tier. Written
 * as a campaigns file that `tollgate serve --campaigns` reads, or as terms for a store. Kept from the numbers as in the
 * field: ids of brands come from a chance of their own and lead to no campaign.
 */
import { CARRIERS, type SyntheticCampaign, syntheticIds } from '../../../registry-cache/index.ts';
import { attClassOf, tmobileTierOf } from '../../../tariffs/index.ts';
import type { BrandSpec, CampaignsFile, CampaignSpec } from '../../read-campaigns.ts';
import { namedStream } from '../../router/index.ts';

interface Traits {
  readonly attClass: string;
  readonly tmobileTier: string;
  readonly useCases: readonly [string, ...string[]];
}

const DECLARED: Traits['useCases'] = [
  '2FA',
  'ACCOUNT_NOTIFICATION',
  'CUSTOMER_CARE',
  'DELIVERY_NOTIFICATION',
  'FRAUD_ALERT',
  'SECURITY_ALERT',
];
const PROMOTING: Traits['useCases'] = ['MARKETING', 'MIXED'];

/**
 * What a campaign of each kind can be, each as likely as another: pools belong to vetted brands, half of the small ones are
 * low-volume. The classes and tiers are those that scores of 75 and 50 and no score lead to.
 */
const TRAITS: Readonly<Record<SyntheticCampaign['kind'], readonly [Traits, ...Traits[]]>> = {
  pool: [
    { attClass: 'A', tmobileTier: 'TOP', useCases: DECLARED },
    { attClass: 'B', tmobileTier: 'TOP', useCases: PROMOTING },
    { attClass: 'C', tmobileTier: 'UPPER_MID', useCases: DECLARED },
    { attClass: 'D', tmobileTier: 'UPPER_MID', useCases: PROMOTING },
  ],
  small: [
    { attClass: 'T', tmobileTier: 'LOW', useCases: ['LOW_VOLUME'] },
    { attClass: 'T', tmobileTier: 'LOW', useCases: ['LOW_VOLUME'] },
    { attClass: 'E', tmobileTier: 'LOWER_MID', useCases: DECLARED },
    { attClass: 'F', tmobileTier: 'LOWER_MID', useCases: PROMOTING },
  ],
  sole_proprietor: [{ attClass: 'W', tmobileTier: 'SOLE_PROPRIETOR', useCases: ['SOLE_PROPRIETOR'] }],
};

const EVERYWHERE = (1 << CARRIERS.length) - 1;

/** Brands and campaigns, one to one, by position. The same for the same seed. */
export function syntheticCampaignsFile(campaigns: readonly SyntheticCampaign[], seed: number): CampaignsFile {
  const chance = namedStream(seed, 'registry-brands');
  const pick = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(chance.next() * list.length)] ?? list[0];
  const brandIds = syntheticIds('B', campaigns.length, chance);
  const brands: BrandSpec[] = [];
  const specs: CampaignSpec[] = [];
  for (const [at, { id, kind }] of campaigns.entries()) {
    const { attClass, tmobileTier, useCases } = pick(TRAITS[kind]);
    const brand = brandIds[at] ?? '';
    brands.push({ id: brand, name: `Synthetic ${brand}`, tmobileTier: tmobileTierOf(tmobileTier) });
    specs.push({
      id,
      brand,
      attClass: attClassOf(attClass),
      useCase: pick(useCases),
      status: EVERYWHERE,
      expiresAtMs: Infinity,
    });
  }
  return { brands, campaigns: specs };
}
