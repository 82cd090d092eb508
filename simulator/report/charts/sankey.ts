/** Who pays whom, and for what: money as bands from payers through causes to payees. Two pictures of one scale can be compared by eye. */
import { sankey, sankeyLeft, sankeyLinkHorizontal, type SankeyGraph } from 'd3-sankey';
import { html, type Markup } from '../markup.ts';
import { causeGroup, partyName } from '../names.ts';
import { readable } from '../readable.ts';
import type { MoneyFlow } from '../../results.ts';
import { wrap } from './labels.ts';

interface Node {
  readonly key: string;
  readonly name: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
  readonly value: number;
  readonly isSurcharge: boolean;
}

export interface MoneyPicture {
  readonly nodes: readonly Node[];
  readonly links: readonly Link[];
  readonly total: number;
  /** Of each column. */
  readonly columns: readonly number[];
}

export interface SankeyForm {
  readonly width: number;
  /** Whether payers have a column of their own. */
  readonly showsPayers: boolean;
  /** Pixels that the larger of the pictures takes for its money, without the gaps. */
  readonly reach: number;
}

const NODE_WIDTH = 10;
const GAP = 30;
const MARGIN = 15;
/** For the names of payees, right of the last column. */
const NAMES = 128;
const CHARACTER = 6.8;
const LINE = 13;
/** Of causes and of payees: what is beyond is shown as one. */
const NODES_MAX = 14;
const REST = 'Everything else';
const SURCHARGE = 'unregistered_surcharge';

/** Sums flows by payer, cause and payee; the largest come first in `order`, which both pictures of a pair share. */
export function moneyPicture(
  flows: readonly MoneyFlow[],
  order: readonly MoneyFlow[],
  showsPayers: boolean,
): MoneyPicture {
  const causes = leading(order, ({ cause }) => causeGroup(cause));
  const payees = leading(order, ({ payee }) => partyName(payee));
  const payers = leading(order, ({ payer }) => partyName(payer));
  const links = new Map<string, Link>();
  const add = (source: string, target: string, { micros, cause }: MoneyFlow): void => {
    const key = JSON.stringify([source, target]);
    const value = (links.get(key)?.value ?? 0) + micros;
    links.set(key, { source, target, value, isSurcharge: cause === SURCHARGE });
  };
  for (const flow of flows) {
    const among = (names: readonly string[], name: string): string => (names.includes(name) ? name : REST);
    const cause = `cause ${among(causes, causeGroup(flow.cause))}`;
    if (showsPayers) add(`payer ${among(payers, partyName(flow.payer))}`, cause, flow);
    add(cause, `payee ${among(payees, partyName(flow.payee))}`, flow);
  }
  const used = new Set([...links.values()].flatMap(({ source, target }) => [source, target]));
  const column = (role: string, names: readonly string[]): Node[] =>
    [...names, REST].map((name) => ({ key: `${role} ${name}`, name })).filter(({ key }) => used.has(key));
  const columns = [...(showsPayers ? [column('payer', payers)] : []), column('cause', causes), column('payee', payees)];
  return {
    nodes: columns.flat(),
    links: [...links.values()],
    total: flows.reduce((sum, { micros }) => sum + micros, 0),
    columns: columns.map((nodes) => nodes.length),
  };
}

function leading(flows: readonly MoneyFlow[], nameOf: (flow: MoneyFlow) => string): readonly string[] {
  const sums = new Map<string, number>();
  for (const flow of flows) sums.set(nameOf(flow), (sums.get(nameOf(flow)) ?? 0) + flow.micros);
  const names = [...sums].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  return names.length > NODES_MAX ? names.slice(0, NODES_MAX - 1) : names;
}

/** `largest` is the total of the larger picture of the pair, in micro-dollars. */
export function moneySankey(picture: MoneyPicture, largest: number, form: SankeyForm, title: string): Markup {
  const { width, reach } = form;
  const perMicro = reach / largest;
  const gaps = (Math.max(...picture.columns) - 1) * GAP;
  const height = Math.max(picture.total * perMicro + gaps, GAP);
  const graph = sankey<Node, Link>()
    .nodeId(({ key }) => key)
    .nodeAlign(sankeyLeft)
    .nodeSort(null)
    .nodeWidth(NODE_WIDTH)
    .nodePadding(GAP)
    .extent([
      [0, MARGIN],
      [width - NAMES, MARGIN + height],
    ])({ nodes: picture.nodes.map((node) => ({ ...node })), links: picture.links.map((link) => ({ ...link })) });
  const room = (width - NAMES - NODE_WIDTH) / (picture.columns.length - 1) - NODE_WIDTH;
  return html`<svg
    class="sankey"
    viewBox="0 0 ${width} ${Math.ceil(height + 2 * MARGIN)}"
    role="img"
    aria-label="${title}"
  >
    ${bands(graph)} ${graph.nodes.map((node) => nodeMark(node, width, room))}
  </svg>`;
}

type Graph = SankeyGraph<Node, Link>;

function bands({ links }: Graph): readonly Markup[] {
  const path = sankeyLinkHorizontal<Node, Link>();
  return links.map(
    (link) =>
      html`<path
        class="band${link.isSurcharge ? ' surcharge' : ''}"
        d="${path(link) ?? ''}"
        stroke-width="${Math.max(0.8, px(link.width ?? 0))}"
      />`,
  );
}

/** `room` is for the name of a node that has others to its right. */
function nodeMark(node: Graph['nodes'][number], width: number, room: number): Markup {
  const { x0 = 0, x1 = 0, y0 = 0, y1 = 0, name, value = 0 } = node;
  const middle = (y0 + y1) / 2;
  const isLast = x1 > width - NAMES - 1;
  const [line = ''] = wrap(name, Math.floor(((isLast ? NAMES : room) - 8) / CHARACTER), 1);
  return html`<rect
      class="node"
      x="${px(x0)}"
      y="${px(y0)}"
      width="${px(x1 - x0)}"
      height="${Math.max(1, px(y1 - y0))}"
    />
    <text class="name" x="${px(x1 + 6)}" y="${px(middle - LINE / 2)}" dy="0.35em">${line}</text>
    <text class="amount" x="${px(x1 + 6)}" y="${px(middle + LINE / 2)}" dy="0.35em"
      >${readable('micros', value)}</text
    >`;
}

function px(value: number): number {
  return Math.round(value * 10) / 10;
}
