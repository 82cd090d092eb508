/**
 * Webhooks of one process: posts are added, wait in a queue, and are sent at least once.
 *
 * Needs neither a core nor a server, so a process that only delivers can have it too. Several on one Redis share the queue; what is
 * known of hosts and of addresses that are gone is each process's own.
 */
import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import {
  WEBHOOK_AGE_MS_MAX,
  WEBHOOK_COUNT_MS,
  WEBHOOK_GONE_URLS_MAX,
  WEBHOOK_LOG_ATTEMPTS_MAX,
  WEBHOOK_ORDER_LOOK_MS,
  WEBHOOK_TIMEOUT_MS,
} from '../limits.ts';
import {
  type CallbackStyle,
  type Customer,
  Face,
  type InboundMessage,
  LatencyHistogram,
  type MessageStore,
  type SignedCallback,
  ToldEvent,
} from '../messages/index.ts';
import type { Clock, Rng, Stateful, Timers } from '../router/index.ts';
import { AttemptLog, type AttemptLogState } from './attempt-log.ts';
import { BullmqQueue } from './bullmq-queue.ts';
import { type BreakerState, type HostFigures, HostGates, type HostGateState } from './host-gate.ts';
import { MemoryQueue, type MemoryQueueState } from './memory-queue.ts';
import { idsOfMessage, type PostView, viewsOf } from './message-webhooks.ts';
import { type Attempt, ATTEMPT_RESULTS, type AttemptResult, PostSender } from './post-sender.ts';
import { signatureHeaders } from './signature.ts';
import { askedForMs, fateAfter, fateInStyle } from './webhook-fate.ts';
import type { WebhookGuard } from './webhook-guard.ts';
import {
  type AccountWebhook,
  failoverId,
  failoverPost,
  inboundPost,
  liveUrl,
  receiptPost,
  toldPosts,
  webhookId,
  type WebhookPost,
} from './webhook-post.ts';
import type { DeadLetter, Fate, QueueCounts, Take, WebhookQueue } from './webhook-queue.ts';

/** The webhooks of accounts, as far as sending needs them. */
export interface AccountWebhooks {
  of(account: string): AccountWebhook | undefined;
  /** The account's address answered that it is gone. */
  gone(account: string, url: string): Promise<void>;
}

/** The APIs of providers: how they tell of messages, and how accounts use them. */
export interface ProviderApis {
  /** By `Face`. */
  readonly styles: readonly (CallbackStyle | undefined)[];
  /** By what an account uses them, as far as that is known here. */
  apiOf(account: string): { readonly id: string; readonly secret: string } | undefined;
  /** `Face` of the API in whose style an account is told of messages to its numbers; `Face.Native` for none. */
  faceOf(account: string): number;
}

export interface WebhookOptions {
  readonly guard: WebhookGuard;
  readonly accounts: AccountWebhooks;
  /** Without it messages are told of in our own style only. */
  readonly apis?: ProviderApis;
  /** Keeps posts in this process if undefined. */
  readonly connection: RedisConnection | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The time that sockets live in, whatever `clock` says. */
  readonly machineClock: Clock;
  readonly machineTimers: Timers;
  /** For jitter. */
  readonly chance: Rng;
  readonly log: { warn(fields: object, message: string): void };
  /** How long one attempt may take, in milliseconds of the machine. */
  readonly timeoutMs?: number;
  /** Has another sender in the place of ours, which may send by ours. */
  readonly traced?: (send: SendPosting) => SendPosting;
}

/** An attempt at a post, as it goes out. */
export interface Posting {
  readonly post: WebhookPost;
  /** From 1 on. */
  readonly attempt: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number | undefined;
}

type SendPosting = (posting: Posting) => Promise<Attempt>;

/** How sending goes, of this process since it started; `counts` are of the whole queue, a moment ago. */
export interface WebhookFigures {
  readonly posts: Readonly<Record<'delivered' | 'dead' | 'dropped', number>>;
  readonly attempts: Readonly<Record<AttemptResult, number>>;
  readonly hosts: Readonly<Record<BreakerState, number>>;
  readonly counts: QueueCounts;
  readonly duration: LatencyHistogram;
}

/** A receipt of a message. */
export interface Receipt {
  /** Ring place of the message. */
  readonly at: number;
  /** 0 for the receipt, from 1 on for the same one come again. */
  readonly copy: number;
  /** Whether somebody may have told of it already. */
  readonly isRepeat: boolean;
}

export interface DeadLetterChoice {
  readonly ids?: readonly string[];
  /** As in the address, with the port if one stands there. */
  readonly host?: string;
}

interface WebhooksState {
  readonly queue: MemoryQueueState;
  readonly hosts: ReadonlyMap<string, HostGateState>;
  readonly goneUrls: ReadonlySet<string>;
  readonly posts: Readonly<Record<'delivered' | 'dead', number>>;
  readonly attempts: Readonly<Record<AttemptResult, number>>;
  readonly counts: QueueCounts;
  readonly log: AttemptLogState;
}

/** What is known of the posts about a message. */
export interface MessageWebhooks {
  readonly posts: readonly PostView[];
  /** What may be missing among them and why, in words. */
  readonly missing: string | undefined;
}

const MS = 1e6;
const DURATION_BOUNDS_NS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000].map((ms) => ms * MS);
const LETTERS_AT_ONCE = 1_000;
const USER_AGENT = 'tollgate';
const NO_POSTS: readonly WebhookPost[] = [];
const FORGOTTEN = `What was posted earlier is forgotten: the latest ${WEBHOOK_LOG_ATTEMPTS_MAX} attempts are remembered.`;
const OTHERS_SEND = 'What other processes on the same Redis posted, once it is done, is known to none but them.';

export function openWebhooks(options: WebhookOptions): Webhooks {
  const { connection, clock, timers, log } = options;
  const onOutage = (error: Error): void => log.warn({ why: error.message }, 'the queue of webhooks cannot be served');
  const queue =
    connection === undefined ? new MemoryQueue({ clock, timers }) : new BullmqQueue({ connection, onOutage });
  return new Webhooks(queue, options);
}

export class Webhooks {
  readonly #queue: WebhookQueue;
  readonly #options: WebhookOptions;
  readonly #gates: HostGates;
  readonly #sender: PostSender;
  readonly #send: SendPosting;
  readonly #stopCounting: () => void;
  /** In the order in which they were found to be. */
  readonly #goneUrls = new Set<string>();
  readonly #posts = { delivered: 0, dead: 0 };
  readonly #attempts = Object.fromEntries(ATTEMPT_RESULTS.map((result) => [result, 0])) as Record<
    AttemptResult,
    number
  >;
  readonly #duration = new LatencyHistogram(DURATION_BOUNDS_NS);
  readonly #log = new AttemptLog();
  #counts: QueueCounts = { pending: 0, dead: 0 };
  readonly #webhookOf = (account: string): AccountWebhook | undefined => this.#options.accounts.of(account);

  constructor(queue: WebhookQueue, options: WebhookOptions) {
    this.#queue = queue;
    this.#options = options;
    this.#gates = new HostGates(options);
    this.#sender = new PostSender(options.guard, options.timeoutMs ?? WEBHOOK_TIMEOUT_MS);
    const send: SendPosting = ({ post, headers, body, timeoutMs }) =>
      this.#sender.send(post.url, headers, body, {
        ...(post.method && { method: post.method }),
        ...(timeoutMs && { timeoutMs }),
      });
    this.#send = options.traced?.(send) ?? send;
    this.#stopCounting = options.timers.every(WEBHOOK_COUNT_MS, () => this.#count());
  }

  /** Begins to send what waits. A process that does not call it leaves that to others on the same Redis. */
  start(): void {
    this.#queue.work((take) => this.#deliverOrFailOver(take));
  }

  /** Resolves once the posts are where they survive this process; in memory at once. Waits for Redis if it is away. */
  add(posts: readonly WebhookPost[]): Promise<void> {
    return this.#queue.add(posts);
  }

  /** Adds posts of receipts of messages in `store`, to those who asked for them, as `add` does. */
  async addReceipts(store: MessageStore, receipts: readonly Receipt[], nowMs: number): Promise<void> {
    const posts = receipts.flatMap(({ at, copy, isRepeat }) => {
      const told = this.#postsOf(store, at, ToldEvent.Receipt, copy, nowMs);
      return isRepeat ? told.map((post) => ({ ...post, isRepeat })) : told;
    });
    if (posts.length > 0) await this.add(posts);
  }

  /** A carrier took the message at ring place `at`: only APIs of providers tell of it. */
  messageTaken(store: MessageStore, at: number, nowMs: number): void {
    if (store.face[at] === Face.Native) return;
    const posts = this.#postsOf(store, at, ToldEvent.Taken, 0, nowMs);
    if (posts.length > 0) this.add(posts).catch((error: unknown) => this.#lost(error));
  }

  /**
   * Adds a post about a message to a number of `account`, in the style of the API it uses, if it has an address.
   * @param url where it goes, if not to the webhook of the account
   */
  inboundArrived(account: string, message: Omit<InboundMessage, 'customer'>, url?: string): void {
    const face = this.#options.apis?.faceOf(account) ?? Face.Native;
    const style = this.#options.apis?.styles[face];
    const customer = this.#customer(account);
    const post =
      style && inboundPost(style, face, { ...message, customer: url === undefined ? customer : { ...customer, url } });
    if (post !== undefined) this.add([post]).catch((error: unknown) => this.#lost(error));
  }

  #postsOf(store: MessageStore, at: number, event: number, copy: number, nowMs: number): readonly WebhookPost[] {
    const { apis } = this.#options;
    const style = apis?.styles[store.face[at] ?? Face.Native];
    if (style !== undefined) {
      return toldPosts(style, { event, store, at, copy, nowMs, customer: this.#customer(store.accounts[at] ?? '') });
    }
    const post = event === ToldEvent.Receipt ? receiptPost(store, at, copy, nowMs, this.#webhookOf) : undefined;
    return post === undefined ? NO_POSTS : [post];
  }

  #customer(account: string): Customer {
    const api = this.#options.apis?.apiOf(account);
    return { account, apiId: api?.id ?? account, secret: api?.secret, url: liveUrl(account, this.#webhookOf) };
  }

  /** A receipt came for the message at ring place `at` of a store that does not survive either. */
  receiptArrived(store: MessageStore, at: number, copy: number, nowMs: number): void {
    // Most messages have nobody who is told of them, and cost no more here than to see that.
    const posts = this.#postsOf(store, at, ToldEvent.Receipt, copy, nowMs);
    if (posts.length > 0) this.add(posts).catch((error: unknown) => this.#lost(error));
  }

  /** Adds a post about something of which nothing else is told, to an address that the caller knows to be allowed. */
  send(url: string, headers: Readonly<Record<string, string>>, body: string): void {
    const subject = randomUUID();
    const post = { id: webhookId(subject, 0), subject, order: 0, url, headers, body };
    this.add([post]).catch((error: unknown) => this.#lost(error));
  }

  /** Posts that would be lost, or left half done, if this process ended. */
  get pendingCount(): number {
    return this.#queue.unfinishedCount;
  }

  /** Posts being sent, or about to be; those that wait for time to pass are not among them. */
  get underWayCount(): number {
    return this.#queue.underWayCount;
  }

  /** Sends nothing new, and resolves when what is under way has ended. Without Redis the rest is lost on `close`. */
  drain(): Promise<void> {
    return this.#queue.drain();
  }

  async close(): Promise<void> {
    this.#stopCounting();
    this.#gates.close();
    // What is under way still needs its connection.
    await this.#queue.close();
    await this.#sender.close();
  }

  /** What waits in this process, and what it has come to know of its receivers; undefined if posts survive it. */
  get state(): Stateful | undefined {
    const queue = this.#queue;
    if (!(queue instanceof MemoryQueue)) return undefined;
    return {
      capture: (): WebhooksState => ({
        queue: queue.capture(),
        hosts: this.#gates.capture(),
        goneUrls: this.#goneUrls,
        posts: this.#posts,
        attempts: this.#attempts,
        counts: this.#counts,
        log: this.#log.capture(),
      }),
      restore: ({ hosts, goneUrls, posts, attempts, counts, log, ...waiting }: WebhooksState) => {
        this.#log.restore(log);
        this.#gates.restore(hosts);
        this.#goneUrls.clear();
        for (const url of goneUrls) this.#goneUrls.add(url);
        Object.assign(this.#posts, posts);
        Object.assign(this.#attempts, attempts);
        this.#counts = counts;
        queue.restore(waiting.queue);
      },
    };
  }

  figures(): WebhookFigures {
    const posts = { ...this.#posts, dropped: this.#queue.droppedCount };
    const hosts = this.#gates.countsByState();
    return { posts, attempts: this.#attempts, hosts, counts: this.#counts, duration: this.#duration };
  }

  /** What is known of hosts here: those that are not well, then the latest. */
  hosts(count: number): readonly HostFigures[] {
    return this.#gates.figures(count);
  }

  counts(): Promise<QueueCounts> {
    return this.#queue.counts();
  }

  /** The posts about a message, as far as they are known here. Rejects with QueueUnavailable. */
  async ofMessage(message: string): Promise<MessageWebhooks> {
    const standings = await this.#queue.find(idsOfMessage(message));
    const attempts = this.#log.of(message);
    const isOwn = !this.#queue.survives;
    const posts = viewsOf(standings, attempts, { nowMs: this.#options.clock.nowMs(), isOwn });
    const isForgotten = this.#log.hasForgotten && attempts.length === 0;
    return { posts, missing: isOwn ? (isForgotten ? FORGOTTEN : undefined) : OTHERS_SEND };
  }

  deadLetters(from: number, count: number): Promise<readonly DeadLetter[]> {
    return this.#queue.deadLetters(from, count);
  }

  /** Has dead letters sent again: those named, those to a host, or all. How many. */
  async replay({ ids, host }: DeadLetterChoice): Promise<number> {
    const letters: DeadLetter[] = [];
    for (let from = 0; ; from += LETTERS_AT_ONCE) {
      const page = await this.#queue.deadLetters(from, LETTERS_AT_ONCE);
      letters.push(...page);
      if (page.length < LETTERS_AT_ONCE) break;
    }
    const wanted = ids && new Set(ids);
    const chosen = letters.filter(
      ({ post }) => (wanted?.has(post.id) ?? true) && (host === undefined || hostOf(post.url) === host),
    );
    for (const { post } of chosen) this.#goneUrls.delete(post.url);
    // The oldest first, as they were sent.
    return this.#queue.replay(chosen.map(({ post }) => post.id).toReversed());
  }

  /** What has failed at its address and has another goes there as a post of its own. */
  async #deliverOrFailOver(take: Take): Promise<Fate> {
    const fate = await this.#deliver(take);
    if (fate.kind !== 'dead') return fate;
    const post = failoverPost(take.post);
    if (post !== undefined) {
      await this.add([post]);
      return { kind: 'done' };
    }
    this.#posts.dead += 1;
    return fate;
  }

  async #deliver(take: Take): Promise<Fate> {
    const { post } = take;
    if (post.order > 0) {
      const before = webhookId(post.subject, post.order - 1);
      // The one before may have gone on to its other address, as this one could.
      const mayHaveFailedOver =
        post.failoverUrl !== undefined || post.id === failoverId(webhookId(post.subject, post.order));
      for (const id of mayHaveFailedOver ? [before, failoverId(before)] : [before]) {
        const dueMs = await this.#queue.dueIn(id);
        if (dueMs !== undefined) {
          return { kind: 'later', delayMs: Math.max(dueMs, WEBHOOK_ORDER_LOOK_MS), awaits: id };
        }
      }
    }
    if (this.#options.guard.refusal(post.url) !== undefined) return this.#giveUp({ result: 'forbidden' });
    if (this.#isGone(post)) return this.#giveUp({ result: 'gone' });
    const host = hostOf(post.url);
    const waitMs = await this.#gates.enter(host);
    return waitMs > 0 ? this.#putBack(take, host, waitMs) : this.#attempt(take, host);
  }

  /** One receiver that fails can neither keep posts for ever nor keep more than its share. */
  async #putBack({ post, ageMs }: Take, host: string, delayMs: number): Promise<Fate> {
    const waitsMs = this.#styleOf(post)?.waitsMs ?? [];
    const isOver = ageMs >= waitsMs.reduce((sum, ms) => sum + ms, WEBHOOK_AGE_MS_MAX);
    if (isOver || (this.#gates.isHeld(host) && !(await this.#queue.hold(host, post.id, delayMs)))) {
      return this.#giveUp({ result: 'unreachable' });
    }
    return { kind: 'later', delayMs, awaits: host };
  }

  async #attempt(take: Take, host: string): Promise<Fate> {
    const { post, attemptsMade, ageMs } = take;
    const { clock, machineClock, chance } = this.#options;
    const style = this.#styleOf(post);
    const { headers, body } =
      style === undefined ? { headers: this.#ownHeaders(take), body: post.body } : this.#inStyle(take, style);
    const startNs = machineClock.monotonicNs();
    const posting = { post, attempt: attemptsMade + 1, headers, body, timeoutMs: style?.timeoutMs };
    const attempt = await this.#send(posting);
    const tookNs = machineClock.monotonicNs() - startNs;
    const nowMs = clock.nowMs();
    const freePlaces = this.#gates.leave(host, isWell(attempt), tookNs / MS, askedForMs(attempt, nowMs));
    this.#queue.wake(host, freePlaces);
    this.#attempts[attempt.result] += 1;
    this.#duration.observe(tookNs);
    this.#log.add(post, attempt, nowMs);
    // To most APIs an address that says it is gone is one that failed.
    if (attempt.result === 'gone' && style === undefined) await this.#gone(post);
    let fate =
      style === undefined
        ? fateAfter(attempt, { attempts: attemptsMade + 1, ageMs }, nowMs, chance)
        : fateInStyle(attempt, attemptsMade + 1, style);
    if (fate.kind === 'again' && !(await this.#queue.hold(host, post.id, fate.delayMs))) {
      fate = { kind: 'dead', why: fate.why };
    }
    if (fate.kind === 'done') this.#posts.delivered += 1;
    return fate;
  }

  #styleOf({ style }: WebhookPost): CallbackStyle | undefined {
    return style === undefined ? undefined : this.#options.apis?.styles[style];
  }

  #ownHeaders({ post, attemptsMade, isRepeat }: Take): Record<string, string> {
    const { clock, accounts } = this.#options;
    const secret = post.account === undefined ? undefined : accounts.of(post.account)?.secret;
    return {
      'content-type': 'application/json',
      ...post.headers,
      'user-agent': USER_AGENT,
      ...signatureHeaders(post, secret, clock.nowMs()),
      'tollgate-attempt': String(attemptsMade + 1),
      ...(isRepeat && { 'tollgate-repeat': 'true' }),
    };
  }

  #inStyle(
    { post, attemptsMade }: Take,
    style: CallbackStyle,
  ): { readonly headers: Record<string, string>; readonly body: string } {
    const { clock, machineClock, apis } = this.#options;
    const { id, url, method = 'POST', account } = post;
    const secret = account === undefined ? undefined : apis?.apiOf(account)?.secret;
    const written: SignedCallback = {
      id,
      url,
      method,
      body: post.body,
      secret,
      attempt: attemptsMade + 1,
      nowMs: clock.nowMs(),
      machineMs: machineClock.nowMs(),
    };
    const body = style.bodyOf?.(written) ?? post.body;
    const headers = { 'user-agent': USER_AGENT, ...post.headers, ...style.headers({ ...written, body }) };
    return { headers, body };
  }

  #giveUp({ result }: Attempt): Fate {
    return { kind: 'dead', why: { reason: result } };
  }

  /** Of an account's webhook the account knows best: it may have been told to use the address again. */
  #isGone({ url, account }: WebhookPost): boolean {
    const webhook = account === undefined ? undefined : this.#options.accounts.of(account);
    return webhook?.url === url ? webhook.isGone : this.#goneUrls.has(url);
  }

  /** Nothing more is sent to this address from here, nor, if it is an account's webhook, from anywhere. */
  async #gone({ url, account }: WebhookPost): Promise<void> {
    const { accounts, log } = this.#options;
    this.#goneUrls.add(url);
    const [oldest] = this.#goneUrls;
    if (this.#goneUrls.size > WEBHOOK_GONE_URLS_MAX && oldest !== undefined) this.#goneUrls.delete(oldest);
    if (account === undefined || accounts.of(account)?.url !== url) return;
    log.warn({ account, host: hostOf(url) }, 'the webhook of an account is gone, and is sent nothing any more');
    await accounts.gone(account, url).catch((error: unknown) => {
      log.warn({ err: error, account }, 'that the webhook of an account is gone could not be written down');
    });
  }

  #lost(error: unknown): void {
    this.#options.log.warn({ err: error }, 'a webhook was lost');
  }

  #count(): void {
    this.#queue.counts().then(
      (counts) => (this.#counts = counts),
      () => undefined, // The latest count stands.
    );
  }
}

function hostOf(url: string): string {
  return new URL(url).host;
}

/** Whether an attempt says that the host works: a refusal does, too. */
function isWell({ result, status = 0 }: Attempt): boolean {
  return result !== 'timeout' && result !== 'unreachable' && status < 500;
}
