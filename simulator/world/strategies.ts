/** How a spammer can get its messages out. The order is that of the counts by strategy. */
export const STRATEGIES = [
  'cycle-numbers',
  'sole-proprietor',
  'stolen-identity',
  'rented-campaign',
  'grey-route',
  'sim-farm',
] as const;

export const Strategy = {
  /** Rents numbers, registers none, throws them away. */
  CycleNumbers: 0,
  /** Registers a brand that nobody checks, with one number. */
  SoleProprietor: 1,
  /** Registers a brand with somebody else's tax number. */
  StolenIdentity: 2,
  /** Sends through the registered campaign of a provider that looks away. */
  RentedCampaign: 3,
  /** Numbers on a person-to-person interconnect, at the aggregator's price. */
  GreyRoute: 4,
  /** SIM cards with a flat rate. */
  SimFarm: 5,
} as const;

export function isP2p(strategy: number): boolean {
  return strategy === Strategy.GreyRoute || strategy === Strategy.SimFarm;
}

/** Goes by a name that carriers and DCAs can ask for. Who rents in another's campaign goes by that one's. */
export function isNamed(strategy: number): boolean {
  return !isP2p(strategy) && strategy !== Strategy.RentedCampaign;
}

/** Sends under a registration of its own. */
export function registers(strategy: number): boolean {
  return strategy === Strategy.SoleProprietor || strategy === Strategy.StolenIdentity;
}
