/** What becomes of accepted messages, and what senders are told of it. */
import { bars, CARRIER, chart, dashboardOf, INSTANCE, number, quantiles, rate, UNIT } from '../panels.ts';

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
        queries: [[`sum(tollgate_inflight_messages{${INSTANCE}})`, 'messages']],
      }),
      number({
        title: 'Receipts that said more than the phone got',
        description:
          'Of messages whose receipt says they were taken, the share that reached no phone: carriers filter after the receipt.',
        unit: UNIT.share,
        queries: [
          [
            `1 - sum(${rate(`tollgate_handset_total{outcome="delivered",${CARRIER}}`)}) / sum(${rate(`tollgate_receipts_total{kind="taken",${CARRIER}}`)})`,
            'share',
          ],
        ],
      }),
      number({
        title: 'Webhooks that wait',
        description: 'Posts waiting, put back or under way.',
        unit: UNIT.messages,
        queries: [[`max(tollgate_webhook_pending_posts{${INSTANCE}})`, 'posts']],
      }),
      number({
        title: 'Faults in force',
        description: 'Faults set on purpose, by what they do.',
        unit: UNIT.messages,
        queries: [[`sum(max by (kind) (tollgate_faults_in_force{${INSTANCE}}))`, 'faults']],
      }),
    ],
    [
      chart({
        title: 'Receipts and phones',
        description: 'Messages a second that carriers said they took, and messages that reached a phone.',
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
        title: 'Messages in Redis',
        description: 'Of all gateways: not at their end, and waiting under a limit. 0 without Redis.',
        unit: UNIT.messages,
        queries: [
          [`max(tollgate_undelivered_messages{${INSTANCE}})`, 'not at their end'],
          [`max(tollgate_held_messages{${INSTANCE}})`, 'waiting under a limit'],
          [`max(tollgate_dead_batches{${INSTANCE}})`, 'dead batches'],
        ],
      }),
      chart({
        title: 'Batches of workers',
        description: 'Batches a second by what befell them, and those in hand.',
        unit: UNIT.perSecond,
        queries: [
          [`sum by (event) (${rate(`tollgate_worker_batches_total{${INSTANCE}}`)})`, '{{event}}'],
          [`sum(tollgate_worker_open_batches{${INSTANCE}})`, 'in hand'],
        ],
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
