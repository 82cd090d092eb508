/**
 * A message decided the way one would write it first: Maps by number and by block, objects, a list of rows to filter,
 * a fresh object as the answer. No limits, so it does less than `decide`. It is there to be compared with.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import type { TariffBook } from '../../tariffs/index.ts';
import type { LoadedWorld } from '../../gateway/index.ts';
import { Regime, type RegimeRow } from '../../gateway/router/index.ts';
import { type BookPrice, bookPrice } from './book-price.ts';

interface Line {
  readonly carrier: string;
  readonly isLandline: boolean;
}

interface PlainCampaign {
  readonly carriers: readonly string[];
  readonly expiresAtMs: number;
}

export interface PlainWorld {
  readonly lines: ReadonlyMap<number, Line>;
  readonly campaigns: ReadonlyMap<number, PlainCampaign>;
  readonly regimes: readonly RegimeRow[];
  readonly book: TariffBook;
}

export interface PlainMessage {
  readonly sender: number;
  readonly destination: number;
  readonly units: number;
  readonly kind: 'sms' | 'mms';
  readonly isP2p: boolean;
  readonly draw: number;
  readonly atMs: number;
}

interface PlainDecision {
  readonly decision: string;
  readonly carrier?: string;
  readonly isRegistered?: boolean;
  readonly price?: BookPrice;
}

const LINES_PER_BLOCK = 1_000;

export function plainWorld(world: LoadedWorld, senders: Float64Array): PlainWorld {
  const lines = new Map<number, Line>();
  const groups = [...CARRIERS.map((carrier) => carrier.id), 'cpaas', 'landline'] as const;
  for (const group of groups) {
    const line = { carrier: group === 'cpaas' ? 'other' : group, isLandline: group === 'landline' };
    for (const block of world.carrierMap.blocksOf(group as Parameters<typeof world.carrierMap.blocksOf>[0])) {
      lines.set(block, line);
    }
  }
  const byHandle = Array.from({ length: world.campaigns.count }, (_, handle): PlainCampaign => {
    const { status, expiresAtMs } = world.campaigns.read(handle);
    const carriers = CARRIERS.flatMap(({ id }, index) => ((status & (1 << index)) === 0 ? [] : [id]));
    return { carriers, expiresAtMs };
  });
  const campaigns = new Map<number, PlainCampaign>();
  for (const sender of senders) campaigns.set(sender, byHandle[world.registry.find(sender, 0)]!);
  return { lines, campaigns, regimes: world.regimes.rows, book: world.book };
}

export function decidePlainly(world: PlainWorld, message: PlainMessage): PlainDecision {
  const line = world.lines.get(Math.floor(message.destination / LINES_PER_BLOCK));
  if (line === undefined) return { decision: 'destination_unassigned' };
  if (line.isLandline) return { decision: 'destination_landline' };
  const { carrier } = line;
  const campaign = world.campaigns.get(message.sender);
  const isRegistered =
    campaign !== undefined && campaign.expiresAtMs > message.atMs && campaign.carriers.includes(carrier);
  if (!isRegistered && !message.isP2p) {
    const row = world.regimes.filter((one) => one.carrier === carrier && one.fromMs <= message.atMs).at(-1);
    if (row?.regime === Regime.Block) return { decision: 'unregistered_blocked', carrier, isRegistered };
    if (row?.regime === Regime.Filter && message.draw < row.share) {
      return { decision: 'unregistered_filtered', carrier, isRegistered };
    }
  }
  const price = bookPrice(world.book, {
    carrier,
    sender: '10dlc',
    isRegistered,
    direction: 'out',
    message: message.kind,
    units: message.units,
    isP2p: message.isP2p,
    atMs: message.atMs,
  });
  if (price === undefined) return { decision: 'no_tariff', carrier, isRegistered };
  return { decision: 'accepted', carrier, isRegistered, price };
}
