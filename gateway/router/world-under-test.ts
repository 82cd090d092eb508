/** A small world for tests of the core: a few blocks, the built-in book, campaigns of every kind that matters. */
import { readFileSync } from 'node:fs';
import { BrandTable, CampaignTable, CarrierMap, CARRIERS, NumberRegistry } from '../../registry-cache/index.ts';
import { attClassOf, compileRateTable, parseTariffBook, tmobileTierOf } from '../../tariffs/index.ts';
import { type Core, createCore } from './core.ts';
import { readRegimes } from './read-regimes.ts';
import { RegimeTable } from './regime-table.ts';

const BLOCKS = `npanxx,state,blocks,place
212200,NY,AVTUOCWKPX,"New York, NY"
212201,NY,----------,""
`;

/** One destination per kind of block, in the order of the letters above. */
export const TO = {
  att: 2_122_000_001,
  verizon: 2_122_001_001,
  tmobile: 2_122_002_001,
  uscellular: 2_122_003_001,
  other: 2_122_004_001,
  cpaas: 2_122_005_001,
  wireline: 2_122_006_001,
  cable: 2_122_007_001,
  unassigned: 2_122_010_001,
} as const;

export const ALL_CARRIERS = (1 << CARRIERS.length) - 1;

const carriers = CARRIERS.map((carrier) => carrier.id);
const book = parseTariffBook(readFileSync('tariffs/books/us-10dlc.yaml', 'utf8'), 'us-10dlc.yaml');
const regimes = readRegimes(readFileSync('gateway/router/us-10dlc.regimes.yaml', 'utf8'), 'regimes', carriers);
if (!book.ok || !regimes.ok) throw new Error('the built-in book or regimes do not parse');
const rates = compileRateTable(book.book, carriers);
const { rows } = regimes;

/** A core of its own, with nothing registered. */
export function coreUnderTest(): Core {
  return createCore({
    carrierMap: CarrierMap.parse(BLOCKS),
    registry: new NumberRegistry(),
    brands: new BrandTable(),
    campaigns: new CampaignTable(),
    regimes: new RegimeTable(rows, carriers),
    rates,
  });
}

/** Declares a campaign with a brand of its own and returns the campaign's handle. Limits are not made room for. */
export function declare(
  core: Core,
  campaign: { attClass: string; tmobileTier: string; status?: number; expiresAtMs?: number },
): number {
  const number = core.campaigns.count;
  const brand = core.brands.add({
    id: `BTEST${number}`,
    tmobileTier: tmobileTierOf(campaign.tmobileTier),
  });
  return core.campaigns.add({
    id: `CTEST${number}`,
    brand,
    attClass: attClassOf(campaign.attClass),
    useCase: 'MIXED',
    status: campaign.status ?? ALL_CARRIERS,
    expiresAtMs: campaign.expiresAtMs ?? Infinity,
  });
}
