/** One carrier a message can go to. */
export interface Carrier {
  /** Word used in files, labels and answers. */
  readonly id: string;
  readonly displayName: string;
  /** The campaign registry's id of the carrier; none for the group of all others. */
  readonly mnoId: number | null;
}

/**
 * The carriers, in an order that is part of every stored status: carrier i is bit i of a campaign's status bitmask.
 * Of these positions only T-Mobile's, bit 2, has been published by the campaign registry; the others are Tollgate's choice.
 */
export const CARRIERS: readonly Carrier[] = [
  { id: 'att', displayName: 'AT&T', mnoId: 10017 },
  { id: 'verizon', displayName: 'Verizon', mnoId: 10038 },
  { id: 'tmobile', displayName: 'T-Mobile', mnoId: 10035 },
  { id: 'uscellular', displayName: 'US Cellular', mnoId: 10037 },
  { id: 'other', displayName: 'Other carriers', mnoId: null },
];

/** What stands in for a carrier's index where no carrier serves a number. */
export const NO_CARRIER = 5;
