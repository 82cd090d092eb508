/**
 * Where the nodes and ribbons of the flow picture lie: senders, class, carriers, ends. A node is as high as the messages that passed it
 * and came to an end; ribbons leave and arrive in the order of their nodes. Touches no page.
 */
import type { FlowRow } from '../flow.ts';
import { count, dollars, nameOf } from './figures.ts';

export const WIDTH = 1_000;
export const HEIGHT = 400;
export const NODE_WIDTH = 12;
const COLUMNS = [0, 300, 590, 868] as const;
/** Of each column: what its nodes leave free between them. */
const GAP = 34;
const TOP = 14;
const NODE_MIN = 2;

export interface FlowNode {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly x: number;
  y: number;
  height: number;
}

export interface Ribbon {
  readonly id: string;
  readonly registration: FlowRow['registration'];
  readonly isStopped: boolean;
  readonly path: string;
  /** What was paid along it, where there is room to say so. */
  readonly money: string;
  readonly labelX: number;
  readonly labelY: number;
  readonly title: string;
}

export interface FlowPicture {
  readonly nodes: readonly FlowNode[];
  readonly ribbons: readonly Ribbon[];
  readonly total: number;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly registration: FlowRow['registration'];
  value: number;
  micros: number | undefined;
}

const ENDS = ['delivered', 'filtered', 'undelivered', 'blocked', 'refused'] as const;
const END_TITLES = {
  delivered: 'On handsets',
  filtered: 'Spam filter',
  undelivered: 'Undelivered',
  blocked: 'Blocked',
  refused: 'Refused',
} as const;
const KIND_TITLES = { wanted: 'Wanted messages', spam: 'Spam and smishing' } as const;
const ROOM_FOR_MONEY = 13;

const endedOf = (row: FlowRow): number => ENDS.reduce((sum, end) => sum + row[end], 0);
const carrierMicros = (row: FlowRow): number => row.carrierFeeMicros + row.surchargeMicros;
const paidMicros = (row: FlowRow): number => carrierMicros(row) + row.aggregatorMicros;
const sum = (rows: readonly FlowRow[], value: (row: FlowRow) => number): number =>
  rows.reduce((total, row) => total + value(row), 0);

export function layOut(rows: readonly FlowRow[]): FlowPicture {
  const columns = columnsOf(rows);
  const total = sum(rows, endedOf);
  if (total === 0) return { nodes: [], ribbons: [], total };
  const tallest = Math.max(...columns.map(({ length }) => length));
  const scale = (HEIGHT - 2 * TOP - (tallest - 1) * GAP) / total;
  const nodes = new Map<string, FlowNode>();
  columns.forEach((column, place) => {
    const heights = column.map(({ value }) => Math.max(NODE_MIN, value * scale));
    const free = HEIGHT - 2 * TOP - heights.reduce((one, other) => one + other, 0);
    const gap = column.length > 1 ? Math.min(free / (column.length - 1), 3 * GAP) : 0;
    let y = TOP + (free - gap * (column.length - 1)) / 2;
    column.forEach(({ id, title, detail }, at) => {
      const height = heights[at] ?? NODE_MIN;
      nodes.set(id, { id, title, detail, x: COLUMNS[place] ?? 0, y, height });
      y += height + gap;
    });
  });
  return { nodes: [...nodes.values()], ribbons: ribbonsOf(edgesOf(rows), nodes, scale), total };
}

interface NodeToBe {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly value: number;
}

function columnsOf(rows: readonly FlowRow[]): readonly (readonly NodeToBe[])[] {
  const node = (id: string, title: string, chosen: readonly FlowRow[], detail: string): NodeToBe => ({
    id,
    title,
    detail,
    value: sum(chosen, endedOf),
  });
  const messages = (chosen: readonly FlowRow[]): string => count(sum(chosen, endedOf));
  const of = (test: (row: FlowRow) => boolean): readonly FlowRow[] => rows.filter(test);
  const kinds = (['wanted', 'spam'] as const).map((kind) => {
    const chosen = of((row) => row.kind === kind);
    return node(kind, KIND_TITLES[kind], chosen, messages(chosen));
  });
  const classes = (['registered', 'unregistered'] as const).map((registration) => {
    const chosen = of((row) => row.registration === registration);
    const surcharge = sum(chosen, (row) => row.surchargeMicros);
    const paid = surcharge === 0 ? '' : `, ${dollars(surcharge)} surcharge`;
    return node(
      registration,
      registration === 'registered' ? 'Registered' : 'Unregistered',
      chosen,
      messages(chosen) + paid,
    );
  });
  const carriers = [...new Set(rows.map(({ carrier }) => carrier))].map((carrier) => {
    const chosen = of((row) => row.carrier === carrier);
    return node(carrier, nameOf(carrier), chosen, `${messages(chosen)}, earned ${dollars(sum(chosen, carrierMicros))}`);
  });
  const ends = ENDS.map((end) => {
    const value = sum(rows, (row) => row[end]);
    return { id: end, title: END_TITLES[end], detail: count(value), value };
  });
  return [kinds, classes, carriers, ends].map((column) => column.filter(({ value }) => value > 0));
}

function edgesOf(rows: readonly FlowRow[]): readonly Edge[] {
  const edges = new Map<string, Edge>();
  const add = (from: string, to: string, row: FlowRow, value: number, micros?: number): void => {
    if (value === 0) return;
    const key = `${from} ${to} ${row.registration}`;
    const edge = edges.get(key) ?? { from, to, registration: row.registration, value: 0, micros: undefined };
    edge.value += value;
    if (micros !== undefined) edge.micros = (edge.micros ?? 0) + micros;
    edges.set(key, edge);
  };
  for (const row of rows) {
    add(row.kind, row.registration, row, endedOf(row), paidMicros(row));
    add(row.registration, row.carrier, row, endedOf(row), carrierMicros(row));
    for (const end of ENDS) add(row.carrier, end, row, row[end]);
  }
  return [...edges.values()];
}

function ribbonsOf(edges: readonly Edge[], nodes: ReadonlyMap<string, FlowNode>, scale: number): readonly Ribbon[] {
  const order = [...nodes.keys()];
  const place = (id: string): number => order.indexOf(id);
  const left = new Map<Edge, number>();
  const arrive = new Map<Edge, number>();
  const stack = (end: 'from' | 'to', offsets: Map<Edge, number>): void => {
    const other = end === 'from' ? 'to' : 'from';
    const used = new Map<string, number>();
    const sorted = edges.toSorted(
      (a, b) => place(a[other]) - place(b[other]) || a.registration.localeCompare(b.registration),
    );
    for (const edge of sorted) {
      const y = used.get(edge[end]) ?? nodes.get(edge[end])?.y ?? 0;
      offsets.set(edge, y);
      used.set(edge[end], y + edge.value * scale);
    }
  };
  stack('from', left);
  stack('to', arrive);
  return edges.map((edge) => {
    const from = nodes.get(edge.from);
    const to = nodes.get(edge.to);
    const height = edge.value * scale;
    const [x1, x2] = [(from?.x ?? 0) + NODE_WIDTH, to?.x ?? 0];
    const [y1, y2] = [left.get(edge) ?? 0, arrive.get(edge) ?? 0];
    const middle = (x1 + x2) / 2;
    const paid = edge.micros === undefined ? '' : dollars(edge.micros);
    return {
      id: `${edge.from} ${edge.to} ${edge.registration}`,
      registration: edge.registration,
      isStopped: edge.to === 'blocked' || edge.to === 'filtered',
      path:
        `M${x1} ${y1.toFixed(1)}C${middle} ${y1.toFixed(1)} ${middle} ${y2.toFixed(1)} ${x2} ${y2.toFixed(1)}` +
        `v${height.toFixed(1)}C${middle} ${(y2 + height).toFixed(1)} ${middle} ${(y1 + height).toFixed(1)} ${x1} ${(y1 + height).toFixed(1)}Z`,
      money: height >= ROOM_FOR_MONEY ? paid : '',
      // Beyond the label of the node it leaves.
      labelX: x2 - 10,
      labelY: y2 + height / 2,
      title: `${from?.title}, to ${to?.title}: ${count(edge.value)} ${edge.registration}${paid === '' ? '' : `, ${paid}`}`,
    };
  });
}
