/** All that is known here of the posts about one message: what waits or was given up, from the queue; what was tried, from the log. */
import { TEXT_LENGTH_MAX } from '../limits.ts';
import { ToldEvent } from '../messages/index.ts';
import type { LoggedAttempt } from './attempt-log.ts';
import { failoverId, partSubject, webhookId, type WebhookPost } from './webhook-post.ts';
import type { Standing } from './webhook-queue.ts';

/**
 * `failed_over`: tried in vain, and gone on to its other address as a post of its own. `unknown`: tried here in vain, and not in the queue
 * that others serve too.
 */
export const POST_STATES = ['waiting', 'under_way', 'done', 'failed_over', 'dead', 'unknown'] as const;
export type PostState = (typeof POST_STATES)[number];

export interface PostView {
  readonly id: string;
  readonly event: 'taken' | 'receipt';
  /** 0, or 1 for the same receipt come again. */
  readonly copy: number;
  readonly url: string;
  readonly state: PostState;
  /** When its turn comes, of one that waits. */
  readonly dueMs: number | undefined;
  /** By whomever, as far as known. */
  readonly attemptCount: number;
  /** Of this process, the oldest first. */
  readonly attempts: readonly LoggedAttempt[];
}

/** A receipt, before it that it was taken, after it the same receipt again. */
const ORDERS = [0, 1, 2];
/** A text whose characters take two octets has the most parts. */
const CHARACTERS_PER_PART = 67;
const PARTS_MAX = Math.ceil(TEXT_LENGTH_MAX / CHARACTERS_PER_PART);

/** The ids of all posts there may be about a message. */
export function idsOfMessage(message: string): readonly string[] {
  const subjects = Array.from({ length: PARTS_MAX }, (_, part) => partSubject(message, part));
  const ids = subjects.flatMap((subject) => ORDERS.map((order) => webhookId(subject, order)));
  return ids.flatMap((id) => [id, failoverId(id)]);
}

/**
 * @param isOwn whether nobody else serves the queue: what is not in it then is done or was given up
 */
export function viewsOf(
  standings: readonly Standing[],
  attempts: readonly LoggedAttempt[],
  { nowMs, isOwn }: { readonly nowMs: number; readonly isOwn: boolean },
): readonly PostView[] {
  const views = new Map<string, PostView>();
  for (const { post, state, attemptsMade, dueInMs } of standings) {
    const tried = attempts.filter(({ id }) => id === post.id);
    views.set(post.id, {
      ...eventOf(post),
      state,
      dueMs: dueInMs === undefined ? undefined : nowMs + dueInMs,
      attemptCount: Math.max(attemptsMade, tried.length),
      attempts: tried,
    });
  }
  // Of each post the last attempt says how it ended, so they are gone through from behind. What it failed over to came later still.
  for (const last of attempts.toReversed()) {
    const { id } = last;
    if (views.has(id)) continue;
    const tried = attempts.filter((one) => one.id === id);
    const given = views.has(failoverId(id)) ? 'failed_over' : isOwn ? 'dead' : 'unknown';
    const state = last.result === 'ok' ? 'done' : given;
    views.set(id, { ...eventOf(last), state, dueMs: undefined, attemptCount: tried.length, attempts: tried });
  }
  return [...views.values()].toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
}

function eventOf({
  id,
  order,
  style,
  url,
}: Pick<WebhookPost, 'id' | 'order' | 'url'> & { readonly style?: number | undefined }) {
  const first = style === undefined ? 0 : ToldEvent.Receipt;
  const isReceipt = order >= first;
  return { id, url, event: isReceipt ? 'receipt' : 'taken', copy: isReceipt ? order - first : 0 } as const;
}
