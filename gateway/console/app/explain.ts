/** A message's way in words, step by step, from what the API tells of it. Touches no page. */
import { dollars, type Message, nameOf } from './figures.ts';

export interface Step {
  readonly title: string;
  readonly text: string;
  /** Whether the message passed here, was stopped, or the step is still to come. */
  readonly verdict: 'passed' | 'stopped' | 'waiting';
}

const REASONS: Readonly<Record<string, string>> = {
  registered: 'belongs to a campaign that is active at this carrier: registered',
  not_in_registry: 'is in no registry: unregistered',
  not_active_at_carrier: 'belongs to a campaign that is not active at this carrier: unregistered here',
  campaign_expired: 'belongs to a campaign that has expired: unregistered',
  provisioning_pending: 'has been handed in and is not provisioned yet: unregistered',
};

const STOPPED = ['filtered', 'undelivered'];

export function explain(message: Message): readonly Step[] {
  const isAccepted = message.decision === 'accepted';
  const carrier = nameOf(message.carrier);
  const steps: Step[] = [
    {
      title: 'Carrier',
      text:
        message.carrier === 'none'
          ? `${message.to} belongs to no carrier that takes text messages.`
          : `${message.to} is a number of ${carrier}.`,
      verdict: message.carrier === 'none' ? 'stopped' : 'passed',
    },
  ];
  if (message.registration !== 'not_classed') {
    const campaign = message.campaign === undefined ? '' : ` (${message.campaign})`;
    const reason = REASONS[message.reason] ?? `is ${message.registration}: ${nameOf(message.reason)}`;
    steps.push({ title: 'Registry', text: `${message.from} ${reason}${campaign}.`, verdict: 'passed' });
  }
  const refusal: Step = {
    title: 'Decision',
    text: `Refused: ${nameOf(message.decision)}.${limitOf(message)} Nothing was handed to the carrier.`,
    verdict: 'stopped',
  };
  if (!isAccepted)
    return [
      ...steps,
      message.status === 'queued'
        ? { ...refusal, text: `Waits: ${nameOf(message.decision)}.${limitOf(message)}`, verdict: 'waiting' }
        : refusal,
    ];
  steps.push(
    {
      title: 'Decision',
      text: acceptedText(message, carrier),
      verdict: 'passed',
    },
    {
      title: 'Price',
      text: `${message.segments} segment${message.segments > 1 ? 's' : ''} cost ${dollars(message.price.totalMicros)}${message.tariff === null ? '' : `, by the tariff in force since ${message.tariff.from} (evidence grade ${message.tariff.confidence})`}.`,
      verdict: 'passed',
    },
    message.receipt === null
      ? { title: 'Receipt', text: 'The carrier has not told yet.', verdict: 'waiting' }
      : {
          title: 'Receipt',
          text: `${message.receipt.state}${message.receipt.error === null ? '' : `, ${nameOf(message.receipt.error)}`} at ${timeOf(message.receipt.at)}.`,
          verdict: message.receipt.error === null ? 'passed' : 'stopped',
        },
    message.handset === null || message.handset.outcome === 'pending'
      ? { title: 'Handset', text: 'Nothing is known yet.', verdict: 'waiting' }
      : {
          title: 'Handset',
          text: handsetText(message, carrier),
          verdict: STOPPED.includes(message.handset.outcome) ? 'stopped' : 'passed',
        },
  );
  return steps;
}

function acceptedText({ registration, route, price }: Message, carrier: string): string {
  if (registration !== 'unregistered') return 'Accepted.';
  if (route === 'p2p') {
    return `Accepted although unregistered: it went as if a person had sent it, by P2P, which no regime rules and for which ${carrier} is paid nothing.`;
  }
  const surcharge = price.postings.find(({ cause }) => cause === 'unregistered_surcharge');
  return surcharge === undefined
    ? `Accepted although unregistered: ${carrier} did not refuse it, and had no surcharge for it.`
    : `Accepted although unregistered: ${carrier} does not refuse it, it charges ${dollars(surcharge.micros)} more.`;
}

function handsetText({ handset, error, receipt }: Message, carrier: string): string {
  if (handset?.outcome === 'delivered') return `On the phone at ${timeOf(handset.at)}.`;
  if (handset?.outcome === 'filtered') {
    const lied = receipt?.error === null ? ', after a receipt that said all was well' : '';
    return `Dropped by the spam filter of ${carrier}${lied}.`;
  }
  return `Never reached the phone${error === null ? '' : `: ${error.meaning.toLowerCase()}`}`;
}

function limitOf({ limit, retryAfterMs }: Message): string {
  if (limit === undefined) return '';
  const again = retryAfterMs === undefined ? '' : `, again in ${retryAfterMs} ms`;
  // Rules of carriers count nothing.
  return limit.cap === 0 && limit.used === 0
    ? ` By the rule ${nameOf(limit.name)} of ${nameOf(limit.key)}${again}.`
    : ` By the limit ${nameOf(limit.name)} of ${nameOf(limit.key)}: ${limit.used} of ${limit.cap} used${again}.`;
}

/** The time of day of an ISO moment, in UTC as the API has it. */
export const timeOf = (iso: string): string => iso.slice(11, 19);

/** In one word what became of a message. */
export function endOf({ status, decision, handset }: Message): string {
  if (status === 'rejected') return decision.startsWith('unregistered') ? 'blocked' : 'refused';
  if (handset !== null && handset.outcome !== 'pending') return handset.outcome;
  return status === 'accepted' || status === 'sent' ? 'on its way' : status;
}
