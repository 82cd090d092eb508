import { expect, test } from 'vitest';
import { runLab } from '../lab-under-test.ts';
import { POLICIES } from '../policies/index.ts';
import type { MoneyFlow } from '../results.ts';
import { causeName, partyName } from './names.ts';

// What occurs seldom is made to occur: fines, appeals, all ways to send spam.
const BUSY = {
  complaintsToSuspend: 2,
  complaintShareSpam: 0.05,
  complaintShareLegit: 0.001,
  finePaidShare: 0.5,
  spammerBudget: 20_000,
  spammerExplores: 0.15,
  messagesPerDayMiddle: 30,
  messagesPerDayLarge: 300,
  complaintsToTrace: 1,
  reviewFalseRejectShare: 0.3,
};

test('every party that pays or is paid in a run, and everything paid for, has a name for readers', () => {
  const flows = POLICIES.flatMap(({ id }) => [...runLab({ policy: id, days: 8, scale: 0.3, set: BUSY }).money]);
  const named = (idOf: (flow: MoneyFlow) => string, name: (id: string) => string): Record<string, string> =>
    Object.fromEntries([...new Set(flows.map(idOf))].toSorted().map((id) => [id, name(id)]));
  expect(named(({ payer }) => payer, partyName)).toEqual({ brands: 'Good senders', dca: 'DCAs', spammers: 'Spammers' });
  expect(named(({ payee }) => payee, partyName)).toEqual({
    aggregator: 'Aggregators',
    att: 'AT&T',
    carrier_kyc: 'Identity checks of carriers',
    dca: 'DCAs',
    identity_seller: 'Identity sellers',
    number_registry: 'Number registry',
    number_seller: 'Number sellers',
    other: 'Other carriers',
    registry: 'Campaign registry',
    sim_seller: 'SIM card sellers',
    tmobile: 'T-Mobile',
    uscellular: 'US Cellular',
    verizon: 'Verizon',
    vetting_provider: 'Vetting providers',
  });
  expect(named(({ cause }) => cause, causeName)).toEqual({
    account: 'Fresh accounts',
    aggregator_price: 'Aggregator price',
    campaign_rent: 'Rented campaigns',
    carrier_fee: 'Carrier fees',
    'dca-campaign-review': 'Campaign reviews',
    dca_margin: 'DCA margin',
    fine: 'Fines for spam',
    identity: 'Identities',
    identity_check: 'Identity checks',
    number: 'Numbers',
    'number-registry': 'Entries in the number registry',
    number_rent: 'Numbers',
    sim_card: 'SIM cards',
    'tcr-brand-registration': 'Brand registration',
    'tcr-campaign-low-volume': 'Campaigns, low volume, by the month',
    'tcr-campaign-sole-proprietor': 'Campaigns of sole proprietors, by the month',
    'tcr-campaign-standard': 'Campaigns, standard, by the month',
    'tcr-identity-appeal': 'Appeals',
    unregistered_surcharge: 'Unregistered surcharge',
    'vet-standard': 'Vetting',
  });
});
