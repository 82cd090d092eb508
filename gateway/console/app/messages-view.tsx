/** Finding messages, and all that is known of one: its way step by step, who was paid, what was told. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { Field, typedIn, useAsked, Wrong } from './action.tsx';
import { ask } from './api.ts';
import { explain, endOf } from './explain.ts';
import { dollars, type Message, nameOf } from './figures.ts';
import { isHeld, latest } from './live.ts';
import { MessageTable } from './message-table.tsx';
import { MessageWebhooks } from './message-webhooks.tsx';
import { type Filter, FILTER_TITLES, FILTERS, readTyped } from './search.ts';

const FOUND_MAX = '30';
const SEARCH_PERIOD_MS = 2_000;
const MESSAGE_PERIOD_MS = 1_000;

const search = signal<Readonly<Partial<Record<Filter | 'number', string>>>>({});

export function MessagesView({ id }: { id: string | undefined }): JSX.Element {
  return (
    <>
      {id !== undefined && <MessageCard key={id} id={id} />}
      <Search chosen={id} />
    </>
  );
}

function Search({ chosen }: { chosen: string | undefined }): JSX.Element {
  const query = new URLSearchParams({ ...search.value, limit: FOUND_MAX }).toString();
  const { answer, wrong } = useAsked(
    () => ask<{ messages: readonly Message[] }>('GET', `console/messages?${query}`),
    SEARCH_PERIOD_MS,
    [query],
    isHeld,
  );
  return (
    <section class="card" aria-labelledby="search-heading">
      <header>
        <h2 id="search-heading">Messages, newest first</h2>
      </header>
      <form
        class="fields"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          find(typedIn(event.currentTarget, 'number'));
        }}
      >
        <label>
          Number or message id
          <Field
            name="number"
            type="search"
            placeholder="+12125550123"
            value={search.value.number ?? ''}
            autocomplete="off"
          />
        </label>
        {Object.entries(FILTERS).map(([name, values]) => (
          <label key={name}>
            {FILTER_TITLES[name as Filter]}
            <select
              value={search.value[name as Filter] ?? ''}
              onChange={(event) => choose(name as Filter, event.currentTarget.value)}
            >
              <option value="">any</option>
              {values.map((value) => (
                <option key={value} value={value}>
                  {nameOf(value)}
                </option>
              ))}
            </select>
          </label>
        ))}
        <button type="submit">Find</button>
        {Object.keys(search.value).length > 0 && (
          <button type="reset" onClick={() => (search.value = {})}>
            Clear
          </button>
        )}
      </form>
      {wrong !== '' && <Wrong>{wrong}</Wrong>}
      <MessageTable
        messages={answer?.messages ?? []}
        empty={answer === undefined ? 'Looking…' : 'No message that is held matches.'}
        {...(chosen !== undefined && { chosen })}
      />
    </section>
  );
}

function choose(name: Filter, value: string): void {
  const { [name]: _, ...others } = search.value;
  search.value = value === '' ? others : { ...others, [name]: value };
}

function find(text: string): void {
  const typed = readTyped(text);
  if ('id' in typed) {
    location.hash = `messages/${encodeURIComponent(typed.id)}`;
    return;
  }
  const { number: _, ...others } = search.value;
  search.value = typed.number === '' ? others : { ...others, number: typed.number };
}

function MessageCard({ id }: { id: string }): JSX.Element {
  const { answer: message, wrong } = useAsked(
    () => ask<Message>('GET', `v1/messages/${encodeURIComponent(id)}`),
    MESSAGE_PERIOD_MS,
    [id],
  );
  if (message === undefined)
    return <section class="card">{wrong === '' ? <p class="empty">Looking…</p> : <Wrong>{wrong}</Wrong>}</section>;
  const end = endOf(message);
  return (
    <section class="card message" aria-labelledby="message-heading">
      <header>
        <h2 id="message-heading">Message {message.id}</h2>
        <span class="badge" data-end={end}>
          {end}
        </span>
        <a href="#messages">Close</a>
      </header>
      <blockquote>{message.text === '' ? '(no text)' : message.text}</blockquote>
      <p class="note">
        From <a href={`#registry/${message.from}`}>{message.from}</a> to {message.to},{' '}
        {message.acceptedAt.replace('T', ' ')}. In truth{' '}
        <span class="badge" data-truth={message.truth}>
          {message.truth}
        </span>
        , which no rule ever reads.
      </p>
      <div class="halves">
        <div>
          <h3>Why it {end === 'blocked' || end === 'refused' ? 'did not pass' : 'passed'}</h3>
          <ol class="steps">
            {explain(message).map(({ title, text, verdict }) => (
              <li key={title} data-verdict={verdict}>
                <b>{title}</b> {text}
              </li>
            ))}
          </ol>
          <h3>Webhooks</h3>
          <MessageWebhooks id={id} />
        </div>
        <div>
          <h3>Who was paid</h3>
          <Postings message={message} />
          <h3>What else is known</h3>
          <p>
            <a href={`v1/messages/${message.id}`}>The record</a>
            {message.tariff !== null && `; sources of the price: ${message.tariff.sources.join(', ')}`}.
            {message.account !== undefined && ` Account ${message.account}.`}
            {message.reference !== undefined && ` Reference ${message.reference}.`}
          </p>
          <p>
            Regime of {nameOf(message.carrier)} now:{' '}
            {latest.value?.regimes.find(({ carrier }) => carrier === message.carrier)?.regime ?? 'none'}.
          </p>
        </div>
      </div>
    </section>
  );
}

function Postings({ message }: { message: Message }): JSX.Element {
  if (message.price.postings.length === 0) return <p>Nobody: a message that is refused costs nothing.</p>;
  return (
    <table class="figures">
      <thead>
        <tr>
          <th scope="col">Payee</th>
          <th scope="col">For</th>
          <th scope="col">Amount</th>
        </tr>
      </thead>
      <tbody>
        {message.price.postings.map(({ payee, cause, micros }) => (
          <tr key={cause} data-cause={cause}>
            <th scope="row">{nameOf(payee)}</th>
            <td class="word">{nameOf(cause)}</td>
            <td>{dollars(micros)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row" colSpan={2}>
            Paid by {message.price.postings[0]?.payer}
          </th>
          <td>{dollars(message.price.totalMicros)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
