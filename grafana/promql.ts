/** What a query asks for, read by Prometheus's own grammar. */
import { parser } from '@prometheus-io/lezer-promql';

/** A metric where a query names it. */
export interface Selector {
  readonly metric: string;
  /** Labels it is matched by. */
  readonly labels: readonly string[];
  /** The functions and aggregations around it, innermost first. */
  readonly within: readonly string[];
}

export interface ReadQuery {
  readonly selectors: readonly Selector[];
  /** Labels that the query groups by or makes. */
  readonly grouped: readonly string[];
}

/** Grafana's own words, as a Prometheus without Grafana could read them. */
const GRAFANA: Readonly<Record<string, string>> = { $__rate_interval: '1m', $__interval: '15s' };

/** `query` with Grafana's words put in; variables stay in the strings they are in. */
export function withoutGrafana(query: string, words = GRAFANA): string {
  return query.replaceAll(/\$__\w+/g, (word) => words[word] ?? word);
}

/** @throws Error that shows where, if Prometheus would not understand the query */
export function readQuery(query: string): ReadQuery {
  const text = withoutGrafana(query);
  const selectors: { metric: string; labels: string[]; within: string[] }[] = [];
  const grouped: string[] = [];
  const enclosing: string[] = [];
  parser.parse(text).iterate({
    enter({ name, from, to, node, type }) {
      const said = text.slice(from, to);
      if (type.isError)
        throw new Error(`not PromQL at character ${from + 1}, "${text.slice(from, from + 20)}": ${query}`);
      if (name === 'FunctionCall') enclosing.push(said.slice(0, said.indexOf('(')));
      if (name === 'AggregateExpr') enclosing.push(/^\w+/.exec(said)?.[0] ?? '');
      if (name === 'VectorSelector') {
        const metric = node.getChild('Identifier');
        selectors.push({ metric: text.slice(metric?.from, metric?.to), labels: [], within: enclosing.toReversed() });
      }
      if (name !== 'LabelName') return;
      if (node.parent?.name === 'UnquotedLabelMatcher') selectors.at(-1)?.labels.push(said);
      else grouped.push(said);
    },
    leave({ name }) {
      if (name === 'FunctionCall' || name === 'AggregateExpr') enclosing.pop();
    },
  });
  const [, made] = /count_values\("(\w+)"/.exec(text) ?? [];
  return { selectors, grouped: made === undefined ? grouped : [...grouped, made] };
}
