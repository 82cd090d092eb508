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

/** Body of one message. Larger than any text, so that a long text is answered by name and not with a bare 413. */
export const MESSAGE_BODY_BYTES = 1_048_576;
/** Body of a batch. */
export const BATCH_BODY_BYTES = 33_554_432;
/** Messages in one batch. */
export const BATCH_MESSAGES_MAX = 100_000;
/** Messages of a batch decided before other requests get a turn. */
export const BATCH_SLICE_MESSAGES = 1_000;

/** Messages on one page of the inbox. */
export const PAGE_MESSAGES_DEFAULT = 100;
export const PAGE_MESSAGES_MAX = 1_000;

/** Receipts waiting, under way or to be posted again to callback addresses; one more is not posted and counts as dropped. */
export const CALLBACKS_WAITING_MAX = 100_000;
export const CALLBACKS_IN_FLIGHT_MAX = 64;
export const CALLBACK_TIMEOUT_MS = 5_000;
/** Waits before the second, third and fourth attempt. */
export const CALLBACK_RETRY_MS: readonly number[] = [1_000, 5_000, 25_000];

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

/** How long shutdown waits for messages in flight. */
export const SHUTDOWN_GRACE_MS = 3_000;

/** How long revenue can be asked for by the minute, besides the hour under way, and how long by the hour. */
export const REVENUE_MINUTES_KEPT_MS = 24 * 3_600_000;
export const REVENUE_HOURS_KEPT_MS = 31 * 24 * 3_600_000;
/** Fees an operator may post under a reference of his own; the references are remembered, so that none is posted twice. */
export const FEE_REFERENCES_MAX = 100_000;
/** Times a fee falls due in one posting. */
export const FEE_COUNT_MAX = 1_000_000;
