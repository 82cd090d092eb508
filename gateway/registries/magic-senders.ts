/**
 * The magic numbers that messages are sent from, in the registries: each registered, or not, to a campaign of its own brand. Declared when
 * a gateway starts, as an operator would declare them.
 */
import { ANY_NNID, CARRIERS, MAGIC_NUMBERS, type MagicNumber, type NumberChange } from '../../registry-cache/index.ts';
import { attClassOf, tmobileTierOf } from '../../tariffs/index.ts';
import { OPERATOR_NNID } from '../limits.ts';
import type { Registries } from './open-registries.ts';

type Declared = Parameters<Registries['declare']>[0];

const EVERYWHERE = CARRIERS.reduce((bits, _, carrier) => bits | (1 << carrier), 0);
const NOT_VERIZON = EVERYWHERE & ~(1 << CARRIERS.findIndex(({ id }) => id === 'verizon'));
const LONG_AGO_MS = Date.UTC(2021, 5, 1);
const NEVER_MS = Date.UTC(9999, 0, 1);

const BRAND = 'BMAGIC0';
/** The one that has used up its day. */
export const MAGIC_BRAND_USED_UP = 'BMAGIC1';
const REGISTERED = 'CMAGIC0';
const SUSPENDED = 'CMAGIC1';
const EXPIRED = 'CMAGIC2';
/** The one that has used up its minutes. */
export const MAGIC_CAMPAIGN_USED_UP = 'CMAGIC3';
const OVER_DAY_CAP = 'CMAGIC4';

const campaign = (id: string, own: Partial<Declared['campaigns'][number]> = {}): Declared['campaigns'][number] => ({
  id,
  brand: BRAND,
  attClass: attClassOf('A'),
  useCase: '2FA',
  status: EVERYWHERE,
  expiresAtMs: Infinity,
  ...own,
});

const DECLARED: Declared = {
  brands: [
    { id: BRAND, name: 'Magic Numbers', tmobileTier: tmobileTierOf('TOP') },
    { id: MAGIC_BRAND_USED_UP, name: 'Magic Numbers over the Cap', tmobileTier: tmobileTierOf('LOW') },
  ],
  campaigns: [
    campaign(REGISTERED),
    campaign(SUSPENDED, { status: NOT_VERIZON }),
    campaign(EXPIRED, { expiresAtMs: LONG_AGO_MS }),
    campaign(MAGIC_CAMPAIGN_USED_UP, { attClass: attClassOf('T'), useCase: 'LOW_VOLUME' }),
    campaign(OVER_DAY_CAP, { brand: MAGIC_BRAND_USED_UP }),
  ],
};

/** By outcome, for the senders that were registered at some time. */
const CAMPAIGNS: Partial<Record<MagicNumber['outcome'], string>> = {
  registered: REGISTERED,
  just_unregistered: REGISTERED,
  pending: REGISTERED,
  suspended: SUSPENDED,
  campaign_expired: EXPIRED,
  over_tpm: MAGIC_CAMPAIGN_USED_UP,
  over_day_cap: OVER_DAY_CAP,
};

/** Declares their brands and campaigns and registers the numbers, those that are not there yet. Rejects with StoreUnavailable. */
export async function declareMagicSenders(registries: Registries, nowMs: number): Promise<void> {
  const { store } = registries;
  await registries.declare(DECLARED);
  const [nnid = 0] = await store.nnidRows([OPERATOR_NNID]);
  const sets: NumberChange[] = [];
  const removals: NumberChange[] = [];
  for (const { key, outcome } of MAGIC_NUMBERS) {
    const entry = CAMPAIGNS[outcome] === undefined ? undefined : await store.campaign(CAMPAIGNS[outcome]);
    if (entry === undefined) continue;
    const activeAtMs = outcome === 'pending' ? NEVER_MS : nowMs;
    sets.push({ kind: 'set', key, campaign: entry.handle, nnid, activeAtMs, numberLimit: Infinity });
    if (outcome === 'just_unregistered') removals.push({ kind: 'remove', key, nnid: ANY_NNID });
  }
  await store.apply(sets, nowMs);
  const { position } = await store.apply(removals, nowMs);
  await registries.reached(position);
}
