/** What was posted about one message: where to, how it stands, and each attempt. */
import type { JSX } from 'preact';
import { useAsked, Wrong } from './action.tsx';
import { ask } from './api.ts';
import { timeOf } from './explain.ts';
import { nameOf } from './figures.ts';

const PERIOD_MS = 2_000;
/** The colours of the ends of messages. */
const COLOURS: Readonly<Record<string, string>> = { done: 'delivered', dead: 'blocked' };

interface Answer {
  readonly webhooks: readonly {
    readonly id: string;
    readonly event: string;
    readonly copy: number;
    readonly url: string;
    readonly state: string;
    readonly dueAt: string | null;
    readonly attempts: number;
    readonly tried: readonly { readonly at: string; readonly result: string; readonly status: number | null }[];
  }[];
  readonly missing: string | null;
}

export function MessageWebhooks({ id }: { id: string }): JSX.Element {
  const { answer, wrong } = useAsked(
    () => ask<Answer>('GET', `v1/messages/${encodeURIComponent(id)}/webhooks`),
    PERIOD_MS,
    [id],
  );
  if (wrong !== '') return <Wrong>{wrong}</Wrong>;
  if (answer === undefined) return <p class="empty">Looking…</p>;
  return (
    <>
      {answer.webhooks.length === 0 && (
        <p>
          {answer.missing === null
            ? 'None so far: posts are made when there is something to tell, if the message or its account names an address.'
            : 'None that is known.'}
        </p>
      )}
      <ul class="rows">
        {answer.webhooks.map((post) => (
          <li key={post.id} class="webhook">
            <span>
              <b>{post.copy === 0 ? nameOf(post.event) : 'the same receipt again'}</b> to <code>{post.url}</code>
            </span>
            <span class="badge" data-end={COLOURS[post.state]}>
              {nameOf(post.state)}
            </span>
            <ol class="tries">
              {post.attempts > post.tried.length && (
                <li>{post.attempts - post.tried.length} attempts of which nothing is known here</li>
              )}
              {post.tried.map(({ at, result, status }) => (
                <li key={at}>
                  {timeOf(at)} {status === null ? nameOf(result) : `answered ${status}`}
                </li>
              ))}
              {post.dueAt !== null && <li>next at {timeOf(post.dueAt)}</li>}
            </ol>
          </li>
        ))}
      </ul>
      {answer.missing !== null && <p class="note">{answer.missing}</p>}
    </>
  );
}
