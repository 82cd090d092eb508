/** Tags: words that a service provider hangs on its brands and campaigns, to find them by. */
import { refused } from './errors.ts';
import { TAGS_MAX } from './brands.ts';
import { type FieldTable, readFields } from './fields.ts';
import type { Party } from './model.ts';
import { brandOf, campaignOf, type Registry } from './registry.ts';
import { change } from './tcr-store.ts';

const RECORD_TYPES = ['BRAND', 'CAMPAIGN'] as const;
type RecordType = (typeof RECORD_TYPES)[number];

export interface Tag {
  readonly name: string;
  readonly recordType: RecordType;
  readonly recordId: string;
}

export const TAG_FIELDS = {
  name: {
    kind: 'text',
    max: 50,
    pattern: /^[^\s!"#$%&'()*+,\-./:;<=>?@[\]^_`{|}~]+$/,
    shape: 'a word',
    required: true,
  },
  recordType: { kind: 'choice', of: RECORD_TYPES, required: true },
  recordId: { kind: 'text', max: 7, required: true },
} as const satisfies FieldTable;

export async function setTag(registry: Registry, party: Party, body: unknown): Promise<Tag> {
  const tag = readTag(body);
  await editTags(registry, party, tag, (tags) => {
    if (tags.includes(tag.name)) return tags;
    if (tags.length >= TAGS_MAX) throw refused('notAllowed', 'name', `A record may have ${TAGS_MAX} tags`);
    return [...tags, tag.name];
  });
  return tag;
}

export async function deleteTag(registry: Registry, party: Party, params: unknown): Promise<void> {
  const tag = readTag(params);
  await editTags(registry, party, tag, (tags) => tags.filter((name) => name !== tag.name));
}

/** All tags of a party's records. */
export async function tagsOf(registry: Registry, party: Party): Promise<readonly Tag[]> {
  const brands = (await registry.store.list('brand')).map(({ cspId, brandId, tags }) => ({ cspId, id: brandId, tags }));
  const campaigns = await registry.store.list('campaign');
  const tagged = [
    ...brands.map((one) => ({ ...one, recordType: 'BRAND' as const })),
    ...campaigns.map(({ cspId, campaignId, tags }) => ({
      cspId,
      id: campaignId,
      tags,
      recordType: 'CAMPAIGN' as const,
    })),
  ];
  return tagged
    .filter(({ cspId }) => cspId === party.id)
    .flatMap(({ id, tags, recordType }) => tags.map((name) => ({ name, recordType, recordId: id })))
    .sort((a, b) => (`${a.recordId}/${a.name}` < `${b.recordId}/${b.name}` ? -1 : 1));
}

function readTag(input: unknown): Tag {
  const { name = '', recordType = 'BRAND', recordId = '' } = readFields(TAG_FIELDS, input);
  return { name: name.toLowerCase(), recordType, recordId };
}

async function editTags(
  registry: Registry,
  party: Party,
  { recordType, recordId }: Tag,
  edit: (tags: readonly string[]) => readonly string[],
): Promise<void> {
  if (recordType === 'BRAND') {
    await brandOf(registry, party, recordId);
    await change(registry.store, 'brand', recordId, (brand) => ({ ...brand, tags: edit(brand.tags) }));
  } else {
    await campaignOf(registry, party, recordId);
    await change(registry.store, 'campaign', recordId, (campaign) => ({ ...campaign, tags: edit(campaign.tags) }));
  }
}
