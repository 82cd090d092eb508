/** The first view: what the product shows, in a sentence, a picture, two charts and a table. */
import type { JSX } from 'preact';
import { useAsked } from './action.tsx';
import { ask, mayChange } from './api.ts';
import { Chart, type Line } from './chart.tsx';
import { count, dollars, headline, type Message, nameOf, perSecond, rate, recently } from './figures.ts';
import { FlowPicture } from './flow-picture.tsx';
import { isHeld, latest, passing, PASSING_EVERY_MS, samples } from './live.ts';
import { MessageTable } from './message-table.tsx';
import { RegimeSwitch } from './regimes.tsx';

export const SPAM_LINES: readonly Line[] = [
  { curve: 'unregistered', label: 'From unregistered numbers', colour: '--unregistered' },
  { curve: 'registered', label: 'From registered numbers', colour: '--registered', isDashed: true },
];
export const END_LINES: readonly Line[] = [
  { curve: 'delivered', label: 'Delivered', colour: '--ok' },
  { curve: 'filtered', label: 'Filtered', colour: '--filtered', isDashed: true },
  { curve: 'blocked', label: 'Blocked', colour: '--alert' },
];

const NONE_PASSED = 'No message has passed yet.';

export function LiveView(): JSX.Element {
  return (
    <>
      <Lead />
      <Tiles />
      <RegimeSwitch />
      <FlowPicture />
      <div class="pair">
        <Chart title="Spam on handsets, per second" lines={SPAM_LINES} />
        <Chart title="What becomes of messages, per second" lines={END_LINES} />
      </div>
      <section class="card" aria-labelledby="passing-heading">
        <header>
          <h2 id="passing-heading">Passing through</h2>
          <a href="#messages">Search all messages</a>
        </header>
        {latest.value?.withheld === true && mayChange.value === true ? <Latest /> : <Passing />}
        <p class="note">
          A few of all messages, some seconds after they came; they stay while you point at them or are among them by
          keyboard. Choose one to see what became of it, why, and who was paid.
        </p>
      </section>
      <Carriers />
      <Totals />
    </>
  );
}

function Passing(): JSX.Element {
  const noText = latest.value?.withheld === true ? '(sign in to read it)' : '(no text)';
  return <MessageTable messages={passing.value} empty={NONE_PASSED} noText={noText} />;
}

/** The same for those who may read what the events do not tell. */
function Latest(): JSX.Element {
  const { answer } = useAsked(
    () => ask<{ messages: readonly Message[] }>('GET', 'console/passing'),
    PASSING_EVERY_MS,
    [],
    isHeld,
  );
  return <MessageTable messages={answer?.messages ?? []} empty={NONE_PASSED} />;
}

function Lead(): JSX.Element {
  const event = latest.value;
  return (
    <section class="lead" aria-label="In one sentence">
      <p class="headline">{event === undefined ? 'Waiting for the first figures.' : headline(event.summary)}</p>
      <p class="recent">{event === undefined || event.summary.decided === 0 ? '' : recently(samples.value)}</p>
      <p class="basis">
        {event !== undefined &&
          `Counted since ${new Date(event.sinceMs).toLocaleString('en-US', { dateStyle: 'medium', timeStyle: 'short' })}. ` +
            `Prices and regimes of ${event.tariffDate}, tariff book ${event.book}. A simulation: no message leaves this machine.`}
      </p>
    </section>
  );
}

function Tiles(): JSX.Element {
  const summary = latest.value?.summary;
  const now = perSecond(samples.value, samples.value.length - 1, 'decided');
  const tiles = [
    ['Messages per second', now === undefined ? '–' : rate(now), summary && `${count(summary.decided)} so far`],
    ['Spam on handsets', summary && count(summary.spamDelivered), summary && `of ${count(summary.spamSent)} sent`],
    ['Surcharges on spam', summary && dollars(summary.spamSurchargeMicros), 'kept by carriers'],
    ['Spent on sending spam', summary && dollars(summary.spamChargedMicros), 'by its senders'],
  ] as const;
  return (
    <dl class="tiles">
      {tiles.map(([title, value, detail]) => (
        <div key={title} class="card">
          <dt>{title}</dt>
          <dd>
            <strong>{value ?? '–'}</strong> <span>{detail}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Carriers(): JSX.Element {
  const { summary, regimes = [] } = latest.value ?? {};
  return (
    <section class="card" aria-labelledby="carriers-heading">
      <header>
        <h2 id="carriers-heading">What each carrier let through, and earned</h2>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="Carriers">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Carrier</th>
              <th scope="col">Regime now</th>
              <th scope="col">Accepted</th>
              <th scope="col">Refused</th>
              <th scope="col">Spam landed, registered</th>
              <th scope="col">Spam landed, unregistered</th>
              <th scope="col">Earned from spam</th>
              <th scope="col">of it surcharge</th>
            </tr>
          </thead>
          <tbody>
            {(summary?.carriers ?? []).map((one) => {
              const now = regimes.find(({ carrier }) => carrier === one.carrier);
              return (
                <tr key={one.carrier}>
                  <th scope="row">{nameOf(one.carrier)}</th>
                  <td class="word">
                    <span class="badge" data-regime={now?.regime}>
                      {now?.regime}
                    </span>
                  </td>
                  <td>{count(one.accepted)}</td>
                  <td>{count(one.refused)}</td>
                  <td>{count(one.spamDeliveredRegistered)}</td>
                  <td>{count(one.spamDeliveredUnregistered)}</td>
                  <td>{dollars(one.spamRevenueMicros)}</td>
                  <td>{dollars(one.spamSurchargeMicros)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Totals(): JSX.Element {
  const summary = latest.value?.summary;
  const totals = summary && [
    ['Messages decided', summary.decided],
    ['from registered numbers', summary.registered],
    ['from unregistered numbers', summary.unregistered],
    ['to no carrier, not classed', summary.decided - summary.registered - summary.unregistered],
    ['Accepted', summary.accepted],
    ['Refused, for any reason', summary.refused],
    ['Blocked for being unregistered', summary.blocked],
    ['In flight', summary.inFlight],
    ['Delivered to handsets', summary.delivered],
    ['Filtered after acceptance', summary.filtered],
    ['Undelivered', summary.undelivered],
    ['Sent as P2P, paying no carrier', summary.bypassed],
    ['Numbers in the registry', summary.registryNumbers],
  ];
  return (
    <section class="card" aria-labelledby="totals-heading">
      <header>
        <h2 id="totals-heading">Totals since the start</h2>
      </header>
      <dl class="totals">
        {(totals || []).map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{count(Number(value))}</dd>
          </div>
        ))}
        <div>
          <dt>Charged to all senders</dt>
          <dd>{dollars(summary?.chargedMicros ?? 0)}</dd>
        </div>
      </dl>
    </section>
  );
}
