/**
 * What a comparison says, in sentences. All of it is worked out of the figures: which policy lets the least spam through, whether that is
 * clear, what it costs good senders. A difference that chance may have made is never told as one.
 */
import type { MeasureId } from '../measures.ts';
import type { Comparison, PolicyFindings } from '../results.ts';
import { relativeTo, verdictOf } from './difference.ts';
import { readable, readableDifference, readableInterval, readablePercent } from './readable.ts';

export interface Story {
  readonly headline: string;
  readonly sentences: readonly string[];
  /** The policy worth a look beside the baseline: the one of the headline, or else the one with the least spam. */
  readonly counterpart: PolicyFindings | undefined;
}

/** Share of landed spam on the route past the toll from which on it is worth a sentence. */
const NOTABLE_P2P_SHARE = 0.2;

export function tell({ policies, baseline: id, days, replications }: Comparison): Story {
  const baseline = policies.find(({ policy }) => policy === id);
  if (baseline === undefined || replications === 0 || Number.isNaN(baseline.measures.spamLanded.mean)) {
    return {
      headline: 'No run was finished, so there is nothing to compare yet.',
      sentences: [],
      counterpart: undefined,
    };
  }
  const others = policies.filter((one) => one !== baseline);
  const sentences = [aboutBaseline(baseline, days)];
  if (others.length === 0) return { headline: ofOne(baseline, days), sentences, counterpart: undefined };

  const bySpam = others.toSorted((a, b) => landed(a).mean - landed(b).mean);
  const clearlyLess = bySpam.filter((one) => verdictOf(landed(one)) === 'lower');
  const [best] = clearlyLess;
  const counterpart = best ?? bySpam[0];
  if (counterpart !== undefined) sentences.push(aboutCost(counterpart, baseline), ...aboutRoute(counterpart, baseline));
  sentences.push(...aboutOthers(others, baseline));
  return {
    headline: best === undefined ? ofNone(others, baseline, replications) : ofBest(best, clearlyLess, baseline),
    sentences,
    counterpart,
  };
}

function landed({ versusBaseline }: PolicyFindings): PolicyFindings['versusBaseline']['spamLanded'] {
  return versusBaseline.spamLanded;
}

function ofOne({ title, measures: { spamLanded, spamRevenue } }: PolicyFindings, days: number): string {
  return `Under ${quoted(title)}, ${readable('messages', spamLanded.mean)} spam messages reached phones in ${days} days, and those who carried them earned ${readable('micros', spamRevenue.mean)}.`;
}

function ofBest(best: PolicyFindings, clearlyLess: readonly PolicyFindings[], baseline: PolicyFindings): string {
  const tied = clearlyLess.filter(
    (one) => one === best || ['unclear', 'same'].includes(verdictOf(one.versusLeastSpam)),
  );
  const names = listed(tied.map(({ title }) => quoted(title)));
  const amounts = listed(tied.map((one) => lessSpam(one, baseline)));
  const than = `than under ${quoted(baseline.title)}`;
  if (tied.length > 1) {
    return `Spam that reaches phones falls most under ${names}, which cannot be told apart: ${amounts} less ${than}.`;
  }
  return `Spam that reaches phones falls most under ${names}: ${amounts} less ${than}${between(best, baseline)}.`;
}

function lessSpam(policy: PolicyFindings, baseline: PolicyFindings): string {
  const relative = relativeTo(baseline, 'spamLanded', landed(policy).mean);
  return Number.isNaN(relative) ? readable('messages', -landed(policy).mean) : readablePercent(relative);
}

/** The interval of a difference to a baseline that varies itself may reach beyond all there is. */
function between(policy: PolicyFindings, baseline: PolicyFindings): string {
  const { low, high } = landed(policy);
  const [most, least] = [low, high].map((end) => -relativeTo(baseline, 'spamLanded', end));
  if (most === undefined || least === undefined || Number.isNaN(most)) return '';
  const from = readablePercent(least);
  if (most > 1) return ` (at least ${from})`;
  return from === readablePercent(most) ? '' : ` (between ${from} and ${readablePercent(most)})`;
}

function ofNone(others: readonly PolicyFindings[], { title }: PolicyFindings, replications: number): string {
  const worse = others.filter((one) => verdictOf(landed(one)) === 'higher');
  if (replications < 2)
    return 'One run of each policy cannot tell a difference from chance: compare with more replications.';
  const none =
    others.length === 1
      ? `${quoted(others[0]?.title ?? '')} does not clearly lower`
      : `None of the ${others.length} other policies clearly lowers`;
  const than = `the spam that reaches phones, compared with ${quoted(title)}`;
  if (worse.length === 0) return `${none} ${than}.`;
  const raise =
    others.length === 1
      ? 'it clearly raises it'
      : `${listed(worse.map((one) => quoted(one.title)))} clearly ${worse.length === 1 ? 'raises' : 'raise'} it`;
  return `${none} ${than}; ${raise}.`;
}

function aboutBaseline({ title, measures }: PolicyFindings, days: number): string {
  const of = (id: MeasureId): number => measures[id].mean;
  const spam = `${readable('messages', of('spamLanded'))} of ${readable('messages', of('spamSent'))} spam messages reached phones`;
  const paid = `their senders paid ${readable('micros', of('spamRevenue'))} to carriers, registries, DCAs, aggregators and sellers of numbers and SIM cards`;
  return `Under ${quoted(title)}, the baseline, ${spam} in ${days} days; ${paid}, ${readable('micros', of('surchargeFromSpam'))} of it as surcharges on unregistered traffic.`;
}

function aboutCost(policy: PolicyFindings, baseline: PolicyFindings): string {
  const cost = change(policy, baseline, 'legitCostPerMessage', 'a legitimate message that arrives costs');
  const stopped = change(
    policy,
    baseline,
    'legitFalseBlockShare',
    'the share of legitimate messages that are stopped is',
  );
  return `Under ${quoted(policy.title)}, ${cost}, and ${stopped}.`;
}

/** `costs 1.62 ¢ instead of 1.44 ¢`, or that nobody can say. */
function change(
  policy: PolicyFindings,
  baseline: PolicyFindings,
  id: 'legitCostPerMessage' | 'legitFalseBlockShare',
  what: string,
): string {
  const unit = id === 'legitCostPerMessage' ? 'micros' : 'share';
  const difference = policy.versusBaseline[id];
  const [now, before] = [policy.measures[id].mean, baseline.measures[id].mean].map((mean) =>
    readable(unit, mean, unit === 'share' ? 2 : 3),
  );
  switch (verdictOf(difference)) {
    case 'unmeasured':
      return `${what} not known, since there was nothing to measure`;
    case 'same':
      return `${what} the same`;
    case 'unclear':
      return now === before
        ? `${what} ${now}, as before`
        : `${what} ${now} against ${before}, which chance may have made`;
    case 'lower':
    case 'higher': {
      const relative = relativeTo(baseline, id, difference.mean);
      const more = difference.mean > 0 ? 'more' : 'less';
      const by = unit === 'micros' && !Number.isNaN(relative) ? `, ${readablePercent(relative)} ${more}` : '';
      return now === before ? `${what} ${now}, all but the same` : `${what} ${now} instead of ${before}${by}`;
    }
  }
}

function aboutRoute(policy: PolicyFindings, baseline: PolicyFindings): string[] {
  const [share, before] = [policy, baseline].map(
    ({ measures }) => measures.spamLandedP2p.mean / measures.spamLanded.mean,
  );
  if (share === undefined || before === undefined || !(share >= NOTABLE_P2P_SHARE)) return [];
  const compared = Number.isNaN(before)
    ? ''
    : `; under ${quoted(baseline.title)} it is ${readable('share', before, 2)}`;
  return [
    `Of the spam that still lands, ${readable('share', share, 2)} comes past the toll, on the person-to-person route${compared}.`,
  ];
}

function aboutOthers(others: readonly PolicyFindings[], baseline: PolicyFindings): string[] {
  if (others.length < 2) return [];
  const named = (verdict: 'higher' | 'unclear' | 'same'): PolicyFindings[] =>
    others.filter((one) => verdictOf(landed(one)) === verdict);
  const lower = others.filter((one) => verdictOf(landed(one)) === 'lower').length;
  const count = lower === others.length ? 'All' : `${lower} of the`;
  const said = [
    `${count} ${others.length} other policies clearly ${lower === 1 ? 'lowers' : 'lower'} the spam that lands`,
  ];
  const higher = named('higher');
  if (higher.length > 0) {
    said.push(
      `${listed(higher.map((one) => `${quoted(one.title)} (${differenceInWords(one, baseline, 'spamLanded', 'messages')})`))} clearly ${higher.length === 1 ? 'raises' : 'raise'} it`,
    );
  }
  const alike = [...named('unclear'), ...named('same')];
  if (alike.length > 0)
    said.push(`${listed(alike.map(({ title }) => quoted(title)))} cannot be told apart from ${quoted(baseline.title)}`);
  return [`${said.join('; ')}.`];
}

/** How a difference reads in a table, such as `62 % less`. */
export function differenceInWords(
  policy: PolicyFindings,
  baseline: PolicyFindings,
  id: MeasureId,
  unit: Parameters<typeof readable>[0],
): string {
  const { mean } = policy.versusBaseline[id];
  const relative = relativeTo(baseline, id, mean);
  if (unit === 'share' || Number.isNaN(relative) || relative < -1 || relative > 10)
    return readableDifference(unit, mean);
  return `${readablePercent(relative)} ${mean < 0 ? 'less' : 'more'}`;
}

/** The interval of it in the measure's unit. */
export function differenceInterval(
  policy: PolicyFindings,
  id: MeasureId,
  unit: Parameters<typeof readable>[0],
): string {
  const { low, high } = policy.versusBaseline[id];
  if (unit === 'share') return `${readableInterval('numbers', { low: low * 100, high: high * 100 })} points`;
  return readableInterval(unit, { low, high });
}

export function quoted(title: string): string {
  return `“${title}”`;
}

/** `A`, `A and B`, `A, B and C`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
