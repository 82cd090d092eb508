/** What the operator can turn: regimes, tariff books, faults, time. The curves stand above, so that each is seen to bite. */
import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { QUOTE_BOOKS_MAX } from '../../limits.ts';
import { ActionButton, Choice, Guarded, typedIn, useAction, useAsked, Wrong } from './action.tsx';
import { ask, mayChange } from './api.ts';
import { Chart } from './chart.tsx';
import { count, dollars, nameOf } from './figures.ts';
import { latest } from './live.ts';
import { END_LINES, SPAM_LINES } from './live-view.tsx';
import { RegimeSwitch, RegimeTable } from './regimes.tsx';

const BOOKS_PERIOD_MS = 10_000;
const FAULTS_PERIOD_MS = 2_000;
const CLOCK_PERIOD_MS = 1_000;
const CARRIERS = ['att', 'verizon', 'tmobile', 'uscellular', 'other'] as const;

export function ControlsView(): JSX.Element {
  return (
    <>
      <div class="pair">
        <Chart title="Spam on handsets, per second" lines={SPAM_LINES} />
        <Chart title="What becomes of messages, per second" lines={END_LINES} />
      </div>
      <RegimeSwitch />
      <div class="pair">
        <RegimeTable />
        <Tariffs />
      </div>
      {mayChange.value === true && (
        <div class="pair">
          <Faults />
          <Time />
        </div>
      )}
    </>
  );
}

interface Books {
  readonly books: readonly { readonly book: string; readonly title: string; readonly inForce: boolean }[];
}
interface Quotes {
  readonly quotes: readonly {
    readonly book: string;
    readonly carrier: string;
    readonly registration: string;
    readonly price: { readonly totalMicros: number };
  }[];
}

function Tariffs(): JSX.Element {
  const { wrong, run } = useAction();
  const [carrier, setCarrier] = useState<string>('att');
  const { answer, wrong: unasked, again } = useAsked(() => ask<Books>('GET', 'v1/tariffs'), BOOKS_PERIOD_MS);
  const names = (answer?.books ?? []).map(({ book }) => book);
  const prices = useAsked(
    async () => {
      const asked: Promise<Quotes>[] = [];
      for (let from = 0; from < names.length; from += QUOTE_BOOKS_MAX) {
        const books = names.slice(from, from + QUOTE_BOOKS_MAX);
        for (const registered of [true, false]) asked.push(ask('POST', 'v1/rate', { carrier, registered, books }));
      }
      return (await Promise.all(asked)).flatMap(({ quotes }) => quotes);
    },
    BOOKS_PERIOD_MS,
    [carrier, names.join(' ')],
  );
  const price = (registered: boolean, book: string): string => {
    const quote = prices.answer?.find(
      (one) => one.book === book && one.carrier === carrier && (one.registration === 'registered') === registered,
    );
    return quote === undefined ? '–' : dollars(quote.price.totalMicros);
  };
  return (
    <section class="card" aria-labelledby="tariffs-heading">
      <header>
        <h2 id="tariffs-heading">Tariff: what if it cost something else?</h2>
        <label class="inline">
          A segment to{' '}
          <select value={carrier} onChange={(event) => setCarrier(event.currentTarget.value)}>
            {CARRIERS.map((one) => (
              <option key={one} value={one}>
                {nameOf(one)}
              </option>
            ))}
          </select>
        </label>
      </header>
      <Guarded>
        <div class="scroll" tabIndex={0} role="region" aria-label="Tariff books">
          <table class="figures">
            <thead>
              <tr>
                <th scope="col">Book</th>
                <th scope="col">Registered</th>
                <th scope="col">Unregistered</th>
                <th scope="col">In force</th>
              </tr>
            </thead>
            <tbody>
              {(answer?.books ?? []).map(({ book, title }) => (
                <tr key={book}>
                  <th scope="row" title={book}>
                    {title}
                  </th>
                  <td>{price(true, book)}</td>
                  <td>{price(false, book)}</td>
                  <td>
                    {book === latest.value?.book ? (
                      <span class="badge" data-end="delivered">
                        in force
                      </span>
                    ) : (
                      <button
                        type="button"
                        aria-label={`Use ${title}`}
                        onClick={() => run(() => ask('PUT', 'v1/tariffs', { book }).finally(again))}
                      >
                        Use
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Guarded>
      {Array.from(new Set([wrong, unasked, prices.wrong]), (one) => one !== '' && <Wrong key={one}>{one}</Wrong>)}
    </section>
  );
}

type Fault = { readonly id: string; readonly scope?: { readonly carrier?: string } } & Readonly<
  Record<string, unknown>
>;

interface FaultsAnswer {
  readonly faults: readonly {
    readonly fault: Fault;
    readonly inForce: boolean;
    readonly changesAt: string | null;
    readonly applied: number;
  }[];
}

/** Faults that are worth a button; scenarios with more to them go by the API. */
const FAULTS: Readonly<Record<string, { readonly title: string; readonly settings: object }>> = {
  outage: { title: 'The carrier takes nothing', settings: { outage: true } },
  errors: {
    title: 'Half of all messages are refused by the carrier',
    settings: { errors: { code: 'carrier_rejected', rate: 0.5 } },
  },
  throttle: { title: 'The carrier takes 2 messages a second', settings: { throttle: { messagesPerSecond: 2 } } },
  receipts: { title: 'Half of all receipts are lost', settings: { receipts: { lossRate: 0.5 } } },
  late: { title: 'Receipts come 10 seconds late', settings: { receipts: { delayMs: 10_000 } } },
};
const FAULT_MS = 60_000;
/** What a fault has besides the thing that fails. */
const FAULT_FRAME: readonly string[] = ['id', 'scope', 'forMs', 'periodMs'];

/** What fails, in the words of the API, and where. */
function whatFails({ scope, ...fault }: Fault): string {
  const what = Object.keys(fault).filter((key) => !FAULT_FRAME.includes(key));
  return `${what.map(nameOf).join(', ')} at ${scope?.carrier === undefined ? 'every carrier' : nameOf(scope.carrier)}`;
}

function Faults(): JSX.Element {
  const { wrong, run, isBusy } = useAction();
  const { answer, wrong: unasked, again } = useAsked(() => ask<FaultsAnswer>('GET', 'v1/faults'), FAULTS_PERIOD_MS);
  return (
    <section class="card" aria-labelledby="faults-heading">
      <header>
        <h2 id="faults-heading">Faults</h2>
      </header>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          const [kind, carrier] = [typedIn(event.currentTarget, 'kind'), typedIn(event.currentTarget, 'carrier')];
          const body = { ...FAULTS[kind]?.settings, forMs: FAULT_MS, ...(carrier !== '' && { scope: { carrier } }) };
          run(() => ask('PUT', `v1/faults/console-${kind}-${carrier === '' ? 'all' : carrier}`, body).finally(again));
        }}
      >
        <label>
          What fails
          <select name="kind">
            {Object.entries(FAULTS).map(([kind, { title }]) => (
              <option key={kind} value={kind}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          Where
          <select name="carrier">
            <option value="">every carrier</option>
            {CARRIERS.map((one) => (
              <option key={one} value={one}>
                {nameOf(one)}
              </option>
            ))}
          </select>
        </label>
        <ActionButton type="submit" isBusy={isBusy}>
          Fail for a minute
        </ActionButton>
      </form>
      <ul class="rows">
        {(answer?.faults ?? []).map(({ fault, inForce, changesAt, applied }) => (
          <li key={fault.id}>
            <span>
              <b>{fault.id}</b> {whatFails(fault)}
            </span>
            <span>
              {inForce ? `in force${changesAt === null ? '' : ` until ${changesAt.slice(11, 19)}`}` : 'not in force'},
              met {count(applied)} times
            </span>
            <button
              type="button"
              aria-label={`Take ${fault.id} away`}
              onClick={() => run(() => ask('DELETE', `v1/faults/${encodeURIComponent(fault.id)}`).finally(again))}
            >
              Take away
            </button>
          </li>
        ))}
      </ul>
      {answer?.faults.length === 0 && <p class="empty">Nothing fails on purpose.</p>}
      {(wrong || unasked) !== '' && <Wrong>{wrong || unasked}</Wrong>}
    </section>
  );
}

interface ClockAnswer {
  readonly now: string;
  readonly state: string;
  readonly fixed?: string;
}

const MOVES = [
  [1_000, '1 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
] as const;

function Time(): JSX.Element {
  const { wrong, run, isBusy } = useAction();
  const { answer, wrong: unasked, again } = useAsked(() => ask<ClockAnswer>('GET', 'v1/clock'), CLOCK_PERIOD_MS);
  const tell = (body: object): void => run(() => ask('POST', 'v1/clock', body).finally(again));
  const isFrozen = answer !== undefined && answer.state !== 'real';
  return (
    <section class="card" aria-labelledby="clock-heading">
      <header>
        <h2 id="clock-heading">Time</h2>
        <span class="badge">{answer?.state ?? '–'}</span>
      </header>
      <p class="clock">{answer === undefined ? '–' : answer.now.replace('T', ' ').slice(0, 19)} UTC</p>
      {answer?.fixed === undefined ? (
        <div class="buttons">
          <Choice
            label="Whether time passes"
            names={[
              ['real', 'Passes'],
              ['frozen', 'Stands'],
            ]}
            chosen={isFrozen ? 'frozen' : 'real'}
            choose={(name) => tell(name === 'real' ? { real: true } : { freeze: true })}
          />
          {MOVES.map(([advanceMs, title]) => (
            <ActionButton
              key={title}
              type="button"
              disabled={!isFrozen}
              isBusy={isBusy}
              onClick={() => tell({ advanceMs })}
            >
              + {title}
            </ActionButton>
          ))}
        </div>
      ) : (
        <p class="note">{answer.fixed}.</p>
      )}
      <p class="note">Limits, carriers, receipts, reviews and retries follow this time. Stop it to move it on.</p>
      {(wrong || unasked) !== '' && <Wrong>{wrong || unasked}</Wrong>}
    </section>
  );
}
