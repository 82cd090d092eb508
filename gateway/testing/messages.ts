/** The messages of a gateway under test: found, waited for, and told apart where the wanted one is not there. */
import { findMessages, type MessageRecord, type MessageStore } from '../messages/index.ts';
import type { Core } from '../router/index.ts';
import { checkFields, type FieldsOf } from './known.ts';
import { type Candidate, differences, explained, type Wanted } from './match.ts';
import type { TestClock } from './clock.ts';
import { waited, type WaitOptions } from './wait.ts';

/** What a message must be; fields left out may be anything. */
export interface MessageMatch {
  readonly id?: Wanted<string> | undefined;
  readonly reference?: Wanted<string> | undefined;
  readonly account?: Wanted<string> | undefined;
  readonly campaign?: Wanted<string> | undefined;
  readonly from?: Wanted<string> | undefined;
  readonly to?: Wanted<string> | undefined;
  readonly text?: Wanted<string> | undefined;
  /** sms or mms. */
  readonly message?: Wanted<string> | undefined;
  /** a2p or p2p. */
  readonly route?: Wanted<string> | undefined;
  readonly carrier?: Wanted<string> | undefined;
  readonly segments?: Wanted<number> | undefined;
  /** accepted, unregistered_blocked, att_tpm_exceeded, ... */
  readonly decision?: Wanted<string> | undefined;
  /** registered or unregistered. */
  readonly registration?: Wanted<string> | undefined;
  /** Why it counts so, such as not_active_at_carrier. */
  readonly reason?: Wanted<string> | undefined;
  /** The limit or rule that bound, such as att_campaign_tpm. */
  readonly limit?: Wanted<string> | undefined;
  /** accepted, sent, delivered, filtered, undelivered, rejected, ... */
  readonly status?: Wanted<string> | undefined;
  /** What the carrier told: ACCEPTD, DELIVRD, UNDELIV, ... */
  readonly receipt?: Wanted<string> | undefined;
  /** What the phone got: delivered, filtered or undelivered. */
  readonly handset?: Wanted<string> | undefined;
  /** What went wrong, such as spam_filter. */
  readonly error?: Wanted<string> | undefined;
}

const MATCH: FieldsOf<MessageMatch> = {
  id: true,
  reference: true,
  account: true,
  campaign: true,
  from: true,
  to: true,
  text: true,
  message: true,
  route: true,
  carrier: true,
  segments: true,
  decision: true,
  registration: true,
  reason: true,
  limit: true,
  status: true,
  receipt: true,
  handset: true,
  error: true,
};

/** A message that should be there and is not, or the other way round. */
export class WrongMessages extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WrongMessages';
  }
}

const PAGE = 1_000;

export class TestMessages {
  readonly #core: Core;
  readonly #store: MessageStore;
  readonly #clock: TestClock;

  constructor(core: Core, store: MessageStore, clock: TestClock) {
    this.#core = core;
    this.#store = store;
    this.#clock = clock;
  }

  /** All that match, oldest first, as `GET /v1/messages` shows them. Throws a TypeError, as all of these do, for a field that messages have not. */
  all(match: MessageMatch = {}): MessageRecord[] {
    checkFields('a message', match, MATCH);
    return this.#every().filter((message) => isMeant(message, match));
  }

  /** The latest that matches, or undefined. */
  find(match: MessageMatch = {}): MessageRecord | undefined {
    return this.all(match).at(-1);
  }

  /**
   * The latest that matches, once there is one: waits for it to be sent, and to come as far as is asked for, such as `{ handset: 'delivered' }`.
   * Time that stands is moved on for it. Rejects with WrongMessages, naming the messages that came closest and what each lacked.
   */
  async waitFor(match: MessageMatch, options: WaitOptions = {}): Promise<MessageRecord> {
    const found = await waited(this.#clock, () => this.find(match), options);
    if (found === undefined) throw new WrongMessages(this.explain(match));
    return found;
  }

  /** Resolves if no message matches, now and for `withinMs`. Rejects with WrongMessages, which shows those that do. */
  async expectNone(match: MessageMatch = {}, { withinMs = 0 }: { readonly withinMs?: number } = {}): Promise<void> {
    const found = await waited(this.#clock, () => this.find(match), { timeoutMs: withinMs });
    if (found === undefined) return;
    const lines = this.all(match).map((message) => `  ${nameOf(message)}`);
    throw new WrongMessages([`${lines.length} messages that should not be there:`, ...lines].join('\n'));
  }

  /** Why no message matches: which came closest, and what each lacked. */
  explain(match: MessageMatch): string {
    return explained('message', this.#every().map(candidateOf), match as Readonly<Record<string, unknown>>);
  }

  #every(): MessageRecord[] {
    const messages: MessageRecord[] = [];
    for (let since = 0; since < this.#store.nextSequence;) {
      const page = findMessages(this.#core, this.#store, { sinceSequence: since, pageSize: PAGE });
      messages.push(...page.messages);
      since = page.nextSequence;
    }
    return messages;
  }
}

function isMeant(message: MessageRecord, match: MessageMatch): boolean {
  return differences(candidateOf(message), match as Readonly<Record<string, unknown>>).length === 0;
}

function candidateOf(message: MessageRecord): Candidate {
  const { receipt, handset, error, limit } = message;
  const fields: Readonly<Record<string, unknown>> = {
    ...message,
    receipt: receipt?.state,
    handset: handset?.outcome,
    error: error?.name,
    limit: limit?.name,
  };
  return { name: nameOf(message), read: (field) => fields[field] };
}

function nameOf({ id, from, to, text, status, decision }: MessageRecord): string {
  return `${id} ${from} → ${to} ${JSON.stringify(text)} (${decision}, ${status})`;
}
