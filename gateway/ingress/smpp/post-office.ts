/**
 * Receipts from the moment they come until their ESME has acknowledged them.
 *
 * A receipt waits in the mailbox of its ESME for a session that receives and has room in its window; sessions take turns. What a session
 * has not acknowledged when it ends goes back to the front. What the ESME answers decides: taken; not now, and it is sent again later; or
 * never, and it is dropped. All mailboxes together are bounded: beyond, the fullest loses its oldest.
 */
import { SMPP_RECEIPTS_WAITING_MAX } from '../../limits.ts';
import { Status } from '../../smpp/index.ts';
import type { Bind, Esme } from './esmes.ts';
import type { Mailbox } from './mailbox.ts';
import type { Receipt } from './receipt.ts';

/** An ESME that refuses a receipt for good says so with these. */
const REFUSALS: ReadonlySet<number> = new Set<number>([Status.ReceiverPermanent, Status.ReceiverReject]);

export interface ReceiptFigures {
  readonly waiting: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly repeated: number;
  /** For want of room, or since nobody took them for too long. */
  readonly dropped: number;
}

export interface PostOfficeOptions {
  /** Receipts that may wait. */
  readonly bound?: number;
  /** Told of each receipt that is done with: taken, refused for good, or dropped. */
  readonly onSettled?: (esme: Esme, receipt: Receipt) => void;
}

export class PostOffice {
  readonly #esmes: Iterable<Esme>;
  readonly #nowMs: () => number;
  readonly #send: (bind: Bind) => void;
  readonly #dirty = new Set<Esme>();
  readonly #bound: number;
  readonly #onSettled: (esme: Esme, receipt: Receipt) => void;
  #fullest: Esme | undefined;
  #fullestCount = 0;
  #isDue = false;
  #waiting = 0;
  #acknowledged = 0;
  #refused = 0;
  #repeated = 0;
  #dropped = 0;

  /** @param send sends what was written for a session */
  constructor(
    esmes: Iterable<Esme>,
    nowMs: () => number,
    send: (bind: Bind) => void,
    { bound = SMPP_RECEIPTS_WAITING_MAX, onSettled = () => undefined }: PostOfficeOptions = {},
  ) {
    this.#esmes = esmes;
    this.#nowMs = nowMs;
    this.#send = send;
    this.#bound = bound;
    this.#onSettled = onSettled;
  }

  /** Takes a receipt in, to be sent with others of this turn. */
  add(esme: Esme, receipt: Receipt): void {
    if (this.#waiting >= this.#bound) this.#dropOne();
    esme.mailbox.add(receipt);
    this.#waiting += 1;
    this.#later(esme);
  }

  /** A session of the ESME can receive, or has more room than before. */
  hasRoom(esme: Esme): void {
    if (esme.mailbox.hasReady) this.#later(esme);
  }

  /**
   * Writes as many receipts as a session of the ESME has room for; the caller sends them. For a session that has just been heard: a busy
   * one is heard many times before anything else has its turn, and would else get one window of receipts in all that time.
   */
  fill({ mailbox }: Esme, bind: Bind): void {
    if (!mailbox.hasReady || !bind.hasRoom) return;
    this.#fill(mailbox, bind, mailbox.count, this.#nowMs());
  }

  /** What the ESME made of a receipt; undefined if it did not answer in time. */
  answered(esme: Esme, receipt: Receipt, status: number | undefined): void {
    if (status === Status.Ok) {
      this.#acknowledged += 1;
      this.#onSettled(esme, receipt);
    } else if (status !== undefined && REFUSALS.has(status)) {
      this.#refused += 1;
      this.#onSettled(esme, receipt);
    } else {
      this.#repeated += 1;
      this.#waiting += 1;
      esme.mailbox.addLater(receipt, this.#nowMs());
    }
    this.hasRoom(esme);
  }

  /** Takes back what a session that has ended left unacknowledged. */
  putBack(esme: Esme, receipts: readonly Receipt[]): void {
    esme.mailbox.putBack(receipts);
    this.#waiting += receipts.length;
    this.#repeated += receipts.length;
    this.#later(esme);
  }

  /** Sends what is due again, and forgets what is too old. */
  advance(): void {
    const nowMs = this.#nowMs();
    for (const esme of this.#esmes) {
      if (esme.mailbox.count === 0) continue;
      const forgotten = esme.mailbox.advance(nowMs);
      this.#waiting -= forgotten.length;
      this.#dropped += forgotten.length;
      for (const receipt of forgotten) this.#onSettled(esme, receipt);
      this.hasRoom(esme);
    }
  }

  /** Receipts that may still be added before any is dropped. */
  get room(): number {
    return Math.max(0, this.#bound - this.#waiting);
  }

  /** Takes out all that wait for an ESME and are of a spool. */
  takeSpooled({ mailbox }: Esme): readonly Receipt[] {
    const spooled = mailbox.takeSpooled();
    this.#waiting -= spooled.length;
    return spooled;
  }

  /** Forgets all that waits. */
  clear(): void {
    for (const { mailbox } of this.#esmes) mailbox.clear();
    this.#waiting = 0;
  }

  figures(): ReceiptFigures {
    return {
      waiting: this.#waiting,
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      repeated: this.#repeated,
      dropped: this.#dropped,
    };
  }

  #later(esme: Esme): void {
    this.#dirty.add(esme);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      for (const one of dirty) this.#deliver(one);
    });
  }

  /** Sends as many receipts as the windows of an ESME's sessions have room for. */
  #deliver({ mailbox, sessions }: Esme): void {
    const nowMs = this.#nowMs();
    const able = [...sessions].filter(({ hasRoom }) => hasRoom);
    while (mailbox.hasReady && able.length > 0) {
      const share = Math.ceil(mailbox.count / able.length);
      const bind = able.pop()!;
      this.#fill(mailbox, bind, share, nowMs);
      this.#send(bind);
    }
  }

  #fill(mailbox: Mailbox, bind: Bind, count: number, nowMs: number): void {
    for (let left = count; left > 0 && bind.hasRoom; left -= 1) {
      const receipt = mailbox.take();
      if (receipt === undefined) break;
      this.#waiting -= 1;
      bind.deliver(receipt, nowMs);
    }
  }

  /** The fullest is looked for again only when it is not half as full any more: there may be very many. */
  #dropOne(): void {
    if (this.#fullest === undefined || this.#fullest.mailbox.count * 2 < this.#fullestCount) {
      this.#fullestCount = 0;
      for (const esme of this.#esmes) {
        if (esme.mailbox.count <= this.#fullestCount) continue;
        this.#fullest = esme;
        this.#fullestCount = esme.mailbox.count;
      }
    }
    const dropped = this.#fullest?.mailbox.dropOldest();
    if (this.#fullest !== undefined && dropped !== undefined) this.#onSettled(this.#fullest, dropped);
    this.#waiting -= 1;
    this.#dropped += 1;
  }
}
