/** What carriers do with unregistered traffic, and switching it for all of them at once or for one. */
import type { JSX } from 'preact';
import { Choice, Guarded, useAction, Wrong } from './action.tsx';
import { ask } from './api.ts';
import { nameOf } from './figures.ts';
import { latest } from './live.ts';

const REGIMES = [
  ['charge-more', 'Charge more'],
  ['filter', 'Filter'],
  ['block', 'Block'],
] as const;
type Regime = (typeof REGIMES)[number][0] | 'dated';

const MEANINGS: Readonly<Record<string, string>> = {
  'charge-more': 'Unregistered messages pass, for a surcharge that the carrier keeps.',
  filter: 'Half of the unregistered messages are refused, the others pay the surcharge.',
  block:
    'Every unregistered A2P message is refused, and nobody is paid. What still lands goes as P2P, which no regime rules.',
  dated: 'Each carrier does what it did at the tariff date.',
};

const put = (regime: Regime, carrier?: string): Promise<unknown> =>
  ask('PUT', 'v1/regime', { regime, ...(carrier !== undefined && { carrier }) });

export function RegimeSwitch(): JSX.Element {
  const { wrong, run } = useAction();
  const regimes = latest.value?.regimes ?? [];
  const kinds = new Set(regimes.map(({ regime }) => regime));
  const isSwitched = regimes.some(({ switched }) => switched);
  const common = kinds.size === 1 ? [...kinds][0] : undefined;
  const chosen = isSwitched ? common : 'dated';
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
      <p class="note">{common === undefined ? 'Carriers differ now.' : MEANINGS[common]}</p>
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
          {(latest.value?.regimes ?? []).map(({ carrier, regime, switched }) => (
            <li key={carrier}>
              <span>
                <b>{nameOf(carrier)}</b>{' '}
                <span class="badge" data-regime={regime}>
                  {regime}
                </span>
              </span>
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
