/** Gateways for tests behind this one: those that are open, opening one, closing one. */
import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { ActionButton, Field, typedIn, useAction, useAsked, Wrong } from './action.tsx';
import { ask, mayChange } from './api.ts';
import { count } from './figures.ts';

const PERIOD_MS = 2_000;
const DEFAULT_SEED = '7';

interface Sandboxes {
  readonly sandboxes: readonly {
    readonly id: string;
    readonly openedAt: string;
    readonly lastUsedAt: string;
    readonly messages: number;
  }[];
}
interface Opened {
  readonly id: string;
  readonly url: string;
  readonly api: { readonly id: string; readonly secret: string };
}

export function SandboxesView(): JSX.Element {
  if (mayChange.value !== true) {
    return (
      <section class="card">
        <h2>Sandboxes</h2>
        <p class="empty">Sign in to see and open sandboxes.</p>
      </section>
    );
  }
  return <List />;
}

function List(): JSX.Element {
  const { wrong, run, isBusy } = useAction();
  const [opened, setOpened] = useState<Opened>();
  const { answer, wrong: unasked, again } = useAsked(() => ask<Sandboxes>('GET', 'v1/sandboxes'), PERIOD_MS);
  return (
    <section class="card" aria-labelledby="sandboxes-heading">
      <header>
        <h2 id="sandboxes-heading">Sandboxes</h2>
      </header>
      <p class="note">
        A gateway of its own for one test, with magic numbers in force: registries, inbox, limits, faults and clock. It
        shares nothing with this one but the port.
      </p>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const body = { seed: Number(typedIn(form, 'seed')), clock: typedIn(form, 'clock') };
          run(async () => {
            setOpened(await ask<Opened>('POST', 'v1/sandboxes', body));
            again();
          });
        }}
      >
        <label>
          Seed
          <Field name="seed" type="number" min="0" value={DEFAULT_SEED} required />
        </label>
        <label>
          Time
          <select name="clock">
            <option value="real">passes</option>
            <option value="frozen">stands</option>
          </select>
        </label>
        <ActionButton type="submit" isBusy={isBusy}>
          Open a sandbox
        </ActionButton>
      </form>
      {opened !== undefined && (
        <div class="notice" role="status">
          <p>
            <b>{opened.id}</b> is open. Send to <code>{opened.url}</code>, or with these, which are shown this once:
          </p>
          <p>
            account <code>{opened.api.id}</code>, secret <code>{opened.api.secret}</code>
          </p>
        </div>
      )}
      <ul class="rows">
        {(answer?.sandboxes ?? []).map(({ id, openedAt, messages }) => (
          <li key={id}>
            <a href={`sandboxes/${id}/`}>
              <b>{id}</b>
            </a>
            <span>
              since {openedAt.slice(11, 19)} UTC, {count(messages)} messages
            </span>
            <button
              type="button"
              aria-label={`Close ${id}`}
              onClick={() => run(() => ask('DELETE', `v1/sandboxes/${id}`).finally(again))}
            >
              Close
            </button>
          </li>
        ))}
      </ul>
      {answer?.sandboxes.length === 0 && <p class="empty">None is open.</p>}
      {(wrong || unasked) !== '' && <Wrong>{wrong || unasked}</Wrong>}
    </section>
  );
}
