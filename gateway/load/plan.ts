/** A load as data: what is sent where, how fast and for how long. Threads are handed it as it is. */
import type { BlockGroup } from '../../registry-cache/index.ts';

export const PROTOCOLS = ['http', 'batch', 'smpp'] as const;
/** Single messages over HTTP, batches of them as NDJSON, or SMPP 3.4. */
export type Protocol = (typeof PROTOCOLS)[number];

export const ARRIVALS = ['poisson', 'fixed'] as const;
/** Whether messages are due at random, as from many senders who do not know each other, or at even distances. */
export type ArrivalKind = (typeof ARRIVALS)[number];

export const BINDS = ['trx', 'tx+rx'] as const;
/** Transceivers; or transmitters that send, with as many receivers for receipts. */
export type BindKinds = (typeof BINDS)[number];

/** Whose phones messages may go to. */
export const DESTINATIONS = ['att', 'verizon', 'tmobile', 'uscellular', 'other', 'landline'] as const;
export type Destination = (typeof DESTINATIONS)[number] & BlockGroup;

export interface MixPlan {
  /** Part of all messages that is sent from registered numbers. */
  readonly registeredShare: number;
  /** Part of all messages whose text is spam, from registered numbers and others alike. */
  readonly spamShare: number;
  /** Relative to each other. */
  readonly destinations: Readonly<Partial<Record<Destination, number>>>;
  /** Characters of every text; undefined leaves texts as people wrote them. */
  readonly textLength: number | undefined;
  /** Registered numbers that are sent from in turns, and as many that are not registered. */
  readonly numbers: number;
}

export interface LoadPlan {
  readonly protocol: Protocol;
  /** Such as `http://127.0.0.1:8080` or `smpp://127.0.0.1:2775`, perhaps with a path, without a slash at its end. */
  readonly url: string;
  /** Messages a second, whatever becomes of them; undefined keeps every connection as full as it may be. */
  readonly perSecond: number | undefined;
  readonly arrivals: ArrivalKind;
  /** Of all threads together; binds that send in SMPP. */
  readonly connections: number;
  /** Transceivers if left out. */
  readonly binds?: BindKinds;
  /** Requests unanswered at once on a connection. */
  readonly window: number;
  /** Messages in one request. */
  readonly batchMessages: number;
  /** Load before the stretch that counts. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** How long answers and receipts are waited for when all is sent. */
  readonly drainMs: number;
  /** How long one answer is waited for. */
  readonly timeoutMs: number;
  readonly threads: number;
  readonly seed: number;
  readonly mix: MixPlan;
  /** Whose messages they are, over HTTP. */
  readonly account: string | undefined;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
  /** Whether a receipt is asked for with every message, and waited for. */
  readonly receipts: boolean;
  /** Address of this machine that receipts over HTTP are posted to. */
  readonly callbackHost: string;
  readonly systemId: string;
  readonly password: string;
  readonly systemType: string;
  /** Whether any certificate of the target is good enough. */
  readonly isInsecure: boolean;
}

/** The part of a whole number that falls to one thread: they differ by one at most. */
export function shareOf(whole: number, thread: number, threads: number): number {
  return Math.floor((whole * (thread + 1)) / threads) - Math.floor((whole * thread) / threads);
}

const MS_PER_SECOND = 1_000;

/** A load in one line, for people. */
export function describePlan(plan: LoadPlan): string {
  const { protocol, url, perSecond, arrivals, connections, window, batchMessages, threads, durationMs } = plan;
  const pace = perSecond === undefined ? 'as fast as it answers' : `${perSecond} messages a second (${arrivals})`;
  const pairs = plan.binds === 'tx+rx' ? 'transmitters and as many receivers' : 'binds';
  const binds = `${connections} ${protocol === 'smpp' ? `${pairs} with a window of ${window}` : 'connections'}`;
  const batches = protocol === 'batch' ? ` in batches of ${batchMessages}` : '';
  const many = threads === 1 ? '' : ` from ${threads} threads`;
  return `${protocol} to ${url}: ${pace}${batches} over ${binds}${many} for ${durationMs / MS_PER_SECOND} s`;
}
