/**
 * Every metric the gateway exposes, with its help, labels and unit. Dashboards, alerts and documents may name no other.
 * Labels have few, known values; a number, a text or an id never becomes a label.
 */

export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Told alike by every process that shares a Redis: its sum over instances means nothing, its greatest value does. */
  readonly isShared?: true;
}

export const CATALOGUE = {
  tollgate_messages_total: {
    type: 'counter',
    help: 'Messages decided, by destination carrier, route, class of the sender at that carrier, decision and ground truth.',
    labels: ['carrier', 'route', 'registration', 'decision', 'truth'],
  },
  tollgate_registration_reasons_total: {
    type: 'counter',
    help: 'Messages decided, by why the sender was classed as it was.',
    labels: ['reason'],
  },
  tollgate_refusals_total: {
    type: 'counter',
    help: 'Messages refused, by the limit or rule that bound.',
    labels: ['limit'],
  },
  tollgate_limit_use_ratio: {
    type: 'gauge',
    help: 'Share of a limit that is used, from 0 to 1, by the campaign, brand or account that uses most of its own. Of more than 10,000 each, as many are looked at in turns.',
    labels: ['limit'],
    isShared: true,
  },
  tollgate_retry_after_seconds: {
    type: 'histogram',
    help: 'How long senders of refused messages were told to wait, where trying again may help.',
    labels: [],
  },
  tollgate_handset_total: {
    type: 'counter',
    help: 'Accepted messages that ended, by what the handset got. The receipt may have said otherwise.',
    labels: ['carrier', 'registration', 'outcome', 'truth'],
  },
  tollgate_receipts_total: {
    type: 'counter',
    help: "Receipts by carrier: taken, of messages; part, of their segments; late and duplicate ones; none, where the phone's carrier gives none; lost.",
    labels: ['carrier', 'kind'],
  },
  tollgate_filter_decisions_total: {
    type: 'counter',
    help: "Messages that met a carrier's spam filter: passed, dropped_suspicious if they look like spam, dropped_plain if not. The receipt does not say.",
    labels: ['carrier', 'result'],
  },
  tollgate_delivery_errors_total: {
    type: 'counter',
    help: 'Messages that ended with an error on the way to the phone.',
    labels: ['carrier', 'error'],
  },
  tollgate_delivery_retries_total: {
    type: 'counter',
    help: 'Times a carrier did not take a message and it was put off, by why.',
    labels: ['carrier', 'error'],
  },
  tollgate_complaints_total: {
    type: 'counter',
    help: 'Complaints of recipients that reached their carrier.',
    labels: ['carrier'],
  },
  tollgate_number_blocks: {
    type: 'gauge',
    help: 'Numbers that a carrier of this process takes nothing from after complaints.',
    labels: ['carrier'],
  },
  tollgate_revenue_dollars_total: {
    type: 'counter',
    help: 'Dollars earned from messages, by who is paid, for what, and the carrier of the handset.',
    labels: ['payee', 'cause', 'carrier', 'registration', 'truth'],
  },
  tollgate_charged_dollars_total: {
    type: 'counter',
    help: 'Dollars charged to senders. Always the sum of tollgate_revenue_dollars_total.',
    labels: [],
  },
  tollgate_account_charged_dollars_total: {
    type: 'counter',
    help: 'Dollars charged to declared accounts: each of the first fifty by its name, the rest as (others), senders without an account as (none).',
    labels: ['account'],
  },
  tollgate_fees_dollars_total: {
    type: 'counter',
    help: 'Dollars of fees and fines posted by this gateway, apart from what messages cost. /v1/revenue says who got them.',
    labels: [],
  },
  tollgate_regime: {
    type: 'gauge',
    help: 'What each carrier does with unregistered traffic: 1 for the regime in force, 0 for the others.',
    labels: ['carrier', 'regime'],
  },
  tollgate_tariff_date_seconds: {
    type: 'gauge',
    help: 'Day whose regimes and prices apply, as seconds since the epoch.',
    labels: [],
  },
  tollgate_inbound_messages_total: {
    type: 'counter',
    help: 'Messages from handsets to our numbers, by carrier of the handset.',
    labels: ['carrier'],
  },
  tollgate_decision_seconds: {
    type: 'histogram',
    help: 'Time to decide one message: lookup, class, regime, limits, price.',
    labels: [],
  },
  tollgate_request_seconds: {
    type: 'histogram',
    help: 'Time from the head of a request to the end of its answer, by API: native, batch, a provider, tcr, nnsr, admin, console, probes. Only those that were asked are there; streams are not.',
    labels: ['api'],
  },
  tollgate_registry_numbers: {
    type: 'gauge',
    help: 'Numbers in the registry now, pending ones included.',
    labels: [],
    isShared: true,
  },
  tollgate_registry_pending_numbers: {
    type: 'gauge',
    help: 'Numbers whose registration has not reached the carriers yet.',
    labels: [],
    isShared: true,
  },
  tollgate_registry_changes_total: {
    type: 'counter',
    help: 'Changes to the numbers of this view of the registry: registered, moved, removed, come into force.',
    labels: [],
  },
  tollgate_registry_view_age_seconds: {
    type: 'gauge',
    help: 'Time since the view of the registry was last level with its store; 0 without Redis.',
    labels: [],
  },
  tollgate_registry_view_state: {
    type: 'gauge',
    help: 'State of the view of the registry: 1 for the one it is in, 0 for the others. Without Redis it is always live.',
    labels: ['state'],
  },
  tollgate_registry_feed_lag_seconds: {
    type: 'histogram',
    help: 'Time from a change in Redis to its being in this view, by change.',
    labels: [],
  },
  tollgate_registry_reloads_total: {
    type: 'counter',
    help: 'Times the whole view was loaded anew because the feed could not be followed, by reason.',
    labels: ['reason'],
  },
  tollgate_registry_stale_messages_total: {
    type: 'counter',
    help: 'Messages that met a view of the registry older than allowed, by what was done with them: served or refused.',
    labels: ['action'],
  },
  tollgate_inflight_messages: {
    type: 'gauge',
    help: 'Messages accepted and not yet in a final state.',
    labels: [],
  },
  tollgate_queued_messages: {
    type: 'gauge',
    help: 'Messages taken that wait for room under a limit.',
    labels: [],
  },
  tollgate_limit_number_rows: {
    type: 'gauge',
    help: 'Counts of sending numbers under a limit that are kept, those that count no more and are not forgotten yet included.',
    labels: [],
  },
  tollgate_limit_recipient_pairs: {
    type: 'gauge',
    help: 'Pairs of P2P sender and recipient of the day that are kept.',
    labels: [],
  },
  tollgate_limit_number_bytes: {
    type: 'gauge',
    help: 'Memory that limits per number take.',
    labels: [],
  },
  tollgate_inbox_messages: {
    type: 'gauge',
    help: 'Messages held, in flight or finished.',
    labels: [],
  },
  tollgate_inbox_capacity_messages: {
    type: 'gauge',
    help: 'Messages there is room for, in flight or finished. Only those in flight keep others out.',
    labels: [],
  },
  tollgate_kept_messages_total: {
    type: 'counter',
    help: 'Accepted messages that Redis has acknowledged to this gateway.',
    labels: [],
  },
  tollgate_kept_batches_total: {
    type: 'counter',
    help: 'Batches in which they were written.',
    labels: [],
  },
  tollgate_keep_retries_total: {
    type: 'counter',
    help: 'Writes of accepted messages that had to be repeated.',
    labels: [],
  },
  tollgate_unkept_messages: {
    type: 'gauge',
    help: 'Messages of this gateway that Redis has not acknowledged; their senders wait.',
    labels: [],
  },
  tollgate_undelivered_messages: {
    type: 'gauge',
    help: 'Messages in Redis, of all gateways, that are not at their end.',
    labels: [],
    isShared: true,
  },
  tollgate_held_messages: {
    type: 'gauge',
    help: 'Messages in Redis, of all gateways, that wait for room under a limit.',
    labels: [],
    isShared: true,
  },
  tollgate_held_moved_total: {
    type: 'counter',
    help: 'Waiting messages that changed their gateway: here, from gateways that died; away, while this one seemed dead.',
    labels: ['direction'],
  },
  tollgate_lost_messages_total: {
    type: 'counter',
    help: 'Messages of this gateway of which Redis has no record any more.',
    labels: [],
  },
  tollgate_dead_batches: {
    type: 'gauge',
    help: 'Batches that no worker could deliver. /v1/deliveries/dead-letters lists them.',
    labels: [],
    isShared: true,
  },
  tollgate_worker_open_batches: {
    type: 'gauge',
    help: 'Batches in the hands of this worker.',
    labels: [],
  },
  tollgate_worker_batches_total: {
    type: 'counter',
    help: 'Batches by what befell them here: taken; finished; lost, to another worker meanwhile; taken_over, begun by another before; parked, put back until something is to come of them.',
    labels: ['event'],
  },
  tollgate_worker_messages_total: {
    type: 'counter',
    help: 'Messages that came to their end at this worker.',
    labels: [],
  },
  tollgate_worker_errors_total: {
    type: 'counter',
    help: 'Times that this worker could not reach Redis.',
    labels: [],
  },
  tollgate_webhook_posts_total: {
    type: 'counter',
    help: 'Webhook posts that came to an end in this process, by result: delivered, dead (given up), or dropped because too many waited.',
    labels: ['result'],
  },
  tollgate_webhook_attempts_total: {
    type: 'counter',
    help: 'Attempts to post, by what they came to: ok, a status that is no success, redirect, gone (410), timeout, unreachable, or forbidden by where the name leads.',
    labels: ['result'],
  },
  tollgate_webhook_seconds: {
    type: 'histogram',
    help: 'Time of one attempt to post, whatever it came to.',
    labels: [],
  },
  tollgate_webhook_hosts: {
    type: 'gauge',
    help: 'Hosts posted to by this process, by the state of their breaker.',
    labels: ['state'],
  },
  tollgate_webhook_pending_posts: {
    type: 'gauge',
    help: 'Posts waiting, put back or under way; with Redis those of all processes.',
    labels: [],
    isShared: true,
  },
  tollgate_webhook_dead_letters: {
    type: 'gauge',
    help: 'Posts given up that are kept to be replayed; with Redis those of all processes.',
    labels: [],
    isShared: true,
  },
  tollgate_smpp_sessions: {
    type: 'gauge',
    help: 'SMPP connections, by the state of their session.',
    labels: ['state'],
  },
  tollgate_smpp_binds_refused_total: {
    type: 'counter',
    help: 'Binds refused: unknown, wrong password, too many, or from an address not allowed.',
    labels: [],
  },
  tollgate_smpp_submits_total: {
    type: 'counter',
    help: 'submit_sm that were read and well formed, whatever was decided about them.',
    labels: [],
  },
  tollgate_smpp_receipts_total: {
    type: 'counter',
    help: 'Receipts for ESMEs: acknowledged; refused for good; repeated, to be sent again; dropped, for want of room or since nobody took them.',
    labels: ['result'],
  },
  tollgate_smpp_waiting_receipts: {
    type: 'gauge',
    help: 'Receipts that wait for an ESME to take them.',
    labels: [],
  },
  tollgate_smpp_spool_dropped_total: {
    type: 'counter',
    help: 'Receipts for ESMEs that were dropped where they are delivered: too many waited in Redis for their ESME.',
    labels: [],
  },
  tollgate_smpp_scheduled_messages: {
    type: 'gauge',
    help: 'Messages by SMPP that wait for the time they are scheduled for.',
    labels: [],
  },
  tollgate_cdr_records_total: {
    type: 'counter',
    help: 'CDRs written to files.',
    labels: [],
  },
  tollgate_cdr_bytes_total: {
    type: 'counter',
    help: 'Bytes of CDRs written to files.',
    labels: [],
  },
  tollgate_cdr_errors_total: {
    type: 'counter',
    help: 'Times the disk refused CDRs. They wait and are tried again.',
    labels: [],
  },
  tollgate_cdr_dropped_records_total: {
    type: 'counter',
    help: 'CDRs lost with a file that somebody removed while it was written.',
    labels: [],
  },
  tollgate_cdr_pending_records: {
    type: 'gauge',
    help: 'CDRs that wait to be written.',
    labels: [],
  },
  tollgate_faults_in_force: {
    type: 'gauge',
    help: 'Faults set on purpose that are in force, by what they do. One that does two things counts for both.',
    labels: ['kind'],
    isShared: true,
  },
  tollgate_fault_applied_total: {
    type: 'counter',
    help: 'Messages and requests that a fault set on purpose has changed, by what it does and carrier; for connections the carrier is none.',
    labels: ['kind', 'carrier'],
  },
  tollgate_limit_leases_state: {
    type: 'gauge',
    help: 'Who counts the limits of campaigns, brands and accounts: 1 for the state it is in. own: this gateway alone; shared: leased from Redis; away: Redis does not serve them.',
    labels: ['state'],
  },
  tollgate_limit_gateways: {
    type: 'gauge',
    help: 'Gateways that share limits, this one included.',
    labels: [],
    isShared: true,
  },
  tollgate_limit_leased_keys: {
    type: 'gauge',
    help: 'Limits of single campaigns, brands and accounts that this gateway holds leases on.',
    labels: [],
  },
  tollgate_limit_lease_draws_total: {
    type: 'counter',
    help: 'Limits that Redis was asked about, by result: granted, refused, or told what was spent and given back.',
    labels: ['result'],
  },
  tollgate_limit_lease_failures_total: {
    type: 'counter',
    help: 'Times a part of the shared limits could not be asked.',
    labels: [],
  },
  tollgate_limit_local_fraction_total: {
    type: 'counter',
    help: 'Times a limit admitted a message by the local fraction while Redis was away.',
    labels: [],
  },
  tollgate_build_info: {
    type: 'gauge',
    help: 'Always 1; its labels are the version of this package and of the Node that runs it.',
    labels: ['version', 'node'],
  },
  tollgate_audit_entries_total: {
    type: 'counter',
    help: 'Changes by operators that this process wrote to its audit log.',
    labels: [],
  },
  tollgate_audit_errors_total: {
    type: 'counter',
    help: 'Times the audit log could not be written, or was found changed by somebody else.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;

export type MetricName = keyof typeof CATALOGUE;
