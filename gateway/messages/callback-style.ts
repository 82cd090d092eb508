/**
 * How an API tells its customers of their messages, as a port: what a callback says, how it is signed, and when it is tried again.
 *
 * A style only writes. Callbacks wait, go out and are tried again where webhooks are sent, in a gateway or in a worker, which has no
 * tables of campaigns and prices: whatever a style tells it reads out of the store.
 */
import type { MessageStore } from './message-store.ts';

/** What is told of: a carrier took the message; there is a receipt of it, or it was refused. Told in this order. */
export const ToldEvent = { Taken: 0, Receipt: 1 } as const;

/** Something to tell of the message at ring place `at` of a store. */
export interface Told {
  /** `ToldEvent`. */
  readonly event: number;
  readonly store: MessageStore;
  readonly at: number;
  /** 0 for the receipt, from 1 on for the same one come again. */
  readonly copy: number;
  readonly nowMs: number;
  /** Whom it is told, as far as that is known here. */
  readonly customer: Customer;
}

/** A message from a handset to one of our numbers. */
export interface InboundMessage {
  readonly id: string;
  /** The handset, E.164. */
  readonly from: string;
  /** Our number, E.164. */
  readonly to: string;
  readonly text: string;
  readonly media: readonly string[];
  readonly segments: number;
  readonly isUcs2: boolean;
  readonly atMs: number;
  readonly customer: Customer;
}

export interface Customer {
  readonly account: string;
  /** By what the account uses the API; the account's own name where it has no credentials. */
  readonly apiId: string;
  /** Of the account's webhook, unless that is gone. */
  readonly url: string | undefined;
  /** Of its credentials, for what is signed in its body; undefined where they are not known here. */
  readonly secret: string | undefined;
}

/** A callback as it is to be posted. */
export interface WrittenCallback {
  readonly url: string;
  /** POST unless it says otherwise; GET has no body. */
  readonly method?: 'GET';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Where it goes, with attempts of its own, once those to `url` have failed; nowhere if there is none. */
  readonly failoverUrl?: string;
}

/** What a signature is made of, anew for each attempt. */
export interface SignedCallback {
  readonly id: string;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body: string;
  /** Of the account's credentials; undefined where they are not known here, and then nothing is signed. */
  readonly secret: string | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  readonly nowMs: number;
  /** Of the machine, for signatures whose age the receiver takes by its own clock: the gateway's may stand anywhere. */
  readonly machineMs: number;
}

/** An attempt that failed, in the words of webhooks: `status`, `redirect`, `gone`, `timeout`, `unreachable`, ... */
export interface FailedAttempt {
  readonly result: string;
  /** Of the answer, if there was one. */
  readonly status?: number;
}

export interface CallbackStyle {
  /** Undefined if this API tells nothing of it, or nobody asked; several if each part of a message is told of. */
  write(told: Told): WrittenCallback | readonly WrittenCallback[] | undefined;
  /** The callback of a message to one of our numbers; undefined if it has nowhere to go. */
  writeInbound(message: InboundMessage): WrittenCallback | undefined;
  /** Body of one attempt, where it says which one it is; the one that was written if there is none. */
  bodyOf?(callback: SignedCallback): string;
  /** Headers of one attempt, its signature among them. */
  headers(callback: SignedCallback): Readonly<Record<string, string>>;
  /** How long one attempt may take. */
  readonly timeoutMs: number;
  /** How long is waited after the first attempt, the second, ...; after the last wait comes one more attempt. */
  readonly waitsMs: readonly number[];
  /** Whether it is tried again after such a failure. */
  triesAgain(failure: FailedAttempt): boolean;
}
