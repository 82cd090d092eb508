/** How much passes, and what holds the rest back. */
import { CARRIER, chart, dashboardOf, INSTANCE, number, quantiles, rate, share, UNIT } from '../panels.ts';

const MESSAGES = `tollgate_messages_total{${CARRIER}}`;

export const THROUGHPUT_AND_LIMITS = dashboardOf({
  uid: 'tollgate-throughput-and-limits',
  title: 'Throughput and limits',
  description: 'Messages against limits: what is used, what is refused by which, and how limits are shared.',
  variables: ['carrier', 'instance'],
  rows: [
    [
      number({
        title: 'Messages',
        description: 'Messages decided a second.',
        unit: UNIT.perSecond,
        queries: [[`sum(${rate(MESSAGES)})`, 'messages']],
      }),
      number({
        title: 'Refused',
        description: 'Share of messages that were refused, for whatever reason.',
        unit: UNIT.share,
        isLatest: true,
        queries: [[share(`tollgate_messages_total{decision!="accepted",${CARRIER}}`, MESSAGES), 'share']],
      }),
      number({
        title: 'Room in use',
        description:
          'Messages in flight against the room there is for them, at the fullest gateway. At 1 all is refused.',
        unit: UNIT.share,
        isLatest: true,
        limits: [0.8, 0.9],
        queries: [
          [`max(tollgate_inflight_messages{${INSTANCE}} / tollgate_inbox_capacity_messages{${INSTANCE}})`, 'in use'],
        ],
      }),
      number({
        title: 'Waiting for room under a limit',
        description: 'Messages that were taken and are sent when their limit has room.',
        unit: UNIT.messages,
        isLatest: true,
        queries: [[`sum(tollgate_queued_messages{${INSTANCE}})`, 'messages']],
      }),
    ],
    [
      chart({
        title: 'Messages by carrier and route',
        description: 'Messages decided a second. None is the carrier of those that reached none.',
        unit: UNIT.perSecond,
        isStacked: true,
        queries: [[`sum by (carrier, route) (${rate(MESSAGES)})`, '{{carrier}}, {{route}}']],
      }),
      chart({
        title: 'Messages by decision',
        description: 'Messages decided a second.',
        unit: UNIT.perSecond,
        queries: [[`sum by (decision) (${rate(MESSAGES)})`, '{{decision}}']],
      }),
    ],
    [
      chart({
        title: 'Use of each limit',
        description:
          'How much of its limit the campaign, brand or account uses that is nearest to it. At 1 its next message is refused or waits.',
        unit: UNIT.share,
        queries: [[`max by (limit) (tollgate_limit_use_ratio{${INSTANCE}})`, '{{limit}}']],
      }),
      chart({
        title: 'Refusals by limit',
        description:
          'Messages to all carriers refused a second by the limit or rule that bound; its name says whose it is: of a campaign, a brand, a number, an account, the gateway.',
        unit: UNIT.perSecond,
        queries: [
          [`sum by (limit) (${rate(`tollgate_refusals_total{${INSTANCE}}`)}) > 0`, '{{limit}}'],
          [`sum(${rate(`tollgate_refusals_total{${INSTANCE}}`)})`, 'all'],
        ],
      }),
      chart({
        title: 'Share of messages stopped, by whose limit',
        description:
          'Refusals of a limit against all messages to its carrier: 0 is a limit with room, 1 a limit that nothing passes.',
        unit: UNIT.share,
        queries: ['att', 'tmobile', 'verizon', 'uscellular', 'other'].map((carrier) => [
          `sum(${rate(`tollgate_refusals_total{limit=~"${carrier}_.*",${INSTANCE}}`)}) / sum(${rate(`tollgate_messages_total{carrier="${carrier}",${CARRIER}}`)})`,
          carrier,
        ]),
      }),
    ],
    [
      chart({
        title: 'How long senders are told to wait',
        description: 'Time after which a refused message may pass, as its sender was told.',
        unit: UNIT.seconds,
        queries: quantiles('tollgate_retry_after_seconds'),
      }),
      chart({
        title: 'Messages that wait, and where',
        description:
          'Under a limit here; under a limit at any gateway, in Redis; in flight; and held in all, finished ones included.',
        unit: UNIT.messages,
        queries: [
          [`sum(tollgate_queued_messages{${INSTANCE}})`, 'waiting here'],
          [`max(tollgate_held_messages{${INSTANCE}})`, 'waiting in Redis'],
          [`sum(tollgate_inflight_messages{${INSTANCE}})`, 'in flight'],
          [`sum(tollgate_inbox_messages{${INSTANCE}})`, 'held'],
        ],
      }),
    ],
    [
      chart({
        title: 'What limits per number remember',
        description: 'Counts of sending numbers, and pairs of P2P sender and recipient of the day.',
        unit: UNIT.messages,
        queries: [
          [`sum(tollgate_limit_number_rows{${INSTANCE}})`, 'numbers'],
          [`sum(tollgate_limit_recipient_pairs{${INSTANCE}})`, 'pairs'],
        ],
      }),
      chart({
        title: 'Memory of limits per number',
        description: 'Memory that they take at each instance.',
        unit: UNIT.bytes,
        queries: [[`sum by (instance) (tollgate_limit_number_bytes{${INSTANCE}})`, '{{instance}}']],
      }),
    ],
    [
      chart({
        title: 'Who counts shared limits',
        description: 'Gateways by state: own counts alone, shared leases from Redis, away has lost it.',
        unit: UNIT.messages,
        isStacked: true,
        queries: [[`sum by (state) (tollgate_limit_leases_state{${INSTANCE}})`, '{{state}}']],
      }),
      chart({
        title: 'Leases on shared limits',
        description: 'Limits leased here, and gateways that share them.',
        unit: UNIT.messages,
        queries: [
          [`sum(tollgate_limit_leased_keys{${INSTANCE}})`, 'leased'],
          [`max(tollgate_limit_gateways{${INSTANCE}})`, 'gateways'],
        ],
      }),
      chart({
        title: 'Draws on shared limits',
        description:
          'A second: limits that Redis was asked about, failures to ask, messages let through by the local fraction while it was away.',
        unit: UNIT.perSecond,
        queries: [
          [`sum by (result) (${rate(`tollgate_limit_lease_draws_total{${INSTANCE}}`)})`, '{{result}}'],
          [`sum(${rate(`tollgate_limit_lease_failures_total{${INSTANCE}}`)})`, 'failed'],
          [`sum(${rate(`tollgate_limit_local_fraction_total{${INSTANCE}}`)})`, 'by local fraction'],
        ],
      }),
    ],
  ],
});
