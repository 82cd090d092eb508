/**
 * Figures into words and curves. Every event holds all totals since the start, so what happened lately is the difference between two
 * events kept here. Touches no page.
 */
import type { FlowRow } from '../flow.ts';
import type { LiveEvent } from '../live-event.ts';

export type Summary = LiveEvent['summary'];
export type Message = LiveEvent['passing'][number];

/** What is kept of one event, to be compared with later ones. `registered` and `unregistered` count spam delivered. */
export interface Sample {
  readonly atMs: number;
  readonly decided: number;
  readonly delivered: number;
  readonly filtered: number;
  readonly blocked: number;
  readonly registered: number;
  readonly unregistered: number;
  readonly flow: readonly FlowRow[];
}
export type Curve = 'delivered' | 'filtered' | 'blocked' | 'registered' | 'unregistered';

export const CHART_MS = 120_000;
const SMOOTHED_MS = 2_000;
const RECENT_MS = 10_000;
const SAMPLES_MAX = 300;
const MICROS_PER_DOLLAR = 1e6;

const NAMES: Readonly<Record<string, string>> = {
  att: 'AT&T',
  tmobile: 'T-Mobile',
  verizon: 'Verizon',
  uscellular: 'US Cellular',
  other: 'Other carriers',
  none: 'no carrier',
  dca: 'direct connect aggregator',
};

/** A carrier as people write it, or any code with spaces for underscores. */
export const nameOf = (code: string): string => NAMES[code] ?? code.replaceAll('_', ' ');

const wholeNumber = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const rateNumber = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const smallMoney = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', minimumFractionDigits: 4 });
const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

export const count = (value: number): string => wholeNumber.format(value);
export const rate = (value: number): string => (value < 100 ? rateNumber : wholeNumber).format(value);

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** A message costs tenths of a cent, so small sums keep four decimals. */
export function dollars(micros: number): string {
  const value = micros / MICROS_PER_DOLLAR;
  return value > 0 && value < 10 ? smallMoney.format(value) : money.format(value);
}

function counted(value: number, one: string): string {
  return `${value === 0 ? 'no' : count(value)} ${one}${value > 1 ? 's' : ''}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What happened since the start, in words that hold under every regime. */
export function headline(
  summary: Pick<Summary, 'decided' | 'spamDeliveredUnregistered' | 'spamSurchargeMicros' | 'blocked'>,
): string {
  if (summary.decided === 0) return 'Waiting for traffic: no message has been sent yet.';
  const passed = summary.spamDeliveredUnregistered;
  const blocked = `${capital(counted(summary.blocked, 'unregistered message'))} ${summary.blocked > 1 ? 'were' : 'was'} blocked.`;
  if (passed === 0) return `No spam from unregistered numbers has reached a handset so far. ${blocked}`;
  return (
    `The registry did not stop it: ${counted(passed, 'spam message')} from unregistered numbers reached handsets, ` +
    `and carriers earned ${dollars(summary.spamSurchargeMicros)} in surcharges on unregistered spam. ${blocked}`
  );
}

/** What happened in the last seconds, which shows a switched regime at once. */
export function recently(samples: readonly Sample[]): string {
  const last = samples.at(-1);
  const first = samples.find((sample) => last !== undefined && sample.atMs >= last.atMs - RECENT_MS);
  if (first === undefined || last === undefined || first.atMs === last.atMs) return '';
  const unregistered = last.unregistered - first.unregistered;
  const landed = last.registered - first.registered + unregistered;
  const spam =
    landed === 0
      ? 'no spam reached a handset'
      : `${counted(landed, 'spam message')} reached handsets, ${unregistered === 0 ? 'none' : count(unregistered)} from unregistered numbers`;
  const seconds = Math.max(1, Math.round((last.atMs - first.atMs) / 1_000));
  return `In the last ${seconds} s: ${spam}; ${counted(last.blocked - first.blocked, 'unregistered message')} blocked.`;
}

export function sampleOf({ summary, flow }: Pick<LiveEvent, 'summary' | 'flow'>): Sample {
  return {
    atMs: summary.atMs,
    decided: summary.decided,
    delivered: summary.delivered,
    filtered: summary.filtered,
    blocked: summary.blocked,
    registered: summary.spamDeliveredRegistered,
    unregistered: summary.spamDeliveredUnregistered,
    flow,
  };
}

/** The samples with one more, those too old for the chart left out; a fresh start if counting began anew or time went back. */
export function remember(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && (next.decided < last.decided || next.atMs < last.atMs)) return [next];
  const oldestMs = next.atMs - CHART_MS - SMOOTHED_MS;
  return [...samples.filter(({ atMs }) => atMs >= oldestMs), next].slice(-SAMPLES_MAX);
}

/** Per second over the two seconds before the sample at `index`; undefined where nothing can be compared. */
export function perSecond(samples: readonly Sample[], index: number, curve: Curve | 'decided'): number | undefined {
  const last = samples[index];
  if (last === undefined) return undefined;
  let from = index;
  while (from > 0 && last.atMs - (samples[from]?.atMs ?? 0) < SMOOTHED_MS) from -= 1;
  const first = samples[from];
  if (first === undefined || first.atMs === last.atMs) return undefined;
  return ((last[curve] - first[curve]) * 1_000) / (last.atMs - first.atMs);
}

/** What came between the sample some time ago and the last one; everything since the start when `windowMs` is undefined. */
export function flowSince(samples: readonly Sample[], windowMs: number | undefined): readonly FlowRow[] {
  const last = samples.at(-1);
  if (last === undefined) return [];
  if (windowMs === undefined) return last.flow;
  const first = samples.find(({ atMs }) => atMs >= last.atMs - windowMs) ?? last;
  return last.flow.map((row, place) => {
    const before = first.flow[place] ?? row;
    return {
      ...row,
      delivered: row.delivered - before.delivered,
      filtered: row.filtered - before.filtered,
      undelivered: row.undelivered - before.undelivered,
      blocked: row.blocked - before.blocked,
      refused: row.refused - before.refused,
      accepted: row.accepted - before.accepted,
      carrierFeeMicros: row.carrierFeeMicros - before.carrierFeeMicros,
      surchargeMicros: row.surchargeMicros - before.surchargeMicros,
      aggregatorMicros: row.aggregatorMicros - before.aggregatorMicros,
    };
  });
}
