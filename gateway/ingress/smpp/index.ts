/**
 * The door of the SMPP ingress: a faithful SMSC, opened on its ports.
 *
 * It is handed the way in, the store and the leases, and told of receipts as they are recorded; what it keeps itself is bounded.
 */
import { SHUTDOWN_GRACE_MS, SPOOL_LOOK_MS, TIMETABLE_LOOK_MS } from '../../limits.ts';
import type { Intake, MessageStore } from '../../messages/index.ts';
import type { Clock, Stateful, Timers } from '../../router/index.ts';
import { PduWriter, PLAIN_RECEIPT, RECEIPT_VARIANTS, type ReceiptFormat } from '../../smpp/index.ts';
import type { LeaseDraws } from '../http/await-lease.ts';
import { type DeclaredEsme, Esmes } from './esmes.ts';
import { KeptSchedule, type Timetable } from './kept-schedule.ts';
import { MessageNames } from './message-names.ts';
import { PostOffice, type ReceiptFigures } from './post-office.ts';
import { ReceiptWriter } from './receipt-writer.ts';
import { type Archive, Requests } from './requests.ts';
import { ScheduledMessages, type ScheduledState } from './scheduled.ts';
import { type ConnectionFaults, type Listening, type OtherEdge, SmppServer } from './server.ts';
import type { Spool } from './spool.ts';
import { SpoolReader } from './spool-reader.ts';
import { Submissions } from './submissions.ts';
import { Submitted, type SubmittedState } from './submitted.ts';

export type { LeaseDraws } from '../http/await-lease.ts';
export type { Listening } from './server.ts';
export { spooledReceipts } from './spool.ts';

export interface SmppOptions {
  readonly intake: Pick<Intake, 'slot' | 'submit' | 'kept'>;
  readonly store: MessageStore;
  readonly leases: LeaseDraws;
  /** Who may bind. */
  readonly declared: readonly DeclaredEsme[];
  /** Whether anybody may if nobody is declared: only where nobody but this machine can connect. */
  readonly isOpen: boolean;
  /** Words of RECEIPT_VARIANTS. */
  readonly receiptVariants: readonly string[];
  /** Where what is accepted and its receipts are kept outside of this process, if they are. */
  readonly kept?: { readonly archive: Archive; readonly spool: Spool; readonly timetable: Timetable } | undefined;
  readonly faults?: ConnectionFaults | undefined;
  /** The edge in this process whose ESME has a system_id; undefined for this one, and null if that edge is closed. */
  readonly edgeOf?: ((systemId: string) => OtherEdge | null | undefined) | undefined;
  /** An edge that listens nowhere has ESMEs that others hand over. */
  readonly listening: readonly Listening[];
  readonly clock: Clock;
  readonly timers: Timers;
  /** The time that sockets live in, whatever `clock` says. */
  readonly machineClock: Clock;
  readonly machineTimers: Timers;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface SmppFigures {
  /** Connections by the state of their sessions. */
  readonly sessions: Readonly<Record<string, number>>;
  readonly bindsRefused: number;
  /** submit_sm that were read, well formed. */
  readonly submits: number;
  readonly receipts: ReceiptFigures;
  readonly scheduled: number;
}

export interface Smpp extends OtherEdge {
  /** Where it listens, by the order in which that was asked for. */
  readonly ports: readonly number[];
  /**
   * A receipt was recorded for the message at ring place `at` of the store, which may have come by any edge. Not to be told where messages
   * are kept elsewhere: whoever delivers them puts receipts into the spool.
   */
  receiptArrived(at: number): void;
  /** Submits messages scheduled for `nowMs` and before. */
  advance(nowMs: number): void;
  /** Whether an ESME is bound. */
  readonly isAnyBound: boolean;
  figures(): SmppFigures;
  /** What is kept of messages in this process. Receipts that wait belong to ESMEs, and are not part of it. */
  readonly state: Stateful;
  /** Unbinds all ESMEs, waits for them, three seconds if not said otherwise, and closes every socket. */
  close(graceMs?: number): Promise<void>;
}

interface SmppState {
  /** Of ESMEs, by their handles. */
  readonly systemIds: readonly string[];
  readonly submitted: SubmittedState;
  readonly scheduled: ScheduledState;
}

const SYSTEM_ID = 'tollgate';

/** Opens the edge and listens. Rejects if an address cannot be had; nothing is left open then. */
export async function openSmpp(options: SmppOptions): Promise<Smpp> {
  const { intake, store, leases, clock, timers, machineClock, machineTimers, log, kept, faults } = options;
  const out = new PduWriter();
  const esmes = new Esmes(options.declared, options.isOpen);
  const server = new SmppServer({
    systemId: SYSTEM_ID,
    esmes,
    out,
    clock,
    timers,
    machineClock,
    machineTimers,
    log,
    faults,
    edgeOf: options.edgeOf,
  });
  const machineNowMs = (): number => machineClock.monotonicNs() / 1e6;
  const postOffice: PostOffice = new PostOffice(esmes, machineNowMs, (bind) => server.send(bind), {
    onSettled: (esme, receipt) => spooled?.settled(esme, receipt),
  });
  const submitted = new Submitted(store);
  const format = formatOf(options.receiptVariants);
  const names = new MessageNames(store, format.isDecimal);
  const receipts = new ReceiptWriter({ store, submitted, names, esmes, postOffice, format, machineNowMs });
  const scheduled = new ScheduledMessages(names, receipts);
  const spooled = kept && new SpoolReader({ spool: kept.spool, esmes, postOffice, format, machineNowMs });
  const keptSchedule = kept && new KeptSchedule(kept.timetable, kept.archive, names, esmes);
  const shared = { store, submitted, schedule: keptSchedule ?? scheduled, names, clock, out };
  const submissions = new Submissions({
    ...shared,
    receipts,
    intake,
    leases,
    esmes,
    isDurable: kept !== undefined,
    send: (session, bytes) => server.send(session, bytes),
  });
  server.serve(submissions, new Requests({ ...shared, submissions, archive: keptSchedule }), postOffice);
  const ports: number[] = [];
  try {
    for (const listening of options.listening) ports.push(await server.listen(listening));
  } catch (error) {
    await server.close(0);
    throw error;
  }
  const stopLooking = spooled && machineTimers.every(SPOOL_LOOK_MS, () => spooled.look());
  let submitting: Promise<void> | undefined;
  const stopSubmitting =
    keptSchedule &&
    machineTimers.every(TIMETABLE_LOOK_MS, () => {
      submitting ??= keptSchedule
        .submitDue(clock.nowMs(), (due) => submissions.submitDue(due))
        // There is another look.
        .catch(() => undefined)
        .finally(() => (submitting = undefined));
    });
  return {
    ports,
    take: (socket, bytes) => server.take(socket, bytes),
    get isAnyBound() {
      return server.isAnyBound;
    },
    receiptArrived: (at) => receipts.receiptArrived(at),
    advance(nowMs) {
      for (const due of scheduled.takeDue(nowMs)) submissions.submitDue(due).catch(() => undefined);
    },
    figures: () => ({
      ...server.figures(),
      submits: submissions.count,
      receipts: postOffice.figures(),
      scheduled: kept?.timetable.count ?? scheduled.count,
    }),
    state: {
      capture: (): SmppState => ({
        systemIds: Array.from(esmes, ({ systemId }) => systemId),
        submitted: submitted.capture(),
        scheduled: scheduled.capture(),
      }),
      restore(state: SmppState) {
        const handles = state.systemIds.map((systemId) => esmes.named(systemId)?.handle);
        submitted.restore(state.submitted, (owner) => handles[owner]);
        scheduled.restore(state.scheduled, (owner) => handles[owner]);
        // They tell of messages that have not been, or not so.
        postOffice.clear();
      },
    },
    async close(graceMs = SHUTDOWN_GRACE_MS) {
      await server.close(graceMs);
      stopLooking?.();
      stopSubmitting?.();
      await submitting;
      await spooled?.close();
    },
  };
}

function formatOf(variants: readonly string[]): ReceiptFormat {
  return variants.reduce((format, variant) => ({ ...format, ...RECEIPT_VARIANTS[variant] }), PLAIN_RECEIPT);
}
