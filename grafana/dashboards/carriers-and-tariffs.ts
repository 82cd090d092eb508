/** What carriers charge, by cause, date and class of the sender. */
import { bars, CARRIER, chart, dashboardOf, INSTANCE, number, rate, UNIT } from '../panels.ts';

const REVENUE = `tollgate_revenue_dollars_total{${CARRIER}}`;
const SURCHARGE = `tollgate_revenue_dollars_total{cause="unregistered_surcharge",${CARRIER}}`;
const UNREGISTERED = `tollgate_messages_total{decision="accepted",registration="unregistered",route="a2p",${CARRIER}}`;
const HOUR = 3_600;
const DAY = 24 * HOUR;
const DATE = `tollgate_tariff_date_seconds{${INSTANCE}}`;

/** Milliseconds at which the day of a moment in seconds begins. */
function dayOf(seconds: string): string {
  return `${1_000 * DAY} * floor(${seconds} / ${DAY})`;
}

/** Dollars for an accepted message of senders of a class, by carrier. */
function meanPrice(registration: string): string {
  const earned = `tollgate_revenue_dollars_total{registration="${registration}",${CARRIER}}`;
  const accepted = `tollgate_messages_total{decision="accepted",registration="${registration}",${CARRIER}}`;
  return `sum by (carrier) (${rate(earned)}) / sum by (carrier) (${rate(accepted)})`;
}

export const CARRIERS_AND_TARIFFS = dashboardOf({
  uid: 'tollgate-carriers-and-tariffs',
  title: 'Carriers and tariffs',
  description: 'Revenue by cause, carrier and date of the tariff, and what it costs not to be registered.',
  variables: ['carrier', 'account', 'instance'],
  rows: [
    [
      number({
        title: 'Prices of',
        description:
          'Day whose prices and regimes apply, the latest and the earliest of all gateways. It may stand still while time goes on.',
        unit: UNIT.date,
        isLatest: true,
        queries: [
          [dayOf(`max(${DATE})`), 'latest'],
          [dayOf(`min(${DATE})`), 'earliest'],
        ],
      }),
      number({
        title: 'Charged an hour',
        description: 'Dollars charged to senders for messages, at the present rate.',
        unit: UNIT.dollars,
        queries: [[`${HOUR} * sum(${rate(REVENUE)})`, 'dollars an hour']],
      }),
      number({
        title: 'Fees and fines so far',
        description: 'Dollars charged apart from messages: for brands, campaigns, reviews, fines.',
        unit: UNIT.dollars,
        isLatest: true,
        queries: [[`sum(tollgate_fees_dollars_total{${INSTANCE}})`, 'dollars']],
      }),
      number({
        title: 'Numbers blocked after complaints',
        description:
          'Numbers that a carrier takes nothing from. Each worker has carriers of its own: a number blocked at two workers counts twice.',
        unit: UNIT.messages,
        isLatest: true,
        queries: [[`sum(tollgate_number_blocks{${CARRIER}})`, 'numbers']],
      }),
    ],
    [
      chart({
        title: 'Revenue by cause',
        description: 'Dollars an hour by what they are paid for.',
        unit: UNIT.dollars,
        isStacked: true,
        queries: [[`${HOUR} * sum by (cause) (${rate(REVENUE)})`, '{{cause}}']],
      }),
      chart({
        title: 'Revenue by carrier of the handset',
        description: 'Dollars an hour, whoever is paid them.',
        unit: UNIT.dollars,
        isStacked: true,
        queries: [[`${HOUR} * sum by (carrier) (${rate(REVENUE)})`, '{{carrier}}']],
      }),
    ],
    [
      chart({
        title: 'Revenue by year of the tariff',
        description:
          'Dollars an hour, by the year of the prices that applied. Moving the date of the tariff starts another line.',
        unit: UNIT.dollars,
        queries: [
          [
            `${HOUR} * sum by (era) (sum(${rate(REVENUE)}) * on () group_left (era) count_values("era", year(max(${DATE}))))`,
            'prices of {{era}}',
          ],
        ],
      }),
      chart({
        title: 'What it costs not to be registered',
        description: 'Mean surcharge in dollars on an accepted A2P message whose sender is not registered.',
        unit: UNIT.dollars,
        queries: [[`sum by (carrier) (${rate(SURCHARGE)}) / sum by (carrier) (${rate(UNREGISTERED)})`, '{{carrier}}']],
      }),
    ],
    [
      bars({
        title: 'Registered: price of a message',
        description: 'Mean dollars for an accepted message of a registered sender, all parties together.',
        unit: UNIT.dollars,
        queries: [[meanPrice('registered'), '{{carrier}}']],
      }),
      bars({
        title: 'Unregistered: price of a message',
        description:
          'Mean dollars for an accepted message of an unregistered sender, all parties together. People who write to each other (P2P) are among them, and carriers charge nothing for those.',
        unit: UNIT.dollars,
        queries: [[meanPrice('unregistered'), '{{carrier}}']],
      }),
      bars({
        title: 'Regimes in force',
        description: 'What each carrier does with unregistered traffic, and at how many gateways.',
        unit: UNIT.messages,
        queries: [[`sum by (carrier, regime) (tollgate_regime{${CARRIER}}) > 0`, '{{carrier}}: {{regime}}']],
      }),
    ],
    [
      chart({
        title: 'Charged by account',
        description:
          'Dollars an hour of declared accounts: fifty by name, the rest as (others), senders without one as (none); and of all, chosen or not.',
        unit: UNIT.dollars,
        queries: [
          [
            `${HOUR} * sum by (account) (${rate(`tollgate_account_charged_dollars_total{account=~"$account",${INSTANCE}}`)})`,
            '{{account}}',
          ],
          [`${HOUR} * sum(${rate(`tollgate_charged_dollars_total{${INSTANCE}}`)})`, 'all'],
        ],
      }),
      chart({
        title: 'Complaints and messages from handsets',
        description: 'A second: complaints of recipients that reached their carrier, and messages that handsets sent.',
        unit: UNIT.perSecond,
        queries: [
          [`sum by (carrier) (${rate(`tollgate_complaints_total{${CARRIER}}`)})`, 'complaints, {{carrier}}'],
          [`sum by (carrier) (${rate(`tollgate_inbound_messages_total{${CARRIER}}`)})`, 'inbound, {{carrier}}'],
        ],
      }),
    ],
  ],
});
