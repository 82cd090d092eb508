/** What the gateway tells, as signals: the latest event, those of the last two minutes, and whether it can be heard. */
import { computed, signal } from '@preact/signals';
import { LIVE_PERIOD_MS } from '../../limits.ts';
import type { LiveEvent } from '../live-event.ts';
import { type Message, remember, type Sample, sampleOf } from './figures.ts';

/** Events come twice a second; this long without one means the connection is dead, whatever the browser thinks. */
const SILENCE_MS = 6_000;
const REFUSED_RETRY_MS = 3_000;
const PASSING_MAX = 10;
/** How often messages that pass are exchanged for others: often enough to look alive, seldom enough to be read. */
export const PASSING_EVERY_MS = 2_500;

export const latest = signal<LiveEvent>();
export const samples = signal<readonly Sample[]>([]);
/** Messages that passed lately, newest first. */
export const passing = signal<readonly Message[]>([]);
export const isConnected = signal(false);
export const isPaused = signal(false);
/** Whether somebody points at a list marked `data-held`, or is in it by keyboard; it then stays as it is. */
export const isHeld = (): boolean =>
  document.querySelector('[data-held]:is(:hover, :focus-visible, :has(:focus-visible))') !== null;

export const state = computed(() => {
  if (!isConnected.value) return latest.value === undefined ? 'connecting' : 'lost';
  if (isPaused.value) return 'paused';
  return latest.value?.summary.decided === 0 ? 'waiting' : 'live';
});

/** Heard while paused, shown when that is over. */
let held: LiveEvent | undefined;
let heldSamples: readonly Sample[] = [];
let coming: readonly Message[] = [];
/** Events since the messages that pass were exchanged. */
let eventsSince = 0;

export function pause(): void {
  isPaused.value = !isPaused.value;
  if (!isPaused.value && held !== undefined) show(held);
}

export function listen(): void {
  // Relative, as all addresses here, so that the page also works behind a path of some proxy.
  const source = new EventSource('v1/live');
  let silence: ReturnType<typeof setTimeout>;
  const again = (delayMs: number): void => {
    clearTimeout(silence);
    source.close();
    isConnected.value = false;
    setTimeout(listen, delayMs);
  };
  const heard = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => again(0), SILENCE_MS);
  };
  heard();
  source.addEventListener('message', (message: MessageEvent<string>) => {
    heard();
    receive(JSON.parse(message.data) as LiveEvent);
  });
  source.addEventListener('error', () => {
    // The browser tries again by itself, unless it was refused.
    if (source.readyState === EventSource.CLOSED) again(REFUSED_RETRY_MS);
    else isConnected.value = false;
  });
}

function receive(event: LiveEvent): void {
  if (isAnew(event, held)) heldSamples = [];
  held = event;
  heldSamples = remember(heldSamples, sampleOf(event));
  isConnected.value = true;
  if (!isPaused.value) show(event);
}

/** Whether the gateway counts anew: it was started anew, or has gone back to an earlier state. */
function isAnew(event: LiveEvent, before: LiveEvent | undefined): boolean {
  return event.run !== before?.run || event.summary.decided < before.summary.decided;
}

function show(event: LiveEvent): void {
  const isNew = isAnew(event, latest.value);
  latest.value = event;
  samples.value = heldSamples;
  if (isNew) coming = [];
  coming = [...event.passing.toReversed(), ...coming].slice(0, PASSING_MAX);
  // Events come as time passes for who watches; that of the gateway may stand, or be moved by hours.
  eventsSince += 1;
  const isDue = eventsSince * LIVE_PERIOD_MS >= PASSING_EVERY_MS || passing.value.length < PASSING_MAX;
  if (!isNew && (isHeld() || !isDue)) return;
  eventsSince = 0;
  passing.value = coming;
}
