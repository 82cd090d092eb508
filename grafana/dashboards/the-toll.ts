/** The question of the product: what lands, from whom, and who is paid for it. */
import { CARRIER, chart, dashboardOf, number, rate, share, SPAM, UNIT } from '../panels.ts';

const LANDED = `tollgate_handset_total{outcome="delivered",${SPAM},${CARRIER}}`;
const REVENUE = `tollgate_revenue_dollars_total{${SPAM},${CARRIER}}`;
const SURCHARGE = `tollgate_revenue_dollars_total{cause="unregistered_surcharge",${SPAM},${CARRIER}}`;
const HOUR = 3_600;

export const THE_TOLL = dashboardOf({
  uid: 'tollgate-the-toll',
  title: 'The toll',
  description: 'Who sends spam, what of it lands, and who earns from it.',
  variables: ['carrier', 'instance'],
  rows: [
    [
      number({
        title: 'Messages',
        description: 'Messages decided a second, of every kind.',
        unit: UNIT.perSecond,
        queries: [[`sum(${rate(`tollgate_messages_total{${CARRIER}}`)})`, 'messages']],
      }),
      number({
        title: 'Spam on handsets',
        description: 'Messages a second that are spam in truth and reached a phone. No rule knows the truth.',
        unit: UNIT.perSecond,
        queries: [[`sum(${rate(LANDED)})`, 'spam']],
      }),
      number({
        title: 'Earned from spam an hour',
        description: 'Dollars that all payees together earn from messages that are spam in truth, at the present rate.',
        unit: UNIT.dollars,
        queries: [[`${HOUR} * sum(${rate(REVENUE)})`, 'dollars an hour']],
      }),
      number({
        title: 'Surcharge from spam an hour',
        description: 'The part of it that carriers take because the sender is not registered.',
        unit: UNIT.dollars,
        queries: [[`${HOUR} * sum(${rate(SURCHARGE)})`, 'dollars an hour']],
      }),
    ],
    [
      number({
        title: 'Share of landed spam that nobody registered',
        description: 'Of spam that reached a phone, the share whose sender no registry leads to a brand.',
        unit: UNIT.share,
        isLatest: true,
        queries: [[share(LANDED.replace('outcome', 'registration="unregistered",outcome'), LANDED), 'share']],
      }),
      number({
        title: 'Share of charges that spam pays',
        description: 'Of all that senders are charged for messages, what they are charged for spam.',
        unit: UNIT.share,
        isLatest: true,
        queries: [[share(REVENUE, `tollgate_revenue_dollars_total{${CARRIER}}`), 'share']],
      }),
      number({
        title: 'Surcharge that spam pays',
        description:
          'Of the surcharge on unregistered messages, what is paid for spam: what its carriers would lose if it stopped.',
        unit: UNIT.share,
        isLatest: true,
        queries: [
          [share(SURCHARGE, `tollgate_revenue_dollars_total{cause="unregistered_surcharge",${CARRIER}}`), 'share'],
        ],
      }),
    ],
    [
      chart({
        title: 'Spam that lands, by registration of its sender',
        description: 'Messages a second that are spam in truth and reached a phone.',
        unit: UNIT.perSecond,
        isStacked: true,
        queries: [[`sum by (registration) (${rate(LANDED)})`, '{{registration}}']],
      }),
      chart({
        title: 'Surcharge earned from spam, by carrier',
        description: 'Dollars an hour that each carrier takes for spam because its sender is not registered.',
        unit: UNIT.dollars,
        isStacked: true,
        queries: [[`${HOUR} * sum by (carrier) (${rate(SURCHARGE)})`, '{{carrier}}']],
      }),
    ],
    [
      chart({
        title: 'Earned from spam, by party',
        description:
          'Dollars an hour from spam, by who is paid: carriers, the aggregator, the direct connect aggregator.',
        unit: UNIT.dollars,
        isStacked: true,
        queries: [[`${HOUR} * sum by (payee) (${rate(REVENUE)})`, '{{payee}}']],
      }),
      chart({
        title: 'Earned from spam, by cause and registration',
        description: 'Dollars an hour from spam, by what they are paid for.',
        unit: UNIT.dollars,
        queries: [[`${HOUR} * sum by (cause, registration) (${rate(REVENUE)})`, '{{cause}}, {{registration}}']],
      }),
    ],
    [
      chart({
        title: 'What was decided',
        description: 'Messages a second by registration of the sender and decision.',
        unit: UNIT.perSecond,
        queries: [
          [
            `sum by (registration, decision) (${rate(`tollgate_messages_total{${CARRIER}}`)})`,
            '{{registration}}: {{decision}}',
          ],
        ],
      }),
      chart({
        title: 'What the phone got',
        description: 'Messages a second that are spam in truth, by what became of them.',
        unit: UNIT.perSecond,
        queries: [
          [`sum by (outcome) (${rate(`tollgate_handset_total{${SPAM},${CARRIER}}`)})`, '{{outcome}}'],
          [`sum(${rate(`tollgate_messages_total{decision!="accepted",${SPAM},${CARRIER}}`)})`, 'refused'],
        ],
      }),
    ],
  ],
});
