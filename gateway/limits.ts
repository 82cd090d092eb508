/**
 * Every bound of the gateway, named once. A full thing answers "throttled" or "too large"; nothing grows without end.
 * ARCHITECTURE.md lists them; those an operator may set are defaults here and options of `tollgate serve`.
 */

/** Messages held at once, in flight or finished: the ring of the message store. Option `--inbox`. */
export const INBOX_MESSAGES_DEFAULT = 262_144;
export const INBOX_MESSAGES_MAX = 16_777_216;

/** Characters of one text, as most aggregators allow. */
export const TEXT_LENGTH_MAX = 1_600;
/** Media links of one MMS. */
export const MEDIA_COUNT_MAX = 10;
export const URL_LENGTH_MAX = 2_048;
export const ACCOUNT_LENGTH_MAX = 64;
export const REFERENCE_LENGTH_MAX = 128;

/** Callers of the APIs of providers remembered where anybody may call; the one that came first is forgotten. */
export const PROVIDER_CALLERS_MAX = 10_000;
/** Messages scheduled by the APIs of providers that wait; as many that have gone are remembered. */
export const SCHEDULED_BY_FACES_MAX = 10_000;
/** Messages from handsets that can be read back by the APIs of providers; the oldest is forgotten. */
export const INBOUND_LOGGED_MAX = 1_000;
/** Connections that the proxy of providers' hosts holds. */
export const VENDOR_PROXY_CONNECTIONS_MAX = 1_000;
/**
 * Opt-outs in Redis: how often a gateway looks for changes, how many of each kind it reads at once, how many a step writes, and how many
 * opt-ins are remembered: a gateway that was away for more of them reads everything anew.
 */
export const OPT_OUTS_LOOK_MS = 250;
export const OPT_OUTS_READ_MAX = 10_000;
export const OPT_OUTS_WRITTEN_AT_ONCE = 1_000;
export const OPT_INS_REMEMBERED_MAX = 100_000;
/**
 * Records that gateways share: how often each looks for changes; of how many a gateway may have missed without reading everything anew; and for
 * how long one alone does what is to be done.
 */
export const RECORD_LOOK_MS = 250;
export const RECORD_CHANGES_REMEMBERED = 1_000;
export const RECORD_ERRAND_MS = 5_000;
/** Pools of numbers that send as one, and numbers of each, as Twilio has them. */
export const SENDER_POOLS_MAX = 10_000;
export const SENDER_POOL_NUMBERS_MAX = 400;

/** Body of one message. Larger than any text, so that a long text is answered by name and not with a bare 413. */
export const MESSAGE_BODY_BYTES = 1_048_576;
/** Body of a batch. */
export const BATCH_BODY_BYTES = 33_554_432;
/** Messages in one batch. */
export const BATCH_MESSAGES_MAX = 100_000;
/** Messages of a batch decided before other requests get a turn. */
export const BATCH_SLICE_MESSAGES = 1_000;

/** How long the first answer under a key of idempotency is repeated: a day, as most interfaces have it. Option `--idempotency-window-ms`. */
export const IDEMPOTENCY_WINDOW_MS_DEFAULT = 86_400_000;
export const IDEMPOTENCY_WINDOW_MS_MAX = 604_800_000;
/** Answered keys remembered in this process; the oldest is forgotten. Redis keeps all. */
export const IDEMPOTENCY_KEYS_MAX = 100_000;
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;
/** How often a request asks again after a first one under its key that has no answer yet, and how often at most. */
export const IDEMPOTENCY_LOOK_MS = 50;
export const IDEMPOTENCY_LOOKS_MAX = 20;
/** How long Redis holds a key for a gateway that has not answered, and the part of it in which that gateway may still decide. */
export const IDEMPOTENCY_HELD_MS = 30_000;
export const IDEMPOTENCY_DECIDE_MS = 10_000;

/** Messages on one page of the inbox. */
export const PAGE_MESSAGES_DEFAULT = 100;
export const PAGE_MESSAGES_MAX = 1_000;

/** Posts that wait to be sent in this process, without Redis; one more is dropped and counted. */
export const WEBHOOKS_WAITING_MAX = 100_000;
/** Posts under way at once, and of them to one host. */
export const WEBHOOKS_AT_ONCE = 128;
export const WEBHOOK_HOST_POSTS_MAX = 32;
/** How long one attempt may take, and of it the connection; how much of an answer is read. */
export const WEBHOOK_TIMEOUT_MS = 5_000;
export const WEBHOOK_CONNECT_TIMEOUT_MS = 2_000;
export const WEBHOOK_ANSWER_BYTES = 65_536;
/** Attempts at one post, and the most that is waited before the second, the third and so on: full jitter takes a part of it. */
export const WEBHOOK_ATTEMPTS_MAX = 8;
export const WEBHOOK_BACKOFF_MS: readonly number[] = [1_000, 4_000, 16_000, 64_000, 256_000, 600_000, 600_000];
/** How long a receiver may have a post wait by Retry-After, and how long all posts to its host. */
export const WEBHOOK_RETRY_AFTER_MS_MAX = 3_600_000;
export const WEBHOOK_HOST_REST_MS_MAX = 60_000;
/** Failures in a row after which a host is left alone, for how long at first, and at most. */
export const WEBHOOK_BREAKER_FAILURES = 5;
export const WEBHOOK_BREAKER_OPEN_MS = 5_000;
export const WEBHOOK_BREAKER_OPEN_MS_MAX = 60_000;
/** Within what time its turn must come for a post to wait on the spot for a place at its host, and how long after the host may be called it is put back at most. */
export const WEBHOOK_PLACE_WAIT_MS = 50;
export const WEBHOOK_PUT_BACK_MS_MAX = 15_000;
/** Posts that wait for one host that fails; one more is a dead letter at once. How far apart they look whether it still does, and when at the latest each. */
export const WEBHOOK_HOST_HELD_MAX = 10_000;
export const WEBHOOK_HELD_LOOK_MS = 10;
export const WEBHOOK_HELD_BACK_MS_MAX = 120_000;
/** From what age on a post is not put back any more, but given up: the longest that a receiver may ask for, and as much again. */
export const WEBHOOK_AGE_MS_MAX = 7_200_000;
/** When a post is looked at again whose predecessor is on its way, and one on which the sender itself failed. */
export const WEBHOOK_ORDER_LOOK_MS = 100;
export const WEBHOOK_ERROR_RETRY_MS = 1_000;
/** Hosts whose state is kept, and addresses that said they are gone; the oldest is forgotten. */
export const WEBHOOK_HOSTS_MAX = 10_000;
export const WEBHOOK_GONE_URLS_MAX = 10_000;
/** Posts given up that are kept to be looked at and replayed; the oldest is forgotten. */
export const WEBHOOK_DEAD_LETTERS_MAX = 10_000;
export const WEBHOOK_PAGE_LETTERS_MAX = 1_000;
/** Attempts at posts that are remembered, for whoever looks at a message: two megabytes, from the first on. */
export const WEBHOOK_LOG_ATTEMPTS_MAX = 32_768;
/** Posts handed to Redis in one go. */
export const WEBHOOKS_PER_ADD = 500;
/** How often the queue is asked how much there is of it, for metrics. */
export const WEBHOOK_COUNT_MS = 1_000;

/** CDRs that wait for the disk, bytes: from here on messages are turned away. */
export const CDR_PENDING_BYTES_MAX = 67_108_864;
/** How often CDRs are written, at least, and how long a disk that refused them is left alone. */
export const CDR_FLUSH_MS = 100;
export const CDR_RETRY_MS = 1_000;
/** A CDR file is closed at this size or age. Options `--cdr-rotate-bytes` and `--cdr-rotate-ms`. */
export const CDR_ROTATE_BYTES_DEFAULT = 268_435_456;
export const CDR_ROTATE_BYTES_MIN = 1_048_576;
export const CDR_ROTATE_MS_DEFAULT = 3_600_000;
/** Characters of a line of a CDR file, when it is read. */
export const CDR_LINE_LENGTH_MAX = 65_536;

/** Lines in the log, at level debug, of the requests to one route in a second. */
export const REQUEST_LINES_PER_SECOND = 10;

/** Messages followed by traces at one time; beyond, the oldest is let go of. Of one request as many as the second says. */
export const TRACED_MESSAGES_MAX = 10_000;
export const TRACED_MESSAGES_PER_REQUEST = 10;
/** Spans that wait to be sent, beyond which they are dropped; how often they are sent, and how many in one go. */
export const TRACE_SPANS_WAITING_MAX = 8_192;
export const TRACE_SEND_MS = 1_000;
export const TRACE_SPANS_PER_SEND = 512;
/** How long the collector may take over one go, and over all that is left when a gateway closes. */
export const TRACE_COLLECTOR_MS = 2_000;
export const TRACE_FLUSH_MS = 2_500;

/** What an entry of the audit log keeps of one value, as JSON; of a longer one it keeps size and digest. And a line of the log. */
export const AUDIT_VALUE_BYTES_MAX = 16_384;
export const AUDIT_LINE_BYTES_MAX = 1_048_576;

/** Tariff books loaded at once; a message keeps the place of its own in one byte. */
export const BOOKS_MAX = 256;
/** Books and dates one question for a price may name; it is answered for each of both. */
export const QUOTE_BOOKS_MAX = 16;
export const QUOTE_DATES_MAX = 64;

/** People watching the live page at once. */
export const LIVE_SUBSCRIBERS_MAX = 64;
/** How often the live page and the terminal are told. */
export const LIVE_PERIOD_MS = 500;

/** Accounts that may be declared; each has counters in every gateway. */
export const ACCOUNTS_MAX = 10_000;
/** Characters of an application's public key in PEM: RSA of 16,384 bits has about 2,800. */
export const PUBLIC_KEY_LENGTH_MAX = 4_096;
/** One payment into or out of an account: a million dollars. */
export const PAYMENT_MICROS_MAX = 1_000_000_000_000;
/** What an account may hold: a billion dollars, far enough below 2^53 that payments made at once do not lose a micro-dollar. */
export const BALANCE_MICROS_MAX = 1_000_000_000_000_000;
/** Payments whose references are remembered in this process; the oldest is forgotten. */
export const PAYMENT_REFERENCES_MAX = 100_000;

/** The operator's own NNID, for numbers set past all DCAs and their rules. */
export const OPERATOR_NNID = '100000';

/** Messages that wait under limits that queue, and how long one may wait. Options `--queue-messages` and `--queue-max-wait-ms`. */
export const QUEUE_MESSAGES_DEFAULT = 100_000;
/** Ten hours, as Twilio has it. */
export const QUEUE_MAX_WAIT_MS_DEFAULT = 36_000_000;
/** Waiting messages decided before other work gets a turn. */
export const QUEUE_RELEASES_AT_ONCE = 500;
/** How long the first of a line waits at most before its limit is asked again. All lines of a full queue are asked in two seconds. */
export const QUEUE_LOOK_MS = 5_000;

/** Limits asked about in one call to a shard of Redis. */
export const LEASE_KEYS_PER_CALL = 256;
/** How long Redis may take over one question about a shared limit: leases last two seconds. */
export const LEASE_COMMAND_TIMEOUT_MS = 1_000;
/** How often leases are looked at: topped up, renewed, told of, given back. */
export const LEASE_TICK_MS = 20;
/** How long a message that lacks a lease waits for the answer of Redis before it is decided without. */
export const LEASE_WAIT_MS = 250;

/** How long accepted messages gather before they are kept together, and how many. */
export const DELIVERY_GATHER_MS = 2;
export const DELIVERY_BATCH_MESSAGES = 500;
/**
 * How soon a batch that could not be kept is written again, after what time the gateway is not ready for more, and after what time its
 * senders are told that nobody knows.
 */
export const DELIVERY_KEEP_RETRY_MS = 100;
export const DELIVERY_KEEP_LATE_MS = 1_500;
export const DELIVERY_KEEP_TIMEOUT_MS = 5_000;
/** Messages of one gateway that Redis has not acknowledged; messages in Redis that are not at their end. One more is turned away. */
export const DELIVERY_UNKEPT_MESSAGES_MAX = 65_536;
export const DELIVERY_OPEN_MESSAGES_MAX = 1_000_000;
/** Messages at their end that can be read back from Redis; the oldest are forgotten. */
export const DELIVERY_DONE_MESSAGES_MAX = 1_000_000;
/** Batches that could not be delivered, on one page, and tried again by one call. */
export const DEAD_BATCHES_PAGE_MAX = 1_000;
/** How often a job is tried before it is a dead letter, and the first and the longest of the growing waits in between. */
export const DELIVERY_JOB_ATTEMPTS = 20;
export const DELIVERY_RETRY_MS = 200;
export const DELIVERY_RETRY_MS_MAX = 30_000;
/** Messages in the hands of one worker. */
export const WORKER_MESSAGES_DEFAULT = 131_072;
/** How long a job stays its worker's without a sign of life, and how often it is looked for such jobs. Alike at all workers of a queue. */
export const JOB_LOCK_MS = 5_000;
export const JOB_STALLED_CHECK_MS = 2_000;
/** Stalled is what jobs are whenever a worker is killed: that alone is never a reason to give one up. */
export const JOB_STALLED_MAX = 1_000_000;
/** How often a worker writes down what became of messages. */
export const SETTLE_MS = 20;
/** How long what became of messages waits for the gateway that accepted them. */
export const OUTCOMES_KEPT_MS = 3_600_000;
/** Entries of what became of messages that are read at once, and how long for the first one is waited. */
export const OUTCOMES_READ_MAX = 200;
export const OUTCOMES_BLOCK_MS = 1_000;
/** How often a gateway asks how much there is to deliver. */
export const DELIVERY_DEPTH_MS = 500;
/** How often it asks whether Redis evicts. */
export const EVICTION_LOOK_MS = 10_000;
/** From when on a gateway looks up what it has not been told of. */
export const DELIVERY_OVERDUE_MS = 15_000;
/** A batch that is kept and, for so long, not known to be queued is queued again; how often that is looked for, and how many at once. */
export const UNQUEUED_LOOK_MS = 10_000;
export const UNQUEUED_LOOKED_AT = 1_000;
/** A batch for which nothing is to come for longer is put back until then, and its places are free for others; how often that is looked for. */
export const BATCH_PARK_MS = 5_000;
export const BATCH_PARK_LOOK_MS = 1_000;

/** How long messages that wait stay their gateway's without a sign of life, how often it gives one, and for how much less it trusts it. */
export const HOLDER_ALIVE_MS = 10_000;
export const HOLDER_RENEW_MS = 2_000;
export const HOLDER_SPARE_MS = 2_000;
/** Waiting messages of gateways that are dead, taken over in one step; waiting messages decided here that are not kept yet. */
export const HELD_TAKEN_OVER_AT_ONCE = 250;
export const HELD_DECIDED_UNKEPT_MAX = 500;

/** How long delivery of a message is tried before it is given up: a report that it was not delivered can take as long (iP.1). */
export const DELIVERY_VALIDITY_MS = 72 * 3_600_000;
/** Waits between tries, each at most twice the one before; every one is drawn between half of that and all of it. */
export const DELIVERY_TRY_AGAIN_MS = 1_000;
export const DELIVERY_TRY_AGAIN_MS_MAX = 60_000;
/** How far ahead of its rate a throttled carrier takes messages. */
export const CARRIER_BURST_MS = 100;
/** Numbers of which a carrier remembers how long and how much they have sent, for all carriers together; the idlest is forgotten. */
export const SENDERS_REMEMBERED = 65_536;
/** Where few messages are held it is as many as those, rounded up to a power of two, and so many at least. */
export const SENDERS_REMEMBERED_MIN = 1_024;
/** Complaints on their way; one more is not made. Numbers with complaints, and numbers blocked: the oldest is forgotten. */
export const COMPLAINTS_PENDING_MAX = 65_536;
export const COMPLAINED_NUMBERS_MAX = 65_536;
export const NUMBER_BLOCKS_MAX = 65_536;
/** Blocks in one answer. */
export const NUMBER_BLOCKS_SHOWN_MAX = 1_000;

/** How long Redis may take over keeping or settling messages. */
export const DELIVERY_COMMAND_TIMEOUT_MS = 2_000;
/** How long shutdown waits for messages in flight. */
export const SHUTDOWN_GRACE_MS = 3_000;

/** How long revenue can be asked for by the minute, besides the hour under way, and how long by the hour. */
export const REVENUE_MINUTES_KEPT_MS = 24 * 3_600_000;
export const REVENUE_HOURS_KEPT_MS = 31 * 24 * 3_600_000;
/** Fees an operator may post under a reference of his own; the references are remembered, so that none is posted twice. */
export const FEE_REFERENCES_MAX = 100_000;
/** Times a fee falls due in one posting. */
export const FEE_COUNT_MAX = 1_000_000;

/** How much frozen time passes before the event loop gets a turn while time is moved. */
export const CLOCK_TURN_MS = 100;
/** How far time may be moved in one request. */
export const CLOCK_MOVE_MS_MAX = 31 * 24 * 3_600_000;
/** How long such a request waits at most, in real time, for webhooks under way. */
export const CLOCK_SETTLE_MS_MAX = 10_000;

/** Faults set at once. */
export const FAULTS_MAX = 100;
/** How often a process asks Redis for faults that changed: well within the 250 ms in which every process follows. */
export const FAULTS_POLL_MS = 100;
/** The longest time in a fault: a month. */
export const FAULT_MS_MAX = 31 * 24 * 3_600_000;
/** How long an answer may be held back on purpose; each one held takes memory. */
export const FAULT_SLOW_MS_MAX = 300_000;

/** Body of a snapshot, and what it may hold once it is unpacked. */
export const SNAPSHOT_BODY_BYTES = 268_435_456;
export const STATE_BYTES_MAX = 1_073_741_824;
/** A state that is kept beside the gateway to be reset to, unpacked: some ten million numbers. */
export const RESET_STATE_BYTES_MAX = 67_108_864;

/** SMPP connections at once, bound or not. */
export const SMPP_CONNECTIONS_MAX = 12_000;
/** Binds of a declared ESME at once, and the requests that may be unanswered on each, in either direction. */
export const SMPP_BINDS_DEFAULT = 10;
export const SMPP_BINDS_MAX = 10_000;
export const SMPP_WINDOW_DEFAULT = 1_000;
export const SMPP_WINDOW_MAX = 100_000;
/** System ids known where anybody may bind. */
export const SMPP_ESMES_MAX = 10_000;
/** Addresses that one ESME may bind from. */
export const SMPP_ADDRESSES_MAX = 100;
/** The longest PDU before a bind: nobody knows who sends it. */
export const SMPP_UNBOUND_PDU_BYTES_MAX = 1_024;
/** How long a connection may do without a bind, and a PDU without its last byte. */
export const SMPP_BIND_MS = 5_000;
export const SMPP_PDU_MS = 30_000;
/** After what silence enquire_link is sent, how long an answer may take, and how many of those may be missing in a row. */
export const SMPP_SILENCE_MS = 30_000;
export const SMPP_RESPONSE_MS = 10_000;
export const SMPP_ENQUIRIES_UNANSWERED_MAX = 2;
/** How often sessions are looked at for what is overdue. */
export const SMPP_TICK_MS = 1_000;
/** Bytes an ESME has not read, from which on nothing more is read of it, and how long it may leave them. */
export const SMPP_UNREAD_BYTES_MAX = 1_048_576;
export const SMPP_UNREAD_MS = 30_000;
/** Receipts that wait for an ESME to bind and take them, of all ESMEs together; of the one that has most, the oldest is dropped. */
export const SMPP_RECEIPTS_WAITING_MAX = 262_144;
/** Receipts that wait for an ESME from which on it gets no intermediate notifications: they would keep others from theirs. */
export const SMPP_NOTICES_WAITING_MAX = 1_000;
/** When a receipt is sent again that its ESME did not take, and for how long it is tried. */
export const SMPP_RECEIPT_AGAIN_MS = 5_000;
export const SMPP_RECEIPT_KEPT_MS = 72 * 3_600_000;
/**
 * With Redis: receipts that wait there for one ESME; after what time without a sign of life what a gateway had read is another's; how
 * often gateways look for receipts, for how many ESMEs and how many of each at once.
 */
export const SPOOL_RECEIPTS_MAX = 65_536;
export const SPOOL_READER_MS = 10_000;
export const SPOOL_LOOK_MS = 20;
export const SPOOL_NAMES_AT_ONCE = 256;
export const SPOOL_READ_MAX = 1_000;
/** Messages that wait for the time they are scheduled for, of all ESMEs and of each, and how far ahead that may be. */
export const SMPP_SCHEDULED_MAX = 20_000;
export const SMPP_SCHEDULED_OF_ESME_MAX = 5_000;
export const SMPP_SCHEDULED_AHEAD_MS = 7 * 24 * 3_600_000;
/** When one is submitted again whose time came while no message was taken, for want of room. */
export const SMPP_SCHEDULED_AGAIN_MS = 1_000;
/**
 * With Redis: how often gateways look for messages whose time has come, and for how many at once; after what time those are another's that
 * one has taken and not come to an end with; and for how long it is known what became of them.
 */
export const TIMETABLE_LOOK_MS = 100;
export const TIMETABLE_TAKEN_AT_ONCE = 500;
export const TIMETABLE_TAKEN_MS = 15_000;
export const TIMETABLE_SENT_KEPT_MS = 3_600_000;

/** Sandboxes open at once, and messages that each holds. */
export const SANDBOXES_MAX = 256;
/** Closed sandboxes whose system_ids and credentials are still known, so that nobody who has them ends up elsewhere by mistake. */
export const SANDBOXES_GONE_MAX = 4_096;
export const SANDBOX_INBOX_MESSAGES = 4_096;
/** How long one is kept that nobody uses, what may be asked for at most, and how often it is looked for. */
export const SANDBOX_IDLE_MS = 3_600_000;
export const SANDBOX_IDLE_MS_MAX = 7 * 24 * 3_600_000;
export const SANDBOX_SWEEP_MS = 1_000;
