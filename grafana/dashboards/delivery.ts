/** What becomes of accepted messages, and what senders are told of it. */
import { bars, CARRIER, chart, dashboardOf, INSTANCE, number, quantiles, rate, share, UNIT } from '../panels.ts';

export const DELIVERY = dashboardOf({
  uid: 'tollgate-delivery',
  title: 'Delivery',
  description: 'Queues, receipts against what phones got, webhooks and SMPP, and faults set on purpose.',
  variables: ['carrier', 'instance'],
  rows: [
    [
      number({
        title: 'In flight',
        description: 'Messages accepted and not at their end.',
        unit: UNIT.messages,
        isLatest: true,
        queries: [[`sum(tollgate_inflight_messages{${INSTANCE}})`, 'messages']],
      }),
      number({
        title: "Dropped by carriers' filters",
        description:
          'Of messages that met a spam filter, the share that it dropped. Receipts of long codes come before the filter and say that these were taken; only those of toll-free numbers say that they did not arrive.',
        unit: UNIT.share,
        isLatest: true,
        queries: [
          [
            share(
              `tollgate_filter_decisions_total{result=~"dropped.*",${CARRIER}}`,
              `tollgate_filter_decisions_total{${CARRIER}}`,
            ),
            'share',
          ],
        ],
      }),
      number({
        title: 'Webhooks that wait',
        description: 'Posts waiting, put back or under way.',
        unit: UNIT.messages,
        isLatest: true,
        queries: [[`max(tollgate_webhook_pending_posts{${INSTANCE}})`, 'posts']],
      }),
      number({
        title: 'Faults in force',
        description: 'Faults set on purpose, by what they do.',
        unit: UNIT.messages,
        isLatest: true,
        queries: [[`sum(max by (kind) (tollgate_faults_in_force{${INSTANCE}}))`, 'faults']],
      }),
    ],
    [
      chart({
        title: 'Receipts and phones',
        description:
          'A second: messages that a receipt came of, whatever it says, counted where they are delivered; messages that reached a phone, counted at their gateway. Some carriers give no receipts.',
        unit: UNIT.perSecond,
        queries: [
          [`sum(${rate(`tollgate_receipts_total{kind="taken",${CARRIER}}`)})`, 'receipts'],
          [`sum(${rate(`tollgate_handset_total{outcome="delivered",${CARRIER}}`)})`, 'on phones'],
        ],
      }),
      chart({
        title: 'What phones got',
        description: 'Accepted messages a second that ended, by outcome.',
        unit: UNIT.perSecond,
        isStacked: true,
        queries: [[`sum by (outcome) (${rate(`tollgate_handset_total{${CARRIER}}`)})`, '{{outcome}}']],
      }),
      chart({
        title: 'Receipts by kind',
        description: 'A second: of messages, of parts, late, twice, none given, lost.',
        unit: UNIT.perSecond,
        queries: [[`sum by (kind) (${rate(`tollgate_receipts_total{${CARRIER}}`)})`, '{{kind}}']],
      }),
    ],
    [
      chart({
        title: 'Spam filters of carriers',
        description: 'Messages a second that met one: passed, dropped though plain, dropped as suspicious.',
        unit: UNIT.perSecond,
        queries: [[`sum by (result) (${rate(`tollgate_filter_decisions_total{${CARRIER}}`)})`, '{{result}}']],
      }),
      chart({
        title: 'Errors on the way',
        description: 'Messages a second that ended with an error.',
        unit: UNIT.perSecond,
        queries: [[`sum by (error) (${rate(`tollgate_delivery_errors_total{${CARRIER}}`)})`, '{{error}}']],
      }),
      chart({
        title: 'Messages put off',
        description: 'Times a second that a carrier did not take a message and it was tried again.',
        unit: UNIT.perSecond,
        queries: [
          [
            `sum by (carrier, error) (${rate(`tollgate_delivery_retries_total{${CARRIER}}`)})`,
            '{{carrier}}: {{error}}',
          ],
        ],
      }),
    ],
    [
      chart({
        title: 'Webhook attempts',
        description: 'Attempts a second by what they came to.',
        unit: UNIT.perSecond,
        queries: [[`sum by (result) (${rate(`tollgate_webhook_attempts_total{${INSTANCE}}`)})`, '{{result}}']],
      }),
      chart({
        title: 'Time of a webhook attempt',
        description: 'Whatever it came to.',
        unit: UNIT.seconds,
        queries: quantiles('tollgate_webhook_seconds'),
      }),
      chart({
        title: 'Webhook posts at their end',
        description: 'A second: delivered, given up, dropped because too many waited.',
        unit: UNIT.perSecond,
        queries: [[`sum by (result) (${rate(`tollgate_webhook_posts_total{${INSTANCE}}`)})`, '{{result}}']],
      }),
      chart({
        title: 'Webhook posts that wait or were given up',
        description: 'With Redis those of all processes. Given up ones are kept to be replayed.',
        unit: UNIT.messages,
        queries: [
          [`max(tollgate_webhook_pending_posts{${INSTANCE}})`, 'waiting'],
          [`max(tollgate_webhook_dead_letters{${INSTANCE}})`, 'given up'],
          [`sum by (state) (tollgate_webhook_hosts{${INSTANCE}})`, 'hosts, breaker {{state}}'],
        ],
      }),
    ],
    [
      chart({
        title: 'Messages and batches in Redis',
        description:
          'Messages of all gateways that are not at their end, and that wait under a limit; batches in the hands of workers, and dead ones. 0 without Redis.',
        unit: UNIT.messages,
        queries: [
          [`max(tollgate_undelivered_messages{${INSTANCE}})`, 'not at their end'],
          [`max(tollgate_held_messages{${INSTANCE}})`, 'waiting under a limit'],
          [`sum(tollgate_worker_open_batches{${INSTANCE}})`, 'batches in hand'],
          [`max(tollgate_dead_batches{${INSTANCE}})`, 'dead batches'],
        ],
      }),
      chart({
        title: 'Batches of workers',
        description: 'Batches a second by what befell them.',
        unit: UNIT.perSecond,
        queries: [[`sum by (event) (${rate(`tollgate_worker_batches_total{${INSTANCE}}`)})`, '{{event}}']],
      }),
      chart({
        title: 'Messages that workers ended',
        description: 'A second at each worker, and times a second it could not reach Redis.',
        unit: UNIT.perSecond,
        queries: [
          [`sum by (instance) (${rate(`tollgate_worker_messages_total{${INSTANCE}}`)})`, '{{instance}}'],
          [`sum(${rate(`tollgate_worker_errors_total{${INSTANCE}}`)})`, 'errors'],
        ],
      }),
    ],
    [
      chart({
        title: 'Receipts for ESMEs',
        description: 'A second by what became of them; and those dropped in Redis because too many waited there.',
        unit: UNIT.perSecond,
        queries: [
          [`sum by (result) (${rate(`tollgate_smpp_receipts_total{${INSTANCE}}`)})`, '{{result}}'],
          [`sum(${rate(`tollgate_smpp_spool_dropped_total{${INSTANCE}}`)})`, 'dropped in Redis'],
        ],
      }),
      chart({
        title: 'What waits for ESMEs or their time',
        description: 'Receipts that no ESME has taken yet, and messages by SMPP that are scheduled.',
        unit: UNIT.messages,
        queries: [
          [`sum(tollgate_smpp_waiting_receipts{${INSTANCE}})`, 'receipts'],
          [`sum(tollgate_smpp_scheduled_messages{${INSTANCE}})`, 'scheduled'],
        ],
      }),
    ],
    [
      bars({
        title: 'Faults by what they do',
        description: 'Set on purpose and in force.',
        unit: UNIT.messages,
        queries: [[`max by (kind) (tollgate_faults_in_force{${INSTANCE}})`, '{{kind}}']],
      }),
      chart({
        title: 'What faults changed',
        description: 'Messages and requests a second. None is the carrier of connections.',
        unit: UNIT.perSecond,
        queries: [
          [`sum by (kind, carrier) (${rate(`tollgate_fault_applied_total{${CARRIER}}`)}) > 0`, '{{kind}}, {{carrier}}'],
          [`sum(${rate(`tollgate_fault_applied_total{${CARRIER}}`)})`, 'all'],
        ],
      }),
    ],
  ],
});
