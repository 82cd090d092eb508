/** What is measured of a run, with its unit and what it means: the one list that runs, tables, charts and exports go by. */

export interface Measure {
  readonly title: string;
  /** `messages`, `micros` (micro-dollars), `share` (0 to 1), `hours` or `numbers`. */
  readonly unit: 'messages' | 'micros' | 'share' | 'hours' | 'numbers';
  /** What it says, for readers who are no engineers. */
  readonly meaning: string;
}

export const MEASURES = {
  spamSent: {
    title: 'Spam sent',
    unit: 'messages',
    meaning: 'Spam messages that were handed in, whatever became of them.',
  },
  spamLanded: { title: 'Spam landed', unit: 'messages', meaning: 'Spam messages that reached a phone.' },
  spamLandedRegistered: {
    title: 'Spam landed, registered',
    unit: 'messages',
    meaning: 'Spam that reached a phone from a registered number, at the lower price.',
  },
  spamLandedUnregistered: {
    title: 'Spam landed, unregistered',
    unit: 'messages',
    meaning: 'Spam that reached a phone from an unregistered number on the business route.',
  },
  spamLandedP2p: {
    title: 'Spam landed past the toll',
    unit: 'messages',
    meaning: 'Spam that reached a phone on the person-to-person route, which pays no carrier fee.',
  },
  spamTolledShare: {
    title: 'Landed spam that paid the toll',
    unit: 'share',
    meaning: 'Share of the spam that reached a phone for which the unregistered surcharge was paid.',
  },
  spamRevenue: {
    title: 'Earned from spam',
    unit: 'micros',
    meaning:
      'All that spammers paid carriers, registries, DCAs, aggregators, identity checkers and sellers of numbers and SIM cards. What they pay the underworld for identities and accounts is not in it.',
  },
  surchargeFromSpam: {
    title: 'Surcharges earned from spam',
    unit: 'micros',
    meaning: 'The part of what is earned from spam that is the unregistered surcharge, which carriers get.',
  },
  legitRevenue: {
    title: 'Earned from legitimate traffic',
    unit: 'micros',
    meaning: 'All that good senders paid: messages, registration, monthly fees, numbers.',
  },
  legitSent: { title: 'Legitimate messages', unit: 'messages', meaning: 'Messages that good senders handed in.' },
  legitDelivered: {
    title: 'Legitimate delivered',
    unit: 'messages',
    meaning: 'Messages of good senders that reached a phone.',
  },
  legitCostPerMessage: {
    title: 'Cost of a legitimate message',
    unit: 'micros',
    meaning:
      'What good senders paid in all, fees by the month included and one-time fees by the part that was written off, for each message that reached a phone. Their own work is not in it, nor what messages that were stopped or never sent would have been worth.',
  },
  legitFalseBlockShare: {
    title: 'Legitimate messages stopped',
    unit: 'share',
    meaning: 'Share of legitimate messages that a rule or a filter stopped.',
  },
  legitLostInGap: {
    title: 'Lost while waiting for registration',
    unit: 'messages',
    meaning:
      'Legitimate messages stopped because registration, provisioning or the appeal against a failed identity check had not been finished.',
  },
  traces: {
    title: 'Traces asked for',
    unit: 'numbers',
    meaning: 'Numbers that somebody tried to trace to a sender after complaints.',
  },
  traceSuccessShare: {
    title: 'Traces that found the sender',
    unit: 'share',
    meaning: 'Share of the traces that ended at a brand.',
  },
  traceHours: {
    title: 'Time of a trace',
    unit: 'hours',
    meaning: 'Mean time from the complaint to the brand, of traces that found one.',
  },
  spammerProfit: {
    title: "Spammers' profit",
    unit: 'micros',
    meaning: 'What victims paid spammers, less all that spamming cost them. Below 0 is a loss.',
  },
  numbersBurnt: { title: 'Numbers burnt', unit: 'numbers', meaning: 'Numbers that spammers used up and threw away.' },
  harm: {
    title: 'Harm to recipients',
    unit: 'micros',
    meaning: 'What landed spam cost the people who got it: money lost and time.',
  },
} as const satisfies Readonly<Record<string, Measure>>;

export type MeasureId = keyof typeof MEASURES;

export const MEASURE_IDS = Object.keys(MEASURES) as readonly MeasureId[];

/** What is kept for each day. */
export const SERIES = {
  spamLanded: { title: 'Spam landed', unit: 'messages' },
  spamLandedP2p: { title: 'Spam landed past the toll', unit: 'messages' },
  surchargeFromSpam: { title: 'Surcharges earned from spam', unit: 'micros' },
  legitDelivered: { title: 'Legitimate delivered', unit: 'messages' },
  legitStopped: { title: 'Legitimate stopped', unit: 'messages' },
} as const satisfies Readonly<Record<string, Pick<Measure, 'title' | 'unit'>>>;

export type SeriesId = keyof typeof SERIES;

export const SERIES_IDS = Object.keys(SERIES) as readonly SeriesId[];
