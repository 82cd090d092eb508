/** One number in the registry: what it is, putting it on a campaign, taking it off, and trying to find out who is behind it. */
import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { ActionButton, Field, Guarded, typedIn, useAction, useAsked, Wrong } from './action.tsx';
import { ask } from './api.ts';
import { type Message, nameOf } from './figures.ts';
import { isHeld, latest, passing } from './live.ts';
import { MessageTable } from './message-table.tsx';
import { asE164 } from './search.ts';

const LOOKUP_PERIOD_MS = 2_000;
const CAMPAIGNS_PERIOD_MS = 30_000;
const LATEST_MAX = 8;

interface Lookup {
  readonly number: string;
  readonly assigned: boolean;
  readonly carrier: string | null;
  readonly lineType: string;
  readonly ported: boolean;
  readonly registration: {
    readonly state: string;
    readonly campaign: string | null;
    readonly activeAt: string | null;
    readonly carriers: readonly { readonly carrier: string; readonly active: boolean }[];
  };
}

interface Trace {
  readonly number: string;
  readonly outcome: string;
  readonly chain: readonly {
    readonly link: string;
    readonly state: string;
    readonly reasons?: readonly string[];
    readonly detail?: string;
    readonly found?: Readonly<Record<string, string>>;
  }[];
}

const LINKS: Readonly<Record<string, string>> = {
  message: 'Message',
  number_to_campaign: 'Number to campaign',
  campaign_to_brand: 'Campaign to brand',
  brand_to_csp: 'Brand to service provider',
};

export function RegistryView({ number }: { number: string | undefined }): JSX.Element {
  return (
    <>
      <section class="card" aria-labelledby="registry-heading">
        <header>
          <h2 id="registry-heading">Look a number up</h2>
        </header>
        <form
          class="fields"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            location.hash = `registry/${asE164(typedIn(event.currentTarget, 'number'))}`;
          }}
        >
          <label>
            Number
            <Field
              name="number"
              type="search"
              placeholder="+12125550123"
              value={number ?? ''}
              autocomplete="off"
              required
            />
          </label>
          <button type="submit">Look up</button>
        </form>
        <Lately />
        <p class="note">
          The registry answers one question: does this number belong to a campaign that is active at this carrier? It
          has a present and no past, and holds no brand.
        </p>
      </section>
      {number !== undefined && <NumberCards key={number} number={number} />}
    </>
  );
}

/** Numbers to begin with: those of the messages that passed lately. */
function Lately(): JSX.Element | null {
  const kinds = new Map(passing.value.map(({ from, registration }) => [from, registration]));
  if (kinds.size === 0 || latest.value?.withheld === true) return null;
  return (
    <ul class="lately" aria-label="Numbers that sent lately" data-held>
      <li aria-hidden="true">Sent lately:</li>
      {Array.from(kinds, ([number, registration]) => (
        <li key={number}>
          <a href={`#registry/${number}`}>{number}</a>{' '}
          <span class="badge" data-class={registration}>
            {nameOf(registration)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function NumberCards({ number }: { number: string }): JSX.Element {
  const path = encodeURIComponent(number);
  const lookup = useAsked(() => ask<Lookup>('GET', `v1/lookup/${path}`), LOOKUP_PERIOD_MS, [number]);
  const sent = useAsked(
    () => ask<{ messages: readonly Message[] }>('GET', `console/messages?number=${path}&limit=${LATEST_MAX}`),
    LOOKUP_PERIOD_MS,
    [number],
    isHeld,
  );
  const known = lookup.answer;
  if (known === undefined) {
    return (
      <section class="card">
        {lookup.wrong === '' ? <p class="empty">Looking…</p> : <Wrong>{lookup.wrong}</Wrong>}
      </section>
    );
  }
  return (
    <>
      <div class="pair">
        <Registration known={known} again={lookup.again} />
        <TraceCard number={number} />
      </div>
      <section class="card" aria-labelledby="sent-heading">
        <header>
          <h2 id="sent-heading">Its latest messages</h2>
        </header>
        <MessageTable messages={sent.answer?.messages ?? []} empty="None of the messages held is from or to it." />
      </section>
    </>
  );
}

function Registration({ known, again }: { known: Lookup; again: () => void }): JSX.Element {
  const { wrong, run, isBusy } = useAction();
  const campaigns = useAsked(
    () => ask<{ campaigns: readonly { readonly campaign: string }[] }>('GET', 'v1/campaigns'),
    CAMPAIGNS_PERIOD_MS,
  );
  const { registration } = known;
  const path = `v1/numbers/${encodeURIComponent(known.number)}`;
  const change = (method: string, body?: unknown): void => run(() => ask(method, path, body).finally(again));
  const carrier = known.carrier === null ? 'no carrier' : nameOf(known.carrier);
  return (
    <section class="card" aria-labelledby="number-heading">
      <header>
        <h2 id="number-heading">{known.number}</h2>
        <span
          class="badge"
          data-class={registration.state === 'registered' ? 'registered' : 'unregistered'}
          role="status"
        >
          {nameOf(registration.state)}
        </span>
      </header>
      <p>
        {known.assigned
          ? `A ${known.lineType === 'unknown' ? '' : `${known.lineType} `}number of ${carrier}`
          : 'In a block that nobody holds'}
        {known.ported && ', ported'}.{' '}
        {registration.campaign === null ? 'On no campaign.' : `On campaign ${registration.campaign}.`}
      </p>
      {registration.carriers.length > 0 && (
        <ul class="chips" aria-label="Where the campaign is active">
          {registration.carriers.map(({ carrier: id, active }) => (
            <li key={id} data-active={active}>
              {active ? '✓' : '✗'} {nameOf(id)}
            </li>
          ))}
        </ul>
      )}
      <Guarded>
        {registration.state === 'not_in_registry' ? (
          <form
            class="fields"
            onSubmit={(event) => {
              event.preventDefault();
              change('PUT', { campaign: typedIn(event.currentTarget, 'campaign') });
            }}
          >
            <label>
              Campaign
              <select name="campaign">
                {(campaigns.answer?.campaigns ?? []).map(({ campaign }) => (
                  <option key={campaign}>{campaign}</option>
                ))}
              </select>
            </label>
            <ActionButton type="submit" isBusy={isBusy}>
              Register
            </ActionButton>
          </form>
        ) : (
          <ActionButton type="button" class="danger" isBusy={isBusy} onClick={() => change('DELETE')}>
            Unregister {known.number}
          </ActionButton>
        )}
      </Guarded>
      {wrong !== '' && <Wrong>{wrong}</Wrong>}
    </section>
  );
}

function TraceCard({ number }: { number: string }): JSX.Element {
  const { wrong, run, isBusy } = useAction();
  const [trace, setTrace] = useState<Trace>();
  return (
    <section class="card" aria-labelledby="trace-heading">
      <header>
        <h2 id="trace-heading">Who is behind it?</h2>
        {trace !== undefined && (
          <span class="badge" data-end={trace.outcome === 'traced' ? 'delivered' : 'blocked'} role="status">
            {trace.outcome}
          </span>
        )}
      </header>
      <Guarded>
        <ActionButton
          type="button"
          isBusy={isBusy}
          onClick={() =>
            run(async () => setTrace(await ask<Trace>('GET', `v1/trace?number=${encodeURIComponent(number)}`)))
          }
        >
          Trace it
        </ActionButton>
      </Guarded>
      {wrong !== '' && <Wrong>{wrong}</Wrong>}
      {trace !== undefined && (
        <ol class="steps">
          {trace.chain.map(({ link, state, reasons = [], detail, found = {} }) => (
            <li key={link} data-verdict={state === 'found' ? 'passed' : state === 'broken' ? 'stopped' : 'waiting'}>
              <b>{LINKS[link] ?? link}</b>{' '}
              {[
                state === 'found' ? '' : nameOf(state),
                Object.entries(found)
                  .map(([key, value]) => `${key} ${value}`)
                  .join(', '),
                reasons.map(nameOf).join(', '),
                detail ?? '',
              ]
                .filter((text) => text !== '')
                .join(': ')}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
