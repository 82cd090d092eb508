/** Names of parties, causes and strategies for readers. What a user's file or another version brings is read from its id. */
import { CARRIERS } from '../../registry-cache/index.ts';

const PARTIES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(CARRIERS.map(({ id, displayName }) => [id, displayName])),
  registry: 'Campaign registry',
  number_registry: 'Number registry',
  vetting_provider: 'Vetting providers',
  dca: 'DCAs',
  aggregator: 'Aggregators',
  number_seller: 'Number sellers',
  sim_seller: 'SIM card sellers',
  identity_seller: 'Identity sellers',
  carrier_kyc: 'Identity checks of carriers',
  brands: 'Good senders',
  spammers: 'Spammers',
};

const CAUSES: Readonly<Record<string, string>> = {
  carrier_fee: 'Carrier fees',
  unregistered_surcharge: 'Unregistered surcharge',
  dca_margin: 'DCA margin',
  aggregator_price: 'Aggregator price',
  number_rent: 'Numbers',
  number: 'Numbers',
  campaign_rent: 'Rented campaigns',
  sim_card: 'SIM cards',
  identity_check: 'Identity checks',
  identity: 'Identities',
  account: 'Fresh accounts',
};

/** What charts show as one, tables tell apart. */
const ONE_BY_ONE: Readonly<Record<string, string>> = {
  fine: 'Fines for spam',
  'tcr-brand-registration': 'Brand registration',
  'tcr-identity-appeal': 'Appeals',
  'vet-standard': 'Vetting',
  'dca-campaign-review': 'Campaign reviews',
  'tmobile-campaign-activation': 'Campaign activation at T-Mobile',
  'tcr-campaign-standard': 'Campaigns, standard, by the month',
  'tcr-campaign-low-volume': 'Campaigns, low volume, by the month',
  'tcr-campaign-sole-proprietor': 'Campaigns of sole proprietors, by the month',
  'number-registry': 'Entries in the number registry',
};

/** Fees of the tariff book by what they are for. The first that fits. */
const FEES: readonly (readonly [RegExp, string])[] = [
  [/sev0|fine|evasion|violation|grey-route|non-use/, 'Fines'],
  [/number|nnid/, 'Numbers'],
  [/campaign/, 'Campaign fees'],
  [/brand|vet|identity|authentication|csp/, 'Brand registration'],
];

const STRATEGIES: Readonly<Record<string, string>> = {
  'cycle-numbers': 'Unregistered numbers, cycled',
  'sole-proprietor': 'Throw-away sole proprietor',
  'stolen-identity': 'Stolen company identity',
  'rented-campaign': 'Rented campaign',
  'grey-route': 'Grey route, person to person',
  'sim-farm': 'SIM farm',
};

/** Kinds of strategies next to each other: by this list, then by id. */
export function inOrder(strategies: readonly string[]): readonly string[] {
  const known = Object.keys(STRATEGIES).filter((id) => strategies.includes(id));
  return [...known, ...strategies.filter((id) => !known.includes(id)).toSorted()];
}

export function strategyName(id: string): string {
  return STRATEGIES[id] ?? asWords(id);
}

export function partyName(id: string): string {
  return PARTIES[id] ?? asWords(id);
}

export function causeName(id: string): string {
  return CAUSES[id] ?? ONE_BY_ONE[id] ?? asWords(id);
}

/** Causes that a chart shows as one. */
export function causeGroup(id: string): string {
  return CAUSES[id] ?? FEES.find(([pattern]) => pattern.test(id))?.[1] ?? asWords(id);
}

/** `rent_campaign` -> `Rent campaign`. */
function asWords(id: string): string {
  const words = id
    .replaceAll(/[-_]+/g, ' ')
    .replaceAll(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
