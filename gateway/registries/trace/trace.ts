/**
 * Who is behind a number? Message -> number -> campaign -> brand -> CSP, link by link, as far as the registries allow.
 *
 * In the world as it is the chain breaks, and says where: the number registry has a present and no past, it holds no
 * brand, the campaign registry holds no number, and a DCA that could join the two does not have to. A registry that keeps
 * history closes the loop: it knows what the number was registered to, and the campaign's brand is disclosed by rule.
 */
import {
  formatNumber,
  type NumberRecord,
  type RegistryStore,
  StoreUnavailable,
} from '../../../registry-cache/index.ts';

export interface TraceSources {
  readonly store: RegistryStore;
  /** The newest message from a number that arrived no later than a moment, if it is still held. */
  readonly latestMessage: (key: number, atMs: number) => { readonly id: string; readonly atMs: number } | undefined;
  readonly partners: readonly { readonly id: string; readonly nnids: readonly string[]; readonly discloses: boolean }[];
  /** Id of the campaign with a handle, from this process's own view; undefined for one it has not seen. */
  readonly campaignId: (handle: number) => string | undefined;
  /** What the campaign registry knows of a campaign: whose it is. */
  readonly ownerOf: (campaign: string) => Promise<CampaignOwner | undefined>;
  readonly clock: { nowMs(): number; monotonicNs(): number };
}

export interface CampaignOwner {
  readonly brand: { readonly id: string; readonly name: string };
  readonly csp: { readonly id: string; readonly name: string };
}

export const TRACE_BREAKS = [
  'number_not_registered',
  'registry_holds_no_history',
  'number_not_registered_then',
  'number_registry_holds_no_brand',
  'dca_disclosure_not_given',
  'campaign_not_in_campaign_registry',
] as const;
type TraceBreak = (typeof TRACE_BREAKS)[number];

/** One link of the chain. A broken link names every reason it broke for; those after it are not reached. */
export interface TraceLink {
  readonly link: 'message' | 'number_to_campaign' | 'campaign_to_brand' | 'brand_to_csp';
  readonly state: 'found' | 'not_held' | 'broken' | 'not_reached';
  readonly reasons?: readonly TraceBreak[];
  readonly detail?: string;
  /** What was found. */
  readonly found?: Readonly<Record<string, string>>;
}

export interface Trace {
  readonly number: string;
  readonly at: string;
  readonly outcome: 'traced' | 'broken';
  /** The link that broke. */
  readonly brokenLink?: TraceLink['link'];
  readonly chain: readonly TraceLink[];
  /** How long the trace took, milliseconds. */
  readonly tookMs: number;
}

type Step<T> = { readonly link: TraceLink; readonly value?: T };
interface Assignment {
  readonly campaign: string;
  readonly nnid: string;
}

const NS_PER_MS = 1e6;

/** Traces a number at a moment; `atMs` undefined means now. Rejects with StoreUnavailable. */
export async function traceNumber(sources: TraceSources, key: number, atMs: number | undefined): Promise<Trace> {
  const startNs = sources.clock.monotonicNs();
  const momentMs = atMs ?? sources.clock.nowMs();
  const chain: TraceLink[] = [messageLink(sources, key, momentMs)];

  const assignment = await campaignOf(sources, key, momentMs, atMs === undefined);
  chain.push(assignment.link);
  const owner = assignment.value && (await ownerOf(sources, assignment.value));
  chain.push(owner?.link ?? { link: 'campaign_to_brand', state: 'not_reached' });
  chain.push(
    owner?.value === undefined
      ? { link: 'brand_to_csp', state: 'not_reached' }
      : { link: 'brand_to_csp', state: 'found', found: { csp: owner.value.csp.id, name: owner.value.csp.name } },
  );

  const broken = chain.find((link) => link.state === 'broken');
  return {
    number: formatNumber(key),
    at: new Date(momentMs).toISOString(),
    outcome: broken === undefined ? 'traced' : 'broken',
    ...(broken !== undefined && { brokenLink: broken.link }),
    chain,
    tookMs: (sources.clock.monotonicNs() - startNs) / NS_PER_MS,
  };
}

/** Not finding the message breaks nothing: who traces has it in hand. */
function messageLink({ latestMessage }: TraceSources, key: number, atMs: number): TraceLink {
  const message = latestMessage(key, atMs);
  if (message === undefined) return { link: 'message', state: 'not_held', detail: 'no message from it is held' };
  const found = { id: message.id, at: new Date(message.atMs).toISOString() };
  return { link: 'message', state: 'found', found };
}

async function campaignOf(sources: TraceSources, key: number, atMs: number, isNow: boolean): Promise<Step<Assignment>> {
  const { store } = sources;
  const assignedTo = async (
    { campaign, nnid }: Pick<NumberRecord, 'campaign' | 'nnid'>,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Step<Assignment>> => {
    const row = (await store.nnids())[nnid];
    if (row === undefined) throw new Error('a number carries an NNID row that its store never gave out');
    const value = { campaign: idOf(sources, campaign), nnid: row };
    return { link: { link: 'number_to_campaign', state: 'found', found: { ...value, ...more } }, value };
  };
  if (store.keepsHistory) {
    const interval = (await store.history(key)).find(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
    if (interval !== undefined) return assignedTo(interval);
    // A number that was there before history was kept has no interval.
    const [present] = isNow ? await store.read([key]) : [];
    if (present !== undefined) return assignedTo(present);
    return broken('number_to_campaign', ['number_not_registered_then'], 'the history holds no registration then');
  }
  const [record] = await store.read([key]);
  if (record === undefined) {
    return broken(
      'number_to_campaign',
      ['number_not_registered', 'registry_holds_no_history'],
      'the number is not in the registry, which has a current view only and cannot tell whether it ever was',
    );
  }
  if (!isNow) {
    return broken(
      'number_to_campaign',
      ['registry_holds_no_history'],
      `the number is registered to ${idOf(sources, record.campaign)} at present; to what it was then the registry cannot tell`,
    );
  }
  return assignedTo(record, { state: record.activeAtMs > atMs ? 'pending' : 'active' });
}

function idOf({ campaignId }: TraceSources, handle: number): string {
  const id = campaignId(handle);
  if (id === undefined) throw new StoreUnavailable("this gateway's view has not caught up with the registry");
  return id;
}

async function ownerOf(sources: TraceSources, { campaign, nnid }: Assignment): Promise<Step<CampaignOwner>> {
  const dca = sources.partners.find((partner) => partner.nnids.includes(nnid));
  if (!sources.store.keepsHistory && dca?.discloses !== true) {
    return broken(
      'campaign_to_brand',
      ['number_registry_holds_no_brand', 'dca_disclosure_not_given'],
      `the number registry holds no brand, and ${dca?.id ?? `whoever holds NNID ${nnid}`} does not disclose whose campaign it is`,
    );
  }
  const owner = await sources.ownerOf(campaign);
  if (owner === undefined) {
    return broken(
      'campaign_to_brand',
      ['campaign_not_in_campaign_registry'],
      `the campaign registry has no ${campaign}`,
    );
  }
  const by = sources.store.keepsHistory ? 'closed loop' : (dca?.id ?? '');
  const found = { brand: owner.brand.id, name: owner.brand.name, disclosedBy: by };
  return { link: { link: 'campaign_to_brand', state: 'found', found }, value: owner };
}

function broken(link: TraceLink['link'], reasons: readonly TraceBreak[], detail: string): Step<never> {
  return { link: { link, state: 'broken', reasons, detail } };
}
