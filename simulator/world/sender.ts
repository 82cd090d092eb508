/** One that sends, good or bad, as the way of a message needs it: where its numbers are, its chance, what it has counted today. */
import { NO_ACCOUNT } from '../../gateway/router/index.ts';
import { Stream } from '../engine/stream.ts';
import type { Dca } from './dcas.ts';

/** Index of a truth in TRUTHS of the core. */
export const LEGIT = 1;
export const SPAM = 2;

export interface SenderOptions {
  readonly seed: number;
  /** Unique among senders and the same under all policies. */
  readonly name: string;
  readonly place: number;
  readonly truth: number;
  readonly recipients: Float64Array;
  readonly lines: Int32Array;
  readonly dca: Dca;
}

export class Sender {
  /** Place in the world's list. */
  readonly place: number;
  /** LEGIT or SPAM: what its messages are. For the counters and for what recipients do; no rule reads it. */
  readonly truth: number;
  /** What a message is: recipient, length, how it reads, whether somebody complains. */
  readonly messages: Stream;
  /** When it sends. */
  readonly arrivals: Stream;
  /** What becomes of complaints about it. */
  readonly complaints: Stream;
  /** What it is and what it means to do: drawn as often under all policies. */
  readonly plans: Stream;
  /** What becomes of what it does. */
  readonly fortunes: Stream;
  /** Numbers it sends to. */
  readonly recipients: Float64Array;
  /** Who pays in advance; NO_ACCOUNT for those who pay afterwards. */
  account = NO_ACCOUNT;
  /** Its places in `Lines`, of which those in use come first. */
  readonly lines: Int32Array;
  linesInUse = 0;
  #turn = 0;

  perDay = 0;
  /** Messages at a time. */
  group = 1;
  /** Wakes of before it changed its plan are void. */
  wake = 0;

  /** Registration or provisioning is under way: what is stopped now is lost for want of it. */
  isWaiting = false;
  /** Carriers know nothing of its identity and want to. */
  isRefused = false;
  /** Pays nothing by the message on the P2P route. */
  isFlatRate = false;

  sentToday = 0;
  landedToday = 0;
  complaintsPending = 0;
  /** Complaints about numbers thrown away, since the last trace. */
  complaintsPast = 0;
  /** Who hands its messages to carriers. */
  dca: Dca;
  /** Which identity this is of those it has had. */
  identity = 0;

  constructor(options: SenderOptions) {
    this.dca = options.dca;
    this.place = options.place;
    this.truth = options.truth;
    this.recipients = options.recipients;
    this.lines = options.lines;
    const stream = (purpose: string): Stream => new Stream(options.seed, `${options.name}/${purpose}`);
    this.messages = stream('messages');
    this.arrivals = stream('arrivals');
    this.complaints = stream('complaints');
    this.plans = stream('plans');
    this.fortunes = stream('fortunes');
  }

  /** The next of its numbers in turn, as a line. There has to be one in use. */
  nextLine(): number {
    this.#turn = this.#turn + 1 < this.linesInUse ? this.#turn + 1 : 0;
    return this.lines[this.#turn]!;
  }
}
