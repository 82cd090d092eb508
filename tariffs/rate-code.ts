/** Outcome of `rate`. A number, because a message that cannot be priced is a matter of data and not of exceptions. */
export const RateCode = {
  Ok: 0,
  /** The carrier has no price in force for this sender, message, direction and registration at that time. */
  NoTariff: 1,
  /** The aggregator's price or the DCA's margin is not given for that time. */
  NoPartyPrice: 2,
  /** A field of the request is outside its range: a bug in the caller. */
  BadRequest: 3,
} as const;
export type RateCode = (typeof RateCode)[keyof typeof RateCode];
