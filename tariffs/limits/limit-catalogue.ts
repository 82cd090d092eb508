/**
 * The limits in words: what is counted, of whom, how much is allowed since when, and what becomes of a message that is too many.
 *
 * Names are those an answer gives as the limit that bound. Figures come from where the limits themselves take them, so that the
 * table cannot say anything else. Whether a message is refused or waits is set per limit by whoever runs a gateway; that refused messages
 * are charged is the carrier's doing.
 */
import type { Confidence } from '../tariff-book.ts';
import {
  ATT_CLASSES,
  P2P_MESSAGES_PER_DAY,
  P2P_MESSAGES_PER_MINUTE,
  P2P_RECIPIENTS_PER_DAY,
  P2P_UNANSWERED_PER_DAY,
  TMOBILE_TIERS,
  TOLL_FREE_PENDING,
  TOLL_FREE_RESTRICTED,
  VERIZON_MMS_PER_SECOND,
  VERIZON_SMS_PER_MINUTE,
} from './carrier-limits.ts';

export interface LimitSource {
  readonly title: string;
  readonly address: string;
}

export interface LimitDescription {
  /** Words of an answer's limit that mean this one. */
  readonly names: readonly string[];
  /** What is counted. */
  readonly counts: string;
  /** Whose it is. */
  readonly per: string;
  readonly window: string;
  readonly amount: string;
  /** ISO date, or the words for a date that is not known. */
  readonly since: string;
  /** Whether the same message can fit later without anybody changing anything. */
  readonly retryable: boolean;
  /** Whether a gateway may be set to let messages wait, in place of refusing them. */
  readonly mayWait: boolean;
  /** Whether a refused message is charged all the same. */
  readonly charged: boolean;
  readonly confidence: Confidence;
  /** None where the limit is nobody's but the gateway's own setting. */
  readonly sources: readonly LimitSource[];
  /** What is assumed, or what sources disagree on. */
  readonly remark?: string;
}

const BANDWIDTH_ATT = {
  title: 'Bandwidth, AT&T 10DLC',
  address: 'https://bandwidth.com/support/en/articles/12823099-at-t-10dlc',
};
const BANDWIDTH_MMS = {
  title: 'Bandwidth, AT&T MMS throughputs',
  address: 'https://support.bandwidth.com/hc/en-us/articles/18299943836311',
};
const BIRD = {
  title: 'Bird, Throughput and daily caps',
  address: 'https://docs.bird.com/applications/enable-channels/sms/sms-10dlc/troughput-and-daily-caps',
};
const CLICKATELL = {
  title: 'Clickatell, 10DLC throughput (2021)',
  address: 'https://www.clickatell.com/faqs/answer/11-what-are-the-messaging-throughput-limits-for-10dlc-campaigns/',
};
const CONVEY = {
  title: 'Convey, 10DLC carrier throughputs',
  address: 'https://support.goconvey.com/hc/en-us/articles/45221643638291-10DLC-Carrier-Throughputs-and-Daily-Limits',
};
const CTIA = { title: 'CTIA Principles (copy)', address: 'https://usvox.com/consumer-p2p-messaging.html' };
const CTM = {
  title: 'CallTrackingMetrics, Toll-free verification',
  address: 'https://calltrackingmetrics.zendesk.com/hc/en-us/articles/13854207945485',
};
const INFOBIP = { title: 'Infobip, 10DLC throughput', address: 'https://infobip.com/docs/10dlc/throughput' };
const MESSANGI = {
  title: 'Messangi, 10DLC overview',
  address: 'https://support.messangi.com/hc/en-us/articles/18913403211291',
};
const MOBILE_SECURE_GATEWAY = {
  title: 'Mobile Secure Gateway, Toll-free limits',
  address: 'https://resellerkb.mobilesecuregateway.com/support/solutions/articles/47001240858',
};
const REMAC = { title: 'REMAC, AT&T 10DLC (2021)', address: 'https://remacenterprises.com/knowledgebase/att-10dlc' };
const SCALE_TO_WIN = {
  title: 'Scale to Win, 10DLC rate limits',
  address: 'https://scaletowin.freshdesk.com/support/solutions/articles/66000496700',
};
const TELNYX = {
  title: 'Telnyx, 10DLC rate limits',
  address: 'https://developers.telnyx.com/docs/messaging/10dlc/10dlc-rate-limits.md',
};
const TELNYX_RATES = {
  title: 'Telnyx, Rate limiting',
  address: 'https://developers.telnyx.com/docs/messaging/messages/rate-limiting',
};
const TEXTIT = { title: 'TextIt, SMS best practices', address: 'https://blog.textit.com/sms-messaging-best-practices' };
const TWILIO_TMOBILE = {
  title: 'Twilio, T-Mobile daily limits',
  address: 'https://support.twilio.com/hc/en-us/articles/223133407',
};
const TWILIO_TOLL_FREE = { title: 'Twilio, Error 30032', address: 'https://www.twilio.com/docs/api/errors/30032' };
const YTEL = { title: 'Ytel, SMS best practices', address: 'https://docs.ytel.com/docs/sms-best-practices-1' };

const BOUND_BY_ACCOUNT = {
  since: 'as set',
  charged: false,
  confidence: 'assumed',
  sources: [TELNYX_RATES],
  remark: 'aggregators hold accounts to such rates; Telnyx to 50 SMS and 15 MMS a second',
} as const;

const OF_PERSON = {
  per: "person's number",
  since: '2017',
  charged: false,
  confidence: 'A',
  sources: [CTIA, YTEL, TEXTIT],
} as const;

const OF_TOLL_FREE = {
  counts: 'messages',
  per: 'toll-free number that is not verified',
  since: '2023-04-01 to 2024-01-30',
  retryable: true,
  mayWait: false,
  charged: false,
  confidence: 'B',
  sources: [CTM, MOBILE_SECURE_GATEWAY],
  remark: 'that these are periods of the Pacific calendar, weeks from Monday, is assumed',
} as const;

/** In the order in which people look for them: carriers, route, sender, account. */
export const LIMIT_CATALOGUE: readonly LimitDescription[] = [
  {
    names: ['att_campaign_tpm'],
    counts: 'SMS segments; MMS apart',
    per: 'campaign',
    window: 'minute',
    amount: classes('campaign'),
    since: 'MMS 2023-10-11, 50 before; SMS not known, S 60,000 in lists of 2021',
    retryable: true,
    mayWait: true,
    charged: false,
    confidence: 'A',
    sources: [TELNYX, BANDWIDTH_ATT, BANDWIDTH_MMS, INFOBIP, CLICKATELL],
    remark: 'Q and Z are of lists of 2021 and have no published MMS figure',
  },
  {
    names: ['att_number_tpm'],
    counts: 'SMS segments; MMS apart',
    per: 'number',
    window: 'minute',
    amount: classes('number'),
    since: 'not known',
    retryable: true,
    mayWait: true,
    charged: false,
    confidence: 'A',
    sources: [TELNYX, BANDWIDTH_ATT, REMAC, CONVEY],
    remark: 'unregistered numbers have "the rate of P2P"; 60 is assumed. Y is of a list of 2021',
  },
  {
    names: ['tmobile_brand_day'],
    counts: 'SMS segments and MMS together',
    per: 'brand, over all its campaigns',
    window: 'Pacific day',
    amount: TMOBILE_TIERS.map(({ name, dailyCap }) => `${name} ${amountOf(dailyCap)}`).join(', '),
    since: 'not known',
    retryable: true,
    mayWait: true,
    charged: true,
    confidence: 'A',
    sources: [TELNYX, TWILIO_TMOBILE, BIRD, SCALE_TO_WIN],
    remark: 'lists of 2021 have other scores for the tiers, and the same caps',
  },
  {
    names: ['uscellular_campaign_tpm', 'uscellular_number_tpm', 'other_campaign_tpm', 'other_number_tpm'],
    counts: 'SMS segments; MMS apart',
    per: 'campaign or number, as AT&T has it',
    window: 'minute',
    amount: "AT&T's, for each of these carriers",
    since: 'not known',
    retryable: true,
    mayWait: true,
    charged: false,
    confidence: 'A',
    sources: [BIRD],
    remark: 'these carriers publish none; Bird holds senders to the figures of AT&T',
  },
  {
    names: ['verizon_number_rate'],
    counts: 'SMS segments; MMS apart',
    per: 'number',
    window: 'minute; MMS second',
    amount: `${amountOf(VERIZON_SMS_PER_MINUTE)} SMS, ${VERIZON_MMS_PER_SECOND} MMS`,
    since: 'not known',
    retryable: true,
    mayWait: true,
    charged: false,
    confidence: 'A/D',
    sources: [MESSANGI, CONVEY, TELNYX, BIRD],
    remark: 'Telnyx and Bird know of no published limit',
  },
  {
    ...OF_PERSON,
    names: ['p2p_number_minute'],
    counts: 'messages',
    window: 'minute',
    amount: amountOf(P2P_MESSAGES_PER_MINUTE),
    retryable: true,
    mayWait: true,
    remark: 'the guidelines say 15 to 60',
  },
  {
    ...OF_PERSON,
    names: ['p2p_number_day'],
    counts: 'messages',
    window: 'Pacific day',
    amount: amountOf(P2P_MESSAGES_PER_DAY),
    retryable: true,
    mayWait: false,
    remark: 'whose day is not said; Pacific is assumed',
  },
  {
    ...OF_PERSON,
    names: ['p2p_number_recipients'],
    counts: 'different destinations',
    window: 'Pacific day',
    amount: amountOf(P2P_RECIPIENTS_PER_DAY),
    retryable: true,
    mayWait: false,
    remark: 'whose day is not said; Pacific is assumed',
  },
  {
    ...OF_PERSON,
    names: ['p2p_number_ratio'],
    counts: 'messages out, against messages in',
    window: 'Pacific day',
    amount: `${amountOf(P2P_UNANSWERED_PER_DAY)}, beyond them as many as came in`,
    retryable: true,
    mayWait: false,
    remark: 'the guidelines say "about 1 : 1"; that this many need no answer is assumed',
  },
  {
    ...OF_TOLL_FREE,
    names: ['toll_free_day'],
    window: 'Pacific day',
    amount: tollFree('day'),
  },
  { ...OF_TOLL_FREE, names: ['toll_free_week'], window: 'ISO week', amount: tollFree('week') },
  { ...OF_TOLL_FREE, names: ['toll_free_month'], window: 'calendar month', amount: tollFree('month') },
  {
    names: ['toll_free_verification'],
    counts: 'messages',
    per: 'toll-free number that is not verified',
    window: 'none',
    amount: '0',
    since: '2024-01-31',
    retryable: false,
    mayWait: false,
    charged: true,
    confidence: 'A',
    sources: [TWILIO_TOLL_FREE],
  },
  {
    ...BOUND_BY_ACCOUNT,
    names: ['account_sms_rate', 'account_mms_rate'],
    counts: 'SMS segments; MMS apart',
    per: 'account',
    window: 'second',
    amount: 'as set',
    retryable: true,
    mayWait: true,
  },
  {
    ...BOUND_BY_ACCOUNT,
    names: ['account_number_rate'],
    counts: 'SMS segments; MMS apart',
    per: 'number of the account',
    window: 'second',
    amount: 'as set',
    retryable: true,
    mayWait: true,
    remark: 'before 10DLC, Twilio held long codes to one segment a second',
  },
  {
    ...BOUND_BY_ACCOUNT,
    names: ['account_in_flight'],
    counts: 'messages accepted and not yet ended',
    per: 'account',
    window: 'at one time',
    amount: 'as set',
    retryable: true,
    mayWait: true,
    sources: [],
    remark: "the gateway's own",
  },
  {
    ...BOUND_BY_ACCOUNT,
    names: ['account_balance'],
    counts: 'micro-dollars',
    per: 'prepaid account',
    window: 'none',
    amount: 'what was paid in',
    retryable: false,
    mayWait: false,
    sources: [],
    remark: "the gateway's own",
  },
];

/** The catalogue as a table in Markdown. */
export function limitsTable(): string {
  const head = ['Limit', 'Counts', 'Per', 'Window', 'Amount', 'Since', 'Over it', 'Grade', 'Sources'];
  const rows = LIMIT_CATALOGUE.map((limit) => [
    limit.names.map((name) => `\`${name}\``).join('<br>'),
    limit.counts,
    limit.per,
    limit.window,
    limit.amount,
    limit.since,
    excessOf(limit),
    limit.confidence,
    [
      ...limit.sources.map(({ title, address }) => `[${title}](${address})`),
      ...(limit.remark === undefined ? [] : [limit.remark]),
    ].join('; '),
  ]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function excessOf({ retryable, mayWait, charged }: LimitDescription): string {
  const words = [retryable ? 'refused, fits later' : 'refused for good'];
  if (mayWait) words.push('may wait');
  if (charged) words.push('charged');
  return words.join('; ');
}

/** Classes with the same rates together, as `A B 4,500 (MMS 2,400)`. */
function classes(scope: 'campaign' | 'number'): string {
  const byRates = new Map<string, string[]>();
  for (const { letter, smsTpm, mmsTpm, scope: scopeOfClass } of ATT_CLASSES) {
    if (scopeOfClass !== scope) continue;
    const rates = `${amountOf(smsTpm)} (MMS ${amountOf(mmsTpm)})`;
    byRates.set(rates, [...(byRates.get(rates) ?? []), letter === 'none' ? 'unregistered' : letter]);
  }
  return [...byRates].map(([rates, letters]) => `${letters.join(' ')} ${rates}`).join(', ');
}

function tollFree(period: 'day' | 'week' | 'month'): string {
  return `${amountOf(TOLL_FREE_RESTRICTED[period])}, pending ${amountOf(TOLL_FREE_PENDING[period])}`;
}

function amountOf(amount: number): string {
  return amount === Infinity ? 'no cap' : amount.toLocaleString('en-US');
}
