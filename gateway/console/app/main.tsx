/** The console: a head with what is always there, and one of five views, named by the address behind `#`. */
import { computed, signal } from '@preact/signals';
import { render } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { ActionButton, typedIn, useAction, Wrong } from './action.tsx';
import { isSigningIn, learnWhetherAdmin, mayChange, signIn, signOut } from './api.ts';
import { ControlsView } from './controls-view.tsx';
import { headline, recently } from './figures.ts';
import { isPaused, latest, listen, pause, samples, state } from './live.ts';
import { LiveView } from './live-view.tsx';
import { MessagesView } from './messages-view.tsx';
import { RegistryView } from './registry-view.tsx';
import { SandboxesView } from './sandboxes-view.tsx';
import './style.css';

const SPOKEN_EVERY_MS = 15_000;

const VIEWS = [
  ['live', 'Live'],
  ['messages', 'Messages'],
  ['registry', 'Registry'],
  ['controls', 'Controls'],
  ['sandboxes', 'Sandboxes'],
] as const;
type View = (typeof VIEWS)[number][0];

const STATES = {
  connecting: 'Connecting…',
  lost: 'Connection lost, retrying',
  paused: 'Paused',
  waiting: 'Waiting for traffic',
  live: 'Live',
} as const;

/** Whether nothing was heard yet. */
const isSilent = computed(() => latest.value === undefined);

const address = signal(location.hash);
const view = computed((): { readonly name: View; readonly rest: string | undefined } => {
  const [name = '', ...rest] = address.value.replace(/^#/, '').split('/');
  const known = VIEWS.find(([one]) => one === name)?.[0] ?? 'live';
  const text = rest.join('/');
  return { name: known, rest: text === '' ? undefined : decoded(text) };
});

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function Console(): JSX.Element {
  const { name, rest } = view.value;
  const wasShown = useRef(false);
  // Who had the focus on what has just left the page goes on at the head of what it shows now.
  useLayoutEffect(() => {
    // The page has been scrolled to its top, and stays there.
    if (wasShown.current && document.activeElement === document.body) focusMain({ preventScroll: true });
    wasShown.current = true;
  }, [address.value, isSigningIn.value]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event)}>
        Skip to content
      </a>
      <header class="top">
        <h1>
          <a href="#live">Tollgate</a>
        </h1>
        <p class="state" data-state={state.value} role="status">
          {STATES[state.value]}
        </p>
        <nav aria-label="Views">
          {VIEWS.map(([id, title]) => (
            <a key={id} href={`#${id}`} aria-current={id === name ? 'page' : undefined}>
              {title}
            </a>
          ))}
          <a href="docs">API</a>
          <a href="metrics">Metrics</a>
        </nav>
        <div class="buttons">
          <button type="button" aria-pressed={isPaused.value} disabled={isSilent.value} onClick={pause}>
            {isPaused.value ? 'Resume' : 'Pause'}
          </button>
          <Session />
        </div>
      </header>
      {isSigningIn.value && <SignIn />}
      {state.value === 'lost' && (
        <p class="offline">
          The gateway cannot be heard. What you see is what it told last; this page goes on by itself once it is back.
        </p>
      )}
      <main id="main" tabIndex={-1}>
        {name === 'live' && <LiveView />}
        {name === 'messages' && <MessagesView id={rest} />}
        {name === 'registry' && <RegistryView number={rest} />}
        {name === 'controls' && <ControlsView />}
        {name === 'sandboxes' && <SandboxesView />}
      </main>
      <footer>
        <p>
          A simulation of the US A2P 10DLC path. The registry answers whether a number belongs to a campaign that is
          active at a carrier; the answer sets the price. Whether a message from an unregistered number then passes is
          up to the carrier’s regime: <b>charge-more</b> lets it through for a surcharge, <b>filter</b> refuses a share,{' '}
          <b>block</b> refuses all.
        </p>
      </footer>
      <Spoken />
    </>
  );
}

/** The address behind `#` is taken by the views. */
function skip(event: Event): void {
  event.preventDefault();
  focusMain();
}

function focusMain(options?: FocusOptions): void {
  document.getElementById('main')?.focus(options);
}

function Session(): JSX.Element | null {
  const [wasAsked, setAsked] = useState(false);
  if (mayChange.value === undefined) return null;
  if (mayChange.value) {
    return wasAsked ? (
      <button type="button" onClick={signOut}>
        Sign out
      </button>
    ) : null;
  }
  return (
    <button
      type="button"
      class="primary"
      aria-expanded={isSigningIn.value}
      onClick={() => {
        setAsked(true);
        isSigningIn.value = !isSigningIn.value;
      }}
    >
      Read-only: sign in
    </button>
  );
}

function SignIn(): JSX.Element {
  const { wrong, run, isBusy } = useAction();
  return (
    <form
      class="card fields signin"
      aria-label="Sign in"
      onSubmit={(event) => {
        event.preventDefault();
        const [name, password] = [typedIn(event.currentTarget, 'name'), typedIn(event.currentTarget, 'password')];
        run(async () => {
          await signIn(name, password);
          isSigningIn.value = false;
        });
      }}
    >
      <label>
        Admin name
        <input name="name" autocomplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <ActionButton type="submit" isBusy={isBusy}>
        Sign in
      </ActionButton>
      {wrong !== '' && <Wrong>{wrong}</Wrong>}
    </form>
  );
}

/** The sentence again, seldom enough to be listened to. */
function Spoken(): JSX.Element {
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setInterval(() => {
      const event = latest.peek();
      if (event !== undefined && !isPaused.peek()) setText(`${headline(event.summary)} ${recently(samples.peek())}`);
    }, SPOKEN_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="unseen" aria-live="polite">
      {text}
    </p>
  );
}

addEventListener('hashchange', () => {
  address.value = location.hash;
  scrollTo(0, 0);
});
listen();
learnWhetherAdmin();
const place = document.getElementById('console');
if (place !== null) render(<Console />, place);
