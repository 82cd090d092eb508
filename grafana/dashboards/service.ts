/** How the processes fare. */
import { bars, chart, dashboardOf, INSTANCE, number, PROCESS, quantiles, rate, UNIT } from '../panels.ts';

export const SERVICE = dashboardOf({
  uid: 'tollgate-service',
  title: 'Service',
  description: 'Latency, event loop, collector, memory, Redis, SMPP sessions, files.',
  variables: ['instance'],
  rows: [
    [
      number({
        title: 'Time of a decision, p99',
        description: 'Lookup, class, regime, limits and price of one message.',
        unit: UNIT.seconds,
        isLatest: true,
        queries: quantiles('tollgate_decision_seconds').slice(1, 2),
      }),
      number({
        title: 'Event loop, p99 at the worst',
        description: 'How late timers run at the slowest instance; about 0.01 s is rest.',
        unit: UNIT.seconds,
        isLatest: true,
        limits: [0.1, 0.5],
        queries: [[`max(nodejs_eventloop_lag_p99_seconds{${PROCESS}})`, 'p99']],
      }),
      number({
        title: 'Processors in use',
        description: 'Seconds of processor time a second, all instances together.',
        unit: UNIT.messages,
        queries: [[`sum(${rate(`process_cpu_seconds_total{${PROCESS}}`)})`, 'processors']],
      }),
      number({
        title: 'Gateways and workers',
        description: 'Processes that answer, by job, version of Tollgate and of Node.',
        unit: UNIT.messages,
        isLatest: true,
        queries: [
          [
            `count by (job, version, node) (tollgate_build_info{${INSTANCE}})`,
            '{{job}}: Tollgate {{version}}, Node {{node}}',
          ],
        ],
      }),
    ],
    [
      chart({
        title: 'Time of a decision',
        description: 'Lookup, class, regime, limits and price of one message. A dot is a message, and leads to it.',
        unit: UNIT.seconds,
        queries: quantiles('tollgate_decision_seconds'),
        hasExemplars: true,
      }),
      chart({
        title: 'Event loop',
        description: 'How late timers run at each instance.',
        unit: UNIT.seconds,
        queries: [
          [`max by (instance) (nodejs_eventloop_lag_p99_seconds{${PROCESS}})`, 'p99, {{instance}}'],
          [`max by (instance) (nodejs_eventloop_lag_p50_seconds{${PROCESS}})`, 'p50, {{instance}}'],
        ],
      }),
    ],
    [
      chart({
        title: 'Time to answer a request, p99',
        description:
          'From the head of a request to the end of its answer, by API. Streams and requests for no route are left out.',
        unit: UNIT.seconds,
        queries: [
          [
            `histogram_quantile(0.99, sum by (le, api) (${rate(`tollgate_request_seconds_bucket{${INSTANCE}}`)}))`,
            '{{api}}',
          ],
        ],
      }),
      chart({
        title: 'Requests',
        description: 'Requests answered a second, by API.',
        unit: UNIT.perSecond,
        queries: [[`sum by (api) (${rate(`tollgate_request_seconds_count{${INSTANCE}}`)})`, '{{api}}']],
      }),
    ],
    [
      chart({
        title: 'Garbage collector',
        description: 'Share of time that each kind of collection takes.',
        unit: UNIT.share,
        queries: [[`sum by (kind) (${rate(`nodejs_gc_duration_seconds_sum{${PROCESS}}`)})`, '{{kind}}']],
      }),
      chart({
        title: 'Memory',
        description: 'Of each instance: resident, and of that the heap in use and buffers outside it.',
        unit: UNIT.bytes,
        queries: [
          [`sum by (instance) (process_resident_memory_bytes{${PROCESS}})`, 'resident, {{instance}}'],
          [`sum by (instance) (nodejs_heap_size_used_bytes{${PROCESS}})`, 'heap, {{instance}}'],
          [`sum by (instance) (nodejs_external_memory_bytes{${PROCESS}})`, 'external, {{instance}}'],
        ],
      }),
      chart({
        title: 'Processor time',
        description: 'Processors in use at each instance.',
        unit: UNIT.messages,
        queries: [[`sum by (instance) (${rate(`process_cpu_seconds_total{${PROCESS}}`)})`, '{{instance}}']],
      }),
    ],
    [
      chart({
        title: 'Kept in Redis',
        description: 'A second: messages that Redis acknowledged, batches they were in, writes that were repeated.',
        unit: UNIT.perSecond,
        queries: [
          [`sum(${rate(`tollgate_kept_messages_total{${INSTANCE}}`)})`, 'messages'],
          [`sum(${rate(`tollgate_kept_batches_total{${INSTANCE}}`)})`, 'batches'],
          [`sum(${rate(`tollgate_keep_retries_total{${INSTANCE}}`)})`, 'repeated writes'],
        ],
      }),
      chart({
        title: 'Messages that Redis has not acknowledged',
        description: 'Their senders wait.',
        unit: UNIT.messages,
        queries: [[`sum by (instance) (tollgate_unkept_messages{${INSTANCE}})`, '{{instance}}']],
      }),
      chart({
        title: 'Lost and moved messages',
        description:
          'Shortly before each moment: those of which Redis has lost its record; waiting ones that changed their gateway.',
        unit: UNIT.messages,
        queries: [
          [`sum(increase(tollgate_lost_messages_total{${INSTANCE}}[$__rate_interval]))`, 'lost'],
          [
            `sum by (direction) (increase(tollgate_held_moved_total{${INSTANCE}}[$__rate_interval]))`,
            'moved {{direction}}',
          ],
        ],
      }),
    ],
    [
      bars({
        title: 'SMPP sessions',
        description: 'Connections by state of their session.',
        unit: UNIT.messages,
        queries: [[`sum by (state) (tollgate_smpp_sessions{${INSTANCE}})`, '{{state}}']],
      }),
      chart({
        title: 'SMPP requests',
        description: 'A second: messages submitted, and binds refused.',
        unit: UNIT.perSecond,
        queries: [
          [`sum(${rate(`tollgate_smpp_submits_total{${INSTANCE}}`)})`, 'submit_sm'],
          [`sum(${rate(`tollgate_smpp_binds_refused_total{${INSTANCE}}`)})`, 'binds refused'],
        ],
      }),
    ],
    [
      chart({
        title: 'CDRs',
        description: 'Records a second, refusals of the disk, records lost with a file that somebody removed.',
        unit: UNIT.perSecond,
        queries: [
          [`sum(${rate(`tollgate_cdr_records_total{${INSTANCE}}`)})`, 'records'],
          [`sum(${rate(`tollgate_cdr_errors_total{${INSTANCE}}`)})`, 'refused by the disk'],
          [`sum(${rate(`tollgate_cdr_dropped_records_total{${INSTANCE}}`)})`, 'lost'],
        ],
      }),
      chart({
        title: 'CDRs that wait',
        description: 'Records not written yet. Once too many wait, messages are refused.',
        unit: UNIT.messages,
        queries: [[`sum by (instance) (tollgate_cdr_pending_records{${INSTANCE}})`, '{{instance}}']],
      }),
      chart({
        title: 'CDR bytes',
        description: 'Written a second.',
        unit: UNIT.bytesPerSecond,
        queries: [[`sum(${rate(`tollgate_cdr_bytes_total{${INSTANCE}}`)})`, 'bytes']],
      }),
      chart({
        title: 'Audit log',
        description: 'Changes by operators that were written down, and times that could not be done.',
        unit: UNIT.perSecond,
        queries: [
          [`sum(${rate(`tollgate_audit_entries_total{${INSTANCE}}`)})`, 'changes'],
          [`sum(${rate(`tollgate_audit_errors_total{${INSTANCE}}`)})`, 'errors'],
        ],
      }),
    ],
  ],
});
