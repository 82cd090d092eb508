/**
 * Accepted messages in Redis, between the gateway that accepted them and the worker that delivers them. All keys have one hash tag, so
 * that one script can change several of them on a cluster too.
 *
 *   tollgate:{delivery}:
 *     runs                     counter: each start of a gateway takes a number, which its ids carry
 *     run:<run>:<class>        zset: batch -> its first sequence number. In class `late`, of messages that waited, one entry per message
 *     batch:<batch>            hash: lines (the messages, a JSON array per line), count, run (whose gateway hears what becomes of them),
 *                              origin (the run that their ids name), class, starts, at, owner (who has it now), takes, told
 *                              (all that is written was told of), over (messages with an outcome), ended
 *     fate:<batch>             string: 16 bytes per message, see outcome-bytes.ts
 *     unqueued                 zset: batch -> when it was kept; those not known to be in the queue
 *     openMessages             counter: messages that are not at their end
 *     done                     zset: batch -> when it ended; the oldest are forgotten beyond the number of messages kept
 *     doneMessages             counter: the messages of those
 *     out:<run>                stream: batch, patch (see outcome-bytes.ts): what became of messages, for the gateway that accepted them
 *     held                     hash: id -> line, of the messages that wait under a limit
 *     holder:<holder>          hash: call, ids (the last takeover and what it brought). Ends by time unless its gateway lives: then the
 *                              holder is dead for good
 *     holds:<holder>           zset: id -> when it was accepted; the held messages that are this holder's to decide
 *     holders                  set: holders that may hold any
 *     spool:<name>             stream with one group: receipts that wait for somebody who has to be connected to take them. Its consumers
 *                              are readers, and `free` for what a reader had and gave back. Not there while it is empty
 *     reader:<reader>          string: there as long as its gateway lives, and ends by time; what it had is then anybody's
 *     timed                    hash: id -> text that waits for its time, with its name before it (`6:acme-1...`): those of SMPP
 *     timed:due                zset: id -> its time, of those that wait
 *     timed:taken              zset: id -> until when it is the gateway's that took it at its time
 *     timed:of:<name>          set: ids of those of a name
 *     timed:sent:<id>          string: id of the message that one was sent as, or dashes if it was not; for an hour
 *     timed:number             counter: of those there ever were
 *     timed:past               hash: id -> text of one that had its time or was taken back, or `=` and the id of the message it was sent as
 *     timed:past:ids           list: ids of those, the oldest first
 *     planned...               the same of those of providers' APIs
 *     opt-outs                 zset: number and handset (`2125550100 3105550123`) -> number of the change by which the handset opted out
 *     opt-outs:ended           zset: the same of those who opted back in, the latest
 *     opt-outs:state           hash: name (differs from that of every other Redis), changes (how many there were), forgotten (number of
 *                              the latest that is not among those ended any more)
 *     pools, orders            hash: field -> text of a record that all gateways share: pools of numbers that send as one, orders of
 *                              numbers that wait
 *     <record>:latest          list: fields that were changed, the latest last
 *     <record>:state           hash: name (differs from that of every other Redis), changes (how many there were)
 *     <record>:errand          string: the gateway that does what is to be done about it, for a while
 *     queue:...                BullMQ's own
 *
 * Times are of the clock of whoever wrote, and order nothing that matters.
 */
export const PREFIX = 'tollgate:{delivery}:';
export const QUEUE_PREFIX = `${PREFIX}queue`;
export const DELIVERY_QUEUE = 'deliveries';

export const RUNS_KEY = `${PREFIX}runs`;
export const UNQUEUED_KEY = `${PREFIX}unqueued`;
export const OPEN_MESSAGES_KEY = `${PREFIX}openMessages`;
export const DONE_KEY = `${PREFIX}done`;
export const DONE_MESSAGES_KEY = `${PREFIX}doneMessages`;

export const HELD_KEY = `${PREFIX}held`;
export const HOLDERS_KEY = `${PREFIX}holders`;

/** In the order in which they are delivered when there is more to deliver than is delivered. */
export const BatchClass = { Urgent: 0, Plain: 1, Bulk: 2, Late: 3 } as const;
export const BATCH_CLASSES: readonly string[] = ['urgent', 'plain', 'bulk', 'late'];

export function batchKey(batch: string): string {
  return `${PREFIX}batch:${batch}`;
}

export function fateKey(batch: string): string {
  return `${PREFIX}fate:${batch}`;
}

export function runKey(run: string, batchClass: number): string {
  return `${PREFIX}run:${run}:${BATCH_CLASSES[batchClass]}`;
}

export function outcomesKey(run: string): string {
  return `${PREFIX}out:${run}`;
}

export function holderKey(holder: string): string {
  return `${PREFIX}holder:${holder}`;
}

export function holdsKey(holder: string): string {
  return `${PREFIX}holds:${holder}`;
}

/** Of every spool. */
export const SPOOL_GROUP = 'readers';
/** Stands for a reader who is dead. */
export const FREE_READER = 'free';
export const READER_PREFIX = `${PREFIX}reader:`;

export function spoolKey(name: string): string {
  return `${PREFIX}spool:${name}`;
}

/** Texts that wait for their time: those of SMPP, and those of providers' APIs. */
export const TIMED_KEY = `${PREFIX}timed`;
export const PLANNED_KEY = `${PREFIX}planned`;

/** @param timetable TIMED_KEY or PLANNED_KEY */
export function sentKey(timetable: string, id: string): string {
  return `${timetable}:sent:${id}`;
}

/** Pairs out, pairs back in, and the state of both. */
export const OPT_OUT_KEYS = [`${PREFIX}opt-outs`, `${PREFIX}opt-outs:ended`, `${PREFIX}opt-outs:state`];

export function readerKey(reader: string): string {
  return `${READER_PREFIX}${reader}`;
}

const SECONDS_DIGITS = 6;

/**
 * The name of a run, which its ids carry: its start in seconds, so that it differs from earlier ones on a Redis that was emptied, and its
 * number, so that it differs from others of the same second.
 */
export function runName(startMs: number, number: number): string {
  const seconds = Math.floor(startMs / 1_000)
    .toString(36)
    .padStart(SECONDS_DIGITS, '0');
  return (seconds + number.toString(36)).toUpperCase();
}

export function runNumber(run: string): number {
  return Number.parseInt(run.slice(SECONDS_DIGITS), 36);
}
