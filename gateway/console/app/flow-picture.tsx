/** The way of all messages at a glance, with what is paid on it. */
import { computed, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { Choice } from './action.tsx';
import { flowSince } from './figures.ts';
import { HEIGHT, layOut, NODE_WIDTH, WIDTH } from './flow-layout.ts';
import { samples } from './live.ts';

type What = 'spam' | 'all';
type When = 'lately' | 'ever';

const LATELY_MS = 15_000;

const what = signal<What>('all');
const when = signal<When>('lately');
const rows = computed(() =>
  flowSince(samples.value, when.value === 'ever' ? undefined : LATELY_MS).filter(
    ({ kind }) => what.value === 'all' || kind === 'spam',
  ),
);

export function FlowPicture(): JSX.Element {
  const { nodes, ribbons, total } = layOut(rows.value);
  const words = nodes.map(({ title, detail }) => `${title}: ${detail}`).join('. ');
  return (
    <section class="card flow" aria-labelledby="flow-heading">
      <header>
        <h2 id="flow-heading">Where messages go, and what is paid on the way</h2>
        <Choice
          label="Which messages"
          names={[
            ['all', 'Everything'],
            ['spam', 'Spam only'],
          ]}
          chosen={what.value}
          choose={(name) => (what.value = name)}
        />
        <Choice
          label="Since when"
          names={[
            ['lately', 'Last 15 s'],
            ['ever', 'Since the start'],
          ]}
          chosen={when.value}
          choose={(name) => (when.value = name)}
        />
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="Flow picture">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={total === 0 ? 'No message yet.' : words}>
          {total === 0 && (
            <text x={WIDTH / 2} y={HEIGHT / 2} class="empty">
              No message has come to an end in this time.
            </text>
          )}
          {ribbons.map((ribbon) => (
            <path
              key={ribbon.id}
              class="ribbon"
              data-class={ribbon.registration}
              data-stopped={ribbon.isStopped}
              d={ribbon.path}
            >
              <title>{ribbon.title}</title>
            </path>
          ))}
          {nodes.map(({ id, x, y, height }) => (
            <rect key={id} class="node" data-node={id} x={x} y={y} width={NODE_WIDTH} height={height} rx={2} />
          ))}
          {ribbons.map(
            ({ id, money, labelX, labelY }) =>
              money !== '' && (
                <text key={`${id} money`} class="money" x={labelX} y={labelY} dy="0.35em">
                  {money}
                </text>
              ),
          )}
          {nodes.map(({ id, title, detail, x, y, height }) => (
            <text key={`${id} label`} class="label" x={x + NODE_WIDTH + 7} y={y + height / 2} data-node={id}>
              <tspan class="title" dy={detail === '' ? '0.35em' : '-0.25em'}>
                {title}
              </tspan>
              <tspan class="detail" x={x + NODE_WIDTH + 7} dy="1.25em">
                {detail}
              </tspan>
            </text>
          ))}
        </svg>
      </div>
      <p class="note">
        Left to right: what was sent, whether its number was registered at the carrier, the carrier, and its end. Sums
        are what senders paid in all, and then what of it the carrier kept.
      </p>
    </section>
  );
}
