/** What can happen in a run. */
export const EventKind = {
  /** a: place of a sender, b: its wake */
  Wake: 0,
  /** a: line, b: carrier, c: generation of the line */
  Complaint: 1,
  /** A spammer sees that a number is blocked. a: line, b: generation */
  BlockNoticed: 2,
  /** A trace names a sender. a: line, b: its generation when it was asked, c: identity */
  SenderNamed: 3,
  DayEnd: 4,
  /** a: place in the request's list of policies */
  PolicyBegins: 5,
  /** a: place in the scenario's list of events */
  ScenarioEvent: 6,
  /** a: place of a brand, b: which brand this is of those that had the place */
  BrandRegisters: 7,
  BrandApproved: 8,
  BrandProvisioned: 9,
  /** The other registry has it too. */
  BrandInSecondRegistry: 10,
  BrandReinstated: 11,
  BrandCheckOver: 12,
  /** a: place of a spammer, b: strategy, c: identity, negative where it did not pass */
  SpammerReady: 13,
  /** a: provider that rents campaigns out */
  RenterBack: 14,
} as const;
