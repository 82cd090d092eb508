import { describe, expect, test } from 'vitest';
import { WEBHOOK_LOG_ATTEMPTS_MAX } from '../limits.ts';
import { AttemptLog, type LoggedAttempt } from './attempt-log.ts';
import { idsOfMessage, viewsOf } from './message-webhooks.ts';
import { failoverPost, partSubject, webhookId, type WebhookPost } from './webhook-post.ts';
import type { Standing } from './webhook-queue.ts';

const NATIVE: WebhookPost = { id: webhookId('M1', 0), subject: 'M1', order: 0, url: 'http://127.0.0.1:9/', body: '' };
const HERE = { nowMs: 1_000, isOwn: true };

function attempt(own: Partial<LoggedAttempt> = {}): LoggedAttempt {
  const { id, subject, order, url } = NATIVE;
  return { id, subject, order, url, style: undefined, result: 'ok', status: 204, atMs: 7, ...own };
}

describe('the log of attempts', () => {
  const told = (subject: string, order = 0): WebhookPost => ({
    ...NATIVE,
    id: webhookId(subject, order),
    subject,
    order,
  });
  const OK = { result: 'ok', status: 204 } as const;

  test('gives back what was tried, of a message and its parts and of no other, the oldest first', () => {
    const log = new AttemptLog();
    expect(log.of('M1')).toEqual([]);
    const other = failoverPost({ ...told('M1', 1), style: 3, failoverUrl: 'http://127.0.0.1:8/' })!;
    log.add(told('M1'), { result: 'timeout' }, 7);
    for (const subject of ['M11', 'XM1', 'M', '']) log.add(told(subject), OK, 8);
    log.add(told(partSubject('M1', 12)), OK, 9);
    log.add(other, { result: 'status', status: 500 }, 10.5);
    const { url } = NATIVE;
    expect(log.of('M1')).toEqual([
      { id: 'evt_M1_0', subject: 'M1', order: 0, url, style: undefined, result: 'timeout', status: undefined, atMs: 7 },
      { id: 'evt_M1.12_0', subject: 'M1.12', order: 0, url, style: undefined, result: 'ok', status: 204, atMs: 9 },
      { id: other.id, subject: 'M1', order: 1, url: other.url, style: 3, result: 'status', status: 500, atMs: 10.5 },
    ]);
    expect(log.of('M11').map(({ atMs }) => atMs)).toEqual([8]);
    const long = 'L'.repeat(40);
    log.add(told(long), OK, 11);
    log.add(told(`${long}1`), OK, 12);
    expect(log.of(long).map(({ subject }) => subject)).toEqual([long]);
  });

  test('holds so many and forgets the oldest, and says that it did; another goes on from what it captured', () => {
    const log = new AttemptLog();
    for (let index = 0; index < WEBHOOK_LOG_ATTEMPTS_MAX; index += 1) log.add(told(`M${index % 7}`), OK, index);
    expect([log.of('M0')[0]?.atMs, log.hasForgotten]).toEqual([0, false]);
    log.add(told('M0'), OK, WEBHOOK_LOG_ATTEMPTS_MAX);
    const times = log.of('M0').map(({ atMs }) => atMs);
    expect([times[0], times.at(-1), log.hasForgotten]).toEqual([7, WEBHOOK_LOG_ATTEMPTS_MAX, true]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const next = new AttemptLog();
    next.add(told('gone'), OK, 1);
    next.restore(structuredClone(log.capture()));
    expect([next.of('gone'), next.of('M0'), next.hasForgotten]).toEqual([[], log.of('M0'), true]);
  });
});

describe('what is known of a message', () => {
  test('covers its parts, what is told before and after the receipt, and other addresses', () => {
    const ids = idsOfMessage('M1');
    const failed = failoverPost({ ...NATIVE, failoverUrl: 'http://127.0.0.1:8/' })!;
    for (const id of [NATIVE.id, webhookId('M1', 2), webhookId(partSubject('M1', 23), 1), failed.id]) {
      expect(ids).toContain(id);
    }
  });

  test('calls events by name: in our own style the receipt is the first, in that of an API the second', () => {
    const [first, second] = [webhookId('M1', 0), webhookId('M1', 1)];
    const named = (style: number | undefined): unknown =>
      viewsOf([], [attempt({ id: first, order: 0, style }), attempt({ id: second, order: 1, style })], HERE).map(
        ({ event, copy }) => `${event} ${copy}`,
      );
    expect(named(undefined)).toEqual(['receipt 0', 'receipt 1']);
    expect(named(3)).toEqual(['taken 0', 'receipt 0']);
  });

  test('what failed over is not dead, and its other post tells of the same event, in the queue or tried', () => {
    const [id, url] = [webhookId('M1', 1), NATIVE.url];
    const other = failoverPost({ ...NATIVE, id, order: 1, style: 3, failoverUrl: 'http://127.0.0.1:8/' })!;
    const failed = attempt({ id, order: 1, style: 3, url, result: 'timeout', status: undefined });
    const taken = attempt({ id: other.id, order: other.order, style: 3, url: other.url });
    const statesOf = (standings: readonly Standing[], attempts: readonly LoggedAttempt[], isOwn: boolean): unknown =>
      viewsOf(standings, attempts, { nowMs: 0, isOwn }).map(({ event, copy, state }) => `${event} ${copy} ${state}`);
    for (const isOwn of [true, false]) {
      expect(statesOf([], [failed, taken], isOwn)).toEqual(['receipt 0 failed_over', 'receipt 0 done']);
      expect(statesOf([{ post: other, state: 'dead', attemptsMade: 3 }], [failed], isOwn)).toEqual([
        'receipt 0 failed_over',
        'receipt 0 dead',
      ]);
    }
  });

  test('has what the queue says before what was tried; what others may have ended is unknown', () => {
    const failed = attempt({ result: 'timeout', status: undefined });
    const waiting = { post: NATIVE, state: 'waiting', attemptsMade: 4, dueInMs: 500 } as const;
    expect(viewsOf([waiting], [failed], HERE)).toEqual([
      {
        id: NATIVE.id,
        url: NATIVE.url,
        event: 'receipt',
        copy: 0,
        state: 'waiting',
        dueMs: 1_500,
        attemptCount: 4,
        attempts: [failed],
      },
    ]);
    const stateOf = (attempts: readonly LoggedAttempt[], isOwn: boolean): unknown =>
      viewsOf([], attempts, { nowMs: 0, isOwn })[0]?.state;
    expect([stateOf([failed, attempt()], false), stateOf([failed], true), stateOf([failed], false)]).toEqual([
      'done',
      'dead',
      'unknown',
    ]);
  });
});
