/** What carriers do with unregistered traffic, and switching it for all of them at once or for one. */
import type { JSX } from 'preact';
import type { RegimeNow } from '../live-event.ts';
import { Choice, Field, Guarded, useAction, Wrong } from './action.tsx';
import { ask } from './api.ts';
import { nameOf, percent } from './figures.ts';
import { latest } from './live.ts';

const REGIMES = [
  ['charge-more', 'Charge more'],
  ['filter', 'Filter'],
  ['block', 'Block'],
] as const;
type Regime = (typeof REGIMES)[number][0] | 'dated';

const MEANINGS: Readonly<Record<string, string>> = {
  'charge-more': 'Unregistered messages pass, for a surcharge that the carrier keeps.',
  block:
    'Every unregistered A2P message is refused, and nobody is paid. What still lands goes as P2P, which no regime rules.',
};

function meaningOf({ regime, share }: RegimeNow): string {
  return regime === 'filter'
    ? `${percent(share)} of unregistered messages are refused; the others pass, for the surcharge.`
    : (MEANINGS[regime] ?? '');
}

const put = (regime: Regime, carrier?: string, share?: number): Promise<unknown> =>
  ask('PUT', 'v1/regime', {
    regime,
    ...(carrier !== undefined && { carrier }),
    ...(share !== undefined && { share }),
  });

export function RegimeSwitch(): JSX.Element {
  const { wrong, run } = useAction();
  const regimes = latest.value?.regimes ?? [];
  const [first] = regimes;
  const isSwitched = regimes.some(({ switched }) => switched);
  const isAlike = (key: 'regime' | 'share'): boolean => regimes.every((one) => one[key] === first?.[key]);
  const common = isAlike('regime') ? first : undefined;
  const chosen = isSwitched ? common?.regime : 'dated';
  return (
    <section class="card switch" aria-labelledby="switch-heading">
      <h2 id="switch-heading">What should carriers do with unregistered numbers?</h2>
      <Guarded>
        <Choice<Regime>
          label="Regime of all carriers"
          names={[['dated', `As on ${latest.value?.tariffDate ?? 'the tariff date'}`], ...REGIMES]}
          chosen={chosen as Regime | undefined}
          choose={(regime) => run(() => put(regime))}
        />
      </Guarded>
      {common?.regime === 'filter' && (
        <Share
          label="Refused, all carriers, %"
          share={common.share}
          choose={(share) => run(() => put('filter', undefined, share))}
        />
      )}
      <p class="note">
        {common === undefined || !isAlike('share') ? 'Carriers differ now: see Controls.' : meaningOf(common)}
      </p>
      {wrong !== '' && <Wrong>{wrong}</Wrong>}
    </section>
  );
}

export function RegimeTable(): JSX.Element {
  const { wrong, run } = useAction();
  return (
    <section class="card" aria-labelledby="regimes-heading">
      <header>
        <h2 id="regimes-heading">Carrier by carrier</h2>
      </header>
      <Guarded>
        <ul class="rows">
          {(latest.value?.regimes ?? []).map(({ carrier, regime, share, switched }) => (
            <li key={carrier}>
              <span>
                <b>{nameOf(carrier)}</b>{' '}
                <span class="badge" data-regime={regime}>
                  {regime === 'filter' ? `filter ${percent(share)}` : regime}
                </span>
              </span>
              {regime === 'filter' && (
                <Share
                  label={`Refused by ${nameOf(carrier)}, %`}
                  share={share}
                  choose={(chosen) => run(() => put('filter', carrier, chosen))}
                />
              )}
              <Choice<Regime>
                label={`Regime of ${nameOf(carrier)}`}
                names={[['dated', 'Dated'], ...REGIMES]}
                chosen={switched ? (regime as Regime) : 'dated'}
                choose={(name) => run(() => put(name, carrier))}
              />
            </li>
          ))}
        </ul>
      </Guarded>
      {wrong !== '' && <Wrong>{wrong}</Wrong>}
    </section>
  );
}

/** Which part of unregistered messages a filter refuses, set when Enter is pressed or the field is left. */
function Share(props: {
  readonly label: string;
  readonly share: number;
  readonly choose: (share: number) => void;
}): JSX.Element {
  return (
    <Guarded>
      <label class="share">
        <span class="unseen">{props.label}</span>
        <Field
          type="number"
          min="0"
          max="100"
          step="1"
          value={String(Math.round(props.share * 100))}
          required
          onChange={({ currentTarget: field }) => {
            if (field.reportValidity()) props.choose(field.valueAsNumber / 100);
          }}
        />
        <span aria-hidden="true"> % refused</span>
      </label>
    </Guarded>
  );
}
