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

/** People watching the live page at once. */
export const LIVE_SUBSCRIBERS_MAX = 64;
/** How often the live page and the terminal are told. */
export const LIVE_PERIOD_MS = 500;

/** The operator's own NNID, for numbers set past all DCAs and their rules. */
export const OPERATOR_NNID = '100000';

/** How long shutdown waits for messages in flight. */
export const SHUTDOWN_GRACE_MS = 3_000;
