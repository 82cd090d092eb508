/**
 * Where posts wait to be sent, as a port: in this process, or in Redis as jobs of BullMQ.
 *
 * A queue hands out posts and carries out what is decided about them, and decides nothing itself: attempts, backoff and jitter are
 * therefore the same whatever the queue.
 */
import type { WebhookPost } from './webhook-post.ts';

/** A post handed out to be sent. */
export interface Take {
  readonly post: WebhookPost;
  /** Attempts that failed before. */
  readonly attemptsMade: number;
  /** Whether it may have been sent before. */
  readonly isRepeat: boolean;
  /** How long ago it was first due, in the time of the queue. */
  readonly ageMs: number;
}

/** What becomes of a post that was handed out. */
export type Fate =
  | { readonly kind: 'done' }
  /** It was not tried: its turn comes again after `delayMs`, or when what it awaits wakes it. */
  | { readonly kind: 'later'; readonly delayMs: number; readonly awaits?: string }
  /** It was tried in vain, and is tried again after `delayMs`. */
  | { readonly kind: 'again'; readonly delayMs: number; readonly why: Why }
  /** It becomes a dead letter. */
  | { readonly kind: 'dead'; readonly why: Why };

export interface Why {
  /** One word, such as `timeout`. */
  readonly reason: string;
  /** Of the last answer, if there was one. */
  readonly status?: number;
}

/** A post that was given up. */
export interface DeadLetter {
  readonly post: WebhookPost;
  readonly why: Why;
  readonly attempts: number;
  /** When it was given up. */
  readonly atMs: number;
}

/** A post that is pending or dead, as it stands. */
export interface Standing {
  readonly post: WebhookPost;
  readonly state: 'waiting' | 'under_way' | 'dead';
  /** Attempts that failed. */
  readonly attemptsMade: number;
  /** Milliseconds until its turn, of one that waits. */
  readonly dueInMs?: number;
}

export interface QueueCounts {
  /** Waiting, put back or under way, by whomever. */
  readonly pending: number;
  readonly dead: number;
}

/** The queue does not answer now. What was asked of it may have been done. */
export class QueueUnavailable extends Error {
  constructor(cause: unknown) {
    super('the queue of webhooks does not answer', { cause });
    this.name = 'QueueUnavailable';
  }
}

export interface WebhookQueue {
  /** Whether posts are still there when this process is gone. */
  readonly survives: boolean;
  /** Takes posts, and resolves once they are where they stay. One whose id is still pending or dead is not taken twice. */
  add(posts: readonly WebhookPost[]): Promise<void>;
  /** Hands posts out from now on, WEBHOOKS_AT_ONCE at a time. What `handle` rejects with is tried again a little later. */
  work(handle: (take: Take) => Promise<Fate>): void;
  /** Milliseconds until the turn of a post that is pending: 0 if it has come, undefined if it is not pending. */
  dueIn(id: string): Promise<number | undefined>;
  /**
   * Counts a post that is handed out among those that wait for a host that fails, for `forMs` at least. False if it is not among them yet
   * and they are WEBHOOK_HOST_HELD_MAX.
   */
  hold(host: string, id: string, forMs: number): Promise<boolean>;
  /** What posts were put back for has come for so many of them. A queue may leave them to their delays. */
  wake(awaited: string, count: number): void;
  /** Those of these posts that are pending or dead. Rejects with QueueUnavailable, as do those that follow. */
  find(ids: readonly string[]): Promise<readonly Standing[]>;
  counts(): Promise<QueueCounts>;
  /** Dead letters, the latest first. */
  deadLetters(from: number, count: number): Promise<readonly DeadLetter[]>;
  /** Makes dead letters pending again, with all their attempts before them and marked as repeats. How many there were. */
  replay(ids: readonly string[]): Promise<number>;
  /** Posts that would be lost, or left half done, if this process ended. */
  readonly unfinishedCount: number;
  /** Posts whose turn has come, of this process: those that wait for time to pass are not among them. */
  readonly underWayCount: number;
  /** Posts this queue had no room for. */
  readonly droppedCount: number;
  /** Hands out no more, and resolves when what was handed out has come to its fate. */
  drain(): Promise<void>;
  close(): Promise<void>;
}
