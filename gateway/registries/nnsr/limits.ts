/** Every bound of the number registry's API, named once. */

/** Six digits each; a DCA's default is its first. */
export const NNIDS_PER_DCA_MAX = 64;

export const NOTICES_DEFAULT = 100;
export const NOTICES_MAX = 1_000;

/** Longest wait from order to active that may be set or drawn: a week. */
export const PROVISIONING_DELAY_MAX_MS = 604_800_000;
/** Spread of the logarithm of the delay; at 3, one order in a thousand takes ten thousand times the median. */
export const PROVISIONING_SPREAD_MAX = 3;

/** Told to a client when all uploads are taken, the one it would resume is not yet given up, or the store went away. */
export const RETRY_AFTER_S = 2;

/** Bytes of one line of a bulk file, its end not counted. An order needs about 80. */
export const BULK_LINE_BYTES_MAX = 4_096;
/** Lines read before what they order is applied. As many as one call to the store may change. */
export const BULK_CHUNK_LINES = 10_000;
/** Uploads under way at once, of all DCAs. */
export const BULK_RUNNING_MAX = 8;
/** Jobs remembered, running ones included, and for how long after they were last written to. */
export const BULK_JOBS_MAX = 64;
export const BULK_JOB_LIFE_MS = 86_400_000;
/** Errors and warnings a job remembers; more are counted and go to the streamed answer only. Failures beyond leave no notice. */
export const BULK_REMARKS_KEPT = 5_000;
/**
 * Bytes of a streamed answer that its client has not read. Beyond it errors and progress are left out of the answer: waiting
 * for a client that reads only after it has written everything would stop both sides for ever.
 */
export const BULK_UNREAD_BYTES_MAX = 1_048_576;
/** Distinct numbers of one upload in which duplicates are looked for: about 60 MB at the end. Later ones go unwatched. */
export const BULK_WATCHED_NUMBERS_MAX = 10_000_000;
/** An upload that brings no byte for so long is ended; its job can be resumed. */
export const BULK_IDLE_MS = 60_000;
/** At least so long between two lines of progress. */
export const BULK_PROGRESS_MS = 500;
/** After an answer before the end of the upload: how long its bytes are read and thrown away, so that the client sees the answer. */
export const BULK_LINGER_MS = 2_000;
