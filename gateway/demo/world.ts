/**
 * Turns the cast into a world: ids and numbers for every brand, and the list of actors that will send.
 *
 * What the registries must know (brands, campaigns, numbers) is plain data, so that whoever starts the demo can
 * declare it through the same door as any other user; the demo never writes to a registry itself. Actors hold what
 * the registries do not know: who is a spammer. Each brand draws from a stream of its own, so adding a number to one
 * leaves the numbers of the others alone.
 */
import type { AttClass, Blast, BrandRole, CarrierId, CyclingRole, Kind, Route, TmobileTier, Truth } from './cast.ts';
import { BRANDS, CYCLERS, PEOPLE, SHARES } from './cast.ts';
import type { BlockGroup, BlockSource } from './numbers.ts';
import { drawNumber, formatNumber, requireBlocks } from './numbers.ts';
import { createStream, type Stream } from './streams.ts';

export interface DemoBrand {
  /** `B` and six more upper-case letters or digits. */
  readonly id: string;
  readonly name: string;
  readonly tmobileTier: TmobileTier;
}

export interface DemoCampaign {
  /** `C` and six more upper-case letters or digits. */
  readonly id: string;
  /** Id of its brand. */
  readonly brand: string;
  readonly attClass: AttClass;
  readonly useCase: string;
  /** Where it is active. */
  readonly carriers: readonly CarrierId[];
  /** Milliseconds since the epoch; never, if absent. */
  readonly expiresAtMs?: number;
}

export interface DemoNumber {
  /** E.164. */
  readonly number: string;
  /** Id of its campaign. */
  readonly campaign: string;
  /** From the start of the demo until the number is in the registry; 0 if it is there from the start. */
  readonly provisioningDelayMs: number;
}

/** What the registries are told. */
export interface DemoRegistry {
  readonly brands: readonly DemoBrand[];
  readonly campaigns: readonly DemoCampaign[];
  readonly numbers: readonly DemoNumber[];
}

/** How an actor comes by the number it sends from. */
export type SenderPlan =
  | { readonly type: 'owned'; readonly numbers: readonly number[] }
  | {
      readonly type: 'cycling';
      readonly groups: readonly BlockGroup[];
      readonly lines: number;
      readonly messagesPerNumber: readonly [min: number, max: number];
    }
  | { readonly type: 'people'; readonly groups: readonly BlockGroup[] };

export interface Actor {
  /** Unique; names its stream and begins the reference of its messages. */
  readonly name: string;
  readonly kind: Kind;
  readonly account: string;
  readonly route: Route;
  readonly truth: Truth;
  /** Of all messages over a day. */
  readonly share: number;
  readonly sender: SenderPlan;
  readonly blast?: Blast;
}

export interface World {
  readonly registry: DemoRegistry;
  readonly actors: readonly Actor[];
}

export interface WorldOptions {
  readonly seed: number;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly blocks: BlockSource;
}

const CARRIERS: readonly CarrierId[] = ['att', 'verizon', 'tmobile', 'uscellular', 'other'];

export function createWorld({ seed, startMs, blocks }: WorldOptions): World {
  const cpaasBlocks = requireBlocks(blocks, 'cpaas');
  const brands: DemoBrand[] = [];
  const campaigns: DemoCampaign[] = [];
  const numbers: DemoNumber[] = [];
  const actors: Actor[] = [];
  const taken = new Set<number>();
  const ids = new Set<string>();

  for (const role of BRANDS) {
    const stream = createStream(seed, `world/${role.name}`);
    const brand: DemoBrand = {
      id: drawId('B', stream, ids),
      name: role.name,
      tmobileTier: role.tmobileTier,
    };
    const campaign: DemoCampaign = {
      id: drawId('C', stream, ids),
      brand: brand.id,
      attClass: role.attClass,
      useCase: role.useCase,
      carriers: CARRIERS.filter((carrier) => role.notActiveAt?.includes(carrier) !== true),
      ...(role.expiredForMs !== undefined && { expiresAtMs: startMs - role.expiredForMs }),
    };
    const own = drawDistinct(stream, cpaasBlocks, role.numberCount, taken);
    brands.push(brand);
    campaigns.push(campaign);
    own.forEach((number, index) => {
      const provisioningDelayMs = Math.round(((role.provisionedOverMs ?? 0) * (index + 1)) / own.length);
      numbers.push({ number: formatNumber(number), campaign: campaign.id, provisioningDelayMs });
    });
    actors.push(brandActor(role, own));
  }
  for (const role of CYCLERS) actors.push(cyclingActor(role));
  actors.push({
    name: slug(PEOPLE.name),
    kind: 'people',
    account: PEOPLE.account,
    route: 'p2p',
    truth: 'legit',
    share: SHARES.people,
    sender: { type: 'people', groups: PEOPLE.groups },
  });
  return { registry: { brands, campaigns, numbers }, actors };
}

function brandActor(role: BrandRole, numbers: readonly number[]): Actor {
  return {
    name: slug(role.name),
    kind: role.kind,
    account: role.account,
    route: 'a2p',
    truth: role.kind === 'rented' ? 'spam' : 'legit',
    share: shareOf(role, BRANDS),
    sender: { type: 'owned', numbers },
    ...(role.blast !== undefined && { blast: role.blast }),
  };
}

function cyclingActor(role: CyclingRole): Actor {
  return {
    name: slug(role.name),
    kind: role.kind,
    account: role.account,
    route: role.kind === 'grey' ? 'p2p' : 'a2p',
    truth: role.truth,
    share: shareOf(role, CYCLERS),
    sender: {
      type: 'cycling',
      groups: role.groups,
      lines: role.lines,
      messagesPerNumber: role.messagesPerNumber,
    },
  };
}

interface Weighted {
  readonly kind: Kind;
  readonly weight: number;
}

function shareOf(role: Weighted, roles: readonly Weighted[]): number {
  const ofKind = roles.filter((other) => other.kind === role.kind);
  const sum = ofKind.reduce((total, other) => total + other.weight, 0);
  return (SHARES[role.kind] * role.weight) / sum;
}

const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

function drawId(prefix: 'B' | 'C', stream: Stream, ids: Set<string>): string {
  for (;;) {
    let id: string = prefix;
    while (id.length < 7) id += ID_CHARACTERS.charAt(stream.below(ID_CHARACTERS.length));
    if (ids.has(id)) continue;
    ids.add(id);
    return id;
  }
}

function drawDistinct(stream: Stream, blocks: Uint32Array, count: number, taken: Set<number>): number[] {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const number = drawNumber(stream, blocks);
    if (taken.has(number)) continue;
    taken.add(number);
    numbers.push(number);
  }
  return numbers;
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-');
}
