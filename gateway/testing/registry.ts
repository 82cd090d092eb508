/** The registries of a gateway under test, in one line for each thing that one may want there. */
import { CARRIERS, formatNumber, USE_CASES } from '../../registry-cache/index.ts';
import { ATT_CLASSES, attClassOf, TMOBILE_TIERS, tmobileTierOf } from '../../tariffs/index.ts';
import type { Gateway } from '../main.ts';
import type { Ask } from './ask.ts';
import { checkFields, checkWord, type FieldsOf } from './known.ts';

export type CarrierId = 'att' | 'verizon' | 'tmobile' | 'uscellular' | 'other';

export interface TestBrand {
  readonly id: string;
}

export interface TestCampaign {
  readonly id: string;
  readonly brand: string;
}

export interface TestNumber {
  /** E.164. */
  readonly number: string;
  readonly campaign: string;
  /** registered, or pending for as long as provisioning takes. */
  readonly state: string;
}

export interface BrandWishes {
  readonly name?: string;
  /** T-Mobile's tier, which says how much may be sent in a day; TOP when left out. */
  readonly tmobileTier?: string;
}

export interface CampaignWishes {
  /** A new one when left out. */
  readonly brand?: TestBrand | string;
  /** AT&T's message class, which says how much may be sent in a minute; A when left out. */
  readonly attClass?: string;
  /** As the campaign registry spells it; 2FA when left out. */
  readonly useCase?: string;
  /** Where it is active; everywhere when left out. */
  readonly carriers?: readonly CarrierId[];
  readonly expires?: Date;
}

export interface NumberWishes {
  /** A new one when left out. */
  readonly campaign?: TestCampaign | string;
  /** How long provisioning takes, by the clock of the gateway; nothing when left out. */
  readonly provisioningDelayMs?: number;
}

const BRAND: FieldsOf<BrandWishes> = { name: true, tmobileTier: true };
const CAMPAIGN: FieldsOf<CampaignWishes> = {
  brand: true,
  attClass: true,
  useCase: true,
  carriers: true,
  expires: true,
};
const NUMBER: FieldsOf<NumberWishes> = { campaign: true, provisioningDelayMs: true };
const CARRIER_IDS: readonly string[] = CARRIERS.map(({ id }) => id);

/** Registry ids have seven characters, the first for the kind. */
const ID_DIGITS = 5;

export class TestRegistry {
  readonly #gateway: Gateway;
  readonly #ask: Ask;
  #brands = 0;
  #campaigns = 0;
  #numbers = 0;

  constructor(gateway: Gateway, ask: Ask) {
    this.#gateway = gateway;
    this.#ask = ask;
  }

  /** A brand that is registered and vetted. Rejects with a RangeError for a tier that there is not. */
  async registerBrand(wishes: BrandWishes = {}): Promise<TestBrand> {
    checkFields('a brand', wishes, BRAND);
    const { name = 'Test Brand', tmobileTier = 'TOP' } = wishes;
    checkWord(
      'tmobileTier',
      tmobileTier,
      TMOBILE_TIERS.map((one) => one.name),
    );
    const id = `BT${String((this.#brands += 1)).padStart(ID_DIGITS, '0')}`;
    const brand = { id, name, tmobileTier: tmobileTierOf(tmobileTier) };
    await this.#gateway.registries.declare({ brands: [brand], campaigns: [] });
    return { id };
  }

  /** A campaign that its DCA has accepted and carriers have approved. Rejects with a RangeError for a word that there is not. */
  async registerCampaign(wishes: CampaignWishes = {}): Promise<TestCampaign> {
    checkFields('a campaign', wishes, CAMPAIGN);
    const { attClass = 'A', useCase = '2FA', carriers, expires } = wishes;
    checkWord(
      'attClass',
      attClass,
      ATT_CLASSES.map(({ letter }) => letter),
    );
    checkWord('useCase', useCase, USE_CASES);
    for (const carrier of carriers ?? []) checkWord('carriers', carrier, CARRIER_IDS);
    const status = statusAt(carriers);
    const brand = idOf(wishes.brand ?? (await this.registerBrand()));
    const id = `CT${String((this.#campaigns += 1)).padStart(ID_DIGITS, '0')}`;
    const expiresAtMs = expires?.getTime() ?? Infinity;
    const campaign = { id, brand, attClass: attClassOf(attClass), useCase, status, expiresAtMs };
    await this.#gateway.registries.declare({ brands: [], campaigns: [campaign] });
    return { id, brand };
  }

  /** Registers a number to a campaign; a number that rents by API and a new campaign when left out. Rejects with TollgateRefused. */
  async registerNumber(number?: string, wishes: NumberWishes = {}): Promise<TestNumber> {
    checkFields('a number', wishes, NUMBER);
    const campaign = idOf(wishes.campaign ?? (await this.registerCampaign()));
    const sender = number ?? this.#nextSender();
    const { provisioningDelayMs = 0 } = wishes;
    const path = `/v1/numbers/${encodeURIComponent(sender)}`;
    const { state } = await this.#ask<{ state: string }>('PUT', path, { campaign, provisioningDelayMs });
    return { number: sender, campaign, state };
  }

  /** Takes a number out of the registry. Rejects with TollgateRefused. */
  async unregisterNumber(number: string): Promise<void> {
    await this.#ask('DELETE', `/v1/numbers/${encodeURIComponent(number)}`);
  }

  /** Has a carrier suspend a campaign; all of them when left out. Rejects with TollgateRefused. */
  async suspendCampaign(campaign: TestCampaign | string, carrier?: CarrierId): Promise<void> {
    await this.#operate(campaign, 'suspend', carrier);
  }

  /** Has a carrier take a suspended campaign up again. */
  async unsuspendCampaign(campaign: TestCampaign | string, carrier?: CarrierId): Promise<void> {
    await this.#operate(campaign, 'unsuspend', carrier);
  }

  /** A number's carrier and its registration, as `GET /v1/lookup` tells. */
  async lookup(number: string): Promise<unknown> {
    return this.#ask('GET', `/v1/lookup/${encodeURIComponent(number)}`);
  }

  /** A number of a carrier's customer to send to, always the same for a place. Its outcomes are drawn; magic numbers have fixed ones. */
  handset(carrier: CarrierId, place = 0): string {
    checkWord('carrier', carrier, CARRIER_IDS);
    return numberIn(this.#gateway, carrier, place);
  }

  /** Counts anew: for a gateway that was put back to its start. */
  forget(): void {
    this.#brands = 0;
    this.#campaigns = 0;
    this.#numbers = 0;
  }

  async #operate(campaign: TestCampaign | string, action: string, carrier: CarrierId | undefined): Promise<void> {
    await this.#ask('POST', `/v1/registry/campaigns/${idOf(campaign)}/operations`, {
      action,
      ...(carrier !== undefined && { carrier }),
    });
  }

  #nextSender(): string {
    const place = this.#numbers;
    this.#numbers += 1;
    return numberIn(this.#gateway, 'cpaas', place);
  }
}

/** Blocks by group: finding them reads the whole numbering plan, which is alike for all gateways of the process. */
const blocks = new Map<string, Uint32Array>();
const PER_BLOCK = 1_000;

function numberIn({ core }: Gateway, group: CarrierId | 'cpaas', place: number): string {
  const found = blocks.get(group) ?? core.carrierMap.blocksOf(group);
  blocks.set(group, found);
  const block = found[place % found.length];
  if (block === undefined) throw new RangeError(`${group} holds no numbers`);
  return formatNumber(block * PER_BLOCK + (Math.floor(place / found.length) % PER_BLOCK));
}

function idOf(one: { readonly id: string } | string): string {
  return typeof one === 'string' ? one : one.id;
}

function statusAt(carriers: readonly CarrierId[] | undefined): number {
  return CARRIER_IDS.reduce(
    (bits, id, bit) => (carriers === undefined || carriers.includes(id as CarrierId) ? bits | (1 << bit) : bits),
    0,
  );
}
