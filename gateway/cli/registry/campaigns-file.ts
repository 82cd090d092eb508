/** Brands and campaigns -> a campaigns file, and -> a store: what numbers need before they can be registered and rated. */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type CampaignEntry,
  type CampaignRecord,
  CARRIERS,
  type RegistryStore,
} from '../../../registry-cache/index.ts';
import { ATT_CLASSES, formatBookError, TMOBILE_TIERS } from '../../../tariffs/index.ts';
import { type CampaignsFile, type CampaignSpec, readCampaigns } from '../../read-campaigns.ts';
import { failed, systemCode, usage } from '../carry-out.ts';
import { writeWhole } from './whole-file.ts';

/** Records of one call to a store. */
const PUBLISH_CAMPAIGNS = 1_000;

/** Reads a campaigns file. Rejects with every mistake in it. */
export async function readCampaignsFile(path: string): Promise<CampaignsFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw usage(`--campaigns: ${path} cannot be read (${systemCode(error)})`);
  }
  const read = readCampaigns(text, path);
  if (!read.ok) throw failed(...read.errors.map((error) => formatBookError(error)));
  return read.file;
}

/** Writes a file that `readCampaignsFile` and `tollgate serve --campaigns` read. */
export function writeCampaignsFile(path: string, file: CampaignsFile): Promise<void> {
  return writeWhole(path, (partial) => pipeline(Readable.from(yamlOf(file)), createWriteStream(partial)));
}

function* yamlOf({ brands, campaigns }: CampaignsFile): Generator<string> {
  yield 'brands:\n';
  for (const { id, name, tmobileTier } of brands) {
    yield `  - { id: ${id}, name: ${name}, tmobileTier: ${TMOBILE_TIERS[tmobileTier]?.name} }\n`;
  }
  yield 'campaigns:\n';
  for (const { id, brand, attClass, useCase, status } of campaigns) {
    const carriers = CARRIERS.filter((_, bit) => (status & (1 << bit)) !== 0).map((carrier) => carrier.id);
    const letter = ATT_CLASSES[attClass]?.letter;
    yield `  - { id: ${id}, brand: ${brand}, attClass: ${letter}, useCase: ${useCase}, carriers: [${carriers.join(', ')}] }\n`;
  }
}

/** What a campaigns file does not say of a campaign. */
export type CampaignApproval = Pick<CampaignRecord, 'numberLimit' | 'dca'>;

/**
 * Makes campaigns known to a store: records for the number side, terms for the carriers. Where `approvalOf` does not say
 * how many numbers a campaign may hold, it is any count, but one for a sole proprietor.
 */
export async function publishCampaigns(
  store: RegistryStore,
  file: CampaignsFile,
  approvalOf: (id: string) => CampaignApproval | undefined = () => undefined,
): Promise<void> {
  const tiers = new Map(file.brands.map((brand) => [brand.id, brand.tmobileTier]));
  for (let from = 0; from < file.campaigns.length; from += PUBLISH_CAMPAIGNS) {
    const campaigns = file.campaigns.slice(from, from + PUBLISH_CAMPAIGNS);
    await store.publishCampaigns(campaigns.map((campaign) => recordOf(campaign, approvalOf(campaign.id))));
    await store.publishTerms(
      campaigns.map(({ id, brand, attClass, useCase }) => ({
        campaign: id,
        brand,
        attClass,
        useCase,
        tmobileTier: tiers.get(brand) ?? 0,
      })),
    );
  }
}

function recordOf({ id, status, expiresAtMs, useCase }: CampaignSpec, approval?: CampaignApproval): CampaignRecord {
  return {
    id,
    status,
    operations: CARRIERS.map((_, bit) => ((status & (1 << bit)) === 0 ? 'suspended' : 'approved')),
    standing: 'available',
    dca: approval?.dca,
    numberLimit: approval?.numberLimit ?? (useCase === 'SOLE_PROPRIETOR' ? 1 : Infinity),
    expiresAtMs,
  };
}

export async function campaignsById(store: RegistryStore): Promise<ReadonlyMap<string, CampaignEntry>> {
  return new Map((await store.campaigns()).map((entry) => [entry.record.id, entry]));
}
